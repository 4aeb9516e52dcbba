"""Valid rows of the platforms, made from any source of chance: a seed, or hypothesis.

Values are as a record holds them once read; `written` says how a file holds them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

from data_access.contracts import (
    checkpoints,
    declarations,
    quarantine,
    testing,
    tracing,
    vaccination,
)
from data_access.contracts.quarantine import SYMPTOM, TEST_RESULT

Row = dict[str, object]
FIRST = datetime(2021, 8, 1, tzinfo=UTC)
PLACES = (("01", "001"), ("79", "760"), ("48", None), ("79", None))
MEMBER = "0123456789abcdef" * 2


def local(moment: datetime) -> date:
    """Return the day in Hanoi."""
    return (moment + timedelta(hours=7)).date()


def _start(rng: Random) -> datetime:
    return FIRST + timedelta(seconds=rng.randrange(20 * 86_400))


def _later(rng: Random, moment: datetime, *, hours: int = 60) -> datetime:
    # Whole hours are the ends of bins: they must come up.
    if rng.random() < 0.4:
        return moment + timedelta(hours=rng.choice([0, 1, 24, 26, 48, 72, 336, hours]))
    return moment + timedelta(seconds=rng.randrange(hours * 3600))


def _one(rng: Random, codes: Mapping[str, object]) -> str | None:
    return rng.choice([*codes, None])


def _some(rng: Random, codes: Mapping[str, object]) -> str | None:
    return "|".join(sorted(rng.sample(list(codes), rng.choice([0, 0, 1, 2])))) or None


def _maybe(rng: Random, value: object) -> object:
    return value if rng.random() < 0.7 else None


def _placed(rng: Random, row: Row) -> Row:
    province, district = rng.choice(PLACES)
    return {**row, "province_code": province, "district_code": district}


def _person(rng: Random, row: Row) -> Row:
    number = f"079{rng.choice('01')}{rng.randrange(100):02d}{rng.randrange(10**6):06d}"
    return {**row, "id_no": _maybe(rng, number)}


def declaration(rng: Random, n: int) -> Row:
    """Return a health declaration."""
    at = _start(rng)
    row: Row = {
        "declaration_id": f"D{n}",
        "declared_at": at,
        "received_at": _maybe(rng, _later(rng, at)),
        "channel": _one(rng, declarations.CHANNEL),
        "kind": _one(rng, declarations.DECLARATION_KIND),
        "declared_by": _one(rng, declarations.DECLARED_BY),
        "symptoms_14d": _some(rng, SYMPTOM),
        "exposure_14d": _some(rng, declarations.EXPOSURE),
        "travel_14d": rng.choice(["26734|00001", "nhà", None]),
        "risk_flag": _maybe(rng, _one(rng, declarations.RISK)),
        "followup_status": _one(rng, declarations.FOLLOW_UP),
        "followup_at": _maybe(rng, _later(rng, at)),
        "called_at": _maybe(rng, _later(rng, at)),
        "sampled_at": _maybe(rng, _later(rng, at)),
        "test_result": _one(rng, TEST_RESULT),
    }
    return _placed(rng, _person(rng, row))


def scan(rng: Random, n: int) -> Row:
    """Return a scan."""
    at = _start(rng)
    row: Row = {
        "scan_id": f"S{n}",
        "place_code": f"P{rng.randrange(9)}",
        "place_kind": _one(rng, checkpoints.PLACE_KIND),
        "scanned_at": at,
        "synced_at": _maybe(rng, _later(rng, at, hours=400)),
        "direction": _one(rng, checkpoints.DIRECTION),
        "method": _one(rng, checkpoints.METHOD),
        "card_colour": _one(rng, checkpoints.CARD_COLOUR),
        "outcome": _one(rng, checkpoints.OUTCOME),
    }
    return _placed(rng, _person(rng, row))


def place(rng: Random, n: int) -> Row:
    """Return a registered place."""
    at = _start(rng)
    row: Row = {
        "place_code": f"P{n}",
        "kind": _one(rng, checkpoints.PLACE_KIND),
        "lat": rng.choice([10.5, 21.0, None]),
        "registered_at": at,
        "closed_at": _maybe(rng, _later(rng, at)),
        "status": _one(rng, checkpoints.PLACE_STATUS),
        "status_since": _maybe(rng, _later(rng, at)),
    }
    return _placed(rng, row)


def case(rng: Random, n: int) -> Row:
    """Return a case."""
    first = local(_start(rng))
    sample = first + timedelta(days=rng.randrange(5))
    row: Row = {
        "case_id": f"C{n}",
        "onset_date": _maybe(rng, first),
        "sample_date": _maybe(rng, sample),
        "result_date": sample + timedelta(days=rng.randrange(4)),
        "report_date": _maybe(rng, sample + timedelta(days=rng.randrange(6))),
        "isolation_ts": _maybe(rng, _start(rng)),
        "interviewed_at": _maybe(rng, _start(rng)),
        "detected_in": _one(rng, tracing.DETECTED_IN),
        "severity": _one(rng, tracing.SEVERITY),
        "outcome": _one(rng, tracing.OUTCOME),
        "outcome_date": _maybe(rng, first + timedelta(days=rng.randrange(30))),
        "infector_id": _maybe(rng, f"C{n + 1}"),
        "cluster_id": _maybe(rng, "O1"),
        "known_contact": rng.choice([True, False, None]),
    }
    return _placed(rng, _person(rng, row))


def contact(rng: Random, n: int) -> Row:
    """Return a contact of a case."""
    reported = _start(rng)
    listed = _later(rng, reported)
    row: Row = {
        "contact_id": f"T{n}",
        "index_case_id": f"C{rng.randrange(9)}",
        "class": rng.choice(list(tracing.CONTACT_CLASS)),
        "index_reported_at": _maybe(rng, reported),
        "last_exposure_ts": _maybe(rng, _start(rng)),
        "identified_ts": listed,
        "reached_ts": _maybe(rng, _later(rng, listed - timedelta(hours=3))),
        "quarantined_ts": _maybe(rng, _later(rng, listed)),
        "sampled_ts": _maybe(rng, _later(rng, listed)),
        "source": _one(rng, tracing.FOUND_BY),
        "setting": _one(rng, tracing.SETTING),
        "status": _one(rng, tracing.CONTACT_STATUS),
    }
    return _placed(rng, _person(rng, row))


def exposure_place(rng: Random, n: int) -> Row:
    """Return a place a case was at."""
    at = _start(rng)
    row: Row = {
        "exposure_id": f"M{n}",
        "case_id": f"C{rng.randrange(9)}",
        "setting": _one(rng, tracing.SETTING),
        "visited_from": at,
        "visited_to": _maybe(rng, _later(rng, at)),
    }
    return _placed(rng, row)


def cluster(rng: Random, n: int) -> Row:
    """Return a cluster."""
    first = local(_start(rng))
    last = first + timedelta(days=rng.randrange(20))
    row: Row = {
        "cluster_id": f"O{n}",
        "setting": _one(rng, tracing.SETTING),
        "opened_on": _maybe(rng, first),
        "first_onset": first,
        "last_case_date": _maybe(rng, last),
        "closed_on": rng.choice([last + timedelta(days=rng.randrange(15)), None]),
        "status": _one(rng, tracing.CLUSTER_STATUS),
    }
    return _placed(rng, row)


def sample(rng: Random, n: int) -> Row:
    """Return a sample, single or pooled."""
    at = _start(rng)
    received = _later(rng, at)
    resulted = _later(rng, received)
    pooled = rng.random() < 0.4
    size = rng.choice([2, 5, 10, 20]) if pooled else 1
    pool_kind = rng.choice(["gop_que", "gop_dich", None]) if pooled else rng.choice(["don", None])
    row: Row = {
        "sample_id": f"X{n}",
        "pool_size": rng.choice([size, None]),
        "n_persons": rng.choice([size, None]),
        "persons": rng.choice(["|".join([MEMBER] * size), None]),
        "pool_kind": pool_kind,
        "method": _one(rng, testing.METHOD),
        "specimen": _one(rng, testing.SPECIMEN),
        "reason": _one(rng, testing.REASON),
        "collected_at": at,
        "received_lab_at": _maybe(rng, received),
        "resulted_at": _maybe(rng, resulted),
        "returned_at": _maybe(rng, _later(rng, resulted)),
        "returned_via": _one(rng, testing.RETURNED_VIA),
        "lab_code": rng.choice(["L1", "L2", None]),
        "result": _one(rng, TEST_RESULT),
        "ct_value": rng.choice([10.0, 24.5, 45.0, None]),
        "deconvolution_of": None if pooled else rng.choice(["X-pool", None, None]),
    }
    return _placed(rng, row if pooled else _person(rng, row))


def sample_person(rng: Random, n: int) -> Row:
    """Return one person of a pool."""
    row: Row = {
        "sample_person_id": f"N{n}",
        "sample_id": f"X{rng.randrange(9)}",
        "position": rng.choice([1, 20, None]),
        "collected_at": _start(rng),
        "method": _one(rng, testing.METHOD),
        "reason": _one(rng, testing.REASON),
    }
    return _placed(rng, _person(rng, row))


def laboratory(rng: Random, n: int) -> Row:
    """Return a laboratory."""
    first = local(_start(rng))
    row: Row = {
        "lab_code": f"L{n}",
        "kind": _one(rng, testing.LABORATORY_KIND),
        "capacity_per_day": rng.choice([0, 300, 5000, None]),
        "opened_on": first,
        "closed_on": _maybe(rng, first + timedelta(days=rng.randrange(30))),
    }
    return _placed(rng, row)


def stay(rng: Random, n: int) -> Row:
    """Return a stay in quarantine."""
    at = _start(rng)
    end = _later(rng, at + timedelta(days=rng.randrange(20)))
    row: Row = {
        "stay_id": f"Q{n}",
        "class": rng.choice(list(quarantine.PERSON_CLASS)),
        "facility_id": _maybe(rng, "K1"),
        "facility_kind": _one(rng, quarantine.FACILITY_KIND),
        "home_ward": rng.choice(["26734", None]),
        "start_ts": at,
        "planned_end": _maybe(rng, local(at) + timedelta(days=rng.choice([0, 7, 14, 21]))),
        "actual_end": _maybe(rng, end),
        "end_reason": _one(rng, quarantine.END_REASON),
    }
    return _placed(rng, _person(rng, row))


def facility(rng: Random, n: int) -> Row:
    """Return a place of quarantine."""
    first = local(_start(rng))
    row: Row = {
        "facility_id": f"K{n}",
        "kind": rng.choice(list(quarantine.FACILITY_KIND)),
        "beds_total": rng.choice([40, 500, None]),
        "beds_usable": rng.choice([0, 40, None]),
        "opened_on": first,
        "closed_on": _maybe(rng, first + timedelta(days=rng.randrange(30))),
    }
    return _placed(rng, row)


def daily_check(rng: Random, n: int) -> Row:
    """Return a daily check."""
    row: Row = {
        "check_id": f"H{n}",
        "stay_id": f"Q{rng.randrange(9)}",
        "facility_kind": _one(rng, quarantine.FACILITY_KIND),
        "date": local(_start(rng)),
        "temp_c": rng.choice([36.5, 39.0, None]),
        "symptoms": _some(rng, SYMPTOM),
        "present": rng.choice([True, False, None]),
    }
    return _placed(rng, row)


def test(rng: Random, n: int) -> Row:
    """Return a test inside quarantine."""
    began = local(_start(rng))
    number = rng.choice([1, 3, 4, 7, 8, 14, 15, 40])
    row: Row = {
        "test_id": f"W{n}",
        "stay_id": f"Q{rng.randrange(9)}",
        "day": began + timedelta(days=number - 1),
        "stay_started_on": _maybe(rng, began),
        "stay_day": _maybe(rng, number),
        "result": _one(rng, TEST_RESULT),
    }
    return _placed(rng, row)


def breach(rng: Random, n: int) -> Row:
    """Return a breach of quarantine."""
    row: Row = {
        "breach_id": f"B{n}",
        "stay_id": f"Q{rng.randrange(9)}",
        "ts": _start(rng),
        "kind": _one(rng, quarantine.BREACH_KIND),
        "detected_by": _one(rng, quarantine.DETECTED_BY),
        "distance_m": rng.choice([0, 850, None]),
    }
    return _placed(rng, row)


def site_report(rng: Random, n: int) -> Row:
    """Return what a quarantine site says of itself."""
    row: Row = {
        "report_id": f"R{n}",
        "facility_id": f"K{rng.randrange(9)}",
        "facility_kind": _one(rng, quarantine.FACILITY_KIND),
        "date": local(_start(rng)),
        "state": rng.choice(list(quarantine.SITE_STATE)),
        "shortages": _some(rng, quarantine.SHORTAGE),
        "occupied": rng.choice([0, 120, None]),
        "beds_free": rng.choice([0, 30, None]),
        "staff": rng.choice([8, None]),
    }
    return _placed(rng, row)


def dose(rng: Random, n: int) -> Row:
    """Return a dose given."""
    at = _start(rng)
    product = rng.choice(list(vaccination.PRODUCT))
    numbers = ["1", "bo_sung", "nhac_1", "nhac_2", "2", "3"]
    possible = {"JJ": numbers[:4], "AB": numbers}.get(product, numbers[:5])
    row: Row = {
        "dose_event_id": f"V{n}",
        "dose_no": rng.choice(possible),
        "vaccine_code": product,
        "lot_no": "L7",
        "expiry": _maybe(rng, local(at) + timedelta(days=rng.randrange(-5, 90))),
        "site_code": "T1",
        "vaccinated_at": at,
        "previous_on": _maybe(rng, local(at) - timedelta(days=rng.choice([0, 13, 14, 21, 28]))),
        "previous_code": _one(rng, vaccination.PRODUCT),
        "recorded_at": _maybe(rng, _later(rng, at)),
        "priority_group": _one(rng, vaccination.PRIORITY_GROUP),
        "screening": _one(rng, vaccination.SCREENING),
        "observed_minutes": rng.choice([15, 30, None]),
        "aefi": _one(rng, vaccination.AEFI),
        "certificate_status": _one(rng, vaccination.CERTIFICATE),
        "age": rng.choice([4, 17, 18, 65, None]),
    }
    return _placed(rng, _person(rng, row))


def stock(rng: Random, n: int) -> Row:
    """Return a line of a stock ledger."""
    day = local(_start(rng))
    amounts = ("opening", "received", "returned", "transferred_in", "transferred_out",
               "used_doses", "wasted_open_vial", "wasted_closed_vial", "closing")  # fmt: skip
    row: Row = {
        "stock_id": f"G{n}",
        "site_code": f"T{rng.randrange(9)}",
        "lot_no": "L7",
        "expiry": _maybe(rng, day + timedelta(days=rng.choice([-1, 0, 30, 31]))),
        "vaccine_code": rng.choice(list(vaccination.PRODUCT)),
        "ledger_date": day,
        **{name: rng.choice([0, 10, 600, None]) for name in amounts},
        "stock_out": rng.choice([True, False, None]),
    }
    return _placed(rng, row)


def site(rng: Random, n: int) -> Row:
    """Return a vaccination site."""
    first = local(_start(rng))
    row: Row = {
        "site_code": f"T{n}",
        "kind": _one(rng, vaccination.SITE_KIND),
        "tables": rng.choice([4, None]),
        "opened_on": first,
        "closed_on": _maybe(rng, first + timedelta(days=rng.randrange(30))),
    }
    return _placed(rng, row)


MAKERS: Mapping[str, Mapping[str, Callable[[Random, int], Row]]] = {
    "declarations": {"declaration": declaration},
    "checkpoints": {"scan": scan, "place": place},
    "tracing": {
        "case": case, "contact": contact, "exposure_place": exposure_place, "cluster": cluster,
    },
    "quarantine": {
        "stay": stay, "facility": facility, "daily_check": daily_check, "test": test,
        "breach": breach, "site_report": site_report,
    },
    "vaccination": {"dose": dose, "stock": stock, "site": site},
    "testing": {
        "sample": sample, "sample_person": sample_person, "laboratory": laboratory,
    },
}  # fmt: skip


def written(value: object) -> str:
    """Return a value as a CSV file holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "có" if value else "không"
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def as_texts(rows: Sequence[Row]) -> list[dict[str, str]]:
    """Return rows as a CSV file holds them."""
    return [{name: written(value) for name, value in row.items()} for row in rows]
