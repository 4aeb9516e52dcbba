"""What is registered before anything happens there: facilities, laboratories, sites, QR places."""

from dataclasses import dataclass

import polars as pl

from data_access.contracts.checkpoints import PLACE_KIND
from simulations.platforms.setting import PLACE, Setting, numbered

FACILITIES = {"benh_vien_da_chien": "Bệnh viện dã chiến", "tap_trung": "Khu cách ly tập trung",
              "khach_san": "Khách sạn cách ly"}  # fmt: skip
LABORATORIES = {"khang_dinh": ("KD", 4_000), "sang_loc": ("SL", 2_000)}
"""Kind → mark in its code, capacity (single samples a day)."""
SITES = {"co_dinh": 6, "benh_vien": 10}
"""Kind → vaccination tables."""
PAUSED_SHARE = 0.1
"""Of the QR places, how many paused in the evening of the last day, after every scan."""
SIZES = pl.Schema({"province_code": pl.String, "kind": pl.String, "n": pl.Int64})
BEDS_SPARE = 50
"""Beds beyond the most people that can be inside at once."""


@dataclass(frozen=True, kw_only=True)
class Sites:
    """The registers, in delivery fields, each with province_code and district_code."""

    facilities: pl.DataFrame
    laboratories: pl.DataFrame
    vaccination: pl.DataFrame
    places: pl.DataFrame


def make_sites(setting: Setting, *, n_beds: int, sized: pl.DataFrame | None = None) -> Sites:
    """Return what is registered.

    Args:
        setting: where and when.
        n_beds: usable beds of a facility, samples a day of a laboratory, where no size is given.
        sized: `province_code, kind, n` of facilities (usable beds), laboratories (single samples a
            day) and vaccination sites (how many; one unless given).
    """
    sizes = pl.DataFrame(schema=SIZES) if sized is None else sized.cast(SIZES)
    return Sites(
        facilities=_facilities(setting, n_beds=n_beds, sizes=sizes),
        laboratories=_laboratories(setting, sizes=sizes),
        vaccination=_vaccination(setting, sizes=sizes),
        places=_places(setting),
    )


def _of_kinds(setting: Setting, codes: list[str], *, name: str) -> pl.DataFrame:
    provinces = pl.DataFrame({"province_code": setting.codes})
    kinds = pl.DataFrame({name: codes}, schema={name: pl.String})
    return setting.placed(provinces.join(kinds, how="cross"))


def _facilities(setting: Setting, *, n_beds: int, sizes: pl.DataFrame) -> pl.DataFrame:
    rows = _of_kinds(setting, list(FACILITIES), name="kind")
    rows = rows.join(sizes, on=["province_code", "kind"], how="left", maintain_order="left")
    usable = pl.col("n").fill_null(n_beds)
    return numbered(rows, "facility_id", "CL-").select(
        "facility_id",
        (pl.col("kind").replace_strict(FACILITIES) + " " + pl.col("province_code")).alias("name"),
        "kind",
        (usable + BEDS_SPARE).alias("beds_total"),
        usable.alias("beds_usable"),
        pl.lit(setting.opened).alias("opened_on"),
        *PLACE,
    )


def _laboratories(setting: Setting, *, sizes: pl.DataFrame) -> pl.DataFrame:
    rows = _of_kinds(setting, list(LABORATORIES), name="kind")
    rows = rows.join(sizes, on=["province_code", "kind"], how="left", maintain_order="left")
    marks = {kind: mark for kind, (mark, _) in LABORATORIES.items()}
    capacity = {kind: many for kind, (_, many) in LABORATORIES.items()}
    code = "XN-" + pl.col("province_code") + "-" + pl.col("kind").replace_strict(marks)
    return rows.select(
        code.alias("lab_code"),
        ("Phòng xét nghiệm " + code).alias("name"),
        "kind",
        pl.col("n")
        .fill_null(pl.col("kind").replace_strict(capacity, return_dtype=pl.Int64))
        .alias("capacity_per_day"),
        pl.lit(setting.opened).alias("opened_on"),
        *PLACE,
    )


def _vaccination(setting: Setting, *, sizes: pl.DataFrame) -> pl.DataFrame:
    provinces = pl.DataFrame({"province_code": setting.codes})
    kinds = pl.DataFrame({"kind": list(SITES)})
    rows = provinces.join(kinds, how="cross").join(
        sizes, on=["province_code", "kind"], how="left", maintain_order="left"
    )
    each = rows.select(pl.exclude("n").repeat_by(pl.col("n").fill_null(1)).explode())
    rows = numbered(setting.placed(each), "site_code", "DT-")
    return rows.select(
        "site_code",
        ("Điểm tiêm " + pl.col("site_code")).alias("name"),
        "kind",
        pl.col("kind").replace_strict(SITES, return_dtype=pl.Int64).alias("tables"),
        pl.lit(setting.opened).alias("opened_on"),
        *PLACE,
    )


def _places(setting: Setting) -> pl.DataFrame:
    provinces = pl.DataFrame({"province_code": setting.codes})
    rows = setting.placed(provinces, each=setting.parameters.places_per_province)
    rows = numbered(rows, "place_code", "QR-").with_columns(
        setting.chosen("kind", list(PLACE_KIND), n=rows.height),
        setting.happens("_paused", PAUSED_SHARE, n=rows.height),
        pl.lit(setting.opened).alias("day"),
        pl.lit(setting.last_day).alias("_last"),
    )
    rows = setting.at(rows, "registered_at", 8 * 60, 17 * 60)
    rows = setting.at(rows, "_paused_at", 21 * 60 + 30, 22 * 60, day="_last")
    paused = pl.col("_paused")
    return rows.select(
        "place_code",
        ("Địa điểm " + pl.col("place_code")).alias("name"),
        "kind",
        "registered_at",
        pl.when(paused).then(pl.lit("inactive")).otherwise(pl.lit("active")).alias("status"),
        pl.when(paused).then("_paused_at").otherwise("registered_at").alias("status_since"),
        *PLACE,
    )


def laboratory_of(kind: str) -> pl.Expr:
    """Return the code of a province's laboratory of a kind; needs province_code."""
    return "XN-" + pl.col("province_code") + f"-{LABORATORIES[kind][0]}"
