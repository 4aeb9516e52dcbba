"""Households, contacts and chains of a feed: in numbers, and in the records of tracing."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.reference.pack import bundled_pack
from simulations.feeds.chains import (
    HOUSEHOLD_SHARES,
    NO_ONSET,
    NONE,
    Chains,
    household_others,
    longest_lag,
    make_chains,
)
from simulations.feeds.files import Truth
from simulations.feeds.model import LAST, FeedDay, FeedParameters, FeedSpec
from simulations.feeds.stream import stream

FIRST, N_DAYS, BLOCK = date(2021, 7, 20), 30, 7
LOCAL = timedelta(hours=7)


@cache
def days() -> list[FeedDay]:
    spec = FeedSpec(first_day=FIRST, days=N_DAYS, seed=5, thin=0.01, provinces=("79", "48"),
                    parameters=FeedParameters(block_days=BLOCK))  # fmt: skip
    return list(stream(spec, areas=bundled_pack("vn").areas))


def last(platform: str, kind: str) -> list[dict[str, object]]:
    return pl.concat(day.records[platform, kind].filter(LAST) for day in days()
                     if (platform, kind) in day.records).to_dicts()  # fmt: skip


def chains(cases: list[list[int]], *, seed: int = 1, first_day: date = FIRST,
           p: FeedParameters | None = None) -> Chains:  # fmt: skip
    return make_chains(np.array(cases), first_day=first_day, p=p or FeedParameters(),
                       rng=np.random.default_rng(seed))  # fmt: skip


def test_households_are_those_of_the_census_and_people_live_in_the_large_ones() -> None:
    assert sum(HOUSEHOLD_SHARES) == pytest.approx(1)
    mean = sum(size * share for size, share in enumerate(HOUSEHOLD_SHARES, start=1))
    assert mean == pytest.approx(3.5, abs=0.05)
    assert sum(HOUSEHOLD_SHARES[1:4]) == pytest.approx(0.655, abs=0.001)
    of_people = [size * share / mean for size, share in enumerate(HOUSEHOLD_SHARES, start=1)]
    n = 40_000
    found = Counter((household_others(n, np.random.default_rng(3)) + 1).tolist())
    for size, share in enumerate(of_people, start=1):
        assert abs(found[size] - n * share) < 4 * (n * share) ** 0.5


counts = st.lists(st.lists(st.integers(0, 6), min_size=2, max_size=2), min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(counts, st.integers(0, 99), st.sampled_from([FIRST, date(2021, 12, 10), date(2022, 2, 18)]))
def test_chains_keep_the_cases_given_and_run_forward(
    cases: list[list[int]], seed: int, first_day: date
) -> None:
    c = chains(cases, seed=seed, first_day=first_day)
    found = Counter(zip(c.day.tolist(), c.province.tolist(), strict=True))
    asked = {(d, p): n for d, row in enumerate(cases) for p, n in enumerate(row) if n}
    assert found == asked
    assert c.day.tolist() == sorted(c.day.tolist())
    seen = set()
    for case in range(len(c.day)):
        parent = int(c.parent[case])
        if parent == NONE:
            continue
        assert (
            1
            <= c.day[case] - c.day[parent]
            <= longest_lag(first_day + timedelta(days=int(c.day[parent])))
        )
        assert c.province[case] == c.province[parent]
        assert c.cluster[case] == c.cluster[parent]
        assert c.others_home[case] == 0
        at_home = c.is_home[case] == 1
        listed = c.others_home[parent] if at_home else c.others_away[parent]
        assert 0 <= c.member[case] < listed
        key = (parent, at_home, int(c.member[case]))
        assert key not in seen
        seen.add(key)
        if NO_ONSET not in (c.onset[case], c.onset[parent]):
            assert c.onset[case] > c.onset[parent]


@settings(max_examples=40, deadline=None)
@given(counts, st.integers(0, 99))
def test_clusters_are_what_their_cases_are(cases: list[list[int]], seed: int) -> None:
    c = chains(cases, seed=seed)
    members = defaultdict(list)
    for case, cluster in enumerate(c.cluster.tolist()):
        members[cluster].append(case)
    assert sorted(members) == list(range(len(c.first)))
    for cluster, of in members.items():
        assert c.first[cluster] == of[0]
        assert c.last_day[cluster] == max(c.day[case] for case in of)
        onsets = [int(c.onset[case]) for case in of if c.onset[case] != NO_ONSET]
        assert c.first_onset[cluster] == min(onsets, default=NO_ONSET)
        assert len({int(c.province[case]) for case in of}) == 1
        for case in of:
            if (infector := int(c.infector[case])) != NONE:
                assert infector in of
                assert infector != case


def test_of_a_household_as_many_fall_ill_as_the_attack_rate_says() -> None:
    p = FeedParameters(household_attack=0.1, elsewhere_attack=0.05)
    c = chains([[400]] * 40, p=p)
    early = c.day < 30  # whose contacts all have their days
    of_home, of_away = c.others_home[early].sum(), c.others_away[early].sum()
    ill = np.isin(c.parent, np.flatnonzero(early))
    for n, rate, home in ((of_home, 0.1, 1), (of_away, 0.05, 0)):
        got = (ill & (c.is_home == home)).sum()
        assert abs(got - n * rate) < 4 * (n * rate) ** 0.5


@pytest.mark.parametrize("rate", [-0.1, 0.61])
def test_attack_rates_are_bounded(rate: float) -> None:
    with pytest.raises(ValueError, match="household_attack is"):
        FeedParameters(household_attack=rate)


def test_a_case_known_before_is_the_person_who_was_listed_and_has_the_same_infector() -> None:
    listed = defaultdict(list)
    for contact in last("tracing", "contact"):
        listed[contact["id_no"]].append(contact)
    cases = {case["case_id"]: case for case in last("tracing", "case")}
    known = [case for case in cases.values() if case["known_contact"]]
    later = 0
    for case in known:
        (contact,) = listed[case["id_no"]]
        assert contact["index_case_id"] == case["infector_id"]
        assert contact["status"] == "tested_pos"
        assert contact["full_name"] == case["full_name"]
        assert contact["ward_code"] == case["ward_code"]
        index = cases[case["infector_id"]]
        assert index["cluster_id"] == case["cluster_id"]
        on = (contact["identified_ts"] + LOCAL).date()
        assert on == index["sample_date"] < case["sample_date"]
        later += (on - FIRST).days // BLOCK < (case["sample_date"] - FIRST).days // BLOCK
    assert len(known) > 100
    assert later > 20
    ill = {key for key, rows in listed.items() for row in rows if row["status"] == "tested_pos"}
    told = {case["id_no"] for case in cases.values()}
    # Told of as positive on the last evening, as a case on the day after the feed.
    assert len(ill - told) <= 0.02 * len(ill)


def test_truths_chains_are_what_tracing_says() -> None:
    counted = Truth()
    for day in days():
        counted.add(day.records)
    said = {case["case_id"]: (case["infector_id"], case["cluster_id"])
            for case in last("tracing", "case")}  # fmt: skip
    truth = counted.chains.select("infectee", "infector", "cluster").rows()
    assert {case: (infector, cluster) for case, infector, cluster in truth} == said
    by_contact = {contact["id_no"]: contact["index_case_id"] for contact in last(
        "tracing", "contact") if contact["status"] == "tested_pos"}  # fmt: skip
    from_contacts = {case["case_id"]: by_contact[case["id_no"]] for case in last("tracing", "case")
                     if case["id_no"] in by_contact}  # fmt: skip
    known = [case["case_id"] for case in last("tracing", "case") if case["known_contact"]]
    assert from_contacts == {case: said[case][0] for case in known}
    assert counted.chains["generation"].max() >= 3


def test_contacts_are_mostly_the_household_of_the_case_in_its_ward() -> None:
    cases = {case["case_id"]: case for case in last("tracing", "case")}
    contacts = [row for row in last("tracing", "contact") if row["index_case_id"] in cases]
    home = [row for row in contacts if row["setting"] == "ho_gia_dinh"]
    assert len(home) > 0.5 * len(contacts)
    for row in home:
        index = cases[row["index_case_id"]]
        assert (row["ward_code"], row["district_code"]) == (
            index["ward_code"], index["district_code"])  # fmt: skip
    with_home = {row["index_case_id"] for row in home}
    assert not any(cases[case]["known_contact"] for case in with_home)
    attack = sum(row["status"] == "tested_pos" for row in home) / len(home)
    assert 0.1 < attack < 0.297 + 0.05


def test_who_becomes_a_case_leaves_quarantine_on_being_isolated() -> None:
    isolated = {case["id_no"]: case["isolation_ts"] for case in last("tracing", "case")
                if case["known_contact"]}  # fmt: skip
    left = {stay["id_no"]: stay for stay in last("quarantine", "stay")
            if stay["class"] == "F1" and stay["id_no"] in isolated}  # fmt: skip
    assert set(left) == set(isolated)
    for who, stay in left.items():
        if stay["actual_end"]:
            assert stay["actual_end"] == isolated[who]
            assert stay["end_reason"] == "thanh_F0"


def test_clusters_have_a_kind_and_end_with_their_last_case() -> None:
    cases = defaultdict(list)
    for case in last("tracing", "case"):
        cases[case["cluster_id"]].append(case)
    clusters = {row["cluster_id"]: row for row in last("tracing", "cluster")}
    assert {"ho_gia_dinh", "noi_lam_viec", "cho"} <= {row["setting"] for row in clusters.values()}
    closed = [row for row in clusters.values() if row["status"] == "ket_thuc"]
    assert len(closed) > 10
    for row in closed:
        of = cases[row["cluster_id"]]
        assert row["opened_on"] == min(case["sample_date"] for case in of)
        assert row["last_case_date"] == max(case["sample_date"] for case in of)
        if row["setting"] == "ho_gia_dinh":
            assert len(of) > 1
