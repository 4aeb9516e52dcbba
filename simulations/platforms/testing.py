"""Samples of cases, contacts, declarers, arrivals and screening, in registered laboratories.

A positive single sample belongs to exactly one case. A positive pool is taken apart: each of its
members is sampled again alone, and one of them is a case.
"""

from dataclasses import dataclass

import polars as pl

from data_access.contracts.testing import RETURNED_VIA
from simulations.platforms.epidemic import Epidemic
from simulations.platforms.people import Register
from simulations.platforms.setting import PERSON, PLACE, Setting, numbered
from simulations.platforms.sites import laboratory_of

CASE_REASON = {
    "contact": "F1",
    "declared": "trieu_chung",
    "pooled": "tam_soat",
    "hospital": "benh_vien",
}
MOMENTS = ("collected_at", "received_lab_at", "resulted_at", "returned_at")
RETURNED_WEIGHTS = (80, 8, 12)
"""How results go back: electronically, on paper, by telephone."""
LABORATORY_OF_STAYS = laboratory_of("khang_dinh")
POOL_ID = "pool"
"""Working column: what joins a pool, its members and their retests."""


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Every sample and every member of a pool, in delivery fields.

    Attributes:
        samples: one row per tube.
        members: one row per person in a pooled tube.
        inside: `stay_id, day, result` of those taken inside quarantine.
    """

    samples: pl.DataFrame
    members: pl.DataFrame
    inside: pl.DataFrame


def make_samples(
    setting: Setting,
    register: Register,
    *,
    epidemic: Epidemic,
    stays: pl.DataFrame,
    declared: pl.DataFrame,
    followed: pl.DataFrame | None = None,
) -> Samples:
    """Return what was sampled.

    Args:
        setting: where and when.
        register: gives out the people of screening.
        epidemic: cases and contacts.
        stays: as `make_stays` gives them.
        declared: `day, sampled_at`, person and place of declarers who were sampled and are no
            cases.
        followed: samples of stays that a rule asks for, without a result; None: those of arrivals
            on the morning they leave.
    """
    pooled = _positive_pools(setting, epidemic)
    mates = _mates(setting, register, pools=pooled)
    screened = _negative_pools(setting)
    tubes = pl.concat(
        [
            _of_cases(setting, epidemic, stays=stays),
            _of_contacts(epidemic, stays=stays),
            _of_declarers(setting, declared),
            _of_arrivals(setting, stays) if followed is None else followed,
            _retests(setting, mates),
            pooled.drop(*PERSON),
            screened,
        ],
        how="diagonal",
    ).sort("collected_at", POOL_ID, "id_no", nulls_last=True)
    tubes = _returned(setting, _named_pools(numbered(tubes, "sample_id", "OM-")))
    cases_in_pools = epidemic.cases.filter(pl.col("found_by") == "pooled").select(
        ("D-" + pl.col("case_id")).alias(POOL_ID), *PERSON
    )
    people = pl.concat(
        [cases_in_pools, mates.select(POOL_ID, *PERSON), _screened(setting, register, screened)]
    )
    return Samples(
        samples=_sample_columns(tubes),
        members=_members(tubes, people),
        inside=_inside(tubes),
    )


def one_person(rows: pl.DataFrame, *, method: str = "RT_PCR") -> pl.DataFrame:
    """Add what a single sample is."""
    return rows.with_columns(
        pl.lit(1, dtype=pl.Int64).alias("pool_size"),
        pl.lit("don").alias("pool_kind"),
        pl.lit(method).alias("method"),
        pl.lit("ty_hau").alias("specimen"),
    )


def _of_cases(setting: Setting, epidemic: Epidemic, *, stays: pl.DataFrame) -> pl.DataFrame:
    inside = epidemic.contacts.filter(pl.col("case_id").is_not_null()).select(
        "case_id", pl.col("contact_id").alias("id_of_contact")
    )
    inside = inside.join(
        stays.select("id_of_contact", "stay_id"), on="id_of_contact", how="left"
    ).select("case_id", "stay_id")
    if epidemic.held is not None:
        inside = pl.concat([inside, epidemic.held])
    ct = setting.whole("_tenths", 150, 350, n=epidemic.cases.height)
    pool = pl.when(pl.col("found_by") == "pooled").then("D-" + pl.col("case_id"))
    rows = one_person(epidemic.cases).with_columns(ct)
    rows = rows.join(inside, on="case_id", how="left", maintain_order="left")
    return rows.select(
        "day", *MOMENTS, "pool_size", "pool_kind", "method", "specimen", *PERSON, *PLACE,
        pl.col("found_by").replace_strict(CASE_REASON).alias("reason"),
        laboratory_of("khang_dinh").alias("lab_code"),
        pl.lit("duong_tinh").alias("result"),
        (pl.col("_tenths") / 10).alias("ct_value"),
        pool.alias("retest_of"), "stay_id",
    )  # fmt: skip


def _of_contacts(epidemic: Epidemic, *, stays: pl.DataFrame) -> pl.DataFrame:
    """Return the samples of contacts who came in that evening: no result yet."""
    inside = stays.filter(pl.col("id_of_contact").is_not_null()).select(
        pl.col("id_of_contact").alias("contact_id"), "stay_id", "day"
    )
    rows = epidemic.contacts.filter(
        pl.col("sampled_ts").is_not_null() & (pl.col("status") != "tested_pos")
    ).join(inside, on="contact_id", how="left", maintain_order="left")
    return one_person(rows).select(
        "day", pl.col("sampled_ts").alias("collected_at"), "pool_size", "pool_kind", "method",
        "specimen", *PERSON, *PLACE, pl.lit("F1").alias("reason"), "stay_id",
        laboratory_of("khang_dinh").alias("lab_code"),
    )  # fmt: skip


def _negative(rows: pl.DataFrame, *, reason: str, laboratory: str) -> pl.DataFrame:
    return rows.with_columns(
        pl.lit(reason).alias("reason"),
        pl.lit("am_tinh").alias("result"),
        laboratory_of(laboratory).alias("lab_code"),
    )


def _worked(setting: Setting, rows: pl.DataFrame, *, quick: bool = False) -> pl.DataFrame:
    """Add received, resulted and returned to what was collected."""
    steps = ((2, 10), (15, 30), (5, 15)) if quick else ((20, 60), (60, 90), (5, 30))
    for start, name, (low, high) in zip(MOMENTS[:-1], MOMENTS[1:], steps, strict=True):
        rows = setting.after(rows, start, name, low, high)
    return rows


_TUBE = (
    "day",
    *MOMENTS,
    "pool_size",
    "pool_kind",
    "method",
    "specimen",
    "reason",
    "result",
    "lab_code",
)


def _of_declarers(setting: Setting, declared: pl.DataFrame) -> pl.DataFrame:
    rows = declared.with_columns(pl.col("sampled_at").alias("collected_at"))
    rows = _worked(setting, one_person(rows, method="AG_RAPID"), quick=True)
    return _negative(rows, reason="trieu_chung", laboratory="sang_loc").select(
        *_TUBE, *PERSON, *PLACE
    )


def _of_arrivals(setting: Setting, stays: pl.DataFrame) -> pl.DataFrame:
    """Return the last samples of arrivals, on the morning of the day they leave."""
    rows = stays.filter(pl.col("class") == "nhap_canh")
    rows = _worked(setting, setting.at(one_person(rows), "collected_at", 6 * 60, 8 * 60))
    return _negative(rows, reason="ket_thuc_cach_ly", laboratory="khang_dinh").select(
        *_TUBE, "stay_id", *PERSON, *PLACE
    )


def _positive_pools(setting: Setting, epidemic: Epidemic) -> pl.DataFrame:
    """Return the pools, collected in the night, of which a case was a member."""
    rows = epidemic.cases.filter(pl.col("found_by") == "pooled").select(
        "day", ("D-" + pl.col("case_id")).alias(POOL_ID), *PERSON, *PLACE
    )
    rows = _worked(setting, setting.at(_pool_of(setting, rows), "collected_at", 30, 90))
    return rows.with_columns(
        pl.lit("tam_soat").alias("reason"),
        pl.lit("duong_tinh").alias("result"),
        laboratory_of("sang_loc").alias("lab_code"),
    )


def _pool_of(setting: Setting, rows: pl.DataFrame) -> pl.DataFrame:
    size = pl.lit(setting.parameters.pool_size, dtype=pl.Int64)
    return rows.with_columns(
        size.alias("pool_size"),
        size.alias("n_persons"),
        pl.lit("gop_que").alias("pool_kind"),
        pl.lit("RT_PCR").alias("method"),
        pl.lit("hong").alias("specimen"),
    )


def _mates(setting: Setting, register: Register, *, pools: pl.DataFrame) -> pl.DataFrame:
    """Return the other members of the positive pools."""
    others = setting.parameters.pool_size - 1
    rows = pools.select("day", POOL_ID, *PLACE).select(pl.all().repeat_by(others).explode())
    return register.add_people(rows)


def _retests(setting: Setting, mates: pl.DataFrame) -> pl.DataFrame:
    rows = _worked(setting, setting.at(one_person(mates), "collected_at", 5 * 60, 8 * 60))
    return _negative(rows, reason="tam_soat", laboratory="khang_dinh").select(
        *_TUBE, pl.col(POOL_ID).alias("retest_of"), *PERSON, *PLACE
    )


def _negative_pools(setting: Setting) -> pl.DataFrame:
    rows = setting.daily("pools")
    rows = numbered(_pool_of(setting, rows), POOL_ID, "A-")
    rows = _worked(setting, setting.at(rows, "collected_at", 6 * 60, 12 * 60))
    return _negative(rows, reason="tam_soat", laboratory="sang_loc")


def _screened(setting: Setting, register: Register, pools: pl.DataFrame) -> pl.DataFrame:
    size = setting.parameters.pool_size
    rows = pools.select(POOL_ID, "province_code").select(pl.all().repeat_by(size).explode())
    return register.add_people(rows).select(POOL_ID, *PERSON)


def _named_pools(tubes: pl.DataFrame) -> pl.DataFrame:
    """Add deconvolution_of: the tube of the pool that a retest takes apart."""
    pools = tubes.filter(pl.col(POOL_ID).is_not_null()).select(
        pl.col(POOL_ID).alias("retest_of"), pl.col("sample_id").alias("deconvolution_of")
    )
    return tubes.join(pools, on="retest_of", how="left", maintain_order="left")


def _returned(setting: Setting, tubes: pl.DataFrame) -> pl.DataFrame:
    """Add returned_via to the results that were returned."""
    way = setting.chosen("_way", list(RETURNED_VIA), n=tubes.height, weights=RETURNED_WEIGHTS)
    told = pl.when(pl.col("returned_at").is_not_null()).then("_way").alias("returned_via")
    return tubes.with_columns(way).with_columns(told).drop("_way")


def _sample_columns(tubes: pl.DataFrame) -> pl.DataFrame:
    return tubes.select(
        "sample_id", "pool_size", "n_persons", "pool_kind", "method", "specimen", "reason",
        *MOMENTS, "returned_via", "lab_code", "result", "ct_value", "deconvolution_of", *PERSON,
        *PLACE,
    )  # fmt: skip


def _members(tubes: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    pools = tubes.filter(pl.col(POOL_ID).is_not_null()).select(
        POOL_ID, "sample_id", "collected_at", "method", "reason", *PLACE
    )
    rows = people.join(pools, on=POOL_ID, how="inner", maintain_order="left").sort(
        "sample_id", "id_no"
    )
    position = pl.int_range(1, pl.len() + 1).over("sample_id").cast(pl.Int64).alias("position")
    return numbered(rows.with_columns(position), "sample_person_id", "NM-").select(
        "sample_person_id", "sample_id", "position", "collected_at", "method", "reason",
        *PERSON, *PLACE,
    )  # fmt: skip


def _inside(tubes: pl.DataFrame) -> pl.DataFrame:
    return tubes.filter(pl.col("stay_id").is_not_null()).select("stay_id", "day", "result")
