"""Asks the product for figures, in this process, and compares them with expected cells."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
import polars as pl

from data_access.codes import Level, Role
from data_access.cube.geography import Geography
from data_access.cube.hot import HotCube
from data_access.cube.query import Ask, answer
from data_access.engine import make_engine
from data_access.reference.areas import load_areas
from data_access.viewer import Viewer, make_viewer, system_viewer
from tests.e2e.expected import Key, of_level

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Asker:
    """A loaded database and who asks."""

    cube: HotCube
    viewer: Viewer
    nation: str

    def figures(
        self, measure: str, *, level: str, by: str = "", source: str = "", reported: bool = False
    ) -> pl.DataFrame:  # noqa: E501
        """Return the answer's rows."""
        ask = Ask(ids=(measure,), level=Level(level), by=by, source=source, reported=reported)
        return answer(self.cube, ask, viewer=self.viewer)


def open_asker(url: str) -> Asker:
    """Return a national viewer's access to a database."""
    engine = make_engine(url)
    areas = load_areas(engine, viewer=system_viewer(NOW))
    cube = HotCube(engine, lambda: NOW, geography=Geography(areas))
    return Asker(cube, make_viewer(Role.NATIONAL, now=NOW), areas.country.code)


def difference(asker: Asker, key: Key, cells: pd.DataFrame, *, level: str) -> str:
    """Return what differs between the product's answer and the expected cells; empty if nothing.

    Compared cell by cell: every expected (date, area) has exactly this value, and no other
    (date, area) has any.
    """
    source, measure, cut = key
    by, _, code = cut.partition("=")
    got = asker.figures(measure, level=level, by=by, source=source).filter(
        pl.col("value").is_not_null()
    )
    if by:
        got = got.filter(pl.col(by) == code)
    columns = got.select(pl.col("date").cast(pl.String), "area_code", "value").iter_rows()
    answered = {(day, area): value for day, area, value in columns}
    wanted = of_level(cells, level=level, nation=asker.nation)
    if answered == wanted:
        return ""
    wrong = sorted(set(answered.items()) ^ set(wanted.items()))
    counts = f"{len(answered)} answered, {len(wanted)} expected"
    return f"{source} {measure} [{cut}] {level}: {counts}, e.g. {wrong[:4]}"
