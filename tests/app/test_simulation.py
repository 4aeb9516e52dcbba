"""What the screen says of a simulation."""

from datetime import timedelta
from pathlib import Path

import pytest
import streamlit as st

from dashboard import resources
from dashboard.i18n import translator
from data_access.clock import machine_clock
from data_access.engine import make_engine
from data_access.simulated import Simulated, note_simulated
from tests.app.conftest import NOW, html, run


@pytest.fixture
def simulation(settings: pytest.MonkeyPatch, _filled: Path, tmp_path: Path) -> str:
    """A copy of the filled database that a simulation feeds, stopped at NOW."""
    copy = tmp_path / "simulated.sqlite"
    copy.write_bytes(_filled.read_bytes())
    url = f"sqlite:///{copy}"
    settings.setenv("TUYENDAU_DATABASE_URL", url)
    settings.delenv("TUYENDAU_NOW")
    note(url, speed=0.0)
    return url


def note(url: str, *, speed: float) -> None:
    engine = make_engine(url)
    real = machine_clock() - timedelta(seconds=1)
    note_simulated(engine, Simulated(spec="x", scale=200, sent=NOW, real=real, speed=speed))
    engine.dispose()


@pytest.mark.usefixtures("simulation")
def test_a_stopped_simulation_says_so_and_its_clock_stands() -> None:
    shown = html(run())
    assert "Mô phỏng" in shown
    assert "tỷ lệ 1:200" in shown
    assert "Đang tạm dừng" in shown
    assert "Bản trình diễn" not in shown
    assert resources.shared().clock() == NOW


def test_a_running_one_says_how_fast_in_both_languages(simulation: str) -> None:
    note(simulation, speed=60.0)
    st.cache_resource.clear()
    assert "nhanh gấp 60 lần" in html(run())
    shown = html(run(lang="en"))
    assert "scale 1:200; not real data" in shown
    assert "60 times faster" in shown


@pytest.mark.usefixtures("simulation")
def test_downloads_bear_it_in_their_name() -> None:
    assert resources.file_name("cases.csv", t=translator("vi")) == "mo-phong-1-200-cases.csv"
    assert resources.file_name("cases.csv", t=translator("en")) == "simulated-1-200-cases.csv"


@pytest.mark.usefixtures("settings")
def test_other_databases_have_no_such_ribbon() -> None:
    assert "Mô phỏng" not in html(run()).split("td-footer")[0].split("td-title")[0]
    assert resources.file_name("cases.csv", t=translator("vi")) == "cases.csv"
