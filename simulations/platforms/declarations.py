"""Declarations of cases the evening before, and of everybody else on the day."""

import polars as pl

from data_access.contracts.declarations import CHANNEL, DECLARATION_KIND
from simulations.platforms.epidemic import Epidemic
from simulations.platforms.people import Register
from simulations.platforms.setting import PERSON, PLACE, Setting, numbered

SYMPTOMS = ("sot", "ho", "kho_tho", "dau_hong", "met_moi")
SYMPTOM_SHARE, EXPOSURE_SHARE, CALLED_SHARE, SAMPLED_SHARE = 0.08, 0.05, 0.9, 0.6
EXPOSURES = ("tiep_xuc_F0", "tu_vung_dich", "tiep_xuc_nguoi_co_trieu_chung")
JOURNEYS = ("26734", "00001|26734")
"""Wards that a journey names."""
TRAVEL_SHARE = 0.05
"""Of those who were in no epidemic area, how many name a journey."""


def make_declarations(setting: Setting, register: Register, *, epidemic: Epidemic) -> pl.DataFrame:
    """Return every declaration in delivery fields, and the working columns `day`, `is_case`."""
    rows = pl.concat(
        [_of_cases(setting, epidemic), _of_others(setting, register)], how="diagonal"
    ).sort("declared_at", "id_no")
    rows = setting.after(
        numbered(rows, "declaration_id", "TK-"), "declared_at", "received_at", 0, 3
    )
    return rows.with_columns(
        setting.chosen("channel", list(CHANNEL), n=rows.height),
        setting.chosen("kind", list(DECLARATION_KIND), n=rows.height),
        pl.lit("self").alias("declared_by"),
    )


def _of_cases(setting: Setting, epidemic: Epidemic) -> pl.DataFrame:
    cases = epidemic.cases.filter(pl.col("found_by") == "declared")
    rows = cases.select("day", "collected_at", *PERSON, *PLACE).with_columns(
        (pl.col("day") - pl.duration(days=1)).alias("evening"),
        setting.chosen("symptoms_14d", SYMPTOMS, n=cases.height),
        pl.lit("tiep_xuc_F0").alias("exposure_14d"),
    )
    rows = setting.at(rows, "declared_at", 18 * 60, 22 * 60, day="evening")
    return setting.after(rows, "declared_at", "called_at", 10, 90).with_columns(
        pl.lit("urgent").alias("risk_flag"),
        pl.lit("sent_to_test").alias("followup_status"),
        pl.col("called_at").alias("followup_at"),
        pl.col("collected_at").alias("sampled_at"),
        pl.lit("duong_tinh").alias("test_result"),
        pl.lit(value=True).alias("is_case"),
    ).drop("evening", "collected_at")  # fmt: skip


def _of_others(setting: Setting, register: Register) -> pl.DataFrame:
    rows = register.add_people(setting.daily("declarations"))
    rows = setting.at(rows, "declared_at", 6 * 60, 11 * 60)
    n = rows.height
    rows = rows.with_columns(
        setting.happens("_ill", SYMPTOM_SHARE, n=n), setting.chosen("_symptom", SYMPTOMS, n=n),
        setting.happens("_met", EXPOSURE_SHARE, n=n), setting.chosen("_where", EXPOSURES, n=n),
        setting.happens("_away", TRAVEL_SHARE, n=n), setting.chosen("_journey", JOURNEYS, n=n),
    ).with_columns(
        pl.when("_ill").then("_symptom").alias("symptoms_14d"),
        pl.when("_met").then("_where").alias("exposure_14d"),
    ).with_columns(
        pl.when(pl.col("_away") | pl.col("exposure_14d").eq_missing(pl.lit("tu_vung_dich")))
        .then("_journey").alias("travel_14d"),
    )  # fmt: skip
    return _followed(setting, rows.with_columns(_risk())).drop(
        "_ill", "_symptom", "_met", "_where", "_away", "_journey"
    )


def _risk() -> pl.Expr:
    """Return the risk by the domain's rule (1.1): urgent, watch or none."""
    ill, met = pl.col("symptoms_14d").is_not_null(), pl.col("exposure_14d").is_not_null()
    grave = (pl.col("exposure_14d") == "tiep_xuc_F0") | (pl.col("symptoms_14d") == "kho_tho")
    urgent = grave.fill_null(value=False) | (ill & met)
    return (
        pl.when(urgent).then(pl.lit("urgent")).when(ill | met).then(pl.lit("watch"))
        .otherwise(pl.lit("none")).alias("risk_flag")
    )  # fmt: skip


def _followed(setting: Setting, rows: pl.DataFrame) -> pl.DataFrame:
    """Add call, sample and result of those flagged; who could not be reached has no sample."""
    n = rows.height
    rows = setting.after(rows, "declared_at", "followup_at", 10, 180)
    rows = setting.after(rows, "followup_at", "sampled_at", 30, 180).with_columns(
        setting.happens("_called", CALLED_SHARE, n=n),
        setting.happens("_sampled", SAMPLED_SHARE, n=n),
    )
    flagged = pl.col("risk_flag") != "none"
    called, sampled = flagged & pl.col("_called"), flagged & pl.col("_called") & pl.col("_sampled")
    return rows.with_columns(
        pl.when(sampled).then(pl.lit("sent_to_test")).when(called).then(pl.lit("verified"))
        .when(flagged).then(pl.lit("unreachable")).alias("followup_status"),
        pl.when(flagged).then("followup_at").alias("followup_at"),
        pl.when(called).then("followup_at").alias("called_at"),
        pl.when(sampled).then("sampled_at").alias("sampled_at"),
        pl.when(sampled).then(pl.lit("am_tinh")).alias("test_result"),
        pl.lit(value=False).alias("is_case"),
    ).drop("_called", "_sampled")  # fmt: skip


def sampled_others(declarations: pl.DataFrame) -> pl.DataFrame:
    """Return the declarers who were sampled and are no cases."""
    return declarations.filter(pl.col("sampled_at").is_not_null() & ~pl.col("is_case")).select(
        "day", "sampled_at", *PERSON, *PLACE
    )


def declaration_records(declarations: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the one kind of record of the platform, in delivery fields."""
    return {
        "declaration": declarations.select(
            "declaration_id", "declared_at", "received_at", "channel", "kind", "declared_by",
            "symptoms_14d", "exposure_14d", "travel_14d", "risk_flag", "followup_status",
            "followup_at", "called_at", "sampled_at", "test_result", *PERSON, *PLACE,
        )
    }  # fmt: skip
