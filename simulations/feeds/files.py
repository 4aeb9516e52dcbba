"""Writes a feed to a folder: a file for each kind of record, and the truth beside them.

Each kind of record has one format. Memory is that of a day: every file is written on.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import polars as pl
import pyarrow.parquet as pq

from simulations.feeds.model import LAST, SENT, Frames
from simulations.platforms.truth import SCHEMA, truth

FORMAT_OF = {
    "declaration": "parquet", "scan": "csv", "place": "csv", "case": "csv", "contact": "ndjson",
    "exposure_place": "csv", "cluster": "ndjson", "stay": "csv", "facility": "csv",
    "daily_check": "parquet", "test": "csv", "breach": "ndjson", "site_report": "csv",
    "sample": "parquet", "sample_person": "csv", "laboratory": "csv", "dose": "csv",
    "stock": "ndjson", "site": "csv",
}  # fmt: skip
CHAIN = {"infectee": "case_id", "infector": "infector_id", "cluster": "cluster_id"}
README = """Truth of a simulated feed

aggregates.csv, aggregates.parquet
    every figure that the records add up to: measure, date, area_code, dims (name=code, joined
    by |), value. Codes of provinces have two digits, of districts three.
chains.csv
    who infected whom, as far as tracing was told: infectee, infector, cluster, generation (0:
    nobody known before), onset_date, report_date. Keys of cases, no person.
epidemic.csv
    the epidemic itself, thinned: date, area_code, series, value.
"""


@dataclass
class Writer:
    """Files of a folder, open until `close`."""

    folder: Path
    _open: dict[Path, "IO[bytes] | pq.ParquetWriter"] = field(default_factory=dict)
    n_rows: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, records: Frames) -> None:
        """Append the last states of a day's records, without what only the sender knows."""
        for (platform, kind), rows in records.items():
            last = rows.filter(pl.col(LAST)).drop(SENT, LAST)
            if not last.height:
                continue
            path = self.folder / platform / f"{kind}.{FORMAT_OF[kind]}"
            path.parent.mkdir(parents=True, exist_ok=True)
            self._append(path, last)
            key = (platform, kind)
            self.n_rows[key] = self.n_rows.get(key, 0) + last.height

    def _append(self, path: Path, rows: pl.DataFrame) -> None:
        is_new = path not in self._open
        if path.suffix == ".parquet":
            table = rows.to_arrow()
            if is_new:
                self._open[path] = pq.ParquetWriter(path, table.schema, compression="zstd")
            self._open[path].write_table(table)  # type: ignore[union-attr]
            return
        if is_new:
            self._open[path] = path.open("wb")
        out = self._open[path]
        said = rows.with_columns(
            pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S+00:00")
            for name, kind in rows.schema.items()
            if isinstance(kind, pl.Datetime)
        )
        if path.suffix == ".csv":
            said.write_csv(out, include_header=is_new)
        else:
            said.write_ndjson(out)

    def close(self) -> None:
        """Finish every file."""
        for out in self._open.values():
            out.close()


class Truth:
    """Adds up what the records should come to; knows nothing of the contracts."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._cells = pl.DataFrame(schema=SCHEMA)
        self._cases: list[pl.DataFrame] = []

    def add(self, records: Frames) -> None:
        """Count the last states of a day's records."""
        last = {key: rows.filter(pl.col(LAST)) for key, rows in records.items()}
        keys = [name for name in SCHEMA if name != "value"]
        self._cells = (
            pl.concat([self._cells, truth(last)]).group_by(keys).agg(pl.col("value").sum())
        )
        cases = last.get(("tracing", "case"))
        if cases is not None and cases.height:
            told = [pl.col(name).alias(alias) for alias, name in CHAIN.items()]
            self._cases.append(cases.select(*told, "onset_date", "report_date"))

    @property
    def cells(self) -> pl.DataFrame:
        """Return every figure: measure, date, area_code, dims, value."""
        return self._cells.sort("measure", "date", "area_code", "dims")

    @property
    def chains(self) -> pl.DataFrame:
        """Return who infected whom, with generations."""
        if not self._cases:
            return pl.DataFrame(schema={"infectee": pl.String})
        return generations(pl.concat(self._cases).sort("infectee"))


def generations(cases: pl.DataFrame) -> pl.DataFrame:
    """Add generation: 0 where no infector is known, else one more than the infector's.

    Needs: infectee, infector (null: unknown).
    """
    of = dict(cases.select("infectee", "infector").iter_rows())
    found: dict[str, int] = {}
    for case in of:
        line, at = [], case
        while at is not None and at not in found and at in of and at not in line:
            line.append(at)
            at = of[at]
        base = found.get(at, -1) if at is not None else -1
        for further, member in enumerate(reversed(line), start=1):
            found[member] = base + further
    depth = pl.Series("generation", [found[case] for case in cases["infectee"]], dtype=pl.Int64)
    return cases.with_columns(depth)


def write_truth(folder: Path, truth_of: Truth, *, epidemic: pl.DataFrame) -> None:
    """Write the truth folder."""
    folder.mkdir(parents=True, exist_ok=True)
    cells = truth_of.cells
    cells.write_parquet(folder / "aggregates.parquet")
    cells.write_csv(folder / "aggregates.csv")
    truth_of.chains.write_csv(folder / "chains.csv")
    epidemic.write_csv(folder / "epidemic.csv")
    (folder / "README.txt").write_text(README, encoding="utf-8")
