"""What a process remembers: by all of the key, once for those who ask at the same time, bounded."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.memory import Memory, Remembering
from data_access.viewer import Viewer, parse_viewer

NOW = datetime(2021, 9, 2, 9, tzinfo=UTC)
FOREVER = 3600.0


def test_the_same_key_is_made_once_and_another_is_made_too() -> None:
    memory, made = Memory(), []

    def make(value: int) -> Callable[[], int]:
        return lambda: (made.append(value), value)[1]

    for key in (1, 2, 1, 2, 1):
        assert memory.of("kind", key, make(key), ttl=FOREVER, max_entries=9) == key
    assert made == [1, 2]


def test_those_who_ask_at_the_same_time_wait_for_one() -> None:
    memory, made, begun, go_on = Memory(), [], threading.Event(), threading.Event()

    def make() -> str:
        made.append(1)
        begun.set()
        go_on.wait(10)
        return "told"

    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(memory.of, "kind", "key", make, ttl=FOREVER, max_entries=9)
            for _ in range(8)
        ]
        assert begun.wait(10)
        go_on.set()
        assert {one.result(10) for one in asked} == {"told"}
    assert made == [1]


def test_a_failure_is_nobody_else_s() -> None:
    memory, tries = Memory(), iter([True, False])

    def make() -> str:
        if next(tries):
            raise ValueError("away")
        return "back"

    with pytest.raises(ValueError, match="away"):
        memory.of("kind", "key", make, ttl=FOREVER, max_entries=9)
    assert memory.of("kind", "key", make, ttl=FOREVER, max_entries=9) == "back"


def test_the_least_recently_used_goes_first_and_kinds_have_bounds_of_their_own() -> None:
    memory, made = Memory(), []

    def ask(kind: str, key: int) -> None:
        memory.of(kind, key, lambda: made.append((kind, key)), ttl=FOREVER, max_entries=2)

    for key in (1, 2, 1, 3):
        ask("a", key)
    ask("b", 1)
    made.clear()
    for key in (1, 3, 2):
        ask("a", key)
    ask("b", 1)
    assert made == [("a", 2)]


def test_it_is_made_anew_when_its_time_is_over() -> None:
    ticks, made = [0.0], []
    memory = Memory(clock=lambda: ticks[0])
    for moment in (0.0, 9.0, 11.0):
        ticks[0] = moment
        memory.of("kind", "key", lambda: made.append(ticks[0]), ttl=10, max_entries=9)
    assert made == [0.0, 11.0]


def test_two_viewers_interleaved_never_get_each_other_s_rows() -> None:
    memory = Memory()
    remember = Remembering(lambda: memory)

    @remember.cache_data(ttl=timedelta(hours=1), max_entries=99)
    def rows(*, viewer: Viewer, token: str) -> str:
        return f"{sorted(viewer.areas)} {viewer.clearance} {viewer.bulletin} {token}"

    first, second = (parse_viewer(f"province:{code}", now=NOW) for code in ("01", "02"))
    viewers = [first, second, parse_viewer("national", now=NOW), first.in_bulletin(3)]
    for _ in range(3):
        for viewer in viewers:
            for token in ("a", "b"):
                expected = f"{sorted(viewer.areas)} {viewer.clearance} {viewer.bulletin} {token}"
                assert rows(viewer=viewer, token=token) == expected
