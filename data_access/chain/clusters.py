"""Clusters as their cases tell of them: who belongs, who infected whom, how it grows. Pure: Polars.

A case belongs to the cluster its record names. Cases that name none, but infected each other, make
a chain: a cluster that nobody has declared. No person leaves here, only numbered cases.
"""

import hashlib
from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from data_access.chain.graph import Graph, components, generations, in_circles

WEEK_DAYS = 7
CHAIN_CASES = 2
"""So many linked cases without a declared cluster make a chain."""
ACTIVE, ENDED = "hoat_dong", "ket_thuc"
CODE = r"^[A-Za-z0-9_.:\-]{1,40}$"
"""What an address may hold; other cluster codes go by a hash."""

Schema = dict[str, pl.DataType | type[pl.DataType]]
CASES: Schema = {
    "case_id": pl.String, "source": pl.String, "province_code": pl.String,
    "district_code": pl.String, "ward_code": pl.String, "person_ref": pl.String,
    "case_day": pl.Date, "onset_date": pl.Date, "detected_in": pl.String,
    "infector_id": pl.String, "cluster_id": pl.String,
}  # fmt: skip
LINKS: Schema = {
    "contact_id": pl.String, "source": pl.String, "person_ref": pl.String,
    "index_case_id": pl.String, "class": pl.String,
}  # fmt: skip
CLUSTERS: Schema = {
    "cluster_id": pl.String, "source": pl.String, "province_code": pl.String,
    "district_code": pl.String, "ward_code": pl.String, "name": pl.String, "setting": pl.String,
    "status": pl.String, "opened_day": pl.Date, "closed_day": pl.Date, "first_onset": pl.Date,
    "last_case_date": pl.Date, "lat": pl.Float64, "lon": pl.Float64,
}  # fmt: skip
MEMBERS: Schema = {
    "number": pl.Int64, "source": pl.String, "cluster_id": pl.String, "is_chain": pl.Boolean,
    "case_day": pl.Date, "onset_date": pl.Date, "province_code": pl.String,
    "district_code": pl.String, "ward_code": pl.String, "is_imported": pl.Boolean,
    "is_linked": pl.Boolean, "generation": pl.Int64, "in_circle": pl.Boolean, "parent": pl.Int64,
    "infectors": pl.List(pl.Int64), "infected": pl.Int64,
}  # fmt: skip
REGISTER: Schema = {
    "code": pl.String, "source": pl.String, "cluster_id": pl.String, "is_chain": pl.Boolean,
    "name": pl.String, "setting": pl.String, "status": pl.String, "province_code": pl.String,
    "district_code": pl.String, "provinces": pl.List(pl.String), "first_day": pl.Date,
    "last_day": pl.Date, "size": pl.Int64, "n_7d": pl.Int64, "n_7d_before": pl.Int64,
    "n_14d": pl.Int64, "growth": pl.Float64, "days_quiet": pl.Int64, "generations": pl.Int64,
    "wards": pl.Int64, "n_domestic": pl.Int64, "unlinked_share": pl.Float64, "lat": pl.Float64,
    "lon": pl.Float64,
}  # fmt: skip
LONG_NUMBER = r"\d{9,}"
"""Telephone, identity card, insurance: none belongs into the name of a place."""
_OF = ["source", "cluster_id"]


def numbered(cases: pl.DataFrame) -> pl.DataFrame:
    """Return the cases with a number each, in order of their day, source and id."""
    return cases.sort("case_day", "source", "case_id").with_row_index("number").cast(
        {"number": pl.Int64}
    )  # fmt: skip


def resolved(told: pl.DataFrame, cases: pl.DataFrame, *, column: str) -> pl.DataFrame:
    """Add `infector`: the number of the case that a column names; null where there is none.

    An id means the case of the same source, else the only one of that name anywhere.

    Args:
        told: source and the column.
        cases: from `numbered`.
        column: holds case ids.
    """
    own = cases.select("source", pl.col("case_id").alias(column), _own="number")
    anywhere = (
        cases.filter(pl.col("case_id").is_unique())
        .select(pl.col("case_id").alias(column), _anywhere="number")
    )  # fmt: skip
    return (
        told.join(own.unique(["source", column]), on=["source", column], how="left",
                  maintain_order="left")
        .join(anywhere, on=column, how="left", maintain_order="left")
        .with_columns(infector=pl.coalesce("_own", "_anywhere"))
        .drop("_own", "_anywhere")
    )  # fmt: skip


def arrows_of(cases: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """Return who may have infected whom: infectee (number), infector (number, null: not held).

    One row per pair, sorted; nobody infects themselves.

    Args:
        cases: from `numbered`.
        contacts: columns of LINKS; an F1 whose person is a case was infected by the index case.
    """
    named = (
        cases.drop_nulls("infector_id")
        .select("source", "case_id", infectee="number", of=pl.col("infector_id").str.split("|"))
        .explode("of")
        .with_columns(pl.col("of").str.strip_chars())
        .filter(pl.col("of") != "", pl.col("of") != pl.col("case_id"))
    )
    traced = (
        contacts.filter(pl.col("class") == "F1")
        .drop_nulls("person_ref")
        .join(
            cases.drop_nulls("person_ref").select("person_ref", infectee="number"), on="person_ref"
        )
        .select("source", "infectee", of="index_case_id")
    )
    told = pl.concat([named.select("source", "infectee", "of"), traced])
    found = resolved(told, cases, column="of").select("infectee", "infector").unique()
    apart = pl.col("infector").is_null() | (pl.col("infector") != pl.col("infectee"))
    return found.filter(apart).sort("infectee", "infector", nulls_last=True)


def members(cases: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """Return every case with its cluster and its place in the chain of infection.

    Shape: columns of MEMBERS, one row per case, sorted by number. cluster_id: declared, or that of
        a chain; null for a case that stands alone. is_linked: somebody is named as its source, held
        or not. generation: fewest steps from a case of the same cluster that nobody of it infected;
        null where only circles lead. parent: the first of those one generation above. infectors:
        numbers, of other clusters too. infected: how many name it.
    Needs: columns of CASES and of LINKS.
    """
    held = numbered(cases)
    told = arrows_of(held, contacts)
    inside = told.drop_nulls("infector")
    placed = _with_cluster(held, inside)
    own = placed["_group"].to_numpy()
    a, b = inside["infector"].to_numpy(), inside["infectee"].to_numpy()
    same = (own[a] == own[b]) & (own[a] >= 0)
    graph = _graph(held.height, a[same], b[same])
    depth = generations(graph)
    frame = placed.with_columns(
        is_imported=(pl.col("detected_in") == "nhap_canh").fill_null(value=False),
        is_linked=pl.col("number").is_in(told["infectee"].unique().implode()),
        generation=pl.Series(np.where(own >= 0, depth, -1)),
        in_circle=pl.Series(in_circles(graph)),
        infected=pl.Series(np.bincount(a, minlength=held.height)),
        parent=pl.Series(_parents(graph, depth)),
    ).with_columns(pl.when(pl.col(name) >= 0).then(name) for name in ("generation", "parent"))
    listed = inside.group_by(number="infectee").agg(infectors=pl.col("infector").sort())
    joined = frame.join(listed, on="number", how="left", maintain_order="left")
    return joined.select([pl.col(name).cast(dtype) for name, dtype in MEMBERS.items()])


def _graph(n: int, infectors: np.ndarray, infectees: np.ndarray) -> Graph:
    return Graph(
        ids=pl.Series(np.arange(n)),
        infectors=infectors.astype(np.int64),
        infectees=infectees.astype(np.int64),
        n_unknown=0,
        n_loops=0,
    )


def _parents(graph: Graph, depth: np.ndarray) -> np.ndarray:
    """Return, per case, the first of its infectors that stands one generation above; else -1."""
    n = len(graph.ids)
    above = np.full(n, n, dtype=np.int64)
    tree = (depth[graph.infectees] == depth[graph.infectors] + 1) & (depth[graph.infectors] >= 0)
    np.minimum.at(above, graph.infectees[tree], graph.infectors[tree])
    return np.where(above < n, above, -1)


def _with_cluster(cases: pl.DataFrame, arrows: pl.DataFrame) -> pl.DataFrame:
    """Add cluster_id (declared or of a chain), is_chain and _group (a number each, or -1)."""
    declared = cases["cluster_id"].is_not_null().to_numpy()
    a, b = arrows["infector"].to_numpy(), arrows["infectee"].to_numpy()
    free = ~(declared[a] | declared[b])
    root = components(_graph(cases.height, a[free], b[free]))
    sizes = np.bincount(root, minlength=cases.height)
    chained = ~declared & (sizes[root] >= CHAIN_CASES)
    roots = np.unique(root[chained])
    first = cases.select("source", "case_id")[roots]
    names = pl.DataFrame({"_root": roots, "_name": [_hash(*row) for row in first.iter_rows()]},
                         schema={"_root": pl.Int64, "_name": pl.String})  # fmt: skip
    sources = cases["source"].gather(root)
    return (
        cases.with_columns(_root=pl.Series(np.where(chained, root, -1)))
        .join(names, on="_root", how="left", maintain_order="left")
        .with_columns(
            is_chain=pl.col("_name").is_not_null(),
            source=pl.when(pl.col("_name").is_not_null()).then(sources).otherwise("source"),
            cluster_id=pl.coalesce("cluster_id", "_name"),
        )
        .pipe(_grouped)
    )


def _grouped(cases: pl.DataFrame) -> pl.DataFrame:
    """Add _group: a number per cluster, -1 for a case of none."""
    of = [*_OF, "is_chain"]
    every = cases.drop_nulls("cluster_id").select(of).unique(maintain_order=True)
    return cases.join(
        every.with_row_index("_group"), on=of, how="left", maintain_order="left"
    ).with_columns(pl.col("_group").cast(pl.Int64).fill_null(-1))


def _hash(source: str, name: str, *, prefix: str = "chain-") -> str:
    """Return a name for a chain that stays as long as its first case does, and tells nothing."""
    return prefix + hashlib.sha256(f"{source}\x1f{name}".encode()).hexdigest()[:10]


# --- the register ---------------------------------------------------------------------------------


def register(
    held: pl.DataFrame, clusters: pl.DataFrame, *, day: date, areas: Sequence[str] = ()
) -> pl.DataFrame:
    """Return the clusters as they stand at the end of a day.

    Shape: columns of REGISTER, one row per cluster; the most new cases first, then the fastest.
        size, n_7d, n_7d_before (the seven days before those), n_14d, n_domestic: cases; null where
        no case says that it belongs. growth: per day, ln((n_7d+1/2)/(n_7d_before+1/2))/7.
        days_quiet: days since the last case. generations: levels of the chain, null where only
        circles lead. wards: distinct ones its cases are of, null where none is told.
        unlinked_share: of its cases not from abroad, those of which no source is named.
        status: as declared, ended only from its closing day on. provinces: of its cases. name: as
        declared, without long numbers: one may be somebody's.

    Args:
        held: from `members`.
        clusters: columns of CLUSTERS, as declared.
        day: its end; later cases do not count yet.
        areas: provinces; only clusters declared in one or with a case in one. Empty: all.
    """
    counted = _counted(held, day=day)
    told = clusters.with_columns(is_chain=pl.lit(value=False))
    joined = _coded(
        counted.join(told, on=[*_OF, "is_chain"], how="full", coalesce=True, suffix="_told")
    )
    known = pl.col("size").is_not_null() | (pl.col("opened_day") <= day)
    last_told = pl.when(pl.col("last_case_date") <= day).then("last_case_date")
    found = joined.filter(known).with_columns(
        province_code=pl.coalesce("province_code_told", "province_code"),
        district_code=pl.coalesce("district_code_told", "district_code"),
        first_day=pl.coalesce("first_day", "opened_day"),
        name=pl.col("name").str.replace_all(LONG_NUMBER, "…"),
        last_day=pl.coalesce("last_day", last_told),
        status=pl.when(pl.col("closed_day") > day, pl.col("status") == ENDED)
        .then(pl.lit(ACTIVE))
        .otherwise("status"),
        growth=((pl.col("n_7d") + 0.5) / (pl.col("n_7d_before") + 0.5)).log() / WEEK_DAYS,
    )
    if areas:
        inside = pl.col("province_code").is_in(list(areas)) | (
            pl.col("provinces").list.set_intersection(list(areas)).list.len() > 0
        )
        found = found.filter(inside.fill_null(value=False))
    return (
        found.with_columns(days_quiet=(pl.lit(day) - pl.col("last_day")).dt.total_days())
        .sort("n_7d", "growth", "size", "last_day", "code", nulls_last=True,
              descending=[True, True, True, True, False])
        .select([pl.col(name).cast(dtype) for name, dtype in REGISTER.items()])
    )  # fmt: skip


def _counted(held: pl.DataFrame, *, day: date) -> pl.DataFrame:
    """Return what the cases of each cluster add up to at the end of a day."""
    age = (pl.lit(day) - pl.col("case_day")).dt.total_days()
    domestic = ~pl.col("is_imported")
    wards = pl.col("ward_code").drop_nulls().n_unique()
    return (
        held.drop_nulls("cluster_id")
        .filter(pl.col("case_day") <= day)
        .group_by(*_OF, "is_chain")
        .agg(
            size=pl.len(),
            first_day=pl.col("case_day").min(),
            last_day=pl.col("case_day").max(),
            n_7d=(age < WEEK_DAYS).sum(),
            n_7d_before=age.is_between(WEEK_DAYS, 2 * WEEK_DAYS - 1).sum(),
            n_14d=(age < 2 * WEEK_DAYS).sum(),
            generations=pl.col("generation").max() + 1,
            wards=pl.when(wards > 0).then(wards),
            n_domestic=domestic.sum(),
            n_unlinked=(domestic & ~pl.col("is_linked")).sum(),
            provinces=pl.col("province_code").drop_nulls().unique().sort(),
            province_code=pl.col("province_code").drop_nulls().mode().sort().first(),
            district_code=pl.col("district_code").drop_nulls().mode().sort().first(),
        )
        .filter(~pl.col("is_chain") | (pl.col("size") >= CHAIN_CASES))
        .with_columns(
            unlinked_share=pl.when(pl.col("n_domestic") > 0).then(
                pl.col("n_unlinked") / pl.col("n_domestic")
            )
        )
    )


def _coded(found: pl.DataFrame) -> pl.DataFrame:
    """Add `code`: the cluster's own where it is the only one and fits an address."""
    whole = pl.format("{}:{}", "source", "cluster_id")
    own = pl.when(pl.col("cluster_id").is_unique()).then("cluster_id").otherwise(whole)
    coded = found.with_columns(code=pl.when(own.str.contains(CODE)).then(own))
    unfit = coded.filter(pl.col("code").is_null()).select(*_OF).unique()
    hashes = [_hash(*row, prefix="id-") for row in unfit.iter_rows()]
    named = unfit.with_columns(_hash=pl.Series(hashes, dtype=pl.String))
    return coded.join(named, on=_OF, how="left", maintain_order="left").with_columns(
        code=pl.coalesce("code", "_hash")
    )


def of_cluster(held: pl.DataFrame, row: dict[str, object], *, day: date) -> pl.DataFrame:
    """Return the cases of one row of the register up to a day, with `no`: 1, 2, ... by their day.

    Shape: columns of MEMBERS and no (Int64); parent and infectors name numbers, not no.
    """
    own = held.filter(
        pl.col("source") == row["source"],
        pl.col("cluster_id") == row["cluster_id"],
        pl.col("is_chain") == row["is_chain"],
        pl.col("case_day") <= day,
    )
    return own.sort("number").with_columns(no=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
