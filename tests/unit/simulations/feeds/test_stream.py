"""Records of a feed: their states, and what must hold between them, counted by other means."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest

from data_access.contracts.registry import CONTRACTS, record_kind
from data_access.reference.pack import bundled_pack
from simulations.epidemic.engine import CASES
from simulations.feeds.laboratories import queued
from simulations.feeds.model import LAST, SENT, FeedDay, FeedParameters, FeedSpec, Frames
from simulations.feeds.stream import stream
from simulations.feeds.volumes import country_of, volumes

FIRST, N_DAYS = date(2021, 7, 20), 30
LOCAL = timedelta(hours=7)


def spec(*, seed: int = 5, days: int = N_DAYS, block: int = 7) -> FeedSpec:
    return FeedSpec(first_day=FIRST, days=days, seed=seed, thin=0.01, provinces=("79", "48"),
                    parameters=FeedParameters(block_days=block))  # fmt: skip


@cache
def days(seed: int = 5, n: int = N_DAYS) -> list[FeedDay]:
    return list(stream(spec(seed=seed, days=n), areas=bundled_pack("vn").areas))


@cache
def last() -> Frames:
    found: dict[tuple[str, str], list[pl.DataFrame]] = {}
    for day in days():
        for key, rows in day.records.items():
            found.setdefault(key, []).append(rows.filter(pl.col(LAST)))
    return {key: pl.concat(parts) for key, parts in found.items()}


def rows(platform: str, kind: str) -> pl.DataFrame:
    return last()[platform, kind]


def test_every_kind_of_record_is_there() -> None:
    assert set(last()) == {(c.platform, kind.name) for c in CONTRACTS for kind in c.kinds}


def test_days_come_in_order_and_hold_what_is_sent_on_them() -> None:
    assert [each.day for each in days()] == [FIRST + timedelta(days=n) for n in range(N_DAYS)]
    for each in days():
        for frame in each.records.values():
            assert set((frame[SENT] + LOCAL).dt.date()) == {each.day}


def test_each_record_has_one_last_state_and_none_after_it() -> None:
    seen: dict[tuple[str, str, str], tuple[datetime, bool]] = {}
    for each in days():
        for (platform, kind), frame in each.records.items():
            key = record_kind(platform, kind=kind).key
            for name, sent, is_last in frame.select(key, SENT, LAST).iter_rows():
                before = seen.get((platform, kind, name))
                assert before is None or (before[0] <= sent and not before[1])
                seen[platform, kind, name] = (sent, is_last)
    assert all(is_last for _, is_last in seen.values())


def test_the_same_seed_gives_the_same_rows_and_another_one_others() -> None:
    again = list(stream(spec(days=8), areas=bundled_pack("vn").areas))
    other = list(stream(spec(days=8, seed=6), areas=bundled_pack("vn").areas))
    for first, second, third in zip(days(n=8), again, other, strict=True):
        assert first.records.keys() == second.records.keys()
        assert all(first.records[key].equals(second.records[key]) for key in first.records)
        assert not first.records["checkpoints", "scan"].equals(third.records["checkpoints", "scan"])


def test_cases_are_those_of_the_epidemic() -> None:
    every = volumes(country_of(spec()), spec())
    asked = sum(int(sum(day.counts[name].sum() for name in CASES)) for day in every)
    states = pl.concat(day.records["tracing", "case"] for day in days()
                       if ("tracing", "case") in day.records)  # fmt: skip
    waits = asked - states["case_id"].n_unique()
    # Who was found on the last evening may be told of on the day after it.
    assert 0 <= waits <= asked * 3 / N_DAYS


def test_laboratories_obey_littles_law() -> None:
    samples = rows("testing", "sample").filter(pl.col("result").is_not_null())
    seconds = [
        (a.timestamp(), b.timestamp())
        for a, b in samples.select("received_lab_at", "resulted_at").iter_rows()
    ]
    start, end = min(a for a, _ in seconds), max(b for _, b in seconds)
    # Mean number inside, by walking through arrivals and departures; not from the waits.
    steps = sorted([(a, 1) for a, _ in seconds] + [(b, -1) for _, b in seconds])
    area, inside, at = 0.0, 0, start
    for moment, step in steps:
        area += inside * (moment - at)
        inside, at = inside + step, moment
    rate = len(seconds) / (end - start)
    wait = np.mean([b - a for a, b in seconds])
    assert inside == 0
    assert area / (end - start) == pytest.approx(rate * wait, rel=0.01)


def test_a_laboratory_results_no_more_than_its_capacity() -> None:
    capacity = dict(
        rows("testing", "laboratory").select("lab_code", "capacity_per_day").iter_rows()
    )
    worked = rows("testing", "sample").filter(pl.col("result") == "am_tinh")
    done = Counter(
        (lab, (at + LOCAL).date())
        for lab, at in worked.select("lab_code", "resulted_at").iter_rows()
    )
    assert all(n <= capacity[lab] + 1 for (lab, _), n in done.items())


def test_a_queue_works_first_come_first_served() -> None:
    at = datetime(2021, 8, 1, tzinfo=UTC)
    arrivals = [0, 1, 2, 300, 301]
    samples = pl.DataFrame(
        {"sample_id": [str(n) for n in range(5)], "lab_code": "L", "resulted_at": at,
         "received_lab_at": [at + timedelta(minutes=m) for m in arrivals]}
    )  # fmt: skip
    one_an_hour = pl.DataFrame({"lab_code": ["L"], "capacity_per_day": [24]})
    nothing = pl.DataFrame(schema={"lab_code": pl.String, "free_us": pl.Int64})
    found, free = queued(samples, one_an_hour, free=nothing)
    ends, busy = [], 0
    for minute in arrivals:
        busy = max(minute, busy) + 60
        ends.append(busy)
    done = found.sort("sample_id")["resulted_at"]
    assert [(end - at).total_seconds() / 60 for end in done] == ends
    later, _ = queued(samples, one_an_hour, free=free)
    assert sorted(later["resulted_at"])[0] - sorted(found["resulted_at"])[-1] == timedelta(hours=1)


def test_occupancy_is_who_came_less_who_left_and_never_above_the_beds() -> None:
    beds = dict(rows("quarantine", "facility").select("facility_id", "beds_usable").iter_rows())
    said = {(at, on): n for at, on, n in rows("quarantine", "site_report")
            .select("facility_id", "date", "occupied").iter_rows()}  # fmt: skip
    states = pl.concat(day.records["quarantine", "stay"] for day in days()
                       if ("quarantine", "stay") in day.records)  # fmt: skip
    stays = states.select("stay_id", "facility_id", "start_ts").iter_rows()
    came = {stay: (at, (start + LOCAL).date()) for stay, at, start in stays}
    left = {stay: (end + LOCAL).date()
            for stay, end in states.select("stay_id", "actual_end").iter_rows() if end}  # fmt: skip
    for at, usable in beds.items():
        inside = 0
        for n in range(N_DAYS - 3):
            day = FIRST + timedelta(days=n)
            inside += sum(1 for where, on in came.values() if where == at and on == day)
            inside -= sum(1 for stay, on in left.items() if came[stay][0] == at and on == day)
            assert inside == said[at, day], (at, day)
            assert inside <= usable


@pytest.mark.parametrize(
    ("platform", "kind", "of", "key"),
    [("tracing", "exposure_place", "case", "case_id"),
     ("quarantine", "daily_check", "stay", "stay_id"), ("quarantine", "test", "stay", "stay_id")],
)  # fmt: skip
def test_nothing_is_told_of_a_record_before_the_record(
    platform: str, kind: str, of: str, key: str
) -> None:
    known: dict[str, datetime] = {}
    told: list[tuple[str, datetime]] = []
    for each in days():
        for name, at in each.records[platform, of].select(key, SENT).iter_rows():
            known[name] = min(at, known.get(name, at))
        if (platform, kind) in each.records:
            told += each.records[platform, kind].select(key, SENT).iter_rows()
    assert told
    assert all(known[name] <= at for name, at in told)


def test_who_died_left_by_dying() -> None:
    cases = rows("tracing", "case").filter(pl.col("outcome").is_not_null())
    ways = {who: way for who, of, way in rows("quarantine", "stay").select(
        "id_no", "class", "end_reason").iter_rows() if of == "F0" and way}  # fmt: skip
    told = {who: outcome for who, outcome in cases.select("id_no", "outcome").iter_rows()
            if who in ways and outcome != "dang_dieu_tri"}  # fmt: skip
    assert {"khoi", "tu_vong"} == set(told.values())
    assert all((ways[who] == "tu_vong") == (outcome == "tu_vong") for who, outcome in told.items())


def test_pools_hold_as_many_as_they_say_and_are_taken_apart() -> None:
    samples = rows("testing", "sample")
    members = Counter(rows("testing", "sample_person")["sample_id"])
    pools = samples.filter(pl.col("pool_kind") != "don")
    told = [(key, size) for key, size in pools.select("sample_id", "pool_size").iter_rows()]
    whole = [members[key] for key, _ in told if key in members]
    assert len(whole) > 0.95 * len(told)
    assert all(members[key] == size for key, size in told if key in members)
    positive = set(pools.filter(pl.col("result") == "duong_tinh")["sample_id"])
    retests = Counter(samples["deconvolution_of"].drop_nulls())
    assert positive
    assert positive <= set(retests)


def test_second_doses_keep_the_interval_and_follow_a_first_one() -> None:
    doses = rows("vaccination", "dose")
    firsts = {who: (on + LOCAL, code) for who, no, on, code in doses.select(
        "id_no", "dose_no", "vaccinated_at", "vaccine_code").iter_rows() if no == "1"}  # fmt: skip
    least = {"AZ": 56, "PF": 21, "MD": 28, "VC": 21}
    seconds = doses.filter(pl.col("dose_no") == "2")
    assert seconds.height
    for who, on, code, before in seconds.select(
        "id_no", "vaccinated_at", "vaccine_code", "previous_on"
    ).iter_rows():
        assert ((on + LOCAL).date() - before).days >= least[code]
        assert (before >= FIRST) == (who in firsts)
        if who in firsts:
            first, product = firsts[who]
            assert (product, first.date()) == (code, before)


def test_stock_opens_where_it_closed_and_holds_what_was_used() -> None:
    held: dict[tuple[str, str], int] = {}
    lines = rows("vaccination", "stock").sort("ledger_date").to_dicts()
    for line in lines:
        key = (line["site_code"], line["lot_no"])
        assert line["opening"] == held.get(key, 0)
        held[key] = (line["opening"] + line["received"] - line["used_doses"]
                     - line["wasted_open_vial"] - line["wasted_closed_vial"])  # fmt: skip
        assert line["closing"] == held[key]
    used = Counter((site, lot, (on + LOCAL).date()) for site, lot, on in rows("vaccination", "dose")
                   .select("site_code", "lot_no", "vaccinated_at").iter_rows())  # fmt: skip
    for line in lines:
        assert used[line["site_code"], line["lot_no"], line["ledger_date"]] == line["used_doses"]


def test_no_two_people_share_a_number() -> None:
    people = pl.concat(
        frame.select("id_no", "full_name", "birth_date")
        for frame in last().values()
        if "id_no" in frame.columns
    ).drop_nulls("id_no").unique()  # fmt: skip
    assert people["id_no"].n_unique() == people.height


def test_days_may_be_made_one_at_a_time() -> None:
    made = list(stream(spec(days=3, block=1), areas=bundled_pack("vn").areas))
    assert [each.day for each in made] == [FIRST + timedelta(days=n) for n in range(3)]
    cases = pl.concat(each.records["tracing", "case"] for each in made)
    # Each block numbers its own: no key twice.
    states = cases.group_by("case_id").len()
    assert states["len"].max() == 1
