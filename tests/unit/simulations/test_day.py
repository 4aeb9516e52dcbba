"""An invented day agrees with itself across the platforms; checked row by row in plain Python."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import polars as pl
import pytest

from data_access.contracts.registry import CONTRACTS, record_kind
from data_access.reference.pack import bundled_pack
from simulations.day import make_day, truth
from simulations.platforms.truth import TALLIES

FIRST, DAYS = date(2021, 8, 5), 2
END = datetime(2021, 8, 6, 17, tzinfo=UTC)  # midnight in Hanoi after the second day
ALL = [(c.platform, k.name) for c in CONTRACTS for k in c.kinds]
LONGEST_INTERVAL = {"AZ": (56, 84), "PF": (21, 28), "MD": (28, 30), "VC": (21, 28)}
NOT_IN_A_DAY = {
    "checkpoint_places_closed", "laboratories_closed", "laboratory_capacity_closed",
    "quarantine_beds_closed", "quarantine_beds_total_closed", "vaccination_sites_closed",
}  # fmt: skip
"""No place closes."""
Rows = list[dict[str, object]]


@lru_cache
def day() -> dict[tuple[str, str], pl.DataFrame]:
    return make_day(areas=bundled_pack("vn").areas, first_day=FIRST, n_days=DAYS, seed=7,
                    provinces=["79", "01"], per_province=12)  # fmt: skip


def rows(platform: str, kind: str) -> Rows:
    return day()[platform, kind].to_dicts()


def by(platform: str, kind: str, name: str) -> dict[object, dict[str, object]]:
    found = {row[name]: row for row in rows(platform, kind)}
    assert len(found) == len(rows(platform, kind))
    return found


def local(moment: datetime) -> date:
    return (moment + timedelta(hours=7)).date()


def test_every_kind_of_every_contract_is_there_in_delivery_fields() -> None:
    assert sorted(day()) == sorted(ALL)
    for platform, kind in ALL:
        frame, declared = day()[platform, kind], record_kind(platform, kind=kind)
        known = {f.name for f in declared.all_fields()}
        assert frame.height, kind
        assert set(frame.columns) <= known, kind
        assert frame[declared.key].n_unique() == frame.height
        assert not frame["province_code"].null_count()


def test_the_same_seed_gives_the_same_day_and_another_one_another() -> None:
    def made(seed: int) -> pl.DataFrame:
        areas = bundled_pack("vn").areas
        found = make_day(areas=areas, first_day=FIRST, seed=seed, provinces=["48"], per_province=3)
        return found["testing", "sample"]

    assert made(1).equals(made(1))
    assert not made(1).equals(made(2))


def test_nothing_lies_after_the_period() -> None:
    for (_, kind), frame in day().items():
        declared = {f.name: f for contract in CONTRACTS for k in contract.kinds if k.name == kind
                    for f in k.all_fields()}  # fmt: skip
        for name, dtype in frame.schema.items():
            last = frame[name].max()
            if isinstance(dtype, pl.Datetime):
                assert last is None or last < END, (kind, name)
            elif dtype == pl.Date and declared[name].not_future:
                assert last is None or last < FIRST + timedelta(days=DAYS), (kind, name)


def test_each_case_has_one_positive_single_sample_in_a_registered_laboratory() -> None:
    positive = [row for row in rows("testing", "sample")
                if row["result"] == "duong_tinh" and row["pool_size"] == 1]  # fmt: skip
    laboratories = by("testing", "laboratory", "lab_code")
    of_person = {row["id_no"]: row for row in positive}
    assert len(of_person) == len(positive) == len(rows("tracing", "case"))
    for case in rows("tracing", "case"):
        sample = of_person[case["id_no"]]
        assert local(sample["collected_at"]) == case["sample_date"]
        assert local(sample["resulted_at"]) == case["result_date"]
        assert sample["returned_at"] <= case["isolation_ts"]
    assert {row["lab_code"] for row in rows("testing", "sample")} <= set(laboratories)


def test_each_case_is_isolated_by_a_stay_that_begins_then() -> None:
    facilities = by("quarantine", "facility", "facility_id")
    stays = [row for row in rows("quarantine", "stay") if row["class"] == "F0"]
    started = {row["id_no"]: row["start_ts"] for row in stays}
    assert started == {row["id_no"]: row["isolation_ts"] for row in rows("tracing", "case")}
    for row in rows("quarantine", "stay"):
        site = facilities[row["facility_id"]]
        assert (site["kind"], site["province_code"]) == (row["facility_kind"], row["province_code"])
    inside = Counter(row["facility_id"] for row in rows("quarantine", "stay"))
    assert all(facilities[name]["beds_usable"] >= many for name, many in inside.items())


def test_contacts_name_their_case_and_stay_where_they_say() -> None:
    cases = by("tracing", "case", "case_id")
    stays = {row["id_no"]: row for row in rows("quarantine", "stay") if row["class"] == "F1"}
    samples = defaultdict(set)
    for row in rows("testing", "sample"):
        samples[row["id_no"]].add(row["collected_at"])
    reached = 0
    for contact in rows("tracing", "contact"):
        index = cases[contact["index_case_id"]]
        assert contact["identified_ts"] >= index["interviewed_at"]
        if contact["quarantined_ts"] is None:
            assert contact["id_no"] not in stays
            continue
        reached += 1
        assert stays[contact["id_no"]]["start_ts"] == contact["quarantined_ts"]
        assert contact["sampled_ts"] in samples[contact["id_no"]]
        assert contact["identified_ts"] <= contact["reached_ts"] <= contact["quarantined_ts"]
    assert reached == len(stays) > len(cases)


def test_cases_known_before_were_listed_and_leave_quarantine_as_cases() -> None:
    known = {row["id_no"]: row for row in rows("tracing", "case") if row["known_contact"]}
    listed = {row["id_no"]: row for row in rows("tracing", "contact")
              if row["status"] == "tested_pos"}  # fmt: skip
    left = {row["id_no"]: row for row in rows("quarantine", "stay")
            if row["end_reason"] == "thanh_F0"}  # fmt: skip
    assert known
    assert known.keys() == listed.keys() == left.keys()
    for person, case in known.items():
        assert listed[person]["index_case_id"] == case["infector_id"]
        assert local(listed[person]["identified_ts"]) < case["sample_date"]
        assert left[person]["actual_end"] == case["isolation_ts"]


def test_infectors_are_cases_of_the_cluster_and_fell_ill_no_later() -> None:
    cases, clusters = by("tracing", "case", "case_id"), by("tracing", "cluster", "cluster_id")
    chained = 0
    for case in cases.values():
        cluster = clusters[case["cluster_id"]]
        assert cluster["opened_on"] <= case["report_date"] <= cluster["last_case_date"]
        if case["infector_id"]:
            infector = cases[case["infector_id"]]
            chained += 1
            assert infector["cluster_id"] == case["cluster_id"]
            assert case["onset_date"] is None or infector["onset_date"] <= case["onset_date"]
    assert chained


def test_a_positive_pool_is_taken_apart_and_one_member_is_a_case() -> None:
    samples = by("testing", "sample", "sample_id")
    cases = {row["id_no"] for row in rows("tracing", "case")}
    members = defaultdict(list)
    for row in rows("testing", "sample_person"):
        members[row["sample_id"]].append(row["id_no"])
    retests = defaultdict(dict)
    for row in samples.values():
        if row["deconvolution_of"]:
            retests[row["deconvolution_of"]][row["id_no"]] = row["result"]
    pools = {key: row for key, row in samples.items() if row["pool_kind"] == "gop_que"}
    assert pools.keys() == members.keys()
    for key, pool in pools.items():
        assert len(set(members[key])) == pool["pool_size"] == pool["n_persons"]
        if pool["result"] == "duong_tinh":
            assert retests[key].keys() == set(members[key])
            assert {p for p, r in retests[key].items() if r == "duong_tinh"} == (
                cases & set(members[key])
            )
    assert {key for key, row in pools.items() if row["result"] == "duong_tinh"} == retests.keys()


def test_the_ledger_uses_what_was_given_and_carries_its_balance_on() -> None:
    given = Counter((row["site_code"], row["vaccine_code"], local(row["vaccinated_at"]))
                    for row in rows("vaccination", "dose"))  # fmt: skip
    lines = sorted(rows("vaccination", "stock"), key=lambda row: str(row["ledger_date"]))
    used = {(r["site_code"], r["vaccine_code"], r["ledger_date"]): r["used_doses"] for r in lines}
    assert used == dict(given)
    before: dict[tuple[object, object], object] = {}
    for line in lines:
        ledger = (line["site_code"], line["vaccine_code"])
        assert line["opening"] == before.get(ledger, 0)
        out = line["used_doses"] + line["wasted_open_vial"] + line["wasted_closed_vial"]
        assert line["closing"] == line["opening"] + line["received"] - out >= 0
        before[ledger] = line["closing"]
    assert {row["site_code"] for row in lines} <= set(by("vaccination", "site", "site_code"))


def test_a_second_dose_follows_the_first_of_the_same_product_in_time() -> None:
    doses = rows("vaccination", "dose")
    first = {row["id_no"]: row for row in doses if row["dose_no"] == "1"}
    second = [row for row in doses if row["dose_no"] == "2"]
    assert second
    assert len(first) + len(second) == len(doses)
    for row in second:
        before = first[row["id_no"]]
        low, high = LONGEST_INTERVAL[row["vaccine_code"]]
        between = local(row["vaccinated_at"]) - local(before["vaccinated_at"])
        assert before["vaccine_code"] == row["vaccine_code"]
        assert low <= between.days <= high


def test_scans_and_visits_are_at_registered_places_and_meet() -> None:
    places = by("checkpoints", "place", "place_code")
    scans = {(r["id_no"], r["place_code"], r["scanned_at"]) for r in rows("checkpoints", "scan")}
    cases = by("tracing", "case", "case_id")
    for scan in rows("checkpoints", "scan"):
        place = places[scan["place_code"]]
        assert (place["kind"], place["district_code"]) == (
            scan["place_kind"],
            scan["district_code"],
        )
        assert place["registered_at"] < scan["scanned_at"] <= scan["synced_at"]
    for visit in rows("tracing", "exposure_place"):
        person = cases[visit["case_id"]]["id_no"]
        for moment in ("visited_from", "visited_to"):
            assert (person, visit["place_code"], visit[moment]) in scans


def test_flagged_declarations_are_called_then_sampled() -> None:
    samples = {(r["id_no"], r["collected_at"]): r for r in rows("testing", "sample")}
    steps: Counter[object] = Counter()
    for row in rows("declarations", "declaration"):
        steps[row["followup_status"]] += 1
        if row["risk_flag"] == "none":
            assert (row["symptoms_14d"], row["exposure_14d"], row["called_at"]) == (None,) * 3
        elif row["sampled_at"]:
            assert row["declared_at"] <= row["called_at"] <= row["sampled_at"]
            assert samples[row["id_no"], row["sampled_at"]]["result"] == row["test_result"]
    assert steps["sent_to_test"] and steps["verified"]  # noqa: PT018 -- both branches were seen


def test_what_was_noted_in_quarantine_lies_within_the_stay() -> None:
    stays = by("quarantine", "stay", "stay_id")
    for kind, name in (("daily_check", "date"), ("test", "day"), ("breach", "ts")):
        for row in rows("quarantine", kind):
            stay = stays[row["stay_id"]]
            at = local(row["ts"]) if name == "ts" else row[name]
            assert stay["actual_end"] is None or at <= local(stay["actual_end"])
            # A check belongs to the day it is made on; nobody is checked before coming in.
            assert local(stay["start_ts"]) <= at


def test_a_facility_reports_who_is_inside_and_what_is_free() -> None:
    facilities = by("quarantine", "facility", "facility_id")
    reports = rows("quarantine", "site_report")
    assert len(reports) == len(facilities) * DAYS
    states: Counter[object] = Counter()
    for row in reports:
        inside = [
            stay for stay in rows("quarantine", "stay")
            if stay["facility_id"] == row["facility_id"]
            and local(stay["start_ts"]) <= row["date"]
            and (stay["actual_end"] is None or local(stay["actual_end"]) > row["date"])
        ]  # fmt: skip
        assert row["occupied"] == len(inside)
        assert row["occupied"] + row["beds_free"] == facilities[row["facility_id"]]["beds_usable"]
        assert row["facility_kind"] == facilities[row["facility_id"]]["kind"]
        assert (row["state"] == "binh_thuong") == (row["shortages"] is None)
        states[row["state"]] += 1
    assert len(states) > 1
    assert any(row["occupied"] for row in reports)


def test_tests_breaches_and_checks_say_what_the_stay_says() -> None:
    stays = by("quarantine", "stay", "stay_id")
    for row in rows("quarantine", "test"):
        assert row["stay_started_on"] == local(stays[row["stay_id"]]["start_ts"])
        assert row["stay_day"] == (row["day"] - row["stay_started_on"]).days + 1
    absent = [row for row in rows("quarantine", "daily_check") if not row["present"]]
    assert absent
    assert all((row["temp_c"], row["symptoms"]) == (None, None) for row in absent)
    for row in rows("quarantine", "breach"):
        assert row["detected_by"]
        assert (row["distance_m"] is not None) == (row["kind"] == "roi_khu_vuc")
    late = [row for row in stays.values()
            if row["actual_end"] and local(row["actual_end"]) > row["planned_end"]]  # fmt: skip
    assert late
    assert {row["class"] for row in late} == {"nhap_canh"}


def test_a_dose_names_the_one_before_it_and_a_lot_has_one_expiry() -> None:
    doses = rows("vaccination", "dose")
    first = {row["id_no"]: row for row in doses if row["dose_no"] == "1"}
    for row in doses:
        said = (row["previous_on"], row["previous_code"])
        if row["dose_no"] == "1":
            assert said == (None, None)
        else:
            before = first[row["id_no"]]
            assert said == (local(before["vaccinated_at"]), before["vaccine_code"])
    lots = [*doses, *rows("vaccination", "stock")]
    assert len({(r["lot_no"], r["expiry"]) for r in lots}) == len({r["lot_no"] for r in lots})
    assert all(row["expiry"] > local(row["vaccinated_at"]) for row in doses)
    stock = rows("vaccination", "stock")
    assert all(row["stock_out"] == (row["closing"] == 0) for row in stock)
    assert {row["stock_out"] for row in stock} == {True, False}


def test_results_cards_and_places_are_told_in_full() -> None:
    for row in rows("testing", "sample"):
        assert (row["returned_via"] is None) == (row["returned_at"] is None)
    admitted = {(row["card_colour"], row["direction"]): row["outcome"]
                for row in rows("checkpoints", "scan")}  # fmt: skip
    assert {outcome for (card, _), outcome in admitted.items() if card != "do"} == {"cho_vao"}
    last = defaultdict(lambda: datetime(2000, 1, 1, tzinfo=UTC))
    for row in rows("checkpoints", "scan"):
        last[row["place_code"]] = max(last[row["place_code"]], row["scanned_at"])
    places = rows("checkpoints", "place")
    assert {row["status"] for row in places} == {"active", "inactive"}
    for row in places:
        assert row["status_since"] >= row["registered_at"]
        assert row["status"] == "active" or row["status_since"] > last[row["place_code"]]


def test_each_grain_of_each_measure_is_counted_beside_the_gate() -> None:
    declared = {
        (c.platform, k.name, r.measure, g.level.value[0], "+".join(sorted(g.cut)))
        for c in CONTRACTS for k in c.kinds for r in k.rollups for g in r.grains
    }  # fmt: skip
    counted = {
        (*tally.kind, tally.measure, level, "+".join(sorted(cut.split("+"))))
        for tally in TALLIES
        for level, _, cut in (grain.partition(":") for grain in tally.grains.split())
    }
    assert counted <= declared
    assert {each[2] for each in declared - counted} == NOT_IN_A_DAY


def test_numbers_are_well_formed_and_of_one_person_each() -> None:
    person_of: dict[object, object] = {}
    for frame in day().values():
        if "id_no" not in frame.columns:
            continue
        for row in frame.filter(pl.col("id_no").is_not_null()).to_dicts():
            number, born = str(row["id_no"]), row["birth_date"]
            assert len(number) == 12
            century = 2 * (born.year // 100 - 19) + (row["sex"] == "nu")
            assert number[3] == str(century)
            assert number[4:6] == f"{born.year % 100:02d}"
            person = (row["full_name"], born, row["insurance_no"], row["phone"])
            assert person_of.setdefault(number, person) == person
    assert len({person[3] for person in person_of.values()}) == len(person_of)


@pytest.mark.parametrize(
    ("measure", "kind", "where"),
    [
        ("cases", ("tracing", "case"), pl.lit(value=True)),
        ("doses", ("vaccination", "dose"), pl.lit(value=True)),
        ("quarantine_discharges", ("quarantine", "stay"), pl.col("actual_end").is_not_null()),
        ("samples_resulted", ("testing", "sample"), pl.col("result").is_not_null()),
    ],
)
def test_every_cut_of_a_truth_adds_up_to_its_records(
    measure: str, kind: tuple[str, str], where: pl.Expr
) -> None:
    wanted = day()[kind].filter(where).height
    cuts: Counter[str] = Counter()
    for row in truth(day()).filter(pl.col("measure") == measure).to_dicts():
        names = "+".join(part.split("=")[0] for part in row["dims"].split("|"))
        cuts[("p:" if len(row["area_code"]) == 2 else "d:") + names] += row["value"]
    assert cuts
    assert set(cuts.values()) == {wanted}


def test_an_edition_that_does_not_hold_is_refused() -> None:
    areas = bundled_pack("vn").areas
    with pytest.raises(ValueError, match="not in force"):
        make_day(areas=areas, first_day=date(2025, 8, 1), seed=1)
    with pytest.raises(ValueError, match="XX"):
        make_day(areas=areas, first_day=FIRST, seed=1, provinces=["XX"])
    merged = make_day(areas=areas, first_day=date(2026, 3, 1), seed=1, provinces=["01"])
    assert merged["tracing", "case"]["district_code"].null_count() > 0


def test_some_people_are_scanned_in_two_provinces_hours_apart_and_counts_stay() -> None:
    made = make_day(areas=bundled_pack("vn").areas, first_day=FIRST, n_days=DAYS, seed=7,
                    provinces=["74", "75", "79"], per_province=12)  # fmt: skip
    scans = defaultdict(list)
    for row in made["checkpoints", "scan"].to_dicts():
        scans[row["id_no"]].append((row["scanned_at"], row["province_code"], row["card_colour"]))
    travelled = [sorted(own) for own in scans.values() if len({one[1] for one in own}) > 1]
    others = sum(len(own) for own in scans.values())
    assert 0.01 < len(travelled) / others < 0.05
    for own in travelled:
        assert len({local(moment) for moment, *_ in own}) == 1
        assert len({card for *_, card in own}) == 1
        assert own[-1][0] - own[0][0] >= timedelta(hours=2)
