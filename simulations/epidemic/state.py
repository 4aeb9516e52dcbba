"""Where everybody is: persons by draw, province, age group and dose. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from simulations.epidemic.chance import Counts
from simulations.epidemic.parameters import DOSES, GRADES, Setup

ROOM = ("susceptible", "exposed", "infectious", "held", "waiting", "immune")
"""Compartments by dose; the others no longer know it."""


@dataclass(frozen=True, kw_only=True)
class State:
    """Persons; counts are changed in place. Shapes begin (draws, provinces, ages).

    Attributes:
        susceptible: by dose.
        exposed: infected, not yet infectious, at large; by dose.
        infectious: at large, not found; by dose.
        held: infected contacts in quarantine, not yet found; by dose.
        waiting: contacts in quarantine who are not infected; by dose.
        immune: recovered without having been found; by dose.
        care: cases under care, by grade.
        cured: cases who recovered.
        dead: cases who died.
        arrived: infected arrivals so far: who was not in the population at the start.
        first_doses: first doses so far.
        second_doses: second doses so far.
        past_first: first doses up to each of the last `interval_days` days, a ring:
            shape (draws, interval, provinces, ages).
        new_cases: cases found the day before, entries left out, shape (draws, provinces).
        log_transmission: each draw's own log factor, shape (draws, noise groups).
    """

    susceptible: Counts
    exposed: Counts
    infectious: Counts
    held: Counts
    waiting: Counts
    immune: Counts
    care: Counts
    cured: Counts
    dead: Counts
    arrived: Counts
    first_doses: Counts
    second_doses: Counts
    past_first: Counts
    new_cases: Counts
    log_transmission: Counts

    @property
    def draws(self) -> int:
        """Return the number of draws."""
        return int(self.susceptible.shape[0])

    def part(self, draws: slice) -> "State":
        """Return a view of some of the draws."""
        return State(**{one.name: getattr(self, one.name)[draws] for one in fields(self)})

    def copy(self) -> "State":
        """Return a state of its own."""
        return State(**{one.name: getattr(self, one.name).copy() for one in fields(self)})

    def persons(self) -> Counts:
        """Return all persons, arrivals counted out: equals the population at any moment."""
        inside = sum(getattr(self, name).sum(axis=-1) for name in ROOM)
        return np.asarray(inside + self.care.sum(axis=-1) + self.cured + self.dead - self.arrived)

    def repeated(self, draws: int, *, whole: bool) -> "State":
        """Return this one draw's state for many draws, in whole persons if asked.

        Rounding keeps the population: what is lost or won is put to the susceptible without dose.
        """
        if not whole:
            return self._copies(draws)
        persons = np.rint(self.persons()).astype(np.int64)
        near, below = self._whole(np.rint, persons), self._whole(np.floor, persons)
        short = near.susceptible[..., 0] < 0
        for name in (*ROOM, "care", "cured", "dead"):
            getattr(near, name)[short] = getattr(below, name)[short]
        return near._copies(draws)

    def _whole(self, rounded: Callable[[Counts], Counts], persons: Counts) -> "State":
        parts = {
            one.name: rounded(np.maximum(getattr(self, one.name), 0)).astype(np.int64)
            for one in fields(self)
            if one.name != "log_transmission"
        }
        state = State(**parts, log_transmission=self.log_transmission)
        state.susceptible[..., 0] += persons - state.persons()
        return state

    def _copies(self, draws: int) -> "State":
        return State(
            **{one.name: np.repeat(getattr(self, one.name), draws, axis=0) for one in fields(self)}
        )


def start(setup: Setup, *, draws: int, whole: bool) -> State:
    """Return a state in which everybody is susceptible and without a dose.

    A plan without any dose needs no strata of doses but the first.
    """
    kind = np.int64 if whole else np.float64
    provinces, ages = setup.population.shape
    groups = int(setup.noise_group.max()) + 1
    strata = DOSES if setup.plan.doses.any() else 1

    def zeros(*more: int) -> Counts:
        return np.zeros((draws, provinces, ages, *more), dtype=kind)

    state = State(
        **{name: zeros(strata) for name in ROOM},
        care=zeros(len(GRADES)),
        **{name: zeros() for name in ("cured", "dead", "arrived", "first_doses", "second_doses")},
        past_first=np.zeros((draws, setup.vaccination.interval_days, provinces, ages), dtype=kind),
        new_cases=np.zeros((draws, provinces), dtype=kind),
        log_transmission=np.zeros((draws, groups)),
    )
    state.susceptible[..., 0] = setup.population
    return state
