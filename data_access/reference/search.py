"""Finds areas by name: exact alias match for columns of a file, and a search box. Pure.

A name that fits several areas is reported as ambiguous, never guessed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from data_access.reference.model import LEVEL_RANK
from data_access.reference.names import NameKeys, name_keys, normalise, spaced

__all__ = ["AreaIndex", "Hit", "normalise"]

Texts = pl.Series | Sequence[str | None]

MATCH_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "name": pl.String,
    "code": pl.String,
    "vintage": pl.String,
    "level": pl.String,
    "ambiguous": pl.Boolean,
    "candidates": pl.List(pl.String),
}
_KEY_SCHEMA: dict[str, type[pl.DataType]] = {
    "key": pl.String,
    "code": pl.String,
    "vintage": pl.String,
    "level": pl.String,
    "parent_code": pl.String,
}
FUZZY_FROM, FUZZY_TWO_FROM = 4, 8  # letters from which one, two slips are forgiven


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One answer of the search box; a smaller rank is a better answer.

    Attributes:
        rank: 0 exact, 1 begins so, 2 a later word begins so, 3 contains it, 4 and 5 one or two
            slips away.
        matched: the name or alias that fitted.
    """

    code: str
    vintage: str
    level: str
    parent_code: str
    name: str
    name_en: str
    matched: str
    rank: int


@dataclass(frozen=True)
class _Entry:
    area: int
    text: str
    key: str
    words: str


class AreaIndex:
    """Names of areas, ready to be looked up.

    Args:
        areas: needs code, vintage, level, parent_code, name, name_en, aliases, kind; one row per
            (code, vintage). Column area_id, if there, comes back with each match.
    """

    def __init__(self, areas: pl.DataFrame) -> None:
        """Fold every name and alias once."""
        self._areas = areas
        self._rows = areas.rows(named=True)
        self._keys = _key_table(self._rows)
        self._entries = [
            _Entry(number, text, normalise(text), spaced(text))
            for number, row in enumerate(self._rows)
            for text in (row["code"], *_spellings(row))
        ]

    def match(
        self,
        names: Texts,
        *,
        level: str | None = None,
        vintage: str | None = None,
        parent: str | Texts | None = None,
    ) -> pl.DataFrame:
        """Return the area of each name, in the order given.

        Shape: one row per name: name, code, vintage, level (null where not found or ambiguous;
            vintage null also where one code fits in several), ambiguous, candidates (codes,
            where ambiguous); area_id too if the index has it.
        Method: three tiers of certainty: the text as written, type word and name, name alone; the
            first that fits counts, in it the coarsest level (bare `Cao Bằng`: the province).

        Args:
            names: as written in the file; null fits nothing.
            level: only areas of this level.
            vintage: only areas of this vintage.
            parent: code of the parent, one for all or one per name (null: any).
        """
        asked = _asked(names, parent)
        distinct = asked.unique(maintain_order=True).with_row_index("asked_id")
        found = self._found(distinct, level=level, vintage=vintage)
        answers = distinct.join(found, on="asked_id", how="left").drop("asked_id")
        on = ["name", "parent"]
        answered = asked.join(answers, on=on, how="left", nulls_equal=True, maintain_order="left")
        answered = answered.with_columns(pl.col("ambiguous").fill_null(value=False))
        return self._with_ids(answered.select(list(MATCH_SCHEMA)))

    def _found(
        self, distinct: pl.DataFrame, *, level: str | None, vintage: str | None
    ) -> pl.DataFrame:
        keys = self._keys
        keys = keys if level is None else keys.filter(pl.col("level") == level)
        keys = keys if vintage is None else keys.filter(pl.col("vintage") == vintage)
        fits = (
            _probes(distinct)
            .join(keys, on="key", how="inner")
            .filter(
                pl.col("levels").list.len().eq(0) | pl.col("levels").list.contains(pl.col("level")),
                pl.col("parent").is_null() | (pl.col("parent") == pl.col("parent_code")),
            )
            .with_columns(
                coarseness=pl.col("level").replace_strict(LEVEL_RANK, return_dtype=pl.Int64)
            )
            .with_columns(standing=pl.col("tier") * len(LEVEL_RANK) + pl.col("coarseness"))
        )
        best = fits.filter(pl.col("standing") == pl.col("standing").min().over("asked_id"))
        return best.group_by("asked_id").agg(_verdict())

    def _with_ids(self, answered: pl.DataFrame) -> pl.DataFrame:
        if "area_id" not in self._areas.columns:
            return answered
        ids = self._areas.select("code", "vintage", "area_id")
        return answered.join(ids, on=["code", "vintage"], how="left", maintain_order="left")

    def search(
        self,
        query: str,
        limit: int = 10,
        *,
        level: str | None = None,
        vintage: str | None = None,
    ) -> list[Hit]:
        """Return the areas a typed text may mean, best first, each area once.

        Order: rank, then coarser level, then the order of the index. Codes are found too.
        """
        keys = name_keys(query)
        if not keys.whole:
            return []
        allowed = {
            number
            for number, row in enumerate(self._rows)
            if level in (None, row["level"]) and vintage in (None, row["vintage"])
        }
        ranked = self._ranked(allowed, keys, words=spaced(query))
        if len(ranked) < limit:
            ranked |= self._slips(allowed - ranked.keys(), keys.bare)
        order = sorted(ranked, key=lambda n: (ranked[n][0], self._coarseness(n), n))
        return [self._hit(number, *ranked[number]) for number in order[:limit]]

    def _coarseness(self, number: int) -> int:
        return LEVEL_RANK[self._rows[number]["level"]]

    def _ranked(
        self, allowed: set[int], keys: NameKeys, *, words: str
    ) -> dict[int, tuple[int, str]]:
        best: dict[int, tuple[int, str]] = {}
        for entry in self._entries:
            if entry.area not in allowed:
                continue
            rank = _rank(entry, keys, words)
            if rank is not None and rank < best.get(entry.area, (9, ""))[0]:
                best[entry.area] = (rank, entry.text)
        return best

    def _slips(self, allowed: set[int], key: str) -> dict[int, tuple[int, str]]:
        limit = 0 if len(key) < FUZZY_FROM else 1 if len(key) < FUZZY_TWO_FROM else 2
        best: dict[int, tuple[int, str]] = {}
        if not limit or not key.isalpha():  # a number that is off by one is another number
            return best
        for entry in self._entries:
            if entry.area not in allowed or abs(len(entry.key) - len(key)) > limit:
                continue
            slips = edit_distance(key, entry.key, limit=limit)
            if slips <= limit and 3 + slips < best.get(entry.area, (9, ""))[0]:
                best[entry.area] = (3 + slips, entry.text)
        return best

    def _hit(self, number: int, rank: int, matched: str) -> Hit:
        row = self._rows[number]
        fields = ("code", "vintage", "level", "name", "name_en")
        parent = row["parent_code"] or ""
        return Hit(**{f: row[f] for f in fields}, parent_code=parent, matched=matched, rank=rank)


def _spellings(row: dict[str, str]) -> list[str]:
    listed = (row["aliases"] or "").split("|")
    return list(dict.fromkeys(t for t in (row["name"], row["name_en"], *listed) if t.strip()))


def _key_table(rows: list[dict[str, str]]) -> pl.DataFrame:
    made = []
    for row in rows:
        place = (row["code"], row["vintage"], row["level"], row["parent_code"] or "")
        own_kind = normalise(row["kind"] or "")
        keys: set[str] = set()
        for text in _spellings(row):
            found = name_keys(text)
            keys |= {found.whole, found.bare}
            # An alias that names its type stands for that type alone.
            kind = found.kind or ("" if found.levels else own_kind)
            if kind:
                keys.add(f"{kind}:{found.bare}")
        made += [(key, *place) for key in sorted(keys - {""})]
    return pl.DataFrame(made, schema=_KEY_SCHEMA, orient="row")


def _asked(names: Texts, parent: str | Texts | None) -> pl.DataFrame:
    given = pl.Series("name", names, dtype=pl.String)
    is_one = parent is None or isinstance(parent, str)
    parents = [parent] * len(given) if is_one else parent
    return pl.DataFrame({"name": given, "parent": pl.Series("parent", parents, dtype=pl.String)})


def _probes(distinct: pl.DataFrame) -> pl.DataFrame:
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "asked_id": distinct.schema["asked_id"],
        "parent": pl.String,
        "tier": pl.Int64,
        "key": pl.String,
        "levels": pl.List(pl.String),
    }
    made = []
    for asked_id, name, parent in distinct.select("asked_id", "name", "parent").iter_rows():
        keys = name_keys(name or "")
        typed = f"{keys.kind}:{keys.bare}" if keys.kind else ""
        # The text as written may be a name that only looks typed, so it is not bound to levels.
        tiers: Iterable[tuple[int, str, list[str]]] = (
            (0, keys.whole, []),
            (1, typed, list(keys.levels)),
            (2, keys.bare, list(keys.levels)),
        )
        made += [(asked_id, parent, tier, key, levels) for tier, key, levels in tiers if key]
    return pl.DataFrame(made, schema=schema, orient="row")


def _verdict() -> list[pl.Expr]:
    is_one = pl.col("code").n_unique() == 1
    same_vintage = pl.col("vintage").n_unique() == 1
    return [
        pl.when(is_one).then(pl.col("code").first()).alias("code"),
        pl.when(is_one & same_vintage).then(pl.col("vintage").first()).alias("vintage"),
        pl.when(is_one).then(pl.col("level").first()).alias("level"),
        is_one.not_().alias("ambiguous"),
        pl.when(is_one.not_()).then(pl.col("code").unique().sort().implode()).alias("candidates"),
    ]


def _rank(entry: _Entry, keys: NameKeys, words: str) -> int | None:
    if entry.key in (keys.bare, keys.whole):
        return 0
    if entry.key.startswith(keys.bare) or entry.words.startswith(words):
        return 1
    if f" {words}" in entry.words:
        return 2
    return 3 if keys.bare in entry.key else None


def edit_distance(a: str, b: str, *, limit: int) -> int:
    """Return the number of single-letter edits between two keys, `limit + 1` if more than limit.

    A swap of neighbours counts as one edit.
    """
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        row = [i]
        for j, other in enumerate(b, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other))
            if before and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
        before, last = last, row
    return last[-1]
