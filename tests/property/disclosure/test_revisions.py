"""Bulletin after bulletin, an attacker who knows which cells were revised learns no small count.

He keeps every figure of every bulletin, and takes a cell that was not revised for the same number
in all of them: more than he can know. He shares no code with what he attacks.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pytest

from data_access.disclosure.rows import (
    Checked,
    hidden_breakdowns,
    hidden_in_rows,
    is_small,
    with_moved,
)
from data_access.disclosure.running import Flows, Told, hidden_totals
from tests.cube_world import DAY
from tests.depth import spread
from tests.property.disclosure.attacker import Equation, leaks, total
from tests.property.disclosure.published_world import (
    DISTRICTS,
    N_DAYS,
    PROVINCES,
    PublishedCube,
    cells_of,
    counts,
)

SEED = 5300
K = 5
N_BULLETINS = 4


@dataclass
class Watcher:
    """What somebody holds who read all bulletins of one row, and kept them."""

    known: dict[Hashable, float] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)
    small: dict[Hashable, int] = field(default_factory=dict)

    def reads(self, number: int, values: np.ndarray, versions: np.ndarray, hidden: np.ndarray
              ) -> list[object]:  # fmt: skip
        """Take in one bulletin; return what is known too well from then on."""
        whole = ("total", number)
        self.known[whole] = float(values.sum())
        names: list[Hashable] = [(d, int(v)) for d, v in enumerate(versions)]
        self.equations.append(total(whole, names))
        always = dict(self.known)
        self.known |= {name: float(x) for name, x, gone in zip(names, values, hidden, strict=True)
                       if not gone}  # fmt: skip
        self.small |= {name: K for name, x in zip(names, values, strict=True) if 0 < x < K}
        return list(leaks(self.known, always, self.equations, self.small))


def revised(rng: np.random.Generator, values: np.ndarray, versions: np.ndarray) -> None:
    """Revise some cells of a row, few or many, also down to almost nothing."""
    n = min(int(rng.choice([0, 1, 1, 2, 3, 7])), len(values))
    for d in rng.choice(len(values), n, replace=False):
        becomes = float(rng.choice([0, 1, 3, 4, 7, 12, 30]))
        versions[d] += becomes != values[d]
        values[d] = becomes


@pytest.mark.parametrize("number", spread(range(400), 60))
def test_no_row_of_bulletins_with_revisions_leaks(number: int) -> None:
    rng = np.random.default_rng(SEED + number)
    n = int(rng.integers(2, 8))
    values = rng.choice([0.0, 2.0, 3.0, 6.0, 11.0, 25.0], n)
    versions, last = np.zeros(n, dtype=int), np.full(n, np.nan)
    hidden, group = np.zeros((1, n), dtype=bool), np.zeros(n, dtype=np.int64)
    watcher = Watcher()
    for bulletin in range(N_BULLETINS):
        row = values[None].copy()
        hidden = hidden_in_rows(row, is_small(row, K), hidden, group=group, threshold=K,
                                news=row != last)  # fmt: skip
        assert watcher.reads(bulletin, values, versions, hidden[0]) == []
        last = values.copy()
        revised(rng, values, versions)


def test_a_neighbour_that_was_told_and_has_not_moved_is_no_cover() -> None:
    """9, 12 and 20 were told; 12 fell to 2, and 20 rose: only the one that rose can cover."""
    before = np.array([[9.0, 12.0, 20.0]])
    values = np.array([[9.0, 2.0, 26.0]])
    small, group = is_small(values, K), np.zeros(3, dtype=np.int64)
    nothing = np.zeros_like(small)
    told = {"news": values != before, "group": group, "threshold": K}
    assert hidden_in_rows(values, small, nothing, **told).tolist() == [[False, True, True]]
    watcher = Watcher()
    assert watcher.reads(0, before[0], np.array([0, 0, 0]), nothing[0]) == []
    with_nine = np.array([True, True, False])
    assert watcher.reads(1, values[0], np.array([0, 1, 1]), with_nine) != []


# --- running totals -----------------------------------------------------------------------------


@dataclass
class Book:
    """Days × districts of one province as bulletins told them, with their running totals."""

    known: dict[Hashable, float] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)
    small: dict[Hashable, int] = field(default_factory=dict)

    def reads(self, number: int, days: np.ndarray, versions: np.ndarray, hidden: np.ndarray,
              kept: np.ndarray) -> list[object]:  # fmt: skip
        """Take in one bulletin; return the days' counts that are known too well from then on."""
        n_days, n_parts = days.shape
        sums = days.cumsum(axis=0)
        told: dict[Hashable, float] = {}
        for day in range(n_days):
            names: list[Hashable] = [(i, day, int(versions[day, i])) for i in range(n_parts)]
            self.known["p", number, day] = float(days[day].sum())
            self.equations.append(total(("p", number, day), names))
            for i, name in enumerate(names):
                if not hidden[day, i]:
                    told[name] = float(days[day, i])
                if 0 < days[day, i] < K:
                    self.small[name] = K
                running: Hashable = ("+", number, i, day)
                past: list[Hashable] = [("+", number, i, day - 1)] if day else []
                self.equations.append(total(running, [*past, name]))
                if not kept[day, i]:
                    told[running] = float(sums[day, i])
        always = dict(self.known)
        self.known |= told
        return list(leaks(self.known, always, self.equations, self.small))


def told_of(kept: np.ndarray, days: np.ndarray, moved: np.ndarray) -> Told:
    """Return what the next bulletin has to know of the one before."""
    n_then = kept.shape[0]
    shown = np.zeros(days.shape, dtype=bool)
    shown[:n_then] = ~kept
    gone = np.zeros(days.shape, dtype=bool)
    gone[:n_then] = kept
    known = shown & (moved.cumsum(axis=0) == 0)
    return Told(before=shown, known=known, hidden=gone)


@pytest.mark.parametrize("number", spread(range(300), 40))
def test_no_running_total_leaks_over_bulletins(number: int) -> None:
    rng = np.random.default_rng(SEED + number)
    n_parts = int(rng.integers(3, 7))
    group = np.zeros(n_parts, dtype=np.int64)
    usual = rng.choice([1.0, 4.0, 9.0, 25.0], n_parts)
    days = rng.poisson(usual, (int(rng.integers(2, 5)), n_parts)).astype(float)
    versions = np.zeros(days.shape, dtype=int)
    last, hidden, kept = np.zeros((0, n_parts)), np.zeros((0, n_parts), bool), None
    mixed = np.zeros((0, 1), dtype=bool)
    book = Book()
    for bulletin in range(3):
        new_days = days.shape[0] - last.shape[0]
        news = np.vstack([days[: last.shape[0]] != last, np.ones((new_days, n_parts), bool)])
        before = np.vstack([hidden, np.zeros((new_days, n_parts), bool)])
        mixed = np.vstack([mixed, np.zeros((new_days, 1), bool)])
        small = is_small(days, K)
        hidden = hidden_in_rows(days, small, before, group=group, threshold=K, news=news)
        moved = hidden & news
        moved[last.shape[0] :] = False
        flows = Flows(values=days, hidden=hidden, small=small, group=group, threshold=K,
                      moved=moved, mixed=mixed)  # fmt: skip
        told = None if kept is None else told_of(kept, days, moved)
        kept = hidden_totals(flows, days.cumsum(axis=0), told=told)
        assert book.reads(bulletin, days, versions, hidden, kept) == []
        mixed = mixed | moved.any(axis=1)[:, None]
        last = days.copy()
        for _ in range(int(rng.integers(0, 5))):
            day, part = int(rng.integers(len(days))), int(rng.integers(n_parts))
            becomes = float(rng.choice([0, 2, 4, 8, 20]))
            versions[day, part] += becomes != days[day, part]
            days[day, part] = becomes
        days = np.vstack([days, rng.poisson(usual, (1, n_parts)).astype(float)])
        versions = np.vstack([versions, np.zeros((1, n_parts), dtype=int)])


# --- breakdowns ---------------------------------------------------------------------------------

K_CODE = 10
_MOSTLY_LARGE = [0.02, 0.04, 0.24, 0.3, 0.2, 0.2]


def apart_of(counts: np.ndarray, hidden: np.ndarray, before: np.ndarray, moved: np.ndarray
             ) -> np.ndarray:  # fmt: skip
    """Return whose breakdown is withheld on one day, as the mask decides it."""
    group = np.zeros(counts.shape[1], dtype=np.int64)
    sums = counts.sum(axis=2)
    rest = (sums * hidden).sum()
    checked = Checked(
        small=is_small(counts, K_CODE), most=np.where(hidden, rest, sums),
        least=np.where(hidden, 0.0, sums), owner=np.arange(counts.shape[1]),
    )  # fmt: skip
    forced = checked.small.any(axis=2) | hidden | before
    forced = with_moved(forced, moved, group=group)
    return hidden_breakdowns(counts, forced, checked, group=group, threshold=K_CODE)


@pytest.mark.parametrize("number", spread(range(300), 40))
def test_no_breakdown_leaks_over_bulletins(number: int) -> None:  # noqa: PLR0915 -- one reading
    rng = np.random.default_rng(SEED + number)
    n, n_codes = int(rng.integers(3, 7)), int(rng.integers(2, 4))
    counts = rng.choice([0.0, 3.0, 14.0, 19.0, 26.0, 40.0], (1, n, n_codes), p=_MOSTLY_LARGE)
    of_codes, of_sums = np.zeros(n, dtype=int), np.zeros(n, dtype=int)
    last = np.full((1, n, n_codes), np.nan)
    hidden, apart = np.zeros((1, n), dtype=bool), np.zeros((1, n), dtype=bool)
    known: dict[Hashable, float] = {}
    equations: list[Equation] = []
    small: dict[Hashable, int] = {}
    group = np.zeros(n, dtype=np.int64)
    for bulletin in range(3):
        sums = counts.sum(axis=2)
        moved = (counts != last).any(axis=2) & (bulletin > 0)
        news = sums != last.sum(axis=2)
        hidden = hidden_in_rows(
            sums, is_small(sums, K), hidden, group=group, threshold=K, news=news
        )
        apart = apart_of(counts, hidden, apart, moved)
        names = [[(d, c, int(of_codes[d])) for c in range(n_codes)] for d in range(n)]
        wholes: list[Hashable] = [(d, "", int(of_sums[d])) for d in range(n)]
        for c in range(n_codes):
            known["p", bulletin, c] = float(counts[0, :, c].sum())
            equations.append(total(("p", bulletin, c), [names[d][c] for d in range(n)]))
        equations += [total(wholes[d], names[d]) for d in range(n)]
        always = dict(known)
        of_areas = {wholes[d]: float(sums[0, d]) for d in range(n) if not hidden[0, d]}
        known |= of_areas
        known |= {names[d][c]: float(counts[0, d, c]) for d in range(n) for c in range(n_codes)
                  if not apart[0, d]}  # fmt: skip
        small |= {names[d][c]: K_CODE for d in range(n) for c in range(n_codes)
                  if 0 < counts[0, d, c] < K_CODE}  # fmt: skip
        assert leaks(known, always | of_areas, equations, small) == []
        last = counts.copy()
        for _ in range(int(rng.integers(0, 4))):
            d, c = int(rng.integers(n)), int(rng.integers(n_codes))
            becomes = float(rng.choice([2, 6, 12, 17, 30, 33]))
            # He sees whose breakdown was revised, not which code of it.
            of_codes[d] += becomes != counts[0, d, c]
            of_sums[d] += becomes != counts[0, d, c]
            counts[0, d, c] = becomes


# --- the mask as a whole ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", spread(range(12), 3))
def test_the_mask_of_a_bulletin_knows_the_values_of_the_one_before(seed: int) -> None:
    rng, found = np.random.default_rng(SEED + seed), counts(SEED + seed)
    totals = [key for key in found if not key[2]]
    versions = dict.fromkeys(totals, 0)
    watchers = {(p, day): Watcher() for p in PROVINCES for day in range(N_DAYS)}
    cube: PublishedCube | None = None
    for bulletin in range(2):
        told = {"previous": cube.mask, "last": cube.whole} if cube else {}
        cube = PublishedCube(cells_of(found), **told)  # type: ignore[arg-type]
        withheld = withheld_totals(cube)
        for (p, day), watcher in watchers.items():
            row = [(d, day, "", "") for d, above in DISTRICTS.items() if above == p]
            gone = np.array([(d, day) in withheld for d, *_ in row])
            values = np.array([float(found[key]) for key in row])
            assert watcher.reads(bulletin, values, np.array([versions[k] for k in row]), gone) == []
        for at in rng.choice(len(totals), 30, replace=False):
            key = totals[at]
            becomes = int(rng.choice([0, 2, 4, 9, 30]))
            versions[key] += becomes != found[key]
            found[key] = becomes


def withheld_totals(cube: PublishedCube) -> set[tuple[str, int]]:
    """Return (district, day) of the cases that a mask withholds."""
    codes = {row["area_id"]: row["code"] for row in
             cube.geography.areas.frame.iter_rows(named=True)}  # fmt: skip
    rows = cube.mask.filter(pl.col("measure") == "cases", pl.col("dimension") == "")
    return {(codes[area], (day - DAY).days) for area, day in rows.select("area_id", "day").rows()}
