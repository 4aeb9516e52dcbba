"""Doses of a stream: each second one is of somebody whose first one was given, and the ledger."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from simulations.platforms.people import Register
from simulations.platforms.setting import PERSON, PLACE, Setting
from simulations.platforms.vaccination import completed, ledger_lines

SPARE_DOSES = 10
"""Doses that a site holds of a product beyond what it uses."""
DOSES_PER_WASTED = 20
"""One dose is lost with a vial left open for so many given."""
_GIVEN = ("day", "dose_no", "vaccine_code", "site_code", "previous_on", "previous_code",
          *PERSON, *PLACE)  # fmt: skip
_LEDGER = ("site_code", "vaccine_code", "lot_no", "expiry")


@dataclass
class Vaccinations:
    """Who waits for a second dose, and what the sites hold; carried from week to week.

    Attributes:
        sites: vaccination sites, in delivery fields.
        waiting: first doses whose person has had no second one.
        held: `site_code, vaccine_code, lot_no, expiry, closing`.
    """

    sites: pl.DataFrame
    waiting: pl.DataFrame | None = None
    held: pl.DataFrame | None = None

    def of_week(self, setting: Setting, register: Register) -> dict[str, pl.DataFrame]:
        """Return the doses and ledger lines of a week, in delivery fields.

        Where too few wait for a second dose, the rest of the second doses are not given.
        """
        first = self._firsts(setting, register)
        second = self._seconds(setting, first)
        doses = completed(setting, pl.concat([first, second]))
        return {
            "dose": doses.select("dose_event_id", pl.exclude("dose_event_id", "day")),
            "stock": self._ledger(doses),
        }

    def _firsts(self, setting: Setting, register: Register) -> pl.DataFrame:
        people = register.add_people(setting.daily("doses").drop("district_code"))
        n = people.height
        kinds = self.sites["kind"].unique(maintain_order=True).to_list()
        rows = people.with_columns(
            setting.chosen("kind", kinds, n=n),
            setting.chosen("vaccine_code", list(setting.parameters.interval_days), n=n),
        )
        where = self.sites.select("site_code", "kind", *PLACE)
        rows = rows.join(where, on=["province_code", "kind"], how="left", maintain_order="left")
        return rows.with_columns(
            pl.lit("1").alias("dose_no"),
            pl.lit(None, dtype=pl.Date).alias("previous_on"),
            pl.lit(None, dtype=pl.String).alias("previous_code"),
        ).select(_GIVEN)

    def _seconds(self, setting: Setting, first: pl.DataFrame) -> pl.DataFrame:
        """Return the second doses: of each province, those who have waited longest."""
        least = {code: low for code, (low, _) in setting.parameters.interval_days.items()}
        waiting = first if self.waiting is None else pl.concat([self.waiting, first])
        waiting = waiting.sort("day", "id_no")
        given = []
        for number in range(setting.n_days):
            day = setting.first_day + timedelta(days=number)
            wanted = setting.volumes["second_doses"].filter(pl.col("day") == day)
            interval = pl.col("vaccine_code").replace_strict(least, return_dtype=pl.Int64)
            due = pl.col("day") + pl.duration(days=interval)
            place = (pl.int_range(pl.len()).over("province_code")).alias("_place")
            ready = waiting.filter(due <= day).with_columns(place)
            taken = ready.join(
                wanted.select("province_code", "n"), on="province_code", how="inner",
                maintain_order="left",
            ).filter(pl.col("_place") < pl.col("n"))  # fmt: skip
            waiting = waiting.join(taken.select("id_no"), on="id_no", how="anti",
                                   maintain_order="left")  # fmt: skip
            given.append(
                taken.with_columns(
                    pl.col("day").alias("previous_on"),
                    pl.col("vaccine_code").alias("previous_code"),
                    pl.lit(day).alias("day"),
                    pl.lit("2").alias("dose_no"),
                ).select(_GIVEN)
            )
        self.waiting = waiting
        return pl.concat(given)

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
