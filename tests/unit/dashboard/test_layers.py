"""Flows, laboratories and visited places on a map: sizes, classes, what is told, what is left."""

import math
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import flow_arcs, lab_marks, venue_marks
from dashboard.i18n import translator
from dashboard.maps import marks
from data_access.laboratories import REGISTER_SCHEMA
from data_access.travel import FLOW_SCHEMA
from data_access.venues import VENUE_SCHEMA

EN = {"t": translator("en"), "language": "en"}
DAY = date(2021, 9, 1)
PROVINCES = {"01": (105.8, 21.0), "27": (106.1, 21.2), "79": (106.7, 10.8), "99": None}
NAMES = {"01": "Hanoi", "27": "Bac Ninh", "79": "HCMC"}


def flows(*rows: tuple[str | None, str | None, int | None, int]) -> pl.DataFrame:
    full = [(origin, to, persons, DAY, pairs) for origin, to, persons, pairs in rows]
    return pl.DataFrame(full, schema=FLOW_SCHEMA, orient="row")


FOUND = flows(
    ("01", "27", 40, 1), ("27", "01", 10, 1), ("79", "01", 1, 1), ("79", "99", 7, 1),
    (None, None, None, 3),
)  # fmt: skip


def test_flows_of_an_area_with_the_way_back() -> None:
    every = flow_arcs.listed(FOUND, area=None)
    assert [(one.origin, one.destination, one.persons, one.back) for one in every] == [
        ("01", "27", 40, 10), ("27", "01", 10, 40), ("79", "01", 1, None), ("79", "99", 7, None),
    ]  # fmt: skip
    assert {one.origin for one in flow_arcs.listed(FOUND, area="27")} == {"01", "27"}
    assert flow_arcs.hidden(FOUND) == 3
    assert flow_arcs.hidden(flows()) == 0


def test_an_arrow_for_each_flow_whose_ends_are_known() -> None:
    told = flow_arcs.on_map(FOUND, PROVINCES, NAMES, area=None, **EN)
    assert told is not None
    assert [(one.name, one.text, one.area) for one in told.arrows] == [
        ("Hanoi → Bac Ninh", "40 people; 10 the other way", "27"),
        ("Bac Ninh → Hanoi", "10 people; 40 the other way", "01"),
        ("HCMC → Hanoi", "1 person", "01"),
    ]
    wide, middle, _ = (one.width for one in told.arrows)
    assert math.isclose((wide / middle) ** 2, 4, rel_tol=0.05)
    assert told.legend[0] == ("8.0", "40 people")
    own = flow_arcs.on_map(FOUND, PROVINCES, NAMES, area="01", **EN)
    assert own is not None
    # A click leads to the other end.
    assert [one.area for one in own.arrows] == ["27", "27", "79"]
    assert flow_arcs.on_map(flows(), PROVINCES, NAMES, area=None, **EN) is None


def test_so_many_arrows_at_most() -> None:
    many = flows(*(("01", "27", 100 - n, 1) for n in range(flow_arcs.MOST + 4)))
    told = flow_arcs.on_map(many, PROVINCES, NAMES, area=None, **EN)
    assert told is not None
    assert len(told.arrows) == flow_arcs.MOST
    assert str(flow_arcs.MOST + 4) in told.title


def venue(code: str, cases: int, people: int, **more: object) -> dict[str, object]:
    row = {"place_code": code, "area_code": "79", "cases": cases, "people": people}
    return {name: (row | more).get(name) for name in VENUE_SCHEMA}


def test_places_by_others_present_and_cases() -> None:
    rows = [
        venue("a", 1, 1), venue("b", 5, 100, name="Market", lon=106.5, lat=10.5),
        venue("c", 2, 25, district_code="760"), venue("d", 9, 9, area_code="99"),
    ]  # fmt: skip
    found = pl.DataFrame(rows, schema=VENUE_SCHEMA, orient="row")
    told = venue_marks.on_map(found, {"760": (106.69, 10.78)}, PROVINCES, **EN)
    assert told is not None
    assert [(one.name, one.at, one.kind, one.text) for one in told.marks] == [
        ("Market", (106.5, 10.5), "many", "5 cases; 100 others present within 2 hours"),
        ("c", (106.69, 10.78), "some", "2 cases; 25 others present within 2 hours"),
        ("a", (106.7, 10.8), "one", "1 case; 1 other present within 2 hours"),
    ]
    assert math.isclose(told.marks[0].radius / told.marks[1].radius, 2, rel_tol=0.05)
    assert venue_marks.on_map(found.clear(), {}, PROVINCES, **EN) is None


def test_laboratories_by_capacity_and_load() -> None:
    register = pl.DataFrame(
        [("A", "Lab A", "khang_dinh", "79", 100), ("B", "", "sang_loc", "79", None),
         ("C", "Lab C", "sang_loc", "01", 10)],
        schema=REGISTER_SCHEMA, orient="row",
    )  # fmt: skip
    resulted = pl.DataFrame(
        {"date": [DAY] * 3, "area_code": ["79", "79", "01"], "lab": ["A", "B", "C"],
         "value": [665.0, 7.0, 70.0]}
    )  # fmt: skip
    told = lab_marks.on_map(register, resulted, PROVINCES, **EN)
    assert told is not None
    assert [(one.name, one.kind, one.turn) for one in told.marks] == [
        ("Lab A", "tight", 0), ("Lab C", "full", 0), ("B", "none", 1),
    ]  # fmt: skip
    assert told.marks[0].text == "95.0 samples a day of a capacity of 100: 95%"


@given(
    st.lists(st.tuples(st.integers(0, 2), st.none() | st.integers(0, 10**6)), max_size=40),
)
def test_no_mark_hides_another_and_none_is_too_small_or_too_large(
    given_rows: list[tuple[int, int | None]],
) -> None:
    dots = [
        marks.Dot(at=(100.0 + place, 10.0), size=size, kind="k", area="a", name=str(n), text="")
        for n, (place, size) in enumerate(given_rows)
    ]
    laid = marks.laid(dots, smallest=3.0, largest=9.0)
    assert [one.name for one in laid] == [dot.name for dot in dots]
    assert len({(one.at, one.turn) for one in laid}) == len(laid)
    assert all(3.0 <= one.radius <= 9.0 for one in laid)


@pytest.mark.parametrize(
    ("load", "kind"),
    [(None, "none"), (0.69, "low"), (0.7, "high"), (0.9, "tight"), (1.0, "full")],
)
def test_classes_of_load(load: float | None, kind: str) -> None:
    assert lab_marks.class_of(load) == kind
