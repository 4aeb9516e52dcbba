"""Five days of two provinces in which everything agrees, as rows of files; and how to load them."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from data_access.ingest.intake import Intake
from tests.unit.ingest.support import write_csv

Row = dict[str, str]
Rows = dict[tuple[str, str, str], list[Row]]
"""(platform, kind, source) → rows."""
FIRST = date(2021, 8, 10)
N_DAYS = 5
PER_DAY = {"01": 30, "79": 24}
N_DOSES = 40
KNOWN_AT = datetime(2021, 8, 20, 2, tzinfo=UTC)
_REPORT = """\
source = "{source}"
platform = "tracing"
mode = "snapshot"
date = {{ column = "date", format = "%Y-%m-%d" }}
area = {{ column = "code", match = "code" }}
missing = [""]
[[measure]]
id = "cases"
column = "cases"
"""
_TOTAL = '[[measure]]\nid = "cases_cumulative"\ncolumn = "total"\n'
_BEDS = _REPORT.replace('"tracing"', '"quarantine"').replace("cases", "quarantine_beds")
ALONE = "48"
"""A province without records, of which one table tells everything."""
TOLD = ("persons_tested", "persons_positive", "declarations", "declarations_flagged",
        "deaths_cumulative", "clusters_active", "clusters_opened", "clusters_closed",
        "population")  # fmt: skip
DOSES_TOLD = ("1", "2")
_ALONE = _REPORT[: _REPORT.index("[[measure]]")] + "".join(
    [
        *[f'[[measure]]\nid = "{name}"\ncolumn = "{name}"\n' for name in TOLD],
        '[[measure]]\nid = "doses_cumulative"\ncolumn = "doses"\n',
        *[
            f'[[measure]]\nid = "doses_cumulative"\ncolumn = "dose_{dose}"\n'
            f'breakdown = {{{{ dose = "{dose}" }}}}\n'
            for dose in DOSES_TOLD
        ],
    ]
)
_MAPPINGS = {"report": _REPORT + _TOTAL, "press": _REPORT, "beds": _BEDS, "alone": _ALONE}


def on(number: int) -> str:
    """Return a day by its number."""
    return (FIRST + timedelta(days=number)).isoformat()


def at(number: int, *, hour: int = 9) -> str:
    """Return a moment of a day, local time."""
    return f"{on(number)}T{hour:02d}:00:00+07:00"


def person(number: int) -> str:
    """Return a well-formed personal number of nobody."""
    return f"001080{number:06d}"


def clean_records() -> Rows:
    """Return records of six platforms that agree with each other."""
    rows: Rows = defaultdict(list)
    for place, code in enumerate(PER_DAY):
        where = {"province_code": code}
        rows["quarantine", "facility", "q"].append(
            {"facility_id": f"Q{code}", "kind": "tap_trung", "beds_total": "9000",
             "opened_on": "2021-06-01", **where}
        )  # fmt: skip
        rows["vaccination", "site", "v"].append(
            {"site_code": f"V{code}", "opened_on": "2021-06-01", **where}
        )
        rows["checkpoints", "place", "c"].append(
            {"place_code": f"P{code}", "registered_at": "2021-06-01T08:00:00+07:00", **where}
        )
        rows["testing", "laboratory", "x"].append(
            {"lab_code": f"A{code}", "opened_on": "2021-06-01", "capacity_per_day": "500", **where}
        )  # fmt: skip
        for day in range(N_DAYS):
            _cases(rows, code, day, first=place * 10_000 + day * 1_000)
            _pointing(rows, code, day)
            _doses(rows, code, day, first=place * 10_000 + day * 1_000)
    return rows


def _cases(rows: Rows, code: str, day: int, *, first: int) -> None:
    where = {"province_code": code}
    for n in range(PER_DAY[code]):
        name = f"{code}-{day}-{n}"
        rows["tracing", "case", "t"].append(
            {"case_id": f"C{name}", "sample_date": on(day), "result_date": on(day),
             "report_date": on(day), "isolation_ts": at(day), "id_no": person(first + n), **where}
        )  # fmt: skip
        rows["testing", "sample", "x"].append(
            {"sample_id": f"X{name}", "pool_size": "1", "method": "RT_PCR",
             "collected_at": at(day, hour=1), "resulted_at": at(day, hour=8),
             "lab_code": f"A{code}",
             "result": "duong_tinh", "id_no": person(first + n), **where}
        )  # fmt: skip
        rows["tracing", "contact", "t"].append(
            {"contact_id": f"T{name}", "index_case_id": f"C{name}", "class": "F1",
             "identified_ts": at(day), "quarantined_ts": at(day, hour=10), **where}
        )  # fmt: skip
        for of in ("F0", "F1"):
            rows["quarantine", "stay", "q"].append(
                {"stay_id": f"S{of}{name}", "class": of, "facility_id": f"Q{code}",
                 "facility_kind": "tap_trung", "start_ts": at(day, hour=10), **where}
            )  # fmt: skip


def _pointing(rows: Rows, code: str, day: int) -> None:
    """Add what points at some of the day's cases, samples and stays."""
    where = {"province_code": code}
    for n in range(20, 24):
        name = f"{code}-{day}-{n}"
        rows["tracing", "exposure_place", "t"].append(
            {"exposure_id": f"E{name}", "case_id": f"C{name}", "visited_from": at(day), **where}
        )
        rows["testing", "sample_person", "x"].append(
            {"sample_person_id": f"M{name}", "sample_id": f"X{name}", "method": "RT_PCR",
             "collected_at": at(day), "id_no": person(400_000 + n), **where}
        )  # fmt: skip
        rows["quarantine", "daily_check", "q"].append(
            {"check_id": f"H{name}", "stay_id": f"SF0{name}", "facility_kind": "tap_trung",
             "date": on(day), "present": "true", **where}
        )  # fmt: skip


def _doses(rows: Rows, code: str, day: int, *, first: int) -> None:
    where = {"province_code": code}
    for n in range(N_DOSES):
        rows["vaccination", "dose", "v"].append(
            {"dose_event_id": f"D{code}-{day}-{n}", "dose_no": "1", "vaccine_code": "AZ",
             "site_code": f"V{code}", "vaccinated_at": at(day),
             "id_no": person(100_000 + first + n), **where}
        )  # fmt: skip
    rows["vaccination", "stock", "v"].append(
        {"stock_id": f"L{code}-{day}", "site_code": f"V{code}", "vaccine_code": "AZ",
         "ledger_date": on(day), "opening": "5000", "used_doses": str(N_DOSES),
         "closing": str(5000 - N_DOSES), **where}
    )  # fmt: skip
    for n in range(5):
        rows["checkpoints", "scan", "c"].append(
            {"scan_id": f"B{code}-{day}-{n}", "place_code": f"P{code}", "scanned_at": at(day),
             "id_no": person(200_000 + first + n), **where}
        )  # fmt: skip
        rows["declarations", "declaration", "d"].append(
            {"declaration_id": f"K{code}-{day}-{n}", "kind": "toan_dan", "declared_at": at(day),
             "id_no": person(300_000 + first + n), **where}
        )  # fmt: skip


def clean_tables(provinces: list[str]) -> dict[str, list[Row]]:
    """Return reported figures that agree with the records: by name of the source."""
    report, press, beds = [], [], []
    for day in range(N_DAYS):
        for code in [*provinces, "VN"]:
            count = PER_DAY.get(code, sum(PER_DAY.values()) if code == "VN" else 0)
            row = {"date": on(day), "code": code, "cases": str(count)}
            total = "" if code == "VN" else str(1000 + count * day)
            report.append({**row, "total": total})
            if code in PER_DAY:
                press.append(row)
                beds.append({"date": on(day), "code": code, "quarantine_beds": "9000"})
    return {"report": report, "press": press, "beds": beds, "alone": _told_alone()}


def _told_alone() -> list[Row]:
    """Return what one province reports of itself: of the day before the others begin, and after.

    Clusters grow by two and lose one a day. What records elsewhere tell on the later days is left
    out there: a day's figure comes from one family of sources.
    """
    rows = []
    for day in range(-1, N_DAYS):
        row = {"date": on(day), "code": ALONE, "clusters_active": str(20 + day),
               "clusters_opened": "2", "clusters_closed": "1"}  # fmt: skip
        first = {"persons_tested": "900", "persons_positive": "40", "declarations": "700",
                 "declarations_flagged": "30", "deaths_cumulative": "3", "dose_1": "5000",
                 "dose_2": "1200", "doses": "6200", "population": "1134310"}  # fmt: skip
        rows.append(row | (first if day < 0 else dict.fromkeys(first, "")))
    return rows


def load(intake: Intake, folder: Path, records: Rows, tables: dict[str, list[Row]]) -> None:
    """Put everything through the gate; nothing may be rejected."""
    for (platform, kind, source), rows in records.items():
        path = write_csv(folder / f"{platform}-{kind}-{source}.csv", rows)
        done = intake.records(path, platform=platform, kind=kind, source=source, known_at=KNOWN_AT)
        assert done.counts.rejected == 0, (platform, kind)
    for source, rows in tables.items():
        mapping = folder / f"{source}.toml"
        mapping.write_text(_MAPPINGS[source].format(source=source), encoding="utf-8")
        path = write_csv(folder / f"{source}-table.csv", rows)
        assert intake.table((path,), mapping=mapping, known_at=KNOWN_AT).counts.rejected == 0
