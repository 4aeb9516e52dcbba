"""Quarantine platform (quản lý cách ly): stays, facilities, daily checks, tests, breaches. Pure.

A stay carries the kind of its facility, so that a roll-up needs no join.
"""

import polars as pl

from data_access.codes import Level
from data_access.contracts.declare import code, codes, count, day, instant, key, text
from data_access.contracts.model import (
    Check,
    Contract,
    Field,
    Grain,
    Kind,
    RecordKind,
    RollUp,
    Severity,
    local_day,
)

LONGEST_USUAL_STAY_DAYS = 60

FACILITY_KIND = {
    "tap_trung": ("Tập trung", "Centralised"),
    "quan_doi": ("Quân đội", "Military"),
    "khach_san": ("Khách sạn", "Paid hotel"),
    "benh_vien_da_chien": ("Bệnh viện dã chiến", "Field hospital"),
    "nha_o": ("Tại nhà", "Home"),
}
PERSON_CLASS = {
    "F0": ("F0", "F0 (confirmed case)"),
    "F1": ("F1", "F1 (close contact)"),
    "F2": ("F2", "F2 (contact of a contact)"),
    "nhap_canh": ("Nhập cảnh", "Arrival from abroad"),
    "tu_vung_dich": ("Từ vùng dịch", "From an epidemic area"),
}
END_REASON = {
    "du_ngay": ("Đủ ngày", "Time served"),
    "thanh_F0": ("Thành F0", "Became a case"),
    "chuyen": ("Chuyển nơi khác", "Transferred"),
    "bo_tron": ("Bỏ trốn", "Absconded"),
    "tu_vong": ("Tử vong", "Died"),
}
SYMPTOM = {
    "sot": ("Sốt", "Fever"),
    "ho": ("Ho", "Cough"),
    "kho_tho": ("Khó thở", "Dyspnoea"),
    "dau_hong": ("Đau họng", "Sore throat"),
    "mat_vi_khuu_giac": ("Mất vị giác, khứu giác", "Loss of taste or smell"),
    "met_moi": ("Mệt mỏi", "Fatigue"),
    "tieu_chay": ("Tiêu chảy", "Diarrhoea"),
    "buon_non": ("Buồn nôn", "Nausea"),
}
TEST_RESULT = {
    "am_tinh": ("Âm tính", "Negative"),
    "duong_tinh": ("Dương tính", "Positive"),
    "nghi_ngo": ("Nghi ngờ", "Inconclusive"),
    "khong_hop_le": ("Không hợp lệ", "Invalid"),
}
BREACH_KIND = {
    "roi_khu_vuc": ("Rời khu vực", "Left the area"),
    "thao_thiet_bi": ("Tháo thiết bị", "Removed the device"),
    "mat_tin_hieu": ("Mất tín hiệu", "Signal lost"),
    "tiep_xuc": ("Tiếp xúc trái quy định", "Met others against the rules"),
    "khac": ("Khác", "Other"),
}

_start, _end = local_day("start_ts"), local_day("actual_end")
_PROVINCE = Grain(level=Level.PROVINCE)
_DISTRICT = Grain(level=Level.DISTRICT)
_BY_KIND = (Grain(level=Level.PROVINCE, cut=("kind",)), Grain(level=Level.DISTRICT, cut=("kind",)))
_STAY_GRAINS = (
    Grain(level=Level.PROVINCE, cut=("class", "kind")),
    Grain(level=Level.DISTRICT, cut=("kind",)),
)
# A stay that names a home ward and no facility is a stay at home.
_STAY_DIMENSIONS = {
    "kind": pl.coalesce(
        "facility_kind", pl.when(pl.col("home_ward").is_not_null()).then(pl.lit("nha_o"))
    ),
    "class": pl.col("class"),
}


def _facility_kind() -> Field:
    return code("facility_kind", "Loại cơ sở", "Kind of facility", labels=FACILITY_KIND)


STAY_CHECKS = (
    Check(
        key="end_before_start",
        # By day: an end is often written without a time of day.
        broken=_end < _start,
        field="actual_end",
        vi="Kết thúc cách ly trước khi bắt đầu",
        en="Quarantine ended before it started",
    ),
    Check(
        key="planned_end_before_start",
        broken=pl.col("planned_end") < _start,
        field="planned_end",
        vi="Ngày dự kiến kết thúc trước ngày bắt đầu",
        en="Planned to end before it started",
    ),
    Check(
        key="reason_without_end",
        broken=pl.col("end_reason").is_not_null() & pl.col("actual_end").is_null(),
        field="end_reason",
        vi="Có lý do kết thúc nhưng chưa có ngày kết thúc",
        en="A reason for ending but no end",
        severity=Severity.FLAG,
    ),
    Check(
        key="end_without_reason",
        broken=pl.col("actual_end").is_not_null() & pl.col("end_reason").is_null(),
        field="end_reason",
        vi="Đã kết thúc nhưng không có lý do",
        en="Ended without a reason",
        severity=Severity.FLAG,
    ),
    Check(
        key="no_place_of_stay",
        broken=pl.col("facility_id").is_null()
        & pl.col("home_ward").is_null()
        & (pl.col("facility_kind").is_null() | (pl.col("facility_kind") != "nha_o")),
        field="facility_id",
        vi="Không rõ nơi cách ly",
        en="Neither facility nor home is known",
        severity=Severity.FLAG,
    ),
    Check(
        key="long_stay",
        broken=(_end - _start).dt.total_days() > LONGEST_USUAL_STAY_DAYS,
        field="actual_end",
        vi="Cách ly dài bất thường (trên 60 ngày)",
        en="Unusually long stay (over 60 days)",
        severity=Severity.FLAG,
    ),
)

STAY_KIND = RecordKind(
    name="stay",
    key="stay_id",
    vi="Lượt cách ly",
    en="Quarantine stay",
    fields=(
        key("stay_id", "Mã lượt cách ly", "Stay"),
        code("class", "Đối tượng", "Class of person", labels=PERSON_CLASS, required=True),
        text("facility_id", "Mã cơ sở", "Facility", max_length=40),
        _facility_kind(),
        text("home_ward", "Xã/phường cách ly tại nhà", "Ward of home quarantine", max_length=8),
        instant("start_ts", "Bắt đầu", "Start", required=True),
        day("planned_end", "Dự kiến kết thúc", "Planned end", planned=True),
        instant("actual_end", "Kết thúc thực tế", "Actual end"),
        code("end_reason", "Lý do kết thúc", "Reason for ending", labels=END_REASON),
        text("rule_id", "Văn bản quy định thời gian", "Rule that set the duration", max_length=60),
    ),
    checks=STAY_CHECKS,
    rollups=(
        RollUp(
            measure="quarantine_admissions",
            day="start_ts",
            dimensions=_STAY_DIMENSIONS,
            grains=_STAY_GRAINS,
        ),
        RollUp(
            measure="quarantine_discharges",
            day="actual_end",
            where=pl.col("actual_end").is_not_null(),
            dimensions=_STAY_DIMENSIONS,
            grains=_STAY_GRAINS,
        ),
    ),
    has_person=True,
)

_TOTAL = pl.coalesce("beds_total", "beds_usable")
_USABLE = pl.coalesce("beds_usable", "beds_total")


def _beds(measure: str, *, value: pl.Expr, on: str) -> RollUp:
    return RollUp(
        measure=measure,
        day=on,
        value=value,
        where=pl.col(on).is_not_null(),
        dimensions={"kind": pl.col("kind")},
        grains=_BY_KIND,
    )


FACILITY_KIND_OF_RECORD = RecordKind(
    name="facility",
    key="facility_id",
    vi="Cơ sở cách ly",
    en="Quarantine facility",
    fields=(
        key("facility_id", "Mã cơ sở", "Facility"),
        text("name", "Tên cơ sở", "Name of the facility"),
        code("kind", "Loại cơ sở", "Kind of facility", labels=FACILITY_KIND, required=True),
        count("beds_total", "Tổng số giường", "Beds in total", unit="bed", maximum=100_000),
        count("beds_usable", "Giường dùng được", "Usable beds", unit="bed", maximum=100_000),
        day("opened_on", "Ngày mở", "Opened on", required=True),
        day("closed_on", "Ngày đóng", "Closed on"),
    ),
    checks=(
        Check(
            key="usable_above_total",
            broken=pl.col("beds_usable") > pl.col("beds_total"),
            field="beds_usable",
            vi="Giường dùng được nhiều hơn tổng số giường",
            en="More usable beds than beds",
        ),
        Check(
            key="closed_before_opened",
            broken=pl.col("closed_on") < pl.col("opened_on"),
            field="closed_on",
            vi="Đóng trước khi mở",
            en="Closed before it opened",
        ),
        Check(
            key="no_beds",
            broken=(_TOTAL.fill_null(0) == 0) & (pl.col("kind") != "nha_o"),
            field="beds_usable",
            vi="Cơ sở không có giường",
            en="A facility without beds",
            severity=Severity.FLAG,
        ),
    ),
    rollups=(
        _beds("quarantine_beds_opened", value=_USABLE, on="opened_on"),
        _beds("quarantine_beds_closed", value=_USABLE, on="closed_on"),
        _beds("quarantine_beds_total_opened", value=_TOTAL, on="opened_on"),
        _beds("quarantine_beds_total_closed", value=_TOTAL, on="closed_on"),
    ),
    lag_days=7,
)

DAILY_CHECK_KIND = RecordKind(
    name="daily_check",
    key="check_id",
    vi="Theo dõi sức khỏe hằng ngày",
    en="Daily check",
    fields=(
        key("check_id", "Mã lượt theo dõi", "Check"),
        text("stay_id", "Mã lượt cách ly", "Stay", required=True, max_length=100),
        _facility_kind(),
        day("date", "Ngày", "Date", required=True),
        Field(name="temp_c", kind=Kind.NUMBER, vi="Thân nhiệt", en="Temperature",
              minimum=34, maximum=43, unit="°C"),
        codes("symptoms", "Triệu chứng", "Symptoms", labels=SYMPTOM),
        text("done_by", "Người thực hiện", "Done by", personal=True),
    ),
    rollups=(
        RollUp(measure="quarantine_checks", day="date", grains=(_PROVINCE, _DISTRICT)),
        RollUp(
            measure="quarantine_checks_symptomatic",
            day="date",
            value=(pl.col("symptoms").fill_null("").str.len_chars() > 0).cast(pl.Int64),
            grains=(_PROVINCE, _DISTRICT),
        ),
    ),
)  # fmt: skip

TEST_KIND = RecordKind(
    name="test",
    key="test_id",
    vi="Xét nghiệm trong khu cách ly",
    en="Test inside quarantine",
    fields=(
        key("test_id", "Mã xét nghiệm", "Test"),
        text("stay_id", "Mã lượt cách ly", "Stay", required=True, max_length=100),
        day("day", "Ngày lấy mẫu", "Day of the sample", required=True),
        code("result", "Kết quả", "Result", labels=TEST_RESULT),
    ),
    rollups=(
        RollUp(measure="quarantine_tests", day="day", grains=(_PROVINCE, _DISTRICT)),
        RollUp(
            measure="quarantine_tests_positive",
            day="day",
            value=(pl.col("result") == "duong_tinh").cast(pl.Int64),
            grains=(_PROVINCE, _DISTRICT),
        ),
    ),
)

BREACH_KIND_OF_RECORD = RecordKind(
    name="breach",
    key="breach_id",
    vi="Vi phạm cách ly",
    en="Breach of quarantine",
    fields=(
        key("breach_id", "Mã vi phạm", "Breach"),
        text("stay_id", "Mã lượt cách ly", "Stay", required=True, max_length=100),
        instant("ts", "Thời điểm", "Moment", required=True),
        code("kind", "Loại vi phạm", "Kind of breach", labels=BREACH_KIND),
    ),
    rollups=(
        RollUp(
            measure="quarantine_breaches",
            day="ts",
            dimensions={"kind": pl.col("kind")},
            grains=(Grain(level=Level.PROVINCE, cut=("kind",)), _DISTRICT),
        ),
    ),
)

QUARANTINE = Contract(
    platform="quarantine",
    vi="Quản lý cách ly",
    en="Quarantine",
    kinds=(
        STAY_KIND,
        FACILITY_KIND_OF_RECORD,
        DAILY_CHECK_KIND,
        TEST_KIND,
        BREACH_KIND_OF_RECORD,
    ),
)
