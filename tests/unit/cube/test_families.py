"""Sources that complement each other, and those that do not, worked out by hand."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import polars as pl

from data_access.codes import Level
from data_access.cube.catalogue import Catalogue, State
from data_access.cube.families import families
from data_access.cube.kept import Kept
from data_access.cube.query import Ask, figures
from data_access.viewer import parse_viewer
from tests.cube_world import DAY, KNOWN, NOW, Cell, days
from tests.memory_cube import MemoryCube

PROVINCES = ("01", "02", "03")
NEXT = DAY + timedelta(days=1)


def rows(
    cells: Sequence[Cell], *ids: str, role: str = "national", now: Any = NOW, **ask: Any
) -> list[dict[str, Any]]:
    viewer = parse_viewer(role, now=now)
    asked = Ask(ids=ids or ("cases",), **ask)
    found = figures(MemoryCube(cells), asked, viewer=viewer)  # type: ignore[arg-type]
    return found.to_dicts()


def each_by_itself(value: float = 10, **more: Any) -> list[Cell]:
    return [Cell(area=code, source=f"so-{code}", value=value, **more) for code in PROVINCES]


def test_a_nation_whose_provinces_each_deliver_is_whole() -> None:
    (nation,) = rows(each_by_itself())
    assert (nation["value"], nation["n_missing"], nation["n_expected"]) == (30.0, 0, 3)
    assert nation["source"] == "so-01 + so-02 + so-03"
    assert nation["part_level"] == "province"


def test_each_province_names_its_own_source() -> None:
    found = rows(each_by_itself(), level=Level.PROVINCE)
    assert [row["source"] for row in found] == ["so-01", "so-02", "so-03"]
    (own,) = rows(each_by_itself(), role="province:02")
    assert (own["area_code"], own["value"], own["source"]) == ("02", 10.0, "so-02")


def test_sixty_three_sources_form_one_family() -> None:
    holdings = pl.DataFrame(
        [(number, 1, "63", number) for number in range(1, 64)],
        schema={"source_id": pl.Int32, "rank": pl.Int8, "vintage": pl.String, "area_id": pl.Int32},
        orient="row",
    )
    sources = pl.DataFrame(
        [(number, f"s{number:02}", "table", 100) for number in range(1, 64)],
        schema={"source_id": pl.Int32, "source": pl.String, "origin": pl.String,
                "precedence": pl.Int32},
        orient="row",
    )  # fmt: skip
    found = families(_Held(holdings, sources), ("cases",))  # type: ignore[arg-type]
    assert found["family"].n_unique() == 1
    assert found.height == 63
    assert set(found["family_order"]) == {0}


class _Held:
    """The part of a view that families are formed from."""

    def __init__(self, held: pl.DataFrame, sources: pl.DataFrame) -> None:
        self.kept = Kept()
        self.catalogue = Catalogue(measures={}, numbers={}, sources=sources, breakdowns=sources)
        self.state = State(token="", newest=None, catalogue=self.catalogue)
        self._held = held

    def holdings(self, key: str) -> pl.DataFrame:
        del key
        return self._held


def test_sources_that_share_an_area_on_any_day_are_never_mixed() -> None:
    cells = [
        Cell(area="01", source="a", value=1),
        Cell(area="02", source="b", value=20),
        Cell(area="01", source="b", value=30, day=NEXT),
    ]
    first, second = rows(cells)
    assert (first["value"], first["source"], first["n_missing"]) == (1.0, "a", 2)
    assert (second["value"], second["source"]) == (30.0, "b")


def test_a_gap_of_a_family_is_not_filled_from_another() -> None:
    cells = [*each_by_itself(), *each_by_itself(day=NEXT)[:2]]
    other = [Cell(area="03", source="z", value=99, day=NEXT)]
    overlap = [Cell(area="01", source="z", value=99)]
    _, second = rows([*cells, *other, *overlap])
    assert (second["value"], second["n_missing"]) == (20.0, 1)


def test_another_precedence_does_not_complement() -> None:
    cells = [
        Cell(area="01", source="a", value=1, precedence=10),
        Cell(area="02", source="b", value=2, precedence=20),
    ]
    (nation,) = rows(cells)
    assert (nation["value"], nation["source"]) == (1.0, "a")


def test_a_family_is_as_known_at_the_moment() -> None:
    later = KNOWN + timedelta(hours=1)
    cells = [
        Cell(area="01", source="a", value=1),
        Cell(area="02", source="b", value=2),
        Cell(area="01", source="b", value=9, day=NEXT, known=later),
    ]
    (before,) = rows(cells, now=KNOWN, start=DAY, end=DAY)
    (after,) = rows(cells, now=later, start=DAY, end=DAY)
    assert (before["value"], before["source"]) == (3.0, "a + b")
    assert (after["value"], after["source"]) == (1.0, "a")


def test_members_may_keep_their_figures_by_different_codes() -> None:
    cells = [
        Cell(area="01", source="a", value=5),
        Cell(area="02", source="b", value=3, dims="severity=nhe"),
        Cell(area="02", source="b", value=4, dims="severity=nang"),
    ]
    assert rows(cells)[0]["value"] == 12.0


def test_each_stock_is_cumulated_and_then_added() -> None:
    cells = [
        Cell(measure="quarantine_admissions", area=code, source=f"so-{code}", value=value, day=day)
        for code, value, day in (("01", 5, DAY), ("02", 7, DAY), ("01", 1, NEXT))
    ] + [Cell(measure="quarantine_discharges", area="02", source="so-02", value=3, day=NEXT)]
    first, second = rows(cells, "quarantine_occupied", start=DAY, end=NEXT)
    assert (first["value"], second["value"]) == (12.0, 10.0)
    assert second["source"] == "so-01 + so-02"
    assert (second["n_missing"], second["n_expected"], second["part_level"]) == (1, 3, "province")


def test_a_ratio_counts_only_sources_that_have_both_terms() -> None:
    beds = [Cell(measure="quarantine_beds", area=c, source=f"so-{c}", value=10) for c in PROVINCES]
    inside = [
        Cell(measure="quarantine_occupied", area=c, source=f"so-{c}", value=5) for c in ("01", "02")
    ]
    (nation,) = rows([*beds, *inside], "quarantine_occupancy")
    assert (nation["numerator"], nation["denominator"], nation["value"]) == (10.0, 20.0, 0.5)
    assert (nation["n_missing"], nation["n_expected"]) == (1, 3)


def test_a_missing_province_waits_for_its_own_source() -> None:
    on = KNOWN.date() - timedelta(days=2)
    cells = [
        Cell(area="01", source="a", day=on),
        Cell(area="02", source="b", day=on - timedelta(days=9), known=KNOWN - timedelta(days=9)),
    ]
    found = rows(cells, level=Level.PROVINCE, start=on, end=on)
    assert [row["status"] for row in found] == ["", "not_synchronised", "not_reported"]


def test_a_window_names_every_source_in_it() -> None:
    old = days(DAY, [1.0] * 7, source="old", precedence=20)
    new = days(DAY + timedelta(days=4), [2.0] * 3, source="new", precedence=10)
    found = rows([*old, *new], "cases_7d_mean")
    assert [row["source"] for row in found] == ["old"] * 4 + ["new + old"] * 3
    assert found[-1]["value"] == (4 * 1 + 3 * 2) / 7


def test_the_parts_of_a_district_sum_are_districts() -> None:
    (nation,) = rows([Cell(area="011", value=2)])
    assert (nation["n_missing"], nation["n_expected"], nation["part_level"]) == (1, 2, "district")


def test_a_day_in_both_maps_is_counted_once() -> None:
    cells = [Cell(area="01", value=3), Cell(area="01", value=50, vintage="new")]
    assert rows(cells)[0]["value"] == 3.0
