"""The cube of one bulletin: the questions of the live one, answered from what was frozen.

Months are fetched when first asked for, checked against their hash, and kept within a bound of
memory that all bulletins of the process share.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property

import polars as pl
from polars.exceptions import PolarsError

from data_access.bulletins.canonical import content_hash, unpack
from data_access.bulletins.model import MASK_SCHEMA, Kind
from data_access.codes import Clearance, month_of
from data_access.cube.catalogue import Catalogue, State
from data_access.cube.geography import Geography
from data_access.cube.kept import Kept
from data_access.cube.partition import make_partition
from data_access.cube.view import CELL_SCHEMA, CubeView, Partition
from data_access.disclosure.apply import WITHHELD_SCHEMA
from data_access.errors import DataAccessError
from data_access.measures.model import Measure, MeasureKind
from data_access.measures.registry import MEASURES
from data_access.reference.definition import from_json
from data_access.reference.places import (
    BORDER_SCHEMA,
    FRAME_SCHEMA,
    PEOPLE_SCHEMA,
    Areas,
    with_province,
)
from data_access.viewer import Viewer

MAX_BYTES = 384 * 1024 * 1024
MAX_KEPT_BYTES = 32 * 1024 * 1024
"""Worked out from one bulletin for one kind of reader: there may be a dozen and more of these."""
Fetch = Callable[[Iterable[str]], Mapping[str, bytes]]
"""Returns the payload of each hash."""
Hashes = Mapping[tuple[str, str, int], str]
"""(kind, measure, month) → hash."""


class BulletinDamaged(DataAccessError):
    """What is kept of a bulletin is not what was frozen."""


def content_of(payload: bytes | None, sha256: str) -> pl.DataFrame:
    """Return the content of a payload, checked against its hash.

    Raises:
        BulletinDamaged: if it is missing, unreadable or another content.
    """
    if payload is None:
        raise BulletinDamaged(f"a part of the bulletin is missing: {sha256[:12]}")
    try:
        content = unpack(payload)
    except (PolarsError, OSError) as error:
        raise BulletinDamaged(f"a part of the bulletin cannot be read: {sha256[:12]}") from error
    if content_hash(content) != sha256:
        raise BulletinDamaged(f"a part of the bulletin was changed after it was cut: {sha256[:12]}")
    return content


class Memory:
    """Partitions of frozen months, the least recently used let go first. Safe between threads."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """Hold nothing yet."""
        self._max_bytes = max_bytes
        self._held: OrderedDict[Hashable, Partition] = OrderedDict()
        self._n_bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Partition | None:
        """Return what is held under a key."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: Hashable, one: Partition) -> None:
        """Hold a partition; let others go where they take too much."""
        with self._lock:
            if key not in self._held:
                self._held[key] = one
                self._n_bytes += one.n_bytes
            while self._n_bytes > self._max_bytes and len(self._held) > 1:
                _, gone = self._held.popitem(last=False)
                self._n_bytes -= gone.n_bytes

    @property
    def size(self) -> tuple[int, int]:
        """Partitions held, and the bytes they take."""
        return len(self._held), self._n_bytes


class Frozen:
    """What a bulletin holds, ready to be read. Immutable; safe between threads.

    Args:
        name: tells it from every other bulletin in memory.
        cut_off: moment as of which it is known.
        hashes: its parts.
        fetch: gives the payload of each hash.
        known: the live areas; an area keeps the number it has there.
        memory: where its months are held.
    """

    def __init__(
        self,
        name: Hashable,
        *,
        cut_off: datetime,
        hashes: Hashes,
        fetch: Fetch,
        known: Areas,
        memory: Memory,
    ) -> None:
        """Read the names, no cells."""
        self.name = name
        self.cut_off = cut_off
        self._hashes = hashes
        self._fetch = fetch
        self._memory = memory
        names = [kind for kind in Kind if (kind.value, "", 0) in hashes]
        payloads = fetch([hashes[kind.value, "", 0] for kind in names])
        self._content = {
            kind: content_of(payloads.get(sha), sha)
            for kind in names
            for sha in [hashes[kind.value, "", 0]]
        }
        self.geography = Geography(_areas(self._content, known))

    def content(self, kind: Kind) -> pl.DataFrame | None:
        """Return the content of the one part of a kind; None if there is none."""
        return self._content.get(kind)

    @property
    def withheld(self) -> pl.DataFrame:
        """Return the cells that are not for publication: columns of MASK_SCHEMA."""
        return self._content.get(Kind.MASK, pl.DataFrame(schema=MASK_SCHEMA))

    @cached_property
    def mask(self) -> pl.DataFrame:
        """Return the same with areas by number, as views take it: columns of WITHHELD_SCHEMA."""
        areas = self.geography.areas.frame.select(
            pl.col("area_id").cast(pl.Int32), pl.col("code").alias("area_code"), "vintage"
        )
        return self.withheld.join(areas, on=["area_code", "vintage"]).select(list(WITHHELD_SCHEMA))

    @cached_property
    def state(self) -> State:
        """Return the names, as a state of the cube that never changes."""
        cells = sorted(
            (measure, month) for kind, measure, month in self._hashes if kind == Kind.CELLS.value
        )
        keys = sorted({measure for measure, _ in cells})
        numbers = {key: number for number, key in enumerate(keys, 1)}
        newest = self._content[Kind.BATCHES]["known_at"].max()
        return State(
            token=f"frozen-{self.name}",
            changes={(numbers[measure], month): 1 for measure, month in cells},
            newest=newest if isinstance(newest, int) else None,
            catalogue=self._catalogue(numbers),
        )

    def _catalogue(self, numbers: Mapping[str, int]) -> Catalogue:
        sources = self._content[Kind.SOURCES]
        breakdowns = self._content[Kind.BREAKDOWNS]
        return Catalogue(
            measures=_declared(self._content[Kind.MEASURES]),
            numbers=numbers,
            sources=sources.select(
                (pl.col("place") + 1).alias("source_id"),
                "source",
                "origin",
                "precedence",
                "clearance",
            ),
            breakdowns=breakdowns.select(
                pl.int_range(1, pl.len() + 1, dtype=pl.Int32).alias("breakdown_id"), "dims", "cut"
            ),
        )

    @cached_property
    def delivered(self) -> pl.DataFrame:
        """Return source_id, platform, delivered (µs): the last delivery of each source."""
        sources = self.state.catalogue.sources
        return (
            self._content[Kind.BATCHES]
            .join(sources, on=["source", "origin"])
            .group_by("source_id", "platform")
            .agg(delivered=pl.col("known_at").max())
            .sort("source_id", "platform")
        )

    def months(self, key: str, days: tuple[date, date] | None) -> tuple[Partition, ...]:
        """Return the partitions of a measure that hold some days (None: all), in order.

        Raises:
            BulletinDamaged: if one is not what was frozen.
            DatabaseUnavailable: if it must be fetched and the database does not answer.
        """
        wanted = self.state.months(key)
        if days is not None:
            wanted = [m for m in wanted if month_of(days[0]) <= m <= month_of(days[1])]
        held = {month: self._memory.get((self.name, key, month)) for month in wanted}
        lacking = [month for month, one in held.items() if one is None]
        for month, one in self._fetched(key, lacking).items():
            self._memory.put((self.name, key, month), one)
            held[month] = one
        return tuple(one for one in held.values() if one is not None)

    def cells(self, key: str, months: Iterable[int]) -> dict[int, pl.DataFrame]:
        """Return the cells of a measure by name, by month: columns of FROZEN_CELL."""
        wanted = {month: self._hashes[Kind.CELLS.value, key, month] for month in months}
        payloads = self._fetch(wanted.values()) if wanted else {}
        return {month: content_of(payloads.get(sha), sha) for month, sha in wanted.items()}

    def _fetched(self, key: str, months: list[int]) -> dict[int, Partition]:
        catalogue = self.state.catalogue
        areas = self.geography.areas.frame.select(
            "area_id", pl.col("code").alias("area_code"), "vintage"
        )
        made = {}
        for month, cells in self.cells(key, months).items():
            numbered = (
                cells.join(areas, on=["area_code", "vintage"])
                .join(catalogue.breakdowns, on="dims")
                .join(catalogue.sources, on=["source", "origin"])
                .select(list(CELL_SCHEMA))
            )
            made[month] = make_partition(
                numbered, catalogue, self.geography, month=month, change_no=1, since=0
            )
        return made


class FrozenCube:
    """A bulletin as one kind of reader sees it: a `cube.source.Cube`.

    Args:
        frozen: what the bulletin holds.
        withheld: cells that this kind of reader does not get; None: none are withheld.
    """

    def __init__(self, frozen: Frozen, *, withheld: pl.DataFrame | None) -> None:
        """Hold what is given; read nothing yet."""
        self.frozen = frozen
        self._withheld = withheld
        self._kept = Kept(MAX_KEPT_BYTES)

    @property
    def geography(self) -> Geography:
        """How areas add up, as frozen."""
        return self.frozen.geography

    def state(self, *, viewer: Viewer) -> State:
        """Return the names; the same for everybody."""
        del viewer
        return self.frozen.state

    def heard(self, *, viewer: Viewer) -> Hashable:
        """Return what never differs: a bulletin hears of nothing."""
        del viewer
        return self.frozen.name

    def view(self, needs: Mapping[str, tuple[date, date] | None], *, viewer: Viewer) -> CubeView:
        """Return what a viewer sees of some measures.

        Args:
            needs: measure id → first and last day needed (None: all time).
            viewer: who looks; from the cut-off, whatever their moment.

        Raises:
            BulletinDamaged: if a part is not what was frozen.
            DatabaseUnavailable: if something must be fetched and the database does not answer.
        """
        seen = replace(viewer, now=self.frozen.cut_off)
        parts: dict[str, tuple[Partition, ...]] = {}
        if not seen.is_blind:
            parts = {key: self.frozen.months(key, days) for key, days in needs.items()}
        ids = None
        if not seen.everywhere:
            ids = pl.Series(self.geography.visible_ids(seen), dtype=pl.Int32)
        whole = all(days is None for days in needs.values())
        return CubeView(
            state=self.frozen.state,
            geography=self.geography,
            viewer=seen,
            partitions=parts,
            delivered=self.frozen.delivered,
            visible=ids,
            kept=self._kept if whole else Kept(),
            withheld=self._withheld,
        )


def _declared(rows: pl.DataFrame) -> dict[str, Measure]:
    """Return the measures; the stricter clearance holds of what was declared then and now."""
    found = {}
    for row in rows.iter_rows(named=True):
        frozen = Clearance(row["clearance"])
        today = MEASURES.get(row["key"])
        found[row["key"]] = (
            replace(today, clearance=max(today.clearance, frozen))
            if today
            else Measure(
                key=row["key"],
                kind=MeasureKind(row["kind"]),
                unit=row["unit"],
                platform=row["platform"],
                vi=row["vi"],
                en=row["en"],
                clearance=frozen,
            )
        )
    return {**MEASURES, **found}


def _areas(content: Mapping[Kind, pl.DataFrame], known: Areas) -> Areas:
    """Return the areas as frozen, under the numbers that they have in the shared database."""
    numbers = known.frame.select("code", "vintage", "area_id")
    first_free = int(numbers["area_id"].max() or 0) + 1  # type: ignore[arg-type]
    joined = content[Kind.AREAS].join(numbers, on=["code", "vintage"], how="left")
    lacking = pl.col("area_id").is_null()
    numbered = joined.with_columns(
        area_id=pl.coalesce("area_id", lacking.cum_sum() - 1 + first_free).cast(pl.Int32),
        parent_code=pl.col("parent_code").fill_null(""),
    ).sort("area_id")
    ids = numbered.select("area_id", "code", "vintage")
    people = content[Kind.POPULATION].join(ids, on=["code", "vintage"])
    beside = content[Kind.BORDERS]
    for side in ("area_a", "area_b"):
        of = ids.select(pl.col("area_id").alias(side), pl.col("code").alias(f"{side}_code"),
                        pl.col("vintage").alias(f"{side}_vintage"))  # fmt: skip
        beside = beside.join(of, on=[f"{side}_code", f"{side}_vintage"])
    return Areas(
        country=from_json(content[Kind.COUNTRY]["value"][0]),
        frame=with_province(numbered).select(list(FRAME_SCHEMA)),
        populations=people.select(list(PEOPLE_SCHEMA)).sort("area_id", "group", "source"),
        successions=content[Kind.SUCCESSION].sort("old_vintage", "old_code"),
        borders=beside.select(list(BORDER_SCHEMA)).sort("area_a", "area_b"),
    )
