"""The compare page: curves, index and addresses, recomputed from what was delivered."""

import re
from datetime import date, timedelta

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from data_access.reference.pack import bundled_pack
from tests.app.conftest import (
    DAYS,
    LAST,
    SILENT_PROVINCE,
    ZERO_PROVINCE,
    cases_on,
    html,
    reporting_provinces,
    run,
)

pytestmark = [pytest.mark.app, pytest.mark.usefixtures("settings")]
FIRST = LAST - timedelta(days=DAYS - 1)


def sound(app: AppTest) -> str:
    assert not app.exception
    assert not app.error
    return re.sub(r"\s+", " ", html(app))


def row_of(found: str, name: str) -> list[str]:
    for row in re.findall(r"<tr[^>]*>(.*?)</tr>", found):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
        if cells and cells[0] == name:
            return cells
    return []


def charts(app: AppTest) -> int:
    return len(app.get("plotly_chart"))


def nation(day: date) -> int:
    return sum(cases_on(code, day) for code in reporting_provinces())


def test_newest_figures_and_sentence_are_those_of_the_delivery() -> None:
    app = run("compare", areas="79,VN,01", indicator="cases", span="30", lang="en")
    found = sound(app)
    for code, name in (("79", "Ho Chi Minh City"), ("01", "Hanoi")):
        # The invented count falls by one a day.
        assert row_of(found, name)[1:4] == [str(cases_on(code, LAST)), "1 Sep 2021", "−7"]
    assert row_of(found, "Vietnam")[1] == f"{nation(LAST):,}"
    # The nation holds the other two: it is no rival of theirs.
    assert f"highest in Ho Chi Minh City ({cases_on('79', LAST)}" in found
    assert f"lowest in Hanoi ({cases_on('01', LAST)}" in found
    assert charts(app) == 4  # one of all, one of each


def test_an_address_restores_areas_form_and_index() -> None:
    asked = {"areas": "79,VN,01", "indicator": "cases", "span": "30", "smooth": "7d",
             "per": "100k", "scale": "index", "lang": "en"}  # fmt: skip
    app = run("compare", **asked)
    shown = dict(app.query_params)
    assert {name: shown[name] for name in asked} == asked
    assert shown["date"] == LAST.isoformat()
    assert [box.value for box in app.multiselect] == [["79", "VN", "01"]]


def test_the_index_begins_at_a_hundred_and_leaves_out_what_cannot() -> None:
    app = run(
        "compare", areas=f"79,{ZERO_PROVINCE},{SILENT_PROVINCE}", indicator="cases", span="30",
        scale="index", lang="en",
    )  # fmt: skip
    found = sound(app)
    assert "index, 3 Aug 2021 = 100" in found
    assert re.search(r"Bac Kan is not drawn: its figure on 3 Aug 2021 is zero", found)
    assert re.search(r"Cao Bang is not drawn: it has no figure on 3 Aug 2021", found)
    assert charts(app) == 2
    app.session_state["compare_twin"] = True
    twin = sound(app.run())
    last = f"{cases_on('79', LAST) / cases_on('79', FIRST) * 100:,.1f}"
    assert row_of(twin, "3 Aug 2021") == ["3 Aug 2021", "100.0"]
    assert row_of(twin, "1 Sep 2021") == ["1 Sep 2021", last]


def test_it_opens_with_the_nation_and_the_provinces_with_most_cases() -> None:
    app = run("compare", lang="en")
    sound(app)

    def mean(code: str) -> float:
        return sum(cases_on(code, LAST - timedelta(days=back)) for back in range(7)) / 7

    first = sorted(reporting_provinces(), key=lambda code: (-mean(code), code))[:3]
    assert app.query_params["areas"] == ",".join(["VN", *first])


def test_a_province_compares_itself_with_its_districts_only_and_one_is_not_enough() -> None:
    app = run("compare", areas="01,VN,79,zz", **{"as": "province:79", "lang": "en"})
    found = sound(app)
    assert "Hanoi" not in re.sub(r"<footer.*", "", found)
    inside = bundled_pack("vn").areas.filter(
        pl.col("vintage") == "63", pl.col("parent_code") == "79", pl.col("level") == "district"
    )
    assert set(app.multiselect[0].options) == {"Ho Chi Minh City", *inside["name_en"]}
    assert app.multiselect[0].value == ["79"]
    assert "Choose at least 2 areas" in found
