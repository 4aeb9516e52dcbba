"""Testing: tubes and people are two counts, a positive pool is no case, delays add up."""

from datetime import date
from pathlib import Path

import pytest

from data_access.contracts.rules import quantile_hours
from data_access.contracts.testing import TESTING
from data_access.cube.rollup import contributions
from tests.unit.ingest.support import ZONE, Result, admit, admit_rows

SAMPLE, SAMPLE_PERSON, LABORATORY = TESTING.kinds
DAY = date(2021, 8, 5)
GOOD = {
    "sample_id": "X1",
    "pool_size": "1",
    "method": "RT_PCR",
    "reason": "F1",
    "collected_at": "2021-08-05T08:00:00+07:00",
    "received_lab_at": "2021-08-05T12:00:00+07:00",
    "resulted_at": "2021-08-05T20:00:00+07:00",
    "returned_at": "2021-08-05T21:30:00+07:00",
    "result": "am_tinh",
    "lab_code": "L1",
    "province_code": "79",
}
REF = "0123456789abcdef0123456789abcdef"


def sample(number: int = 1, **changes: str) -> dict[str, str]:
    return {**GOOD, "sample_id": f"X{number}", **changes}


def totals(got: Result, cut: str) -> dict[tuple[str, str], float]:
    """Return (measure, breakdown) → value of the cells of one cut."""
    assert got.reasons == []
    found = contributions(SAMPLE, got.accepted, zone=ZONE)
    return {
        (measure, dims): value
        for measure, dims, value in found.select("measure", "dims", "value").iter_rows()
        if ",".join(pair.split("=")[0] for pair in dims.split("|")) == cut
    }


def test_kinds_in_order() -> None:
    assert [each.name for each in TESTING.kinds] == ["sample", "sample_person", "laboratory"]


def test_a_positive_pool_is_not_a_case(tmp_path: Path) -> None:
    pool = {"pool_size": "10", "pool_kind": "gop_que"}
    rows = [
        sample(1, result="duong_tinh"),
        sample(2, result="duong_tinh", **pool),
        sample(3, result="am_tinh", **pool),
        sample(4, result="duong_tinh", deconvolution_of="X2"),
        sample(5, result="khong_hop_le"),
        sample(6, result="", resulted_at="", returned_at=""),
    ]
    got = totals(admit_rows(tmp_path, rows, SAMPLE), "method,pool")
    assert got == {
        ("samples_collected", "method=RT_PCR|pool=don"): 3,
        ("samples_collected", "method=RT_PCR|pool=gop_que"): 2,
        ("samples_collected", "method=RT_PCR|pool=don_lai"): 1,
        ("samples_resulted", "method=RT_PCR|pool=don"): 2,
        ("samples_resulted", "method=RT_PCR|pool=gop_que"): 2,
        ("samples_resulted", "method=RT_PCR|pool=don_lai"): 1,
        # An invalid sample says nothing of anyone: it has to be taken again.
        ("persons_tested", "method=RT_PCR|pool=don"): 1,
        ("persons_tested", "method=RT_PCR|pool=gop_que"): 20,
        ("persons_tested", "method=RT_PCR|pool=don_lai"): 1,
        ("persons_positive", "method=RT_PCR|pool=don"): 1,
        ("persons_positive", "method=RT_PCR|pool=gop_que"): 0,
        ("persons_positive", "method=RT_PCR|pool=don_lai"): 1,
    }
    sized = totals(admit_rows(tmp_path, rows, SAMPLE), "method,size")
    assert sized == {
        ("pools_resulted", "method=RT_PCR|size=10"): 2,
        ("pools_positive", "method=RT_PCR|size=10"): 1,
    }


@pytest.mark.parametrize(
    ("told", "members"),
    [
        ({"pool_size": "5"}, 5), ({"pool_size": "", "n_persons": "3"}, 3),
        ({"pool_size": "", "persons": f"{REF}|{REF}"}, 2), ({"pool_size": ""}, None),
        ({"pool_size": "", "pool_kind": "don"}, 1), ({"pool_size": "", "persons": "a; b ;c"}, 3),
    ],
)  # fmt: skip
def test_how_many_people_are_in_a_sample(
    told: dict[str, str], members: int | None, tmp_path: Path
) -> None:
    got = admit_rows(tmp_path, [sample(**told)], SAMPLE)
    assert got.reasons == []
    assert got.accepted["n_members"].to_list() == [members]
    tested = totals(got, "method,reason")["persons_tested", "method=RT_PCR|reason=F1"]
    assert tested == (members or 1)


def test_a_pool_of_unknown_size_counts_as_a_sample_only(tmp_path: Path) -> None:
    got = admit_rows(tmp_path, [sample(pool_size="", pool_kind="gop_dich")], SAMPLE)
    assert got.flags == {"pool_size_missing": 1}
    assert {name for name, _ in totals(got, "method,reason")} == {
        "samples_collected", "samples_resulted", "persons_positive",
    }  # fmt: skip


def test_of_a_list_of_members_only_pseudonyms_are_kept(tmp_path: Path) -> None:
    people = f"{REF}|Nguyễn Văn A|079080000001"
    got = admit_rows(tmp_path, [sample(pool_size="3", persons=people)], SAMPLE)
    assert got.reasons == []
    assert got.accepted["member_refs"].to_list() == [REF]
    assert "persons" not in got.accepted.columns
    assert not any("079080000001" in str(cell) for cell in got.accepted.row(0))


def test_members_as_a_list_of_json(tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    path.write_text(
        '{"sample_id": "X1", "collected_at": "2021-08-05T08:00:00+07:00", "pool_size": 2,'
        f' "persons": ["{REF}", "{REF}"], "result": "duong_tinh", "province_code": "79"}}\n',
        encoding="utf-8",
    )
    got = admit(path, SAMPLE)
    assert got.reasons == []
    assert got.accepted["member_refs"].to_list() == [f"{REF}|{REF}"]
    assert got.flags == {"method_missing": 1, "result_without_time": 1}


def test_a_result_without_its_moment_counts_on_the_best_day_known(tmp_path: Path) -> None:
    rows = [
        sample(1, resulted_at="", returned_at=""),
        sample(2, received_lab_at="2021-08-06T00:00:00+07:00", resulted_at="", returned_at=""),
        sample(3, received_lab_at="", resulted_at="", returned_at="", result=""),
    ]
    got = admit_rows(tmp_path, rows, SAMPLE)
    assert got.accepted["result_day"].to_list() == [DAY, date(2021, 8, 6), None]


def test_turnaround_by_step(tmp_path: Path) -> None:
    rows = [sample(1), sample(2, returned_at="2021-08-06T08:00:00+07:00"), sample(3, method="pcr")]
    got = admit_rows(tmp_path, rows, SAMPLE)
    assert totals(got, "bin") == {
        ("turnaround_to_laboratory_hours", "bin=003-004"): 3,
        ("turnaround_in_laboratory_hours", "bin=007-008"): 3,
        ("turnaround_to_return_hours", "bin=001-002"): 2,
        ("turnaround_to_return_hours", "bin=011-012"): 1,
    }
    whole = totals(got, "bin,method")
    assert whole == {
        ("turnaround_hours", "bin=013-014|method=RT_PCR"): 2,
        ("turnaround_hours", "bin=023-024|method=RT_PCR"): 1,
    }
    counts = [(dims[4:11], value) for (_, dims), value in whole.items()]
    assert quantile_hours(counts, share=0.5) == pytest.approx(13.75)
    assert quantile_hours(counts, share=0.9) == pytest.approx(23.7)


def test_order_of_the_four_moments(tmp_path: Path) -> None:
    rows = [
        sample(1, received_lab_at="2021-08-05T07:59:59+07:00"),
        sample(2, received_lab_at="", resulted_at="2021-08-05T07:00:00+07:00"),
        sample(3, resulted_at="", returned_at="2021-08-05T11:00:00+07:00"),
        sample(4, received_lab_at="2021-08-05T08:00:00+07:00"),
    ]
    got = admit_rows(tmp_path, rows, SAMPLE)
    assert got.reasons == [
        (2, "received_lab_at", "out_of_order_received_lab_at"),
        (3, "resulted_at", "out_of_order_resulted_at"),
        (4, "returned_at", "out_of_order_returned_at"),
    ]
    assert got.accepted["record_id"].to_list() == ["X4"]


@pytest.mark.parametrize(
    ("ct", "good"), [("9.9", False), ("10", True), ("45", True), ("45,1", False)]
)
def test_ct_between_10_and_45(ct: str, good: bool, tmp_path: Path) -> None:
    got = admit_rows(tmp_path, [sample(ct_value=ct, result="duong_tinh")], SAMPLE)
    assert got.reasons == ([] if good else [(2, "ct_value", "out_of_range")])


def test_people_of_a_pool_have_rows_of_their_own(tmp_path: Path) -> None:
    row = {"sample_person_id": "N1", "sample_id": "X2", "collected_at": GOOD["collected_at"],
           "id_no": "079080000001", "method": "RT_PCR", "province_code": "79"}  # fmt: skip
    got = admit_rows(tmp_path, [row], SAMPLE_PERSON)
    assert got.reasons == []
    assert len(got.accepted["person_ref"].item()) == 32
    found = contributions(SAMPLE_PERSON, got.accepted, zone=ZONE)
    assert found.select("measure", "dims", "value").rows() == [
        ("pool_members", "method=RT_PCR|reason=unknown", 1.0)
    ]


def test_capacity_of_laboratories(tmp_path: Path) -> None:
    row = {"lab_code": "L1", "kind": "khang_dinh", "capacity_per_day": "1.500",
           "opened_on": "2021-07-01", "closed_on": "2021-08-01", "province_code": "79"}  # fmt: skip
    got = admit_rows(tmp_path, [row, {**row, "lab_code": "L2", "capacity_per_day": ""}], LABORATORY)
    assert (got.reasons, got.flags) == ([], {"no_capacity": 1})
    found = contributions(LABORATORY, got.accepted, zone=ZONE).select("measure", "day", "value")
    assert set(found.iter_rows()) == {
        ("laboratories_opened", date(2021, 7, 1), 2.0),
        ("laboratories_closed", date(2021, 8, 1), 2.0),
        ("laboratory_capacity_opened", date(2021, 7, 1), 1500.0),
        ("laboratory_capacity_closed", date(2021, 8, 1), 1500.0),
    }
