"""The epidemic engine beside epydemix 1.5.0, a published library: same model, one run.

    pip install epydemix==1.5.0     (not among the requirements: it brings matplotlib, seaborn)
    python -m benchmarks.epidemic [--draws 200] [--theirs 40] [--days 365]

Both run a SEIR of Vietnam's 63 provinces coupled by the same matrix, a day a step, chain of
binomials, the same start. Theirs runs its draws one after another, so it may be given fewer. Time
is that of the processor, of each side by itself. Two-sample Kolmogorov-Smirnov tests compare the
height and the day of the peak and the final size, of the nation and of three provinces.
"""

import argparse
import time
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from data_access.reference.pack import bundled_pack
from simulations.epidemic.mobility import distances_km, gravity
from simulations.epidemic.parameters import Distancing, Setup, bare_plan, bare_setup, one_age
from simulations.epidemic.summary import Wanted, run

R0, LATENT, INFECTIOUS, AWAY = 2.2, 3.0, 4.0, 0.05
SEEDS = 300
SEED = 7
LOOKED_AT = ("01", "79", "95")


def provinces() -> tuple[list[str], NDArray[np.int64], NDArray[np.float64]]:
    """Return codes, persons and the matrix of where contacts away from home are made."""
    pack = bundled_pack("vn")
    areas = pack.areas.filter((pack.areas["vintage"] == "63") & (pack.areas["level"] == "province"))
    census = pack.population
    census = census.filter(
        (census["vintage"] == "63") & (census["source"] == "census_2019")
        & (census["group"] == "all")
    )  # fmt: skip
    both = areas.join(census, on="code").sort("code")
    persons = both["population"].to_numpy()
    km = distances_km(both["lon"].to_numpy(), both["lat"].to_numpy())
    return both["code"].to_list(), persons, gravity(persons.astype(float), km)


def ours(persons: NDArray[np.int64], travel: NDArray[np.float64], *, days: int) -> Setup:
    """Return the model as the engine is told it: everybody who is seeded is exposed on day 0."""
    plan = bare_plan(days=days, provinces=len(persons))
    seeds = plan.seeds.copy()
    seeds[0, :] = SEEDS
    return bare_setup(
        persons[:, None], replace(plan, seeds=seeds), travel=travel,
        disease=one_age(r0=R0, latent_days=LATENT, infectious_days=INFECTIOUS),
        distancing=Distancing(away_share=AWAY),
    )  # fmt: skip


def theirs(
    persons: NDArray[np.int64], travel: NDArray[np.float64], *, days: int, draws: int
) -> NDArray[np.float64]:
    """Return new infections by draw, day and province, of epydemix: provinces are its groups."""
    from epydemix.model import EpiModel  # noqa: PLC0415 - a package that may be missing
    from epydemix.population import Population  # noqa: PLC0415

    people = Population(name="Vietnam")
    people.add_population(persons, [str(i) for i in range(len(persons))])
    people.add_contact_matrix((1 - AWAY) * np.eye(len(persons)) + AWAY * travel, "all")
    model = EpiModel(compartments=["S", "E", "I", "R"])
    model.set_population(people)
    beta = R0 * -np.expm1(-1 / INFECTIOUS)
    model.add_transition("S", "E", kind="mediated", params=(beta, "I"))
    model.add_transition("E", "I", kind="spontaneous", params=1 / LATENT)
    model.add_transition("I", "R", kind="spontaneous", params=1 / INFECTIOUS)
    nobody = np.zeros(len(persons))
    seeded = nobody + SEEDS
    found = model.run_simulations(
        start_date="2021-01-01", end_date=str(np.datetime64("2021-01-01") + days - 1), Nsim=draws,
        initial_conditions_dict={"S": persons - seeded, "E": seeded, "I": nobody, "R": nobody},
        rng=SEED,
    )  # fmt: skip
    names = [f"S_to_E_{i}" for i in range(len(persons))]
    return np.stack(
        [np.stack([t.transitions[name] for name in names], axis=-1) for t in found.trajectories]
    )


def summaries(infections: NDArray[np.float64], at: list[int]) -> dict[str, NDArray[np.float64]]:
    """Return what is compared, one number per draw: of the nation and of some provinces."""
    found = {}
    for name, one in [("nation", infections.sum(axis=2)),
                      *((f"province {i}", infections[:, :, i]) for i in at)]:  # fmt: skip
        found[f"{name}: peak"] = one.max(axis=1)
        found[f"{name}: day of peak"] = one.argmax(axis=1).astype(float)
        found[f"{name}: final size"] = one.sum(axis=1)
    return found


def main() -> None:
    """Run both, print times and tests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--theirs", type=int, default=40)
    parser.add_argument("--days", type=int, default=365)
    asked = parser.parse_args()
    if find_spec("epydemix") is None:
        raise SystemExit("epydemix is not installed: pip install epydemix==1.5.0")
    from scipy.stats import ks_2samp  # noqa: PLC0415 - among the tests' packages

    codes, persons, travel = provinces()
    setup = ours(persons, travel, days=asked.days)
    begun = time.process_time()
    wanted = Wanted(series=(), keep=("infections",))
    own = run(setup, seed=SEED, draws=asked.draws, wanted=wanted).kept["infections"]
    spent = time.process_time() - begun
    begun = time.process_time()
    other = theirs(persons, travel, days=asked.days, draws=asked.theirs)
    their_time = time.process_time() - begun
    each = (spent / asked.draws, their_time / asked.theirs)
    print(f"engine: {asked.draws} draws x {asked.days} days x {len(codes)} provinces in "
          f"{spent:.1f} s of processor time, {1000 * each[0]:.1f} ms a draw")  # fmt: skip
    print(f"epydemix: {asked.theirs} draws in {their_time:.1f} s, {1000 * each[1]:.1f} ms a draw")
    print(f"ratio per draw: {each[1] / each[0]:.1f}")
    at = [codes.index(code) for code in LOOKED_AT]
    # The seeds are infections of the engine's first day; epydemix starts with them exposed.
    mine = own.astype(float)
    mine[:, 0] -= SEEDS
    pairs = (summaries(mine, at), summaries(other, at))
    for name in pairs[0]:
        a, b = (pair[name] for pair in pairs)
        p = ks_2samp(a, b).pvalue
        print(f"{name}: engine {a.mean():,.1f} (sd {a.std(ddof=1):,.1f}), epydemix {b.mean():,.1f} "
              f"(sd {b.std(ddof=1):,.1f}), KS p = {p:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
