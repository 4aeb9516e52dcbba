"""The revision log against an independent comparison of the two states."""

from datetime import timedelta

import pandas as pd
import polars as pl
import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.codes import to_us
from data_access.errors import DataAccessError
from tests.cube_world import DAY, KNOWN, Cell, days
from tests.db.bulletins.desk import BINH, Desk

pytestmark = [pytest.mark.db, pytest.mark.thinned]
LATE = KNOWN + timedelta(hours=3)
MINUTE = timedelta(minutes=1)
KEY = ["measure", "day", "area", "vintage", "dims", "source"]


def state(desk: Desk) -> pd.DataFrame:
    """The cells of the live cube by name, read with plain SQL."""
    of = tables.cube_current.c
    query = (
        sa.select(
            tables.measure.c.key.label("measure"), of.day, tables.area.c.code.label("area"),
            tables.area.c.vintage, tables.breakdown.c.dims, tables.source.c.name.label("source"),
            of.value,
        )
        .join_from(tables.cube_current, tables.measure,
                   tables.measure.c.measure_id == of.measure_id)
        .join(tables.area, tables.area.c.area_id == of.area_id)
        .join(tables.breakdown, tables.breakdown.c.breakdown_id == of.breakdown_id)
        .join(tables.source, tables.source.c.source_id == of.source_id)
    )  # fmt: skip
    with desk.world.engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return pd.DataFrame([dict(row) for row in rows]).set_index(KEY)["value"]


def change(desk: Desk) -> None:
    desk.deliver(
        "revised.csv",
        *days(DAY, [111.0, 101.0, 500.0], area="01", known=LATE),  # the second as it was
        Cell(day=DAY, area="02", measure="deaths", value=9.0, known=LATE),
        Cell(day=DAY, area="02", dims="detected_in=community", value=3.0, known=LATE),
    )
    desk.deliver("gone.csv", Cell(day=DAY, area="03", value=None, n=0, known=LATE + MINUTE))
    desk.deliver(
        "next.csv",
        Cell(day=DAY + timedelta(days=10), area="02", value=9.0, known=LATE + 2 * MINUTE),
    )


def test_the_log_is_what_differs_between_two_states(desk: Desk) -> None:
    before = state(desk)
    first = desk.issue()
    change(desk)
    after = state(desk)
    desk.wait()
    second = desk.issue()
    assert second.base == first.number
    expected = {}
    for key in before.index.union(after.index):
        was, becomes = before.get(key), after.get(key)
        if was == becomes:
            continue
        last = max(day for measure, day, *_ in before.index if measure == key[0])
        if was is None and key[1] > last:
            continue  # a further day is no revision
        expected[key] = (was, becomes)
    found = desk.bulletins.revisions(second.number, viewer=desk.nation)
    told = {
        (row["measure"], (row["day"] - pd.Timestamp("1970-01-01").date()).days, row["area_code"],
         row["vintage"], row["dims"], row["source"]): (row["was"], row["becomes"])
        for row in found.iter_rows(named=True)
    }  # fmt: skip
    assert told == expected
    assert len(told) == 5
    files = dict(found.select("change", "file").unique().iter_rows())
    assert files == {"revised": "revised.csv", "added": "revised.csv", "removed": "gone.csv"}
    assert {to_us(moment) for moment in found["known_at"]} == {to_us(LATE), to_us(LATE + MINUTE)}


def test_the_log_stays_as_it_was_published(desk: Desk) -> None:
    desk.issue()
    change(desk)
    desk.wait()
    number = desk.issue().number
    viewers = (desk.nation, desk.press)
    before = [desk.bulletins.revisions(number, viewer=viewers[0]),
              desk.bulletins.public_revisions(number, viewer=viewers[1])]  # fmt: skip
    desk.deliver("more.csv", Cell(day=DAY, area="01", value=7.0, known=LATE + timedelta(hours=1)))
    desk.wait()
    assert desk.bulletins.revisions(number, viewer=viewers[0]).equals(before[0])
    assert desk.bulletins.public_revisions(number, viewer=viewers[1]).equals(before[1])
    assert before[0].height
    assert before[1].height


def test_a_province_sees_the_revisions_of_its_own_cells(desk: Desk) -> None:
    desk.issue()
    change(desk)
    number = desk.cut().number
    found = desk.bulletins.revisions(number, viewer=desk.world.viewer("province:01"))
    assert set(found["area_code"]) == {"01"}
    assert found.height == 2


def test_the_press_is_told_public_figures_alone(desk: Desk) -> None:
    desk.issue()
    change(desk)
    desk.deliver(
        "beds.csv", Cell(day=DAY, measure="doses_in_stock", value=777.0, known=LATE + 3 * MINUTE)
    )
    desk.wait()
    number = desk.issue().number
    press = desk.press
    assert desk.bulletins.revisions(number, viewer=press).is_empty()
    found = desk.bulletins.public_revisions(number, viewer=press)
    assert "doses_in_stock" not in set(found["id"])
    province = found.filter(pl.col("id") == "cases", pl.col("level") == "province")
    told = sorted(province.select("area_code", "date", "was", "becomes", "files").rows())
    assert told == [
        ("01", DAY, 100.0, 111.0, "revised.csv"),
        ("01", DAY + timedelta(days=2), 102.0, 500.0, "revised.csv"),
    ]


def test_nothing_is_told_of_a_bulletin_that_never_was_public(desk: Desk) -> None:
    first = desk.issue(desk.world.now + timedelta(hours=2))
    change(desk)
    second = desk.issue(desk.world.now + timedelta(hours=3))
    desk.wait()
    desk.bulletins.withdraw(BINH, first.number, "wrong")
    desk.wait(timedelta(hours=4))
    assert desk.shared.published(desk.press) == second.number
    assert desk.bulletins.public_revisions(second.number, viewer=desk.nation).height
    assert desk.bulletins.public_revisions(second.number, viewer=desk.press).is_empty()
    with pytest.raises(DataAccessError, match="no bulletin 1"):
        desk.bulletins.show(first.number, viewer=desk.press)
