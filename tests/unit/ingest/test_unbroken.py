"""A panic inside the reading library is an error about the file, wherever it comes from."""

from pathlib import Path

import polars as pl
import pytest
from polars.exceptions import PanicException

from data_access.contracts.registry import record_kind
from data_access.errors import BadInput
from data_access.ingest import front
from data_access.ingest.unbroken import BROKE, unbroken
from tests.unit.ingest.support import GOOD_DOSE, admit


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(ZeroDivisionError), unbroken("a.csv"):
        _ = 1 / 0
    with pytest.raises(BadInput, match=f"^a.csv: {BROKE}$"), unbroken("a.csv"):
        raise PanicException("called `Result::unwrap()`")


def test_a_delivery_on_which_the_reader_breaks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise PanicException("start byte index 1 is not a char boundary")

    monkeypatch.setattr(front, "admit_chunk", breaks)
    path = tmp_path / "doses.csv"
    pl.DataFrame([GOOD_DOSE]).write_csv(path)
    with pytest.raises(BadInput, match=f"^doses.csv: {BROKE}$"):
        admit(path, record_kind("vaccination", kind=None))
