"""Contradictions planted in clean days: all found and named, none invented; none in clean days."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from data_access.cube.geography import Geography
from data_access.cube.hot import HotCube
from data_access.ingest.intake import Intake
from data_access.reconcile.engine import duplicates
from data_access.reconcile.finding import FINDING_SCHEMA
from data_access.reconcile.rules import CAUSES, RULES
from data_access.shared import Shared
from data_access.viewer import parse_viewer
from tests.conftest import Database
from tests.db.gate import open_gate
from tests.db.reconcile.clean_days import (
    ALONE,
    FIRST,
    KNOWN_AT,
    N_DAYS,
    Row,
    Rows,
    at,
    clean_records,
    clean_tables,
    load,
    on,
    person,
)

pytestmark = [pytest.mark.db, pytest.mark.vietnam]
Found = tuple[str, str, str, str]
"""(rule, area, day, cause)."""
DAYS = {"start": FIRST - timedelta(days=1), "end": FIRST + timedelta(days=N_DAYS - 1)}
NOW = KNOWN_AT + timedelta(days=1)


@pytest.fixture
def intake(database: Database, tmp_path: Path) -> Intake:
    return open_gate(database, tmp_path, clock=lambda: NOW)


def asked(intake: Intake, role: str = "national", *, early: bool = False) -> pl.DataFrame:
    cube = HotCube(intake.engine, lambda: NOW, geography=Geography(intake.areas))
    viewer = parse_viewer(role, now=KNOWN_AT - timedelta(days=1) if early else NOW)
    shared = Shared(intake.engine, lambda: NOW, areas=intake.areas, cube=cube)
    return shared.findings(viewer=viewer, **DAYS)


def named(found: pl.DataFrame) -> set[Found]:
    rows = found.select("rule", "area_code", pl.col("date").cast(pl.String), "cause").rows()
    return {(rule, area, day, cause) for rule, area, day, cause in rows}


def provinces(intake: Intake) -> list[str]:
    frame = intake.areas.frame.filter(pl.col("level") == "province", pl.col("vintage") == "63")
    return sorted(frame["code"].to_list())


def drop(rows: list[Row], n: int, keep: Callable[[Row], bool]) -> None:
    """Take away the first `n` rows for which `keep` holds."""
    for row in [row for row in rows if keep(row)][:n]:
        rows.remove(row)


def plant_figures(records: Rows, tables: dict[str, list[Row]]) -> set[Found]:
    """Plant what figures show; return what must be found."""

    def row_of(source: str, code: str, day: int) -> Row:
        return next(r for r in tables[source] if (r["code"], r["date"]) == (code, on(day)))

    drop(records["testing", "sample", "x"], 20,
         lambda r: r["sample_id"].startswith("X01-2-"))  # fmt: skip
    stays = records["quarantine", "stay", "q"]
    drop(stays, 15, lambda r: r["stay_id"].startswith("SF079-1-"))
    drop(stays, 15, lambda r: r["stay_id"].startswith("SF179-3-"))
    for line in records["vaccination", "stock", "v"]:
        used = {"L01-1": 400, "L79-1": 20, "L79-2": 60}.get(line["stock_id"])
        if used:
            line |= {"used_doses": str(used), "closing": str(5000 - used)}
    for dose in records["vaccination", "dose", "v"][:]:
        if dose["dose_event_id"] in {f"D01-3-{n}" for n in range(30)}:
            dose["id_no"] = ""
    row_of("press", "79", 2)["cases"] = "48"
    row_of("press", "01", 1)["cases"] = "300"
    row_of("press", "01", 3)["cases"], row_of("press", "79", 3)["cases"] = "24", "30"
    row_of("report", "VN", 4)["cases"] = "61"
    row_of("report", "01", 3)["total"] = "1010"
    row_of("beds", "01", 4)["quarantine_beds"] = "5"
    for row in (*records["quarantine", "facility", "q"], *tables["beds"]):
        row |= {
            name: "200"
            for name in ("beds_total", "quarantine_beds")
            if name in row and "79" in (row.get("province_code"), row.get("code"))
        }
    both = ("platform_and_report", "sources_differ")
    return {
        ("positives_and_cases", "01", on(2), "unexplained"),
        ("isolation_and_intake", "79", on(1), "unexplained"),
        ("contacts_and_intake", "79", on(3), "unexplained"),
        ("doses_and_stock", "01", on(1), "decimal_mark"),
        ("doses_and_stock", "79", on(1), "shifted_day"),
        ("doses_and_stock", "79", on(2), "shifted_day"),
        ("doses_and_identity", "01", on(3), "identity"),
        *((rule, "79", on(2), "delivered_twice") for rule in both),
        *((rule, "01", on(1), "decimal_mark") for rule in both),
        *((rule, code, on(3), "swapped_areas") for rule in both for code in ("01", "79")),
        ("areas_sum", "VN", on(4), "unexplained"),
        ("cumulative_falls", "01", on(3), "revision_unmarked"),
        ("platform_and_report", "01", on(4), "unexplained"),
        ("occupied_and_beds", "79", on(4), "capacity"),
    }


def plant_records(records: Rows) -> set[Found]:
    """Plant what records show; return what must be found."""
    contacts, samples = records["tracing", "contact", "t"], records["testing", "sample", "x"]
    doses, scans = records["vaccination", "dose", "v"], records["checkpoints", "scan", "c"]
    contacts[0]["index_case_id"] = "C-nobody"
    records["quarantine", "stay", "q"][-1]["facility_id"] = "Q-nowhere"
    scans[0]["place_code"] = "P-nowhere"
    doses[-1]["site_code"] = "V-nowhere"
    records["vaccination", "stock", "v"][0]["closing"] = "1"
    samples.append({**samples[0], "sample_id": "X-again", "id_no": person(900_001),
                    "result": "am_tinh", "deconvolution_of": "X-no-pool"})  # fmt: skip
    records["testing", "sample", "y"] = [dict(samples[5])]
    doses.append({**doses[0], "dose_event_id": "D-again"})
    doses.append({**doses[1], "dose_event_id": "D-other", "vaccine_code": "PF"})
    doses.append({**doses[82], "dose_event_id": "D-second", "dose_no": "2",
                  "id_no": person(900_002)})  # fmt: skip
    told = records["declarations", "declaration", "d"]
    told.append({**told[0], "declaration_id": "K-again", "declared_at": at(0, hour=15)})
    cases = records["tracing", "case", "t"]
    records["tracing", "case", "t2"] = [{**cases[-1], "case_id": "C-again"}]
    cases[0] |= {"outcome": "tu_vong", "outcome_date": on(1)}
    samples.append({**samples[0], "sample_id": "X-late", "result": "am_tinh",
                    "collected_at": at(3), "resulted_at": at(3, hour=12)})  # fmt: skip
    last = N_DAYS - 1
    return {
        ("contact_case_unknown", "01", on(0), "reference_missing"),
        ("stay_facility_unknown", "79", on(last), "unregistered"),
        ("scan_place_unknown", "01", on(0), "unregistered"),
        ("dose_site_unknown", "79", on(last), "unregistered"),
        ("stock_unbalanced", "01", on(0), "ledger_error"),
        ("retest_pool_unknown", "01", on(0), "reference_missing"),
        ("duplicate_sample", "01", on(0), "two_places"),
        ("duplicate_dose", "01", on(0), "delivered_twice"),
        ("two_doses_one_day", "01", on(0), "person_confused"),
        ("dose_2_without_1", "01", on(2), "identity"),
        ("duplicate_declaration", "01", on(0), "delivered_twice"),
        ("duplicate_case", "79", on(last), "two_places"),
        ("sampled_after_death", "01", on(3), "person_confused"),
    }


Figures = tuple[float, float, str, str, int | None]
"""(value_a, value_b, source_a, source_b, records concerned)."""


def plant_others(records: Rows, tables: dict[str, list[Row]]) -> dict[Found, Figures]:
    """Plant one of each rule that is left; return what must be found, with its figures."""
    return plant_limits(tables) | plant_pointers(records) | plant_elsewhere(records)


def plant_elsewhere(records: Rows) -> dict[Found, Figures]:
    """Plant a province that gave more second doses than first ones; the first were elsewhere."""
    doses = records["vaccination", "dose", "v"]
    given = [(n, "1", "01", -40) for n in range(4)] + [(n, "2", "31", 4) for n in range(4)]
    for number, dose, code, day in [*given, (4, "1", "31", 4)]:
        doses.append(
            {"dose_event_id": f"D-moved-{number}-{dose}", "dose_no": dose, "vaccine_code": "AZ",
             "vaccinated_at": at(day), "id_no": person(910_000 + number), "site_code": "V01",
             "province_code": code}
        )  # fmt: skip
    return {("dose_2_and_dose_1", "31", on(4), "unexplained"): (4, 1, "v", "v", None)}


def plant_limits(tables: dict[str, list[Row]]) -> dict[Found, Figures]:
    """Plant reports that say more of the part than of the whole, and a stock that jumps."""
    day = {row["date"]: row for row in tables["alone"]}
    day[on(-1)] |= {"persons_tested": "40", "persons_positive": "53", "declarations": "30",
                    "declarations_flagged": "34", "dose_1": "1200", "dose_2": "1309",
                    "doses": "2600"}  # fmt: skip
    # Nine more clusters than came in less those that ended, from this day on.
    for number in range(3, N_DAYS):
        day[on(number)]["clusters_active"] = str(20 + number + 9)
    # More dead than the platform's records know of cases there.
    tables["alone"].append({**dict.fromkeys(day[on(0)], ""), "date": on(0), "code": "79",
                            "deaths_cumulative": "31"})  # fmt: skip
    # More first doses than people, and fewer people than there are.
    blank = dict.fromkeys(day[on(0)], "")
    tables["alone"] += [
        {**blank, "date": on(-1), "code": "49", "dose_1": "1600000"},
        {**blank, "date": on(-1), "code": "31", "population": "1800000"},
    ]
    own = ("alone", "alone", None)
    people = ("alone", "census_2019", None)
    return {
        ("first_doses_and_people", "49", on(-1), "typed_wrong"): (1600000, 1495812, *people),
        ("population_stated", "31", on(-1), "denominator"): (1800000, 2028514, *people),
        ("positives_and_tested", ALONE, on(-1), "unexplained"): (53, 40, *own),
        ("flagged_and_declared", ALONE, on(-1), "unexplained"): (34, 30, *own),
        ("breakdown_sum", ALONE, on(-1), "unexplained"): (2509, 2600, *own),
        ("stock_and_flow", ALONE, on(3), "unexplained"): (10, 1, *own),
        ("deaths_and_cases", "79", on(0), "unexplained"): (31, 24, "alone", "t", None),
    }


def plant_pointers(records: Rows) -> dict[Found, Figures]:
    """Plant records that point nowhere, two of one kind, and a place nobody scanned at."""
    exposures, members = (
        records["tracing", "exposure_place", "t"],
        records["testing", "sample_person", "x"],
    )
    at_end = [row for row in exposures if row["exposure_id"].startswith("E79-4-")]
    for row in at_end[:2]:
        row["case_id"] = "C-nobody"
    next(r for r in members if r["sample_person_id"] == "M01-3-22")["sample_id"] = "X-nowhere"
    samples = {row["sample_id"]: row for row in records["testing", "sample", "x"]}
    samples["X79-2-7"]["lab_code"] = "A-nowhere"
    checks = {row["check_id"]: row for row in records["quarantine", "daily_check", "q"]}
    checks["H01-1-20"]["stay_id"] = "S-nobody"
    for row, hour in zip(
        records["declarations", "declaration", "d"][1:4], (16, 15, 17), strict=True
    ):
        # Seven hours after nine o'clock, and an hour less and more: of these nothing is said.
        row["received_at"] = at(0, hour=hour)
    # Two weeks before the second day, a minute before midnight there: still that day.
    records["checkpoints", "place", "c"].append(
        {"place_code": "P-unused", "registered_at": f"{on(1 - 14)}T23:59:00+07:00",
         "province_code": "79"}
    )  # fmt: skip
    return {
        ("exposure_case_unknown", "79", on(4), "reference_missing"): (2, 0, "t", "t", 2),
        ("member_sample_unknown", "01", on(3), "reference_missing"): (1, 0, "x", "x", 1),
        ("sample_laboratory_unknown", "79", on(2), "unregistered"): (1, 0, "x", "x", 1),
        ("declared_in_utc", "01", on(0), "zone_lost"): (1, 0, "d", "d", 1),
        ("check_stay_unknown", "01", on(1), "reference_missing"): (1, 0, "q", "q", 1),
        ("place_never_used", "79", on(1), "not_in_use"): (1, 0, "c", "c", 1),
    }


def figures_of(found: pl.DataFrame, wanted: dict[Found, Figures]) -> dict[Found, Figures]:
    """Return the figures of those findings; a finding there twice is an error."""
    rows = found.select("rule", "area_code", pl.col("date").cast(pl.String), "cause",
                        "value_a", "value_b", "source_a", "source_b", "n").rows()  # fmt: skip
    told = [(row[:4], row[4:]) for row in rows if row[:4] in wanted]
    assert len(told) == len(wanted)
    return dict(told)


SECOND_DOSES = {
    ("dose_2_too_early", "01", on(4), "person_confused"),
    ("dose_2_other_product", "79", on(4), "person_confused"),
}


def plant_second_doses(doses: list[Row]) -> None:
    """Plant a second dose a day too early and one of another product; two more are in order."""
    own = {
        code: next(row for row in doses if row["province_code"] == code) for code in ("01", "79")
    }
    for number, code, days, products in (
        (3, "01", 27, ("AZ", "AZ")), (4, "79", 60, ("AZ", "VC")),
        (5, "01", 28, ("AZ", "AZ")), (6, "79", 60, ("AZ", "PF")),
    ):  # fmt: skip
        doses += [
            {**own[code], "dose_event_id": f"D-pair-{number}-{dose}", "dose_no": str(dose),
             "id_no": person(900_000 + number), "vaccine_code": product,
             # The first one late in the evening: local days are counted, not hours.
             "vaccinated_at": at(day, hour=hour)}
            for dose, product, day, hour in (
                (1, products[0], 4 - days, 22), (2, products[1], 4, 8),
            )
        ]  # fmt: skip


def test_clean_days_hold_no_contradiction(intake: Intake, tmp_path: Path) -> None:
    load(intake, tmp_path, clean_records(), clean_tables(provinces(intake)))
    assert asked(intake).rows() == []


def test_each_planted_contradiction_is_found_and_none_invented(
    intake: Intake, tmp_path: Path
) -> None:
    records, tables = clean_records(), clean_tables(provinces(intake))
    wanted = plant_figures(records, tables) | plant_records(records)
    others = plant_others(records, tables)
    wanted |= set(others)
    load(intake, tmp_path, records, tables)
    found = asked(intake)
    assert dict(found.schema) == FINDING_SCHEMA
    assert named(found) == wanted
    assert len(wanted) >= 20
    # A rule that nothing here makes speak is a rule of which nobody knows that it can.
    assert set(found["rule"]) == set(RULES) - {rule for rule, *_ in SECOND_DOSES}
    assert figures_of(found, others) == others
    assert found["finding_id"].n_unique() == found.height
    assert asked(intake, early=True).is_empty()
    own = asked(intake, "province:79")
    # The number of a finding does not depend on who looks, nor on the run.
    assert set(own["finding_id"]) < set(found["finding_id"])
    assert set(own["area_code"]) == {"79"}
    assert {one for one in wanted if one[1] == "79"} == _with_all_evidence(named(own))
    assert asked(intake, "press").is_empty()
    assert not any("nowhere" in str(value) or "nobody" in str(value) for value in found.rows())


def test_second_doses_are_held_against_first_ones(intake: Intake, tmp_path: Path) -> None:
    # Apart from the others: with doses before all these days, no other source speaks of them.
    records, tables = clean_records(), clean_tables(provinces(intake))
    plant_second_doses(records["vaccination", "dose", "v"])
    load(intake, tmp_path, records, tables)
    found = asked(intake).filter(pl.col("rule").str.starts_with("dose_2"))
    assert named(found) == SECOND_DOSES


def _with_all_evidence(seen: set[Found]) -> set[Found]:
    """Return a province's findings with the one cause whose proof lies in another's figures."""
    mirrored = {("platform_and_report", on(3)), ("sources_differ", on(3))}
    assert {one[3] for one in seen if (one[0], one[2]) in mirrored} == {"unexplained"}
    return {(*one[:3], "swapped_areas") if (one[0], one[2]) in mirrored else one for one in seen}


def test_duplicates_are_counted_by_pair_of_sources(intake: Intake, tmp_path: Path) -> None:
    records = clean_records()
    first = records["testing", "sample", "x"][:3]
    records["testing", "sample", "y"] = [dict(row) for row in first]
    load(intake, tmp_path, records, {})
    cube = HotCube(intake.engine, lambda: NOW, geography=Geography(intake.areas))
    viewer = parse_viewer("national", now=NOW)
    found = duplicates(cube, intake.engine, viewer=viewer, **DAYS)
    assert found.rows() == [("duplicate_sample", "testing", "01", FIRST, "y", "x", 3)]


def test_each_rule_and_cause_has_both_languages() -> None:
    for rule in RULES.values():
        assert rule.vi
        assert rule.en
        assert rule.call.vi
        assert set(rule.causes) <= CAUSES.keys()
    assert all(text.vi and text.en for text in CAUSES.values())
