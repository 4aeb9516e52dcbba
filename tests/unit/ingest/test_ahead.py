"""Pieces that are made ahead arrive in order, once, with their errors."""

import threading
from collections.abc import Iterator

import pytest

from data_access.ingest.ahead import ahead, starting


def test_all_pieces_arrive_in_order() -> None:
    assert list(ahead(range(50))) == list(range(50))
    assert list(ahead([])) == []


def test_the_next_piece_is_made_while_the_last_one_is_worked_on() -> None:
    made = threading.Event()

    def pieces() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    for piece in ahead(pieces()):
        if piece == 1:
            assert made.wait(timeout=10)


def test_an_error_comes_after_the_pieces_before_it() -> None:
    def pieces() -> Iterator[int]:
        yield 1
        raise ValueError("row 2")

    got = ahead(pieces())
    assert next(got) == 1
    with pytest.raises(ValueError, match="row 2"):
        next(got)


def test_whoever_stops_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    got = ahead(iter(range(1000)))
    assert next(got) == 0
    got.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_only_the_first_piece_is_made_before_anybody_asks() -> None:
    made: list[int] = []
    first = threading.Event()

    def pieces() -> Iterator[int]:
        for number in (1, 2, 3):
            made.append(number)
            first.set()
            yield number

    with starting() as started:
        coming = started(pieces())
        assert first.wait(timeout=10)
        nothing = started(iter(()))
        assert list(nothing) == []
        assert made == [1]
        assert list(coming) == [1, 2, 3]


def test_an_error_of_the_first_piece_comes_where_it_is_asked_for() -> None:
    def pieces() -> Iterator[int]:
        raise ValueError("row 1")
        yield 1

    before = threading.active_count()
    with starting() as started:
        wrong, right = started(pieces()), started(iter([5]))
        assert list(right) == [5]
        with pytest.raises(ValueError, match="row 1"):
            next(wrong)
    assert threading.active_count() == before
