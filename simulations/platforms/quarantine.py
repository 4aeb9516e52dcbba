"""Stays of cases, contacts and arrivals in registered facilities, and what is noted of a stay."""

from datetime import timedelta

import polars as pl

from data_access.contracts.quarantine import SHORTAGE
from simulations.platforms.epidemic import Epidemic
from simulations.platforms.people import Register
from simulations.platforms.setting import PERSON, PLACE, Setting, local_date, numbered
from simulations.platforms.sites import Sites

BREACH_SHARE = 0.05
LATE_SHARE, LATE_DAYS = 0.25, 2
"""Of the arrivals, how many leave after their planned end, and at most how many days."""
PRESENT_SHARE = 0.97
SHORT_SHARE = 0.3
"""Of the reports of sites, how many tell of something missing."""
PEOPLE_PER_STAFF = 8
FOUND_BY = {
    "roi_khu_vuc": ("gps", "can_bo", "nguoi_dan"),
    "mat_tin_hieu": ("vong_tay", "gps", "vong_tay"),
    "tiep_xuc": ("can_bo", "nguoi_dan", "khac"),
}
"""Kind of breach → what may find it."""
FEVER_TENTHS = 378
"""Body temperature (0.1 °C) from which fever is noted."""
RULE = "5599/BYT-MT"
"""Letter of the Ministry of Health of July 2021 on how long people stay."""
WORKING = ("id_of_contact", "day", "home_district", "rule")


def make_stays(
    setting: Setting, register: Register, *, epidemic: Epidemic, facilities: pl.DataFrame
) -> pl.DataFrame:
    """Return every stay with its person; WORKING names the working columns among the others."""
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
        pl.col("district_code").alias("home_district"),
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
    cases = [epidemic.cases] if epidemic.later is None else [epidemic.cases, epidemic.later]
    isolated = pl.concat(part.select("case_id", "isolation_ts") for part in cases)
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
    """Return the stays of arrivals from abroad that end on a day of the period, some late.

    Where their volumes are given, they come on their day and their end is open.
    """
    rows = register.add_people(setting.daily("arrivals"))
    if "arrivals" in setting.volumes:
        return _coming(setting, rows)
    n = rows.height
    rows = rows.with_columns(
        setting.happens("_late", LATE_SHARE, n=n), setting.whole("_over", 1, LATE_DAYS, n=n)
    )
    over = pl.when("_late").then("_over").otherwise(0)
    days = pl.duration(days=setting.parameters.quarantine_days + over)
    rows = rows.with_columns((pl.col("day") - days).alias("came"))
    rows = setting.at(rows, "start_ts", 9 * 60, 17 * 60, day="came")
    rows = setting.at(rows, "actual_end", 14 * 60, 17 * 60)
    rows = rows.with_columns(
        pl.lit("du_ngay").alias("end_reason"),
        pl.lit(None, dtype=pl.String).alias("id_of_contact"),
    )
    return _columns(rows, of="nhap_canh", kind="khach_san")


def _coming(setting: Setting, rows: pl.DataFrame) -> pl.DataFrame:
    rows = setting.at(rows, "start_ts", 9 * 60, 17 * 60).with_columns(
        pl.lit(None, dtype=pl.Datetime("us", "UTC")).alias("actual_end"),
        pl.lit(None, dtype=pl.String).alias("end_reason"),
        pl.lit(None, dtype=pl.String).alias("id_of_contact"),
    )
    return _columns(rows, of="nhap_canh", kind="khach_san")


def quarantine_records(
    setting: Setting, *, stays: pl.DataFrame, sites: Sites, samples: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Return the six kinds of record of quarantine, in delivery fields.

    Args:
        setting: where and when.
        stays: as `make_stays` gives them.
        sites: what is registered.
        samples: `stay_id, day, result` of the samples taken inside.
    """
    return {
        "stay": stay_records(stays),
        "facility": sites.facilities,
        "daily_check": _daily_checks(setting, stays),
        "test": tests_inside(samples, stays),
        "breach": breaches(setting, stays),
        "site_report": site_reports(setting, stays, facilities=sites.facilities),
    }


def stay_records(stays: pl.DataFrame) -> pl.DataFrame:
    """Return stays in delivery fields."""
    return stays.select("stay_id", pl.exclude("stay_id", *WORKING))


def tests_inside(samples: pl.DataFrame, stays: pl.DataFrame) -> pl.DataFrame:
    """Return tests in delivery fields: of `stay_id, day, result`, and the stays they are of."""
    began = stays.select("stay_id", local_date("start_ts").alias("stay_started_on"), *PLACE)
    rows = numbered(samples, "test_id", "XC-").join(
        began, on="stay_id", how="left", maintain_order="left"
    )
    number = (pl.col("day") - pl.col("stay_started_on")).dt.total_days() + 1
    return rows.select(
        "test_id", "stay_id", "day", "stay_started_on", number.alias("stay_day"), "result", *PLACE
    )


def _daily_checks(setting: Setting, stays: pl.DataFrame) -> pl.DataFrame:
    """Return the check of each stay on its day: on coming in, for an arrival on leaving.

    Of who was not there, nothing was measured.
    """
    n = stays.height
    tenths = setting.whole("_tenths", 362, 384, n=n)
    feverish = pl.col("_tenths") >= FEVER_TENTHS
    present = setting.happens("present", PRESENT_SHARE, n=n)
    rows = numbered(stays, "check_id", "TD-").with_columns(tenths, present)
    return rows.select(
        "check_id", "stay_id", "facility_kind", pl.col("day").alias("date"),
        pl.when("present").then(pl.col("_tenths") / 10).alias("temp_c"),
        pl.when(feverish & pl.col("present")).then(pl.lit("sot")).alias("symptoms"),
        "present", *PLACE,
    )  # fmt: skip


def breaches(setting: Setting, stays: pl.DataFrame) -> pl.DataFrame:
    """Return the breaches of a few contacts, within the hour after they came in."""
    rows = stays.filter((pl.col("class") == "F1") & pl.col("end_reason").ne_missing("thanh_F0"))
    rows = rows.filter(setting.happens("_", BREACH_SHARE, n=rows.height))
    n = rows.height
    rows = setting.after(rows, "start_ts", "ts", 10, 60).with_columns(
        setting.chosen("kind", list(FOUND_BY), n=n),
        setting.whole("_way", 0, 2, n=n),
        setting.whole("_metres", 50, 3_000, n=n),
    )
    ways = pl.col("kind").replace_strict(FOUND_BY, return_dtype=pl.List(pl.String))
    return numbered(rows, "breach_id", "VP-").select(
        "breach_id", "stay_id", "ts", "kind", ways.list.get(pl.col("_way")).alias("detected_by"),
        # Only who left is somewhere else.
        pl.when(pl.col("kind") == "roi_khu_vuc").then("_metres").alias("distance_m"), *PLACE,
    )  # fmt: skip


def site_reports(
    setting: Setting, stays: pl.DataFrame, *, facilities: pl.DataFrame
) -> pl.DataFrame:
    """Return what each facility says of itself each day: people inside at midnight, what lacks."""
    days = [setting.first_day + timedelta(days=number) for number in range(setting.n_days)]
    each = facilities.join(pl.DataFrame({"date": days}), how="cross")
    rows = each.join(_inside(stays, each), on=["facility_id", "date"], how="left")
    n = rows.height
    rows = rows.sort("date", "facility_id").with_columns(
        pl.col("occupied").fill_null(0),
        setting.happens("_short", SHORT_SHARE, n=n),
        setting.chosen("_of", list(SHORTAGE), n=n),
    )
    free = pl.col("beds_usable") - pl.col("occupied")
    state = (
        pl.when(free <= 0).then(pl.lit("ngung"))
        .when("_short").then(pl.lit("han_che")).otherwise(pl.lit("binh_thuong"))
    )  # fmt: skip
    return numbered(rows, "report_id", "BC-").select(
        "report_id", "facility_id", pl.col("kind").alias("facility_kind"), "date",
        state.alias("state"), pl.when("_short").then("_of").alias("shortages"), "occupied",
        free.alias("beds_free"), (pl.col("occupied") // PEOPLE_PER_STAFF + 1).alias("staff"),
        *PLACE,
    )  # fmt: skip


def _inside(stays: pl.DataFrame, each: pl.DataFrame) -> pl.DataFrame:
    """Return `facility_id, date, occupied`: the people still inside when the day ends."""
    rows = each.select("facility_id", "date").join(stays, on="facility_id", how="inner")
    is_inside = (local_date("start_ts") <= pl.col("date")) & (
        local_date("actual_end") > pl.col("date")
    ).fill_null(value=True)
    return (
        rows.filter(is_inside)
        .group_by("facility_id", "date")
        .agg(pl.len().cast(pl.Int64).alias("occupied"))
    )
