"""Progress of a long load: how often, what, and that the chunks come through untouched."""

from collections.abc import Iterator

import polars as pl
import pytest

from data_access.ingest.progress import told
from data_access.ingest.seam import ACCEPTED_HEAD, REJECTED, Admitted


def chunk(n_read: int) -> Admitted:
    return Admitted(
        accepted=pl.DataFrame(schema=dict(ACCEPTED_HEAD)),
        rejected=pl.DataFrame(schema=dict(REJECTED)),
        n_read=n_read,
    )


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([0.0, 0.5, 1.9], []),
        ([0.0, 2.0, 2.5], ["f.csv: 100 rows so far, 50 rows/s"]),
        (
            [0.0, 2.0, 3.0],
            ["f.csv: 100 rows so far, 50 rows/s", "f.csv: 200 rows so far, 67 rows/s"],
        ),
        ([0.0, 0.1, 4.0], ["f.csv: 200 rows so far, 50 rows/s"]),
    ],
)
def test_lines_come_late_and_at_least_a_second_apart(
    moments: list[float], expected: list[str]
) -> None:
    ticks: Iterator[float] = iter(moments)
    lines: list[str] = []
    given = [chunk(100), chunk(100)]
    passed = list(told(given, file_name="f.csv", say=lines.append, seconds=lambda: next(ticks)))
    assert [id(each) for each in passed] == [id(each) for each in given]
    assert lines == expected
