"""What lists from elsewhere need: constants, joined columns, whole numbers, early years."""

from pathlib import Path

import pytest

from data_access.contracts.registry import record_kind
from data_access.errors import BadInput
from data_access.ingest.record_mapping import check_fields, load_record_mapping
from tests.unit.ingest.support import admit, write_csv

MAPPING = """
[columns]
"to" = "national_code"
"by" = "infector_id"
"ill" = "onset_date"

[joined]
case_id = ["from", "to"]
cluster_id = ["from"]

[constants]
province_code = "79"

[formats]
whole = ["infector_id"]
"""
CASE = record_kind("tracing", kind="case")


def mapping(tmp_path: Path, text: str):
    path = tmp_path / "m.toml"
    path.write_text(text, encoding="utf-8")
    found = load_record_mapping(path)
    check_fields(found, kind=CASE)
    return found


def rows(tmp_path: Path, **changes: str) -> Path:
    row = {"from": " a ", "to": "b", "by": "45.0", "ill": "2021-08-01", "province_code": "01"}
    return write_csv(tmp_path / "f.csv", [{**row, **changes}])


def test_joined_constant_and_whole(tmp_path: Path) -> None:
    found = admit(rows(tmp_path), CASE, mapping=mapping(tmp_path, MAPPING))
    (row,) = found.accepted.to_dicts()
    assert (row["record_id"], row["national_code"], row["cluster_id"]) == ("a>b", "b", "a")
    # The constant counts, although the file has a column of that name.
    assert (row["province_code"], row["infector_id"]) == ("79", "45")


def test_a_joined_value_lacking_a_part_is_missing(tmp_path: Path) -> None:
    found = admit(rows(tmp_path, to=" "), CASE, mapping=mapping(tmp_path, MAPPING))
    assert found.reasons == [(2, "case_id", "required")]


@pytest.mark.parametrize(("more", "n_rejected"), [("", 1), ("first_year = 1800", 0)])
def test_days_before_1900_only_where_the_mapping_says_so(
    tmp_path: Path, more: str, n_rejected: int
) -> None:
    found = admit(rows(tmp_path, ill="1861-11-21"), CASE, mapping=mapping(tmp_path, MAPPING + more))
    assert found.rejected["row_no"].n_unique() == n_rejected


def test_a_joined_column_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="column 'elsewhere', which is not there"):
        admit(rows(tmp_path), CASE,
              mapping=mapping(tmp_path, MAPPING.replace('["from"]', '["elsewhere"]')))  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('province_code = "79"', 'national_code = "x"', "'national_code' is given in two ways"),
        ('province_code = "79"', 'provinze = "79"', "did you mean 'province_code'"),
        ("cluster_id =", "klusterid =", "did you mean 'cluster_id'"),
        ('whole = ["infector_id"]', 'whole = ["infector"]', "did you mean 'infector_id'"),
        ('whole = ["infector_id"]', 'first_year = "x"', "first_year must be a year"),
    ],
)
def test_each_mistake_is_one_clear_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        mapping(tmp_path, MAPPING.replace(old, new))
