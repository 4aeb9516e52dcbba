"""The published cells of one measure as arrays, and the mask back as rows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_access.cube.geography import PROVINCE, Geography
from data_access.cube.resolve import Want, resolve
from data_access.cube.view import CubeView
from data_access.disclosure.apply import WITHHELD_SCHEMA
from data_access.disclosure.policy import LOWEST
from data_access.disclosure.tables import Bools, Floats
from data_access.measures.model import Measure


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """The places and days of one map of the country.

    Attributes:
        vintage: edition of the map.
        first: first day.
        n_days: days from it on.
        provinces: their numbers, in order of code.
        districts: their numbers; none where the map has no such level.
        province_of: place in `provinces` of each district.
    """

    vintage: str
    first: date
    n_days: int
    provinces: tuple[int, ...]
    districts: tuple[int, ...]
    province_of: NDArray[np.int64]

    @property
    def days(self) -> tuple[date, date]:
        """First and last day."""
        return self.first, self.first + timedelta(days=self.n_days - 1)

    def areas(self, rank: int) -> tuple[int, ...]:
        """Return the areas of a level."""
        return self.provinces if rank == PROVINCE else self.districts

    @cached_property
    def whole(self) -> NDArray[np.int64]:
        """The nation as the one group of all provinces."""
        return np.zeros(len(self.provinces), dtype=np.int64)


def frames(geography: Geography, days: tuple[date, date]) -> list[Frame]:
    """Return a frame for each map that was in force on some of the days."""
    found = []
    for vintage in geography.areas.country.vintages:
        first = max(days[0], vintage.valid_from or days[0])
        last = min(days[1], vintage.valid_to or days[1])
        if first <= last:
            found.append(_frame(geography, vintage.id, first, (last - first).days + 1))
    return found


def _frame(geography: Geography, vintage: str, first: date, n_days: int) -> Frame:
    provinces = geography.targets(PROVINCE, vintage)
    at = {area: place for place, area in enumerate(provinces)}
    above = {one: geography.ancestor(one, PROVINCE) for one in geography.targets(LOWEST, vintage)}
    owned = {one: at[of] for one, of in above.items() if of is not None}
    return Frame(
        vintage=vintage, first=first, n_days=n_days, provinces=tuple(provinces),
        districts=tuple(owned), province_of=np.array(list(owned.values()), dtype=np.int64),
    )  # fmt: skip


def totals(view: CubeView, measure: Measure, frame: Frame, *, rank: int) -> Floats:
    """Return the totals of a measure, days × areas; what was not reported counts as nothing."""
    values, _ = _dense(view, measure, frame, rank=rank, by="", codes=("",))
    return values[:, :, 0]


def by_code(
    view: CubeView, measure: Measure, frame: Frame, *, rank: int, dimension: str,
    codes: Sequence[str] | None = None,
) -> tuple[Floats, tuple[str, ...]]:  # fmt: skip
    """Return a measure by a dimension, days × areas × codes, and the codes."""
    return _dense(view, measure, frame, rank=rank, by=dimension, codes=codes)


def _dense(
    view: CubeView, measure: Measure, frame: Frame, *, rank: int, by: str,
    codes: Sequence[str] | None,
) -> tuple[Floats, tuple[str, ...]]:  # fmt: skip
    want = Want(rank=rank, vintage=frame.vintage, by=by)
    found = resolve(view, measure, want, days=frame.days).drop_nulls("value")
    named = tuple(codes) if codes is not None else tuple(found["by"].unique().sort().to_list())
    areas = frame.areas(rank)
    shape = (frame.n_days, len(areas), len(named))
    values: Floats = np.zeros(shape, dtype=np.float64)
    places = (
        found.select("area_id", "by", "value", at=(pl.col("day") - frame.first).dt.total_days())
        .join(_numbered("area_id", areas, pl.Int32), on="area_id")
        .join(_numbered("by", named, pl.String), on="by")
    )
    spots = tuple(places[name].to_numpy() for name in ("at", "area_id:at", "by:at"))
    values[spots] = places["value"].to_numpy()
    return values, named


def _numbered(name: str, items: Sequence[object], dtype: type[pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame({name: list(items)}, schema={name: dtype}).with_row_index(f"{name}:at")


def rows_of(
    hidden: Bools, frame: Frame, *, measure: str, rank: int, dimension: str = "",
    code: str = "", reason: str,
) -> pl.DataFrame:  # fmt: skip
    """Return the rows of the mask for the withheld areas of some days: WITHHELD_SCHEMA.

    Args:
        hidden: days × areas.
        frame: the days and areas.
        measure: id of what is counted.
        rank: level of the areas.
        dimension: breakdown that is withheld; empty: the total.
        code: which of it; `*`: every one.
        reason: why.
    """
    day, area = np.nonzero(hidden)
    areas = np.array(frame.areas(rank), dtype=np.int32)
    places = pl.DataFrame(
        {"at": day.astype(np.int32), "area_id": areas[area] if areas.size else areas}
    )
    return places.with_columns(
        day=pl.lit(frame.first) + pl.duration(days="at"),
        measure=pl.lit(measure),
        dimension=pl.lit(dimension),
        code=pl.lit(code),
        reason=pl.lit(reason),
    ).select([pl.col(name).cast(dtype) for name, dtype in WITHHELD_SCHEMA.items()])


def hidden_in(
    mask: pl.DataFrame, frame: Frame, *, measure: str, rank: int, dimension: str = ""
) -> Bools:
    """Return which areas a mask withholds, days × areas, any code of the dimension."""
    areas = frame.areas(rank)
    hidden: Bools = np.zeros((frame.n_days, len(areas)), dtype=bool)
    held = (
        mask.filter(
            pl.col("measure") == measure,
            pl.col("dimension") == dimension,
            pl.col("day").is_between(*frame.days),
        )
        .select("area_id", at=(pl.col("day") - frame.first).dt.total_days())
        .unique()
        .join(_numbered("area_id", areas, pl.Int32), on="area_id")
    )
    hidden[held["at"].to_numpy(), held["area_id:at"].to_numpy()] = True
    return hidden
