"""No secret and nobody's number gets into a log."""

import io
import logging
from collections.abc import Iterator

import pytest

from data_access import log_filter

SECRET = "Zx9_kQ-7vLmN2pRs4TuVw6Yb8Cd0EfGh1JkLmNoPqR"  # pragma: allowlist secret


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    before = logging.getLogRecordFactory()
    log_filter.install()
    log, stream = logging.getLogger("tests.log_filter"), io.StringIO()
    handler = logging.StreamHandler(stream)
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield stream
    log.removeHandler(handler)
    logging.setLogRecordFactory(before)


def log() -> logging.Logger:
    return logging.getLogger("tests.log_filter")


@pytest.mark.parametrize(
    ("text", "hidden", "left"),
    [
        (f"token tdt_0123456789ab_{SECRET} shown", SECRET, "tdt_0123456789ab_"),
        (f"Authorization: Bearer {SECRET}", SECRET, "Bearer"),
        (f"postgresql+psycopg://tuyendau:{SECRET}@db/x", SECRET, "tuyendau:"),
        (f"password={SECRET} next", SECRET, "next"),
        (f"{{'password': '{SECRET}', 'n': 3}}", SECRET, "'n': 3"),
        (f"TUYENDAU_PSEUDONYM_KEY={SECRET}", SECRET, "TUYENDAU_PSEUDONYM_KEY"),
        (f"TUYENDAU_AUDIT_KEY: {SECRET}", SECRET, "TUYENDAU_AUDIT_KEY"),
        ('{"full_name": "Nguyễn Thị Hoa", "row": 4}', "Hoa", '"row": 4'),
        ("id_no=079204001234 refused", "079204001234", "refused"),
        ("row 7: 0901234567 is no code", "0901234567", "row 7"),
        ("phone '0901 234 567'", "0901 234 567", "phone"),
        ("number 079 204 001 234.", "079 204 001 234", "number"),
    ],
)
def test_it_is_masked_in_message_argument_and_traceback(
    written: io.StringIO, text: str, hidden: str, left: str
) -> None:
    log().warning(text)
    log().warning("%s", text)
    try:
        int("x" + text)
    except ValueError:
        log().exception("a fault")
    told = written.getvalue()
    assert hidden not in told
    assert told.count(left) >= 3


@pytest.mark.parametrize(
    "text",
    [
        "batch 123456 came with token 0123456789ab",
        "2021-09-02T16:00:00+07:00 tick 1630573200000000",
        "incident 8F3A11C2: KeyError at dashboard.loaders:120",
        "12 of 13,855,509 rows in 2.5 s",
    ],
)
def test_what_is_harmless_stays(written: io.StringIO, text: str) -> None:
    log().warning(text)
    assert written.getvalue() == text + "\n"


def test_arguments_of_others_formatters_stay(written: io.StringIO) -> None:
    """Some formatters take the arguments apart: they are left alone unless something is hidden."""
    record = logging.getLogger("x").makeRecord("x", 20, "f", 1, "%s %s", ("a", 7), None)
    assert record.args == ("a", 7)
    assert written.getvalue() == ""
