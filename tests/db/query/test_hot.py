"""The hot cube against the tables themselves, on both databases."""

import random
import threading
from datetime import date, datetime, timedelta

import polars as pl
import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Role, to_day, to_us
from data_access.cube.hot import HotCube
from data_access.errors import DatabaseUnavailable, SchemaMismatch
from data_access.reader import frame_snapshot, read_frame, snapshot
from data_access.viewer import Viewer, make_viewer
from tests.conftest import Database
from tests.cube_world import DAY, KNOWN, NOW, Cell, World, days

pytestmark = pytest.mark.db
SPAN = (date(2021, 6, 1), date(2021, 10, 31))
Row = tuple[int, date, int, int, float | None, int, int, int]


def plain(world: World, moment: datetime, measure: str = "cases") -> set[Row]:
    """The cells as of a moment, straight from the history, in plain Python."""
    past, names = tables.cube_history, tables.measure
    query = (
        sa.select(past)
        .join(names, names.c.measure_id == past.c.measure_id)
        .where(names.c.key == measure, past.c.known_at <= to_us(moment))
        .order_by(past.c.known_at)
    )
    held: dict[tuple[int, ...], Row] = {}
    with world.engine.connect() as connection:
        for row in connection.execute(query).mappings():
            key = (row["area_id"], row["day"], row["breakdown_id"], row["source_id"])
            held[key] = (
                row["area_id"], date(1970, 1, 1) + timedelta(days=row["day"]),
                row["breakdown_id"], row["source_id"],
                row["value"] if not row["status"] else None, row["n"], row["status"],
                row["known_at"],
            )  # fmt: skip
    return {row for row in held.values() if row[5] or row[6]}


def seen(cube: HotCube, viewer: Viewer, measure: str = "cases") -> set[Row]:
    return set(cube.frame(measure, *SPAN, viewer=viewer).rows())


def some_cells(chance: random.Random, n: int) -> list[Cell]:
    return [
        Cell(
            day=date(2021, 7, 1) + timedelta(days=chance.randrange(70)),
            area=chance.choice(["XX", "01", "02", "03", "011"]),
            value=float(chance.randrange(100)),
            dims=chance.choice(["", "severity=nhe", "detected_in=x|severity=nhe"]),
            source=chance.choice("ab"),
            n=chance.choice([0, 1, 1, 1]),
            known=KNOWN - timedelta(hours=chance.randrange(200)),
        )
        for _ in range(n)
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_frames_equal_the_tables_after_every_change_and_at_every_moment(
    world: World, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 -- invented figures
    moments = {NOW}
    for _ in range(4):
        cells = some_cells(chance, 15)
        world.put(*cells)
        moments |= {cell.known for cell in cells}
        assert seen(world.cube, world.viewer()) == plain(world, NOW)
    for moment in sorted(moments) + [KNOWN - timedelta(days=30)]:
        for at in (moment, moment - timedelta(microseconds=1)):
            assert seen(world.cube, world.viewer(now=at)) == plain(world, at)


def test_the_history_at_the_last_moment_equals_the_present(world: World) -> None:
    chance = random.Random(9)  # noqa: S311 -- invented figures
    world.put(*some_cells(chance, 40))
    newest = max(row[-1] for row in plain(world, NOW))
    last = datetime(1970, 1, 1, tzinfo=NOW.tzinfo) + timedelta(microseconds=newest)
    assert seen(world.new_cube(), world.viewer(now=last)) == seen(world.cube, world.viewer())


def test_what_was_retracted_is_seen_at_the_moments_before(world: World) -> None:
    world.put(Cell(value=7))
    gone = KNOWN + timedelta(hours=1)
    world.put(Cell(value=0, n=0, known=gone))
    assert seen(world.cube, world.viewer()) == set()
    between = world.viewer(now=gone - timedelta(microseconds=1))
    assert [row[4] for row in seen(world.cube, between)] == [7.0]


def test_only_partitions_that_moved_are_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(Cell(day=date(2021, 7, 5)), Cell(day=date(2021, 8, 5)), Cell(measure="deaths"))
    cube = world.cube
    read: list[tuple[str, list[int]]] = []
    original = __import__("data_access.cube.hot", fromlist=["_Loader"])._Loader.load

    def noted(self: object, key: str, months: list[int], *, viewer: Viewer) -> object:
        read.append((key, months))
        return original(self, key, months, viewer=viewer)

    monkeypatch.setattr("data_access.cube.hot._Loader.load", noted)
    needs = {"cases": None, "deaths": None}
    cube.view(needs, viewer=world.viewer())
    assert read == [("cases", [202107, 202108]), ("deaths", [202108])]
    read.clear()
    cube.view(needs, viewer=world.viewer())
    assert read == []
    world.put(Cell(day=date(2021, 8, 6), value=3))
    cube.view(needs, viewer=world.viewer())
    assert read == [("cases", [202108])]


def test_the_token_moves_with_every_commit(world: World) -> None:
    first = world.cube.token()
    assert world.cube.token() == first
    world.put(Cell())
    second = world.cube.token()
    assert second != first
    assert world.cube.wait_changed(first, timeout=5) == second


def test_waiting_ends_when_something_is_committed(world: World) -> None:
    cube = world.new_cube(poll_seconds=0.02)
    first = cube.token()
    timer = threading.Timer(0.2, lambda: world.put(Cell()))
    timer.start()
    assert cube.wait_changed(first, timeout=20) != first
    timer.join()


def test_little_memory_changes_no_answer(world: World) -> None:
    world.put(*days(date(2021, 7, 1), [float(n) for n in range(60)]))
    small = world.new_cube(max_bytes=1)
    assert seen(small, world.viewer()) == plain(world, NOW)
    assert small.size[0] == 1


def test_threads_get_the_same_answer(world: World) -> None:
    world.put(*days(DAY, [float(n) for n in range(20)]))
    cube, wanted = world.new_cube(), plain(world, NOW)
    got: list[bool] = []

    def ask() -> None:
        got.extend(seen(cube, world.viewer()) == wanted for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    world.put(Cell(measure="deaths"))
    for thread in threads:
        thread.join()
    assert got == [True] * 20


def test_rows_are_cut_to_the_viewers_provinces(world: World) -> None:
    areas = ("XX", "01", "011", "02", "03")
    world.put(*[Cell(area=code, value=float(n)) for n, code in enumerate(areas)])
    values = {row[4] for row in seen(world.cube, world.viewer("province:01"))}
    assert values == {1.0, 2.0}
    assert len(seen(world.cube, world.viewer())) == 5


@pytest.mark.parametrize("role", [Role.PROVINCE, Role.PRESS])
def test_an_empty_scope_reads_nothing(world: World, role: Role) -> None:
    world.put(Cell())
    blind = make_viewer(role, now=NOW)
    assert seen(world.cube, blind) == set()
    query = sa.select(tables.cube_current.c.area_id)
    schema = {"area_id": pl.Int32}
    with snapshot(world.engine, viewer=blind) as connection:
        assert read_frame(connection, query, schema, viewer=blind).is_empty()
        assert read_frame(connection, query, schema, viewer=world.viewer()).height == 1
    with frame_snapshot(world.engine, viewer=blind) as reader:
        assert reader.read(query, schema, viewer=blind).is_empty()
        assert reader.read(query, schema, viewer=world.viewer()).height == 1


def test_a_frame_snapshot_sees_one_state(world: World) -> None:
    world.put(Cell())
    viewer, query = world.viewer(), sa.select(tables.cube_current.c.area_id)
    with frame_snapshot(world.engine, viewer=viewer) as reader:
        assert reader.read(query, {"area_id": pl.Int32}, viewer=viewer).height == 1
        world.put(Cell(area="02"))
        assert reader.read(query, {"area_id": pl.Int32}, viewer=viewer).height == 1


def test_a_database_without_tables_says_so(empty_database: Database, world: World) -> None:
    viewer = world.viewer()
    with (
        pytest.raises(SchemaMismatch, match="run init first"),
        frame_snapshot(empty_database.engine, viewer=viewer) as reader,
    ):
        reader.read(sa.select(tables.cube_current.c.n), {"n": pl.Int64}, viewer=viewer)


def test_a_database_that_is_away_is_one_clear_line(world: World) -> None:
    away = sa.create_engine("postgresql+psycopg://nobody:secret@127.0.0.1:9/none")
    cube = HotCube(away, lambda: NOW, geography=world.cube.geography)
    with pytest.raises(DatabaseUnavailable) as raised:
        cube.view({"cases": None}, viewer=world.viewer())
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)
    with (
        pytest.raises(DatabaseUnavailable) as framed,
        frame_snapshot(away, viewer=world.viewer()) as reader,
    ):
        reader.read(sa.select(tables.cube_current.c.n), {"n": pl.Int64}, viewer=world.viewer())
    assert "secret" not in str(framed.value)


def test_figures_that_were_read_stay_while_the_database_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(Cell(value=7), Cell(measure="deaths", value=1))
    cube = world.new_cube(poll_seconds=0)
    before = seen(cube, world.viewer())
    token = cube.token()

    def gone(*_: object, **__: object) -> object:
        raise DatabaseUnavailable("the shared database does not answer: gone")

    with monkeypatch.context() as away:
        for door in ("snapshot", "frame_snapshot"):
            away.setattr(f"data_access.cube.hot.{door}", gone)
        assert seen(cube, world.viewer()) == before
        # What was never read cannot be shown, and the watch on the database is told the truth.
        with pytest.raises(DatabaseUnavailable):
            seen(cube, world.viewer(), "deaths")
        with pytest.raises(DatabaseUnavailable):
            cube.token()
    world.put(Cell(value=8, known=KNOWN + timedelta(hours=1)))
    assert cube.token() != token
    assert [row[4] for row in seen(cube, world.viewer())] == [8.0]


def test_days_are_stored_as_numbers(world: World) -> None:
    world.put(Cell())
    with world.engine.connect() as connection:
        assert connection.execute(sa.select(tables.cube_current.c.day)).scalar() == to_day(DAY)
