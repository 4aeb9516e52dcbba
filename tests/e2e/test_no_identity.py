"""Known people are looked for, byte by byte, in everything a delivery leaves behind."""

import json
import unicodedata
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from tests.conftest import Database
from tests.e2e.command import Command
from tests.unit.ingest.support import dose, stay, write_csv

KEY = (("TUYENDAU_PSEUDONYM_KEY", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"),)
NAME, NUMBER, PHONE, CARD = "Kỳ Nguyễn Hoàng Yến Oanh", "087184765432", "0987123123", "8765432109"
CANARY = {
    "full_name": NAME, "birth_date": "03/02/1984", "id_no": NUMBER, "phone": PHONE,
    "insurance_no": f"DN479{CARD}", "sex": "nu",
}  # fmt: skip
ROWS = [
    dose(**CANARY),
    dose(**CANARY, dose_event_id="D2", dose_no="x"),
    dose(**CANARY, dose_event_id="D3", province_code=NAME),
    dose(**CANARY, dose_event_id="D4", lot_no=PHONE),
    dose(**CANARY, dose_event_id="D5", site_code=NAME.upper()),
    dose(**CANARY, dose_event_id="D6", vaccinated_at=NAME),
    dose(**CANARY, dose_event_id="D7", vaccine_code=NAME),
    dose(**CANARY, dose_event_id="D8", dose_no=f"{NUMBER[:3]} {NUMBER[3:6]}-{NUMBER[6:]}"),
    dose(**{**CANARY, "dose_event_id": "D9", "birth_date": f"31/02/1984 {NAME}"}),
]


def traces() -> list[bytes]:
    bare = "".join(c for c in unicodedata.normalize("NFD", NAME) if not unicodedata.combining(c))
    words = [NAME, bare, NUMBER, NUMBER[1:], PHONE, PHONE[1:], CARD,
             f"{PHONE[:4]} {PHONE[4:7]} {PHONE[7:]}", f"{PHONE[:4]}.{PHONE[4:7]}.{PHONE[7:]}",
             f"{NUMBER[:3]} {NUMBER[3:6]}-{NUMBER[6:]}"]  # fmt: skip
    forms = {
        unicodedata.normalize(form, cased)
        for word in words
        for cased in (word, word.upper(), word.lower())
        for form in ("NFC", "NFD")
    }
    return [form.encode(code) for form in sorted(forms) for code in ("utf-8", "utf-16-le")]


def found_in(content: bytes) -> list[bytes]:
    return [trace for trace in traces() if trace in content]


def delivered(folder: Path) -> list[tuple[str, Path]]:
    folder.mkdir()
    table = pl.DataFrame(ROWS, infer_schema_length=None)
    table.write_parquet(folder / "b.parquet")
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)
    (folder / "c.ndjson").write_text(lines, encoding="utf-8")
    return [
        ("vaccination", write_csv(folder / "a.csv", ROWS)),
        ("vaccination", folder / "b.parquet"),
        ("vaccination", folder / "c.ndjson"),
        (
            "quarantine",
            write_csv(folder / "d.csv", [stay(**CANARY), stay(**CANARY, start_ts=NAME)]),
        ),
    ]


def everything(database: Database) -> bytes:
    """Return every row of every table as text, which on PostgreSQL stands for the dump."""
    names = sa.inspect(database.engine).get_table_names()
    with database.engine.connect() as connection:
        return "\n".join(
            repr(tuple(row))
            for name in names
            for row in connection.execute(sa.select(sa.text("*")).select_from(sa.table(name)))
        ).encode()


def test_nobody_is_found_after_deliveries(
    database: Database, tmp_path: Path, tmp_path_factory
) -> None:
    command = Command(url=database.url, settings=KEY)
    said = [command("init")]
    for platform, path in delivered(tmp_path_factory.mktemp("sent") / "files"):
        done = command("ingest", "records", platform, str(path), "--source", path.suffix[1:],
                       "--known-at", "2022-02-01T09:00:00+07:00", "--json")  # fmt: skip
        assert done.code == 0, done.err
        counts = json.loads(done.out)
        assert counts["rejected"] == (8 if platform == "vaccination" else 1)
        reject_file = Path(counts["rejects_file"])
        assert found_in(reject_file.read_bytes()) == []
        said.append(done)
        said.append(command("export-records", platform))
    assert found_in("".join(done.out + done.err for done in said).encode()) == []
    assert found_in(everything(database)) == []
    for path in filter(Path.is_file, tmp_path.rglob("*")):
        assert found_in(path.read_bytes()) == [], path.name


@pytest.mark.parametrize("word", [NAME, PHONE, NUMBER])
def test_the_search_would_find_them(word: str) -> None:
    assert found_in(f"x{word}y".encode())
    assert found_in(unicodedata.normalize("NFD", word).encode("utf-16-le"))
