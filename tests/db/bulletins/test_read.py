"""Who reads which bulletin at which moment; a page is of one bulletin, whatever happens."""

import csv
import io
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, pairwise
from pathlib import Path

import hypothesis
import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st

from data_access.actor import Actor
from data_access.bulletins import store
from data_access.bulletins.frozen import Frozen, FrozenCube
from data_access.bulletins.model import MASK_SCHEMA, UnknownBulletin
from data_access.bulletins.public import PUBLIC_TABLE, export, public_tables
from data_access.cli import program
from data_access.codes import Level, Role
from data_access.cube.query import Ask
from data_access.cube.view import CubeView
from data_access.errors import DataAccessError, ScopeDenied, UnknownId
from data_access.viewer import Viewer, press_at
from tests.conftest import Database
from tests.cube_world import DAY, KNOWN, NOW, Cell, World, days, make_world
from tests.db.bulletins.conftest import desk_of
from tests.db.bulletins.desk import AN, BINH, CHI, HOUR, Desk
from tests.depth import THOROUGH

pytestmark = [pytest.mark.db, pytest.mark.thinned]
MINUTES = count(1)
CASES = Ask(ids=("cases",), start=DAY, end=DAY)


def cases(desk: Desk, viewer: Viewer) -> float | None:
    """The nation's cases of the first day; None where nothing is public."""
    try:
        return float(desk.shared.figures(CASES, viewer=viewer)["value"][0])
    except (ScopeDenied, UnknownBulletin):
        return None


def put(desk: Desk, value: float, minutes: int) -> None:
    desk.deliver(
        f"{value:g}.csv", Cell(day=DAY, area="XX", source="nation", value=value, precedence=1,
                               known=KNOWN + timedelta(minutes=minutes)),
    )  # fmt: skip


# --- the press ----------------------------------------------------------------------------------


def test_the_press_reads_the_latest_public_bulletin(desk: Desk) -> None:
    assert cases(desk, desk.press) is None
    desk.issue()
    assert cases(desk, desk.press) == 600.0
    correct = Cell(day=DAY, area="01", value=105.0, known=KNOWN + HOUR)
    desk.deliver("b.csv", correct)
    desk.wait()
    draft = desk.cut()
    assert cases(desk, desk.press) == 600.0
    assert cases(desk, desk.nation) == 605.0
    with pytest.raises(UnknownBulletin, match="there is no bulletin 2"):
        desk.shared.figures(CASES, viewer=desk.press.in_bulletin(draft.number))
    desk.out(draft.number, desk.world.now + HOUR)
    assert cases(desk, desk.press) == 600.0
    desk.wait()
    assert cases(desk, desk.press) == 605.0
    assert cases(desk, desk.press.in_bulletin(1)) == 600.0
    assert cases(desk, desk.press.at(NOW)) == 600.0


def test_the_press_reads_public_figures_only(desk: Desk) -> None:
    number = desk.issue().number
    for viewer in (desk.press, desk.press.in_bulletin(number)):
        with pytest.raises(UnknownId):
            desk.shared.figures(Ask(ids=("doses_in_stock",)), viewer=viewer)
        assert "doses_in_stock" not in desk.shared.measures(viewer=viewer)
        assert "cases" in desk.shared.measures(viewer=viewer)
        found = desk.shared.figures(Ask(ids=("cases",), level=Level.PROVINCE), viewer=viewer)
        assert set(found["area_code"]) == {"01", "02", "03"}
    officials = desk.nation.in_bulletin(number)
    assert desk.shared.figures(Ask(ids=("doses_in_stock",)), viewer=officials).height


def test_records_stay_closed_to_the_press(desk: Desk) -> None:
    press = desk.press.in_bulletin(desk.issue().number)
    assert press.is_blind
    assert desk.shared.latest_batches(viewer=press).is_empty()
    assert desk.shared.latest_batches(viewer=desk.nation).height
    with pytest.raises(ScopeDenied):
        desk.shared.clusters.register(viewer=press, day=DAY)


def test_records_are_read_from_the_cut_off(desk: Desk) -> None:
    number = desk.cut(KNOWN).number
    desk.deliver("later.csv", Cell(day=DAY, area="01", value=1.0, known=KNOWN + HOUR))
    desk.wait()
    pinned = desk.shared.latest_batches(viewer=desk.nation.in_bulletin(number))
    assert "later.csv" in set(desk.shared.latest_batches(viewer=desk.nation)["file_name"])
    assert pinned.height
    assert "later.csv" not in set(pinned["file_name"])


def test_drafts_are_read_by_those_who_work_on_them(desk: Desk) -> None:
    desk.cut()
    may = {
        name
        for name in ("national", "admin", "steward", "province:01", "operator", "press")
        if _names(desk, desk.world.viewer(name))
    }
    assert may == {"national", "admin", "steward", "province:01"}
    desk.out(1)
    assert _names(desk, desk.world.viewer("operator"))
    assert _names(desk, desk.press)


def _names(desk: Desk, viewer: Viewer) -> bool:
    found = {one.number for one in desk.bulletins.list(viewer=viewer)} == {1}
    try:
        desk.shared.figures(CASES, viewer=viewer.in_bulletin(1))
    except UnknownBulletin:
        assert not found
        return False
    except ScopeDenied:
        pass  # a province does not see the nation
    assert found
    return True


def test_a_province_sees_its_areas_of_a_bulletin(desk: Desk) -> None:
    number = desk.cut().number
    own = desk.world.viewer("province:01").in_bulletin(number)
    found = desk.shared.figures(Ask(ids=("cases",), level=Level.PROVINCE), viewer=own)
    assert set(found["area_code"]) == {"01"}
    for area in ("02", "XX"):
        with pytest.raises(ScopeDenied):
            desk.shared.figures(Ask(ids=("cases",), areas=(area,)), viewer=own)
    moved = desk.shared.movements(viewer=own, day=DAY + timedelta(days=3))
    assert set(moved["area_code"]) <= {"01"}


def test_the_press_is_not_told_who_did_what(desk: Desk) -> None:
    desk.issue()
    seen = desk.bulletins.show(1, viewer=desk.press)
    assert (seen.cut_by, seen.approved_by, seen.published_by) == ("", "", "")
    assert desk.bulletins.show(1, viewer=desk.nation).published_by == "binh"


def test_the_press_learns_of_no_measure_above_its_clearance(desk: Desk) -> None:
    desk.issue()
    officials = desk.bulletins.parts(1, viewer=desk.nation)
    press = desk.bulletins.parts(1, viewer=desk.press)
    assert "doses_in_stock" in set(officials["measure"])
    assert "doses_in_stock" not in set(press["measure"])
    assert "cases" in set(press["measure"])
    with pytest.raises(ScopeDenied):
        desk.bulletins.verify(1, viewer=desk.press)


def test_a_moment_ahead_is_for_rehearsals_only(desk: Desk) -> None:
    desk.issue(desk.world.now + HOUR)
    assert desk.shared.published(press_at(NOW + 2 * HOUR)) is None
    with pytest.raises(UnknownBulletin):
        desk.bulletins.show(1, viewer=press_at(NOW + 2 * HOUR))
    ahead = desk.bulletins.preview(BINH, NOW + 2 * HOUR)
    assert desk.shared.published(ahead) == 1
    assert cases(desk, ahead) == 600.0
    assert ahead.is_blind
    assert desk.shared.published(desk.bulletins.preview(BINH, NOW)) is None
    with pytest.raises(ScopeDenied):
        desk.bulletins.preview(Actor(account="x", role=Role.OPERATOR), NOW)


def test_the_token_moves_at_publication_and_when_an_embargo_passes(desk: Desk) -> None:
    seen = [desk.shared.token()]
    desk.issue(desk.world.now + HOUR)
    seen.append(desk.shared.token())
    desk.wait()
    seen.append(desk.shared.token())
    desk.bulletins.withdraw(BINH, 1, "x")
    seen.append(desk.shared.token())
    assert len(set(seen)) == len(seen)
    assert desk.shared.token() == seen[-1]
    assert [each.split("|")[1].split(".")[0] for each in seen] == ["0", "0", "1", "0"]


def test_what_is_withheld_reaches_the_view_of_the_press_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    vintage = desk.shared.areas.default_vintage
    row = {"measure": "cases", "day": DAY, "area_code": "01", "vintage": vintage,
           "dimension": "", "code": "", "reason": "small"}  # fmt: skip
    mask = pl.DataFrame([row], schema=MASK_SCHEMA)
    monkeypatch.setattr("data_access.bulletins.life.withheld_cells", lambda *_, **__: mask)
    number = desk.issue().number
    views: list[CubeView] = []
    for viewer in (desk.press, desk.nation.in_bulletin(number)):
        cube, seen = desk.bulletins.book.reading(desk.world.cube, viewer=viewer)
        views.append(cube.view({"cases": None}, viewer=seen))
    assert views[0].withheld is not None
    province = desk.shared.areas.id_of("01", vintage)
    assert views[0].withheld.rows() == [("cases", DAY, province, "", "", "small")]
    assert views[1].withheld is None
    ask = Ask(ids=("cases",), level=Level.PROVINCE, areas=("01",), start=DAY, end=DAY)
    told = [
        desk.shared.figures(ask, viewer=one)
        for one in (desk.press, desk.nation.in_bulletin(number))
    ]
    assert [one["status"][0] for one in told] == ["suppressed", ""]
    assert [one["value"][0] is None for one in told] == [True, False]
    assert views[0].kept is not views[1].kept


def test_the_mask_is_decided_on_the_cells_of_its_own_cut(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def withheld(cube: FrozenCube, before: Frozen | None, *, viewer: Viewer) -> pl.DataFrame:
        cells = cube.view({"cases": None}, viewer=viewer).all_cells("cases")
        seen.append(cells["value"].max())
        assert before is None
        return pl.DataFrame(schema=MASK_SCHEMA)

    monkeypatch.setattr("data_access.bulletins.life.withheld_cells", withheld)
    desk.cut()
    desk.deliver("b.csv", Cell(day=DAY, area="01", value=9_999.0, known=KNOWN + HOUR))
    desk.cut()
    assert seen == [309.0, 9_999.0]


# --- at every moment ----------------------------------------------------------------------------


@dataclass
class Model:
    """What is public when, told again in plain Python."""

    cut: dict[int, float] = field(default_factory=dict)
    approved: set[int] = field(default_factory=set)
    since: dict[int, datetime] = field(default_factory=dict)
    gone: dict[int, datetime] = field(default_factory=dict)

    def public(self, at: datetime) -> set[int]:
        return {n for n, since in self.since.items()
                if since <= at and not (n in self.gone and self.gone[n] <= since)}  # fmt: skip

    def latest(self, at: datetime) -> int | None:
        return max((n for n in self.public(at) if not (n in self.gone and self.gone[n] <= at)),
                   default=None)  # fmt: skip


STEP = st.one_of(
    st.tuples(st.just("cut"), st.integers(0, 0)),
    st.tuples(st.just("approve"), st.integers(1, 4)),
    st.tuples(st.just("publish"), st.integers(-2, 4)),
    st.tuples(st.just("withdraw"), st.integers(1, 4)),
    st.tuples(st.just("wait"), st.integers(1, 3)),
)


@pytest.fixture
def bare(database: Database, tmp_path: Path) -> World:
    return make_world(database.engine, tmp_path / "pack")


@hypothesis.given(st.lists(STEP, min_size=6, max_size=16))
@hypothesis.settings(
    max_examples=10 if THOROUGH else 3,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture,
                           hypothesis.HealthCheck.too_slow],
)  # fmt: skip
def test_nothing_is_public_before_its_embargo(bare: World, steps: list[tuple[str, int]]) -> None:
    """For all t: public(t) is part of what was published with its embargo up to t."""
    with bare.engine.begin() as connection:
        for table in (store.SIGNOFF, store.ACCEPTANCE, store.PART, store.BULLETIN):
            connection.execute(sa.delete(table))
    bare.now = NOW
    desk, model = desk_of(bare), Model()
    moments = [NOW]
    for name, argument in [("cut", 0), *steps]:
        take(desk, model, name, argument)
        moments.append(bare.now)
    end = bare.now
    for at in {*moments, *model.since.values(), end + 9 * HOUR}:
        seen = min(at, end)  # ahead of the clock, only rehearsals look
        press = press_at(at)
        assert desk.shared.published(press) == model.latest(seen)
        latest = model.latest(seen)
        assert cases(desk, press) == (None if latest is None else model.cut[latest])
        listed = {one.number for one in desk.bulletins.list(viewer=press)}
        assert listed == model.public(seen)
        for number, value in model.cut.items():
            told = cases(desk, press.in_bulletin(number))
            assert told == (value if number in listed else None)


def take(desk: Desk, model: Model, name: str, argument: int) -> None:
    """Try a step; note in the model what it has done, if it was taken."""
    now = desk.world.now
    drafts = [n for n in model.cut if n not in model.approved and n not in model.gone]
    ready = [n for n in model.approved if n not in model.since and n not in model.gone]
    try:
        if name == "wait":
            desk.wait(argument * HOUR)
        elif name == "cut":
            minutes = next(MINUTES)  # what an earlier example delivered stays in the cube
            value = 1_000.0 + minutes
            put(desk, value, minutes=minutes)
            model.cut[desk.cut().number] = value
        elif name == "approve" and drafts:
            number = drafts[-1]
            sha256 = desk.bulletins.show(number, viewer=desk.nation).sha256
            desk.bulletins.approve(BINH, number, sha256)
            model.approved.add(number)
        elif name == "publish" and ready:
            number = ready[-1]
            desk.bulletins.publish(BINH, number, now + argument * HOUR)
            model.since[number] = max(now, now + argument * HOUR)
        elif name == "withdraw" and argument in model.cut:
            desk.bulletins.withdraw(BINH, argument, "x")
            model.gone[argument] = now
    except DataAccessError:
        pass  # refused: then nothing has happened, which the comparison shows


# --- one bulletin a run -------------------------------------------------------------------------


def test_a_switch_during_reads_gives_all_old_or_all_new(desk: Desk) -> None:
    at = {"area": "XX", "source": "nation", "precedence": 1}
    for value, known in ((1.0, KNOWN), (2.0, KNOWN + HOUR)):
        every = [*days(DAY, [value] * 10, known=known, **at),
                 *days(DAY, [value] * 10, known=known, measure="deaths", **at)]  # fmt: skip
        desk.deliver(f"{value}.csv", *every)
        if known == KNOWN:
            desk.issue()
    desk.wait()
    second = desk.cut().number
    seen: list[set[float]] = []
    failed: list[BaseException] = []

    def read(n_runs: int) -> None:
        try:
            for _ in range(n_runs):
                viewer = desk.shared.pinned(press_at(desk.world.now))
                found = [desk.shared.figures(Ask(ids=(key,)), viewer=viewer)["value"]
                         for key in ("cases", "deaths", "cases")]  # fmt: skip
                seen.append({value for column in found for value in column})
        except BaseException as error:  # noqa: BLE001 -- told by the test
            failed.append(error)

    threads = [threading.Thread(target=read, args=(125,)) for _ in range(4)]
    for one in threads:
        one.start()
    desk.out(second)
    for one in threads:
        one.join()
    assert failed == []
    assert len(seen) == 500
    assert all(one in ({1.0}, {2.0}) for one in seen)
    read(1)
    assert seen[-1] == {2.0}


# --- files and the command line -----------------------------------------------------------------


def test_public_tables_are_what_the_press_sees(desk: Desk) -> None:
    number = desk.issue().number
    desk.deliver("b.csv", Cell(day=DAY, area="01", value=9_999.0, known=KNOWN + HOUR))
    tables = public_tables(desk.shared, number, viewer=desk.press)
    assert list(tables) == ["national", "province", "district"]
    for table in tables.values():
        assert dict(table.schema) == dict(PUBLIC_TABLE)
        assert not set(table["id"]) & {"doses_in_stock", "doses_near_expiry"}
        assert 9_999.0 not in set(table["value"])
    cases_of = tables["province"].filter(pl.col("id") == "cases", pl.col("date") == DAY)
    assert dict(cases_of.select("area_code", "value").iter_rows()) == {
        "01": 100,
        "02": 200,
        "03": 300,
    }
    draft = desk.cut().number
    with pytest.raises(UnknownBulletin):
        public_tables(desk.shared, draft, viewer=desk.press)


def test_export_writes_what_its_manifest_says(desk: Desk, tmp_path: Path) -> None:
    import hashlib

    number = desk.issue().number
    export(desk.shared, number, tmp_path / "out", viewer=desk.press)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["number"] == number
    assert len(manifest["files"]) == 8
    for one in manifest["files"]:
        content = (tmp_path / "out" / one["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one["sha256"]
    table = pl.read_parquet(tmp_path / "out" / "province.parquet")
    assert table.filter(pl.col("id") == "cases").height == 30
    assert "binh" not in json.dumps(manifest)


def test_no_cell_of_an_exported_file_is_a_formula(desk: Desk, tmp_path: Path) -> None:
    for number, sign in enumerate(("=", "+", "-", "@", "\t", "\r")):
        found = days(DAY, [40.0 + number] * 10, area="01", measure="doses",
                     source=f"{sign}cmd|' /C calc'!A{number}")  # fmt: skip
        desk.deliver(f"doses-{number}.csv", *found)
    desk.deliver("up.csv", *days(DAY, [-3.0] * 10, area="02", measure="cases", source="up"))
    number = desk.issue().number
    export(desk.shared, number, tmp_path / "out", viewer=desk.press)
    cells = [
        cell
        for path in sorted((tmp_path / "out").glob("*.csv"))
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
        for cell in row
    ]
    assert any(cell.startswith("'") for cell in cells)
    risky = [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert all(float(cell) < 0 for cell in risky)


@pytest.fixture
def run(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", database.url)
    monkeypatch.setenv("TUYENDAU_NOW", "2021-09-02T16:00:00+07:00")

    def command(*arguments: str) -> tuple[int, str, str]:
        code = program.main(arguments)
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


def test_the_command_line_from_cut_to_export(
    desk: Desk, run: Callable[..., tuple[int, str, str]]
) -> None:
    query = ("query", "cases", "--from", "2021-08-01", "--to", "2021-08-01")
    assert run(*query, "--as", "press")[0] == 1
    code, out, _ = run("bulletin", "cut", "--by", "an", "--title-vi", "Bản tin chiều", "--json")
    assert code == 0
    sha256 = json.loads(out)["sha256"]
    assert run("bulletin", "approve", "1", "--by", "an", "--sha256", sha256)[0] == 1
    code, out, _ = run("bulletin", "approve", "1", "--by", "binh", "--sha256", sha256)
    assert (code, "not signed off by: 01, 02, 03" in out) == (0, True)
    assert run(*query, "--as", "press")[0] == 1
    assert run("bulletin", "publish", "1", "--by", "binh")[0] == 0
    assert run(*query, "--as", "press")[1] == run(*query)[1]
    desk.deliver("b.csv", Cell(day=DAY, area="01", value=5.0, known=KNOWN + HOUR))
    frozen = run(*query, "--bulletin", "1")[1]
    assert frozen == run(*query, "--as", "press")[1]
    assert frozen != run(*query)[1]
    code, out, error = run(*query, "--bulletin", "9")
    assert (code, out, error) == (2, "", "error: there is no bulletin 9\n")
    assert "Bản tin chiều" in run("bulletin", "show", "1", "--as", "press")[1]
    assert run("bulletin", "verify", "1") == (0, "bulletin 1: 0 differences\n", "")


def test_the_command_line_compares_and_lists(
    desk: Desk, run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    desk.issue()
    desk.deliver("b.csv", Cell(day=DAY, area="01", value=5.0, known=KNOWN + HOUR))
    run("bulletin", "cut", "--by", "an")
    listed = json.loads(run("bulletin", "list", "--json")[1])
    assert [one["number"] for one in listed] == [2, 1]
    assert [
        one["number"] for one in json.loads(run("bulletin", "list", "--as", "press", "--json")[1])
    ] == [1]
    moved = json.loads(run("bulletin", "diff", "2", "--json")[1])
    assert ("cases", "01", 100.0, 5.0) in {
        (x["id"], x["area_code"], x["was"], x["becomes"]) for x in moved
    }
    assert "cases,2021-08-01,01,old" in run("bulletin", "revisions", "2")[1]
    assert run("bulletin", "accept", "2", "--by", "an", "--note", "typo")[0] == 0
    assert run("bulletin", "signoff", "2", "--by", "chi", "--as", "province:01")[0] == 0
    assert run("bulletin", "export", "1", "--out", str(tmp_path / "x"))[0] == 0
    assert (tmp_path / "x" / "national.csv").exists()
    assert run("bulletin", "export", "2", "--out", str(tmp_path / "y"))[0] == 2
    assert run("bulletin", "withdraw", "1", "--by", "binh", "--reason", "wrong")[0] == 0


def test_what_everybody_hears_moves_with_publications_alone(desk: Desk) -> None:
    heard: list[tuple[str, str, str]] = []

    def hear(what: str) -> None:
        heard.append((what, desk.shared.public_token(), desk.shared.token()))

    hear("start")
    desk.deliver("more.csv", *days(DAY, [31.0], area="02", known=desk.wait()))
    hear("delivery")
    first = desk.issue()
    hear("publication")
    desk.deliver("again.csv", *days(DAY, [45.0], area="01", known=desk.wait()))
    draft = desk.cut()
    desk.bulletins.accept(AN, draft.number, note="checked with the province")
    hear("accepted")
    desk.bulletins.sign_off(CHI, draft.number)
    hear("signed")
    desk.bulletins.approve(BINH, draft.number, draft.sha256)
    hear("approved")
    desk.bulletins.publish(BINH, draft.number, desk.world.now + HOUR)
    hear("announced")
    desk.wait(HOUR)
    hear("embargo over")
    desk.bulletins.withdraw(BINH, draft.number, "nhầm")
    hear("withdrawn")
    assert first.number
    moved = [what for (_, was, _), (what, now, _) in pairwise(heard) if was != now]
    assert moved == ["publication", "announced", "embargo over", "withdrawn"]
    # Officials hear of every step: two of them work on one draft.
    assert len({token for *_, token in heard}) == len(heard)
