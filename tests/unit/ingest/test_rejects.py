"""The file of refused rows."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from data_access.errors import StorageUnavailable
from data_access.ingest.reasons import REASONS, reject_frame
from data_access.ingest.rejects import write_rejects

AT = datetime(2021, 9, 2, 9, tzinfo=UTC)


def written(tmp_path: Path, frame: pl.DataFrame, file_name: str = "a b.csv") -> Path | None:
    return write_rejects(frame, folder=tmp_path / "rejects", file_name=file_name, received_at=AT)


def test_it_opens_in_a_spreadsheet_and_runs_nothing(tmp_path: Path) -> None:
    frame = pl.concat(
        [
            reject_frame("formula", row_nos=[7], field="lot_no", values=["=cmd|' /C calc'!A0"]),
            reject_frame("unknown_code", row_nos=[3], field="-x", values=['+1,"2"']),
        ]
    )
    path = written(tmp_path, frame)
    assert path is not None
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["row", "field", "value", "reason", "vi", "en"]
    assert [row[:4] for row in rows[1:]] == [
        ["3", "'-x", '\'+1,"2"', "unknown_code"],
        ["7", "lot_no", "'=cmd|' /C calc'!A0", "formula"],
    ]
    assert rows[1][4:] == list(REASONS["unknown_code"])


def test_no_rejects_no_file(tmp_path: Path) -> None:
    assert written(tmp_path, reject_frame()) is None
    assert not (tmp_path / "rejects").exists()


def test_a_second_delivery_in_the_same_second_has_its_own_file(tmp_path: Path) -> None:
    frame = reject_frame("required", row_nos=[2], field="x")
    paths = {written(tmp_path, frame) for _ in range(3)}
    assert len(paths) == 3
    assert {path.parent for path in paths if path} == {tmp_path / "rejects"}


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b\\c:d.csv", "x" * 500, "tệp số 1.csv"])
def test_the_delivered_name_stays_inside_the_folder(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, reject_frame("required", row_nos=[2], field="x"), name)
    assert path is not None
    assert path.resolve().parent == (tmp_path / "rejects").resolve()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "rejects").write_text("a file")
    with pytest.raises(StorageUnavailable) as caught:
        written(tmp_path, reject_frame("required", row_nos=[2], field="x"))
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_told_in_two_languages(reason: str) -> None:
    vi, en = REASONS[reason]
    assert vi
    assert en.isascii()
    assert not vi.isascii()
