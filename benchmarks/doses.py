"""Invents doses in any number, the same for the same seed. Nobody in them exists.

Two shapes: `delivered` is what a platform would send (text, identities included), `stored` is what
stands behind the gate (codes and area numbers, no identity). Files are written in pieces, so that
memory does not grow with the number of rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from data_access.reference.areas import Areas
from data_access.reference.pack import bundled_pack

FIRST_DAY = date(2021, 3, 8)
DAYS = 300
LOCAL_OFFSET = timedelta(hours=7)
PIECE = 1_000_000
VINTAGE = "63"

_DOSES = pl.Series(["1", "2", "3", "bo_sung", "nhac_1"])
_PRODUCTS = pl.Series(["AZ", "PF", "MD", "VC", "SV", "JJ", "HV", "AB"])
_PRODUCT_SHARES = np.array([0.36, 0.22, 0.04, 0.30, 0.01, 0.005, 0.015, 0.05])
_GROUPS = pl.Series([*[str(number) for number in range(1, 17)], "khac"])
_FAMILIES = pl.Series(["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ"])
_MIDDLES = pl.Series(["Văn", "Thị", "Hữu", "Ngọc", "Minh", "Thanh", "Đức", "Thu"])
_GIVEN = pl.Series(["An", "Bình", "Châu", "Dũng", "Hạnh", "Khánh", "Lan", "Mai", "Nam", "Phúc"])
_AGE_GROUPS = ("5-11", "12-17", "18-49", "50-64", "65+")
_AGE_BREAKS = (11, 17, 49, 64)


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where doses are given: one row per district, weighted unevenly as people live.

    Attributes:
        table: district_code, province_code (String), district_id, province_id (Int32).
        shares: probability of each district.
    """

    table: pl.DataFrame
    shares: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Part:
    """Which doses of an invented campaign are wanted.

    Attributes:
        seed: same seed, same campaign.
        first: number of the first dose.
        of: how many doses the campaign has; they are numbered in the order of keying.
        on_day: instead, a delivery of that day (given then, or before and keyed in late).
        version: version that the rows carry.
    """

    seed: int
    first: int = 0
    of: int = PIECE
    on_day: int | None = None
    version: int = 1


@lru_cache
def places() -> Places:
    """Return the districts of the bundled pack, numbered as a fresh database numbers them."""
    areas = Areas.from_pack(bundled_pack("vn"))
    provinces = areas.at("province", VINTAGE)
    table = (
        areas.at("district", VINTAGE)
        .select(district_code="code", province_code="parent_code", district_id="area_id")
        .join(provinces.select(province_code="code", province_id="area_id"), on="province_code")
        .sort("district_code")
    )
    weights = np.random.default_rng(7).pareto(2.5, table.height) + 0.3
    return Places(table=table, shares=weights / weights.sum())


def drawn(rows: int, *, part: Part) -> pl.DataFrame:
    """Return what both shapes share: who, when, where, which dose; one row per dose."""
    random = np.random.default_rng((part.seed, part.first))
    day = _days(random, rows, part=part)
    product = random.choice(_PRODUCTS.len(), rows, p=_PRODUCT_SHARES)
    where = random.choice(places().table.height, rows, p=places().shares)
    frame = pl.DataFrame(
        {
            "number": np.arange(part.first, part.first + rows),
            "day": day,
            "second": random.integers(7 * 3600, 18 * 3600, rows),
            "delay": random.integers(600, 40_000, rows),
            "dose_no": _DOSES.gather(_dose_numbers(random, product=product, late=day / DAYS)),
            "vaccine_code": _PRODUCTS.gather(product),
            "age": np.clip(random.gamma(5.0, 8.5, rows), 5, 104).astype(np.int64),
            "female": random.random(rows) < 0.5,
            "priority_group": _GROUPS.gather(random.integers(0, 17, rows)),
            "aefi": pl.Series(random.random(rows) < 0.03),
            "verified": random.random(rows) < 0.9,
            "tail": random.integers(0, 1_000_000, rows),
        }
    )
    named = frame.with_columns(aefi=pl.when("aefi").then(pl.lit("nhe")).otherwise(pl.lit("none")))
    return pl.concat([named, places().table[where]], how="horizontal")


def _days(random: np.random.Generator, rows: int, *, part: "Part") -> np.ndarray:
    keyed_late = random.exponential(1.2, rows).astype(np.int64)
    if part.on_day is not None:
        return np.maximum(part.on_day - keyed_late, 0)
    # Records come in the order of keying: this part covers its share of the campaign.
    share = np.sort(random.random(rows)) * (rows / part.of) + part.first % part.of / part.of
    keyed = np.interp(share, *_pace()).astype(np.int64)
    given: np.ndarray = np.maximum(keyed - keyed_late, 0)
    return given


@lru_cache
def _pace() -> tuple[np.ndarray, np.ndarray]:
    """Return (share of all doses, day): the campaign accelerates and then slows."""
    day = np.linspace(0, 1, 2_001)
    density = day**2.2 * (1 - day) ** 1.2
    done = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return done / done[-1], day * (DAYS - 1e-6)


def _dose_numbers(
    random: np.random.Generator, *, product: np.ndarray, late: np.ndarray
) -> np.ndarray:
    janssen, abdala = 5, 7
    chance = random.random(len(product))
    dose = np.where(chance < 0.45 * late + 0.1, 1, 0)
    dose = np.where((product == janssen) & (dose == 1), 0, dose)
    dose = np.where((product == abdala) & (chance < 0.25 * late), 2, dose)
    boosted = (late > 0.9) & (chance > 0.9)
    return np.where(boosted, np.where(chance > 0.95, 4, 3), dose)


def _vaccinated_at() -> pl.Expr:
    midnight = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC) - LOCAL_OFFSET
    passed = (pl.col("day") * 86_400 + pl.col("second")) * 1_000_000
    return pl.lit(midnight).dt.cast_time_unit("us") + pl.duration(microseconds=passed)


def _identifier() -> pl.Expr:
    # Province, day and a serial number: how a platform that keys at many sites numbers its rows.
    serial = pl.col("number").cast(pl.String).str.zfill(10)
    return pl.concat_str(pl.col("province_code"), pl.lit("."), serial)


def stored(rows: int, *, part: Part) -> pl.DataFrame:
    """Return doses as they stand behind the gate, as far as roll-ups and pages read them.

    Columns: dose_no, vaccine_code, age_group, priority_group, identity_status, aefi (String),
    vaccinated_at, recorded_at (Datetime us UTC), province_id, district_id (Int32), deleted
    (Boolean), version (Int64).
    """
    at = _vaccinated_at()
    band = pl.col("age").cut(_AGE_BREAKS, labels=_AGE_GROUPS).cast(pl.String)
    return drawn(rows, part=part).select(
        version=pl.lit(part.version, dtype=pl.Int64),
        deleted=pl.lit(value=False),
        province_id="province_id",
        district_id="district_id",
        dose_no="dose_no",
        vaccine_code="vaccine_code",
        vaccinated_at=at,
        recorded_at=at + pl.duration(seconds=pl.col("delay")),
        age_group=band,
        priority_group="priority_group",
        aefi="aefi",
        identity_status=pl.when("verified").then(pl.lit("verified")).otherwise(pl.lit("mismatch")),
    )


def delivered(rows: int, *, part: Part) -> pl.DataFrame:
    """Return doses as a platform sends them: identities in front of the gate, local times."""
    local = _vaccinated_at().dt.convert_time_zone("Asia/Ho_Chi_Minh")
    born_year = (FIRST_DAY.year + pl.col("day") // 366 - pl.col("age")).cast(pl.Int32)
    return drawn(rows, part=part).select(
        dose_event_id=_identifier(),
        full_name=_names(),
        # Born on 1 January, so that the age is the same on every day of the campaign's year.
        birth_date=pl.date(born_year, 1, 1),
        id_no=_identity_number(born_year),
        phone=pl.concat_str(
            pl.lit("09"), (pl.col("tail") * 97 % 10**8).cast(pl.String).str.zfill(8)
        ),
        dose_no="dose_no",
        vaccine_code="vaccine_code",
        lot_no=pl.concat_str("vaccine_code", pl.lit("-"), (pl.col("tail") % 400).cast(pl.String)),
        expiry=pl.lit(date(2022, 6, 30)),
        site_code=pl.concat_str("district_code", pl.lit("-"), (pl.col("tail") % 9).cast(pl.String)),
        vaccinated_at=local,
        recorded_at=local + pl.duration(seconds=pl.col("delay")),
        priority_group="priority_group",
        screening=pl.lit("du_dk"),
        observed_minutes=(30 + pl.col("tail") % 10).cast(pl.Int64),
        aefi="aefi",
        district_code="district_code",
        province_code="province_code",
        version=pl.lit(part.version, dtype=pl.Int64),
    )


def _names() -> pl.Expr:
    tail = pl.col("tail")
    parts = ((_FAMILIES, 1), (_MIDDLES, 10), (_GIVEN, 80))
    return pl.concat_str(
        *[pl.lit(words).gather(tail // step % len(words)) for words, step in parts], separator=" "
    )


def _identity_number(born_year: pl.Expr) -> pl.Expr:
    # Twelve digits: province, century and sex, year of birth, serial number.
    century = pl.when(born_year >= 2000).then(2).otherwise(0) + pl.col("female").cast(pl.Int32)
    serial = (pl.col("tail") * 7919 + pl.col("number")) % 1_000_000
    right = pl.concat_str(
        pl.lit("0"),
        pl.col("province_code"),
        century.cast(pl.String),
        (born_year % 100).cast(pl.String).str.zfill(2),
        serial.cast(pl.String).str.zfill(6),
    )
    return pl.when("verified").then(right).otherwise(right.str.slice(0, 9))


def pieces(rows: int, *, size: int = PIECE) -> Iterator[tuple[int, int]]:
    """Yield (first row, number of rows) of pieces that make up `rows`."""
    for first in range(0, rows, size):
        yield first, min(size, rows - first)


def write_stored(path: Path, *, rows: int, seed: int) -> None:
    """Write `stored` doses as one Parquet file, piece by piece."""
    writer: pq.ParquetWriter | None = None
    for first, size in pieces(rows):
        # pyarrow writes strings as dictionaries, as any exporter would.
        table = stored(size, part=Part(seed=seed, first=first, of=rows)).to_arrow(
            compat_level=pl.CompatLevel.oldest()
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=250_000)
    if writer is not None:
        writer.close()


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write delivered doses as CSV or Parquet, by the ending of the path."""
    if path.suffix == ".parquet":
        frame.write_parquet(path)
        return
    frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S%:z")
