"""An invented day of the six platforms, consistent with itself, and what it adds up to.

Every record agrees with those of the other platforms: a case has its one positive single sample
in a registered laboratory and its stay from the moment of isolation; contacts have theirs; doses
are what the stock ledger says was used; scans and exposures are at registered places. What is not
in it, on purpose: faults. They are laid over it by whoever needs them.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from simulations.platforms.checkpoints import checkpoint_records
from simulations.platforms.declarations import (
    declaration_records,
    make_declarations,
    sampled_others,
)
from simulations.platforms.epidemic import make_epidemic, tracing_records
from simulations.platforms.people import Register
from simulations.platforms.quarantine import make_stays, quarantine_records
from simulations.platforms.setting import HISTORY_DAYS, Parameters, Setting
from simulations.platforms.sites import make_sites
from simulations.platforms.testing import make_samples
from simulations.platforms.truth import truth
from simulations.platforms.vaccination import vaccination_records

__all__ = ["Parameters", "make_day", "truth"]

Day = dict[tuple[str, str], pl.DataFrame]


def make_day(
    *,
    areas: pl.DataFrame,
    first_day: date,
    n_days: int = 1,
    seed: int,
    provinces: Sequence[str] | None = None,
    per_province: int = 20,
    parameters: Parameters | None = None,
) -> Day:
    """Return the records of every kind of every platform, keyed (platform, kind of record).

    Frames are in delivery fields, identities included; instants are UTC. The same arguments give
    the same records. Nothing lies after the last day's midnight, local time.

    Args:
        areas: the country pack's areas (`code, vintage, level, parent_code, valid_from, valid_to`).
        first_day: first local day.
        n_days: how many days.
        seed: of the one generator of chance.
        provinces: codes; None for all of the edition in force.
        per_province: cases a day in each province.
        parameters: volumes and speeds.

    Raises:
        ValueError: if no edition of the map holds from the history before the first day to the
            last one, or a province is not in it.
    """
    chosen = parameters or Parameters()
    setting = Setting(
        first_day=first_day, n_days=n_days, per_province=per_province,
        provinces=places_in_force(areas, first_day=first_day, n_days=n_days, wanted=provinces),
        parameters=chosen, rng=np.random.default_rng(seed),
    )  # fmt: skip
    register = Register(setting)
    sites = make_sites(setting, n_beds=_most_inside(setting))
    epidemic = make_epidemic(setting, register, places=sites.places)
    stays = make_stays(setting, register, epidemic=epidemic, facilities=sites.facilities)
    declarations = make_declarations(setting, register, epidemic=epidemic)
    samples = make_samples(
        setting, register, epidemic=epidemic, stays=stays, declared=sampled_others(declarations)
    )
    made = {
        "declarations": declaration_records(declarations),
        "checkpoints": checkpoint_records(setting, register, epidemic=epidemic, sites=sites),
        "tracing": tracing_records(epidemic),
        "quarantine": quarantine_records(setting, stays=stays, sites=sites, samples=samples.inside),
        "testing": {
            "sample": samples.samples,
            "sample_person": samples.members,
            "laboratory": sites.laboratories,
        },
        "vaccination": vaccination_records(setting, register, sites=sites),
    }
    return {
        (platform, kind): rows for platform, kinds in made.items() for kind, rows in kinds.items()
    }


def _most_inside(setting: Setting) -> int:
    """Return how many a facility may have to hold: everybody of its kind who comes in."""
    p = setting.parameters
    cases = setting.per_province * setting.n_days + p.clusters_per_province
    return cases * (1 + p.contacts_per_case) + p.arrivals_per_province * setting.n_days


def places_in_force(
    areas: pl.DataFrame, *, first_day: date, n_days: int, wanted: Sequence[str] | None
) -> pl.DataFrame:
    """Return `province_code, district_code` of the edition in force all the time."""
    from_day, to_day = first_day - timedelta(days=HISTORY_DAYS), first_day + timedelta(days=n_days)
    # A blank end means that the edition is still in force.
    ends = pl.col("valid_to").fill_null(date.max)
    held = areas.filter((pl.col("valid_from") <= from_day) & (ends >= to_day))
    provinces = held.filter(pl.col("level") == "province")["code"].unique().sort().to_list()
    chosen = provinces if wanted is None else sorted(set(wanted))
    unknown = sorted(set(chosen) - set(provinces))
    if unknown or not chosen:
        raise ValueError(f"not in force from {from_day} to {to_day}: {', '.join(unknown) or 'any'}")
    districts = held.filter(pl.col("level") == "district").select(
        pl.col("parent_code").alias("province_code"), pl.col("code").alias("district_code")
    )
    return (
        pl.DataFrame({"province_code": chosen})
        .join(districts, on="province_code", how="left")
        .sort("province_code", "district_code")
    )
