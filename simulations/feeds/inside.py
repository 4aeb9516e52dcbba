"""Stays of a stream: by the rule in force, and what is noted of people day by day inside. Pure."""

from dataclasses import dataclass

import polars as pl

from simulations.feeds.states import ENDS_MINUTES, MOMENT, STAY_DAYS_F0, midnight_of
from simulations.platforms.quarantine import LATE_DAYS, LATE_SHARE, PRESENT_SHARE
from simulations.platforms.setting import PERSON, PLACE, Setting, local_date, numbered
from simulations.platforms.stay_rules import HOME, rule_of, table
from simulations.platforms.testing import LABORATORY_OF_STAYS, one_person

VACCINATED_SHARE = 0.8
"""Of adult contacts, how many count as fully vaccinated where a rule asks: 80.3 % of adults had two
doses on 14 December 2021 (timeline.csv), two days before the first rule that asks."""
ADULT_DAYS = 18 * 365.25
FEVER_SHARE = {"F0": 0.2}
"""Of the checks of a class of person, how many find a fever (assumed)."""
FEVER_SHARE_OF_OTHERS = 0.01
MORNING, EVENING = (6 * 60, 8 * 60), (10, 60)
"""Minutes of the day of a sample; minutes after coming in, on the first day."""


def by_rule(
    setting: Setting, stays: pl.DataFrame, *, severe: pl.Series, wards: pl.DataFrame
) -> pl.DataFrame:
    """Return stays with place, planned end and document of the rule of their first day.

    Needs: class, start_ts, facility_id, facility_kind, home_district, birth_date, id_no and place.

    Args:
        setting: where and when.
        stays: as `make_stays` gives them.
        severe: id_no of those who are not left at home.
        wards: `district_code, ward_code`.
    """
    n, began = stays.height, local_date("start_ts")
    grown = (began - pl.col("birth_date")).dt.total_days() >= ADULT_DAYS
    chance = pl.Series("_chance", setting.rng.random(n))
    rows = stays.with_columns(chance, setting.happens("_full", VACCINATED_SHARE, n=n)).with_columns(
        pl.when(pl.col("id_no").is_in(severe.implode())).then(1.0).otherwise("_chance")
        .alias("_chance")
    )  # fmt: skip
    found = rule_of(began=began, chance=pl.col("_chance"), vaccinated=pl.col("_full") & grown)
    rules = table().select("rule", "rule_id", "place", "days")
    rows = rows.with_columns(found.alias("rule")).drop("rule_id").join(
        rules, on="rule", how="left", maintain_order="left"
    )  # fmt: skip
    at_home = pl.col("place") == HOME
    rows = rows.with_columns(
        (began + pl.duration(days=pl.col("days"))).alias("planned_end"),
        pl.col("place").alias("facility_kind"),
        pl.when(~at_home).then("facility_id").alias("facility_id"),
        pl.when(at_home).then("home_district").otherwise("district_code").alias("district_code"),
    )
    return with_ward(setting, rows, wards=wards, name="home_ward", where=at_home).drop(
        "_chance", "_full", "place", "days", "home_district"
    )


def with_ward(
    setting: Setting, rows: pl.DataFrame, *, wards: pl.DataFrame, name: str, where: pl.Expr
) -> pl.DataFrame:
    """Add a ward of each row's district by chance; null where not asked for or not known.

    Needs: district_code.
    """
    of = wards.group_by("district_code", maintain_order=True).agg(pl.col("ward_code").alias("_of"))
    pick = pl.Series("_u", setting.rng.random(rows.height))
    one = pl.col("_of").list.get((pl.col("_u") * pl.col("_of").list.len()).cast(pl.Int64))
    return (
        rows.with_columns(pick)
        .join(of, on="district_code", how="left", maintain_order="left")
        .with_columns(pl.when(where).then(one).alias(name))
        .drop("_u", "_of")
    )


@dataclass
class Inside:
    """Stays that had not ended when the last block began; carried from block to block."""

    stays: pl.DataFrame | None = None

    def come(self, setting: Setting, stays: pl.DataFrame) -> pl.DataFrame:
        """Take in the stays of a block; return all that are open on one of its days."""
        now = stays.select(
            "stay_id", "class", "facility_id", "facility_kind", "start_ts", "actual_end",
            "end_reason", "rule", *PERSON, *PLACE,
        )  # fmt: skip
        every = now if self.stays is None else pl.concat([self.stays, now])
        self.stays = every.filter(local_date("actual_end") >= setting.first_day)
        return self.stays


def daily_checks(setting: Setting, inside: pl.DataFrame, *, share: float) -> pl.DataFrame:
    """Return the checks of a block in delivery fields: of each person inside, on most days.

    On the day of coming in everybody is checked; of who was not there, nothing was measured.

    Args:
        setting: where and when.
        inside: stays open in the block.
        share: of the later days, on how many a check is delivered; the rest is missing.
    """
    first = pl.max_horizontal(local_date("start_ts"), pl.lit(setting.first_day))
    last = pl.min_horizontal(local_date("actual_end"), pl.lit(setting.last_day))
    rows = (
        inside.select("stay_id", "class", "facility_kind", "start_ts", *PLACE,
                      pl.date_ranges(first, last).alias("date"))
        .explode("date")
    )  # fmt: skip
    rows = rows.filter(
        setting.happens("_", share, n=rows.height) | (pl.col("date") == local_date("start_ts"))
    )
    n = rows.height
    fever = pl.col("class").replace_strict(FEVER_SHARE, default=FEVER_SHARE_OF_OTHERS,
                                           return_dtype=pl.Float64)  # fmt: skip
    rows = numbered(rows, "check_id", "TD-").with_columns(
        setting.happens("present", PRESENT_SHARE, n=n), setting.whole("_well", 362, 374, n=n),
        setting.whole("_ill", 378, 395, n=n), pl.Series("_u", setting.rng.random(n)),
    ).with_columns((pl.col("_u") < fever).alias("_fever"))  # fmt: skip
    tenths = pl.when("_fever").then("_ill").otherwise("_well")
    return rows.select(
        "check_id", "stay_id", "facility_kind", "date",
        pl.when("present").then(tenths / 10).alias("temp_c"),
        pl.when(pl.col("_fever") & pl.col("present")).then(pl.lit("sot")).alias("symptoms"),
        "present", *PLACE,
    )  # fmt: skip


def due_samples(setting: Setting, inside: pl.DataFrame) -> pl.DataFrame:
    """Return the samples that the rule of each stay asks for on days of the block, no result yet.

    The first-day samples of contacts are those of tracing; who left before the day has none.
    """
    rules = table().select("rule", "tests", pl.col("tests").list.max().alias("_last"))
    began = local_date("start_ts")
    rows = (
        inside.join(rules, on="rule", how="left", maintain_order="left")
        .filter(pl.col("tests").list.len() > 0)
        .explode("tests")
        .with_columns((began + pl.duration(days=pl.col("tests") - 1)).alias("day"))
    )
    left = local_date("actual_end")
    there = (pl.col("day") < left) | (
        (pl.col("day") == left) & (pl.col("end_reason") != "thanh_F0")
    )
    rows = rows.filter(
        pl.col("day").is_between(setting.first_day, setting.last_day)
        & there
        & ((pl.col("class") != "F1") | (pl.col("tests") > 1))
    )
    rows = setting.after(rows, "start_ts", "_soon", *EVENING)
    rows = setting.at(rows, "_early", *MORNING)
    reason = (
        pl.when(pl.col("tests") == pl.col("_last")).then(pl.lit("ket_thuc_cach_ly"))
        .when((pl.col("class") == "nhap_canh") & (pl.col("tests") == 1)).then(pl.lit("nhap_canh"))
        .otherwise(pl.lit("cach_ly"))
    )  # fmt: skip
    taken = pl.when(pl.col("tests") == 1).then("_soon").otherwise("_early")
    return one_person(rows).select(
        "day", taken.alias("collected_at"),
        "pool_size", "pool_kind", "method", "specimen", *PERSON, *PLACE, reason.alias("reason"),
        "stay_id", LABORATORY_OF_STAYS.alias("lab_code"),
    )  # fmt: skip


def ended(stays: pl.DataFrame, setting: Setting) -> pl.DataFrame:
    """Return stays with an end: healed in hospital, else on the planned day, arrivals some late.

    Needs: class, facility_kind, start_ts, planned_end, actual_end, end_reason.
    """
    n = stays.height
    rows = stays.with_columns(
        setting.whole("_healed", *STAY_DAYS_F0, n=n),
        setting.whole("_at", *ENDS_MINUTES, n=n),
        setting.happens("_late", LATE_SHARE, n=n),
        setting.whole("_over", 1, LATE_DAYS, n=n),
    )
    over = pl.when((pl.col("class") == "nhap_canh") & pl.col("_late")).then("_over").otherwise(0)
    leaves = (
        pl.when((pl.col("class") == "F0") & (pl.col("facility_kind") != HOME))
        .then(local_date("start_ts") + pl.duration(days=pl.col("_healed")))
        .otherwise(pl.col("planned_end") + pl.duration(days=over))
    )
    is_open = pl.col("actual_end").is_null()
    return (
        rows.with_columns(leaves.alias("_leaves"))
        .with_columns(
            pl.when(is_open)
            .then(midnight_of("_leaves") + pl.duration(minutes=pl.col("_at")))
            .otherwise("actual_end").cast(MOMENT).alias("actual_end"),
            pl.when(is_open).then(pl.lit("du_ngay")).otherwise("end_reason").alias("end_reason"),
        )
        .drop("_healed", "_at", "_late", "_over", "_leaves")
    )  # fmt: skip
