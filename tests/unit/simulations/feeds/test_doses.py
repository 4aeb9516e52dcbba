"""Later doses: of people who had one before, in the feed or before it, at their interval."""

from collections import Counter
from datetime import date, timedelta
from functools import cache

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.reference.pack import bundled_pack
from simulations.feeds.cohorts import SECOND, THIRD, Cohorts, before_the_feed, least_days
from simulations.feeds.model import LAST, FeedSpec
from simulations.feeds.stream import stream
from simulations.feeds.volumes import country_of, volumes

LOCAL = timedelta(hours=7)
INTERVALS = {"AZ": (56, 84), "PF": (21, 28), "MD": (28, 30), "VC": (21, 28)}
LEAST = {code: least for code, (least, _) in INTERVALS.items()}
START = date(2021, 7, 1)
grids = st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=1, max_size=70)


@settings(max_examples=60, deadline=None)
@given(grids, st.lists(st.integers(0, 40), min_size=2, max_size=2), st.integers(0, 90))
def test_who_is_due_longest_is_taken_first_and_nobody_too_early(
    grid: list[list[int]], wanted: list[int], after: int
) -> None:
    n = np.zeros((len(grid), 4, 2), dtype=np.int64)
    n[:, 0, :], n[:, 1, :] = grid, [row[::-1] for row in grid]
    cohorts = Cohorts(first_day=START, products=tuple(INTERVALS), n=n.copy())
    day = START + timedelta(days=after)
    taken = cohorts.take(np.array(wanted), day=day, least=LEAST)
    for province in range(2):
        due = sorted((d + LEAST[code], d, k) for d in range(len(grid))
                     for k, code in enumerate(INTERVALS) for _ in range(n[d, k, province])
                     if after - d >= LEAST[code])  # fmt: skip
        expected = Counter((d, k) for _, d, k in due[: wanted[province]])
        found = {(d, k): int(taken[d, k, province]) for d, k in np.argwhere(taken[..., province])}
        assert found == expected
    assert (cohorts.n + taken == n).all()


@settings(max_examples=30, deadline=None)
@given(grids, grids, st.integers(0, 9))
def test_before_a_feed_everybody_waits_or_had_the_second(
    firsts: list[list[int]], seconds: list[list[int]], seed: int
) -> None:
    n = min(len(firsts), len(seconds))
    once, twice = before_the_feed(
        np.array(firsts[:n]), np.array(seconds[:n]), np.zeros((n, 2), dtype=np.int64),
        first_day=START, products=INTERVALS, rng=np.random.default_rng(seed),
    )  # fmt: skip
    given_out = twice.n.sum(axis=(0, 1))
    assert (once.n.sum(axis=(0, 1)) + given_out == np.sum(firsts[:n], axis=0)).all()
    assert (given_out <= np.sum(seconds[:n], axis=0)).all()
    assert (twice.n.sum(axis=1) <= np.array(seconds[:n])).all()


def test_third_doses_begin_in_december_and_boosters_come_sooner_from_the_17th() -> None:
    def least(day: date) -> dict[str, int]:
        return least_days(INTERVALS, dose=THIRD, day=day)

    assert least(date(2021, 11, 30)) == {}
    assert least(date(2021, 12, 1)) == {"AZ": 180, "PF": 180, "MD": 180, "VC": 28}
    assert least(date(2021, 12, 17)) == {"AZ": 90, "PF": 90, "MD": 90, "VC": 28}
    assert least_days(INTERVALS, dose=SECOND, day=date(2021, 12, 1)) == LEAST


def spec(first: date, days: int, thin: float) -> FeedSpec:
    return FeedSpec(first_day=first, days=days, seed=3, thin=thin, provinces=("01", "79", "96"))


@cache
def doses(first: date, days: int, thin: float) -> pl.DataFrame:
    made = stream(spec(first, days, thin), areas=bundled_pack("vn").areas)
    return pl.concat(day.records["vaccination", "dose"].filter(LAST) for day in made
                     if ("vaccination", "dose") in day.records)  # fmt: skip


def asked(first: date, days: int, thin: float, name: str) -> int:
    wanted = spec(first, days, thin)
    return sum(int(day.counts[name].sum()) for day in volumes(country_of(wanted), wanted))


def test_from_the_epidemics_first_day_on_each_second_dose_follows_a_first_one_of_the_feed() -> None:
    every = doses(date(2021, 4, 27), 49, 0.005)
    first = every.filter(pl.col("dose_no") == "1").select("id_no", "vaccinated_at", "vaccine_code")
    firsts = {who: ((at + LOCAL).date(), code) for who, at, code in first.iter_rows()}
    seconds = every.filter(pl.col("dose_no") == "2")
    assert seconds.height > 50
    for who, at, code, before in seconds.select(
        "id_no", "vaccinated_at", "vaccine_code", "previous_on"
    ).iter_rows():
        assert firsts[who] == (before, code)
        assert ((at + LOCAL).date() - before).days >= LEAST[code]


def test_a_feed_that_begins_late_gives_second_doses_from_its_first_day_on() -> None:
    first, days, thin = date(2021, 9, 2), 5, 0.01
    seconds = doses(first, days, thin).filter(pl.col("dose_no") == "2")
    wanted = asked(first, days, thin, "doses_2")
    # What was given on the last evening may be told of on the day after it.
    assert 0.95 * wanted < seconds.height <= wanted
    days_given = {(at + LOCAL).date() for at in seconds["vaccinated_at"]}
    assert first in days_given
    for at, before, code, previous in seconds.select(
        "vaccinated_at", "previous_on", "vaccine_code", "previous_code"
    ).iter_rows():
        assert previous == code
        assert before < first
        assert ((at + LOCAL).date() - before).days >= LEAST[code]
    assert seconds["id_no"].n_unique() == seconds.height


def test_additional_doses_and_boosters_follow_the_course_and_its_product() -> None:
    first, days, thin = date(2021, 12, 20), 4, 0.002
    every = doses(first, days, thin)
    third = every.filter(pl.col("dose_no").is_in(["bo_sung", "nhac_1"]))
    wanted = asked(first, days, thin, "doses_3")
    assert 0.95 * wanted < third.height <= wanted
    assert set(third["dose_no"]) == {"bo_sung", "nhac_1"}
    for at, dose, code, before, previous in third.select(
        "vaccinated_at", "dose_no", "vaccine_code", "previous_on", "previous_code"
    ).iter_rows():
        assert (dose == "bo_sung") == (previous == "VC")
        assert code == {"AZ": "PF", "VC": "PF"}.get(previous, previous)
        passed = ((at + LOCAL).date() - before).days
        assert passed >= (28 if previous == "VC" else 90)
    assert third["id_no"].n_unique() == third.height


def test_sites_are_in_proportion_to_people_and_all_of_them_give_doses() -> None:
    first, days, thin = date(2021, 9, 2), 5, 0.05
    wanted = spec(first, days, thin)
    country = country_of(wanted)
    people = {code: country.setup.population[country.index(code)].sum() * thin
              for code in ("01", "79", "96")}  # fmt: skip
    made = list(stream(wanted, areas=bundled_pack("vn").areas))
    sites = made[0].records["vaccination", "site"]
    found = Counter(sites.select("province_code", "kind").iter_rows())
    assert found == {(code, kind): 1 + int(n // 50_000) for code, n in people.items()
                     for kind in ("co_dinh", "benh_vien")}  # fmt: skip
    assert found["79", "co_dinh"] > found["96", "co_dinh"] > 0
    where = dict(sites.select("site_code", "district_code").iter_rows())
    used = pl.concat(day.records["vaccination", "dose"] for day in made)
    assert set(used["site_code"]) == set(where)
    assert all(where[site] == district for site, district in used.select(
        "site_code", "district_code").iter_rows())  # fmt: skip
