"""What a server process serves: nothing of province B ever reaches a viewer of province A."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import polars as pl
import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.cli import program
from data_access.codes import Level, Role
from data_access.cube.query import Ask
from data_access.errors import DataAccessError, SchemaMismatch, ScopeDenied
from data_access.indicators.registry import INDICATORS
from data_access.settings import read_settings
from data_access.shared import Shared, open_shared
from data_access.viewer import Viewer, make_viewer
from tests.conftest import Database
from tests.cube_world import DAY, KNOWN, NOW, Cell, World, days

pytestmark = pytest.mark.db
CANARY = 734_519.0
CANARY_FILE = "canary-of-province-02.csv"
ROLE = "province:01"
WATCHED = ("cases", "deaths", "doses", "quarantine_beds", "quarantine_occupied",
           "quarantine_admissions", "quarantine_discharges", "persons_positive",
           "persons_tested", "contacts_listed", "persons_fully_vaccinated")  # fmt: skip


@pytest.fixture
def shared(world: World, opened: Callable[[], Shared]) -> Shared:
    cells = []
    for key in WATCHED:
        cells += days(DAY, [5.0] * 8, measure=key, area="01")
        cells += days(DAY, [CANARY] * 8, measure=key, area="02")
        cells += days(DAY, [CANARY] * 8, measure=key, area="XX", source="canary-source")
    cells += days(DAY, [CANARY] * 8, area="02", dims="detected_in=canary")
    cells.append(Cell(area="03", day=date(2022, 1, 5), vintage="new", value=CANARY))
    world.put(*cells)
    return opened()


@pytest.fixture
def opened(database: Database) -> Iterator[Callable[[], Shared]]:
    """Opens the test's database as a server would, and lets go of it."""
    made: list[Shared] = []

    def open_it() -> Shared:
        made.append(open_shared(settings(database)))
        return made[-1]

    yield open_it
    for one in made:
        one.close()


def settings(database: Database):  # type: ignore[no-untyped-def]
    return read_settings(
        {"TUYENDAU_DATABASE_URL": database.url, "TUYENDAU_NOW": "2021-09-02T16:00:00+07:00"}
    )


def reaches(found: pl.DataFrame) -> bool:
    """Whether the canary, alone or in a sum, is anywhere in a frame."""
    numbers = [found[name] for name, dtype in found.schema.items() if dtype.is_numeric()]
    return any(
        (column.abs() >= CANARY - 100).any() for column in numbers if column.name != "known_at"
    )


def asks() -> list[Ask]:
    ids = (*WATCHED, *sorted(INDICATORS))
    found = [
        Ask(ids=(key,), level=level, vintage=vintage, reported=reported)
        for key in ids
        for level, vintage, reported in (
            (None, None, False),
            (Level.DISTRICT, "old", False),
            (Level.PROVINCE, "new", False),
            (None, None, True),
        )
    ]
    return [*found, Ask(ids=("cases",), by="detected_in")]


def test_nothing_of_another_province_reaches_a_province(shared: Shared, world: World) -> None:
    viewer = world.viewer(ROLE)
    seen = 0
    for ask in asks():
        found = shared.figures(ask, viewer=viewer)
        seen += found.height
        assert not reaches(found), ask
        assert not reaches(shared.answer(ask, viewer=viewer)), ask
        assert set(found["area_code"]) <= {"01", "011", "012"}, ask
    assert seen > 100


def test_neither_by_movements_freshness_nor_the_ledger(shared: Shared, world: World) -> None:
    viewer = world.viewer(ROLE)
    for made in (
        shared.movements(viewer=viewer),
        shared.movements(viewer=viewer, day=DAY + timedelta(days=1)),
        shared.freshness(viewer=viewer),
        shared.latest_batches(viewer=viewer, limit=5),
    ):
        assert not reaches(made)
    assert set(shared.latest_batches(viewer=viewer)["file_name"]) == {""}
    assert set(shared.latest_batches(viewer=world.viewer())["file_name"]) == {"f.csv"}


def test_the_canary_is_there_to_be_found(shared: Shared, world: World) -> None:
    assert reaches(shared.figures(Ask(ids=("cases",)), viewer=world.viewer()))


def test_a_cached_answer_is_not_handed_to_another_viewer(shared: Shared, world: World) -> None:
    ask = Ask(ids=("cases",), level=Level.PROVINCE)
    whole = shared.figures(ask, viewer=world.viewer())
    own = shared.figures(ask, viewer=world.viewer(ROLE))
    again = shared.figures(ask, viewer=world.viewer())
    assert set(own["area_code"]) == {"01"}
    assert again.equals(whole)
    assert reaches(whole)


@pytest.mark.parametrize(
    "ask", [Ask(ids=("cases",), areas=("02",)), Ask(ids=("cases",), level=Level.NATIONAL)]
)
def test_asking_for_others_is_denied_even_when_cached(
    shared: Shared, world: World, ask: Ask
) -> None:
    shared.answer(ask, viewer=world.viewer())
    with pytest.raises(ScopeDenied):
        shared.answer(ask, viewer=world.viewer(ROLE))


@pytest.mark.parametrize("role", [Role.PROVINCE, Role.PRESS])
def test_the_blind_read_nothing(shared: Shared, role: Role) -> None:
    blind = make_viewer(role, now=NOW)
    reads: list[Callable[[Viewer], pl.DataFrame]] = [
        lambda v: shared.freshness(viewer=v),
        lambda v: shared.latest_batches(viewer=v),
    ]
    if role is Role.PROVINCE:
        reads.append(lambda v: shared.figures(Ask(ids=("cases",)), viewer=v))
        reads.append(lambda v: shared.movements(viewer=v))
    else:
        with pytest.raises(ScopeDenied, match="nothing has been published yet"):
            shared.answer(Ask(ids=("cases",)), viewer=blind)
    assert [read(blind).height for read in reads] == [0] * len(reads)


def test_a_commit_changes_token_and_answer(shared: Shared, world: World) -> None:
    ask = Ask(ids=("cases",), start=DAY, end=DAY, level=Level.PROVINCE, areas=("01",))
    token = shared.token()
    assert shared.answer(ask, viewer=world.viewer())["value"].to_list() == [5.0]
    world.put(Cell(area="01", value=6, known=KNOWN + timedelta(hours=1)))
    assert shared.wait_changed(token, timeout=10) != token
    assert shared.answer(ask, viewer=world.viewer())["value"].to_list() == [6.0]
    assert shared.health().newest == KNOWN + timedelta(hours=1)


def put(shared: Shared, world: World, *cells: Cell) -> None:
    """Write cells and wait until the server has seen it."""
    token = shared.token()
    world.put(*cells)
    assert shared.wait_changed(token, timeout=10) != token


def test_a_commit_elsewhere_leaves_an_answer_as_it_is(shared: Shared, world: World) -> None:
    ask = Ask(ids=("incidence_7d_per_100k",), start=DAY, end=DAY + timedelta(days=7))
    before = shared.figures(ask, viewer=world.viewer())
    put(shared, world, Cell(measure="doses", value=6, known=KNOWN + timedelta(seconds=1)))
    assert shared.figures(ask, viewer=world.viewer()) is before
    put(shared, world, Cell(value=6, known=KNOWN + timedelta(seconds=2)))
    assert shared.figures(ask, viewer=world.viewer()) is not before


def test_the_first_delivery_of_a_day_may_change_why_a_figure_is_missing(
    shared: Shared, world: World
) -> None:
    gap = KNOWN.date()  # that day had not ended when the last delivery came
    ask = Ask(ids=("cases",), start=gap, end=gap, level=Level.PROVINCE, areas=("01",))
    assert shared.figures(ask, viewer=world.viewer())["status"].to_list() == ["not_synchronised"]
    put(shared, world, Cell(measure="deaths", value=6, known=NOW - timedelta(hours=1)))
    assert shared.figures(ask, viewer=world.viewer())["status"].to_list() == ["not_reported"]


def test_a_source_that_changes_its_rank_changes_answers(shared: Shared, world: World) -> None:
    ask = Ask(ids=("cases",), start=DAY, end=DAY, level=Level.PROVINCE, areas=("01",))
    put(shared, world, Cell(value=9, source="z"))
    assert shared.figures(ask, viewer=world.viewer())["source"].to_list() == ["s"]
    with world.engine.begin() as connection:
        preferred = sa.update(tables.source).where(tables.source.c.name == "z")
        connection.execute(preferred.values(precedence=1))
    put(shared, world, Cell(measure="doses", area="03", source="z"))
    assert shared.figures(ask, viewer=world.viewer())["source"].to_list() == ["z"]


def test_an_earlier_moment_is_not_answered_from_the_cache(shared: Shared, world: World) -> None:
    ask = Ask(ids=("cases",), start=DAY, end=DAY, level=Level.PROVINCE, areas=("01",))
    world.put(Cell(area="01", value=6, known=KNOWN + timedelta(hours=1)))
    shared.wait_changed("", timeout=1)
    late = shared.answer(ask, viewer=world.viewer())
    early = shared.answer(ask, viewer=world.viewer(now=KNOWN))
    assert (late["value"][0], early["value"][0]) == (6.0, 5.0)
    before = shared.answer(ask, viewer=world.viewer(now=KNOWN - timedelta(days=1)))
    assert before["value"].to_list() == [None]


def test_movements_name_where_and_by_how_much(world: World, opened: Callable[[], Shared]) -> None:
    world.put(
        *days(DAY, [100, 144], area="01"),
        *days(DAY, [10, 2], area="02"),
        *days(DAY, [7, 7], area="03"),
        *days(DAY, [0, 1], area="03", measure="deaths"),
    )
    found = opened().movements(viewer=world.viewer(), top=3)
    assert found.select("id", "area_code", "previous", "value", "change").rows() == [
        ("cases", "01", 100.0, 144.0, 44.0),
        ("cases", "02", 10.0, 2.0, -8.0),
        ("deaths", "03", 0.0, 1.0, 1.0),
    ]
    assert found["score"][0] == pytest.approx(44 / 244**0.5)


def test_freshness_tells_on_time_late_silent_and_never(
    world: World, opened: Callable[[], Shared]
) -> None:
    world.put(
        Cell(day=date(2021, 9, 1), known=NOW - timedelta(hours=3)),
        Cell(measure="doses", known=NOW - timedelta(days=3)),
        Cell(measure="quarantine_beds", known=NOW - timedelta(days=8)),
    )
    found = opened().freshness(viewer=world.viewer())
    states = dict(found.select("platform", "state").iter_rows())
    assert states == {
        "declarations": "never", "checkpoints": "never", "tracing": "on_time",
        "quarantine": "silent", "testing": "never", "vaccination": "late",
    }  # fmt: skip
    tracing = found.filter(pl.col("platform") == "tracing").row(0, named=True)
    assert (tracing["last_day"], tracing["days_behind"]) == (date(2021, 9, 1), 1)


def test_silence_is_counted_from_the_last_delivery(
    world: World, opened: Callable[[], Shared]
) -> None:
    # 51 days before: two months back, while another measure has figures of this month.
    sent = NOW - timedelta(days=51)
    world.put(
        Cell(measure="doses", day=date(2021, 7, 12), known=sent, source="old"),
        Cell(measure="doses", day=date(2021, 9, 1), known=NOW - timedelta(hours=2), source="new"),
    )
    found = opened().freshness(viewer=world.viewer())
    rows = {row["source"]: row for row in found.iter_rows(named=True)}
    old, new = rows["old"], rows["new"]
    assert (old["state"], old["days_since_delivery"]) == ("silent", 51)
    assert (old["last_day"], old["days_behind"]) == (date(2021, 7, 12), 52)
    assert (new["state"], new["last_day"], new["days_late"]) == ("on_time", date(2021, 9, 1), 0)


def test_a_weekly_feed_is_on_time_for_a_week(world: World, opened: Callable[[], Shared]) -> None:
    def weekly(source: str, *ages: int) -> list[Cell]:
        return [
            Cell(measure="doses", source=source, known=NOW - timedelta(days=age),
                 day=NOW.date() - timedelta(days=age + 1))
            for age in ages
        ]  # fmt: skip

    world.put(*weekly("a", 27, 20, 13, 6), *weekly("b", 31, 24, 17, 10), *weekly("c", 43, 36, 29))
    found = opened().freshness(viewer=world.viewer())
    rows = {row["source"]: row for row in found.iter_rows(named=True)}
    assert {rows[one]["interval_days"] for one in "abc"} == {7}
    assert [rows[one]["state"] for one in "abc"] == ["on_time", "late", "silent"]
    assert rows["b"]["days_late"] == 3  # figures 11 days old; 1 day of lag and 7 between


def test_a_report_that_has_not_come_is_no_fall(world: World, opened: Callable[[], Shared]) -> None:
    world.put(
        *days(DAY, [100, 90], area="011"),
        *days(DAY, [100], area="012"),  # the larger district is missing on the second day
        *days(DAY, [50, 40], area="02", dims="severity=nhe"),
        *days(DAY, [30], area="03"),
    )
    found = opened().movements(viewer=world.viewer(), ids=("cases",), day=DAY + timedelta(days=1))
    assert not {"01", "03"} & set(found["area_code"])


def test_a_zero_after_days_of_many_is_no_movement(
    world: World, opened: Callable[[], Shared]
) -> None:
    world.put(
        *days(DAY, [500.0] * 8 + [0], area="01"),
        *days(DAY, [100.0] * 8 + [130], area="02"),
        *days(DAY, [3.0] * 8 + [0], area="03"),
        *days(DAY, [900.0] * 8 + [0], area="01", measure="deaths"),
        *days(DAY, [2.0] * 8 + [0], area="02", measure="deaths"),
    )
    found = opened().movements(viewer=world.viewer(), day=DAY + timedelta(days=8))
    assert found.select("id", "area_code", "change", "n_left_out").rows() == [
        ("cases", "02", 30.0, 1),
        ("cases", "03", -3.0, 1),
    ]


def test_a_database_not_set_up_says_so(empty_database: Database) -> None:
    with pytest.raises(SchemaMismatch, match="init"):
        open_shared(settings(empty_database))


# --- the command line ---------------------------------------------------------------------------


@pytest.fixture
def ask_cli(
    world: World,  # noqa: ARG001 -- the country must be there
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Callable[..., tuple[int, bytes, str]]:
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", database.url)
    monkeypatch.setenv("TUYENDAU_NOW", "2021-09-02T16:00:00+07:00")

    def run(*arguments: str) -> tuple[int, bytes, str]:
        try:
            code = program.main(["query", *arguments])
        except SystemExit as stopped:
            code = int(str(stopped.code))
        out, err = capfdbinary.readouterr()
        return code, out, err.decode()

    return run


def test_csv_is_exactly_the_contract(
    world: World, ask_cli: Callable[..., tuple[int, bytes, str]]
) -> None:
    world.put(Cell(area="01", value=3), Cell(area="02", value=2.5))
    code, out, err = ask_cli(
        "cases", "--level", "province", "--from", "2021-08-01", "--to", "01/08/2021"
    )
    assert (code, err) == (0, "")
    assert out.decode() == (
        "date,area_code,area,id,value,status\n"
        "2021-08-01,01,Một,cases,3,\n"
        "2021-08-01,02,Hai,cases,2.5,\n"
        "2021-08-01,03,Ba,cases,,not_reported\n"
    )


def test_json_and_parquet_say_the_same(
    world: World, ask_cli: Callable[..., tuple[int, bytes, str]]
) -> None:
    world.put(Cell(value=3, dims="severity=nhe"))
    arguments = ("cases", "--by", "severity", "--format")
    rows = json.loads(ask_cli(*arguments, "json")[1])
    assert rows == [
        {"date": "2021-08-01", "area_code": "XX", "area": "Xứ", "id": "cases", "severity": "nhe",
         "value": 3, "status": ""}
    ]  # fmt: skip
    framed = pl.read_parquet(io.BytesIO(ask_cli(*arguments, "parquet")[1]))
    assert framed.rows() == [(DAY, "XX", "Xứ", "cases", "nhe", 3.0, "")]


def test_as_of_reads_local_time(
    world: World, ask_cli: Callable[..., tuple[int, bytes, str]]
) -> None:
    # KNOWN is 07:00 of 31 Aug in Hanoi.
    world.put(Cell(value=1), Cell(value=2, known=KNOWN + timedelta(hours=1)))
    values = [
        ask_cli("cases", "--as-of", text)[1].decode().splitlines()[-1].split(",")[4]
        for text in ("2021-08-31T07:30", "2021-08-31T08:00", "2021-08-31T00:30Z", "2021-09-30")
    ]
    assert values == ["1", "2", "1", "2"]
    assert (
        ask_cli("cases", "--as-of", "2021-08-31T06:59")[1]
        == b"date,area_code,area,id,value,status\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("casez",), 2, "did you mean cases"),
        (("cases", "--area", "99"), 2, "no area '99'"),
        (("cases", "--by", "age"), 2, "no dimension 'age'"),
        (("cases", "--source", "nobody"), 2, "no source"),
        (("cases", "--from", "yesterday"), 2, "no date"),
        (("cases", "--as-of", "noon"), 2, "no ISO date"),
        (("cases", "--as", "minister"), 2, "unknown role"),
        (("cases", "--as", "province"), 2, "needs an area"),
        (("cases", "--vintage", "1900"), 2, "unknown vintage"),
        (("cases", "--level", "planet"), 2, "invalid choice"),
        (("cases", "--bulletin", "1"), 2, "there is no bulletin 1"),
        (("cases", "--as", "press"), 1, "nothing has been published yet"),
        (("cases", "--as", "province:01", "--area", "02"), 1, "may not see area 02"),
    ],
)
def test_bad_questions_get_one_clear_line(
    world: World, ask_cli: Callable[..., tuple[int, bytes, str]],
    arguments: tuple[str, ...], code: int, words: str,
) -> None:  # fmt: skip
    world.put(Cell())
    got, out, err = ask_cli(*arguments)
    assert (got, out) == (code, b"")
    assert words in err
    assert err.count("\n") == 1


def test_errors_are_of_the_house(world: World, shared: Shared) -> None:
    with pytest.raises(DataAccessError):
        shared.answer(Ask(ids=("nothing",)), viewer=world.viewer())
