"""What the rows of a platform come to, counted one by one in plain Python, no Polars.

Written from the domain description, not from the contracts: the two must agree.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise

from tests.platform_rows import Row, local

Cell = tuple[str, date, str, str]  # measure, day, area code, breakdown
Counted = dict[Cell, tuple[int, int]]  # value, records
Told = tuple[str, date, Mapping[str, object], str, int]  # measure, day, dims, grains, value

EDGES = (0, *range(1, 25), *range(26, 49, 2), 52, 56, 60, 64, 68, 72,
         84, 96, 108, 120, 132, 144, 156, 168, 192, 216, 240, 264, 288, 312, 336)  # fmt: skip


def bin_of(start: datetime, end: datetime) -> str:
    """Return the bin of a delay."""
    hours = (end - start) / timedelta(hours=1)
    for low, high in pairwise(EDGES):
        if hours <= high:
            return f"{low:03d}-{high:03d}"
    return "336+"


def counted(kind: str, rows: Iterable[Row]) -> Counted:
    """Return every cell that living rows of a kind add up to."""
    found: Counted = {}
    for row in rows:
        for measure, day, dims, grains, value in _COUNTERS[kind](row):
            for cell in _cells(row, measure, day, dims, grains):
                before = found.get(cell, (0, 0))
                found[cell] = (before[0] + value, before[1] + 1)
    return found


def _cells(
    row: Row, measure: str, day: date, dims: Mapping[str, object], grains: str
) -> Iterator[Cell]:
    # "p:class+setting d:" reads: provinces by class and setting; districts, no breakdown.
    for grain in grains.split():
        level, _, cut = grain.partition(":")
        area = row["province_code"] if level == "p" else row["district_code"]
        if area:
            names = sorted(cut.split("+")) if cut else []
            text = "|".join(f"{name}={dims.get(name) or 'unknown'}" for name in names)
            yield measure, day, str(area), text


def _declaration(row: Row) -> Iterator[Told]:
    symptoms, exposure = str(row["symptoms_14d"] or ""), str(row["exposure_14d"] or "")
    grave = "tiep_xuc_F0" in exposure or "kho_tho" in symptoms or (symptoms and exposure)
    ours = "urgent" if grave else "watch" if symptoms or exposure else "none"
    at, day, dims = row["declared_at"], local(row["declared_at"]), {**row, "risk": ours}
    dims["risk"] = row["risk_flag"] or ours
    yield "declarations", day, dims, "p:kind p:channel d:", 1
    yield "declarations_symptomatic", day, dims, "p:kind d:", int(bool(symptoms))
    for name in ("sot", "ho", "kho_tho", "dau_hong", "mat_vi_khuu_giac", "met_moi", "tieu_chay",
                 "buon_non"):  # fmt: skip
        told = {"symptom": name}
        yield "declarations_symptoms", day, told, "p:symptom", int(name in symptoms.split("|"))
    travelled = int("26734" in str(row["travel_14d"]))
    yield "declarations_travelled", day, dims, "p:kind d:", travelled
    if dims["risk"] == "none":
        yield "declarations_flagged", day, {"risk": "watch"}, "p:risk d:", 0
        return
    status = row["followup_status"]
    called = row["called_at"]
    if called is None and status in ("called", "verified", "sent_to_test", "closed"):
        called = row["followup_at"]
    found = {
        "flagged": True,
        "called": called is not None,
        "called_24h": called is not None and called - at <= timedelta(hours=24),
        "unreachable": status == "unreachable",
    }
    if row["sampled_at"] is not None:
        found |= {"sampled": True, "sampled_48h": row["sampled_at"] - at <= timedelta(hours=48)}
    if row["test_result"] is not None:
        found["positive"] = row["test_result"] == "duong_tinh"
    for name, holds in found.items():
        yield f"declarations_{name}", day, dims, "p:risk d:", int(holds)
    if called is not None:
        yield "declaration_call_hours", day, {"delay": bin_of(at, called)}, "p:delay", 1


def _scan(row: Row) -> Iterator[Told]:
    day = local(row["scanned_at"])
    dims = {**row, "kind": row["place_kind"], "card": row["card_colour"]}
    yield "checkpoint_scans", day, dims, "p:method p:direction p:outcome p:kind p:card d:", 1
    if row["synced_at"]:
        delay = {"delay": bin_of(row["scanned_at"], row["synced_at"])}
        yield "checkpoint_sync_hours", day, delay, "p:delay", 1


def _place(row: Row) -> Iterator[Told]:
    yield "checkpoint_places_opened", local(row["registered_at"]), row, "p:kind d:", 1
    if row["closed_at"]:
        yield "checkpoint_places_closed", local(row["closed_at"]), row, "p:kind d:", 1
    if row["status"] == "inactive" and row["status_since"]:
        yield "checkpoint_places_paused", local(row["status_since"]), row, "p:kind d:", 1


def _case(row: Row) -> Iterator[Told]:
    day = row["report_date"] or row["result_date"] or row["sample_date"] or row["onset_date"]
    yield "cases", day, row, "p:detected_in p:severity d:detected_in", 1
    if row["onset_date"]:
        yield "cases_by_onset", row["onset_date"], {}, "p: d:", 1
    ended = row["outcome_date"]
    if ended and row["outcome"] == "tu_vong":
        yield "deaths", ended, {}, "p: d:", 1
    if ended and row["outcome"] == "khoi":
        yield "recovered", ended, {}, "p: d:", 1
    if row["isolation_ts"]:
        yield "cases_isolated", local(row["isolation_ts"]), {}, "p: d:", 1
    if row["interviewed_at"]:
        yield "cases_interviewed", day, {}, "p: d:", 1
    if row["known_contact"] is not None:
        yield "cases_known_contacts", day, {}, "p: d:", int(bool(row["known_contact"]))


def _contact(row: Row) -> Iterator[Told]:
    listed, reached = row["identified_ts"], row["reached_ts"]
    since, day = row["index_reported_at"] or listed, local(listed)
    grains = "p:class p:class+setting p:class+source d:class"
    yield "contacts_listed", day, row, grains, 1
    by_class = "p:class d:class"
    for hours in (24, 48):
        in_time = reached is not None and reached - since <= timedelta(hours=hours)
        yield f"contacts_reached_{hours}h", day, row, by_class, int(in_time)
    if reached:
        yield "contacts_reached", local(reached), row, by_class, 1
        dims = {**row, "delay": bin_of(since, reached)}
        yield "contact_reach_hours", day, dims, "p:class+delay", 1
    if row["quarantined_ts"]:
        yield "contacts_quarantined", local(row["quarantined_ts"]), row, by_class, 1
    if row["sampled_ts"]:
        yield "contacts_sampled", local(row["sampled_ts"]), row, by_class, 1
    if row["status"]:
        positive = int(row["status"] == "tested_pos")
        yield "contacts_positive", day, row, "p:class+setting d:class", positive


def _exposure_place(row: Row) -> Iterator[Told]:
    yield "exposure_places", local(row["visited_from"]), row, "p:setting d:", 1


def _cluster(row: Row) -> Iterator[Told]:
    opened = row["opened_on"] or row["first_onset"] or row["last_case_date"]
    yield "clusters_opened", opened, row, "p:setting d:", 1
    closed = row["closed_on"]
    if closed is None and row["status"] == "ket_thuc" and row["last_case_date"]:
        closed = row["last_case_date"] + timedelta(days=14)
    if closed:
        yield "clusters_closed", closed, row, "p:setting d:", 1


def _members(row: Row) -> int | None:
    listed = len(str(row["persons"]).split("|")) if row["persons"] else None
    known = row["pool_size"] or row["n_persons"] or listed
    if known is None and row["pool_kind"] not in ("gop_que", "gop_dich"):
        return 1
    return known  # type: ignore[return-value]


def _pooling(row: Row) -> str:
    if (_members(row) or 2) == 1:
        return "don_lai" if row["deconvolution_of"] else "don"
    return str(row["pool_kind"] or "gop")


def _sample(row: Row) -> Iterator[Told]:
    taken, result, people = row["collected_at"], row["result"], _members(row)
    dims = {**row, "pool": _pooling(row), "lab": row["lab_code"]}
    told = "p:method+reason p:method+pool d:method"
    yield "samples_collected", local(taken), dims, told, 1
    if row["received_lab_at"]:
        yield "samples_received", local(row["received_lab_at"]), dims, "p:lab", 1
    if result or row["resulted_at"]:
        day = local(row["resulted_at"] or row["received_lab_at"] or taken)
        yield "samples_resulted", day, dims, f"{told} p:method+result p:lab", 1
        yield from _people(row, day, people, dims, told)
    steps = {
        "turnaround_to_laboratory_hours": (taken, row["received_lab_at"]),
        "turnaround_in_laboratory_hours": (row["received_lab_at"], row["resulted_at"]),
        "turnaround_to_return_hours": (row["resulted_at"], row["returned_at"]),
    }
    for measure, (start, end) in steps.items():
        if start and end:
            yield measure, local(taken), {"bin": bin_of(start, end)}, "p:bin", 1
    if row["returned_at"]:
        via = {"via": row["returned_via"]}
        yield "samples_returned", local(row["returned_at"]), via, "p:via d:", 1
        dims = {"bin": bin_of(taken, row["returned_at"]), "method": row["method"]}
        yield "turnaround_hours", local(taken), dims, "p:bin+method d:bin", 1


def _people(
    row: Row, day: date, people: int | None, dims: Mapping[str, object], told: str
) -> Iterator[Told]:
    result = row["result"]
    if result not in ("am_tinh", "duong_tinh", "nghi_ngo"):
        return
    if people:
        yield "persons_tested", day, dims, told, people
    sized = {**dims, "size": people}
    is_pool = people is None or people > 1
    if is_pool:
        yield "pools_resulted", day, sized, "p:method+size", 1
        yield "pools_positive", day, sized, "p:method+size", int(result == "duong_tinh")
    # Of a positive pool nobody is positive yet, which is a zero, not a gap.
    yield "persons_positive", day, dims, told, int(result == "duong_tinh" and not is_pool)


def _sample_person(row: Row) -> Iterator[Told]:
    yield "pool_members", local(row["collected_at"]), row, "p:method+reason d:", 1


def _laboratory(row: Row) -> Iterator[Told]:
    capacity = row["capacity_per_day"]
    for word, day in (("opened", row["opened_on"]), ("closed", row["closed_on"])):
        if day:
            yield f"laboratories_{word}", day, row, "p:kind d:", 1
            if capacity:
                yield f"laboratory_capacity_{word}", day, row, "p:kind d:", capacity


def _stay(row: Row) -> Iterator[Told]:
    kind = row["facility_kind"] or ("nha_o" if row["home_ward"] else None)
    dims, grains = {"kind": kind, "class": row["class"]}, "p:class+kind d:kind"
    yield "quarantine_admissions", local(row["start_ts"]), dims, grains, 1
    planned, end = row["planned_end"], None
    if row["actual_end"]:
        end = local(row["actual_end"])
        yield "quarantine_discharges", end, dims, grains, 1
    if planned and (end is None or end > planned):
        first = planned + timedelta(days=1)
        yield "quarantine_overdue_started", first, dims, "p:kind d:kind", 1
        if end:
            yield "quarantine_overdue_ended", end, dims, "p:kind d:kind", 1


def _facility(row: Row) -> Iterator[Told]:
    total, usable = row["beds_total"], row["beds_usable"]
    counts = {"": total if usable is None else usable, "_total": usable if total is None else total}
    for name, beds in counts.items():
        for word, day in (("opened", row["opened_on"]), ("closed", row["closed_on"])):
            if day and beds is not None:
                yield f"quarantine_beds{name}_{word}", day, row, "p:kind d:kind", beds


def _daily_check(row: Row) -> Iterator[Told]:
    yield "quarantine_checks", row["date"], {}, "p: d:", 1
    yield "quarantine_checks_symptomatic", row["date"], {}, "p: d:", int(bool(row["symptoms"]))
    if row["present"] is not None:
        yield "quarantine_checks_absent", row["date"], {}, "p: d:", int(not row["present"])


def _test(row: Row) -> Iterator[Told]:
    began, number, band = row["stay_started_on"], row["stay_day"], None
    if began:
        number = (row["day"] - began).days + 1
    if number:
        band = "01-03" if number < 4 else "04-07" if number < 8 else "08-14"
        band = "15+" if number > 14 else band
    positive = int(row["result"] == "duong_tinh")
    yield "quarantine_tests", row["day"], {"stay_days": band}, "p:stay_days d:", 1
    if row["result"]:
        told = {"stay_days": band}
        yield "quarantine_tests_positive", row["day"], told, "p:stay_days d:", positive


def _breach(row: Row) -> Iterator[Told]:
    yield "quarantine_breaches", local(row["ts"]), row, "p:kind p:detected_by d:", 1


def _site_report(row: Row) -> Iterator[Told]:
    dims = {"state": row["state"], "kind": row["facility_kind"]}
    yield "quarantine_site_reports", row["date"], dims, "p:state p:kind d:state", 1
    for name in ("nhan_luc", "vat_tu", "phong"):
        told = {"shortage": name}
        is_short = int(name in str(row["shortages"] or "").split("|"))
        yield "quarantine_site_shortages", row["date"], told, "p:shortage d:shortage", is_short


def _dose(row: Row) -> Iterator[Told]:
    day, age, product = local(row["vaccinated_at"]), row["age"], row["vaccine_code"]
    bands = ((5, "0-4"), (12, "5-11"), (18, "12-17"), (50, "18-49"), (65, "50-64"), (999, "65+"))
    band = None if age is None else next(name for below, name in bands if age < below)
    dims = {**row, "dose": row["dose_no"], "product": product, "age": band}
    yield "doses", day, dims, "p:dose+product p:age+dose p:dose+priority_group d:dose", 1
    last = {"JJ": "1", "AB": "3"}.get(product, "2")
    done = int(row["dose_no"] == last)
    yield "persons_fully_vaccinated", day, dims, "p:product p:age d:", done
    # A well-formed card number is all that makes an identity verified here.
    yield "doses_verified", day, {}, "p: d:", int(bool(row["id_no"]))
    if row["aefi"]:
        told, seen = {"severity": row["aefi"]}, int(row["aefi"] != "none")
        yield "adverse_events", day, told, "p:severity", seen
    if row["recorded_at"]:
        delay = {"delay": bin_of(row["vaccinated_at"], row["recorded_at"])}
        yield "dose_recording_hours", day, delay, "p:delay", 1
    if row["certificate_status"]:
        yield "certificates_issued", day, {}, "p: d:", int(row["certificate_status"] != "chua")


def _stock(row: Row) -> Iterator[Told]:
    day, dims, grains = row["ledger_date"], {"product": row["vaccine_code"]}, "p:product d:"
    for measure, name in (("doses_received", "received"), ("doses_used", "used_doses")):
        if row[name] is not None:
            yield measure, day, dims, grains, row[name]
    for vial in ("open", "closed"):
        wasted = row[f"wasted_{vial}_vial"]
        if wasted is not None:
            yield "doses_wasted", day, {**dims, "vial": vial}, "p:product+vial d:vial", wasted
    left, expiry = row["closing"], row["expiry"]
    if left is not None:
        yield "doses_in_stock", day, dims, grains, left
    if left is not None and expiry:
        days = (expiry - day).days
        yield "doses_near_expiry", day, dims, grains, left if 0 <= days <= 30 else 0
        yield "doses_expired", day, dims, grains, left if days < 0 else 0
    if row["stock_out"] is not None:
        yield "stock_outs", day, dims, grains, int(row["stock_out"])


def _site(row: Row) -> Iterator[Told]:
    yield "vaccination_sites_opened", row["opened_on"], {}, "p: d:", 1
    if row["closed_on"]:
        yield "vaccination_sites_closed", row["closed_on"], {}, "p: d:", 1


_COUNTERS = {
    "declaration": _declaration, "scan": _scan, "place": _place, "case": _case,
    "contact": _contact, "exposure_place": _exposure_place, "cluster": _cluster,
    "sample": _sample, "sample_person": _sample_person, "laboratory": _laboratory,
    "stay": _stay, "facility": _facility, "daily_check": _daily_check, "test": _test,
    "breach": _breach, "site_report": _site_report, "dose": _dose, "stock": _stock, "site": _site,
}  # fmt: skip
