"""Reads who infected whom from the records of cases and contacts. Names nobody.

A case names its infectors (`infector_id`, several joined by |); and a listed contact who became a
case, recognised by pseudonym, was infected by the index case it was listed for.
"""

import polars as pl
import sqlalchemy as sa

from data_access.contracts.registry import record_kind
from data_access.cube.export import records_in_force
from data_access.reader import frame_snapshot
from data_access.reference.areas import Areas
from data_access.transmission.graph import chains
from data_access.viewer import Viewer

SOURCE = "delivered_by"
BY_CASE, BY_CONTACT = "case", "contact"


def transmission(
    engine: sa.Engine, *, viewer: Viewer, areas: Areas
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the cases of each source, and the links between them.

    Shape: cases: delivered_by, case; links: delivered_by, infector, infected, said_by (`case` or
        `contact`), no link twice from the same kind of record. Case numbers are those of their
        source, so links stay within one.
    Scope: a province sees its own cases and contacts only; a link to a case elsewhere names that
        case by its number alone.

    Raises:
        ScopeDenied: if the viewer may not see records at all.
        DatabaseUnavailable: if the database does not answer.
    """
    case, contact = (record_kind("tracing", kind=name) for name in ("case", "contact"))
    with frame_snapshot(engine, viewer=viewer) as reader:
        cases = records_in_force(
            reader, "tracing", case, names=("infector_id", "person_ref"), viewer=viewer,
            areas=areas,
        )  # fmt: skip
        contacts = records_in_force(
            reader, "tracing", contact, names=("index_case_id", "person_ref"), viewer=viewer,
            areas=areas,
        )  # fmt: skip
    named = cases.rename({"record_id": "case"})
    links = pl.concat([_by_case(named), _by_contact(named, contacts)]).unique(maintain_order=True)
    return named.select(SOURCE, "case"), links


def _by_case(cases: pl.DataFrame) -> pl.DataFrame:
    return (
        cases.with_columns(infector=pl.col("infector_id").str.split("|"))
        .explode("infector")
        .with_columns(pl.col("infector").str.strip_chars())
        .filter(pl.col("infector") != "")
        .select(SOURCE, "infector", infected="case", said_by=pl.lit(BY_CASE))
    )


def _by_contact(cases: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    became = cases.drop_nulls("person_ref").select(SOURCE, "person_ref", "case")
    return (
        contacts.drop_nulls("person_ref")
        .join(became, on=[SOURCE, "person_ref"])
        .select(SOURCE, infector="index_case_id", infected="case", said_by=pl.lit(BY_CONTACT))
    )


def chains_of(engine: sa.Engine, *, source: str, viewer: Viewer, areas: Areas) -> pl.DataFrame:
    """Return where each case of a source stands in its chain of infection: see `graph.chains`.

    Raises:
        As `transmission`.
    """
    cases, links = transmission(engine, viewer=viewer, areas=areas)
    own = links.filter(pl.col(SOURCE) == source)
    return chains(cases.filter(pl.col(SOURCE) == source)["case"], own)
