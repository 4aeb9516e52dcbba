"""Links through the gate, who may ask for them, and a new key, on both databases."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Role
from data_access.contracts.registry import CONTRACTS
from data_access.engine import writing
from data_access.errors import ScopeDenied, SettingsError
from data_access.ingest.intake import Intake
from data_access.ingest.pseudonym_keys import columns_with_refs, rekey
from data_access.ingest.pseudonyms import reseal
from data_access.people.resolve import resolve
from data_access.reference.load import load_reference
from data_access.viewer import make_viewer
from tests.conftest import NOW, Database
from tests.unit.ingest.support import areas, dose, stay, write_csv

FIRST, SECOND = "k" * 31 + "1", "k" * 31 + "2"
CCCD, PHONE = "087084000999", "0912345678"


def intake(database: Database, tmp_path: Path, key: str = FIRST) -> Intake:
    return Intake(
        engine=database.engine,
        areas=areas(),
        clock=lambda: NOW,
        pseudonym_key=key,
        rejects_folder=tmp_path / "rejects",
    )


@pytest.fixture(autouse=True)
def _reference(database: Database, vn_pack) -> None:
    with writing(database.engine) as connection:
        load_reference(connection, vn_pack)


def deliver(gate: Intake, tmp_path: Path, platform: str, *rows, days: int = 0) -> None:
    path = write_csv(tmp_path / f"{platform}.csv", rows)
    known_at = NOW - timedelta(days=days)
    counts = gate.records(path, platform=platform, source="s", known_at=known_at).counts
    assert counts.rejected == 0


def refs(database: Database, platform: str, kind: str) -> list[str]:
    table, _ = tables.record_tables(platform, kind)
    with database.engine.connect() as connection:
        query = sa.select(table.c.person_ref).order_by(table.c.record_id)
        return list(connection.execute(query).scalars())


def asked(database: Database, found: list[str], *, days: int = 0) -> dict[str, tuple[str, int]]:
    viewer = make_viewer(Role.NATIONAL, now=NOW - timedelta(days=days))
    frame = resolve(pl.DataFrame({"person_ref": found}), engine=database.engine, viewer=viewer)
    return {ref: (person, strength) for ref, person, strength, _ in frame.iter_rows()}


def test_a_phone_meets_its_number_from_the_day_both_are_known(
    database: Database, tmp_path: Path
) -> None:
    gate = intake(database, tmp_path)
    deliver(gate, tmp_path, "quarantine", stay(phone=PHONE), days=5)
    deliver(gate, tmp_path, "vaccination", dose(id_no=CCCD, phone=PHONE), days=2)
    weak = refs(database, "quarantine", "stay")[0]
    strong = refs(database, "vaccination", "dose")[0]
    assert weak != strong
    assert asked(database, [weak, strong]) == {weak: (strong, 2), strong: (strong, 4)}
    assert asked(database, [weak], days=3) == {weak: (weak, 2)}
    # Delivered late, the same link is known from earlier.
    deliver(gate, tmp_path, "vaccination", dose(id_no=CCCD, phone=PHONE), days=4)
    assert asked(database, [weak], days=3) == {weak: (strong, 2)}


@pytest.mark.parametrize("role", [Role.PROVINCE, Role.STEWARD, Role.OPERATOR, Role.PRESS])
def test_who_may_not_see_people_is_refused(database: Database, role: Role) -> None:
    viewer = make_viewer(role, now=NOW, areas=frozenset({"79"}))
    with pytest.raises(ScopeDenied):
        resolve(pl.DataFrame({"person_ref": ["x"]}), engine=database.engine, viewer=viewer)


def test_another_key_is_refused_and_nothing_kept(database: Database, tmp_path: Path) -> None:
    deliver(intake(database, tmp_path), tmp_path, "vaccination", dose(id_no=CCCD))
    with pytest.raises(SettingsError, match="not the key"):
        deliver(intake(database, tmp_path, SECOND), tmp_path, "quarantine", stay(id_no=CCCD))
    assert refs(database, "quarantine", "stay") == []


def test_a_new_key_seals_everything_and_links_survive(database: Database, tmp_path: Path) -> None:
    gate = intake(database, tmp_path)
    deliver(gate, tmp_path, "vaccination", dose(id_no=CCCD, phone=PHONE), days=2)
    deliver(gate, tmp_path, "vaccination", dose(id_no=CCCD, phone=PHONE, dose_no="2"), days=1)
    before = set(refs(database, "vaccination", "dose"))
    assert rekey(database.engine, before=(FIRST,), key=SECOND) == len(columns_with_refs())
    assert rekey(database.engine, before=(FIRST,), key=SECOND) == 0
    chained = intake(database, tmp_path, f"{FIRST}|{SECOND}")
    deliver(chained, tmp_path, "quarantine", stay(id_no=CCCD))
    after = set(refs(database, "vaccination", "dose"))
    assert after == set(refs(database, "quarantine", "stay"))
    assert not before & after
    for old in before:
        for table, name in columns_with_refs():
            with database.engine.connect() as connection:
                query = sa.select(sa.func.count()).where(table.c[name].contains(old))
                assert connection.execute(query).scalar() == 0
    with pytest.raises(SettingsError, match="not the key"):
        deliver(gate, tmp_path, "quarantine", stay(id_no=CCCD))


def test_the_wrong_earlier_key_changes_nothing(database: Database, tmp_path: Path) -> None:
    deliver(intake(database, tmp_path), tmp_path, "vaccination", dose(id_no=CCCD))
    before = refs(database, "vaccination", "dose")
    with pytest.raises(SettingsError, match="BEFORE"):
        rekey(database.engine, before=(SECOND,), key="k" * 31 + "3")
    assert refs(database, "vaccination", "dose") == before


def test_every_column_that_could_hold_a_pseudonym_is_sealed(database: Database) -> None:
    """By the names of the migrated database, not by the contracts."""
    found = sa.inspect(database.engine)
    held = {
        (table, column["name"])
        for table in found.get_table_names()
        for column in found.get_columns(table)
        if "_ref" in column["name"] or column["name"] == "token"
    }
    assert held == {(table.name, name) for table, name in columns_with_refs()}
    assert CONTRACTS


def test_several_pseudonyms_in_one_text_are_sealed_each() -> None:
    one, two = "a" * 32, "b" * 32
    both = reseal(pl.Series([f"{one}|{two}"]), key=b"x")[0]
    apart = reseal(pl.Series([one, two]), key=b"x").to_list()
    assert both == "|".join(apart)
