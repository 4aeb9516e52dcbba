"""The rules that turn cells into answers, each on a handful of cells worked out by hand."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from data_access.codes import Level, Role, Status
from data_access.cube.query import Ask, answer, figures
from data_access.errors import BadUse, ScopeDenied, UnknownId
from data_access.viewer import make_viewer, parse_viewer
from tests.cube_world import DAY, KNOWN, NOW, Cell, days
from tests.memory_cube import MemoryCube

PROVINCES = Level.PROVINCE
Row = tuple[str, float | None, str]


def asked(cells: Sequence[Cell], *ids: str, role: str = "national", **ask: Any) -> list[Row]:
    """(area code, value, status) of each row, in order."""
    found = answer(
        MemoryCube(cells),  # type: ignore[arg-type]
        Ask(ids=ids or ("cases",), **ask),
        viewer=parse_viewer(role, now=NOW),
    )
    return [(row[1], row[-2], row[-1]) for row in found.iter_rows()]


def figure(cells: Sequence[Cell], *ids: str, now: datetime = NOW, **ask: Any) -> dict[str, Any]:
    """The only row of an answer with what it was made of."""
    viewer = parse_viewer("national", now=now)
    found = figures(MemoryCube(cells), Ask(ids=ids or ("cases",), **ask), viewer=viewer)  # type: ignore[arg-type]
    assert found.height == 1
    return found.row(0, named=True)


# --- sums of areas ------------------------------------------------------------------------------


def test_the_nation_is_the_sum_of_its_provinces() -> None:
    cells = [Cell(area="01", value=3), Cell(area="02", value=4), Cell(area="03", value=5)]
    assert asked(cells) == [("XX", 12.0, "")]


def test_a_national_cell_counts_only_where_the_source_reports_nothing_below() -> None:
    cells = [Cell(area="01", value=3), Cell(area="XX", value=99)]
    later = [Cell(area="XX", value=50, day=DAY + timedelta(days=1))]
    assert asked([*cells, *later]) == [("XX", 3.0, ""), ("XX", 50.0, "")]


def test_reported_asks_for_the_total_as_it_was_reported() -> None:
    cells = [Cell(area="01", value=3), Cell(area="XX", value=99)]
    assert asked(cells, reported=True) == [("XX", 99.0, "")]


def test_reported_sums_nothing() -> None:
    cells = [Cell(area="011", value=3), Cell(area="02", value=7, dims="severity=nhe")]
    only_parts = asked(cells, level=PROVINCES, reported=True)
    assert only_parts == [(code, None, "not_reported") for code in ("01", "02", "03")]


def test_provinces_are_summed_from_districts_where_there_is_nothing_else() -> None:
    cells = [Cell(area="011", value=3), Cell(area="012", value=4)]
    assert asked(cells, level=PROVINCES)[0] == ("01", 7.0, "")


def test_the_province_itself_is_preferred_to_its_districts() -> None:
    cells = [Cell(area="011", value=3), Cell(area="012", value=4), Cell(area="01", value=10)]
    assert asked(cells, level=PROVINCES)[0] == ("01", 10.0, "")
    assert asked(cells) == [("XX", 10.0, "")]


def test_nothing_is_split_downwards() -> None:
    cells = [Cell(area="01", value=10)]
    assert asked(cells, level=Level.DISTRICT) == [
        ("011", None, "not_reported"),
        ("012", None, "not_reported"),
    ]


def test_missing_parts_are_counted_not_taken_for_zero() -> None:
    row = figure([Cell(area="01", value=3), Cell(area="02", value=None, status=1)])
    assert (row["value"], row["n_missing"], row["n_expected"]) == (3.0, 2, 3)


def test_all_parts_missing_is_missing() -> None:
    cells = [Cell(area=code, value=None, status=1) for code in ("01", "02", "03")]
    assert asked(cells) == [("XX", None, "not_reported")]


def test_zero_is_a_value() -> None:
    assert asked([Cell(area="01", value=0)], level=PROVINCES)[0] == ("01", 0.0, "")


def test_suppressed_and_not_applicable_are_kept_apart() -> None:
    cells = [
        Cell(area="01", value=None, status=Status.SUPPRESSED),
        Cell(area="02", value=None, status=Status.NOT_APPLICABLE),
    ]
    assert [row[2] for row in asked(cells, level=PROVINCES)] == [
        "suppressed",
        "not_applicable",
        "not_reported",
    ]


# --- breakdowns ---------------------------------------------------------------------------------


def test_a_total_is_the_reported_one_and_parts_stay_beside_it() -> None:
    cells = [
        Cell(value=10),
        Cell(value=3, dims="severity=nhe"),
        Cell(value=4, dims="severity=nang"),
    ]
    assert asked(cells) == [("XX", 10.0, "")]
    by = answer(
        MemoryCube(cells),  # type: ignore[arg-type]
        Ask(ids=("cases",), by="severity"),
        viewer=parse_viewer("national", now=NOW),
    )
    assert by.columns == ["date", "area_code", "area", "id", "severity", "value", "status"]
    assert by.select("severity", "value").rows() == [("nang", 4.0), ("nhe", 3.0)]


def test_a_total_is_summed_from_the_smallest_cut() -> None:
    cells = [
        Cell(measure="doses", value=3, dims="age=18-49|dose=1"),
        Cell(measure="doses", value=4, dims="age=65+|dose=1"),
        Cell(measure="doses", value=8, dims="dose=1"),
        Cell(measure="doses", value=1, dims="dose=2"),
    ]
    assert asked(cells, "doses") == [("XX", 9.0, "")]


def test_by_is_answered_from_a_cut_that_holds_it() -> None:
    cells = [
        Cell(measure="doses", value=3, dims="dose=1|product=AZ"),
        Cell(measure="doses", value=4, dims="dose=2|product=AZ"),
        Cell(measure="doses", value=5, dims="dose=1|product=PF"),
    ]
    assert [row[1] for row in asked(cells, "doses", by="product")] == [7.0, 5.0]


def test_every_code_seen_has_a_row_on_every_day() -> None:
    cells = [
        Cell(value=3, dims="severity=nhe"),
        Cell(value=4, dims="severity=nang", day=DAY + timedelta(days=1)),
    ]
    assert asked(cells, by="severity") == [
        ("XX", None, "not_reported"),
        ("XX", 3.0, ""),
        ("XX", 4.0, ""),
        ("XX", None, "not_reported"),
    ]


def test_an_unknown_dimension_is_named_with_those_there_are() -> None:
    with pytest.raises(BadUse, match="cases has no dimension 'age'; it has detected_in, severity"):
        asked([Cell()], by="age")


# --- sources ------------------------------------------------------------------------------------


def test_one_source_per_day_the_preferred_one_never_a_mixture() -> None:
    cells = [
        Cell(area="01", value=1, source="zz", precedence=10, origin="records"),
        Cell(area="01", value=100, source="aa", precedence=100),
        Cell(area="02", value=200, source="aa", precedence=100),
        Cell(area="02", value=300, source="aa", precedence=100, day=DAY + timedelta(days=1)),
    ]
    assert asked(cells) == [("XX", 1.0, ""), ("XX", 300.0, "")]


def test_equal_precedence_goes_by_name() -> None:
    cells = [Cell(value=2, source="b"), Cell(value=1, source="a")]
    assert asked(cells) == [("XX", 1.0, "")]


def test_source_restricts_by_name_records_first() -> None:
    cells = [
        Cell(value=1, source="a"),
        Cell(value=2, source="b", precedence=100),
        Cell(value=3, source="b", origin="records", precedence=100),
    ]
    assert asked(cells, source="b") == [("XX", 3.0, "")]


def test_an_unknown_source_names_the_nearest() -> None:
    with pytest.raises(BadUse, match="did you mean ministry"):
        asked([Cell(source="ministry")], source="minstry")


def test_a_preferred_source_that_cannot_answer_at_this_level_is_passed_over() -> None:
    cells = [Cell(area="XX", value=9, source="a", precedence=1), Cell(area="01", value=4)]
    assert asked(cells, level=PROVINCES)[0] == ("01", 4.0, "")
    assert asked(cells) == [("XX", 9.0, "")]


def test_a_province_sees_its_figure_from_the_nations_source() -> None:
    cells = [
        Cell(area="02", value=1, source="a", precedence=1),
        Cell(area="01", value=7, source="b", precedence=2),
        Cell(area="01", value=3, source="a", precedence=1),
    ]
    assert asked(cells, role="province:01") == [("01", 3.0, "")]


# --- statuses -----------------------------------------------------------------------------------


def test_why_a_figure_is_missing() -> None:
    # Now is 16:00 on 2 Sep in Hanoi; the source last delivered at 07:00 on 31 Aug.
    cells = [Cell(day=date(2021, 8, 28))]
    found = asked(
        cells, level=PROVINCES, areas=("01",), start=date(2021, 8, 28), end=date(2021, 9, 4)
    )
    assert [status for _, _, status in found] == [
        "",
        "not_reported",  # 29th: delivered since
        "not_reported",  # 30th: the day ended before the delivery
        "not_synchronised",  # 31st
        "not_synchronised",  # 1 Sep: due on the 2nd
        "not_due",
        "not_due",
        "not_due",
    ]


def test_a_source_that_never_delivered_leaves_not_reported() -> None:
    cells = [Cell(measure="deaths")]
    found = asked(cells, "cases", "deaths", start=DAY, end=DAY)
    assert found == [("XX", None, "not_reported"), ("XX", 1.0, "")]


# --- stocks -------------------------------------------------------------------------------------


def stay(day: int, came: float = 0, left: float = 0, **more: Any) -> list[Cell]:
    on = DAY + timedelta(days=day)
    both = (("quarantine_admissions", came), ("quarantine_discharges", left))
    return [Cell(measure=m, value=v, day=on, **more) for m, v in both if v]


def test_a_stock_is_cumulated_from_its_flows_over_a_completed_calendar() -> None:
    cells = [*stay(0, came=5), *stay(2, came=3, left=1), *stay(3, left=4)]
    assert asked(cells, "quarantine_occupied") == [
        ("XX", 5.0, ""), ("XX", 5.0, ""), ("XX", 7.0, ""), ("XX", 3.0, ""),
    ]  # fmt: skip


def test_a_stock_starts_from_before_the_days_asked_for() -> None:
    cells = [*stay(0, came=5), *stay(2, left=1)]
    on = DAY + timedelta(days=2)
    assert asked(cells, "quarantine_occupied", start=on, end=on) == [("XX", 4.0, "")]


def test_a_stock_stands_until_the_last_delivery() -> None:
    cells = [Cell(measure="vaccination_sites_opened", value=5, day=date(2021, 8, 28))]
    found = asked(cells, "vaccination_sites", start=date(2021, 8, 28), end=date(2021, 9, 1))
    assert [row[1:] for row in found] == [
        (5.0, ""), (5.0, ""), (5.0, ""), (5.0, ""), (None, "not_synchronised"),
    ]  # fmt: skip


def test_a_source_that_reports_the_stock_is_read_directly() -> None:
    cells = [
        *stay(0, came=5, source="a"),
        Cell(measure="quarantine_occupied", value=70, source="a"),
    ]
    assert asked(cells, "quarantine_occupied") == [("XX", 70.0, "")]


def test_precedence_settles_between_reported_and_cumulated_stocks() -> None:
    cells = [
        *stay(0, came=5, source="rec", origin="records", precedence=10),
        Cell(measure="quarantine_occupied", value=70, source="tab"),
        Cell(measure="quarantine_occupied", value=71, source="tab", day=DAY - timedelta(days=1)),
    ]
    assert asked(cells, "quarantine_occupied") == [("XX", 71.0, ""), ("XX", 5.0, "")]


def test_a_stock_is_cumulated_by_area_and_code() -> None:
    cells = [
        *stay(0, came=5, dims="class=F1|kind=tap_trung"),
        *stay(1, came=2, dims="class=F1|kind=nha_o", area="02"),
    ]
    assert asked(cells, "quarantine_occupied", level=PROVINCES, by="kind", areas=("01", "02")) == [
        ("01", None, "not_reported"), ("01", 5.0, ""), ("02", None, "not_reported"),
        ("02", None, "not_reported"), ("01", None, "not_reported"), ("01", 5.0, ""),
        ("02", 2.0, ""), ("02", None, "not_reported"),
    ]  # fmt: skip


# --- vintages -----------------------------------------------------------------------------------


def test_old_provinces_add_up_to_the_new_one() -> None:
    cells = [Cell(area="01", value=3), Cell(area="02", value=4), Cell(area="03", value=5)]
    assert asked(cells, level=PROVINCES, vintage="new") == [("01", 7.0, ""), ("03", 5.0, "")]


def test_a_series_crosses_the_merger() -> None:
    cells = [
        Cell(area="01", value=3, day=date(2021, 12, 31)),
        Cell(area="02", value=4, day=date(2021, 12, 31)),
        Cell(area="01", value=9, day=date(2022, 1, 1), vintage="new"),
    ]
    later = datetime(2022, 2, 1, tzinfo=UTC)
    found = answer(
        MemoryCube(cells),  # type: ignore[arg-type]
        Ask(ids=("cases",), level=PROVINCES, areas=("01",), vintage="new"),
        viewer=parse_viewer("national", now=later),
    )
    assert found["value"].to_list() == [7.0, 9.0]


def test_an_old_province_does_not_apply_after_the_merger() -> None:
    cells = [Cell(area="01", value=9, day=date(2022, 1, 1), vintage="new")]
    found = asked(cells, level=PROVINCES, vintage="old")
    assert found == [(code, None, "not_applicable") for code in ("01", "02", "03")]


def test_the_vintage_is_the_default_where_it_is_in_force_on_the_last_day() -> None:
    old = [Cell(area="02", value=1)]
    new = [Cell(area="03", value=1, day=date(2022, 3, 1), vintage="new")]
    assert [row[0] for row in asked(old, level=PROVINCES)] == ["01", "02", "03"]
    on = date(2022, 3, 1)
    assert [r[0] for r in asked([*old, *new], level=PROVINCES, start=on)] == ["01", "03"]


def test_an_area_that_was_merged_is_found_in_the_map_that_has_it() -> None:
    cells = [Cell(area="02", value=1), Cell(area="03", day=date(2022, 3, 1), vintage="new")]
    found = asked(cells, areas=("02",), start=DAY, end=date(2022, 1, 1))
    assert (found[0], found[-1]) == (("02", 1.0, ""), ("02", None, "not_applicable"))


def test_whoever_sees_only_one_old_province_sees_no_part_of_the_merged_one() -> None:
    cells = [Cell(area="01", value=3), Cell(area="02", value=4)]
    assert asked(cells, level=PROVINCES, vintage="new", role="province:01") == [
        ("01", None, "not_reported")
    ]
    both = asked(cells, level=PROVINCES, vintage="new", areas=("01",), role="province:01,02")
    assert both == [("01", 7.0, "")]


# --- who may see what ---------------------------------------------------------------------------


def test_a_province_sees_its_own_by_default() -> None:
    cells = [Cell(area="01", value=3), Cell(area="02", value=4)]
    assert asked(cells, role="province:01") == [("01", 3.0, "")]
    assert asked(cells, role="province:01", level=Level.DISTRICT) == [
        ("011", None, "not_reported"),
        ("012", None, "not_reported"),
    ]


@pytest.mark.parametrize(
    "ask", [{"areas": ("02",)}, {"level": Level.NATIONAL}, {"areas": ("XX",)}, {"areas": ("Hai",)}]
)
def test_a_province_is_denied_everything_else(ask: dict[str, Any]) -> None:
    with pytest.raises(ScopeDenied):
        asked([Cell(area="01"), Cell(area="02")], role="province:01", **ask)


def test_the_press_is_told_that_nothing_is_published() -> None:
    with pytest.raises(ScopeDenied, match="nothing has been published yet"):
        asked([Cell()], role="press")


def test_whoever_has_no_area_reads_nothing() -> None:
    viewer = make_viewer(Role.PROVINCE, now=NOW)
    cube = MemoryCube([Cell()])
    found = answer(cube, Ask(ids=("cases",)), viewer=viewer)  # type: ignore[arg-type]
    assert found.is_empty()
    assert found.columns == ["date", "area_code", "area", "id", "value", "status"]


# --- asking -------------------------------------------------------------------------------------


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(UnknownId, match="'casez'; did you mean cases"):
        asked([Cell()], "casez")


def test_areas_go_by_name_too() -> None:
    assert asked([Cell(area="02", value=4)], areas=("Hai",)) == [("02", 4.0, "")]


def test_an_unknown_area_is_an_error() -> None:
    with pytest.raises(BadUse, match="no area '77'"):
        asked([Cell()], areas=("77",))


def test_a_finer_level_means_the_areas_inside() -> None:
    cells = [Cell(area="011", value=1), Cell(area="012", value=2)]
    found = asked(cells, areas=("01",), level=Level.DISTRICT)
    assert found == [("011", 1.0, ""), ("012", 2.0, "")]


def test_swapped_dates_are_an_error() -> None:
    with pytest.raises(BadUse, match="lies after"):
        asked([Cell()], start=DAY, end=DAY - timedelta(days=1))


def test_several_ids_share_the_range_and_are_sorted() -> None:
    cells = [Cell(value=1), Cell(measure="deaths", value=2, day=DAY + timedelta(days=1))]
    cube = MemoryCube(cells)
    found = answer(cube, Ask(ids=("deaths", "cases")), viewer=parse_viewer("national", now=NOW))  # type: ignore[arg-type]
    assert found.select("date", "id", "value").rows() == [
        (DAY, "cases", 1.0),
        (DAY, "deaths", None),
        (DAY + timedelta(days=1), "cases", None),
        (DAY + timedelta(days=1), "deaths", 2.0),
    ]


def test_nothing_yet_is_an_empty_answer() -> None:
    assert asked([]) == []


def test_what_was_not_known_yet_is_not_seen() -> None:
    cells = [Cell(value=1, known=KNOWN), Cell(value=5, known=KNOWN + timedelta(days=1))]
    row = figure(cells, now=KNOWN + timedelta(hours=1))
    assert (row["value"], row["known_at"]) == (1.0, KNOWN)
    assert figure(cells)["value"] == 5.0


def test_a_mapping_registered_measure_answers_like_any_other() -> None:
    cube = MemoryCube([Cell(measure="icu_beds", value=3)], extra={"icu_beds": "stock"})
    viewer = parse_viewer("national", now=NOW)
    found = answer(cube, Ask(ids=("icu_beds",)), viewer=viewer)  # type: ignore[arg-type]
    assert found["value"].to_list() == [3.0]


def test_days_helper_leaves_out_what_is_none() -> None:
    assert [cell.value for cell in days(DAY, [1, None, 2])] == [1, 2]
