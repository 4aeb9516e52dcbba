"""Links through the gate, who may ask for them, and a new key, on both databases."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Role
from data_access.contracts.registry import CONTRACTS
from data_access.errors import ScopeDenied, SettingsError
from data_access.ingest.intake import Intake
from data_access.ingest.pseudonym_keys import columns_with_refs, rekey
from data_access.ingest.pseudonyms import reseal
from data_access.people.resolve import resolve
from data_access.viewer import make_viewer
from tests.conftest import NOW, Database
from tests.unit.ingest.support import areas, dose, stay, write_csv

pytestmark = pytest.mark.vietnam

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


def test_a_refused_row_links_nobody_and_its_neighbours_do(
    database: Database, tmp_path: Path
) -> None:
    gate = intake(database, tmp_path)
    other, third, shared = "0923456789", "0934567890", "0945678901"
    numbers = (PHONE, other, third, shared)
    elsewhere = dose(dose_event_id="N1", province_code="01", district_code="")
    stays = [stay(stay_id=f"S{n}", phone=number) for n, number in enumerate(numbers)]
    deliver(gate, tmp_path, "quarantine", *stays, days=5)
    deliver(gate, tmp_path, "vaccination", elsewhere, days=4)
    rows = [
        dose(dose_event_id="P1", id_no=CCCD, phone=PHONE),
        # Would take a record of another province over: refused inside the transaction.
        dose(dose_event_id="N1", id_no="087084000111", phone=other),
        # The same person as in a good row, and a telephone that only this row tells.
        dose(dose_event_id="N1", id_no=CCCD, phone=third),
        dose(dose_event_id="P2", id_no="087084000222", phone=shared),
    ]
    path = write_csv(tmp_path / "own.csv", rows)
    province = replace(gate, provinces=frozenset({"79"}))
    counts = province.records(path, platform="vaccination", source="s", known_at=NOW).counts
    assert (counts.new, counts.rejected) == (2, 2)
    weak = dict(zip(numbers, refs(database, "quarantine", "stay"), strict=True))
    found = asked(database, list(weak.values()))
    linked = {number for number, ref in weak.items() if found[ref][0] != ref}
    assert linked == {PHONE, shared}


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
                held = connection.execute(sa.select(table.c[name])).scalars().all()
            shown = [each.hex() if isinstance(each, bytes) else each or "" for each in held]
            assert not any(old in each for each in shown)
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
        if "_ref" in column["name"] or (table, column["name"]) == ("person_link", "entries")
    }
    assert held == {(table.name, name) for table, name in columns_with_refs()}
    assert CONTRACTS


def test_several_pseudonyms_in_one_text_are_sealed_each() -> None:
    one, two = "a" * 32, "b" * 32
    both = reseal(pl.Series([f"{one}|{two}"]), key=b"x")[0]
    apart = reseal(pl.Series([one, two]), key=b"x").to_list()
    assert both == "|".join(apart)


def stored(database: Database) -> list[tuple[int, str, str]]:
    """Return (known_at, person_ref, token) of every stored link, cut from the bytes by hand."""
    held = tables.person_link.c
    query = sa.select(held.known_at, held.entries).where(held.side == 0)
    with database.engine.connect() as connection:
        blocks = connection.execute(query).all()
    return sorted(
        (known_at, entries[at : at + 16].hex(), entries[at + 16 : at + 32].hex())
        for known_at, entries in blocks
        for at in range(0, len(entries), 33)
    )


def test_a_pseudonym_that_came_alone_is_still_known_by_its_kind(
    database: Database, tmp_path: Path
) -> None:
    deliver(intake(database, tmp_path), tmp_path, "vaccination", dose(id_no=CCCD), days=2)
    alone = refs(database, "vaccination", "dose")[0]
    assert asked(database, [alone]) == {alone: (alone, 4)}
    assert asked(database, [alone], days=3) == {alone: (alone, 0)}
    assert [link[1:] for link in stored(database)] == [(alone, alone)]


def test_a_new_key_joins_whom_the_old_one_joined(database: Database, tmp_path: Path) -> None:
    gate = intake(database, tmp_path)
    deliver(gate, tmp_path, "quarantine", stay(phone=PHONE), days=5)
    deliver(gate, tmp_path, "vaccination", dose(id_no=CCCD, phone=PHONE), days=2)
    before = stored(database)
    rekey(database.engine, before=(FIRST,), key=SECOND)
    weak = refs(database, "quarantine", "stay")[0]
    strong = refs(database, "vaccination", "dose")[0]
    assert asked(database, [weak]) == {weak: (strong, 2)}
    assert asked(database, [weak], days=3) == {weak: (weak, 2)}
    after = [
        (at, *(reseal(pl.Series([ref, token]), key=SECOND.encode()))) for at, ref, token in before
    ]
    assert stored(database) == sorted(after)


def test_a_refused_delivery_leaves_no_link(database: Database, tmp_path: Path) -> None:
    deliver(intake(database, tmp_path), tmp_path, "vaccination", dose(id_no=CCCD, phone=PHONE))
    before = stored(database)
    with pytest.raises(SettingsError):
        deliver(intake(database, tmp_path, SECOND), tmp_path, "quarantine", stay(phone=PHONE))
    assert stored(database) == before
    assert len(before) == 1


def test_reading_whole_finds_what_reading_near_finds(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = intake(database, tmp_path)
    rows = [dose(id_no=f"0870840009{i:02}", phone=f"09123456{i // 3:02}") for i in range(30)]
    deliver(gate, tmp_path, "vaccination", *rows, days=2)
    deliver(gate, tmp_path, "quarantine", *[stay(phone=f"09123456{i:02}") for i in range(12)])
    found = refs(database, "vaccination", "dose") + refs(database, "quarantine", "stay")
    near = asked(database, found)
    monkeypatch.setattr("data_access.people.resolve._READ_WHOLE_FROM", 0)
    assert asked(database, found) == near
    assert {strength for _, strength in near.values()} == {2, 4}
