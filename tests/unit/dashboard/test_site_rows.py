"""Sites as a screen tells of them: order, classes, sums, marks; and the map's message with them."""

import json
import math
from collections.abc import Mapping
from datetime import date

import polars as pl
import pytest

from dashboard import site_rows
from dashboard.catalogue import of_indicator
from dashboard.charts.flows import Line, flows
from dashboard.i18n import translator
from dashboard.maps import payload
from dashboard.maps.marks import Marks
from data_access.indicators.registry import INDICATORS
from data_access.quarantine_sites import SITE_SCHEMA

DAY = date(2021, 9, 1)
T = translator("en")
Row = Mapping[str, object]


def sites(*rows: Row) -> pl.DataFrame:
    plain: Row = {"area_code": "01", "kind": "tap_trung", "is_registered": True, "is_open": True,
                  "occupied": 0, "overdue": 0}  # fmt: skip
    whole = [{name: {**plain, **row}.get(name) for name in SITE_SCHEMA} for row in rows]
    return pl.DataFrame(whole, schema=SITE_SCHEMA)


def site(code: str, usable: int | None, occupied: int, **more: object) -> Row:
    return {"facility_id": code, "beds_usable": usable, "occupied": occupied, **more}


MIXED = (
    site("a", 100, 50),
    site("b", 10, 12),
    site("c", None, 900, is_registered=False),
    site("d", 0, 1, is_open=False),
    site("e", 40, 36),
    {"kind": "nha_o", "occupied": 7},
    {"kind": None, "occupied": 3},
)


def test_the_fullest_first_the_unknown_last() -> None:
    rows = site_rows.named(sites(*MIXED))
    assert rows["facility_id"].to_list() == ["d", "b", "e", "a", "c"]
    assert rows["share"].to_list() == [math.inf, 1.2, 0.9, 0.5, None]


@pytest.mark.parametrize(
    ("usable", "inside", "kind"),
    [(100, 69, "low"), (100, 70, "high"), (100, 89, "high"), (100, 90, "tight"),
     (100, 100, "full"), (0, 1, "full"), (0, 0, "none"), (None, 5, "none")],
)  # fmt: skip
def test_classes(usable: int | None, inside: int, kind: str) -> None:
    assert site_rows.class_of(site_rows.occupancy(usable, inside)) == kind


def test_everybody_is_counted_once() -> None:
    total = site_rows.sums(sites(*MIXED))
    assert total == site_rows.Sums(
        people=50 + 12 + 900 + 1 + 36 + 7 + 3, beds=150, home=7, nowhere=3, unregistered=900,
        n_unregistered=1,
    )  # fmt: skip
    assert site_rows.sums(sites()) == site_rows.Sums(
        people=0, beds=0, home=0, nowhere=0, unregistered=0, n_unregistered=0
    )


def made(frame: pl.DataFrame) -> Marks | None:
    districts = {"011": (105.0, 21.0), "012": None}
    provinces = {"01": (105.5, 21.5), "02": None}
    return site_rows.marks(frame, districts, provinces, t=T, language="en")


def test_marks_stand_at_their_district_else_their_province() -> None:
    frame = sites(
        site("a", 100, 50, district_code="011", name="Alpha"),
        site("b", 25, 25, district_code="011"),
        site("c", None, 4, district_code="012"),
        site("d", 9, 0, area_code="02"),
        {"kind": "nha_o", "occupied": 7},
    )
    marks = made(frame)
    assert marks is not None
    assert [(one.name, one.at, one.turn, one.kind) for one in marks.marks] == [
        ("Alpha", (105.0, 21.0), 0, "low"),
        ("b", (105.0, 21.0), 1, "full"),
        ("c", (105.5, 21.5), 0, "none"),
    ]
    # A quarter of the beds is a quarter of the surface.
    assert [one.radius for one in marks.marks] == [9.0, 4.5, site_rows.SMALLEST]
    assert marks.marks[0].text == "50/100 beds, 50%"
    assert marks.marks[2].text == "4 people, beds not known"
    assert made(sites(site("d", 9, 0, area_code="02"))) is None
    assert made(sites()) is None


def test_a_map_holds_the_largest_and_says_so() -> None:
    many = sites(*(site(f"s{n}", n + 1, 1, district_code="011") for n in range(400)))
    marks = made(many)
    assert marks is not None
    assert len(marks.marks) == site_rows.MOST_MARKS
    assert marks.marks[-1].name == "s150"
    assert "250" in marks.title
    assert "400" in marks.title


def message(marks: Marks | None) -> dict[str, object]:
    areas = pl.DataFrame({"code": ["01"], "name": ["Hà Nội"], "aliases": [""]})
    none = pl.DataFrame(
        schema={"area_code": pl.String, "date": pl.Date, "value": pl.Float64, "status": pl.String}
    )
    return payload.message(
        payload.Slides(areas=areas, figures=none, start=DAY, end=DAY),
        payload.Canvas(boundaries="/x", islands=None, latitude=16.0),
        entry=of_indicator(INDICATORS["cases"]),
        t=T, language="en", day=DAY, selected=None, marks=marks,
    )  # fmt: skip


def test_the_message_of_a_map_with_sites() -> None:
    marks = made(sites(site("a", 100, 95, district_code="011", name="<b>Alpha</b>")))
    told = message(marks)["marks"]
    assert isinstance(told, dict)
    assert told["points"] == [[105.0, 21.0, 0, 9.0, 2, "01", "<b>Alpha</b>", "95/100 beds, 95%"]]
    assert [kind for kind, _ in told["legend"]] == list(site_rows.CLASSES)
    assert "marks" not in message(None)


def test_two_hundred_and_fifty_sites_stay_small() -> None:
    many = sites(
        *(site(f"CL-{n:07d}", 37 * n % 991, 13 * n % 700, district_code="011",
               name=f"Khu cách ly tập trung {n * 7919 % 997}") for n in range(250))
    )  # fmt: skip
    packed = payload.pack_message(message(made(many)))
    bare = payload.pack_message(message(None))
    assert len(packed) - len(bare) < 8_000
    assert len(json.dumps(message(made(many)))) > len(packed)


def test_lines_break_where_nothing_was_reported() -> None:
    days = [date(2021, 9, n) for n in (1, 2, 3)]
    figure = flows(
        days, [Line(name="in", values=[1, None, 3]), Line(name="out", values=[0, 0, 1])],
        language="vi",
    )  # fmt: skip
    came, left = figure.data
    assert (list(came.x), list(came.y), came.connectgaps) == (days, [1, None, 3], False)
    assert (came.name, left.name) == ("in", "out")
    assert came.line.dash != left.line.dash
    assert came.line.color != left.line.color
