"""Stays of cases, contacts and arrivals in registered facilities, and what is noted of a stay."""

import polars as pl

from simulations.platforms.epidemic import Epidemic
from simulations.platforms.people import Register
from simulations.platforms.setting import PERSON, PLACE, Setting, local_date, numbered
from simulations.platforms.sites import Sites

BREACH_SHARE = 0.02
FEVER_TENTHS = 378
"""Body temperature (0.1 °C) from which fever is noted."""
RULE = "5599/BYT-MT"
"""Letter of the Ministry of Health of July 2021 on how long people stay."""
WORKING = ("id_of_contact", "day")


def make_stays(
    setting: Setting, register: Register, *, epidemic: Epidemic, facilities: pl.DataFrame
) -> pl.DataFrame:
    """Return every stay with its person; `id_of_contact` and `day` are working columns."""
    stays = pl.concat(
        [_of_cases(epidemic), _of_contacts(epidemic), _of_arrivals(setting, register)]
    )
    where = facilities.select(
        "facility_id", pl.col("kind").alias("facility_kind"), "province_code", "district_code"
    )
    placed = stays.join(
        where, on=["province_code", "facility_kind"], how="left", maintain_order="left"
    )
    length = pl.duration(days=setting.parameters.quarantine_days)
    ordered = placed.sort("start_ts", "id_no").with_columns(
        (local_date("start_ts") + length).alias("planned_end"), pl.lit(RULE).alias("rule_id")
    )
    return numbered(ordered, "stay_id", "LC-")


def _columns(rows: pl.DataFrame, *, of: str, kind: str) -> pl.DataFrame:
    return rows.select(
        pl.lit(of).alias("class"), pl.lit(kind).alias("facility_kind"), "start_ts", "actual_end",
        "end_reason", "id_of_contact", "day", *PERSON, "province_code",
    )  # fmt: skip


def _of_cases(epidemic: Epidemic) -> pl.DataFrame:
    rows = epidemic.cases.with_columns(
        pl.col("isolation_ts").alias("start_ts"),
        pl.lit(None, dtype=pl.Datetime("us", "UTC")).alias("actual_end"),
        pl.lit(None, dtype=pl.String).alias("end_reason"),
        pl.lit(None, dtype=pl.String).alias("id_of_contact"),
    )
    return _columns(rows, of="F0", kind="benh_vien_da_chien")


def _of_contacts(epidemic: Epidemic) -> pl.DataFrame:
    """Return the stays of those reached; who became a case leaves when isolated as one."""
    isolated = epidemic.cases.select("case_id", "isolation_ts")
    rows = (
        epidemic.contacts.filter(pl.col("quarantined_ts").is_not_null())
        .join(isolated, on="case_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("quarantined_ts").alias("start_ts"),
            pl.col("isolation_ts").alias("actual_end"),
            pl.when(pl.col("isolation_ts").is_not_null())
            .then(pl.lit("thanh_F0"))
            .alias("end_reason"),
            pl.col("contact_id").alias("id_of_contact"),
            local_date("quarantined_ts").alias("day"),
        )
    )
    return _columns(rows, of="F1", kind="tap_trung")


def _of_arrivals(setting: Setting, register: Register) -> pl.DataFrame:
    """Return the stays of arrivals from abroad that end, in time, on a day of the period."""
    rows = register.add_people(setting.daily(setting.parameters.arrivals_per_province))
    days = pl.duration(days=setting.parameters.quarantine_days)
    rows = rows.with_columns((pl.col("day") - days).alias("came"))
    rows = setting.at(rows, "start_ts", 9 * 60, 17 * 60, day="came")
    rows = setting.at(rows, "actual_end", 14 * 60, 17 * 60)
    rows = rows.with_columns(
        pl.lit("du_ngay").alias("end_reason"),
        pl.lit(None, dtype=pl.String).alias("id_of_contact"),
    )
    return _columns(rows, of="nhap_canh", kind="khach_san")


def quarantine_records(
    setting: Setting, *, stays: pl.DataFrame, sites: Sites, samples: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Return the five kinds of record of quarantine, in delivery fields.

    Args:
        setting: where and when.
        stays: as `make_stays` gives them.
        sites: what is registered.
        samples: `stay_id, day, result` of the samples taken inside.
    """
    tests = numbered(samples, "test_id", "XC-").select("test_id", "stay_id", "day", "result")
    where = stays.select("stay_id", *PLACE)
    return {
        "stay": stays.select("stay_id", pl.exclude("stay_id", *WORKING)),
        "facility": sites.facilities,
        "daily_check": _daily_checks(setting, stays),
        "test": tests.join(where, on="stay_id", how="left", maintain_order="left"),
        "breach": _breaches(setting, stays),
    }


def _daily_checks(setting: Setting, stays: pl.DataFrame) -> pl.DataFrame:
    """Return the check of each stay on its day: on coming in, for an arrival on leaving."""
    n = stays.height
    tenths = setting.whole("_tenths", 362, 384, n=n)
    feverish = pl.col("_tenths") >= FEVER_TENTHS
    rows = numbered(stays, "check_id", "TD-").with_columns(tenths)
    return rows.select(
        "check_id", "stay_id", "facility_kind", pl.col("day").alias("date"),
        (pl.col("_tenths") / 10).alias("temp_c"),
        pl.when(feverish).then(pl.lit("sot")).alias("symptoms"), *PLACE,
    )  # fmt: skip


def _breaches(setting: Setting, stays: pl.DataFrame) -> pl.DataFrame:
    """Return the breaches of a few contacts, within the hour after they came in."""
    rows = stays.filter((pl.col("class") == "F1") & pl.col("actual_end").is_null())
    rows = rows.filter(setting.happens("_", BREACH_SHARE, n=rows.height))
    kinds = ("roi_khu_vuc", "mat_tin_hieu", "tiep_xuc")
    rows = setting.after(rows, "start_ts", "ts", 10, 60).with_columns(
        setting.chosen("kind", kinds, n=rows.height)
    )
    return numbered(rows, "breach_id", "VP-").select("breach_id", "stay_id", "ts", "kind", *PLACE)
