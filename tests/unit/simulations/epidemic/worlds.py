"""Small worlds for the engine's tests."""

from dataclasses import replace

import numpy as np

from simulations.epidemic.chance import Chance, Expected
from simulations.epidemic.engine import SERIES, simulate
from simulations.epidemic.parameters import (
    Plan,
    Setup,
    Vaccination,
    bare_plan,
    bare_setup,
    one_age,
)
from simulations.epidemic.state import State

SHARES = np.array([0.187, 0.084, 0.491, 0.158, 0.08])


def seeded(*, days: int, provinces: int = 1, seeds: int = 10) -> Plan:
    plan = bare_plan(days=days, provinces=provinces)
    first = plan.seeds.copy()
    first[0, 0] = seeds
    return replace(plan, seeds=first)


def one_place(*, persons: int = 1_000_000, days: int = 200, seeds: int = 10, **disease) -> Setup:
    return bare_setup(
        np.array([[persons]]), seeded(days=days, seeds=seeds), disease=one_age(**disease)
    )


def busy(*, provinces: int = 4, days: int = 40, scale: int = 200_000, **changed) -> Setup:
    """Everything acts at once: doses, tests, tracing, beds that fill, distancing, arrivals."""
    rng = np.random.default_rng(7)
    people = rng.integers(scale // 2, scale, provinces)[:, None] * SHARES
    shape = (days, provinces)
    plan = replace(
        bare_plan(days=days, provinces=provinces),
        seeds=np.where(np.arange(days)[:, None] < 3, 40, 0) * np.ones(shape, dtype=np.int64),
        entries=np.ones(shape, dtype=np.int64),
        doses=np.full(shape, 1500),
        second_share=np.full(days, 0.3),
        third_share=np.full(days, 0.05),
        samples=np.full(shape, 3000.0),
        tracers=np.full(shape, 50.0),
        level=np.tile((np.arange(days) // 10 % 5).astype(np.int8)[:, None], (1, provinces)),
        quarantine_beds=np.full(shape, 300.0),
        hospital_beds=np.full(shape, 20.0),
        icu_beds=np.full(shape, 2.0),
    )
    parts = {"vaccination": Vaccination(interval_days=10)} | changed
    return Setup(
        population=people.astype(np.int64),
        travel=np.ones((provinces, provinces)) / provinces,
        plan=parts.pop("plan", plan),
        severity_scale=np.ones(provinces),
        finding_scale=np.ones(provinces),
        noise_group=np.arange(provinces) % 2,
        **parts,
    )


def whole_run(setup: Setup, chance: Chance | None = None, **how) -> tuple[dict, State]:
    """Return series → (draws, days, provinces), and the last state."""
    days = list(simulate(setup, chance=chance or Expected(), **how))
    return {name: np.stack([day[name] for day, _ in days], axis=1) for name in SERIES}, days[-1][1]
