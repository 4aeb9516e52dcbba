"""Indicators against the vectors of the domain description (§4.4, 4.6, 4.9), by hand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from data_access.codes import Level
from data_access.cube.query import Ask, figures
from data_access.errors import UnknownId
from data_access.indicators.model import POPULATION, Unit
from data_access.indicators.registry import INDICATORS
from data_access.measures.registry import MEASURES
from data_access.viewer import parse_viewer
from tests.cube_world import DAY, Cell, days
from tests.memory_cube import MemoryCube

LATER = datetime(2021, 10, 1, tzinfo=UTC)
SINCE = {"known": LATER - timedelta(hours=1)}


def last(cells: list[Cell], key: str, *, area: str = "01", **ask: Any) -> dict[str, Any]:
    """The figure of the last day."""
    cube = MemoryCube(cells)
    asked = Ask(ids=(key,), level=Level.PROVINCE, areas=(area,), **ask)
    found = figures(cube, asked, viewer=parse_viewer("national", now=LATER))  # type: ignore[arg-type]
    return found.row(found.height - 1, named=True)


# --- §4.4 incidence -----------------------------------------------------------------------------


def test_incidence_is_seven_days_over_population_times_100_000() -> None:
    # 14 000 cases in a week among 100 000 people.
    row = last(days(DAY, [1000.0] * 7 + [2000.0] * 7, **SINCE), "incidence_7d_per_100k")
    assert row["value"] == pytest.approx(14_000.0)
    assert (row["numerator"], row["denominator"]) == (14_000.0, 100_000.0)
    assert row["denominator_id"] == "people_census"


def test_a_window_of_five_reported_days_counts_and_of_four_does_not() -> None:
    five = days(DAY, [10, 10, None, None, 10, 10, 10], **SINCE)
    four = days(DAY, [10, 10, None, None, None, 10, 10], **SINCE)
    assert last(five, "incidence_7d_per_100k")["value"] == pytest.approx(50.0)
    row = last(four, "incidence_7d_per_100k")
    assert (row["value"], row["status"]) == (None, "not_reported")


def test_the_window_reaches_back_before_the_first_day_asked_for() -> None:
    cells = days(DAY, [float(n) for n in range(1, 11)], **SINCE)
    on = DAY + timedelta(days=9)
    row = last(cells, "incidence_7d_per_100k", start=on, end=on)
    assert row["numerator"] == sum(range(4, 11))


def test_the_mean_is_over_reported_days() -> None:
    cells = days(DAY, [10, None, 20, 30, 40, None, 50], **SINCE)
    assert last(cells, "cases_7d_mean")["value"] == pytest.approx(30.0)


def test_a_rate_of_the_nation_is_sum_over_sum() -> None:
    cells = days(DAY, [7.0] * 7, area="01", **SINCE) + days(DAY, [0.0] * 7, area="02", **SINCE)
    cube = MemoryCube(cells)
    whole = figures(
        cube,  # type: ignore[arg-type]
        Ask(ids=("incidence_7d_per_100k",)),
        viewer=parse_viewer("national", now=LATER),
    ).row(-1, named=True)
    assert whole["value"] == pytest.approx(49 / 350_000 * 100_000)


def test_a_denominator_can_be_named_and_is_said() -> None:
    cells = days(DAY, [100.0] * 7, **SINCE)
    row = last(cells, "incidence_7d_per_100k", denominator="people_estimate")
    assert (row["value"], row["denominator"]) == (pytest.approx(560.0), 125_000.0)
    assert row["denominator_id"] == "people_estimate"
    absent = last(
        days(DAY, [100.0] * 7, area="02", **SINCE),
        "incidence_7d_per_100k",
        area="02",
        denominator="people_estimate",
    )
    assert (absent["value"], absent["status"]) == (None, "not_applicable")
    with pytest.raises(UnknownId, match="choose from people_census"):
        last(cells, "incidence_7d_per_100k", denominator="nobody")


# --- §4.6 coverage ------------------------------------------------------------------------------


def dose(code: str, value: float, *, day: int = 0, product: str = "", **more: Any) -> Cell:
    dims = f"dose={code}" + (f"|product={product}" if product else "")
    on = DAY + timedelta(days=day)
    return Cell(measure="doses", dims=dims, value=value, day=on, **{**SINCE, **more})


def test_coverage_counts_first_doses_up_to_the_day() -> None:
    cells = [dose("1", 12_000), dose("2", 900), dose("1", 18_000, day=3)]
    row = last(cells, "vaccination_coverage_1")
    assert (row["numerator"], row["denominator"]) == (30_000.0, 60_000.0)
    assert row["value"] == pytest.approx(0.5)
    assert row["denominator_id"] == "adults"


def test_coverage_above_one_is_shown_as_it_is() -> None:
    assert last([dose("1", 63_000)], "vaccination_coverage_1")["value"] == pytest.approx(1.05)


def test_coverage_falls_back_to_reported_running_totals() -> None:
    total = Cell(measure="doses_cumulative", dims="dose=1", value=15_000, **SINCE)
    assert last([total], "vaccination_coverage_1")["value"] == pytest.approx(0.25)


def test_a_population_of_nobody_does_not_apply() -> None:
    row = last([dose("1", 5, area="03")], "vaccination_coverage_1", area="03")
    assert (row["value"], row["status"]) == (None, "not_applicable")


def test_a_full_course_depends_on_the_product() -> None:
    cells = [
        dose("1", 100, product="JJ"),
        dose("2", 1000, product="AZ"),
        dose("2", 30, product="AB"),
        dose("3", 7, product="AB"),
        dose("1", 5000, product="PF"),
    ]
    assert last(cells, "vaccination_coverage_full")["numerator"] == 1107.0


def test_a_full_course_is_the_second_dose_where_products_are_unknown() -> None:
    cells = [dose("1", 5000), dose("2", 1200)]
    assert last(cells, "vaccination_coverage_full")["numerator"] == 1200.0


def test_persons_counted_by_the_platform_come_first() -> None:
    person = Cell(measure="persons_fully_vaccinated", value=600, **SINCE)
    row = last([person, dose("2", 1200, product="AZ")], "vaccination_coverage_full")
    assert (row["numerator"], row["value"]) == (600.0, pytest.approx(0.01))


# --- §4.9 quarantine ----------------------------------------------------------------------------


def quarantine(beds: float, occupied: float, came: float, left: float) -> list[Cell]:
    return [
        *days(DAY, [beds] * 7, measure="quarantine_beds", **SINCE),
        *days(DAY, [occupied] * 7, measure="quarantine_occupied", **SINCE),
        *days(DAY, [came] * 7, measure="quarantine_admissions", **SINCE),
        *days(DAY, [left] * 7, measure="quarantine_discharges", **SINCE),
    ]


@pytest.mark.parametrize(
    ("beds", "occupied", "came", "left", "expected", "status"),
    [
        (1000, 800, 70, 20, 4.0, ""),
        (1000, 1000, 70, 20, 0.0, ""),
        (1000, 1100, 10, 20, 0.0, ""),
        (1000, 800, 20, 20, None, "not_applicable"),
        (1000, 800, 10, 20, None, "not_applicable"),
    ],
)
def test_days_until_the_beds_are_full(
    beds: float, occupied: float, came: float, left: float, expected: float | None, status: str
) -> None:
    row = last(quarantine(beds, occupied, came, left), "quarantine_days_to_full")
    assert (row["value"], row["status"]) == (expected, status)


def test_occupancy_and_free_beds() -> None:
    cells = quarantine(1000, 800, 1, 1)
    assert last(cells, "quarantine_occupancy")["value"] == pytest.approx(0.8)
    assert last(cells, "quarantine_free")["value"] == 200.0
    full = last(quarantine(0, 3, 1, 1), "quarantine_occupancy")
    assert (full["value"], full["status"]) == (None, "not_applicable")


def test_a_ratio_takes_both_terms_from_one_source_where_one_has_both() -> None:
    cells = [
        Cell(measure="quarantine_occupied", value=5, source="a", precedence=1, **SINCE),
        Cell(measure="quarantine_occupied", value=40, source="b", **SINCE),
        Cell(measure="quarantine_beds", value=50, source="b", **SINCE),
    ]
    row = last(cells, "quarantine_occupancy")
    assert (row["value"], row["source"]) == (pytest.approx(0.8), "b")


def test_sources_are_named_where_no_one_has_both() -> None:
    cells = [
        Cell(measure="quarantine_occupied", value=40, source="a", **SINCE),
        Cell(measure="quarantine_beds", value=50, source="b", **SINCE),
    ]
    assert last(cells, "quarantine_occupancy")["source"] == "a + b"


# --- others -------------------------------------------------------------------------------------


def test_positivity_is_positive_over_tested() -> None:
    cells = [
        Cell(measure="persons_positive", value=7, **SINCE),
        Cell(measure="persons_tested", value=300, **SINCE),
    ]
    assert last(cells, "test_positivity")["value"] == pytest.approx(7 / 300)


def test_positivity_of_a_method_never_mixes_another() -> None:
    cells = [
        Cell(measure=measure, value=value, dims=f"method={method}|reason=F1", **SINCE)
        for method, positive, tested in (("RT_PCR", 7, 300), ("AG_RAPID", 90, 1000))
        for measure, value in (("persons_positive", positive), ("persons_tested", tested))
    ]
    assert last(cells, "test_positivity_pcr")["value"] == pytest.approx(7 / 300)
    assert last(cells, "test_positivity_antigen")["value"] == pytest.approx(0.09)
    assert last(cells, "test_positivity")["value"] == pytest.approx(97 / 1300)


def test_checks_done_are_out_of_the_people_inside() -> None:
    checks = days(DAY, [600.0] * 7, measure="quarantine_checks", **SINCE)
    cells = [*quarantine(1000, 800, 1, 1), *checks]
    assert last(cells, "quarantine_checks_share")["value"] == pytest.approx(0.75)


def test_overdue_people_are_those_who_became_so_and_have_not_left() -> None:
    cells = [
        *days(DAY, [3.0, 0.0, 2.0], measure="quarantine_overdue_started", **SINCE),
        *days(DAY, [0.0, 1.0, 1.0], measure="quarantine_overdue_ended", **SINCE),
    ]
    assert last(cells, "quarantine_overdue")["value"] == 3.0


def test_community_cases_are_those_found_in_the_community() -> None:
    cells = [
        Cell(value=11, dims="detected_in=cong_dong", **SINCE),
        Cell(value=20, dims="detected_in=khu_cach_ly", **SINCE),
        Cell(value=40, **SINCE),
    ]
    assert last(cells, "cases_community")["value"] == 11.0
    assert last(cells, "cases")["value"] == 40.0


def test_contacts_per_case_are_close_contacts() -> None:
    cells = [
        *days(DAY, [10.0] * 7, **SINCE),
        *days(DAY, [60.0] * 7, measure="contacts_listed", dims="class=F1", **SINCE),
        *days(DAY, [900.0] * 7, measure="contacts_listed", dims="class=F2", **SINCE),
    ]
    assert last(cells, "contacts_per_case")["value"] == pytest.approx(6.0)


def test_doses_by_number_and_by_dimension() -> None:
    cells = [
        dose("1", 5, product="AZ"),
        dose("1", 6, product="PF"),
        dose("nhac_1", 2, product="PF"),
    ]
    assert last(cells, "doses_1")["value"] == 11.0
    assert last(cells, "doses_booster")["value"] == 2.0
    assert last(cells, "doses_1", by="product")["product"] == "PF"


# --- the registry -------------------------------------------------------------------------------


@pytest.mark.parametrize("key", sorted(INDICATORS))
def test_every_indicator_is_whole(key: str) -> None:
    one = INDICATORS[key]
    assert one.key == key
    assert all([one.vi, one.en, one.about_vi.endswith("."), one.about_en.endswith(".")])
    assert set(one.measures) <= set(MEASURES)
    named = {term.name for term in one.terms} | ({POPULATION} if one.population else set())
    assert set(one.formula.meta.root_names()) <= named
    for line in (one.numerator, one.denominator):
        assert line is None or set(line.meta.root_names()) <= named
    if one.unit is Unit.RATIO:
        assert one.numerator is not None
        assert one.denominator is not None
    if key in MEASURES:
        assert one.unit is Unit.COUNT


def test_cumulative_terms_have_a_running_total_to_read() -> None:
    for one in INDICATORS.values():
        for first in one.terms:
            term = first
            while term is not None:
                assert not term.cumulative or MEASURES[term.measure].cumulative
                term = term.otherwise  # type: ignore[assignment]


def test_every_flow_a_measure_names_exists() -> None:
    for one in MEASURES.values():
        for name in (one.inflow, one.outflow, one.cumulative):
            assert not name or name in MEASURES


def test_a_figure_of_a_day_is_dated_by_that_day() -> None:
    assert last(days(DAY, [1.0, 2.0], **SINCE), "cases")["date"] == date(2021, 8, 2)


def test_who_stays_at_home_takes_no_bed() -> None:
    people = [
        *days(DAY, [30.0], measure="quarantine_occupied", dims="kind=tap_trung", **SINCE),
        *days(DAY, [500.0], measure="quarantine_occupied", dims="kind=nha_o", **SINCE),
        *days(DAY, [530.0], measure="quarantine_occupied", **SINCE),
        *days(DAY, [100.0], measure="quarantine_beds", **SINCE),
    ]
    assert last(people, "quarantine_occupancy")["value"] == pytest.approx(0.3)
    assert last(people, "quarantine_free")["value"] == 70.0
    assert last(people, "quarantine_occupied")["value"] == 530.0


def test_where_a_source_does_not_keep_homes_apart_all_count() -> None:
    people = [
        *days(DAY, [30.0], measure="quarantine_occupied", **SINCE),
        *days(DAY, [100.0], measure="quarantine_beds", **SINCE),
    ]
    assert last(people, "quarantine_occupancy")["value"] == pytest.approx(0.3)


# --- zeros that nobody writes down ----------------------------------------------------------------


def places(total: float | None, **named: float) -> list[Cell]:
    """A day's cases, reported by a table, and where records say that they were found."""
    told = [] if total is None else [Cell(value=total, source="report", precedence=5, **SINCE)]
    return told + [
        Cell(value=value, dims=f"detected_in={code}", source="records", origin="records", **SINCE)
        for code, value in named.items()
    ]


@pytest.mark.parametrize(
    ("cells", "community"),
    [
        (places(5, khu_cach_ly=5), 0.0),  # all found elsewhere
        (places(5, khu_cach_ly=2, co_so_y_te=3), 0.0),
        (places(0), 0.0),  # no case, hence none anywhere
        (places(5, khu_cach_ly=4), None),  # one case without a place
        (places(5, khu_cach_ly=6), None),  # the two sides contradict each other
        (places(5), None),
        (places(5, khu_cach_ly=3, unknown=2), None),  # two may have been found in the community
        (places(None, khu_cach_ly=5), 0.0),  # the records are their own total
        (places(5, khu_cach_ly=2, cong_dong=3), 3.0),
        (places(9, khu_cach_ly=2, cong_dong=3), 3.0),
    ],
)
def test_community_cases_are_zero_only_where_all_cases_have_another_place(
    cells: list[Cell], community: float | None
) -> None:
    row = last(cells, "cases_community")
    assert row["value"] == community
    assert (row["status"] == "") == (community is not None)


def test_a_derived_zero_names_both_sources_and_no_absent_part() -> None:
    row = last(places(5, khu_cach_ly=5), "cases_community")
    assert set(row["source"].split(" + ")) == {"report", "records"}
    assert row["n_missing"] == 0


def test_the_share_of_community_cases_counts_days_without_any_as_nothing() -> None:
    cells = [
        cell
        for back, found in enumerate([4, 0, 0, 2, 0, 0, 0])
        for cell in (
            *days(DAY + timedelta(days=back), [10.0], **SINCE),
            *days(DAY + timedelta(days=back), [10.0 - found], dims="detected_in=khu_cach_ly",
                  **SINCE),
            *(days(DAY + timedelta(days=back), [float(found)], dims="detected_in=cong_dong",
                   **SINCE) if found else []),
        )
    ]  # fmt: skip
    assert last(cells, "cases_community_share")["value"] == pytest.approx(6 / 70)
