"""Reports of the rollout as the simulated clock goes: most come, some late, some never."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from data_access.rollout.model import Change
from simulations.reporting import due

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
OPENING = datetime(2021, 9, 2, 9, tzinfo=UTC)
PROVINCES = tuple(f"{n:02}" for n in range(1, 64))
STALE = timedelta(hours=48)


def said(after: datetime, until: datetime) -> list[Change]:
    return due(PROVINCES, after=after, until=until, zone=ZONE, seed=1)


def test_cut_in_any_way_the_same_is_said_once() -> None:
    end = OPENING + timedelta(days=4)
    whole = said(OPENING, end)
    quarters = [OPENING + timedelta(minutes=15 * n) for n in range(4 * 96 + 1)]
    parts = [one for a, b in zip(quarters, quarters[1:], strict=False) for one in said(a, b)]
    assert parts == whole
    assert [one.at for one in whole] == sorted(one.at for one in whole)
    assert all(OPENING < one.at <= end and not one.content for one in whole)


def test_after_days_most_provinces_are_heard_and_some_are_grey() -> None:
    for days in (3, 6, 9):
        now = OPENING + timedelta(days=days)
        heard = {one.item.split("/")[0] for one in said(now - STALE, now)}
        assert 0.7 * len(PROVINCES) <= len(heard) < len(PROVINCES)
    # Some are late only: heard within the ten days, grey at one of those moments.
    ever = {one.item.split("/")[0] for one in said(OPENING, OPENING + timedelta(days=10))}
    assert len(ever) > len(heard)
    assert len(ever) < len(PROVINCES)
