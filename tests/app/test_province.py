"""The province page: figures, ranks and lines recomputed from what was delivered."""

import csv
import re
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import live, resources
from dashboard.components import map_view
from data_access.errors import DatabaseUnavailable
from data_access.reference.pack import PACKS
from tests.app.conftest import (
    LAST,
    SILENT_PROVINCE,
    cases_on,
    deliver,
    fill,
    html,
    reporting_provinces,
    run,
    write_table,
)

pytestmark = [pytest.mark.app, pytest.mark.usefixtures("settings")]
DISTRICTS = {"760": 12, "764": 0, "769": 30}  # three of Ho Chi Minh City's
DISTRICT_TABLE = """
source = "bulletin-districts"
platform = "tracing"
mode = "snapshot"
date = { column = "date", format = "%Y-%m-%d" }
area = { column = "district", match = "code" }
[[measure]]
id = "cases"
column = "cases"
"""


def rows_of(pack_file: str) -> list[dict[str, str]]:
    with (PACKS / "vn" / pack_file).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def people() -> dict[str, int]:
    return {
        row["code"]: int(row["population"])
        for row in rows_of("population.csv")
        if (row["vintage"], row["group"], row["source"]) == ("63", "all", "census_2019")
    }


def week(code: str) -> int:
    return sum(cases_on(code, LAST - timedelta(days=back)) for back in range(7))


def incidence() -> dict[str, float]:
    counted = people()
    return {code: week(code) / counted[code] * 100_000 for code in reporting_provinces()}


def beside(code: str) -> set[str]:
    pairs = [(row["code_a"], row["code_b"]) for row in rows_of("neighbours.csv")
             if row["vintage"] == "63"]  # fmt: skip
    return {b for a, b in pairs if a == code} | {a for a, b in pairs if b == code}


def rank(code: str, group: set[str]) -> str:
    values = incidence()
    known = [values[one] for one in group | {code} if one in values]
    return f"{1 + sum(value > values[code] for value in known)}/{len(known)}"


def cells_of(found: str, title: str) -> list[str]:
    for row in re.findall(r"<tr[^>]*>(.*?)</tr>", found):
        cells = [re.sub(r"<[^>]+>", " ", one) for one in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        if cells and cells[0].strip().startswith(title):
            return [re.sub(r"\s+", " ", cell).strip() for cell in cells[1:]]
    return []


def sound(app: AppTest) -> str:
    assert not app.exception
    assert not app.error
    return html(app)


def test_rank_and_reason_of_a_province_are_those_of_the_delivery() -> None:
    app = run("province", area="79", lang="en")
    found = sound(app)
    cells = cells_of(found, "7-day incidence per 100,000")
    values, counted = incidence(), people()
    national = sum(week(code) for code in reporting_provinces()) / counted["VN"] * 100_000
    assert cells[0].startswith(f"{values['79']:,.1f}")
    assert cells[2] == rank("79", set(values))
    assert cells[3] == rank("79", beside("79"))
    assert cells[4].endswith("/9")
    assert cells[5] == f"{week('79'):,} / {counted['79']:,}"
    # One province is silent: the nation's rate is not of the whole population, and says so little.
    assert float(cells[1].replace(",", "")) == pytest.approx(national, rel=0.02)
    assert "Neighbours: " in found
    assert app.query_params["area"] == "79"


def test_it_opens_where_cases_are_most_with_a_way_to_six_platforms() -> None:
    app = run("province", lang="en")
    found = sound(app)
    first = max(reporting_provinces(), key=lambda code: (week(code), code))
    assert app.query_params["area"] == first
    card = re.search(r'data-id="cases">.*?<strong>([\d,]+)</strong>', found)
    assert card
    assert int(card[1].replace(",", "")) == cases_on(first, LAST)
    links = {link.proto.page for link in app.get("page_link")}
    assert links == {"tracing", "testing", "quarantine", "vaccination", "declarations",
                     "checkpoints", "data_sync", "alerts"}  # fmt: skip
    assert "points of debt" not in found  # seconds of work: only when it is asked for
    app.session_state["province_debts_box"] = True
    assert "points of debt" in sound(app.run())


def test_a_province_that_reports_nothing_says_so() -> None:
    found = sound(run("province", area=SILENT_PROVINCE, lang="en"))
    assert "no figure yet of new cases" in found
    cells = cells_of(found, "7-day incidence per 100,000")
    assert cells[1:] == ["–", "–", "–", "–", "No figure within 7 days"]
    assert "No source has reported district figures of this province" in found
    assert "No figure within 7 days" in re.sub(r"<table.*?</table>", "", found)


def test_a_province_sees_neither_the_nation_nor_its_neighbours() -> None:
    app = run("province", area="01", **{"as": "province:79", "lang": "en"})
    found = sound(app)
    assert "A provincial role sees its own figures only" in found
    cells = cells_of(found, "7-day incidence per 100,000")
    assert len(cells) == 2
    assert cells[1] == f"{week('79'):,} / {people()['79']:,}"
    assert [box for box in app.selectbox if box.label == "Province"] == []
    assert not re.search(r"\d/63", found)
    for code in beside("79"):
        figure = f"{week(code):,}"
        assert f">{figure} /" not in found


def test_database_away_keeps_the_figures_and_says_so(settings: pytest.MonkeyPatch) -> None:
    settings.setattr(live, "AGAIN_SECONDS", 0.0)
    app = run("province", area="79", lang="en")
    before = cells_of(sound(app), "7-day incidence per 100,000")

    def gone(*_args: object, **_more: object) -> str:
        raise DatabaseUnavailable("the shared database does not answer: gone")

    with settings.context() as away:
        away.setattr(type(resources.shared()), "token", gone)
        away.setattr(type(resources.shared()), "figures", gone)
        app.run()
        found = sound(app)
    assert cells_of(found, "7-day incidence per 100,000") == before
    assert "td-warn" in found


@pytest.fixture(scope="module")
def with_districts(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("districts")
    url = f"sqlite:///{folder / 'districts.sqlite'}"
    fill(url, folder, figures=False)
    known_at = datetime(2021, 9, 2, 12, tzinfo=UTC)
    deliver(url, *write_table(folder, days=9), known_at=known_at)
    mapping, table = folder / "districts.toml", folder / "districts.csv"
    mapping.write_text(DISTRICT_TABLE, encoding="utf-8")
    lines = [f"{LAST},{code},{n}" for code, n in DISTRICTS.items()]
    table.write_text("\n".join(["date,district,cases", *lines]), encoding="utf-8")
    deliver(url, mapping, table, known_at=known_at)
    return url


def test_districts_are_ranked_where_they_have_figures(
    settings: pytest.MonkeyPatch, with_districts: str
) -> None:
    settings.setenv("TUYENDAU_DATABASE_URL", with_districts)
    app = run("province", area="79", indicator="cases", lang="en")
    found = sound(app)
    names = {row["code"]: row["name_en"] for row in rows_of("areas.csv")
             if (row["vintage"], row["level"]) == ("63", "district")}  # fmt: skip
    ranked = {
        cells[1]: cells[:3]
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", found)
        if len(cells := re.findall(r"<td[^>]*>(.*?)</td>", row)) == 5
    }
    assert ranked[names["769"]] == ["1", names["769"], "30"]
    assert ranked[names["760"]] == ["2", names["760"], "12"]
    assert ranked[names["764"]] == ["3", names["764"], "0"]  # zero is a figure
    assert len([row for row in ranked.values() if row[2] == "–"]) == len(ranked) - len(DISTRICTS)
    assert "No district figures this day" in found
    settings.setattr(map_view, "picked", {map_view.COMPACT: "01", "map_districts": "769"}.get)
    after = sound(app.run())
    assert f"New cases: {names['769']}" in after
    assert re.search(r'class="td-chosen"><td>1</td><td>' + names["769"], after)
    app.selectbox(key="choose_indicator").set_value("persons_tested")
    without = sound(app.run())
    assert "People tested (person-times): no district figures this day" in without
    assert "Those that have some: New cases." in without
