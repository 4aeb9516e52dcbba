"""Any valid row passes whole and counts as a plain count does; a broken rule is named."""

import tempfile
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access.contracts.checkpoints import CHECKPOINTS
from data_access.contracts.declarations import DECLARATIONS
from data_access.contracts.model import Contract, RecordKind, Severity
from data_access.contracts.quarantine import QUARANTINE
from data_access.contracts.testing import TESTING
from data_access.contracts.tracing import TRACING
from data_access.contracts.vaccination import VACCINATION
from data_access.cube.rollup import contributions
from tests.platform_counts import counted
from tests.platform_rows import FIRST, MAKERS, Row, as_texts, local
from tests.unit.ingest.support import ZONE, Result, admit, area_id, areas, write_csv

CONTRACTS: tuple[Contract, ...] = (
    DECLARATIONS, CHECKPOINTS, TRACING, QUARANTINE, TESTING, VACCINATION,
)  # fmt: skip
KINDS = {f"{c.platform}-{k.name}": (c.platform, k) for c in CONTRACTS for k in c.kinds}
QUICK = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
OLD, EARLY, LATE = (FIRST + timedelta(days=days) for days in (-40, 1, 3))
_CHANGES: Mapping[str, Mapping[str, Row]] = {
    "declarations-declaration": {
        "received_before_declared": {"declared_at": LATE, "received_at": EARLY},
        "followup_before_declared": {"declared_at": LATE, "followup_at": EARLY},
        "called_before_declared": {"declared_at": LATE, "called_at": EARLY},
        "sampled_before_declared": {
            "declared_at": EARLY, "sampled_at": OLD,
            "received_at": None, "followup_at": None, "called_at": None,
        },
        "followup_without_time": {
            "followup_status": "verified", "followup_at": None, "called_at": None,
        },
        "risk_understated": {"risk_flag": "none", "symptoms_14d": "ho"},
        "born_after_event": {"birth_date": date(2022, 1, 1)},
        "too_old": {"birth_date": date(1900, 1, 1)},
    },
    "checkpoints-scan": {
        "synced_before_scanned": {"scanned_at": LATE, "synced_at": EARLY},
        "synced_late": {"scanned_at": OLD, "synced_at": LATE},
        "direction_not_known": {"direction": "unknown"},
        "born_after_event": {"birth_date": date(2022, 1, 1)},
        "too_old": {"birth_date": date(1900, 1, 1)},
    },
    "checkpoints-place": {
        "closed_before_opened": {"registered_at": LATE, "closed_at": EARLY},
        "closed_without_time": {"status": "closed", "closed_at": None},
        "status_before_registered": {"registered_at": LATE, "status_since": EARLY},
        "closed_but_active": {
            "status": "active", "registered_at": EARLY, "closed_at": LATE,
        },
    },
    "tracing-case": {
        "case_without_date": dict.fromkeys(
            ("report_date", "result_date", "sample_date", "onset_date")
        ),
        "out_of_order_result_date": {"sample_date": local(LATE), "result_date": local(EARLY)},
        "outcome_before_onset": {"onset_date": local(LATE), "outcome_date": local(EARLY)},
        "infected_by_itself": {"case_id": "C1", "infector_id": "C1"},
        "born_after_event": {"birth_date": date(2022, 1, 1)},
        "too_old": {"birth_date": date(1900, 1, 1)},
        "reported_before_result": {
            "sample_date": None, "result_date": local(LATE), "report_date": local(EARLY),
        },
        "outcome_without_date": {"outcome": "tu_vong", "outcome_date": None},
        "date_without_outcome": {
            "onset_date": None, "outcome": "dang_dieu_tri", "outcome_date": local(LATE),
        },
    },
    "tracing-contact": {
        "out_of_order_reached_ts": {"identified_ts": LATE, "reached_ts": EARLY},
        "exposed_after_quarantine": {"last_exposure_ts": LATE, "quarantined_ts": EARLY},
        "exposed_after_listed": {"last_exposure_ts": LATE, "identified_ts": EARLY},
        "reached_without_time": {
            "status": "reached", "reached_ts": None, "quarantined_ts": None,
        },
        "tested_without_sample": {"status": "tested_pos", "sampled_ts": None},
        "born_after_event": {"birth_date": date(2022, 1, 1)},
        "too_old": {"birth_date": date(1900, 1, 1)},
    },
    "tracing-exposure_place": {
        "out_of_order_visited_to": {"visited_from": LATE, "visited_to": EARLY},
    },
    "tracing-cluster": {
        "cluster_without_date": dict.fromkeys(("opened_on", "first_onset", "last_case_date")),
        "out_of_order_last_case_date": {
            "first_onset": local(LATE), "last_case_date": local(EARLY),
        },
        "closed_before_opened": {"opened_on": local(LATE), "closed_on": local(EARLY)},
        "ended_without_date": {
            "status": "ket_thuc", "closed_on": None, "last_case_date": None,
        },
        "closed_but_active": {
            "status": "hoat_dong", "opened_on": None, "first_onset": local(EARLY),
            "closed_on": local(LATE), "last_case_date": None,
        },
    },
    "quarantine-stay": {
        "born_after_event": {"birth_date": date(2022, 1, 1)},
        "too_old": {"birth_date": date(1900, 1, 1)},
        "end_before_start": {"start_ts": LATE, "actual_end": EARLY},
        "planned_end_before_start": {"start_ts": LATE, "planned_end": local(EARLY)},
        "reason_without_end": {"end_reason": "du_ngay", "actual_end": None},
        "end_without_reason": {"start_ts": EARLY, "actual_end": LATE, "end_reason": None},
        "no_place_of_stay": {"facility_id": None, "home_ward": None, "facility_kind": None},
        "long_stay": {"start_ts": OLD - timedelta(days=30), "actual_end": LATE},
    },
    "quarantine-facility": {
        "usable_above_total": {"beds_usable": 41, "beds_total": 40},
        "closed_before_opened": {"opened_on": local(LATE), "closed_on": local(EARLY)},
        "no_beds": {"kind": "quan_doi", "beds_usable": None, "beds_total": None},
    },
    "quarantine-test": {
        "sampled_before_stay": {"day": local(EARLY), "stay_started_on": local(LATE)},
        "stay_day_not_counted": {
            "day": local(LATE), "stay_started_on": local(EARLY), "stay_day": 2,
        },
    },
    "quarantine-site_report": {
        "normal_but_short": {"state": "binh_thuong", "shortages": "phong"},
        "full_but_normal": {"state": "binh_thuong", "beds_free": 0},
    },
    "vaccination-dose": {
        "previous_dose_later": {"vaccinated_at": EARLY, "previous_on": local(LATE)},
        "two_doses_one_day": {"vaccinated_at": EARLY, "previous_on": local(EARLY)},
        "dose_too_early": {
            "dose_no": "2", "vaccine_code": "PF", "previous_code": "AZ",
            "vaccinated_at": LATE, "previous_on": local(LATE) - timedelta(days=27),
        },
        "mixed_products": {"dose_no": "2", "vaccine_code": "AZ", "previous_code": "PF"},
        "previous_of_first": {"dose_no": "1", "previous_code": "AZ"},
        "before_campaign": {"vaccinated_at": FIRST - timedelta(days=200)},
        "recorded_before_vaccinated": {"vaccinated_at": LATE, "recorded_at": EARLY},
        "dose_not_possible": {"dose_no": "3", "vaccine_code": "AZ"},
        "born_after_dose": {"birth_date": date(2022, 1, 1)},
        "too_old": {"birth_date": date(1900, 1, 1)},
        "below_licensed_age": {"age": 4},
        "expired_lot": {"vaccinated_at": LATE, "expiry": local(EARLY)},
        "not_eligible": {"screening": "tri_hoan"},
        "observed_too_short": {"observed_minutes": 29},
    },
    "vaccination-stock": {
        "stock_before_campaign": {"ledger_date": date(2021, 1, 31)},
        "stock_not_balanced": {"opening": 10, "received": 5_000, "closing": 3},
        "stock_negative": {
            "opening": 10, "received": None, "transferred_in": None, "used_doses": 11,
        },
        "used_after_expiry": {
            "ledger_date": local(LATE), "expiry": local(EARLY), "used_doses": 1,
        },
        "stocked_yet_out": {"stock_out": True, "closing": 1, "used_doses": None},
    },
    "vaccination-site": {
        "closed_before_opened": {"opened_on": local(LATE), "closed_on": local(EARLY)},
    },
    "testing-sample": {
        "out_of_order_received_lab_at": {"collected_at": LATE, "received_lab_at": EARLY},
        "out_of_order_resulted_at": {"collected_at": LATE, "resulted_at": EARLY},
        "out_of_order_returned_at": {"resulted_at": LATE, "returned_at": EARLY},
        "pool_size_not_members": {"pool_size": 3, "n_persons": 2},
        "pool_of_none": {"pool_size": 0, "n_persons": None, "persons": None},
        "pool_too_large": {"persons": "|".join("abcdefghijklmnopqrstu")},
        "single_with_many": {"pool_kind": "don", "pool_size": 5},
        "retest_of_itself": {"sample_id": "X1", "deconvolution_of": "X1"},
        "born_after_event": {"birth_date": date(2022, 1, 1)},
        "too_old": {"birth_date": date(1900, 1, 1)},
        "retest_not_single": {
            "deconvolution_of": "X0", "pool_kind": None, "pool_size": 5,
            "n_persons": None, "persons": None,
        },
        "pool_of_one": {
            "pool_kind": "gop_que", "pool_size": 1, "n_persons": None, "persons": None,
        },
        "pool_size_missing": {
            "pool_kind": "gop_que", "pool_size": None, "n_persons": None, "persons": None,
        },
        "identity_on_pool": {
            "pool_kind": "gop_que", "pool_size": 5, "n_persons": None, "persons": None,
            "phone": "0900000001",
        },
        "method_missing": {"method": None},
        "result_without_time": {"result": "am_tinh", "resulted_at": None},
        "time_without_result": {
            "result": None, "received_lab_at": None, "collected_at": EARLY,
            "resulted_at": LATE, "returned_at": None,
        },
        "slow_result": {
            "collected_at": OLD, "received_lab_at": None, "resulted_at": None,
            "returned_at": LATE,
        },
        "ct_without_positive_pcr": {"method": "AG_RAPID", "ct_value": 20.0},
    },
    "testing-sample_person": {
        "born_after_event": {"birth_date": date(2022, 1, 1)},
        "too_old": {"birth_date": date(1900, 1, 1)},
        "person_without_identity": {"id_no": None},
    },
    "testing-laboratory": {
        "closed_before_opened": {"opened_on": local(LATE), "closed_on": local(EARLY)},
        "no_capacity": {"capacity_per_day": None},
    },
}  # fmt: skip
BROKEN = [
    (name, check.key, check.severity) for name, (_, kind) in KINDS.items() for check in kind.checks
]


def deliver(kind: RecordKind, rows: list[Row]) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        return admit(write_csv(Path(folder) / "rows.csv", as_texts(rows)), kind)


def made(platform: str, kind: RecordKind, rng: Random, *, n: int = 1) -> list[Row]:
    return [MAKERS[platform][kind.name](rng, number) for number in range(n)]


@pytest.mark.parametrize("name", KINDS)
def test_valid_rows_come_through_and_count_as_a_plain_count(name: str) -> None:
    platform, kind = KINDS[name]
    codes = {row[0]: row[1] for row in areas().frame.filter(vintage="63").select(
        "area_id", "code").iter_rows()}  # fmt: skip

    @QUICK
    @given(st.randoms(use_true_random=False), st.integers(1, 6))
    def check(rng: Random, n: int) -> None:
        rows = made(platform, kind, rng, n=n)
        got = deliver(kind, rows)
        assert got.reasons == []
        stored = {f.name for f in kind.fields if not f.personal and f.name != kind.key}
        for before, after in zip(rows, got.accepted.iter_rows(named=True), strict=True):
            kept = {key: before[key] for key in before.keys() & stored}
            assert {key: after[key] for key in kept} == kept
        found = contributions(kind, got.accepted, zone=ZONE)
        cells = {
            (measure, day, codes[area], dims): (value, records)
            for measure, day, area, dims, value, records in found.iter_rows()
        }
        assert cells == counted(kind.name, rows)

    check()


@pytest.mark.parametrize(
    ("name", "key", "severity"), BROKEN, ids=[f"{name}-{key}" for name, key, _ in BROKEN]
)
def test_a_broken_rule_is_named(name: str, key: str, severity: Severity) -> None:
    platform, kind = KINDS[name]

    @settings(QUICK, max_examples=8)
    @given(st.randoms(use_true_random=False))
    def check(rng: Random) -> None:
        row = {**made(platform, kind, rng)[0], **_CHANGES[name][key]}
        got = deliver(kind, [row])
        reasons = {reason for _, _, reason in got.reasons}
        if severity is Severity.REJECT:
            assert key in reasons
            assert got.accepted.is_empty()
        else:
            assert key not in reasons
            # Another rule may refuse a row that chance has filled; then nothing is counted.
            assert got.flags.get(key, 0) == got.accepted.height
            assert got.accepted.height or reasons

    check()


def test_the_places_of_the_rows_are_there() -> None:
    assert area_id("001") != area_id("01")
