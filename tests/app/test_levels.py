"""The levels page: levels recomputed from what was delivered, undetermined never coloured."""

import csv
import json
import re
import shutil
import zlib
from datetime import timedelta
from pathlib import Path

import pytest

from dashboard import resources
from data_access.reference.pack import PACKS
from tests.app.conftest import LAST, cases_on, html, reporting_provinces, run

pytestmark = [pytest.mark.app, pytest.mark.usefixtures("settings")]
TRIAL = {"rule": "decision_4800"}


@pytest.fixture
def by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack in which every input but the cases is set by hand; all cases count everywhere."""
    pack = tmp_path / "pack"
    shutil.copytree(PACKS / "vn", pack)
    rows = ["area,from,until,key,value,source"]
    local = []
    for code in reporting_provinces():
        rows += [f"{code},2021-01-01,,{key},{value},test" for key, value in
                 (("plans_ready", "yes"), ("coverage_1", "0.9"), ("old_full", "0.9"))]  # fmt: skip
        local.append(f'[[local]]\narea = "{code}"\nrule_set = "decision_4800"\nnumerator = "all"\n')
    (pack / "level_inputs.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (pack / "levels.toml").write_text("\n".join(local), encoding="utf-8")
    monkeypatch.setenv("TUYENDAU_PACK", str(pack))


def expected() -> dict[str, int]:
    """The level of every province that reports, by Decision 4800 with the inputs by hand."""
    with (PACKS / "vn" / "population.csv").open(encoding="utf-8") as file:
        people = {
            row["code"]: int(row["population"])
            for row in csv.DictReader(file)
            if (row["vintage"], row["group"], row["source"]) == ("63", "all", "census_2019")
        }
    found = {}
    for code in reporting_provinces():
        week = sum(cases_on(code, LAST - timedelta(days=back)) for back in range(7))
        rate = week / people[code] * 100_000
        found[code] = 1 if rate < 20 else 2 if rate < 150 else 3
    return found


def badges(page: str) -> list[int]:
    return [int(n) for n in re.findall(r'class="td-level td-level-(\d)"', page)]


@pytest.mark.usefixtures("by_hand")
def test_levels_in_the_ranking_are_those_of_plain_arithmetic() -> None:
    app = run("levels", **{"as": "national", **TRIAL})
    assert not app.error
    levels = expected()
    shown = badges(html(app))
    assert len(set(levels.values())) >= 2
    for level in (1, 2, 3):
        assert shown.count(level) == list(levels.values()).count(level)
    assert shown[: len(levels)] == sorted(levels.values(), reverse=True)


@pytest.mark.usefixtures("by_hand")
def test_the_area_opened_says_what_would_change_it() -> None:
    app = run("levels", **{"as": "national", "area": "79", **TRIAL})
    assert not app.error
    page = html(app)
    assert "Thay đổi nhỏ nhất làm đổi cấp" in page
    assert "mỗi tuần)" in page
    assert "Tập trung đông người" in page
    assert app.get("plotly_chart")


def test_without_inputs_everything_is_undetermined_and_who_stands_in() -> None:
    app = run("levels", **{"as": "national"})
    assert not app.error
    page = html(app)
    # On 1 September 2021 Decision 2686 is in force; nobody set a commune's level.
    assert "2686/QĐ-BCĐQG đang hiệu lực nhưng chưa xác định được" in page
    assert set(badges(page)) == {0}


def test_a_trial_is_called_one() -> None:
    page = html(run("levels", **{"as": "national", **TRIAL}))
    assert "không có hiệu lực vào ngày này" in page


def test_in_english() -> None:
    app = run("levels", **{"as": "national", "lang": "en", "area": "79"})
    assert not app.error
    assert "Undetermined" in html(app)
    assert "directives" in html(app)


def test_a_province_sees_only_itself() -> None:
    app = run("levels", **{"as": "province:79"})
    assert not app.error
    page = html(app)
    assert "Hồ Chí Minh" in page
    assert "Bình Dương" not in page


def test_the_press_is_refused() -> None:
    app = run("levels", **{"as": "press"})
    assert badges(html(app)) == []


def test_districts_have_levels_of_their_own() -> None:
    app = run("levels", **{"as": "national", "area": "79", "level": "district"})
    assert not app.error
    assert len(badges(html(app))) >= 22


@pytest.mark.usefixtures("by_hand")
def test_the_map_writes_the_level_and_leaves_the_undetermined_without_colour() -> None:
    from dashboard import loaders_levels
    from data_access.codes import Role
    from data_access.viewer import make_viewer

    shared = resources.shared()
    viewer = make_viewer(Role.NATIONAL, now=shared.clock())
    spot = ("province", "63", None)
    found = loaders_levels.standings(
        viewer=viewer, spot=spot, day=LAST, rule="decision_4800", is_live=True, token=shared.token()
    )
    packed = loaders_levels.map_message(
        found, spot, viewer=viewer, day=LAST, language="en", selected=None
    )
    message = json.loads(zlib.decompress(packed))
    codes = [area["code"] for area in message["areas"]]
    levels = expected()
    values = dict(zip(codes, (row[0] for row in message["values"]), strict=True))
    assert {code: values[code] for code in levels} == levels
    assert values["04"] is None
    assert message["states"][codes.index("04")] == "n"
    written = {
        code: label[2] for code, label in zip(codes, message["labels"], strict=True) if label
    }
    assert written == {code: str(level) for code, level in levels.items()}
    assert [row["kind"] for row in message["legend"]] == ["c0", "c1", "c2", "c3", "not_reported"]


# --- the form for what no platform tells ----------------------------------------------------------


def opened_form(area: str, role: str = ""):  # type: ignore[no-untyped-def]
    app = run("levels", **{"as": role or f"province:{area}", "area": area, **TRIAL})
    app.session_state["levels_input_box"] = True
    return app.run()


def entered(app, area: str, *, value: str, source: str):  # type: ignore[no-untyped-def]
    app.selectbox(key=f"levels_input_{area}_plans_ready_value").set_value(value)
    app.text_input(key=f"levels_input_{area}_plans_ready_source").set_value(source)
    [button] = [one for one in app.button if one.label == "Ghi"]
    button.click()
    return app.run()


def test_a_province_enters_its_plans_and_the_page_names_the_ground() -> None:
    app = entered(opened_form("79"), "79", value="yes", source="Công văn <12>")
    assert not app.exception
    page = html(app)
    assert "Công văn &lt;12&gt;; demo:province:79 nhập" in page
    assert "Công văn <12>" not in page


def test_a_fault_stands_at_its_field_and_nothing_is_kept() -> None:
    page = html(entered(opened_form("74"), "74", value="yes", source=""))
    assert "Hãy ghi căn cứ." in page
    assert "nhập, từ" not in page


def test_who_entered_second_is_told_and_keeps_their_words() -> None:
    first, second = opened_form("75", "national"), opened_form("75")
    entered(first, "75", value="yes", source="CV 1")
    second = entered(second, "75", value="no", source="CV 2")
    assert "đã ghi “yes”" in html(second)
    assert second.text_input(key="levels_input_75_plans_ready_source").value == "CV 2"
    page = html(entered(second, "75", value="no", source="CV 2"))
    assert "CV 2; demo:province:75 nhập" in page


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_who_may_not_say_anything_sees_no_form(role: str) -> None:
    app = run("levels", **{"as": role, "area": "79", **TRIAL})
    assert not [one for one in app.expander if "Nhập tiêu chí" in one.label]
