"""Levels from figures: a country of two provinces, computed again in plain Python."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from data_access.codes import Level, Role
from data_access.cube.query import Ask
from data_access.errors import BadUse, ScopeDenied, UnknownId
from data_access.levels.book import Book
from data_access.levels.known import AGES, Ground, gather
from data_access.levels.reading import ground_of, open_book
from data_access.reference.areas import Areas
from data_access.reference.pack import bundled_pack
from data_access.rules.local import HandInput, Local, LocalRules
from data_access.rules.model import Value
from data_access.viewer import make_viewer

DAY = date(2021, 11, 5)
NOW = datetime(2021, 11, 6, tzinfo=UTC)
AREAS = Areas.from_pack(bundled_pack("vn"))
PROVINCE = Ground(level=Level.PROVINCE, vintage="63")
PEOPLE = dict(
    AREAS.population("all", "63")
    .join(AREAS.at("province", "63").select("area_id", "code"), on="area_id")
    .select("code", "population")
    .iter_rows()
)
ADULTS_COVERED, OLD_SHARE = 0.9, 0.25
Cells = Mapping[tuple[str, str, str, date], float | None]


def answering(cells: Cells):  # type: ignore[no-untyped-def]
    """Answer questions from (id, area, code of the dimension, day) to value."""

    def ask(asked: Ask) -> pl.DataFrame:
        column = asked.by or "none"
        rows = [
            (day, area, key, code, value, value, 1.0 if value is not None else None,
             f"source of {key}" if value is not None else "")
            for (key, area, code, day), value in cells.items()
            if key in asked.ids and bool(code) == bool(asked.by)
            and (asked.start or day) <= day <= (asked.end or day)
        ]  # fmt: skip
        schema = {"date": pl.Date, **dict.fromkeys(("area_code", "id", column), pl.String),
                  **dict.fromkeys(("value", "numerator", "denominator"), pl.Float64),
                  "source": pl.String}  # fmt: skip
        return pl.DataFrame(rows, schema=schema, orient="row")

    return ask


def world(cases: Mapping[str, list[float | None]], *, full: float = 0.9) -> Cells:
    """Daily cases by province, all of them found in the community, up to the day."""
    cells: dict[tuple[str, str, str, date], float | None] = {}
    for area, days in cases.items():
        for back, value in enumerate(reversed(days)):
            day = DAY - timedelta(days=back)
            cells["cases", area, "", day] = value
            cells["cases", area, "cong_dong", day] = value
            cells["vaccination_coverage_1", area, "", day] = ADULTS_COVERED
            cells["persons_fully_vaccinated_cumulative", area, "65+", day] = (
                full * OLD_SHARE * PEOPLE[area] / 2
            )
            cells["persons_fully_vaccinated_cumulative", area, "50-64", day] = (
                full * OLD_SHARE * PEOPLE[area] / 2
            )
    return cells


def hand(area: str, key: str, value: Value, *, since: date = date(2021, 1, 1)) -> HandInput:
    return HandInput(area=area, key=key, since=since, until=None, value=value, source="test")


def rules(*by_hand: HandInput, **by_area: Local) -> LocalRules:
    return LocalRules(
        by_area={("decision_4800", code.removeprefix("p")): one for code, one in by_area.items()},
        by_hand=by_hand or (hand("79", "plans_ready", True), hand("01", "plans_ready", True)),
        old_shares={"50+": OLD_SHARE, "65+": OLD_SHARE / 2},
    )


def book(cells: Cells, local: LocalRules, ground: Ground = PROVINCE) -> Book:
    return Book(answering(cells), ground, areas=AREAS, local=local)


@settings(max_examples=40, deadline=None)
@given(
    daily=some.lists(some.integers(0, 4000), min_size=7, max_size=7),
    full=some.floats(0.5, 1.0),
)
def test_the_level_is_what_plain_arithmetic_gives(daily: list[int], full: float) -> None:
    cells = world({"79": [float(n) for n in daily]}, full=full)
    [standing] = book(cells, rules()).history(DAY, weeks=1)["79"]
    rate = sum(daily) / PEOPLE["79"] * 100_000
    base = 1 if rate < 20 else 2 if rate < 50 else 2 if rate < 150 else 3
    old = 2 * (full * OLD_SHARE * PEOPLE["79"] / 2) / (OLD_SHARE * PEOPLE["79"])
    expected = min(4, base + 1) if old < 0.8 and sum(daily) else base
    assert standing.assessment.level == expected
    assert standing.inputs.values["incidence"] == pytest.approx(rate)
    assert standing.population == PEOPLE["79"]


def test_without_plans_by_hand_it_is_undetermined() -> None:
    cells = world({"79": [10.0] * 7})
    [standing] = book(cells, rules(hand("01", "plans_ready", True))).history(DAY, weeks=1)["79"]
    assert standing.assessment.level is None
    assert standing.assessment.missing == ("plans_ready",)
    assert standing.assessment.possible == (1, 1)


def test_every_value_says_where_it_is_from() -> None:
    local = rules(hand("79", "plans_ready", True), hand("79", "coverage_1", 0.5))
    [standing] = book(world({"79": [10.0] * 7}), local).history(DAY, weeks=1)["79"]
    assert standing.sources["incidence"] == ("source of cases",)
    assert standing.sources["old_full"] == ("source of persons_fully_vaccinated_cumulative",)
    assert "plans_ready" not in standing.sources
    # What was set by hand goes before the figure, and says so.
    assert standing.inputs.values["coverage_1"] == 0.5
    assert {key: one.source for key, one in standing.hands.items()} == {
        "plans_ready": "test", "coverage_1": "test",
    }  # fmt: skip


def test_what_is_withdrawn_is_not_known_from_that_day_on() -> None:
    said = (hand("79", "plans_ready", True),
            hand("79", "plans_ready", None, since=DAY - timedelta(days=3)))  # fmt: skip
    found = book(world({"79": [1.0] * 21}), rules(*said)).history(DAY, weeks=2)["79"]
    assert [one.assessment.missing for one in found] == [(), ("plans_ready",)]


def test_of_two_that_begin_on_a_day_the_one_said_last_holds() -> None:
    local = rules(hand("79", "plans_ready", False))
    later = local.with_said((hand("79", "plans_ready", True),))
    assert later.hand("79", DAY) == {"plans_ready": True}
    assert local.hand("79", DAY) == {"plans_ready": False}


def test_a_level_is_held_where_plans_are_not_ready() -> None:
    high = 60 * PEOPLE["79"] / 100_000 / 7
    cells = world({"79": [high] * 7 + [0.1] * 7})
    found = book(cells, rules(hand("79", "plans_ready", False))).history(DAY, weeks=2)["79"]
    assert [one.assessment.level for one in found] == [2, 2]
    assert [one.applied for one in found[-1].assessment.adjustments] == [False, True]


def test_a_level_announced_is_the_one_in_force() -> None:
    local = rules(hand("79", "plans_ready", False), hand("79", "level_in_force", 3.0))
    [standing] = book(world({"79": [1.0] * 7}), local).history(DAY, weeks=1)["79"]
    assert (standing.inputs.current, standing.assessment.level) == (3, 3)


def test_hanoi_counts_two_weeks_of_all_cases() -> None:
    cells = dict(world({"01": [100.0] * 7 + [300.0] * 7}))
    for key in [one for one in cells if one[2] == "cong_dong"]:
        cells[key] = 1.0
    local = rules(p01=Local(numerator="all", weeks=2, decimals=0))
    [standing] = book(cells, local).history(DAY, weeks=1)["01"]
    assert standing.inputs.values["incidence"] == round(1400 / PEOPLE["01"] * 100_000)


@pytest.mark.parametrize(
    ("places", "total", "community"),
    [
        ({"cong_dong": 3.0, "cach_ly": 2.0}, 5.0, 3.0),
        ({"cach_ly": 5.0}, 5.0, 0.0),  # all found elsewhere: none in the community
        ({"cach_ly": 3.0, "unknown": 2.0}, 5.0, None),  # two may have been found in the community
        ({"cach_ly": 4.0}, 5.0, None),  # one case without a place
        ({}, 0.0, 0.0),  # no case, hence none anywhere
        ({}, 5.0, None),
        ({}, None, None),
    ],
)
def test_community_cases(
    places: dict[str, float], total: float | None, community: float | None
) -> None:
    cells: dict[tuple[str, str, str, date], float | None] = {("cases", "79", "", DAY): total}
    cells |= {("cases", "79", code, DAY): value for code, value in places.items()}
    known = gather(answering(cells), PROVINCE, areas=AREAS, first=DAY, last=DAY)
    assert known.on("cases_community", "79", DAY) == community


def test_notes_say_what_was_estimated() -> None:
    cells = world({"79": [None, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0]})
    [standing] = book(cells, rules()).history(DAY, weeks=1)["79"]
    assert standing.assessment.notes == ("days_missing", "old_estimated")
    assert standing.assessment.confidence == pytest.approx(0.67)
    assert standing.inputs.values["incidence"] == pytest.approx(35 / PEOPLE["79"] * 100_000)


def test_each_week_is_assessed_by_the_rule_of_its_day() -> None:
    found = book(world({"79": [5.0] * 60}), rules()).history(DAY, weeks=6)["79"]
    names = [one.assessment.ruleset.id for one in found]
    assert names == ["decision_2686"] * 2 + ["decision_4800"] * 4
    assert [one.assessment.day for one in found] == [
        DAY - timedelta(weeks=n) for n in range(5, -1, -1)
    ]
    # The level of another rule is no "level in force" of this one.
    assert found[2].inputs.current is None


def test_pace_follows_the_figures() -> None:
    rising = [float(n) for n in range(1, 40)]
    found = book(world({"79": rising}), rules()).pace("79", DAY)
    assert found is not None
    assert found.per_day == pytest.approx(7 / PEOPLE["79"] * 100_000)


def test_a_district_under_2686_stands_on_its_communes() -> None:
    wards = AREAS.wards.filter(
        pl.col("parent_code") == "760", pl.col("vintage") == "63"
    )["code"].to_list()  # fmt: skip
    day = date(2021, 9, 2)
    ground = Ground(level=Level.DISTRICT, vintage="63", inside="760")
    marks = [hand(code, "level_by_hand", 4.0 if n < 3 else 1.0) for n, code in enumerate(wards)]
    flags = [hand("760", key, False) for key in
             ("spreads_to_half", "spreads_to_fifth", "zone_beside_source")]  # fmt: skip
    cells = {("cases", "760", "", day - timedelta(days=n)): 0.0 for n in range(14)}
    [standing] = book(cells, rules(*marks, *flags), ground).history(day, weeks=1)["760"]
    assert len(wards) == 10
    assert standing.inputs.values["share_very_high"] == pytest.approx(0.3)
    assert standing.assessment.level == 4
    [gap] = book(cells, rules(*marks[1:], *flags), ground).history(day, weeks=1)["760"]
    assert gap.assessment.level is None
    assert "share_very_high" in gap.assessment.missing


def test_a_commune_is_out_of_sight_of_another_province() -> None:
    ground = ground_of("26734", areas=AREAS, vintage="63")
    assert ground.level is Level.WARD
    own, other = (
        make_viewer(Role.PROVINCE, now=NOW, areas=frozenset({code})) for code in ("79", "01")
    )
    local = rules(hand("26734", "level_by_hand", 3.0))
    opened = open_book(answering({}), ground, areas=AREAS, viewer=own, local=local)
    [standing] = opened.history(date(2021, 9, 2), weeks=1)["26734"]
    assert standing.assessment.level == 3
    with pytest.raises(ScopeDenied):
        open_book(answering({}), ground, areas=AREAS, viewer=other, local=local)
    with pytest.raises(ScopeDenied):
        open_book(answering({}), ground, areas=AREAS, viewer=make_viewer(Role.PRESS, now=NOW))


def test_an_area_by_name_and_what_is_none() -> None:
    assert ground_of("Hà Nội", areas=AREAS, vintage="63").inside == "01"
    assert ground_of("760", areas=AREAS, vintage="63").level is Level.DISTRICT
    with pytest.raises(UnknownId):
        ground_of("Atlantis", areas=AREAS, vintage="63")
    with pytest.raises(BadUse):
        ground_of("VN", areas=AREAS, vintage="63")


def test_bands_of_age_make_up_the_groups() -> None:
    assert set(AGES["65+"]) < set(AGES["50+"])
