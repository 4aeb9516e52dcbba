"""QR entry and exit: scans by how and where, sync delays, places that come and go."""

from datetime import date
from pathlib import Path

from data_access.contracts.checkpoints import CHECKPOINTS
from data_access.contracts.model import IDENTITY_FIELDS
from data_access.cube.rollup import contributions
from tests.unit.ingest.support import ZONE, admit_rows

SCAN, PLACE = CHECKPOINTS.kinds
GOOD_SCAN = {
    "scan_id": "S1",
    "place_code": "P1",
    "scanned_at": "2021-08-05T23:59:00+07:00",
    "direction": "vao",
    "method": "cccd_qr",
    "outcome": "cho_vao",
    "province_code": "79",
}
GOOD_PLACE = {
    "place_code": "P1",
    "kind": "cho",
    "registered_at": "2021-08-05T10:00:00+07:00",
    "province_code": "79",
}


def test_default_kind_is_the_scan() -> None:
    assert CHECKPOINTS.kind(None) is SCAN


def test_late_scans_count_on_the_day_of_scanning(tmp_path: Path) -> None:
    rows = [
        {**GOOD_SCAN, "synced_at": "2021-08-06T00:59:00+07:00"},
        {**GOOD_SCAN, "scan_id": "S2", "synced_at": "2021-08-09T00:00:00+07:00"},
        {**GOOD_SCAN, "scan_id": "S3", "direction": "out", "method": ""},
    ]
    got = admit_rows(tmp_path, rows, SCAN)
    assert (got.reasons, got.flags) == ([], {"synced_late": 1})
    found = contributions(SCAN, got.accepted, zone=ZONE)
    assert set(found["day"]) == {date(2021, 8, 5)}
    cells = {(m, dims): value for m, dims, value in found.select("measure", "dims", "value").rows()}
    assert cells == {
        ("checkpoint_scans", "method=cccd_qr"): 2,
        ("checkpoint_scans", "method=unknown"): 1,
        ("checkpoint_scans", "direction=vao"): 2,
        ("checkpoint_scans", "direction=ra"): 1,
        ("checkpoint_scans", "outcome=cho_vao"): 3,
        ("checkpoint_scans", "kind=unknown"): 3,
        ("checkpoint_scans", "card=unknown"): 3,
        ("checkpoint_sync_hours", "delay=000-001"): 1,
        ("checkpoint_sync_hours", "delay=072-084"): 1,
    }


def test_who_controls_and_who_owns_is_not_kept(tmp_path: Path) -> None:
    got = admit_rows(tmp_path, [{**GOOD_SCAN, "controller_ref": "Trần Thị B"}], SCAN)
    owned = {**GOOD_PLACE, "owner_name": "Lê Văn C", "owner_phone": "0900000001"}
    place = admit_rows(tmp_path, [owned], PLACE)
    assert (got.reasons, place.reasons) == ([], [])
    for columns in (got.accepted.columns, place.accepted.columns):
        lost = {"controller_ref", "owner_name", "owner_phone", *IDENTITY_FIELDS}
        assert lost.isdisjoint(columns)


def test_places_open_and_close_on_their_local_days(tmp_path: Path) -> None:
    rows = [
        {**GOOD_PLACE, "closed_at": "2021-08-06T00:10:00+07:00", "status": "closed"},
        {**GOOD_PLACE, "place_code": "P2", "status": "closed"},
    ]
    got = admit_rows(tmp_path, rows, PLACE)
    assert got.flags == {"closed_without_time": 1}
    found = contributions(PLACE, got.accepted, zone=ZONE).select("measure", "day", "dims", "value")
    assert set(found.iter_rows()) == {
        ("checkpoint_places_opened", date(2021, 8, 5), "kind=cho", 2.0),
        ("checkpoint_places_closed", date(2021, 8, 6), "kind=cho", 1.0),
    }
