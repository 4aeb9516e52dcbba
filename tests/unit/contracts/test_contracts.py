"""The declared platforms agree with themselves, with the measures and with their dictionary."""

import csv
import io
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from data_access.contracts import document
from data_access.contracts.model import (
    AREA_FIELDS,
    DTYPES,
    IDENTITY_FIELDS,
    LOCAL_DAY_SUFFIX,
    Kind,
    RecordKind,
)
from data_access.contracts.registry import CONTRACTS, contract, record_kind
from data_access.contracts.vaccination import AGE_GROUP, COMPLETES_COURSE, age_group
from data_access.errors import UnknownId
from data_access.measures.registry import MEASURES

NAMED = [(f"{each.platform}-{kind.name}", kind) for each in CONTRACTS for kind in each.kinds]
KINDS = [kind for _, kind in NAMED]
IDS = [name for name, _ in NAMED]
DICTIONARY = Path(__file__).resolve().parents[3] / "docs" / "dictionary"


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
class TestEveryKind:
    """What holds for any record kind."""

    def test_names_are_distinct(self, kind: RecordKind) -> None:
        names = [field.name for field in kind.all_fields()]
        assert len(names) == len(set(names))
        stored = [field.name for field in kind.stored_fields()]
        assert len(stored) == len(set(stored))

    def test_the_key_is_required_text(self, kind: RecordKind) -> None:
        key = kind.field_named(kind.key)
        assert key is not None
        assert key.required
        assert key.kind is Kind.TEXT

    def test_no_identity_is_stored(self, kind: RecordKind) -> None:
        stored = {field.name for field in kind.stored_fields()}
        assert stored.isdisjoint(IDENTITY_FIELDS)
        assert not any(field.personal for field in kind.stored_fields())
        assert stored.issuperset(AREA_FIELDS)

    def test_everything_has_two_names(self, kind: RecordKind) -> None:
        for named in (*kind.all_fields(), *kind.checks, kind):
            assert named.vi
            assert named.en

    def test_checks_read_only_what_is_there(self, kind: RecordKind) -> None:
        names = {field.name for field in kind.all_fields()}
        names |= {f"{f.name}{LOCAL_DAY_SUFFIX}" for f in kind.fields if f.kind is Kind.INSTANT}
        for check in kind.checks:
            assert set(check.broken.meta.root_names()) <= names, check.key
            assert check.field in names
        for _, expression in kind.derived.values():
            assert set(expression.meta.root_names()) <= names

    def test_check_keys_are_distinct(self, kind: RecordKind) -> None:
        keys = [check.key for check in kind.checks]
        assert len(keys) == len(set(keys))

    def test_rollups_fit_measures_and_stored_columns(self, kind: RecordKind) -> None:
        stored = {field.name: field for field in kind.stored_fields()}
        for rollup in kind.rollups:
            assert stored[rollup.day].kind in {Kind.DATE, Kind.INSTANT}
            expressions = (rollup.value, rollup.where, *rollup.dimensions.values())
            for expression in expressions:
                assert set(expression.meta.root_names()) <= stored.keys(), rollup.measure
            measure = MEASURES[rollup.measure]
            assert set(rollup.dimensions) <= set(measure.dimensions), rollup.measure
            for grain in rollup.grains:
                assert set(grain.cut) <= set(rollup.dimensions), rollup.measure

    def test_rollups_have_the_right_types(self, kind: RecordKind) -> None:
        schema = {field.name: DTYPES[field.kind] for field in kind.stored_fields()}
        empty = pl.DataFrame(schema=schema)
        for rollup in kind.rollups:
            got = empty.select(value=rollup.value, where=rollup.where, **rollup.dimensions).schema
            assert got["value"] == pl.Int64, rollup.measure
            assert got["where"] == pl.Boolean
            assert all(got[name] == pl.String for name in rollup.dimensions)

    def test_labels_name_every_code(self, kind: RecordKind) -> None:
        for field in kind.all_fields():
            if field.kind in {Kind.CODE, Kind.CODES}:
                assert set(field.labels) == set(field.allowed)
                assert set(field.aliases.values()) <= set(field.allowed)


@pytest.mark.parametrize(("name", "kind"), NAMED, ids=IDS)
def test_template_names_every_field(name: str, kind: RecordKind) -> None:
    text = (DICTIONARY / "templates" / f"{name}.csv").read_bytes()
    header = next(csv.reader(io.StringIO(text.decode("utf-8-sig"))))
    assert header == [field.name for field in kind.all_fields()]


def test_the_dictionary_is_up_to_date() -> None:
    for name, content in document.pages().items():
        found = (DICTIONARY / name).read_bytes().decode("utf-8")
        assert found == content, f"{name}: run python -m data_access.contracts.document"


def test_the_dictionary_is_written_where_asked(tmp_path: Path) -> None:
    paths = document.write(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in paths} == set(document.pages())


def test_unknown_platform_lists_those_there_are() -> None:
    with pytest.raises(UnknownId, match="'vaccine'; choose from .*quarantine.*vaccination"):
        contract("vaccine")


def test_unknown_kind_lists_those_there_are() -> None:
    with pytest.raises(UnknownId, match="choose from dose, stock, site"):
        record_kind("vaccination", kind="shot")


def test_default_kinds() -> None:
    assert record_kind("vaccination").name == "dose"
    assert record_kind("quarantine").name == "stay"


@pytest.mark.parametrize(
    ("product", "dose", "completes"),
    [
        ("JJ", "1", True), ("JJ", "nhac_1", False), ("AZ", "1", False), ("AZ", "2", True),
        ("AB", "2", False), ("AB", "3", True), ("PF", "bo_sung", False), ("VC", "2", True),
    ],
)  # fmt: skip
def test_what_completes_a_course(product: str, dose: str, completes: bool) -> None:
    row = pl.DataFrame({"vaccine_code": [product], "dose_no": [dose]})
    assert row.select(COMPLETES_COURSE).item() is completes


@pytest.mark.parametrize(
    ("age", "band"),
    [(0, "0-4"), (4, "0-4"), (5, "5-11"), (11, "5-11"), (12, "12-17"), (17, "12-17"), (18, "18-49"),
     (49, "18-49"), (50, "50-64"), (64, "50-64"), (65, "65+"), (120, "65+"),
     (None, None), (-1, None)],
)  # fmt: skip
def test_age_bands(age: int | None, band: str | None) -> None:
    row = pl.DataFrame({"age": [age]}, schema={"age": pl.Int64})
    assert row.select(age_group(pl.col("age"))).item() == band
    assert band is None or band in AGE_GROUP


def test_a_stay_at_home_needs_no_kind_of_facility() -> None:
    kind = record_kind("quarantine").rollups[0].dimensions["kind"]
    stays = pl.DataFrame(
        {"facility_kind": [None, "quan_doi", None], "home_ward": ["26734", "26734", None]}
    )
    assert stays.select(kind).to_series().to_list() == ["nha_o", "quan_doi", None]


def test_beds_of_a_facility_are_the_usable_ones() -> None:
    opened = record_kind("quarantine", kind="facility").rollups[0]
    rows = pl.DataFrame(
        {
            "beds_total": [10, 10, None],
            "beds_usable": [8, None, None],
            "opened_on": [date(2021, 7, 1)] * 3,
        },
        schema_overrides={"beds_total": pl.Int64, "beds_usable": pl.Int64},
    )
    assert rows.filter(opened.where).select(opened.value).to_series().to_list() == [8, 10, None]
