"""`ingest records` and `chain` leave the response chain where the records are."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.cli import ingest
from data_access.cli.program import main
from data_access.errors import DatabaseUnavailable
from tests.conftest import NOW, Database

pytestmark = [pytest.mark.db, pytest.mark.vietnam]


@pytest.fixture
def contacts(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command that delivers one contact, to a database with areas."""
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", database.url)
    monkeypatch.setenv("TUYENDAU_DEMO", "1")
    monkeypatch.setenv("TUYENDAU_NOW", NOW.isoformat())
    file = tmp_path / "contacts.csv"
    file.write_text(
        "contact_id,index_case_id,class,identified_ts,province_code\n"
        "K1,A,F1,2021-09-02T08:00:00+07:00,79\n"
    )
    return ["ingest", "records", "tracing", str(file), "--kind", "contact", "--source", "s"]


def runs(database: Database) -> int:
    batch = tables.batch.c
    query = sa.select(sa.func.count(batch.batch_id)).where(batch.platform == "response")
    with database.engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def test_the_chain_follows_a_delivery_and_a_second_time_has_nothing_to_do(
    database: Database, contacts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*contacts, "--json", "--progress"]) == 0
    told = capsys.readouterr()
    assert told.out.count("\n") == 1  # what is printed stays one object
    assert "response chain: 1 moments" in told.err
    assert runs(database) == 1
    assert main(["chain"]) == 0
    assert capsys.readouterr().out == "response chain: no records since the last time\n"
    assert main(["chain", "--anew"]) == 0
    assert "0 rows of the cube written" in capsys.readouterr().out
    assert main(["verify"]) == 0


def test_a_chain_that_cannot_follow_does_not_undo_the_delivery(
    database: Database,
    contacts: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_given: object, **_named: object) -> None:
        raise DatabaseUnavailable("the shared database does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(ingest, "refresh", away)
        assert main(contacts) == 0
    assert "the delivery was kept" in capsys.readouterr().err
    assert runs(database) == 0
    assert main(["chain"]) == 0
    assert runs(database) == 1
