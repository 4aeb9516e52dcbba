"""Who infects whom, and which cases make a cluster: of all days of a feed, in numbers. Pure.

How many cases there are of each day and province is given. Each case that is the first of its
household exposes the others of it; each case exposes a few people elsewhere. Of those, some fall
ill on one of the next days and take a place among the cases of that day; whoever finds no place
stays healthy. The places that are left are first cases of their households. Memory: some 40 bytes
a case of the whole feed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.feeds.model import FeedParameters
from simulations.platforms.stay_rules import RULES

HOUSEHOLD_SHARES = (0.109, 0.18, 0.21, 0.265, 0.13, 0.066, 0.04)
"""Of households, how many have 1, 2, … 7 (and more) people. Census of 1 April 2019: 3.5 people on
average, 10.9 % alone, 65.5 % of 2 to 4, 23.6 % of more; the division within is assumed."""
LAG_WEIGHTS = (18, 20, 17, 13, 10, 8, 6, 4, 2, 2)
"""Chances of the days (1, 2, …) from when a case is found to when a contact of it is (assumed; most
within a week, as the serial interval of some four days has it)."""
CLUSTER_DAYS, PRIMARIES_PER_CLUSTER = 14, 6
"""First cases of households, found in a province within so many days, that share a place: about."""
OWN_CLUSTER_SHARE = 0.3
"""Of the households in which somebody else fell ill, how many are a cluster of their own."""
KINDS = ("ho_gia_dinh", "noi_lam_viec", "cho", "benh_vien", "truong", "xe")
KIND_WEIGHTS = (0.0, 0.45, 0.3, 0.08, 0.07, 0.1)
"""What the places of shared clusters are (assumed)."""
SEVERITIES = ("khong_trieu_chung", "nhe", "trung_binh", "nang")
SEVERITY_WEIGHTS = (0.30, 0.55, 0.10, 0.05)
FOUND = ("contact", "declared", "pooled", "hospital")
CONTACT, DECLARED, POOLED, HOSPITAL = range(4)
DECLARED_SHARE, POOLED_SHARE = 0.3, 0.07
LINKED_SHARE = 0.5
"""Of the ill first cases found in hospital, of how many the interview names the case before."""
ONSET_DAYS, WATCHED_DAYS = 5, 3
"""At most, from onset to being found: of first cases, and of contacts who are watched."""
NONE = -1
NO_ONSET = np.iinfo(np.int32).min
Numbers = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Chains:
    """Cases in the order of their days; every array has one entry per case, but for clusters.

    Attributes:
        day: number of the day, the first of the feed being 0.
        province: number of the province.
        parent: case with which this one was listed as a contact; NONE: none.
        is_home: whether of the same household as the parent.
        member: which of the contacts of that kind of the parent it is, from 0.
        others_home: people listed with it from its household; 0 unless it is the first of it.
        others_away: people listed with it from elsewhere.
        severity: place in SEVERITIES.
        onset: number of the day; NO_ONSET without symptoms.
        found: place in FOUND.
        infector: case that infected it as far as tracing was told; NONE: not known.
        cluster: number of its cluster.
        kind: of each cluster, place in KINDS.
        first: of each cluster, its first case.
        last_day: of each cluster, day of its last case.
        first_onset: of each cluster; NO_ONSET: nobody had symptoms.
    """

    day: Numbers
    province: Numbers
    parent: Numbers
    is_home: Numbers
    member: Numbers
    others_home: Numbers
    others_away: Numbers
    severity: Numbers
    onset: Numbers
    found: Numbers
    infector: Numbers
    cluster: Numbers
    kind: Numbers
    first: Numbers
    last_day: Numbers
    first_onset: Numbers

    def contacts(self, *, shape: tuple[int, int]) -> Numbers:
        """Return how many are listed with the cases of each day and province."""
        many = np.zeros(shape, dtype=np.int64)
        np.add.at(many, (self.day, self.province), self.others_home + self.others_away)
        return many


def make_chains(
    cases: Numbers, *, first_day: date, p: FeedParameters, rng: np.random.Generator
) -> Chains:
    """Return the chains of a feed.

    Args:
        cases: cases of each day and province, shape (days, provinces).
        first_day: local day of the first row.
        p: attack rates and contacts.
        rng: of all chance.
    """
    links = _links(cases, first_day=first_day, p=p, rng=rng)
    found = _found(links, rng)
    made = {**links, **found}
    clusters = _clusters(made, rng)
    return Chains(**made, **clusters, infector=_infectors(made, clusters["cluster"], rng))


def household_others(n: int, rng: np.random.Generator) -> Numbers:
    """Return with how many others each of `n` people lives.

    A person is found in a household the more often, the larger it is.
    """
    sizes = np.arange(1, len(HOUSEHOLD_SHARES) + 1)
    of_people = sizes * np.array(HOUSEHOLD_SHARES)
    return np.asarray(rng.choice(sizes, size=n, p=of_people / of_people.sum()) - 1)


def longest_lag(day: date) -> int:
    """Return the most days after which a contact listed on a day may be found inside quarantine."""
    contacts = [rule for rule in RULES if rule.who == "F1" and rule.since <= day]
    shortest = min(rule.days for rule in contacts if rule.since == contacts[-1].since)
    return min(len(LAG_WEIGHTS), shortest - 1)


def _links(
    cases: Numbers, *, first_day: date, p: FeedParameters, rng: np.random.Generator
) -> dict[str, Numbers]:
    """Return day, province, parent, is_home, member and the numbers of contacts, sorted by day."""
    free = np.array(cases, dtype=np.int64)
    waiting: list[list[Numbers]] = [[] for _ in range(len(free))]
    parts: list[Numbers] = []
    given = 0
    for number in range(len(free)):
        firsts = np.repeat(np.arange(free.shape[1]), free[number])
        alone = np.vstack([firsts, np.full((3, len(firsts)), NONE)])
        today = np.hstack([*waiting[number], alone])
        waiting[number] = []
        n, is_first = today.shape[1], today[1] == NONE
        home = np.where(is_first, household_others(n, rng), 0)
        away = rng.poisson(p.contacts_elsewhere, n)
        parts.append(np.vstack([np.full(n, number), today, home, away]))
        at_home, elsewhere = p.household_attack, p.elsewhere_attack
        many = np.hstack([rng.binomial(home, at_home), rng.binomial(away, elsewhere)])
        longest = longest_lag(first_day + timedelta(days=number))
        for target, rows in _placed(today[0], many, free, day=number, given=given,
                                    longest=longest, rng=rng):  # fmt: skip
            waiting[target].append(rows)
        given += n
    names = ("day", "province", "parent", "is_home", "member", "others_home", "others_away")
    return dict(zip(names, np.hstack(parts).astype(np.int32), strict=True))


def _placed(
    province: Numbers, many: Numbers, free: Numbers, *, day: int, given: int,
    longest: int, rng: np.random.Generator,
) -> Iterator[tuple[int, Numbers]]:  # fmt: skip
    """Yield (day, rows of province, parent, is_home, member) of those who find a place; take it.

    `many`: of each case, how many at home fall ill; then, of each case, how many elsewhere.
    """
    who = np.repeat(np.tile(np.arange(len(province)), 2), many)
    is_home = np.repeat(np.repeat([1, 0], len(province)), many)
    starts = np.repeat(np.cumsum(many) - many, many)
    member = np.arange(len(who)) - starts
    weights = np.array(LAG_WEIGHTS[:longest], dtype=float)
    lag = 1 + rng.choice(longest, size=len(who), p=weights / weights.sum())
    rows = np.vstack([province[who], who + given, is_home, member])
    # In an order of chance, so that no one's contacts are first whenever places are short.
    order = rng.permutation(len(who))
    rows, target = rows[:, order], (day + lag)[order]
    for when in range(day + 1, min(day + longest, len(free) - 1) + 1):
        these = rows[:, target == when]
        kept = these[:, _rank(these[0]) < free[when][these[0]]]
        free[when] -= np.bincount(kept[0], minlength=free.shape[1])
        yield when, kept


def _rank(groups: Numbers) -> Numbers:
    """Return how many of the same group stand before each entry."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.searchsorted(ordered, ordered, side="left")
    rank = np.empty(len(groups), dtype=np.int64)
    rank[order] = np.arange(len(groups)) - starts
    return rank


def _found(links: dict[str, Numbers], rng: np.random.Generator) -> dict[str, Numbers]:
    """Return severity, onset and found; a contact falls ill after its infector was found."""
    n, known = len(links["day"]), links["parent"] != NONE
    severity = rng.choice(len(SEVERITIES), size=n, p=SEVERITY_WEIGHTS)
    lag = links["day"] - links["day"][links["parent"]]
    back = rng.integers(0, ONSET_DAYS, n, endpoint=True)
    watched = np.minimum(rng.integers(0, WATCHED_DAYS, n, endpoint=True), lag - 1)
    is_ill = severity != 0
    onset = np.where(is_ill, links["day"] - np.where(known, watched, back), NO_ONSET)
    chance = rng.random(n)
    declared = (chance < DECLARED_SHARE) & is_ill
    pooled = chance < DECLARED_SHARE + POOLED_SHARE
    found = np.select([known, declared, pooled], [CONTACT, DECLARED, POOLED], HOSPITAL)
    return {"severity": severity.astype(np.int8), "onset": onset.astype(np.int32),
            "found": found.astype(np.int8)}  # fmt: skip


def _clusters(made: dict[str, Numbers], rng: np.random.Generator) -> dict[str, Numbers]:
    """Return the cluster of each case, and kind, first case, last day and onset of each."""
    day, parent, n = made["day"], made["parent"], len(made["day"])
    is_first = parent == NONE
    infected = np.zeros(n, dtype=bool)
    infected[parent[(made["is_home"] == 1) & ~is_first]] = True
    own = is_first & infected & (rng.random(n) < OWN_CLUSTER_SHARE)
    shared = is_first & ~own
    place = made["province"].astype(np.int64) * (n + 1) + day // CLUSTER_DAYS
    _, group = np.unique(place[shared], return_inverse=True)
    many = -(-np.bincount(group) // PRIMARIES_PER_CLUSTER) if len(group) else group
    key = np.full(n, NONE, dtype=np.int64)
    key[shared] = group * (n + 1) + (rng.random(len(group)) * many[group]).astype(np.int64)
    key[own] = -2 - np.flatnonzero(own)
    # Parents stand before their children, one generation a round.
    root = np.where(is_first, np.arange(n), parent)
    while np.any(root[root] != root):
        root = root[root]
    _, first, cluster = np.unique(key[root], return_index=True, return_inverse=True)
    last = np.zeros(len(first), dtype=np.int32)
    np.maximum.at(last, cluster, day)
    onset = np.full(len(first), np.iinfo(np.int32).max, dtype=np.int32)
    is_ill = made["onset"] != NO_ONSET
    np.minimum.at(onset, cluster[is_ill], made["onset"][is_ill])
    is_household = np.zeros(len(first), dtype=bool)
    is_household[cluster[own]] = True
    kind = np.where(is_household, 0, rng.choice(len(KINDS), size=len(first), p=KIND_WEIGHTS))
    return {
        "cluster": cluster.astype(np.int32), "kind": kind.astype(np.int8), "first": first,
        "last_day": last,
        "first_onset": np.where(onset == np.iinfo(np.int32).max, NO_ONSET, onset),
    }  # fmt: skip


def _infectors(made: dict[str, Numbers], cluster: Numbers, rng: np.random.Generator) -> Numbers:
    """Return the infector that tracing was told of: the parent, or who fell ill before."""
    named = (made["found"] == HOSPITAL) & (made["onset"] != NO_ONSET)
    asked = named & (rng.random(len(named)) < LINKED_SHARE)
    ill = np.flatnonzero((made["parent"] == NONE) & (made["onset"] != NO_ONSET))
    ill = ill[np.lexsort((ill, made["onset"][ill], cluster[ill]))]
    before = np.full(len(named), NONE, dtype=np.int32)
    same = cluster[ill][1:] == cluster[ill][:-1]
    before[ill[1:]] = np.where(same, ill[:-1], NONE)
    return np.where(made["parent"] != NONE, made["parent"], np.where(asked, before, NONE))
