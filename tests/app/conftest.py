"""A small country's worth of figures, and pages run by Streamlit's AppTest."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data_access import migrations
from data_access.engine import make_engine, writing
from data_access.ingest.intake import Intake
from data_access.reference.areas import load_areas
from data_access.reference.load import load_reference
from data_access.reference.pack import bundled_pack
from data_access.viewer import system_viewer

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2021, 9, 2, 13, tzinfo=UTC)
LAST = date(2021, 9, 1)
DAYS = 30
SILENT_PROVINCE = "04"  # Cao Bằng reports nothing
ZERO_PROVINCE = "06"  # Bắc Kạn reports zero
MAPPING = """
source = "bulletin"
platform = "tracing"
mode = "snapshot"
date = { column = "date", format = "%Y-%m-%d" }
area = { column = "province", match = "code" }
[[measure]]
id = "cases"
column = "cases"
[[measure]]
id = "deaths"
column = "deaths"
"""


def cases_on(code: str, day: date) -> int:
    """An invented count that differs by province and day; 0 in one province."""
    if code == ZERO_PROVINCE:
        return 0
    return int(code) * 10 + (LAST - day).days


def reporting_provinces() -> list[str]:
    """The codes of the provinces that report, 62 of 63."""
    areas = bundled_pack("vn").areas.select("code", "level", "vintage")
    return [
        code
        for code, level, vintage in areas.iter_rows()
        if (level, vintage) == ("province", "63") and code != SILENT_PROVINCE
    ]


def write_table(folder: Path, *, days: int = DAYS, last: date = LAST) -> tuple[Path, Path]:
    """Write the mapping and its CSV, return both."""
    codes = reporting_provinces()
    rows = [
        f"{day},{code},{cases_on(code, day)},{int(code) % 5}"
        for day in (last - timedelta(days=back) for back in range(days))
        for code in codes
    ]
    mapping, table = folder / "bulletin.toml", folder / "bulletin.csv"
    mapping.write_text(MAPPING, encoding="utf-8")
    table.write_text("\n".join(["date,province,cases,deaths", *rows]), encoding="utf-8")
    return mapping, table


def fill(url: str, folder: Path, *, figures: bool = True) -> None:
    """Initialise a database and, if asked, deliver the table."""
    engine = make_engine(url)
    migrations.upgrade(engine)
    with writing(engine) as connection:
        load_reference(connection, bundled_pack("vn"))
    if figures:
        deliver(url, *write_table(folder), known_at=NOW - timedelta(hours=1))
    engine.dispose()


def deliver(url: str, mapping: Path, table: Path, *, known_at: datetime) -> None:
    """Bring one table through the gate."""
    engine = make_engine(url)
    intake = Intake(
        engine=engine,
        areas=load_areas(engine, viewer=system_viewer(NOW)),
        clock=lambda: NOW,
        pseudonym_key="",
        rejects_folder=table.parent / "rejects",
    )
    intake.table((table,), mapping=mapping, known_at=known_at)
    engine.dispose()


@pytest.fixture(scope="session")
def _filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("app")
    fill(f"sqlite:///{folder / 'filled.sqlite'}", folder)
    return folder / "filled.sqlite"


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, _filled: Path) -> pytest.MonkeyPatch:
    """The environment of a demonstration on the filled database."""
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{_filled}")
    monkeypatch.setenv("TUYENDAU_DEMO", "1")
    monkeypatch.setenv("TUYENDAU_NOW", NOW.isoformat())
    return monkeypatch


def run(page: str = "overview", **query: str) -> AppTest:
    """Run a page through the entry script, as a link with these parameters would."""
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page != "overview":
        app.switch_page(str(ROOT / "pages" / f"{page}.py"))
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
    return app


def html(app: AppTest) -> str:
    """Return everything the page wrote as HTML."""
    bodies = [block.proto.body for block in app.get("html")]
    return "\n".join(body for body in bodies if not body.startswith("<style>"))
