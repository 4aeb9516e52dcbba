"""Deliveries made in a process of their own are those that the sender would make."""

from datetime import UTC, date, datetime

import pytest
from polars.testing import assert_frame_equal

from data_access.errors import PackError
from data_access.reference.pack import bundled_pack
from simulations.live.ahead import ahead
from simulations.live.country import Country
from simulations.live.ticks import cut

COUNTRY = Country(
    first_day=date(2021, 8, 31), opening=datetime(2021, 8, 31, 11, tzinfo=UTC),
    provinces=("02",), days=14,
)  # fmt: skip
ZONE = "Asia/Ho_Chi_Minh"


def test_what_is_made_ahead_is_what_the_sender_would_make() -> None:
    with ahead(COUNTRY, pack="") as coming:
        feed = COUNTRY.feed(bundled_pack("vn").areas)
        here = list(cut(feed, edges=COUNTRY.edges(zone=ZONE), zone=ZONE))
        found = list(coming)
    assert [tick.until for tick in found] == COUNTRY.edges(zone=ZONE)
    assert sum(rows.height for tick in here for rows in tick.records.values()) > 50
    for one, other in zip(found, here, strict=True):
        assert list(one.records) == list(other.records)
        for key, rows in one.records.items():
            assert_frame_equal(rows, other.records[key])


def test_what_goes_wrong_elsewhere_is_told_where_the_deliveries_are_asked_for() -> None:
    with ahead(COUNTRY, pack="/nowhere") as coming, pytest.raises(PackError):
        next(coming)
