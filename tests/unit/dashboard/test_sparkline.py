"""The small line of a card: each day where its value is, a gap where there is none."""

import re
from datetime import date
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.components import cards
from dashboard.headline import SPARK_DAYS, Card

DAY = date(2021, 9, 2)
values = st.lists(
    st.none() | st.floats(0, 1e6), min_size=SPARK_DAYS, max_size=SPARK_DAYS
).filter(lambda spark: sum(one is not None for one in spark) >= cards.FEWEST)  # fmt: skip


def drawing_of(spark: list[float | None], *, name: str = "") -> ElementTree.Element:
    entry: Any = SimpleNamespace(value=lambda value, **_: f"{value:.1f}{name}")
    card = Card(
        entry=entry, value=spark[-1], day=DAY, status="", change=None, spark=tuple(spark),
        last_day=None, last_value=None, facts={},
    )  # fmt: skip
    words: Any = cards.Words(t=lambda _, **said: f"{said}", language="vi", zone="Asia/Bangkok")
    html = ElementTree.fromstring(str(cards.sparkline(card, words)))  # noqa: S314 -- ours
    address = html[0].attrib["src"]
    assert '"' not in address
    assert "#" not in address
    svg = unquote(address.removeprefix("data:image/svg+xml,"))
    return ElementTree.fromstring(svg)  # noqa: S314 -- ours


def points_of(path: str) -> list[list[tuple[int, int]]]:
    """The runs of a path, in the drawing's units."""
    runs = []
    for start, steps in re.findall(r"M([\d ]+)(?:l([-\d ]+)|h0)", path):
        numbers = [int(one) for one in re.findall(r"-?\d+", f"{start} {steps or ''}")]
        at, run = (numbers[0], numbers[1]), [(numbers[0], numbers[1])]
        for across, down in zip(numbers[2::2], numbers[3::2], strict=True):
            at = (at[0] + across, at[1] + down)
            run.append(at)
        runs.append(run)
    return runs


@given(values)
def test_each_day_with_a_value_is_at_its_height(spark: list[float | None]) -> None:
    paths = drawing_of(spark)
    ends = 1 if spark[-1] is not None else 0
    runs = [run for path in paths[: len(paths) - ends] for run in points_of(path.attrib["d"])]
    drawn = dict(point for run in runs for point in run)
    top = max(one for one in spark if one is not None) or 1.0
    room = cards.HEIGHT - 2 * cards.PAD_Y
    expected = {
        cards.PAD_X + cards.STEP * n: cards.HEIGHT - cards.PAD_Y - one / top * room
        for n, one in enumerate(spark)
        if one is not None
    }
    assert drawn == {at: pytest.approx(height, abs=0.51) for at, height in expected.items()}
    # A line goes from a day to the next one only.
    assert all(right - left == cards.STEP for run in runs for (left, _), (right, _) in
               zip(run, run[1:], strict=False))  # fmt: skip
    if ends:
        assert points_of(paths[-1].attrib["d"]) == [[(max(expected), drawn[max(expected)])]]


def test_a_line_is_small_and_its_text_escaped() -> None:
    spark: list[float | None] = [float((37 * n) % 101) for n in range(SPARK_DAYS)]
    assert len(ElementTree.tostring(drawing_of(spark, name='<b>"&'))) < 700
