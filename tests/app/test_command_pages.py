"""The command pages on records of six platforms: figures are what pandas counts in the files."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from dashboard import resources
from dashboard.commands import COMMANDS
from dashboard.formatting import number, percent
from tests import command_world as world
from tests.app.conftest import html, run

pytestmark = pytest.mark.app
PAGES = sorted(COMMANDS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("command")
    world.write_records(made / "records")
    world.fill(f"sqlite:///{made / 'world.sqlite'}", made / "records")
    return made


@pytest.fixture(autouse=True)
def _on_the_world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{folder / 'world.sqlite'}")
    monkeypatch.setenv("TUYENDAU_DEMO", "1")
    monkeypatch.setenv("TUYENDAU_NOW", world.NOW.isoformat())
    yield
    world.rows_of.cache_clear()


# --- what pandas counts -------------------------------------------------------------------------


class Files:
    """The records of the nation, or of one province, on the last whole day."""

    def __init__(self, folder: Path, province: str | None) -> None:
        self.folder, self.province = folder / "records", province

    def rows(self, platform: str, kind: str, key: str) -> pd.DataFrame:
        found = world.rows_of(self.folder, platform, kind, key)
        return found if self.province is None else found[found["province_code"] == self.province]

    def on_day(
        self, platform: str, kind: str, key: str, field: str, *, back: int = 0
    ) -> pd.DataFrame:
        """Rows whose moment falls on the day, or on one of the days before it."""
        found = self.rows(platform, kind, key)
        days = world.local_day(found[field])
        first = world.LAST - pd.Timedelta(days=back).to_pytimedelta()
        return found[days.between(first, world.LAST)]


def samples(files: Files, field: str) -> float:
    return len(files.on_day("testing", "sample", "sample_id", field))


def doses(files: Files) -> float:
    return len(files.on_day("vaccination", "dose", "dose_event_id", "vaccinated_at"))


def declarations(files: Files) -> float:
    return len(files.on_day("declarations", "declaration", "declaration_id", "declared_at"))


def scans(files: Files) -> float:
    return len(files.on_day("checkpoints", "scan", "scan_id", "scanned_at"))


def inside(files: Files, *, at_home: bool) -> int:
    stays = files.rows("quarantine", "stay", "stay_id")
    began, ended = world.local_day(stays["start_ts"]), world.local_day(stays["actual_end"])
    there = (began <= world.LAST) & (ended.isna() | (ended > world.LAST))
    home = stays["facility_kind"] == "nha_o"
    return int((there & (home == at_home)).sum())


def occupied(files: Files) -> float:
    return inside(files, at_home=True) + inside(files, at_home=False)


def beds(files: Files) -> float:
    sites = files.rows("quarantine", "facility", "facility_id")
    return float(pd.to_numeric(sites["beds_usable"]).sum())


def occupancy(files: Files) -> float:
    return inside(files, at_home=False) / beds(files)


def reached(files: Files) -> float:
    """F1 listed in a week and reached within 24 hours of their case's report, over all listed."""
    week = files.on_day("tracing", "contact", "contact_id", "identified_ts", back=6)
    week = week[week["class"] == "F1"]
    took = world.moment(week["reached_ts"]) - world.moment(week["index_reported_at"])
    return float((took <= pd.Timedelta(hours=24)).sum() / len(week))


def flagged_called(files: Files) -> float:
    week = files.on_day("declarations", "declaration", "declaration_id", "declared_at", back=6)
    week = week[week["risk_flag"].isin(["watch", "urgent"])]
    took = world.moment(week["called_at"]) - world.moment(week["declared_at"])
    return float((took <= pd.Timedelta(hours=24)).sum() / len(week))


def returned_in_a_day(files: Files) -> float:
    week = files.on_day("testing", "sample", "sample_id", "collected_at", back=6)
    took = world.moment(week["returned_at"]) - world.moment(week["collected_at"])
    return float((took <= pd.Timedelta(hours=24)).sum() / len(week))


Counted = Callable[[Files], float]
FIGURES: dict[tuple[str, str], Counted] = {
    ("testing", "samples_collected"): partial(samples, field="collected_at"),
    ("testing", "samples_resulted"): partial(samples, field="resulted_at"),
    ("testing", "results_24h_share"): returned_in_a_day,
    ("quarantine", "quarantine_beds"): beds,
    ("quarantine", "quarantine_occupied"): occupied,
    ("quarantine", "quarantine_occupancy"): occupancy,
    ("map", "doses"): doses,
    ("tracing", "contacts_reached_24h_share"): reached,
    ("declarations", "declarations"): declarations,
    ("declarations", "declarations_called_24h_share"): flagged_called,
    ("checkpoints", "checkpoint_scans"): scans,
}
SHARES = {key for _, key in FIGURES if key.endswith("share")} | {"quarantine_occupancy"}


@pytest.mark.parametrize("page", sorted({page for page, _ in FIGURES}))
@pytest.mark.parametrize("province", [None, "79"])
def test_figures_are_what_the_files_hold(page: str, province: str | None, folder: Path) -> None:
    query = {"lang": "en", "date": world.LAST.isoformat()}
    query |= {"as": f"province:{province}"} if province else {"as": "national"}
    more = {"indicator": "doses", "area": province or ""} if page == "map" else {}
    app = run(page, **query, **more)
    assert not app.exception
    assert not app.error
    found = figures_on(html(app))
    for key in (key for own, key in FIGURES if own == page):
        value = FIGURES[page, key](Files(folder, province))
        assert value > 0, "the files must hold some"
        write = percent if key in SHARES else number
        assert found[key] == write(value, language="en"), key


@pytest.mark.parametrize("page", PAGES)
def test_a_chosen_area_is_that_of_its_own_province(page: str) -> None:
    query = {"lang": "en", "date": world.LAST.isoformat()}
    app = run(page, **query, area="79")
    assert any(box.label.startswith("Definition") for box in app.expander)
    chosen = html(app)
    own = html(run(page, **query, **{"as": "province:79"}))
    assert figures_on(chosen) == figures_on(own) != {}


def figures_on(found: str) -> dict[str, str]:
    """Every card's figure by its id; cards without one are left out."""
    cards = re.split(r'(?=<div class="td-card )', found)
    pattern = re.compile(r'^<div class="td-card [^>]*data-id="(\w+)">.*?<strong>([^<]+)</strong>')
    return dict(match.groups() for card in cards if (match := pattern.match(card)))


def test_a_link_carries_area_form_and_period() -> None:
    query = {
        "area": "79",
        "indicator": "persons_tested",
        "per": "100k",
        "smooth": "7d",
        "span": "30",
    }
    app = run("testing", **query)
    assert {name: str(app.query_params[name]) for name in query} == query
    assert "trung bình 7 ngày, trên 100.000 dân" in html(app)


def test_a_denominator_changes_coverage_and_is_named() -> None:
    query = {"lang": "en", "date": world.LAST.isoformat()}
    pattern = re.compile(
        r'data-id="vaccination_coverage_1">.*?<dt>Denominator</dt><dd>([\d,]+)</dd>'
        r"<dt>Denominator used</dt><dd>([^<]+)</dd>"
    )
    [(people, name)] = pattern.findall(html(run("vaccination", **query)))
    other = html(run("vaccination", **query, denominator="adults_estimate_2021"))
    [(people_then, name_then)] = pattern.findall(other)
    assert "census 2019" in name
    assert "2021 estimate" in name_then
    assert people != people_then


def test_what_is_not_an_indicator_of_the_page_falls_back() -> None:
    app = run("testing", indicator="doses", area="zz", denominator="nobody", per="7", smooth="x")
    assert not app.exception
    assert not app.error


def test_the_server_reads_ahead_what_the_pages_ask_for_and_stops_when_told() -> None:
    asked: list[tuple[str, ...]] = []
    held = resources.shared()
    figures = held.figures
    held.figures = lambda ask, *, viewer: asked.append(ask.ids) or figures(ask, viewer=viewer)  # type: ignore[method-assign]
    resources.warm_pages(lambda: True)
    assert asked == [page.cards for page in COMMANDS.values()]
    asked.clear()
    resources.warm_pages(lambda: False)
    assert asked == []
