"""What the form's rows mean, what levers are called, and which scenarios stay on screen."""

import string
from dataclasses import fields, replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import scenario_words
from dashboard.components.scenario_measures import REGIONS, Refused, Row, measures
from dashboard.components.scenario_session import fit, literal
from dashboard.i18n import LANGUAGES, translator
from dashboard.scenario_shelf import Saved
from dashboard.scenarios import Measure, Scenario
from simulations.scenario.run import country

USUAL = Scenario(name="as planned", first_day=date(2021, 9, 2))
MOVED = {
    "doses_factor": 2.0, "doses_per_day": 500_000, "second_share": 0.25, "order": ("18-49", "65+"),
    "distancing": (Measure(level="directive_16"),), "laboratory_factor": 1.5, "pool_size": 5,
    "tracing_factor": 0.0, "contacts_per_case": 12.0, "quarantine_factor": 2.0, "stay_days": 7.0,
    "home_share": 0.6, "hospital_factor": 1.25, "icu_factor": 3.0,
}  # fmt: skip
NO_LEVERS = {"name", "author", "first_day", "horizon", "draws", "seed"}


def said(scenario: Scenario, language: str = "vi") -> list[str]:
    return scenario_words.levers(
        scenario, t=translator(language), language=language, names={"79": "Hồ Chí Minh"}
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_lever_has_a_phrase_of_its_own(language: str) -> None:
    assert {one.name for one in fields(Scenario)} - NO_LEVERS == set(MOVED)
    assert said(USUAL, language) == []
    alone = [said(replace(USUAL, **{name: value}), language) for name, value in MOVED.items()]
    assert [len(one) for one in alone] == [1] * len(MOVED)
    assert len({one[0] for one in alone}) == len(MOVED)


def test_levers_in_words() -> None:
    measure = Measure(
        level="directive_16", since=date(2021, 9, 6), until=date(2021, 9, 20),
        places=("79", "mekong", "x1"),
    )  # fmt: skip
    found = said(replace(USUAL, doses_factor=1.25, home_share=0.6, distancing=(measure,)))
    assert found == [
        "liều vắc xin ×1,25",
        "60\u00a0% F1 cách ly tại nhà",
        "Chỉ thị 16 Hồ Chí Minh, Vùng Đồng bằng sông Cửu Long (trừ Long An), x1 từ 06/09 đến 20/09",
    ]
    assert said(replace(USUAL, distancing=(Measure(level="none"),))) == ["Không giãn cách cả nước"]
    assert said(replace(USUAL, doses_per_day=1_500_000)) == ["1.500.000 liều mỗi ngày"]
    assert said(replace(USUAL, order=())) == ["thứ tự tiêm không nhóm nào"]


def test_rows_are_measures_and_an_untouched_row_is_none() -> None:
    rows = [
        Row(level="directive_16", places=("79", "mekong"), since=date(2021, 9, 6)),
        Row(),
        Row(level="none", until=date(2021, 9, 30)),
    ]
    assert measures(rows) == (
        Measure(level="directive_16", places=("79", "mekong"), since=date(2021, 9, 6)),
        Measure(level="none", until=date(2021, 9, 30)),
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (Row(places=("79",)), "bad_level"),
        (Row(since=date(2021, 9, 6)), "bad_level"),
        (Row(level="none", since=date(2021, 9, 6), until=date(2021, 9, 5)), "bad_days"),
    ],
)
def test_a_row_that_says_nothing_is_refused_by_its_number(row: Row, reason: str) -> None:
    with pytest.raises(Refused) as found:
        measures([Row(level="none"), row])
    assert (found.value.row, found.value.reason) == (2, reason)


def test_regions_of_the_form_are_the_models() -> None:
    land = country()
    sizes = {name: int((land.group == n).sum()) for n, name in enumerate(land.groups)}
    assert set(REGIONS) == {name for name, size in sizes.items() if size > 1}


@given(
    runs=st.lists(st.integers(), unique=True, max_size=8),
    kept=st.lists(st.integers(), unique=True, max_size=8),
    most=st.integers(0, 5),
)
def test_what_is_shown_are_the_newest_and_saved_ones_first(
    runs: list[int], kept: list[int], most: int
) -> None:
    shown, still = fit(runs, kept, most=most)
    assert len(shown) + len(still) == min(most, len(runs) + len(kept))
    assert shown == runs[len(runs) - len(shown) :]
    assert still == kept[len(kept) - len(still) :]
    assert len(still) == min(most, len(kept))


def test_somebodys_text_is_no_markdown() -> None:
    assert literal("![x](http://a)") == "\\!\\[x\\]\\(http\\:\\/\\/a\\)"
    assert literal("Gấp đôi 2 lần") == "Gấp đôi 2 lần"
    assert literal(string.punctuation) == "".join("\\" + one for one in string.punctuation)


@pytest.mark.parametrize(
    ("made", "days"),
    [
        (datetime(2021, 8, 1, tzinfo=UTC), 0),
        (datetime(2021, 9, 2, 16, 59, tzinfo=UTC), 0),
        (datetime(2021, 9, 2, 17, tzinfo=UTC), 1),  # 3 September in Hanoi
        (datetime(2026, 9, 2, tzinfo=UTC), 60),
    ],
)
def test_days_that_were_over_when_it_was_saved(made: datetime, days: int) -> None:
    one = Saved(scenario_id="x", name="x", role="national", province="", created_at=made,
                first_day=USUAL.first_day, scenario=USUAL)  # fmt: skip
    assert one.days_before("Asia/Ho_Chi_Minh") == days
    assert one.last_day == date(2021, 10, 31)
    assert replace(one, scenario=None).last_day is None
