"""Cases, their clusters, their contacts and where they were: what the other platforms follow.

How a case was found decides what else there is of it:
    contact   an F1 of its cluster's first case, in quarantine since the evening before;
    declared  a declaration the evening before, called back and sent to be tested;
    pooled    a positive pool, each member of which was sampled again;
    hospital  none of these.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from data_access.contracts.tracing import FOUND_BY
from simulations.platforms.people import Register
from simulations.platforms.setting import PERSON, PLACE, Setting, local_date, numbered

DETECTED_IN = {"contact": "khu_cach_ly", "declared": "cong_dong", "pooled": "cong_dong",
               "hospital": "co_so_y_te"}  # fmt: skip
SETTINGS = ("ho_gia_dinh", "noi_lam_viec", "benh_vien", "cho", "truong", "xe")
FIRST_ONSET_DAYS = 7
"""Days before it was found on which the first case of each cluster fell ill."""


@dataclass(frozen=True, kw_only=True)
class Epidemic:
    """What happened, in working columns: delivery fields and what other parts need.

    Attributes:
        cases: one row per case, with its person, its moments and `found_by`.
        contacts: one row per contact, with its person and moments; `case_id` of a contact who
            became a case, else null.
        visits: one row per stay of a case at a registered place.
        clusters: one row per cluster.
        later: cases of days after the period, who are listed as contacts in it; None: there are
            none.
        held: `case_id, stay_id` of cases who were listed before the period.
    """

    cases: pl.DataFrame
    contacts: pl.DataFrame
    visits: pl.DataFrame
    clusters: pl.DataFrame
    later: pl.DataFrame | None = None
    held: pl.DataFrame | None = None


def make_epidemic(setting: Setting, register: Register, *, places: pl.DataFrame) -> Epidemic:
    """Return the cases of the period and of the day before it, and all that hangs on them."""
    cases = _cases(setting, register)
    return Epidemic(
        cases=cases,
        contacts=pl.concat([_new_contacts(setting, register, cases=cases), _known(setting, cases)])
        .sort("identified_ts", "id_no")
        .pipe(numbered, "contact_id", "TX-"),
        visits=visits_of(setting, cases, places=places),
        clusters=_clusters(cases),
    )


def _cases(setting: Setting, register: Register) -> pl.DataFrame:
    rows = pl.concat([_index_cases(setting), _daily_cases(setting)], how="diagonal")
    rows = numbered(
        _onsets(setting, rows).sort(
            "day", "is_index", descending=[False, True], maintain_order=True
        ),
        "case_id",
        "BN-",
    )
    rows = register.add_people(rows, youngest=1)
    rows = rows.with_columns(_found_by(setting, rows))
    return case_moments(setting, _infectors(rows))


def _index_cases(setting: Setting) -> pl.DataFrame:
    many = setting.parameters.clusters_per_province
    first = pl.DataFrame({"province_code": setting.codes}).with_columns(
        pl.lit(setting.first_day - timedelta(days=1)).alias("day")
    )
    rows = setting.placed(first, each=many)
    return rows.with_columns(
        (pl.int_range(pl.len()).over("province_code")).alias("n_cluster"),
        pl.lit(value=True).alias("is_index"),
    )


def _daily_cases(setting: Setting) -> pl.DataFrame:
    rows, many = setting.daily("cases"), setting.parameters.clusters_per_province
    return rows.with_columns(
        setting.whole("n_cluster", 0, many - 1, n=rows.height),
        pl.lit(value=False).alias("is_index"),
    )


def _onsets(setting: Setting, rows: pl.DataFrame) -> pl.DataFrame:
    """Add cluster, severity and onset; who shows no symptoms has no day of onset."""
    back = setting.whole("_back", 0, 5, n=rows.height)
    severity = setting.chosen("severity", ("khong_trieu_chung", "nhe", "trung_binh", "nang"),
                              n=rows.height, weights=(30, 55, 10, 5))  # fmt: skip
    index = pl.col("is_index")
    return rows.with_columns(back, severity).with_columns(
        pl.when(index).then(pl.lit("nhe")).otherwise("severity").alias("severity"),
        (
            "OD-" + pl.col("province_code") + "-" + (pl.col("n_cluster") + 1).cast(pl.String)
        ).alias("cluster_id"),
        pl.when(index)
        .then(pl.col("day") - pl.duration(days=FIRST_ONSET_DAYS))
        .when(pl.col("severity") != "khong_trieu_chung")
        .then(pl.col("day") - pl.duration(days=pl.col("_back")))
        .alias("onset_date"),
    ).drop("_back")  # fmt: skip


def _found_by(setting: Setting, rows: pl.DataFrame) -> pl.Expr:
    chance, p = pl.Series(setting.rng.random(rows.height)), setting.parameters
    known = p.known_share
    declared = known + (1 - known) * p.declared_share
    pooled = declared + (1 - declared) * p.pooled_share
    symptoms = pl.col("onset_date").is_not_null()
    # Who is listed as a contact was listed on the day on which the first case was found.
    later = pl.col("day") > pl.col("day").min().over("province_code", "n_cluster")
    return (
        pl.when("is_index").then(pl.lit("hospital"))
        .when((pl.lit(chance) < known) & later).then(pl.lit("contact"))
        .when((pl.lit(chance) < declared) & symptoms).then(pl.lit("declared"))
        .when(pl.lit(chance) < pooled).then(pl.lit("pooled"))
        .otherwise(pl.lit("hospital"))
        .alias("found_by")
    )  # fmt: skip


def _infectors(rows: pl.DataFrame) -> pl.DataFrame:
    """Add infector_id: of a contact the cluster's first case, else whoever fell ill before.

    The others are not known, as after any interview.
    """
    index = rows.filter("is_index").select("cluster_id", pl.col("case_id").alias("index_id"))
    ordered = rows.sort("cluster_id", "onset_date", "case_id", nulls_last=True).select(
        "case_id", pl.col("case_id").shift(1).over("cluster_id").alias("_before")
    )
    found = pl.col("found_by")
    return (
        rows.join(index, on="cluster_id", how="left", maintain_order="left")
        .join(ordered, on="case_id", how="left", maintain_order="left")
        .with_columns(
            pl.when("is_index").then(None)
            .when(found == "contact").then("index_id")
            .when((found == "hospital") & pl.col("onset_date").is_not_null()).then("_before")
            .alias("infector_id")
        )
        .drop("_before")
    )  # fmt: skip


def case_moments(setting: Setting, rows: pl.DataFrame) -> pl.DataFrame:
    """Add what happens to a case on its day: sampled at dawn, isolated by the evening."""
    rows = setting.at(rows, "collected_at", 5 * 60, 8 * 60)
    for start, name, low, high in (
        ("collected_at", "received_lab_at", 20, 90),
        ("received_lab_at", "resulted_at", 120, 300),
        ("resulted_at", "returned_at", 10, 60),
        ("returned_at", "reported_at", 10, 60),
        ("returned_at", "isolation_ts", 15, 180),
        ("reported_at", "interviewed_at", 15, 120),
    ):
        rows = setting.after(rows, start, name, low, high)
    return rows


def _new_contacts(setting: Setting, register: Register, *, cases: pl.DataFrame) -> pl.DataFrame:
    each = setting.parameters.contacts_per_case
    repeated = cases.select(
        pl.col("case_id").alias("index_case_id"), pl.col("reported_at").alias("index_reported_at"),
        "interviewed_at", *PLACE,
    ).select(pl.all().repeat_by(each).explode())  # fmt: skip
    rows = listed(setting, register.add_people(repeated, youngest=1))
    there = setting.happens("_there", setting.parameters.reached_share, n=rows.height)
    moments = ("reached_ts", "quarantined_ts", "sampled_ts")
    rows = setting.after(rows, "quarantined_ts", "sampled_ts", 10, 60).with_columns(there)
    rows = rows.with_columns(pl.when("_there").then(pl.col(name)).alias(name) for name in moments)
    return contact_columns(
        rows.with_columns(
            pl.when("_there").then(pl.lit("quarantined")).otherwise(pl.lit("new")).alias("status"),
            pl.lit(None, dtype=pl.String).alias("case_id"),
        )
    )


def _known(setting: Setting, cases: pl.DataFrame) -> pl.DataFrame:
    """Return the contacts who became cases: listed with the first case, sampled as cases."""
    index = cases.filter("is_index").select(
        pl.col("case_id").alias("index_id"), "interviewed_at",
        pl.col("reported_at").alias("index_reported_at"),
    )  # fmt: skip
    rows = (
        cases.filter(pl.col("found_by") == "contact")
        .drop("interviewed_at")
        .join(index, on="index_id", how="left", maintain_order="left")
        .with_columns(pl.col("index_id").alias("index_case_id"))
    )
    return contact_columns(
        listed(setting, rows).with_columns(
            pl.col("collected_at").alias("sampled_ts"), pl.lit("tested_pos").alias("status")
        )
    )


def listed(setting: Setting, rows: pl.DataFrame) -> pl.DataFrame:
    """Add moments, source and setting to contacts; needs interviewed_at of the index case."""
    for start, name, low, high in (
        ("interviewed_at", "identified_ts", 5, 60),
        ("identified_ts", "reached_ts", 5, 60),
        ("reached_ts", "quarantined_ts", 15, 90),
        ("identified_ts", "last_exposure_ts", -3 * 1440, -1440),
    ):
        rows = setting.after(rows, start, name, low, high)
    return rows.with_columns(
        setting.chosen("source", list(FOUND_BY), n=rows.height),
        setting.chosen("setting", SETTINGS, n=rows.height),
    )


def contact_columns(rows: pl.DataFrame, *more: str) -> pl.DataFrame:
    """Return contacts in working columns, and any more that are named."""
    return rows.select(
        "index_case_id", pl.lit("F1").alias("class"), "index_reported_at", "last_exposure_ts",
        "identified_ts", "reached_ts", "quarantined_ts", "sampled_ts", "source", "setting",
        "status", "case_id", *PERSON, *PLACE, *more,
    )  # fmt: skip


def visits_of(setting: Setting, cases: pl.DataFrame, *, places: pl.DataFrame) -> pl.DataFrame:
    """Return one visit of each case who was free: a place of its province, the day before."""
    by_province = (
        places.sort("place_code")
        .group_by("province_code", maintain_order=True)
        .agg(pl.col("place_code").alias("_of"))
    )
    free = cases.filter(pl.col("found_by") != "contact").select(
        "case_id", "province_code", "day", *PERSON
    )
    pick = pl.Series("_u", setting.rng.random(free.height))
    rows = free.with_columns(pick, pl.col("day") - pl.duration(days=1)).join(
        by_province, on="province_code", how="left", maintain_order="left"
    )
    one = pl.col("_of").list.get((pl.col("_u") * pl.col("_of").list.len()).cast(pl.Int64))
    rows = rows.with_columns(one.alias("place_code")).drop("_u", "_of", "province_code")
    about = places.select("place_code", "name", pl.col("kind").alias("place_kind"), *PLACE)
    rows = rows.join(about, on="place_code", how="left", maintain_order="left")
    rows = setting.at(rows, "visited_from", 8 * 60, 18 * 60)
    return setting.after(rows, "visited_from", "visited_to", 15, 180)


def _clusters(cases: pl.DataFrame) -> pl.DataFrame:
    names = pl.Series(SETTINGS)
    number = pl.col("n_cluster") % len(SETTINGS)
    return (
        cases.sort("case_id")
        .group_by("cluster_id", maintain_order=True)
        .agg(
            pl.col("n_cluster", *PLACE).first(),
            pl.col("day").min().alias("opened_on"),
            pl.col("onset_date").min().alias("first_onset"),
            pl.col("day").max().alias("last_case_date"),
        )
        .select(
            "cluster_id",
            ("Ổ dịch " + pl.col("cluster_id")).alias("name"),
            number.replace_strict(dict(enumerate(names)), return_dtype=pl.String).alias("setting"),
            "opened_on", "first_onset", "last_case_date",
            pl.lit("hoat_dong").alias("status"),
            *PLACE,
        )
    )  # fmt: skip


def tracing_records(epidemic: Epidemic) -> dict[str, pl.DataFrame]:
    """Return the four kinds of record of contact tracing, in delivery fields."""
    case_day = pl.col("day")
    cases = epidemic.cases.select(
        "case_id", "onset_date", case_day.alias("sample_date"),
        local_date("resulted_at").alias("result_date"),
        local_date("reported_at").alias("report_date"),
        "isolation_ts", "interviewed_at",
        pl.col("found_by").replace_strict(DETECTED_IN).alias("detected_in"),
        "severity", pl.lit("dang_dieu_tri").alias("outcome"),
        pl.lit(None, dtype=pl.Date).alias("outcome_date"), "infector_id", "cluster_id",
        (pl.col("found_by") == "contact").alias("known_contact"), *PERSON, *PLACE,
        *(name for name in ("ward_code",) if name in epidemic.cases.columns),
    )  # fmt: skip
    visits = numbered(epidemic.visits, "exposure_id", "MD-").select(
        "exposure_id", "case_id", "place_code", "name", _visited().alias("setting"),
        "visited_from", "visited_to", *PLACE,
    )  # fmt: skip
    order = [
        "contact_id",
        *(c for c in epidemic.contacts.columns if c not in {"contact_id", "case_id"}),
    ]
    return {
        "case": cases,
        "contact": epidemic.contacts.select(order),
        "exposure_place": visits,
        "cluster": epidemic.clusters,
    }


def _visited() -> pl.Expr:
    known = {"co_quan": "noi_lam_viec", "benh_vien": "benh_vien", "truong_hoc": "truong",
             "cho": "cho",
             "khu_cong_nghiep": "noi_lam_viec", "ben_xe_nha_ga": "xe"}  # fmt: skip
    return pl.col("place_kind").replace_strict(known, default="khac")
