"""Measures that count some of the same people must not tell on each other.

Whoever completes a course is a dose; whoever recovers was a case. An attacker knows that.
"""

from collections.abc import Hashable
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import numpy as np
import polars as pl
import pytest

from data_access.codes import Level
from data_access.contracts.registry import CONTRACTS
from data_access.cube.query import Ask, figures
from data_access.cube.view import CubeView
from data_access.disclosure import apply
from data_access.disclosure.mask import mask_of
from data_access.disclosure.policy import Policy, default_policy
from data_access.viewer import Viewer
from tests.cube_world import DAY, Cell
from tests.memory_cube import MemoryCube
from tests.property.disclosure.attacker import Equation, leaks, total
from tests.property.disclosure.published_world import (
    DISTRICTS,
    NATION,
    PROVINCES,
    country,
    reader,
)

N_DAYS = 6
DOSES, FULLY, CASES, RECOVERED = "doses", "persons_fully_vaccinated", "cases", "recovered"
Values = dict[tuple[str, int, str, str], float]
"""(area, day, measure, dose) → count; dose is empty for the total."""


class Published(MemoryCube):
    """Answers about some measures as a bulletin would."""

    def __init__(self, cells: list[Cell], keys: tuple[str, ...], policy: Policy) -> None:
        super().__init__(cells)
        self.geography = country()
        whole = super().view(dict.fromkeys(keys), viewer=reader())
        self.mask = mask_of(whole, measures=keys, policy=policy)

    def view(self, needs: dict[str, tuple[date, date] | None], *, viewer: Viewer) -> CubeView:  # type: ignore[override]
        return replace(super().view(needs, viewer=viewer), withheld=self.mask)


def careless() -> Policy:
    """Return a policy that tells of every measure below province, each for itself."""
    told = default_policy().districts | {DOSES, FULLY, CASES, RECOVERED}
    return replace(default_policy(), districts=told, provinces_only=frozenset())


def every_area(of_districts: Values) -> Values:
    found: Values = {}
    for (d, day, measure, dose), value in of_districts.items():
        for area in (NATION, DISTRICTS[d], d):
            at = (area, day, measure, dose)
            found[at] = found.get(at, 0.0) + value
    return found


def given(seed: int) -> Values:
    """Return doses of the first and second shot; the second completes the course."""
    rng = np.random.default_rng(seed)
    found: Values = {}
    for day, d in product(range(N_DAYS), DISTRICTS):
        first, second = (int(n) for n in rng.poisson(rng.choice([0.0, 3.0, 8.0, 30.0], 2)))
        found |= {
            (d, day, DOSES, "1"): first, (d, day, DOSES, "2"): second,
            (d, day, DOSES, ""): first + second, (d, day, FULLY, ""): second,
        }  # fmt: skip
    return every_area(found)


def ill(seed: int) -> Values:
    """Return two outbreaks of a day in each province, one small; on a later day each has recovered.

    That the larger one has recovered, every one of them, tells how many fell ill there.
    """
    rng = np.random.default_rng(seed)
    found: Values = {
        (d, day, measure, ""): 0.0
        for d, day, measure in product(DISTRICTS, range(N_DAYS), (CASES, RECOVERED))
    }
    for p in PROVINCES:
        districts = [d for d, of in DISTRICTS.items() if of == p]
        places = rng.permutation(districts)[:2].tolist()
        for d, n, day in zip(places, (rng.integers(1, 4), rng.integers(5, 9)), (3, 4), strict=True):
            found[d, 0, CASES, ""] = found[d, day, RECOVERED, ""] = float(n)
    return every_area(found)


def told(values: Values, policy: Policy) -> dict[Hashable, float]:
    """Return every figure that is shown: totals, and doses by shot."""
    keys = tuple(sorted({name[2] for name in values}))
    cells = [
        Cell(area=area, day=DAY + timedelta(days=day), value=value, measure=measure,
             dims=f"dose={dose}" if dose else "")
        for (area, day, measure, dose), value in values.items() if area in DISTRICTS
    ]  # fmt: skip
    cube, found = Published(cells, keys, policy), dict[Hashable, float]()
    cuts = [("", keys)] + [("dose", (DOSES,))] * (DOSES in keys)
    for level, (by, ids) in product((Level.NATIONAL, Level.PROVINCE, Level.DISTRICT), cuts):
        rows = figures(cube, Ask(ids=ids, level=level, by=by), viewer=reader())  # type: ignore[arg-type]
        for row in rows.filter(pl.col("value").is_not_null()).iter_rows(named=True):
            at = (row["area_code"], (row["date"] - DAY).days, row["id"], row[by] if by else "")
            found[at] = float(row["value"])
    return found


def known(values: Values) -> list[Equation]:
    """Return what everybody knows: areas add up, shots add up, and who is counted twice."""
    found: list[Equation] = []
    for day, measure, dose in sorted({name[1:] for name in values}):
        found.append(
            total((NATION, day, measure, dose), [(p, day, measure, dose) for p in PROVINCES])
        )
        for p in PROVINCES:
            parts = [(d, day, measure, dose) for d, of in DISTRICTS.items() if of == p]
            found.append(total((p, day, measure, dose), parts))
    for area, day in sorted({name[:2] for name in values}):
        if (area, day, DOSES, "") in values:
            found.append(total((area, day, DOSES, ""), [(area, day, DOSES, x) for x in "12"]))
            found.append(total((area, day, FULLY, ""), [(area, day, DOSES, "2")]))
        else:  # those who recovered until a day, and those still ill, are the cases until then
            until = range(day + 1)
            equation = dict[Hashable, float]({(area, at, CASES, ""): 1.0 for at in until})
            equation |= {(area, at, RECOVERED, ""): -1.0 for at in until}
            found.append(equation | {("still ill", area, day): -1.0})
    return found


def small(values: Values, policy: Policy) -> dict[Hashable, int]:
    """Return the small cells of districts of what is told there."""
    return {
        name: 10 if name[3] else 5
        for name, value in values.items()
        if name[0] in DISTRICTS and name[2] in policy.districts
        and 0 < value < (10 if name[3] else 5)
    }  # fmt: skip


def leaking(values: Values, policy: Policy) -> list[object]:
    shown = told(values, policy)
    assert all(values[name] == value for name, value in shown.items())  # type: ignore[index]
    always = {name: v for name, v in values.items() if name[0] not in DISTRICTS}
    cells = small(values, policy)
    # The codes of an area are told under its total, where that is told.
    totals = {name: v for name, v in shown.items() if not name[3]}  # type: ignore[index]
    tie = known(values)
    plain = {n: k for n, k in cells.items() if not n[3]}  # type: ignore[index]
    of_codes = {n: k for n, k in cells.items() if n[3]}  # type: ignore[index]
    # What a measure must hide is worked out from itself: the others may not add to it.
    alone = [one for one in tie if len({n[2] for n in one if n[0] != "still ill"}) == 1]  # type: ignore[index]
    own = {n: v for n, v in totals.items() if n[2] != FULLY}  # type: ignore[index]
    return [
        *leaks(shown, always, tie, plain, always_equations=alone),
        *leaks(shown, always | own, tie, of_codes, always_equations=alone),
    ]


@pytest.fixture
def carelessly(monkeypatch: pytest.MonkeyPatch) -> Policy:
    policy = careless()
    monkeypatch.setattr(apply, "default_policy", lambda: policy)
    return policy


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("world", [given, ill])
def test_nobody_is_told_of_by_another_measure(world, seed: int) -> None:
    assert small(world(seed), default_policy())
    assert leaking(world(seed), default_policy()) == []


@pytest.mark.parametrize("world", [given, ill])
def test_told_each_for_itself_they_tell_on_each_other(world, carelessly: Policy) -> None:
    """The attacker finds what a policy gives away that looks at one measure at a time."""
    assert leaking(world(1), carelessly)


def test_no_two_measures_of_the_same_records_are_told_below_province() -> None:
    """Counted on one day from the same records, one is a part of the other."""
    for contract in CONTRACTS:
        for kind in contract.kinds:
            told_of = {(r.day, r.measure) for r in kind.rollups} & {
                (r.day, key) for r in kind.rollups for key in default_policy().districts
            }
            days = [day for day, _ in told_of]
            assert len(days) == len(set(days)), told_of
