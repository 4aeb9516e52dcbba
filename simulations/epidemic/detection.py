"""How the infected are found: tests within capacity, contacts within capacity, beds. Pure."""

from dataclasses import dataclass

import numpy as np

from simulations.epidemic.chance import Counts
from simulations.epidemic.parameters import Finding, Floats, Setup
from simulations.epidemic.state import State


@dataclass(frozen=True, kw_only=True)
class Tests:
    """What laboratories do on a day; shape (draws, provinces).

    Attributes:
        rate: rate at which an infectious person at large is found, per day.
        locked_share: of those found, share found by screening of a locked area.
        held_rate: rate at which an infected person in quarantine is found, per day.
        samples: samples resulted.
        persons: persons tested.
    """

    rate: Floats
    locked_share: Floats
    held_rate: Floats
    samples: Floats
    persons: Floats


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """What tracing does on a day; shape (draws, provinces).

    Attributes:
        listed: contacts listed.
        rate: rate at which the infected at large are taken into quarantine, per day.
        admitted_share: share of the susceptible at large admitted as contacts.
        at_home: share of those in quarantine who are held at home.
    """

    listed: Floats
    rate: Floats
    admitted_share: Floats
    at_home: Floats


def samples_per_person(prevalence: Floats, pool_size: int) -> Floats:
    """Return samples needed per person screened in pools (Dorfman 1943; domain 4.1).

    A pool of one needs one; else 1/k + 1 - (1 - p)^k, at most one.
    """
    if pool_size == 1:
        return np.ones_like(prevalence)
    needed = 1 / pool_size + 1 - (1 - np.clip(prevalence, 0, 1)) ** pool_size
    return np.minimum(needed, 1.0)


def sensitivity(finding: Finding) -> float:
    """Return the share of infected persons that a sample of the pool size shows."""
    return float(finding.sensitivity * finding.pool_size**-finding.dilution)


def occupancy(state: State) -> Counts:
    """Return persons in quarantine, shape (draws, provinces)."""
    return np.asarray(state.held.sum(axis=(2, 3)) + state.waiting.sum(axis=(2, 3)))


def test(setup: Setup, state: State, *, day: int) -> Tests:
    """Return what the day's samples can do: quarantine and symptoms first, screening with the rest.

    Capacity is in samples. Where it is short of the first two, both are served in proportion.
    """
    finding, tracing, plan = setup.finding, setup.tracing, setup.plan
    persons = setup.population.sum(axis=1)
    infectious = state.infectious.sum(axis=(2, 3))
    held = occupancy(state) * (tracing.tests_per_stay / tracing.stay_days)
    seek = np.minimum(finding.seek_share * setup.finding_scale, 1.0) / finding.seek_days
    odds = finding.targeting * setup.finding_scale
    singly = held + infectious * seek + persons * finding.other_fever_per_day
    served = np.minimum(1.0, plan.samples[day] / np.maximum(singly, 1e-12))
    used = singly * served
    wanted = np.asarray(finding.screened_per_day)[plan.level[day]] * persons
    prevalence = infectious / np.maximum(persons, 1) * odds
    each = samples_per_person(prevalence, finding.pool_size)
    screened = np.minimum(wanted, np.maximum(plan.samples[day] - used, 0) / each)
    share = np.minimum(screened / np.maximum(persons, 1) * odds, 0.95)
    by_screening = -np.log1p(-share * sensitivity(finding))
    rate = seek * served * finding.sensitivity + by_screening
    locked = plan.level[day] >= finding.locked_level
    return Tests(
        rate=rate,
        locked_share=np.where(
            locked, np.divide(by_screening, rate, out=np.zeros_like(rate), where=rate > 0), 0.0
        ),
        held_rate=served / tracing.test_days,
        samples=used + screened * each,
        persons=used + screened,
    )


def trace(setup: Setup, state: State, *, day: int) -> Contacts:
    """Return what tracing of the day before's cases takes out of circulation.

    As many cases as there are tracers for are traced; beds limit who is admitted, and what does not
    fit is held at home for the share `overflow_home`.
    """
    how, plan = setup.tracing, setup.plan
    listed = np.minimum(state.new_cases, plan.tracers[day]) * how.contacts_per_case
    inside = occupancy(state)
    beds, homes = plan.quarantine_beds[day], how.home_share
    central = np.minimum(inside * (1 - homes), beds)
    reached = listed * how.reached_share
    to_beds = np.minimum(reached * (1 - homes), np.maximum(beds - central, 0))
    overflow = (reached * (1 - homes) - to_beds) * how.overflow_home
    admitted = reached * homes + to_beds + overflow
    at_large = (state.exposed + state.infectious).sum(axis=(2, 3))
    found = np.minimum(
        admitted * how.infected_share / np.maximum(at_large, 1e-12), how.most_found_per_day
    )
    free = state.susceptible.sum(axis=(2, 3))
    healthy = np.minimum(admitted * (1 - how.infected_share) / np.maximum(free, 1e-12), 0.95)
    return Contacts(
        listed=listed,
        rate=-np.log1p(-found),
        admitted_share=healthy,
        at_home=np.where(inside > 0, 1 - central / np.maximum(inside, 1e-12), homes),
    )
