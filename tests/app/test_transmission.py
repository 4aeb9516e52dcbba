"""How fast it spreads, on the pages: figures recomputed by hand, and what is said where none is."""

import math
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from scipy.stats import gamma

from data_access import migrations
from data_access.engine import make_engine, writing
from data_access.reference.areas import load_areas
from data_access.reference.load import load_reference
from data_access.reference.pack import bundled_pack
from data_access.viewer import system_viewer
from tests.app.conftest import NOW, html, run
from tests.cube_world import Cell, World

pytestmark = pytest.mark.app
LAST = date(2021, 9, 2)
DAYS = 110
FIRST = LAST - timedelta(days=DAYS - 1)
SHARES = (0.35, 0.6, 0.78, 0.9, 0.96, 1.0)
PROVINCES = {"79": 900, "01": 300, "48": 200}


def final() -> dict[tuple[str, date], list[float]]:
    """(province, day) → its figure on the day, the day after, and so on."""
    chance = np.random.default_rng(20210902)
    found = {}
    for code, level in PROVINCES.items():
        for number in range(DAYS):
            total = chance.poisson(level * math.exp(0.02 * (number - DAYS)))
            steps = chance.multinomial(total, np.diff((0.0, *SHARES)))
            found[code, FIRST + timedelta(days=number)] = np.cumsum(steps).astype(float).tolist()
    return found


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def cells(kind: str) -> list[Cell]:
    if kind == "empty":
        return []
    if kind == "one_day":
        return [Cell(day=LAST, area="79", value=40.0, vintage="63", known=at(LAST))]
    if kind == "missing":
        return [
            Cell(day=LAST - timedelta(days=n), area="79", value=None, status=1, n=0, vintage="63",
                 known=at(LAST))
            for n in range(30)
        ]  # fmt: skip
    found = []
    for (code, day), values in final().items():
        before = None
        for age, value in enumerate(values):
            known = day + timedelta(days=age)
            if known <= LAST and value != before:
                found.append(Cell(day=day, area=code, value=value, vintage="63", known=at(known)))
            before = value
    return found


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    urls = {}
    for kind in ("filling", "empty", "one_day", "missing"):
        urls[kind] = f"sqlite:///{tmp_path_factory.mktemp('spread') / f'{kind}.sqlite'}"
        engine = make_engine(urls[kind])
        migrations.upgrade(engine)
        with writing(engine) as connection:
            load_reference(connection, bundled_pack("vn"))
        made = World(engine=engine, areas=load_areas(engine, viewer=system_viewer(NOW)))
        if kind != "empty":
            made.put(*cells(kind))
        engine.dispose()
    return urls


@pytest.fixture
def world(
    request: pytest.FixtureRequest, worlds: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> str:
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", worlds[request.param])
    monkeypatch.setenv("TUYENDAU_DEMO", "1")
    monkeypatch.setenv("TUYENDAU_NOW", NOW.isoformat())
    return str(request.param)


on = pytest.mark.parametrize


def by_hand(series: list[float], end: int) -> tuple[float, float, float]:
    """Rt of the seven days to `end` (from 0), the interval Delta's, straight from the formula."""
    shape, scale = ((4.0 - 1) / 2.5) ** 2, 2.5**2 / (4.0 - 1)

    def mass(k: int) -> float:
        one, two = (lambda x, a=a: gamma.cdf(x, a, scale=scale) for a in (shape, shape + 1))
        return (
            k * one(k) + (k - 2) * one(k - 2) - 2 * (k - 1) * one(k - 1)
            + shape * scale * (2 * two(k - 1) - two(k - 2) - two(k))
        )  # fmt: skip

    weights = [mass(k) for k in range(1, 60)]
    window = range(end - 6, end + 1)
    pressure = sum(weights[s - 1] * series[t - s] for t in window for s in range(1, min(t, 59) + 1))
    believed = gamma(1 + sum(series[t] for t in window), scale=1 / (1 / 5 + pressure))
    return believed.mean(), *believed.ppf([0.025, 0.975])


def vi(value: float, decimals: int = 2) -> str:
    return f"{value:.{decimals}f}".replace(".", ",")


def as_known(area: str | None) -> list[float]:
    known = []
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        age = min((LAST - day).days, len(SHARES) - 1)
        known.append(sum(final()[code, day][age] for code in PROVINCES if area in (None, code)))
    return known


@pytest.mark.usefixtures("world")
@on("world", ["filling"], indirect=True)
@on(("page", "area", "query"), [("overview", None, {}), ("overview", "79", {"as": "province:79"}),
                                ("province", "48", {"area": "48"})])  # fmt: skip
def test_rt_is_that_of_the_last_complete_window(page, area, query) -> None:
    app = run(page, **query)
    assert not app.exception
    # 96 % of a day are known after four days, 90 % after three.
    mean, low, high = by_hand(as_known(area), DAYS - 1 - 4)
    assert f"Rt {vi(mean)} ({vi(low)}–{vi(high)}), theo ngày báo cáo, đến 29/08." in html(app)


@pytest.mark.usefixtures("world")
@on("world", ["filling"], indirect=True)
def test_days_being_reported_are_estimated_near_what_they_came_to() -> None:
    app = run("province", area="79")
    text = html(app)
    reported = as_known("79")[-1]
    assert f"đã báo cáo {reported:.0f} ca, ước tính sau khi bổ sung " in text
    told = text.split("ước tính sau khi bổ sung ")[1].split(" ca.")[0]
    estimate, low, high = (
        float(part.replace(".", "")) for part in told.replace("(", "").replace(")", "")
        .replace(" đến ", " ").split()
    )  # fmt: skip
    truth = final()["79", LAST][-1]
    assert low < estimate < high
    assert low * 0.9 <= truth <= high * 1.1
    assert estimate == pytest.approx(reported / SHARES[0], rel=0.08)


@pytest.mark.usefixtures("world")
@on("world", ["filling"], indirect=True)
@on("language", ["vi", "en"])
def test_the_tracing_trend_names_both_parts(language) -> None:
    app = run("tracing", lang=language)
    assert not app.exception
    specs = [chart.proto.spec for chart in app.get("plotly_chart")]
    wanted = {"vi": "Ước tính sau khi bổ sung", "en": "Expected once complete"}[language]
    assert any(wanted in spec.encode().decode("unicode_escape", "ignore") or wanted in spec
               for spec in specs)  # fmt: skip


@pytest.mark.usefixtures("world")
@on("world", ["filling"], indirect=True)
def test_the_overview_draws_details_only_when_opened() -> None:
    app = run("overview")
    assert len(app.get("plotly_chart")) == 0
    assert "Hai tuần gần nhất đã đủ số liệu" not in html(app)
    labels = [box.label for box in app.expander]
    assert "Tốc độ lây: Việt Nam" in labels


@on("world", ["empty", "one_day", "missing"], indirect=True)
@on("page", ["overview", "province", "tracing"])
def test_without_enough_nothing_is_invented(world, page) -> None:
    app = run(page, **({"area": "79"} if page == "province" else {}))
    assert not app.exception
    text = html(app)
    assert "theo ngày báo cáo, đến" not in text
    assert "ước tính sau khi bổ sung" not in text.lower()
    if world == "one_day" and page != "tracing":
        assert "Chưa nêu Rt: chuỗi số liệu còn quá ngắn." in text
