"""Merges checked record versions into the record tables and collects what that changes.

Write side: runs inside one write transaction per file.

A chunk whose keys are all new is inserted as it is. Otherwise a row takes one of two roads.

The short road is for a key that occurs once in the chunk and that nothing later is known of: it
is new, replaces the winner, or says what the winner says. The long road is for all others: every
version of the key is loaded, the time line is computed anew, and the difference is written.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.carry import Schema, delete_matching, insert_frame, insert_if_new, matching
from data_access.chain.records import NUMBERS
from data_access.chain.store import Touched, note_touched
from data_access.contracts.model import DTYPES, RecordKind
from data_access.cube.rollup import columns_read, contributions
from data_access.cube.timeline import with_valid_to
from data_access.ingest.cell_changes import CellChanges
from data_access.ingest.ledger import Counts, latest_moment

_PAST_KEY = ["record_id", "version", "known_at", "batch_id", "row_no"]
_ROWS_AT_ONCE = 250_000
"""Changed versions that are rolled up together: a roll-up's fixed cost is that of some thousand."""
_PROBED = 64
_NO_END = pl.lit(None, dtype=pl.Int64)


@dataclass(kw_only=True)
class RecordMerge:
    """The merge of one file's chunks.

    Attributes:
        connection: inside the write transaction.
        kind: the record kind.
        platform: its platform.
        source_id: who delivers.
        batch_id: number in the ledger.
        known_at: moment of the delivery, microseconds UTC.
        zone: time zone whose days count.
        counts: what became of the rows so far (read and rejected are the caller's).
    """

    connection: sa.Connection
    kind: RecordKind
    platform: str
    source_id: int
    batch_id: int
    known_at: int
    zone: str
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        """Look up the tables and whether anything later is known of this source."""
        self.winner, self.past = tables.record_tables(self.platform, self.kind.name)
        self.fields: dict[str, pl.DataType] = {
            f.name: DTYPES[f.kind] for f in self.kind.stored_fields() if f.name != self.kind.key
        }
        self.content = ["deleted", "province_id", "district_id", *self.fields]
        self.schema: Schema = {
            "record_id": pl.String(),
            "version": pl.Int64(),
            "known_at": pl.Int64(),
            "batch_id": pl.Int64(),
            "row_no": pl.Int64(),
            "deleted": pl.Boolean(),
            "province_id": pl.Int32(),
            "district_id": pl.Int32(),
            **self.fields,
        }
        latest = latest_moment(
            self.connection,
            source_id=self.source_id,
            besides=self.batch_id,
            platform=self.platform,
            record_kind=self.kind.name,
        )
        self.is_late = latest is not None and latest > self.known_at
        self._expects_new = True
        self._read = [name for name in columns_read(self.kind) if name in self.schema]
        self._changed: list[pl.DataFrame] = []
        self._changes = CellChanges()
        self._parts = 0
        self._n_touched = 0

    def add(self, accepted: pl.DataFrame) -> None:
        """Merge one chunk (`Admitted.accepted`)."""
        incoming = self._stamped(accepted)
        incoming, n_repeated = self._without_repetition(incoming)
        self._count(unchanged=n_repeated)
        if incoming.is_empty():
            return
        if self._inserted_as_new(incoming):
            return
        held = self._winners(incoming.select("record_id").unique())
        short, long = self._parted(incoming, held)
        if long.height:
            self._recompute(long, held)
        if short.height:
            self._replace(short, held)

    def changes(self) -> Iterator[pl.DataFrame]:
        """Yield what all chunks together change, once: see `CellChanges.parts`.

        Shape: one row per (known_at, measure, day, area_id, dims), with the signed value and n.
        """
        self._roll_up()
        yield from self._changes.parts()

    # --- nothing known yet ----------------------------------------------------------------------

    def _inserted_as_new(self, incoming: pl.DataFrame) -> bool:
        """Insert a chunk of which no key is known, without looking each of them up.

        A few keys are looked up first; the index has the last word on the others. Once it said
        no, the rest of the file is not tried: most of an old file would be written in vain.
        """
        keys = incoming["record_id"]
        if not self._expects_new or keys.n_unique() < incoming.height:
            return False
        probe = keys.gather_every(max(1, incoming.height // _PROBED)).to_frame()
        rows = incoming.select(list(self.schema))
        self._expects_new = self._winners(probe).is_empty() and insert_if_new(
            self.connection, self.winner, self._keyed(rows)
        )
        if self._expects_new:
            self._touch(rows["record_id"])
            self._change(rows, moment="known_at", sign=1)
            self._count(new=incoming.height)
        return self._expects_new

    # --- reading --------------------------------------------------------------------------------

    def places(self, record_ids: pl.Series) -> pl.DataFrame:
        """Return the province_id (null for none) of those of some records that are held."""
        keys = record_ids.unique().sort().alias("record_id").to_frame()
        return matching(
            self.connection,
            self.winner,
            keys=keys,
            fixed={"source_id": self.source_id},
            columns=["record_id", "province_id"],
            schema={"record_id": pl.String(), "province_id": pl.Int32()},
        )

    def _stamped(self, accepted: pl.DataFrame) -> pl.DataFrame:
        stamped = accepted.with_columns(
            known_at=pl.lit(self.known_at, dtype=pl.Int64),
            batch_id=pl.lit(self.batch_id, dtype=pl.Int64),
        )
        # In order of the key, look-ups and inserts walk the index instead of jumping about.
        return stamped.select(
            [pl.col(name).cast(dtype) for name, dtype in self.schema.items()]
        ).sort("record_id", "version", "row_no")

    def _without_repetition(self, incoming: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        """Drop rows that say what the row before them in the same file says of the same version."""
        if incoming["record_id"].n_unique() == incoming.height:
            return incoming, 0
        same = pl.all_horizontal(
            [
                pl.col(name).eq_missing(pl.col(name).shift(1))
                for name in ("record_id", "version", *self.content)
            ]
        )
        kept = incoming.filter(~same)
        return kept, incoming.height - kept.height

    def _winners(self, keys: pl.DataFrame) -> pl.DataFrame:
        return matching(
            self.connection,
            self.winner,
            keys=keys,
            fixed={"source_id": self.source_id},
            columns=list(self.schema),
            schema=self.schema,
        )

    def _parted(
        self, incoming: pl.DataFrame, held: pl.DataFrame
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return (rows for the short road, rows for the long road)."""
        alone = pl.lit(value=True)
        if incoming["record_id"].n_unique() != incoming.height:
            alone = ~pl.col("record_id").is_duplicated()
        if held.is_empty():
            return incoming.filter(alone), incoming.filter(~alone)
        known = held.select("record_id", version_held="version")
        marked = incoming.join(known, on="record_id", how="left", maintain_order="left")
        quiet = pl.col("version_held").is_null()
        if not self.is_late:
            quiet = quiet | (pl.col("version") >= pl.col("version_held"))
        marked = marked.with_columns(_short=alone & quiet).drop("version_held")
        return (
            marked.filter("_short").drop("_short"),
            marked.filter(~pl.col("_short")).drop("_short"),
        )

    # --- the short road -------------------------------------------------------------------------

    def _replace(self, incoming: pl.DataFrame, held: pl.DataFrame) -> None:
        joined = incoming.join(
            held, on="record_id", how="left", suffix="_held", maintain_order="left"
        )
        known = pl.col("version_held").is_not_null()
        same = known & self._same_content(["version", *self.content])
        marked = joined.with_columns(_known=known, _same=same)
        unchanged = marked.filter("_same")
        written = marked.filter(~pl.col("_same"))
        self._confirm(unchanged.filter(pl.col("known_at_held") < self.known_at))
        n_updated = self._outdate(written.filter("_known"), held)
        rows = written.select(list(self.schema))
        insert_frame(self.connection, self.winner, self._keyed(rows))
        self._touch(rows["record_id"])
        self._change(rows, moment="known_at", sign=1)
        self._count(
            new=written.height - written.filter("_known").height,
            updated=n_updated,
            unchanged=unchanged.height,
        )

    def _outdate(self, replacing: pl.DataFrame, held: pl.DataFrame) -> int:
        """Move replaced winners to the past; return how many rows count as updated.

        A winner that came with this very batch (an earlier chunk of the file) was counted as new
        or updated already; it is now the one that is stale.
        """
        old = held.join(replacing.select("record_id"), on="record_id", how="semi")
        if old.is_empty():
            return 0
        ended = old.with_columns(valid_to=pl.lit(self.known_at, dtype=pl.Int64))
        delete_matching(self.connection, self.winner, self._keyed(old.select("record_id")))
        insert_frame(self.connection, self.past, self._keyed(ended))
        self._change(ended, moment="valid_to", sign=-1)
        n_own = old.filter(pl.col("batch_id") == self.batch_id).height
        self._count(stale=n_own)
        return old.height - n_own

    def _same_content(self, names: list[str]) -> pl.Expr:
        return pl.all_horizontal([pl.col(n).eq_missing(pl.col(f"{n}_held")) for n in names])

    # --- the long road --------------------------------------------------------------------------

    def _recompute(self, incoming: pl.DataFrame, held: pl.DataFrame) -> None:
        keys = incoming.select("record_id").unique()
        stored = self._versions(keys, held)
        repeated = self._known_already(incoming, stored)
        kept = incoming.join(repeated.select("row_no"), on="row_no", how="anti")
        self._confirm(repeated.filter(pl.col("_confirms")))
        self._count(unchanged=repeated.height)
        everything = [stored]
        if self.is_late:
            everything.append(self._confirmed(keys, stored))
        everything.append(kept.with_columns(valid_to=_NO_END, is_stored=pl.lit(value=False)))
        before = pl.concat(everything).rename({"valid_to": "valid_to_before"})
        after = with_valid_to(before)
        self._write_timeline(after)
        self._count_long(after, stored)

    def _versions(self, keys: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
        """Return every stored version of some keys, with valid_to (null for the winner)."""
        winners = held.join(keys, on="record_id", how="semi").with_columns(valid_to=_NO_END)
        schema = {**self.schema, "valid_to": pl.Int64()}
        known = winners.select("record_id")
        past = matching(
            self.connection,
            self.past,
            keys=known,
            fixed={"source_id": self.source_id},
            columns=list(schema),
            schema=schema,
        )
        return pl.concat([winners, past]).with_columns(is_stored=pl.lit(value=True))

    def _known_already(self, incoming: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that add nothing, with `_confirms` for those that say it again later.

        The last row of a version (in the file's order) adds nothing if the latest stored row of
        that version known by then says the same; a row before it adds nothing if any stored row
        of that version does, for it is outranked at once.
        """
        of_version = ["record_id", "version"]
        marked = incoming.with_columns(
            _is_last=pl.col("row_no") == pl.col("row_no").max().over(of_version)
        )
        latest = (
            stored.filter(pl.col("known_at") <= self.known_at)
            .sort("known_at", "batch_id", "row_no")
            .unique(of_version, keep="last", maintain_order=True)
        )
        joined = marked.join(latest, on=of_version, how="left", suffix="_held")
        same = pl.col("known_at_held").is_not_null() & self._same_content(self.content)
        any_same = (
            marked.join(
                stored.select(*of_version, *self.content).unique(),
                on=[*of_version, *self.content],
                how="semi",
                nulls_equal=True,
            )
            .filter(~pl.col("_is_last"))
            .select("row_no")
        )
        followers = incoming.join(any_same, on="row_no", how="semi").with_columns(
            _confirms=pl.lit(value=False)
        )
        rest = marked.filter(~pl.col("_is_last")).join(any_same, on="row_no", how="anti")
        last = (
            joined.filter(pl.col("_is_last") & same)
            .join(rest, on=of_version, how="anti")
            .with_columns(_confirms=pl.col("known_at_held") < self.known_at)
        )
        return pl.concat([followers, last.select(followers.columns)])

    def _confirmed(self, keys: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
        """Return later confirmations of some keys, written out as versions of their own.

        What was confirmed is what the same version said just before, without this batch.
        """
        empty = stored.clear()
        told = self._confirmations(keys)
        if told.is_empty():
            return empty
        explicit = stored.select("record_id", "batch_id").unique()
        told = told.join(explicit, on=["record_id", "batch_id"], how="anti").sort("known_at")
        before = stored.sort("known_at", "batch_id", "row_no").unique(
            ["record_id", "version", "known_at"], keep="last", maintain_order=True
        )
        content = before.select("record_id", "version", "known_at", *self.content)
        found = told.join_asof(
            content.sort("known_at"),
            on="known_at",
            by=["record_id", "version"],
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        written = found.filter(pl.col("deleted").is_not_null()).with_columns(
            valid_to=pl.col("known_at"), is_stored=pl.lit(value=False)
        )
        return written.select(empty.columns)

    def _confirmations(self, keys: pl.DataFrame) -> pl.DataFrame:
        """Return (record_id, version, row_no, known_at, batch_id) of later confirmations."""
        blob = tables.confirmation.c
        query = sa.select(blob.batch_id, blob.known_at, blob.payload).where(
            blob.platform == self.platform,
            blob.record_kind == self.kind.name,
            blob.source_id == self.source_id,
            blob.known_at > self.known_at,
        )
        found = [
            pl.read_parquet(io.BytesIO(payload))
            .join(keys, on="record_id", how="semi")
            .with_columns(
                known_at=pl.lit(known_at, dtype=pl.Int64),
                batch_id=pl.lit(batch_id, dtype=pl.Int64),
            )
            for batch_id, known_at, payload in self.connection.execute(query)
        ]
        return pl.concat(found) if found else pl.DataFrame(schema=["record_id"])

    def _write_timeline(self, after: pl.DataFrame) -> None:
        moved = ~pl.col("valid_to").eq_missing(pl.col("valid_to_before"))
        changed = after.filter(~pl.col("is_stored") | moved)
        self._touch(changed["record_id"].unique())
        was = changed.filter("is_stored")
        fallen = was.filter(pl.col("valid_to_before").is_null()).select("record_id")
        delete_matching(self.connection, self.winner, self._keyed(fallen))
        past = was.filter(pl.col("valid_to_before").is_not_null())
        delete_matching(self.connection, self.past, self._keyed(past.select(_PAST_KEY)))
        wins = changed.filter(pl.col("valid_to").is_null())
        insert_frame(self.connection, self.winner, self._keyed(wins.select(list(self.schema))))
        lost = changed.filter(pl.col("valid_to").is_not_null())
        columns = [*self.schema, "valid_to"]
        insert_frame(self.connection, self.past, self._keyed(lost.select(columns)))
        self._change_interval(was, end="valid_to_before", sign=-1)
        self._change_interval(changed, end="valid_to", sign=1)

    def _change_interval(self, versions: pl.DataFrame, *, end: str, sign: int) -> None:
        in_force = versions.filter(pl.col(end).is_null() | (pl.col(end) > pl.col("known_at")))
        self._change(in_force, moment="known_at", sign=sign)
        self._change(in_force.filter(pl.col(end).is_not_null()), moment=end, sign=-sign)

    def _count_long(self, after: pl.DataFrame, stored: pl.DataFrame) -> None:
        mine = after.filter(~pl.col("is_stored") & (pl.col("batch_id") == self.batch_id))
        wins = mine.filter(pl.col("valid_to").is_null())
        earlier = stored.filter(pl.col("batch_id") != self.batch_id).select("record_id")
        n_new = wins.join(earlier, on="record_id", how="anti").height
        own = after.filter(
            pl.col("is_stored")
            & (pl.col("batch_id") == self.batch_id)
            & pl.col("valid_to_before").is_null()
            & pl.col("valid_to").is_not_null()
        )
        # A winner from an earlier chunk of this file was counted; it changes places with this one.
        n_first = own.join(earlier, on="record_id", how="anti").height
        self._count(
            new=n_new - n_first,
            updated=wins.height - n_new - (own.height - n_first),
            stale=mine.height - wins.height + own.height,
        )

    # --- writing --------------------------------------------------------------------------------

    def _keyed(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(pl.lit(self.source_id, dtype=pl.Int32).alias("source_id"), pl.all())

    def _confirm(self, rows: pl.DataFrame) -> None:
        if rows.is_empty():
            return
        payload = io.BytesIO()
        rows.select("record_id", "version", "row_no").write_parquet(payload, compression="zstd")
        row = {
            "batch_id": self.batch_id,
            "part": self._parts,
            "platform": self.platform,
            "record_kind": self.kind.name,
            "source_id": self.source_id,
            "known_at": self.known_at,
            "payload": payload.getvalue(),
        }
        self._parts += 1
        self.connection.execute(sa.insert(tables.confirmation), row)

    def _touch(self, record_ids: pl.Series) -> None:
        """Note which records were written, for the figures that follow later."""
        if (self.platform, self.kind.name) not in NUMBERS or record_ids.is_empty():
            return
        touched = Touched(
            batch_id=self.batch_id,
            part=self._n_touched,
            kind=(self.platform, self.kind.name),
            source_id=self.source_id,
            known_at=self.known_at,
        )
        note_touched(self.connection, touched, record_ids=record_ids)
        self._n_touched += 1

    def _change(self, versions: pl.DataFrame, *, moment: str, sign: int) -> None:
        if versions.is_empty() or not self.kind.rollups:
            return
        read = [name for name in self._read if name != "known_at"]
        self._changed.append(
            versions.select(
                pl.col(moment).alias("known_at"), *read, sign=pl.lit(sign, dtype=pl.Int64)
            )
        )
        if sum(part.height for part in self._changed) >= _ROWS_AT_ONCE:
            self._roll_up()

    def _roll_up(self) -> None:
        """Turn the versions gathered so far into changes of cells."""
        if self._changed:
            changed, self._changed = pl.concat(self._changed), []
            self._changes.add(self._contributions(changed))

    def _contributions(self, changed: pl.DataFrame) -> pl.DataFrame:
        """Return what signed versions add to each cell at each moment."""
        if changed["sign"].min() == 1:
            changed = changed.drop("sign")
        moment = changed["known_at"][0]
        if (changed["known_at"] != moment).any():
            return contributions(self.kind, changed, zone=self.zone, by=["known_at"])
        cells = contributions(self.kind, changed, zone=self.zone)
        return cells.select(pl.lit(moment, dtype=pl.Int64).alias("known_at"), pl.all())

    def _count(self, **more: int) -> None:
        self.counts = self.counts.plus(Counts(**more))
