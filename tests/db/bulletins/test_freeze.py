"""A bulletin is what was known at its cut-off, to the last bit, whatever is delivered later."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from data_access.bulletins import store
from data_access.bulletins.canonical import content_hash, in_order, pack, unpack
from data_access.bulletins.model import UnknownBulletin
from data_access.bulletins.verify import verify_content
from data_access.cube.query import Ask
from data_access.errors import DataAccessError
from data_access.viewer import system_viewer
from tests.conftest import Database, Postgres, postgres_on, sqlite_at
from tests.cube_world import DAY, KNOWN, NOW, Cell, days, make_world
from tests.db.bulletins.conftest import desk_of
from tests.db.bulletins.desk import Desk

pytestmark = [pytest.mark.db, pytest.mark.thinned]
ASKS = (
    Ask(ids=("cases", "deaths")),
    Ask(ids=("cases", "incidence_7d_per_100k"), level="province"),  # type: ignore[arg-type]
    Ask(ids=("cases",), by="detected_in"),
    Ask(ids=("doses",), level="district"),  # type: ignore[arg-type]
    Ask(ids=("doses_in_stock",), level="province", vintage="new"),  # type: ignore[arg-type]
    Ask(ids=("population",), level="province"),  # type: ignore[arg-type]
)


def answers(desk: Desk, number: int | None) -> list[pl.DataFrame]:
    viewer = desk.nation if number is None else desk.nation.in_bulletin(number)
    return [desk.shared.figures(ask, viewer=viewer) for ask in ASKS]


def kept_bytes(desk: Desk, number: int) -> dict[str, bytes]:
    system = system_viewer(NOW)
    parts = store.read_parts(desk.world.engine, number, viewer=system)
    return store.read_payloads(desk.world.engine, parts["sha256"], viewer=system)


def test_a_bulletin_answers_as_the_cube_did(desk: Desk) -> None:
    live = answers(desk, None)
    number = desk.cut().number
    frozen = answers(desk, number)
    assert sum(one.height for one in live) > 100
    for one, other in zip(live, frozen, strict=True):
        assert one.equals(other, null_equal=True)


@pytest.mark.parametrize("known", [KNOWN + timedelta(days=1), KNOWN - timedelta(days=3)])
def test_later_deliveries_change_nothing(desk: Desk, known: object) -> None:
    """Also one that carries an earlier moment than the cut-off: as-of alone would follow it."""
    head = desk.cut()
    before, content = answers(desk, head.number), kept_bytes(desk, head.number)
    late = days(DAY, [9_000.0] * 14, area="02", known=known)
    gone = Cell(day=DAY, area="03", value=None, n=0, known=KNOWN + timedelta(hours=2))
    desk.deliver("late.csv", *late, gone, Cell(day=DAY, area="01", value=1.0, source="new"))
    desk.wait()
    fresh = desk_of(desk.world)  # nothing in memory
    for each in (desk, fresh):
        after = answers(each, head.number)
        assert all(one.equals(two) for one, two in zip(before, after, strict=True))
    assert fresh.bulletins.show(head.number, viewer=fresh.nation) == head
    assert kept_bytes(fresh, head.number) == content
    assert fresh.bulletins.verify(head.number, viewer=fresh.nation) == []
    assert not answers(fresh, None)[0].equals(before[0])


def test_an_earlier_cut_off_is_the_cube_as_known_then(desk: Desk) -> None:
    desk.deliver(
        "fix.csv", Cell(day=DAY, area="01", value=5_000.0, known=KNOWN + timedelta(days=1))
    )
    as_of = desk.nation.at(KNOWN)
    number = desk.cut(KNOWN).number
    for ask in ASKS:
        then = desk.shared.figures(ask, viewer=as_of)
        assert desk.shared.figures(ask, viewer=desk.nation.in_bulletin(number)).equals(then), ask
    now = desk.shared.figures(ASKS[0], viewer=desk.nation)
    assert now["value"].max() > 5_000


def test_an_unchanged_month_is_kept_once(desk: Desk) -> None:
    first = desk.cut()
    size = len(store.read_kept(desk.world.engine, viewer=system_viewer(NOW)))
    again = desk.cut()
    assert again.sha256 == first.sha256
    assert again.number == first.number + 1
    assert len(store.read_kept(desk.world.engine, viewer=system_viewer(NOW))) == size
    desk.deliver("more.csv", Cell(day=DAY, area="01", value=1.0, known=KNOWN + timedelta(hours=1)))
    other = desk.cut()
    assert other.sha256 != first.sha256
    # One month of one measure, and the list of deliveries.
    assert len(store.read_kept(desk.world.engine, viewer=system_viewer(NOW))) == size + 2


@contextmanager
def two_databases(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Database, Database]]:
    server: Postgres = request.getfixturevalue("postgres")
    with ExitStack() as stack:
        made = [
            stack.enter_context(contextmanager(sqlite_at)(
                tmp_path / "one.sqlite", template=request.getfixturevalue("_migrated_sqlite"))),
            stack.enter_context(contextmanager(postgres_on)(
                server, template=request.getfixturevalue("_migrated_postgres"))),
        ]  # fmt: skip
        yield made[0], made[1]


@pytest.mark.postgres
def test_the_same_data_has_the_same_hash_on_both(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    cells = [
        *days(DAY, [0.1, 2.0, 3.5, -0.0], area="01", dims="detected_in=community"),
        *days(DAY, [1.0, None, 3.0], area="02", dims="severity=mild"),
        Cell(day=DAY, area="03", value=None, status=1, measure="deaths"),
        *days(DAY + timedelta(days=60), [4.0] * 3, measure="doses", source="ü", area="03"),
    ]
    found = []
    with two_databases(request, tmp_path) as both:
        for number, database in enumerate(both):
            desk = desk_of(make_world(database.engine, tmp_path / f"pack-{number}"))
            # The numbers that names get differ: the second writes its cells the other way round.
            desk.deliver("a.csv", *(cells if number == 0 else reversed(cells[:7])))
            if number:
                desk.deliver("a.csv", *cells[7:])
            head = desk.cut()
            parts = store.read_parts(database.engine, head.number, viewer=system_viewer(NOW))
            found.append(parts.filter(pl.col("kind").is_in(["batches", "cells", "sources"]).not_()))
            found.append(
                parts.filter(pl.col("kind") == "cells").select("measure", "month", "n_rows")
            )
    assert found[0].equals(found[2])
    assert found[1].equals(found[3])


@pytest.mark.postgres
def test_the_same_deliveries_have_the_same_hash_on_both(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    hashes = set()
    with two_databases(request, tmp_path) as both:
        for number, database in enumerate(both):
            desk = desk_of(make_world(database.engine, tmp_path / f"pack-{number}"))
            desk.deliver("a.csv", *days(DAY, [0.1, 2.0, 1e17], dims="severity=nặng", source="ü"))
            desk.deliver("b.csv", Cell(day=DAY, area="03", value=None, status=1, measure="deaths"))
            hashes.add(desk.cut().sha256)
    assert len(hashes) == 1


def tamper(desk: Desk, number: int, kind: str) -> None:
    """Change one value in what is kept, as somebody with the database in hands could."""
    system = system_viewer(NOW)
    parts = store.read_parts(desk.world.engine, number, viewer=system)
    sha = parts.filter(pl.col("kind") == kind)["sha256"][0]
    content = unpack(store.read_payloads(desk.world.engine, [sha], viewer=system)[sha])
    first = content.columns[-1] if kind == "sources" else "value"
    other = content.with_columns(pl.col(first) + 1)
    with desk.world.engine.begin() as connection:
        connection.execute(
            sa.update(store.FROZEN).where(store.FROZEN.c.sha256 == sha).values(payload=pack(other))
        )


@pytest.mark.parametrize("kind", ["cells", "sources"])
def test_a_changed_payload_is_found_and_never_shown(desk: Desk, kind: str) -> None:
    head = desk.cut()
    tamper(desk, head.number, kind)
    wrong = desk.bulletins.verify(head.number, viewer=desk.nation)
    assert len(wrong) == 1
    assert kind in wrong[0]
    fresh = desk_of(desk.world)
    with pytest.raises(DataAccessError, match="changed after it was cut"):
        answers(fresh, head.number)


def test_a_part_put_in_place_of_another_is_found(desk: Desk) -> None:
    first = desk.cut()
    desk.deliver("more.csv", Cell(day=DAY, area="01", value=1.0, known=KNOWN + timedelta(hours=1)))
    second = desk.cut()
    of = store.PART.c
    here = (of.kind == "cells", of.measure == "cases")
    with desk.world.engine.begin() as connection:
        sha = connection.execute(sa.select(of.sha256).where(of.number == 1, *here)).scalar_one()
        connection.execute(sa.update(store.PART).where(of.number == 2, *here).values(sha256=sha))
    system = system_viewer(NOW)
    assert verify_content(desk.world.engine, first, viewer=system) == []
    assert "list of parts" in verify_content(desk.world.engine, second, viewer=system)[0]
    with pytest.raises(DataAccessError, match="not what was frozen"):
        answers(desk_of(desk.world), second.number)


def test_an_unknown_number_is_a_clear_error(desk: Desk) -> None:
    with pytest.raises(UnknownBulletin, match="there is no bulletin 7"):
        answers(desk, 7)


def test_a_cut_off_ahead_is_refused(desk: Desk) -> None:
    with pytest.raises(DataAccessError, match="lies ahead"):
        desk.cut(NOW + timedelta(seconds=1))


def test_a_hash_tells_rows_columns_and_nulls_apart() -> None:
    frames = [
        pl.DataFrame({"a": ["x", ""], "b": [1.0, 2.0]}),
        pl.DataFrame({"a": ["x", None], "b": [1.0, 2.0]}),
        pl.DataFrame({"a": ["", "x"], "b": [1.0, 2.0]}),
        pl.DataFrame({"a": ["x", ""], "c": [1.0, 2.0]}),
        pl.DataFrame({"a": ["x", ""], "b": [1, 2]}),
        pl.DataFrame({"a": ["x"], "b": [1.0]}),
    ]
    assert len({content_hash(one) for one in frames}) == len(frames)


def test_a_hash_is_of_the_content_not_of_its_order_or_file() -> None:
    content = pl.DataFrame({"a": ["b", "a", None], "n": [0.0, -0.0, 2.5]})
    mixed = in_order(content.sample(fraction=1.0, shuffle=True, seed=3))
    assert content_hash(mixed) == content_hash(in_order(content))
    assert content_hash(unpack(pack(mixed))) == content_hash(mixed)
