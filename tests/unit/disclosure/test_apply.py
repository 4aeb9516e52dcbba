"""What the mask does to cells: emptied, named where absent, and nothing else said."""

from datetime import date

import polars as pl

from data_access.codes import Status
from data_access.cube.resolve import RESOLVED_SCHEMA, Want
from data_access.disclosure.apply import EVERY, WITHHELD_SCHEMA, no_mask, withhold
from data_access.measures.registry import measure

DAY = date(2021, 8, 1)
DISTRICT = Want(rank=2, vintage="63")
CASES = measure("cases")


def found(*rows: tuple[int, str, float]) -> pl.DataFrame:
    """Cells of a day: area, code, value; three wards each."""
    full = [(DAY, a, by, v, 0, 3, 4, 3, [1], 7) for a, by, v in rows]
    return pl.DataFrame(full, schema=RESOLVED_SCHEMA, orient="row")


def mask(*rows: tuple[int, str, str]) -> pl.DataFrame:
    full = [("cases", DAY, a, dimension, code, "small") for a, dimension, code in rows]
    return pl.DataFrame(full, schema=WITHHELD_SCHEMA, orient="row")


def test_a_withheld_cell_says_nothing_and_the_others_stay() -> None:
    got = withhold(found((1, "", 3), (2, "", 9)), mask((1, "", "")), measure=CASES,
                   want=DISTRICT, area_ids=(1, 2)).sort("area_id")  # fmt: skip
    assert got["value"].to_list() == [None, 9.0]
    assert got["status"].to_list() == [Status.SUPPRESSED, Status.VALUE]
    for name in ("n_present", "n_expected", "part_rank", "source_ids", "known_at"):
        assert got[name][0] is None, name


def test_a_withheld_cell_that_nobody_reported_is_withheld_all_the_same() -> None:
    got = withhold(found((2, "", 9)), mask((1, "", ""), (5, "", "")), measure=CASES,
                   want=DISTRICT, area_ids=(1, 2)).sort("area_id")  # fmt: skip
    assert got["area_id"].to_list() == [1, 2]
    assert got["status"].to_list() == [Status.SUPPRESSED, Status.VALUE]


def test_the_number_of_wards_with_a_value_is_not_told() -> None:
    got = withhold(found((2, "", 9)), no_mask(), measure=CASES, want=DISTRICT, area_ids=(2,))
    assert got.select("n_present", "n_expected").row(0) == (0, 0)


def test_a_breakdown_withheld_as_a_whole_withholds_every_code_and_every_choice_of_codes() -> None:
    whole = mask((1, "detected_in", EVERY))
    by = Want(rank=2, vintage="63", by="detected_in")
    got = withhold(found((1, "a", 12), (1, "b", 3), (2, "a", 15)), whole, measure=CASES, want=by,
                   area_ids=(1, 2))  # fmt: skip
    assert set(got.filter(pl.col("value").is_not_null()).select("area_id", "by").rows()) == {
        (2, "a")
    }
    assert set(got.filter(pl.col("area_id") == 1)["by"]) == {"a", "b"}
    some = Want(rank=2, vintage="63", where=((("detected_in", ("a",)),),))
    got = withhold(found((1, "", 12), (2, "", 15)), whole, measure=CASES, want=some,
                   area_ids=(1, 2)).sort("area_id")  # fmt: skip
    assert got["value"].to_list() == [None, 15.0]
    assert withhold(found((1, "", 15)), whole, measure=CASES, want=DISTRICT,
                    area_ids=(1,))["value"].to_list() == [15.0]  # fmt: skip


def test_one_code_is_withheld_by_itself_and_where_it_is_counted() -> None:
    one = mask((1, "detected_in", "b"))
    for codes, expected in ((("a",), 12.0), (("a", "b"), None), (("!b",), 12.0), (("!a",), None)):
        want = Want(rank=2, vintage="63", where=((("detected_in", codes),),))
        got = withhold(found((1, "", 12)), one, measure=CASES, want=want, area_ids=(1,))
        assert got["value"].to_list() == [expected], codes


def test_what_comes_from_other_sources_than_the_mask_was_made_for_is_withheld() -> None:
    got = withhold(found((1, "", 12)), no_mask(), measure=CASES, want=DISTRICT, area_ids=(1, 2),
                   elsewhere=pl.Series([DAY]))  # fmt: skip
    assert got["status"].to_list() == [Status.SUPPRESSED] * 2
    province = Want(rank=1, vintage="63", sources=(1,))
    got = withhold(found((1, "", 2)), no_mask(), measure=CASES, want=province, area_ids=(1,))
    assert got["value"].to_list() == [2.0]


def test_beds_are_no_persons() -> None:
    got = withhold(found((1, "", 2)), mask((1, "", "")), measure=measure("hospital_beds"),
                   want=Want(rank=3, vintage="63"), area_ids=(1,))  # fmt: skip
    assert got["value"].to_list() == [2.0]
