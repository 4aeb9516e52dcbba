"""Percentiles over a window, read from bins: by hand, by area and by another dimension."""

from datetime import timedelta

import polars as pl
import pytest

from data_access.codes import Level
from data_access.cube.query import Ask, answer
from data_access.viewer import parse_viewer
from tests.cube_world import DAY, NOW, Cell
from tests.memory_cube import MemoryCube

WEEK_END = DAY + timedelta(days=6)


def cells(area: str, *, bin_: str, method: str, values: list[float]) -> list[Cell]:
    dims = f"bin={bin_}|method={method}"
    return [
        Cell(measure="turnaround_hours", day=DAY + timedelta(days=n), area=area, value=value,
             dims=dims, origin="records", precedence=10)
        for n, value in enumerate(values)
    ]  # fmt: skip


CUBE = MemoryCube(
    [
        *cells("01", bin_="011-012", method="RT_PCR", values=[1, 1, 1, 1, 1, 1, 1]),
        *cells("01", bin_="023-024", method="AG_RAPID", values=[1, 1, 1, 0, 0, 0, 0]),
        *cells("02", bin_="336+", method="RT_PCR", values=[10, 0, 0, 0, 0, 0, 0]),
        *cells("03", bin_="011-012", method="RT_PCR", values=[5, 5, 5]),
    ]
)


def asked(key: str, **ask: object) -> dict[tuple[str, str], tuple[float | None, str]]:
    question = Ask(ids=(key,), start=WEEK_END, end=WEEK_END, **ask)  # type: ignore[arg-type]
    found = answer(CUBE, question, viewer=parse_viewer("national", now=NOW))  # type: ignore[arg-type]
    by = str(ask.get("by", ""))
    code = pl.col(by) if by else pl.lit("")
    rows = found.select("area_code", code.alias("code"), "value", "status").iter_rows()
    return {(area, one): (value, status) for area, one, value, status in rows}


def test_the_window_of_each_province() -> None:
    # 01: seven within 11-12 h, three within 23-24 h; 03 reported on three days only.
    assert asked("turnaround_p50_hours", level=Level.PROVINCE) == {
        ("01", ""): (pytest.approx(11 + 5 / 7), ""),
        ("02", ""): (336.0, ""),
        ("03", ""): (None, "not_reported"),
    }
    assert asked("turnaround_p90_hours", level=Level.PROVINCE)["01", ""] == (
        pytest.approx(23 + 2 / 3), "",
    )  # fmt: skip


def test_the_nation_adds_the_bins_up_before_it_reads_them() -> None:
    # 7 + 15 within 12 h, 3 within 24 h, 10 beyond: the median is the 17.5th of 35.
    assert asked("turnaround_p50_hours")["XX", ""] == (pytest.approx(11 + 17.5 / 22), "")
    assert asked("turnaround_p90_hours")["XX", ""] == (336.0, "")


def test_by_another_dimension() -> None:
    found = asked("turnaround_p50_hours", level=Level.PROVINCE, by="method")
    assert found["01", "RT_PCR"] == (pytest.approx(11.5), "")
    assert found["01", "AG_RAPID"] == (pytest.approx(23.5), "")


def test_nothing_returned_is_not_applicable() -> None:
    found = asked("turnaround_p50_hours", level=Level.PROVINCE, by="bin")
    assert found["02", "336+"][0] == 336.0
