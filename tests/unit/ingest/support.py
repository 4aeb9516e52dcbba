"""What tests of the gate share: areas, one good row of each kind, and ways to deliver it."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import polars as pl

from data_access.contracts.model import RecordKind
from data_access.contracts.registry import record_kind
from data_access.ingest.front import RecordMapping, admit_records, load_table_mapping, read_table
from data_access.ingest.places import Places
from data_access.ingest.seam import ACCEPTED_HEAD, REJECTED, CellDelivery
from data_access.reference.areas import Areas
from data_access.reference.pack import bundled_pack

ZONE = "Asia/Ho_Chi_Minh"
KNOWN_AT = datetime(2022, 2, 1, 9, tzinfo=UTC)
KEY = "a key for tests"
DOSE = record_kind("vaccination")
STAY = record_kind("quarantine")

GOOD_DOSE: Mapping[str, str] = {
    "dose_event_id": "D1",
    "dose_no": "1",
    "vaccine_code": "AZ",
    "vaccinated_at": "2021-08-05T10:11:12+07:00",
    "recorded_at": "2021-08-06T08:00:00+07:00",
    "district_code": "760",
    "province_code": "79",
}
GOOD_STAY: Mapping[str, str] = {
    "stay_id": "S1",
    "class": "F1",
    "facility_id": "Q1",
    "facility_kind": "tap_trung",
    "start_ts": "2021-08-05T10:00:00+07:00",
    "planned_end": "2021-08-19",
    "province_code": "01",
}


@lru_cache
def areas() -> Areas:
    """Return the areas of Vietnam."""
    return Areas.from_pack(bundled_pack("vn"))


@lru_cache
def places() -> Places:
    """Return the index of those areas: what it learns holds for every delivery."""
    return Places(areas())


def area_id(code: str, vintage: str = "63") -> int:
    """Return the number of an area."""
    return areas().id_of(code, vintage)


@dataclass(frozen=True)
class Result:
    """All chunks of a delivery together."""

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    n_read: int
    flags: dict[str, int]

    @property
    def reasons(self) -> list[tuple[int, str, str]]:
        """Return (row, field, reason) of each reject, sorted."""
        return sorted(self.rejected.select("row_no", "field", "reason").rows())


def write_csv(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """Write rows as a plain CSV; columns are those of any row."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def admit(
    path: Path,
    kind: RecordKind = DOSE,
    *,
    mapping: RecordMapping | None = None,
    fmt: str | None = None,
    key: str = KEY,
    known_at: datetime = KNOWN_AT,
) -> Result:
    """Return everything the front says about a file; checks that the counts balance."""
    chunks = list(
        admit_records(
            path,
            kind,
            fmt=fmt,
            record_mapping=mapping,
            areas=places(),
            known_at=known_at,
            pseudonym_key=key,
            zone=ZONE,
        )
    )
    flags: dict[str, int] = {}
    for chunk in chunks:
        assert list(chunk.accepted.columns)[: len(ACCEPTED_HEAD)] == list(ACCEPTED_HEAD)
        assert chunk.rejected.schema == pl.Schema(dict(REJECTED))
        refused = chunk.rejected["row_no"].n_unique()
        assert chunk.n_read == chunk.accepted.height + refused
        for reason, n_rows in chunk.flags.items():
            flags[reason] = flags.get(reason, 0) + n_rows
    return Result(
        pl.concat([chunk.accepted for chunk in chunks]),
        pl.concat([chunk.rejected for chunk in chunks]),
        sum(chunk.n_read for chunk in chunks),
        flags,
    )


def admit_rows(
    tmp_path: Path,
    rows: Sequence[Mapping[str, str]],
    kind: RecordKind = DOSE,
    *,
    mapping: RecordMapping | None = None,
) -> Result:
    """Return what the front says about rows delivered as CSV."""
    return admit(write_csv(tmp_path / "rows.csv", rows), kind, mapping=mapping)


def dose(**changes: str) -> dict[str, str]:
    """Return a good dose with some cells changed."""
    return {**GOOD_DOSE, **changes}


def stay(**changes: str) -> dict[str, str]:
    """Return a good stay with some cells changed."""
    return {**GOOD_STAY, **changes}


def deliver(tmp_path: Path, mapping: str, *tables: str, encoding: str = "utf-8") -> CellDelivery:
    """Return the cells of tables (CSV text) under a mapping (TOML text)."""
    toml = tmp_path / "mapping.toml"
    toml.write_text(mapping, encoding="utf-8")
    paths = []
    for number, text in enumerate(tables):
        path = tmp_path / f"table{number}.csv"
        path.write_bytes(text.encode(encoding))
        paths.append(path)
    found = load_table_mapping(toml)
    return read_table(paths, found, areas=areas(), known_at=KNOWN_AT, zone=ZONE)
