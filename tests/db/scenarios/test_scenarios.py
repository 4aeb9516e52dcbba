"""Saved scenarios on both databases: who may keep, who may see, which bands."""

import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from data_access.codes import Role
from data_access.errors import BadUse, NameTaken, ScopeDenied
from data_access.scenarios import BANDS, QUANTILES, Kept, bands_of, may_save, save, saved
from data_access.viewer import Viewer, make_viewer
from tests.conftest import NOW, Database


def looking(role: Role, *areas: str, at: datetime = NOW) -> Viewer:
    return make_viewer(role, now=at, areas=frozenset(areas))


def bands(*codes: str) -> pl.DataFrame:
    rows = [
        (date(2021, 9, 2) + timedelta(days=n), code, "cases", *(float(n + q) for q in range(7)))
        for n in range(3)
        for code in codes
    ]
    return pl.DataFrame(rows, schema=BANDS, orient="row")


KEPT = Kept(
    name="Tăng gấp đôi liều",
    author="Vụ Kế hoạch",
    levers='{"doses_factor":2.0}',
    digest="d" * 16,
    seed=1,
    engine="e1",
    start_day=date(2021, 9, 2),
    as_of=datetime(2021, 9, 1, 17, tzinfo=UTC),
    bands=bands("VN", "01", "79"),
)
NATION = looking(Role.NATIONAL)
HCMC, HANOI = looking(Role.PROVINCE, "79"), looking(Role.PROVINCE, "01")


def test_what_was_saved_is_read_back(database: Database) -> None:
    number = save(database.engine, KEPT, viewer=NATION)
    found = saved(database.engine, viewer=NATION)
    assert found.drop("scenario_id").row(0, named=True) == {
        "name": KEPT.name, "author": KEPT.author, "role": "national", "province": "",
        "created_at": NOW, "levers": KEPT.levers, "digest": KEPT.digest, "seed": 1,
        "engine": "e1", "start_day": KEPT.start_day, "as_of": KEPT.as_of,
    }  # fmt: skip
    assert bands_of(database.engine, number, viewer=NATION).equals(KEPT.bands)
    assert save(database.engine, KEPT, viewer=NATION) == number
    assert saved(database.engine, viewer=NATION).height == 1


def test_a_province_keeps_and_sees_its_own_area_alone(database: Database) -> None:
    engine = database.engine
    national = save(engine, KEPT, viewer=NATION)
    own = save(engine, replace(KEPT, name="Hà Nội"), viewer=HANOI)
    assert set(saved(engine, viewer=HANOI)["scenario_id"]) == {national, own}
    assert set(saved(engine, viewer=NATION)["scenario_id"]) == {national, own}
    assert saved(engine, viewer=HCMC)["scenario_id"].to_list() == [national]
    assert bands_of(engine, national, viewer=HCMC)["area_code"].unique().to_list() == ["79"]
    assert bands_of(engine, own, viewer=HCMC).is_empty()
    # What a province saved never held more than its own area.
    assert bands_of(engine, own, viewer=NATION)["area_code"].unique().to_list() == ["01"]


def test_the_press_and_whoever_has_no_area_see_nothing(database: Database) -> None:
    number = save(database.engine, KEPT, viewer=NATION)
    for blind in (looking(Role.PRESS), looking(Role.PROVINCE)):
        assert saved(database.engine, viewer=blind).is_empty()
        assert bands_of(database.engine, number, viewer=blind).is_empty()


@pytest.mark.parametrize(
    ("viewer", "allowed"),
    [
        (NATION, True),
        (HCMC, True),
        (looking(Role.STEWARD), True),
        (looking(Role.ADMIN), True),
        (looking(Role.OPERATOR), False),
        (looking(Role.PRESS), False),
        (looking(Role.PROVINCE), False),
        (looking(Role.PROVINCE, "01", "79"), False),
    ],
)
def test_who_may_save(database: Database, viewer: Viewer, allowed: bool) -> None:
    assert may_save(viewer=viewer) == allowed
    if allowed:
        assert save(database.engine, KEPT, viewer=viewer)
        return
    with pytest.raises(ScopeDenied):
        save(database.engine, KEPT, viewer=viewer)
    assert saved(database.engine, viewer=NATION).is_empty()


def test_a_scenario_saved_later_is_not_seen_from_before(database: Database) -> None:
    number = save(database.engine, KEPT, viewer=NATION)
    before = NATION.at(NOW - timedelta(seconds=1))
    assert saved(database.engine, viewer=before).is_empty()
    assert bands_of(database.engine, number, viewer=before).is_empty()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 81},
        {"author": "x" * 81},
        {"levers": "x" * 20_001},
        {"bands": bands("79").drop(QUANTILES[0])},
    ],
)
def test_what_is_no_scenario_is_refused_whole(database: Database, wrong: dict) -> None:
    with pytest.raises(BadUse):
        save(database.engine, replace(KEPT, **wrong), viewer=NATION)
    assert saved(database.engine, viewer=NATION).is_empty()


def test_texts_are_values_and_never_sql(database: Database) -> None:
    name = "'; DROP TABLE scenario; --"
    save(database.engine, replace(KEPT, name=name), viewer=NATION)
    assert saved(database.engine, viewer=NATION)["name"].to_list() == [name]
    assert bands_of(database.engine, "' OR 1=1 --", viewer=NATION).is_empty()


def test_a_name_is_one_owners_once(database: Database) -> None:
    engine, later = database.engine, NOW + timedelta(minutes=5)
    save(engine, KEPT, viewer=NATION)
    again = looking(Role.STEWARD, at=later)
    for name in (
        KEPT.name,
        f"  {KEPT.name.upper()} ",
        KEPT.name.replace(" ", "\n  "),
        unicodedata.normalize("NFD", KEPT.name),
    ):
        with pytest.raises(NameTaken):
            save(engine, replace(KEPT, name=name), viewer=again)
    assert saved(engine, viewer=again)["name"].to_list() == [KEPT.name]
    # Another owner's names are their own: to refuse one would tell that it exists.
    own = save(engine, KEPT, viewer=HANOI)
    assert save(engine, KEPT, viewer=HCMC) != own
    assert saved(engine, viewer=HANOI).height == 2


def test_a_name_is_kept_composed_and_with_single_blanks(database: Database) -> None:
    loose = unicodedata.normalize("NFD", " Tăng \t gấp\nba ")
    save(database.engine, replace(KEPT, name=loose), viewer=NATION)
    assert saved(database.engine, viewer=NATION)["name"].to_list() == ["Tăng gấp ba"]
