"""Doses at registered sites, each second one after its first, and the ledger behind them."""

from collections.abc import Mapping

import polars as pl

from data_access.contracts.vaccination import CAMPAIGN_START
from simulations.platforms.people import Register
from simulations.platforms.setting import PERSON, PLACE, Setting, numbered
from simulations.platforms.sites import Sites

RECEIVED_SPARE, WASTED_OPEN = 10, 1
"""Doses received beyond what a day used and lost, unless it runs out; doses lost with a vial left
open, a day."""
EXPIRES_AFTER = {"AZ": 120, "PF": 20, "MD": 30, "VC": 31}
"""Product → days from the end of the period to the expiry of its lot."""
USUAL_EXPIRY_DAYS = 120
RUNS_OUT_SHARE = 0.2
"""Of the ledgers of a site and product, how many end each day with nothing left."""
NO_CERTIFICATE_SHARE = 0.1
ADVERSE_WEIGHTS = (90, 9, 1)


def vaccination_records(
    setting: Setting, register: Register, *, sites: Sites
) -> dict[str, pl.DataFrame]:
    """Return the three kinds of record of vaccination, in delivery fields."""
    doses = _doses(setting, register, sites=sites.vaccination)
    return {
        "dose": doses.select("dose_event_id", pl.exclude("dose_event_id", "day")),
        "stock": _ledger(setting, doses),
        "site": sites.vaccination,
    }


def _doses(setting: Setting, register: Register, *, sites: pl.DataFrame) -> pl.DataFrame:
    today = _today(setting, register, sites=sites)
    return completed(setting, pl.concat([today, _first_of(today)]))


def completed(setting: Setting, rows: pl.DataFrame) -> pl.DataFrame:
    """Add key, moments, lot, group and what was noted to doses of which who, what, where is known.

    Needs: day, dose_no, vaccine_code, site_code, previous_on, previous_code, person and place.
    """
    rows = setting.at(rows, "vaccinated_at", 7 * 60, 17 * 60).sort("vaccinated_at", "id_no")
    rows = setting.after(
        numbered(rows, "dose_event_id", "LT-"), "vaccinated_at", "recorded_at", 30, 240
    )
    n = rows.height
    return rows.with_columns(
        (pl.col("vaccine_code") + f"-2021-{setting.lot}").alias("lot_no"),
        _expiry(setting),
        setting.chosen("priority_group", [str(k) for k in range(1, 17)], n=n),
        pl.lit("du_dk").alias("screening"),
        pl.lit(30, dtype=pl.Int64).alias("observed_minutes"),
        setting.chosen("aefi", ("none", "nhe", "nang"), n=n, weights=ADVERSE_WEIGHTS),
        setting.happens("_none", NO_CERTIFICATE_SHARE, n=n),
    ).with_columns(
        pl.when("_none").then(pl.lit("chua")).when(pl.col("dose_no") == "1").then(pl.lit("vang"))
        .otherwise(pl.lit("xanh")).alias("certificate_status"),
    ).drop("_none")  # fmt: skip


def _expiry(setting: Setting) -> pl.Expr:
    """Return the expiry of a lot: the same on every day, after the last dose from it."""
    days = pl.col("vaccine_code").replace_strict(
        EXPIRES_AFTER, default=USUAL_EXPIRY_DAYS, return_dtype=pl.Int64
    )
    return (pl.lit(setting.lot_until or setting.last_day) + pl.duration(days=days)).alias("expiry")


def _today(setting: Setting, register: Register, *, sites: pl.DataFrame) -> pl.DataFrame:
    """Return the doses of the period; a second one only where a first was possible."""
    p = setting.parameters
    people = register.add_people(setting.daily("doses").drop("district_code"))
    n = people.height
    rows = people.with_columns(
        setting.chosen("kind", sites["kind"].unique(maintain_order=True).to_list(), n=n),
        setting.chosen("vaccine_code", list(p.interval_days), n=n),
        setting.happens("_second", p.second_share, n=n),
    )
    where = sites.select("site_code", "kind", *PLACE)
    rows = rows.join(where, on=["province_code", "kind"], how="left", maintain_order="left")
    rows = rows.with_columns(_interval(setting, rows, p.interval_days))
    before = pl.col("day") - pl.duration(days=pl.col("_interval"))
    second = pl.col("_second") & (before >= CAMPAIGN_START)
    return rows.with_columns(
        pl.when(second).then(pl.lit("2")).otherwise(pl.lit("1")).alias("dose_no"),
        pl.when(second).then(before).alias("previous_on"),
        pl.when(second).then("vaccine_code").alias("previous_code"),
    ).select("day", "dose_no", "vaccine_code", "site_code", "previous_on", "previous_code",
             *PERSON, *PLACE)  # fmt: skip


def _interval(
    setting: Setting, rows: pl.DataFrame, of_product: Mapping[str, tuple[int, int]]
) -> pl.Expr:
    """Return the days between the doses of each row's product, by chance within its bounds."""
    drawn = pl.lit(pl.Series(setting.rng.random(rows.height)))
    low = pl.col("vaccine_code").replace_strict({k: v[0] for k, v in of_product.items()})
    high = pl.col("vaccine_code").replace_strict({k: v[1] for k, v in of_product.items()})
    return (low + (drawn * (high - low + 1)).floor().cast(pl.Int64)).alias("_interval")


def _first_of(today: pl.DataFrame) -> pl.DataFrame:
    """Return the first dose of everybody who had the second in the period: same site, earlier."""
    return today.filter(pl.col("dose_no") == "2").with_columns(
        pl.col("previous_on").alias("day"),
        pl.lit("1").alias("dose_no"),
        pl.lit(None, dtype=pl.Date).alias("previous_on"),
        pl.lit(None, dtype=pl.String).alias("previous_code"),
    )


def _ledger(setting: Setting, doses: pl.DataFrame) -> pl.DataFrame:
    """Return a line for each site, product and day of use; each opens where the last closed."""
    used = (
        doses.group_by("site_code", "vaccine_code", "lot_no", "expiry", "day", *PLACE)
        .agg(pl.len().cast(pl.Int64).alias("used_doses"))
        .sort("site_code", "vaccine_code", "day")
    )
    spare = pl.col("_spare")
    before = (pl.int_range(pl.len()) * spare).over("site_code", "vaccine_code")
    rows = used.join(_spares(setting, used), on=["site_code", "vaccine_code"], how="left",
                     maintain_order="left").with_columns(
        before.cast(pl.Int64).alias("opening"),
        (pl.col("used_doses") + WASTED_OPEN + spare).alias("received"),
        pl.lit(WASTED_OPEN, dtype=pl.Int64).alias("wasted_open_vial"),
        pl.lit(0, dtype=pl.Int64).alias("wasted_closed_vial"),
    )  # fmt: skip
    closing = (
        pl.col("opening") + pl.col("received") - pl.col("used_doses") - pl.col("wasted_open_vial")
    )
    rows = rows.with_columns(closing.alias("closing"))
    return ledger_lines(rows)


def ledger_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """Return lines of the ledger in delivery fields, numbered; `day` is what they are of."""
    return numbered(rows, "stock_id", "SK-").select(
        "stock_id", "site_code", "lot_no", "expiry", "vaccine_code",
        pl.col("day").alias("ledger_date"), "opening", "received", "used_doses",
        "wasted_open_vial", "wasted_closed_vial", "closing",
        (pl.col("closing") == 0).alias("stock_out"), *PLACE,
    )  # fmt: skip


def _spares(setting: Setting, used: pl.DataFrame) -> pl.DataFrame:
    """Return `site_code, vaccine_code, _spare`: what each ledger receives beyond its use a day."""
    ledgers = used.select("site_code", "vaccine_code").unique(maintain_order=True)
    out = setting.happens("_out", RUNS_OUT_SHARE, n=ledgers.height)
    spare = pl.when("_out").then(0).otherwise(RECEIVED_SPARE).cast(pl.Int64)
    return ledgers.with_columns(out).select("site_code", "vaccine_code", spare.alias("_spare"))
