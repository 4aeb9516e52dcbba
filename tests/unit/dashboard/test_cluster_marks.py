"""Clusters as circles: where they stand, how large they are, which are left out."""

import math

import polars as pl
import pytest

from dashboard.cluster_marks import KINDS, MOST, SMALLEST, kind_of, on_map
from dashboard.i18n import translator
from dashboard.maps.marks import Mark
from data_access.chain.clusters import REGISTER

DISTRICTS = {"718": (106.6, 10.9), "719": None}
PROVINCES = {"74": (106.7, 11.1), "79": (106.6, 10.7)}


def row(code: str, n_14d: int | None, **told: object) -> dict[str, object]:
    return {"code": code, "n_14d": n_14d, "size": n_14d, "growth": 0.1, "province_code": "74",
            **told}  # fmt: skip


def register(*rows: dict[str, object]) -> pl.DataFrame:
    full = [{name: one.get(name) for name in REGISTER} for one in rows]
    return pl.DataFrame(full, schema=REGISTER, orient="row")


def made(*rows: dict[str, object]) -> tuple[Mark, ...]:
    words = {"t": translator("vi"), "language": "vi"}
    told = on_map(register(*rows), DISTRICTS, PROVINCES, **words)
    return told.marks if told else ()


def test_own_coordinates_else_the_district_else_the_province() -> None:
    found = made(
        row("a", 4, lon=105.0, lat=20.0, district_code="718"), row("b", 3, district_code="718"),
        row("c", 2, district_code="719"), row("d", 1, district_code="?", province_code="99"),
    )  # fmt: skip
    assert {one.name: one.at for one in found} == {
        "a": (105.0, 20.0), "b": (106.6, 10.9), "c": (106.7, 11.1),
    }  # fmt: skip


def test_the_area_of_a_circle_is_its_cases_and_the_largest_comes_first() -> None:
    found = made(
        row("small", 1), row("large", 36), row("middle", 9), row("none", 0), row("?", None)
    )
    assert [one.name for one in found] == ["large", "middle", "small"]
    large, middle, small = (one.radius for one in found)
    assert math.isclose((large / middle) ** 2, 4)
    assert small == SMALLEST
    assert [one.turn for one in found] == [0, 1, 2]


@pytest.mark.parametrize(
    ("growth", "kind"),
    [
        (0.02, "growing"),
        (0.019, "steady"),
        (None, "steady"),
        (-0.019, "steady"),
        (-0.02, "falling"),
    ],
)
def test_kinds(growth: float | None, kind: str) -> None:
    assert kind_of(growth) == kind


def test_so_many_at_most_and_what_is_told() -> None:
    found = made(*(row(f"c{n}", n + 1, growth=-0.05, name=f"C{n}") for n in range(MOST + 5)))
    assert len(found) == MOST
    assert min(int(one.name[1:]) for one in found) == 5
    assert {one.kind for one in found} == {"falling"}
    assert found[0].text == "305 ca trong 14 ngày, 305 ca tất cả; tăng trưởng mỗi ngày −0,05"
    assert made() == ()


def test_a_legend_of_every_kind() -> None:
    rows = (row("A", 9, growth=0.3), row("B", 4, growth=-0.3))
    told = on_map(register(*rows), DISTRICTS, PROVINCES, t=translator("vi"), language="vi")
    assert told is not None
    assert [one.kind for one in told.marks] == ["growing", "falling"]
    assert [kind for kind, _ in told.legend] == list(KINDS)
