"""The queue of audit rows: what waits, what is told when it cannot be written."""

import threading
import time
from datetime import UTC, datetime

import pytest

from dashboard import notes
from dashboard.notes import Notebook
from data_access.audit import Entry
from data_access.errors import BadUse, DatabaseUnavailable

NOW = datetime(2021, 9, 2, 9, tzinfo=UTC)


def entry(number: int = 0, **detail: str) -> Entry:
    return Entry(at=NOW, account="a", role="admin", action="x", object=str(number), detail=detail)


class Log:
    """A log that can be away or broken."""

    def __init__(self) -> None:
        self.rows: list[Entry] = []
        self.error: Exception | None = None

    def write(self, *entries: Entry) -> None:
        if self.error:
            raise self.error
        self.rows += entries


def test_what_is_noted_is_written_in_order_once() -> None:
    log = Log()
    book = Notebook(log.write)
    for number in range(50):
        book.note(entry(number))
    book.close()
    assert [row.object for row in log.rows] == [str(number) for number in range(50)]


def test_an_absent_database_loses_nothing() -> None:
    log = Log()
    log.error = DatabaseUnavailable("away")
    book = Notebook(log.write)
    book.note(entry(1))
    assert not book.flush()
    log.error = None
    book.note(entry(2))
    book.close()
    assert [row.object for row in log.rows] == ["1", "2"]


def test_a_full_queue_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "MOST_WAITING", 3)
    log = Log()
    log.error = DatabaseUnavailable("away")
    book = Notebook(log.write)
    for number in range(3):
        book.note(entry(number))
    with pytest.raises(DatabaseUnavailable):
        book.note(entry(3))
    book.close()


def test_a_detail_that_may_not_be_written_is_told_to_its_caller() -> None:
    with pytest.raises(BadUse):
        Notebook(Log().write).note(entry(phone="0901234567"))


def test_the_same_again_is_due_after_its_time() -> None:
    now = [0.0]
    book = Notebook(Log().write, ticks=lambda: now[0])
    told = []
    for at in (0, 59.9, 60, 61, 130):
        now[0] = at
        told.append(book.is_due("x", every=60))
    assert told == [True, False, True, False, True]
    assert book.is_due("y", every=60)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "MOST_KNOWN", 10)
    book = Notebook(Log().write)
    for number in range(100):
        book.is_due(number, every=60)
    assert len(book._known) == 10


def test_two_who_empty_it_at_once_write_each_row_once() -> None:
    log = Log()

    def slow(*entries: Entry) -> None:
        time.sleep(0.05)
        log.write(*entries)

    book = Notebook(slow)
    for number in range(20):
        book.note(entry(number))
    threads = [threading.Thread(target=book.flush) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    book.close()
    assert [row.object for row in log.rows] == [str(number) for number in range(20)]
