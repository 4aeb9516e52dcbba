"""Doses of a stream: each later one is of somebody whose dose before was given, and the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import polars as pl

from simulations.feeds.cohorts import (
    ADDITIONAL,
    ADDITIONAL_OF,
    BOOSTER,
    SECOND,
    THIRD,
    Cohorts,
    least_days,
)
from simulations.platforms.people import Register
from simulations.platforms.setting import PERSON, PLACE, Setting
from simulations.platforms.vaccination import completed, ledger_lines

SPARE_DOSES = 10
"""Doses that a site holds of a product beyond what it uses."""
DOSES_PER_WASTED = 20
"""One dose is lost with a vial left open for so many given."""
BOOSTED_WITH = {"AZ": "PF", "VC": "PF"}
"""Product of the course → of the dose after it, where it is another one (assumed)."""
VOLUMES = {SECOND: "second_doses", THIRD: "third_doses"}
_GIVEN = ("day", "dose_no", "vaccine_code", "site_code", "previous_on", "previous_code",
          *PERSON, *PLACE)  # fmt: skip
_LEDGER = ("site_code", "vaccine_code", "lot_no", "expiry")


@dataclass
class Vaccinations:
    """Who waits for the next dose, and what the sites hold; carried from block to block.

    Attributes:
        sites: vaccination sites, in delivery fields.
        codes: provinces, in the order of the cohorts.
        before: SECOND and THIRD → who waited for it when the feed began.
        third_doses: of each province, how many more the feed asks for; nobody is kept in mind for
            a third dose beyond that.
        waiting: SECOND and THIRD → last doses given in the feed to those who wait for it.
        held: `site_code, vaccine_code, lot_no, expiry, closing`.
    """

    sites: pl.DataFrame
    codes: tuple[str, ...]
    before: Mapping[str, Cohorts]
    third_doses: pl.DataFrame
    waiting: dict[str, pl.DataFrame] = field(default_factory=dict)
    held: pl.DataFrame | None = None

    def of_week(self, setting: Setting, register: Register) -> dict[str, pl.DataFrame]:
        """Return the doses and ledger lines of a block, in delivery fields.

        Where too few wait for a later dose, the rest of them are not given.
        """
        first = self._firsts(setting, register)
        second = self._later(setting, register, dose=SECOND, came=first)
        kept = second.join(self.third_doses.filter(pl.col("n") > 0), on="province_code",
                           how="semi", maintain_order="left")  # fmt: skip
        third = self._later(setting, register, dose=THIRD, came=kept)
        doses = completed(setting, pl.concat([first, second, third]))
        return {
            "dose": doses.select("dose_event_id", pl.exclude("dose_event_id", "day")),
            "stock": self._ledger(doses),
        }

    def _firsts(self, setting: Setting, register: Register) -> pl.DataFrame:
        people = register.add_people(setting.daily("doses").drop("district_code"))
        n = people.height
        rows = people.with_columns(
            setting.chosen("vaccine_code", list(setting.parameters.interval_days), n=n),
            pl.lit("1").alias("dose_no"),
            pl.lit(None, dtype=pl.Date).alias("previous_on"),
            pl.lit(None, dtype=pl.String).alias("previous_code"),
        )
        return self._sited(setting, rows)

    def _sited(self, setting: Setting, rows: pl.DataFrame) -> pl.DataFrame:
        """Return doses at a site of their province by chance: of a kind, then of those of it."""
        n = rows.height
        kinds = self.sites["kind"].unique(maintain_order=True).to_list()
        sites = self.sites.sort("province_code", "kind", "site_code")
        # Where the sites of a province and kind begin: a list of them on every row would be large.
        of = sites.group_by("province_code", "kind", maintain_order=True).agg(
            pl.len().cast(pl.Int64).alias("_many")
        ).with_columns((pl.col("_many").cum_sum() - pl.col("_many")).alias("_start"))  # fmt: skip
        rows = rows.with_columns(
            setting.chosen("kind", kinds, n=n), pl.Series("_u", setting.rng.random(n))
        ).join(of, on=["province_code", "kind"], how="left", maintain_order="left")
        which = rows.select(
            pl.col("_start") + (pl.col("_u") * pl.col("_many")).cast(pl.Int64)
        ).to_series()
        at = sites.select("site_code", "district_code")[which]
        return rows.with_columns(at.get_columns()).select(_GIVEN)

    def _later(
        self, setting: Setting, register: Register, *, dose: str, came: pl.DataFrame
    ) -> pl.DataFrame:
        """Return the second, or third, doses: of each province, those who are due the longest."""
        waiting = pl.concat([self.waiting[dose], came]) if dose in self.waiting else came
        volumes = setting.volumes[VOLUMES[dose]]
        given = []
        for number in range(setting.n_days):
            day = setting.first_day + timedelta(days=number)
            wanted = volumes.filter((pl.col("day") == day) & (pl.col("n") > 0))
            if not wanted.height:
                continue
            least = least_days(setting.parameters.interval_days, dose=dose, day=day)
            old = came.clear()
            if self.before[dose].n.any():
                old, wanted = self._of_before(
                    setting, register, dose=dose, wanted=wanted, least=least
                )
            interval = pl.col("vaccine_code").replace_strict(
                least, default=None, return_dtype=pl.Int64
            )
            due = (pl.col("day") + pl.duration(days=interval)).alias("_due")
            place = (pl.int_range(pl.len()).over("province_code")).alias("_place")
            ready = waiting.filter(due <= day).sort(due, "id_no").with_columns(place)
            taken = ready.join(
                wanted.select("province_code", "n"), on="province_code", how="inner",
                maintain_order="left",
            ).filter(pl.col("_place") < pl.col("n"))  # fmt: skip
            waiting = waiting.join(taken.select("id_no"), on="id_no", how="anti",
                                   maintain_order="left")  # fmt: skip
            given += [_next(part.select(_GIVEN), day=pl.lit(day), dose=dose)
                      for part in (old, taken)]  # fmt: skip
        self.waiting[dose] = waiting
        return pl.concat(given) if given else came.clear()

    def _of_before(
        self, setting: Setting, register: Register, *, dose: str, wanted: pl.DataFrame,
        least: Mapping[str, int],
    ) -> tuple[pl.DataFrame, pl.DataFrame]:  # fmt: skip
        """Return the last doses of those from before the feed who are due, and what is left."""
        cohorts = self.before[dose]
        asked = dict(wanted.select("province_code", "n").iter_rows())
        many = np.array([asked.get(code, 0) for code in self.codes])
        day = wanted["day"][0]
        taken = cohorts.take(many, day=day, least=least)
        when, what, where = np.nonzero(taken)
        rows = pl.DataFrame(
            {"_when": when, "vaccine_code": pl.Series(cohorts.products).gather(what),
             "province_code": pl.Series(self.codes).gather(where), "_n": taken[when, what, where]},
            schema_overrides={"_when": pl.Int64, "_n": pl.Int64},
        ).select(pl.exclude("_n").repeat_by("_n").explode())  # fmt: skip
        rows = register.add_people(rows).with_columns(
            (pl.lit(cohorts.first_day) + pl.duration(days=pl.col("_when"))).alias("day"),
            pl.lit(SECOND if dose == THIRD else "1").alias("dose_no"),
            pl.lit(None, dtype=pl.Date).alias("previous_on"),
            pl.lit(None, dtype=pl.String).alias("previous_code"),
        )
        got = pl.DataFrame({"province_code": self.codes, "_got": taken.sum(axis=(0, 1))})
        left = wanted.join(got, on="province_code", how="left", maintain_order="left")
        return self._sited(setting, rows), left.with_columns(pl.col("n") - pl.col("_got"))

    def _ledger(self, doses: pl.DataFrame) -> pl.DataFrame:
        """Return a line for each site, product and day of use; each opens where the last closed."""
        used = (
            doses.group_by(*_LEDGER, "day", *PLACE)
            .agg(pl.len().cast(pl.Int64).alias("used_doses"))
            .sort("site_code", "vaccine_code", "day")
        )
        held = self.held if self.held is not None else pl.DataFrame(
            schema={name: used.schema[name] for name in _LEDGER} | {"closing": pl.Int64}
        )  # fmt: skip
        rows = used.join(held, on=list(_LEDGER), how="left", maintain_order="left")
        is_new = pl.col("closing").is_null() & (
            pl.int_range(pl.len()).over("site_code", "vaccine_code") == 0
        )
        wasted = pl.col("used_doses") // DOSES_PER_WASTED
        spare = pl.when(is_new).then(SPARE_DOSES).otherwise(0).cast(pl.Int64)
        opening = pl.when(is_new).then(0).otherwise(SPARE_DOSES).cast(pl.Int64)
        rows = rows.with_columns(
            opening.alias("opening"),
            (pl.col("used_doses") + wasted + spare).alias("received"),
            wasted.alias("wasted_open_vial"),
            pl.lit(0, dtype=pl.Int64).alias("wasted_closed_vial"),
            pl.lit(SPARE_DOSES, dtype=pl.Int64).alias("closing"),
        )
        self.held = pl.concat([held, rows.select(*_LEDGER, "closing")]).unique(
            list(_LEDGER), maintain_order=True
        )
        return ledger_lines(rows)


def _next(last: pl.DataFrame, *, day: pl.Expr, dose: str) -> pl.DataFrame:
    """Return the dose after the last one of each, at the same site."""
    product = pl.col("vaccine_code")
    boosted = product.replace(BOOSTED_WITH) if dose == THIRD else product
    third = pl.when(product == ADDITIONAL_OF).then(pl.lit(ADDITIONAL)).otherwise(pl.lit(BOOSTER))
    return last.with_columns(
        pl.col("day").alias("previous_on"),
        product.alias("previous_code"),
        boosted.alias("vaccine_code"),
        day.alias("day"),
        (third if dose == THIRD else pl.lit(SECOND)).alias("dose_no"),
    ).select(_GIVEN)
