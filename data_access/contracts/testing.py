"""Testing (lấy mẫu và trả kết quả): samples, who is in a pooled one, and laboratories. Pure.

A sample is one tube: of one person, or of a pool. Samples and people are two counts. A positive
pool is not a case: it says nothing of any one member, who is sampled again alone.
"""

import polars as pl

from data_access.contracts.declare import code, count, day, instant, key, text
from data_access.contracts.model import (
    IDENTITY_FIELDS,
    Check,
    Contract,
    Field,
    Kind,
    RecordKind,
    RollUp,
    Severity,
    local_day,
)
from data_access.contracts.quarantine import TEST_RESULT
from data_access.contracts.rules import (
    LONGEST_DELAY_HOURS,
    as_count,
    closed_before_opened,
    delay_bin,
    district,
    ordered,
    person_checks,
    province,
    within_hours,
)

LARGEST_POOL = 20
LONGEST_MEMBER_LIST = 2_000

POOL_KIND = {
    "don": ("Mẫu đơn", "Single"),
    "gop_que": ("Gộp que tại thực địa", "Swabs pooled in the field"),
    "gop_dich": ("Gộp dịch tại phòng xét nghiệm", "Medium pooled in the laboratory"),
}
POOLING = {
    **POOL_KIND,
    "gop": ("Mẫu gộp, không rõ cách gộp", "Pooled, how is not known"),
    "don_lai": ("Mẫu đơn lấy lại từ mẫu gộp", "Single retest of a pool"),
}
"""Codes of the dimension `pool`: how a sample was pooled, retests apart."""
METHOD = {
    "RT_PCR": ("RT-PCR", "RT-PCR"),
    "AG_RAPID": ("Kháng nguyên nhanh", "Rapid antigen"),
    "khac": ("Khác", "Other"),
}
METHOD_ALIASES = {
    "pcr": "RT_PCR",
    "rtpcr": "RT_PCR",
    "realtime rt-pcr": "RT_PCR",
    "antigen": "AG_RAPID",
    "ag": "AG_RAPID",
    "rtk-ag": "AG_RAPID",
    "test nhanh": "AG_RAPID",
    "other": "khac",
}
SPECIMEN = {
    "ty_hau": ("Tỵ hầu", "Nasopharyngeal"),
    "hong": ("Họng", "Throat"),
    "nuoc_bot": ("Nước bọt", "Saliva"),
}
REASON = {
    "trieu_chung": ("Có triệu chứng", "Symptoms"),
    "F1": ("F1", "F1 (close contact)"),
    "F2": ("F2", "F2 (contact of an F1)"),
    "tam_soat": ("Tầm soát", "Screening"),
    "khu_phong_toa": ("Khu phong tỏa", "Locked-down area"),
    "cach_ly": ("Cách ly", "Quarantine"),
    "nhap_canh": ("Nhập cảnh", "Arrival from abroad"),
    "di_chuyen": ("Di chuyển", "Travel"),
    "benh_vien": ("Bệnh viện", "Hospital"),
    "ket_thuc_cach_ly": ("Kết thúc cách ly", "End of quarantine"),
}
LABORATORY_KIND = {
    "khang_dinh": ("Xét nghiệm khẳng định", "Confirmatory"),
    "sang_loc": ("Xét nghiệm sàng lọc", "Screening"),
}
RETURNED_VIA = {
    "dien_tu": ("Điện tử", "Electronically"),
    "giay": ("Bản giấy", "On paper"),
    "dien_thoai": ("Điện thoại", "By telephone"),
}
RESULT_ALIASES = {"neg": "am_tinh", "pos": "duong_tinh", "indeterminate": "nghi_ngo"}
MOMENTS = ("collected_at", "received_lab_at", "resulted_at", "returned_at")

_collected, _received, _resulted, _returned = (pl.col(name) for name in MOMENTS)
_POOLED = ("gop_que", "gop_dich")
_has_pool_kind = pl.col("pool_kind").is_in(_POOLED)

# What joins a list matters as little as the signs that JSON puts around it.
LISTED = pl.col("persons").str.count_matches(r'[^|;,]*[^|;,\s\[\]"][^|;,]*').cast(pl.Int64)
"""How many people the list of members names; null without a list."""
MEMBER_REFS = (
    pl.coalesce("persons", "member_refs")
    .str.extract_all(r"\b[0-9a-f]{32}\b")
    .list.join("|")
    .replace("", None)
)
"""The pseudonyms in the list of members; anything else in it is not kept."""
N_MEMBERS = pl.coalesce(
    "pool_size", "n_persons", LISTED, pl.when(pl.col("pool_kind") == "don").then(1)
).cast(pl.Int64)
RESULT_DAY = pl.when(pl.col("result").is_not_null() | _resulted.is_not_null()).then(
    pl.coalesce(*(local_day(name) for name in reversed(MOMENTS[:3])))
)
"""Local day a result counts on: when resulted, else when it reached the laboratory, else when
collected."""

IS_POOL = pl.coalesce(pl.col("n_members") > 1, _has_pool_kind).fill_null(value=False)
"""Over stored columns: the number of members decides, the kind of pool where it is missing."""
PERSONS = pl.coalesce("n_members", pl.when(~IS_POOL).then(1)).cast(pl.Int64)
"""People in a sample: unknown for a pool that does not say."""
_pool = (
    pl.when(pl.col("deconvolution_of").is_not_null() & ~IS_POOL)
    .then(pl.lit("don_lai"))
    .when(~IS_POOL)
    .then(pl.lit("don"))
    .otherwise(pl.coalesce(pl.when(_has_pool_kind).then(pl.col("pool_kind")), pl.lit("gop")))
)
# A sample that says of people whether they are infected; an invalid one has to be taken again.
_conclusive = pl.col("result").is_in(["am_tinh", "duong_tinh", "nghi_ngo"])
_positive = pl.col("result") == "duong_tinh"

SAMPLE_FIELDS = (
    key("sample_id", "Mã ống mẫu", "Sample (tube barcode)"),
    count("pool_size", "Số người trong mẫu", "People in the sample", unit="person",
          maximum=LARGEST_POOL),
    count("n_persons", "Số người đã quét mã", "People registered with the sample", unit="person",
          maximum=LARGEST_POOL),
    text("persons", "Danh sách người trong mẫu", "Members, joined by |", personal=True,
         max_length=LONGEST_MEMBER_LIST),
    code("pool_kind", "Kiểu mẫu", "Kind of pool", labels=POOL_KIND),
    code("method", "Phương pháp", "Method", labels=METHOD, aliases=METHOD_ALIASES),
    code("specimen", "Loại bệnh phẩm", "Specimen", labels=SPECIMEN),
    code("reason", "Lý do xét nghiệm", "Reason", labels=REASON),
    instant("collected_at", "Lấy mẫu", "Collected at", required=True),
    instant("received_lab_at", "Phòng xét nghiệm nhận", "Received by the laboratory at"),
    instant("resulted_at", "Có kết quả", "Resulted at"),
    instant("returned_at", "Trả kết quả", "Returned at"),
    code("returned_via", "Cách trả kết quả", "Returned by way of", labels=RETURNED_VIA),
    text("lab_code", "Mã phòng xét nghiệm", "Laboratory", max_length=40),
    text("collector_code", "Người lấy mẫu", "Collector", personal=True),
    code("result", "Kết quả", "Result", labels=TEST_RESULT, aliases=RESULT_ALIASES),
    Field(name="ct_value", kind=Kind.NUMBER, vi="Giá trị Ct", en="Ct value", minimum=10,
          maximum=45, unit="cycle"),
    text("deconvolution_of", "Lấy lại từ mẫu gộp", "Pool of which this is the retest",
         max_length=100),
)  # fmt: skip

_size = pl.coalesce("pool_size", "n_persons", LISTED)
_identified = pl.any_horizontal(
    pl.col(name).is_not_null() for name in (*IDENTITY_FIELDS, "person_ref")
)

SAMPLE_CHECKS = (
    *ordered(
        MOMENTS,
        key="out_of_order",
        vi="Các mốc lấy mẫu, nhận mẫu, có kết quả, trả kết quả không theo thứ tự",
        en="Collected, received, resulted and returned are not in order",
    ),
    Check(
        key="pool_size_not_members",
        broken=pl.any_horizontal(
            pl.col("pool_size") != pl.col("n_persons"),
            pl.col("pool_size") != LISTED,
            pl.col("n_persons") != LISTED,
        ),
        field="pool_size",
        vi="Số người trong mẫu không bằng số người đã kê",
        en="The size of the pool is not the number of its members",
    ),
    Check(
        key="pool_of_none",
        broken=_size == 0,
        field="pool_size",
        vi="Mẫu không có người nào",
        en="A sample of nobody",
    ),
    Check(
        key="pool_too_large",
        broken=LISTED > LARGEST_POOL,
        field="pool_size",
        vi="Mẫu gộp quá 20 người",
        en="A pool of more than 20 people",
    ),
    Check(
        key="single_with_many",
        broken=(pl.col("pool_kind") == "don") & (_size > 1),
        field="pool_size",
        vi="Mẫu đơn nhưng có nhiều người",
        en="A single sample of several people",
    ),
    Check(
        key="retest_of_itself",
        broken=pl.col("deconvolution_of") == pl.col("sample_id"),
        field="deconvolution_of",
        vi="Mẫu lấy lại của chính nó",
        en="The retest of itself",
    ),
    *person_checks(local_day("collected_at")),
    Check(
        key="retest_not_single",
        broken=pl.col("deconvolution_of").is_not_null() & (_has_pool_kind | (_size > 1)),
        field="deconvolution_of",
        vi="Mẫu lấy lại phải là mẫu đơn",
        en="A retest of a pool is single",
        severity=Severity.FLAG,
    ),
    Check(
        key="pool_of_one",
        broken=_has_pool_kind & (_size == 1),
        field="pool_size",
        vi="Mẫu gộp chỉ có một người; đếm như mẫu đơn",
        en="A pool of one person; counted as single",
        severity=Severity.FLAG,
    ),
    Check(
        key="pool_size_missing",
        broken=_has_pool_kind & _size.is_null(),
        field="pool_size",
        vi="Mẫu gộp không rõ bao nhiêu người; không đếm lượt người",
        en="A pool of unknown size; its people are not counted",
        severity=Severity.FLAG,
    ),
    Check(
        key="identity_on_pool",
        broken=_identified & (_has_pool_kind | (_size > 1)).fill_null(value=False),
        field="pool_size",
        vi="Mẫu gộp nhưng ghi định danh của một người",
        en="A pool that carries the identity of one person",
        severity=Severity.FLAG,
    ),
    Check(
        key="method_missing",
        broken=pl.col("method").is_null(),
        field="method",
        vi="Không rõ phương pháp xét nghiệm",
        en="The method is missing",
        severity=Severity.FLAG,
    ),
    Check(
        key="result_without_time",
        broken=pl.col("result").is_not_null() & _resulted.is_null(),
        field="resulted_at",
        vi="Có kết quả nhưng không có thời điểm",
        en="A result, but the moment is missing",
        severity=Severity.FLAG,
    ),
    Check(
        key="time_without_result",
        broken=pl.col("result").is_null() & pl.max_horizontal("resulted_at", "returned_at")
        .is_not_null(),
        field="result",
        vi="Có thời điểm trả kết quả nhưng không có kết quả",
        en="Resulted or returned, but the result is missing",
        severity=Severity.FLAG,
    ),
    Check(
        key="slow_result",
        broken=~within_hours(
            _collected, pl.coalesce("returned_at", "resulted_at"), hours=LONGEST_DELAY_HOURS
        ),
        field="returned_at",
        vi="Trả kết quả sau hơn 14 ngày",
        en="Returned after more than 14 days",
        severity=Severity.FLAG,
    ),
    Check(
        key="ct_without_positive_pcr",
        broken=pl.col("ct_value").is_not_null()
        & ((pl.col("method") != "RT_PCR") | (pl.col("result") == "am_tinh")),
        field="ct_value",
        vi="Có giá trị Ct nhưng không phải RT-PCR, hoặc âm tính",
        en="A Ct value without RT-PCR, or of a negative sample",
        severity=Severity.FLAG,
    ),
)  # fmt: skip

_TOLD = {"method": pl.col("method"), "reason": pl.col("reason")}


def _samples(measure: str, *, on: str, where: pl.Expr, value: pl.Expr | None = None) -> RollUp:
    return RollUp(
        measure=measure,
        day=on,
        where=where,
        **({} if value is None else {"value": value}),
        dimensions={**_TOLD, "pool": _pool},
        grains=(province("method", "reason"), province("method", "pool"), district("method")),
    )


def _pools(measure: str, holds: pl.Expr) -> RollUp:
    """Return pools by size, from which prevalence is estimated."""
    return RollUp(
        measure=measure,
        day="result_day",
        value=as_count(holds),
        where=IS_POOL & _conclusive,
        dimensions={"method": pl.col("method"), "size": pl.col("n_members").cast(pl.String)},
        grains=(province("method", "size"),),
    )


def _step(measure: str, start: pl.Expr, end: pl.Expr) -> RollUp:
    """Return the delays of one step, dated by the day of collecting."""
    return RollUp(
        measure=measure,
        day="collected_at",
        where=start.is_not_null() & end.is_not_null(),
        dimensions={"bin": delay_bin(start, end)},
        grains=(province("bin"),),
    )


SAMPLE_ROLLUPS = (
    _samples("samples_collected", on="collected_at", where=pl.lit(value=True)),
    RollUp(
        measure="samples_received",
        day="received_lab_at",
        where=_received.is_not_null(),
        dimensions={"lab": pl.col("lab_code")},
        grains=(province("lab"),),
    ),
    RollUp(
        measure="samples_resulted",
        day="result_day",
        where=pl.col("result_day").is_not_null(),
        dimensions={
            **_TOLD,
            "pool": _pool,
            "result": pl.col("result"),
            "lab": pl.col("lab_code"),
        },
        grains=(
            province("method", "reason"), province("method", "pool"), province("method", "result"),
            province("lab"), district("method"),
        ),
    ),
    _samples("persons_tested", on="result_day", where=_conclusive, value=PERSONS),
    _samples("persons_positive", on="result_day", where=_conclusive,
             value=as_count(_positive & ~IS_POOL)),
    _pools("pools_resulted", _conclusive),
    _pools("pools_positive", _positive),
    RollUp(
        measure="samples_returned",
        day="returned_at",
        where=_returned.is_not_null(),
        dimensions={"via": pl.col("returned_via")},
        grains=(province("via"), district()),
    ),
    RollUp(
        measure="turnaround_hours",
        day="collected_at",
        where=_returned.is_not_null(),
        dimensions={"bin": delay_bin(_collected, _returned), "method": pl.col("method")},
        grains=(province("bin", "method"), district("bin")),
    ),
    _step("turnaround_to_laboratory_hours", _collected, _received),
    _step("turnaround_in_laboratory_hours", _received, _resulted),
    _step("turnaround_to_return_hours", _resulted, _returned),
)  # fmt: skip

SAMPLE_KIND = RecordKind(
    name="sample",
    key="sample_id",
    vi="Mẫu xét nghiệm",
    en="Sample",
    fields=SAMPLE_FIELDS,
    derived={
        "n_members": (
            count("n_members", "Số người tính được", "People counted", unit="person",
                  maximum=LARGEST_POOL),
            N_MEMBERS,
        ),
        "member_refs": (
            text("member_refs", "Mã giả danh của người trong mẫu", "Pseudonyms of the members",
                 max_length=LONGEST_MEMBER_LIST),
            MEMBER_REFS,
        ),
        "result_day": (day("result_day", "Ngày tính kết quả", "Day the result counts on"),
                       RESULT_DAY),
    },
    checks=SAMPLE_CHECKS,
    rollups=SAMPLE_ROLLUPS,
    has_person=True,
    lag_days=2,
)  # fmt: skip

SAMPLE_PERSON_KIND = RecordKind(
    name="sample_person",
    key="sample_person_id",
    vi="Người trong mẫu gộp",
    en="Person in a pooled sample",
    fields=(
        key("sample_person_id", "Mã dòng", "Line"),
        text("sample_id", "Mã ống mẫu", "Sample", required=True, max_length=100),
        count("position", "Thứ tự trong mẫu", "Position in the pool", unit="",
              maximum=LARGEST_POOL),
        instant("collected_at", "Lấy mẫu", "Collected at", required=True),
        code("method", "Phương pháp", "Method", labels=METHOD, aliases=METHOD_ALIASES),
        code("reason", "Lý do xét nghiệm", "Reason", labels=REASON),
    ),
    checks=(
        *person_checks(local_day("collected_at")),
        Check(
            key="person_without_identity",
            broken=~_identified,
            field="id_no",
            vi="Không có định danh nào",
            en="No identity at all",
            severity=Severity.FLAG,
        ),
    ),
    rollups=(
        # Not people tested: those are counted with the sample, once.
        RollUp(
            measure="pool_members",
            day="collected_at",
            dimensions=_TOLD,
            grains=(province("method", "reason"), district()),
        ),
    ),
    has_person=True,
    lag_days=2,
)  # fmt: skip

_capacity = pl.col("capacity_per_day").fill_null(0)


def _laboratories(measure: str, *, on: str, value: pl.Expr | None = None) -> RollUp:
    open_then = pl.col(on).is_not_null()
    return RollUp(
        measure=measure,
        day=on,
        where=open_then if value is None else open_then & (value > 0),
        **({} if value is None else {"value": value}),
        dimensions={"kind": pl.col("kind")},
        grains=(province("kind"), district()),
    )


LABORATORY_KIND_OF_RECORD = RecordKind(
    name="laboratory",
    key="lab_code",
    vi="Phòng xét nghiệm",
    en="Laboratory",
    fields=(
        key("lab_code", "Mã phòng xét nghiệm", "Laboratory"),
        text("name", "Tên phòng xét nghiệm", "Name of the laboratory"),
        code("kind", "Loại phòng xét nghiệm", "Kind of laboratory", labels=LABORATORY_KIND),
        count("capacity_per_day", "Công suất mẫu đơn mỗi ngày", "Single samples per day",
              unit="sample", maximum=1_000_000),
        day("opened_on", "Ngày hoạt động", "Working since", required=True),
        day("closed_on", "Ngày ngừng", "Closed on"),
    ),
    checks=(
        closed_before_opened("closed_on", "opened_on"),
        Check(
            key="no_capacity",
            broken=_capacity == 0,
            field="capacity_per_day",
            vi="Không rõ công suất",
            en="The capacity is not known",
            severity=Severity.FLAG,
        ),
    ),
    rollups=(
        _laboratories("laboratories_opened", on="opened_on"),
        _laboratories("laboratories_closed", on="closed_on"),
        _laboratories("laboratory_capacity_opened", on="opened_on", value=_capacity),
        _laboratories("laboratory_capacity_closed", on="closed_on", value=_capacity),
    ),
    lag_days=7,
)  # fmt: skip

TESTING = Contract(
    platform="testing",
    vi="Lấy mẫu và trả kết quả xét nghiệm",
    en="Testing",
    kinds=(SAMPLE_KIND, SAMPLE_PERSON_KIND, LABORATORY_KIND_OF_RECORD),
)
