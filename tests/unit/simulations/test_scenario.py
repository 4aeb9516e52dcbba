"""Scenarios: what may be asked, how it is written, what a run gives, how it stops."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.__main__ import main
from simulations.epidemic.chance import drawn
from simulations.epidemic.engine import simulate
from simulations.epidemic.parameters import AGES, LEVELS
from simulations.epidemic.summary import Cancelled
from simulations.scenario import run as running
from simulations.scenario.levers import known_at, with_levers
from simulations.scenario.model import Measure, Scenario
from simulations.scenario.report import bands, runs_out
from simulations.scenario.toml import digest, from_json, from_toml, to_json, to_toml
from simulations.surge.board import board
from simulations.surge.transfers import Rules

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "scenarios"
START = date(2021, 9, 2)
SMALL = Scenario(name="small", first_day=START, horizon=6, draws=14, seed=3)

texts = st.text(min_size=1, max_size=30).filter(lambda text: text.strip())
days = st.dates(date(2021, 9, 2), date(2021, 12, 1))
measures = st.builds(
    lambda level, pair, places: Measure(
        level=level, since=min(pair), until=max(pair), places=tuple(places)
    ),
    st.sampled_from(LEVELS),
    st.tuples(days, days),
    st.lists(st.sampled_from(["79", "01", "mekong"]), max_size=2),
)
scenarios = st.builds(
    Scenario,
    name=texts,
    author=st.text(max_size=20),
    first_day=days,
    horizon=st.integers(1, 120),
    doses_per_day=st.none() | st.integers(0, 2_000_000),
    second_share=st.none() | st.floats(0, 1),
    order=st.permutations(AGES).map(lambda order: tuple(order[:3])),
    laboratory_factor=st.floats(0, 10),
    home_share=st.floats(0, 1),
    distancing=st.lists(measures, max_size=3).map(tuple),
)


@pytest.fixture(scope="module")
def small() -> running.Result:
    return running.run(SMALL)


@given(scenarios)
def test_text_and_json_say_the_whole_scenario(scenario) -> None:
    assert from_toml(to_toml(scenario)) == scenario
    assert from_json(to_json(scenario)) == scenario
    assert digest(replace(scenario, name="x", author="y")) == digest(scenario)
    other = replace(scenario, seed=scenario.seed + 1)
    assert digest(other) != digest(scenario)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("horizon = 121", "horizon is 121"),
        ("horizon = 1.5", "horizon is 1.5"),
        ("draws = true", "draws is True"),
        ("home_share = 1.2", "home_share is 1.2"),
        ("doses_per_day = -1", "doses_per_day is -1"),
        ("doses_factor = 2.0\ndoses_per_day = 5", "exclude each other"),
        ('order = ["65+", "65+"]', "once each"),
        ('order = ["old"]', "once each"),
        ("speed = 3", "unknown: speed"),
        ('[[distancing]]\nlevel = "closed"', "distancing.level is 'closed'"),
        ("[[distancing]]\nsince = 2021-09-02", "distancing.level is missing"),
        (
            '[[distancing]]\nlevel = "none"\nsince = 2021-09-09\nuntil = 2021-09-08',
            "before distancing.since",
        ),
        ("horizon = ", "not TOML"),
    ],
)
def test_a_wrong_lever_is_named(line, said) -> None:
    with pytest.raises(ValueError, match=".") as error:
        from_toml(f'name = "a"\nfirst_day = 2021-09-02\n{line}\n')
    assert said in str(error.value)


@pytest.mark.parametrize("day", [date(2021, 5, 10), date(2022, 1, 9)])
def test_a_start_outside_the_fitted_days_is_refused(day) -> None:
    with pytest.raises(ValueError, match="first_day lies between"):
        replace(SMALL, first_day=day)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_changes_the_plan_from_its_first_day_only(path) -> None:
    scenario = from_toml(path.read_text(encoding="utf-8"))
    land = running.country()
    day = land.day(scenario.first_day)
    base, found = known_at(land, scenario.first_day), with_levers(land, scenario)
    for name in ("level", "doses", "samples", "icu_beds", "quarantine_beds"):
        before, after = getattr(base.plan, name), getattr(found.plan, name)
        assert (before[:day] == after[:day]).all()
    assert (path.stem == "base") == all(
        np.array_equal(getattr(base.plan, name), getattr(found.plan, name))
        for name in ("level", "doses", "samples", "tracers")
    ) * (found.tracing == base.tracing)


def test_a_scenario_knows_nothing_of_later_weeks() -> None:
    land = running.country()
    day = land.day(START)
    changed = replace(
        land,
        setup=replace(
            land.setup,
            plan=replace(
                land.setup.plan,
                transmission=np.where(
                    np.arange(running.PLAN_DAYS)[:, None] >= day // 7 * 7,
                    9.0,
                    land.setup.plan.transmission,
                ),
            ),
        ),
    )
    ours, theirs = known_at(changed, START).plan, known_at(land, START).plan
    assert (ours.transmission == theirs.transmission).all()
    assert (theirs.level[day:] == theirs.level[day - 1]).all()


def test_doses_of_a_day_are_neither_lost_nor_invented() -> None:
    land = running.country()
    day = land.day(START)
    setup = with_levers(land, replace(SMALL, doses_per_day=123_457))
    total = setup.plan.doses[day : day + 100].sum(axis=1).cumsum()
    planned = 123_457 * np.arange(1, 101)
    assert np.abs(total - planned).max() <= len(land.codes)
    assert (setup.plan.doses[:day] == land.setup.plan.doses[:day]).all()


def test_later_measures_override_and_places_are_known() -> None:
    land = running.country()
    day = land.day(START)
    both = (
        Measure(level="directive_16", places=("mekong",)),
        Measure(level="none", until=date(2021, 9, 4), places=("92",)),
    )
    level = with_levers(land, replace(SMALL, distancing=both)).plan.level
    can_tho, an_giang = land.index("92"), land.index("89")
    assert level[day : day + 4, can_tho].tolist() == [0, 0, 0, 3]
    assert level[day : day + 4, an_giang].tolist() == [3, 3, 3, 3]
    with pytest.raises(ValueError, match="no province or group 'xx'"):
        running.run(replace(SMALL, distancing=(Measure(level="none", places=("xx",)),)))


def test_bands_are_quantiles_of_the_engines_own_draws(small) -> None:
    land = running.country()
    first = land.day(START)
    state = running.state_before(START).repeated(SMALL.draws, whole=True)
    per_day = [
        day
        for day, _ in simulate(
            with_levers(land, SMALL),
            chance=drawn(SMALL.seed, SMALL.draws),
            state=state,
            days=range(first, first + SMALL.horizon),
        )
    ]
    deaths = np.stack([day["deaths"] for day in per_day], axis=1)
    icu = np.stack([day["in_care_critical"] for day in per_day], axis=1)
    assert np.allclose(small.bands["deaths"], np.quantile(deaths, small.levels, axis=0))
    assert (small.nation["icu"] == icu.sum(axis=2)).all()
    for draw in range(SMALL.draws):
        for place in range(len(land.codes)):
            over = [n for n in range(6) if icu[draw, n, place] > small.beds["icu"][n, place]]
            assert small.runs_out["icu"][draw, place] == (over[0] if over else -1)


def test_the_same_scenario_gives_the_same_numbers_however_divided(small, monkeypatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 3)
    again = running.run(SMALL)
    for name in running.QUANTITIES:
        assert (again.bands[name] == small.bands[name]).all()
    other = running.run(replace(SMALL, seed=4))
    assert (other.nation["cases"] != small.nation["cases"]).any()


def test_tables_say_what_the_arrays_say(small) -> None:
    found = bands(small)
    assert found.height == len(running.QUANTITIES) * SMALL.horizon * (1 + len(small.codes))
    row = found.filter(
        pl.col("date") == date(2021, 9, 4),
        pl.col("area_code") == "79",
        pl.col("quantity") == "hospital",
    )
    expected = small.bands["hospital"][:, 2, small.codes.index("79")]
    assert row.select(pl.col("^(low|median|high).*$")).row(0) == tuple(expected)
    nation = found.filter(pl.col("area_code") == "VN", pl.col("quantity") == "cases")
    assert nation["median"].to_list() == np.median(small.nation["cases"], axis=0).tolist()
    out = runs_out(small)
    for row in out.filter(pl.col("beds") == "icu").iter_rows(named=True):
        first = small.runs_out["icu"][:, small.codes.index(row["area_code"])]
        assert row["probability"] == (first >= 0).mean()
        assert (row["median_date"] is None) == (row["probability"] == 0)


def test_days_without_beds_are_counted_draw_by_draw(monkeypatch) -> None:
    """Against the need itself, which a result does not keep: caught where it is read."""
    kept: list[tuple[np.ndarray, np.ndarray]] = []
    first_day_over = running.first_day_over

    def keeping(need: np.ndarray, beds: np.ndarray) -> np.ndarray:
        kept.append((need.copy(), beds))
        return first_day_over(need, beds)

    monkeypatch.setattr(running, "first_day_over", keeping)
    result = running.run(SMALL)
    out = runs_out(result)
    assert out["days_short"].max() > 0
    for name, (need, beds) in zip(running.BEDS, kept, strict=True):
        for i, code in enumerate(result.codes):
            days = sorted(
                sum(int(need[draw, day, i] > beds[day, i]) for day in range(SMALL.horizon))
                for draw in range(SMALL.draws)
            )
            row = out.filter(pl.col("beds") == name, pl.col("area_code") == code).row(0, named=True)
            assert row["days_short"] == days[(len(days) - 1) // 2]


def test_progress_reaches_the_end_and_a_run_can_be_cancelled() -> None:
    seen: list[tuple[int, int]] = []
    running.run(SMALL, progress=lambda done, of: seen.append((done, of)))
    assert seen[-1] == (14 * 6, 14 * 6)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    asked: list[int] = []
    with pytest.raises(Cancelled):
        running.run(SMALL, cancelled=lambda: len(asked) >= 3 or asked.append(1))
    assert len(asked) == 3


def test_a_difference_is_taken_draw_by_draw(small) -> None:
    fewer = running.run(replace(SMALL, name="none", doses_factor=0.0))
    change = running.difference(fewer, small, "doses")
    assert (change == -1).all()
    assert (running.difference(small, small, "cases") == 0).all()
    with pytest.raises(ValueError, match="compare"):
        running.difference(replace(small, scenario=replace(SMALL, seed=9)), small, "cases")


def test_scenarios_of_one_seed_share_their_walk_so_that_a_difference_shows() -> None:
    plain = replace(SMALL, name="plain", horizon=24, draws=16)
    base = running.run(plain)
    other = running.run(replace(plain, name="home", home_share=0.9))

    def width(of: running.Result) -> float:
        low, high = running.difference(other, of, "cases", levels=(0.1, 0.9))
        return float(high - low)

    # Each draw beside another draw's base: what it would be without a common walk.
    strangers = replace(base, nation={name: np.roll(draws, 1, axis=0)
                                      for name, draws in base.nation.items()})  # fmt: skip
    assert width(base) < 0.5 * width(strangers)


def test_nobody_caught_where_nobody_meets() -> None:
    land = running.country()
    setup = with_levers(land, SMALL)
    plan = replace(
        setup.plan,
        transmission=np.zeros_like(setup.plan.transmission),
        seeds=np.zeros_like(setup.plan.seeds),
    )
    first = land.day(START)
    state = running.state_before(START).repeated(2, whole=True)
    found = simulate(
        replace(setup, plan=plan),
        chance=drawn(1, 2),
        state=state,
        days=range(first, first + 4),
    )
    assert sum(int(day["infections"].sum()) for day, _ in found) == 0


def test_the_board_is_of_the_hardest_day(small) -> None:
    found = board(small, rules=Rules())
    median = np.rint(small.bands["icu"][3]).astype(int)
    above = np.maximum(median - small.beds["icu"], 0).sum(axis=1)
    rows = found.unmet.filter(pl.col("beds") == "icu")
    assert rows["above"].sum() == above.max()
    assert (rows["above"] == rows["moved"] + rows["unmet"]).all()
    moved = found.moves.filter(pl.col("beds") == "icu").group_by("from_code").agg(
        pl.col("persons").sum()
    )  # fmt: skip
    said = dict(rows.filter(pl.col("moved") > 0).select("area_code", "moved").iter_rows())
    assert dict(moved.iter_rows()) == said
    assert found.moves["km"].max() <= Rules().farthest_km


def test_the_command_writes_its_files(tmp_path, capsys) -> None:
    file = tmp_path / "small.toml"
    file.write_text(to_toml(replace(SMALL, name="Nhỏ")), encoding="utf-8")
    assert main(["scenario", str(file), "--out", str(tmp_path / "out")]) == 0
    assert "Kịch bản: Nhỏ" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "bands.parquet", "bands.csv", "runs_out.csv", "transfers.csv", "unmet.csv", "summary.json",
    }  # fmt: skip
    read = pl.read_parquet(tmp_path / "out" / "bands.parquet")
    assert read.equals(bands(running.run(SMALL)))


@pytest.mark.parametrize(
    "content", [b'name = "a"', b"\xff\xfe", None, b'first_day = "x"\nname="a"']
)
def test_a_bad_file_is_one_line_and_exit_code_2(tmp_path, capsys, content) -> None:
    file = tmp_path / "bad.toml"
    if content is not None:
        file.write_bytes(content)
    assert main(["scenario", str(file), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: bad.toml: ")
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()
