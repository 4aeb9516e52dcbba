"""A country of two provinces and nine districts, its cases in memory, seen under a mask."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from data_access.codes import Clearance, Role
from data_access.cube.geography import Geography
from data_access.cube.view import CubeView
from data_access.disclosure.mask import mask_of
from data_access.reference.areas import Areas
from data_access.reference.pack import load_pack
from data_access.viewer import Viewer, make_viewer
from tests.cube_world import DAY, NOW, Cell, write_country
from tests.memory_cube import MemoryCube

DISTRICTS = {
    **{f"01{i}": "01" for i in range(1, 6)},
    **{f"02{i}": "02" for i in range(1, 5)},
}
PROVINCES = ("01", "02")
NATION = "XX"
PEOPLE = {**{d: 20_000 + 1_000 * n for n, d in enumerate(DISTRICTS)}}
CODES = {"detected_in": ("cong_dong", "cach_ly"), "severity": ("mild", "severe", "critical")}
N_DAYS = 10


def population(area: str) -> int:
    """Return the people of an area, the sum of its districts."""
    parts = [d for d, p in DISTRICTS.items() if area in (NATION, p, d)]
    return sum(PEOPLE[d] for d in parts)


@cache
def country() -> Geography:
    """The country, in two editions of its map: in the newer one the provinces are one."""
    with TemporaryDirectory() as folder:
        pack = write_country(Path(folder) / "pack")
        span, since = "2000-01-01,2021-12-31,,", "2022-01-01,,,"
        rows = ["code,vintage,level,parent_code,name,name_en,aliases,valid_from,valid_to,lon,lat"]
        rows += [f"{NATION},old,national,,Xứ,Land,,{span}"]
        rows += [f"{p},old,province,{NATION},Tỉnh {p},,,{span}" for p in PROVINCES]
        rows += [f"{d},old,district,{p},Huyện {d},,,{span}" for d, p in DISTRICTS.items()]
        rows += [f"{NATION},new,national,,Xứ,Land,,{since}"]
        rows += [f"01,new,province,{NATION},Gộp,Merged,,{since}"]
        (pack / "areas.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        people = ["code,vintage,group,population,as_of,source"]
        people += [f"{a},old,all,{population(a)},2019-04-01,census"
                   for a in (NATION, *PROVINCES, *DISTRICTS)]  # fmt: skip
        # The other denominators that the small country's pack declares.
        people += [f"01,old,all,{population('01')},2021-01-01,estimate",
                   f"01,old,18+,{population('01') // 2},2019-04-01,census"]  # fmt: skip
        (pack / "population.csv").write_text("\n".join(people) + "\n", encoding="utf-8")
        merged = "\n".join(f"{p},old,01,new,2022-01-01" for p in PROVINCES)
        head = "old_code,old_vintage,new_code,new_vintage,from\n"
        (pack / "succession.csv").write_text(head + merged + "\n", encoding="utf-8")
        return Geography(Areas.from_pack(load_pack(pack)))


Counts = dict[tuple[str, int, str, str], int]
"""(district, day, dimension, code) → cases; dimension and code are empty for the total."""


def counts(seed: int) -> Counts:
    """Return cases of which every dimension adds up to the total."""
    rng = np.random.default_rng(seed)
    usual = {d: float(rng.choice([1.0, 4.0, 12.0, 40.0])) for d in DISTRICTS}
    found: Counts = {}
    for day in range(N_DAYS):
        for d in DISTRICTS:
            n = int(rng.poisson(usual[d])) if rng.random() > 0.15 else 0
            found[d, day, "", ""] = n
            for dimension, codes in CODES.items():
                shares = np.array([0.7, 0.25, 0.05][: len(codes)])
                split = rng.multinomial(n, shares / shares.sum())
                found |= {(d, day, dimension, c): int(v) for c, v in zip(codes, split, strict=True)}
    return found


def cells_of(found: Counts) -> list[Cell]:
    """Return the cells as a source would have reported them, zeros included."""
    return [
        Cell(area=d, day=DAY + timedelta(days=day), value=float(v),
             dims=f"{dimension}={code}" if dimension else "")
        for (d, day, dimension, code), v in found.items()
    ]  # fmt: skip


class PublishedCube(MemoryCube):
    """Answers as a bulletin would: under the mask of its own cells."""

    def __init__(
        self, cells: Sequence[Cell], *, previous: pl.DataFrame | None = None,
        last: CubeView | None = None,
    ) -> None:  # fmt: skip
        super().__init__(cells)
        self.geography = country()
        keys = ("cases", "cases_cumulative")
        self.whole = super().view(dict.fromkeys(keys), viewer=reader())
        self.mask = mask_of(self.whole, measures=keys, previous=previous, last=last)

    def view(self, needs: dict[str, tuple[date, date] | None], *, viewer: Viewer) -> CubeView:  # type: ignore[override]
        return replace(super().view(needs, viewer=viewer), withheld=self.mask)


def reader() -> Viewer:
    """Return who may see public figures of all areas."""
    return replace(make_viewer(Role.NATIONAL, now=NOW), clearance=Clearance.PUBLIC)
