"""A text that is a person's own name or number is found, however either is written."""

import re

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from data_access.ingest.pseudonyms import fold_person_name, own_identity, repeats_identity

NAMES = st.sampled_from(["Trần Văn An", "TRẦN  VĂN-AN", "Lê Thị Lý", "lê thị lí", "K'Sor 2", None])
NUMBERS = st.sampled_from(
    ["001203000001", "001 203 000 001", "0912345678", "+84 912.345.678", "B1234567", "b1234567",
     "DN4797912345678", "1234567", "001203000001.0", None]
)  # fmt: skip
TEXTS = st.one_of(NAMES, NUMBERS, st.sampled_from(["AZ-12", "Lô 7", "", "ſ1234567", "12345678ß"]))


def bare(text: str | None) -> str:
    upper = re.sub(r"\.0$", "", (text or "").upper())
    return re.sub(r"[^0-9A-Z]", "", upper)


def is_own(row: tuple[str | None, ...]) -> bool:
    text, name, *numbers = row
    if text is None:
        return False
    alike = any(n is not None and len(bare(n)) >= 8 and bare(n) == bare(text) for n in numbers)
    if name is None:
        return alike
    folded = fold_person_name(pl.Series([name, text], dtype=pl.String)).to_list()
    return alike or (folded[0] is not None and folded[0] == folded[1])


@given(rows=st.lists(st.tuples(TEXTS, NAMES, NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=20))
@example(rows=[("trần văn an", "Trần Văn An", None, None, None)])
@example(rows=[("0012 0300 0001", "Trần Văn An", "001203000001", None, None)])
def test_own_name_and_numbers(rows: list[tuple[str | None, ...]]) -> None:
    names = ["text", "full_name", "id_no", "insurance_no", "phone"]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    found = repeats_identity(frame["text"], own=own_identity(frame))
    assert found.to_list() == [is_own(row) for row in rows]
