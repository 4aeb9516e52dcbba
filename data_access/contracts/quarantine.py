"""Quarantine platform (quản lý cách ly): stays, facilities and their own reports, checks. Pure.

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
from data_access.contracts.rules import as_count, district, person_checks, province

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

DETECTED_BY = {
    "gps": ("Định vị GPS", "GPS position"),
    "vong_tay": ("Vòng đeo tay", "Wristband"),
    "can_bo": ("Cán bộ kiểm tra", "Inspection"),
    "nguoi_dan": ("Người dân phản ánh", "Reported by residents"),
    "khac": ("Khác", "Other"),
}
SITE_STATE = {
    "binh_thuong": ("Bình thường", "Normal"),
    "han_che": ("Hạn chế tiếp nhận", "Limited"),
    "ngung": ("Ngừng tiếp nhận", "Not admitting"),
}
SHORTAGE = {
    "nhan_luc": ("Thiếu nhân lực", "Short of staff"),
    "vat_tu": ("Thiếu vật tư", "Short of material"),
    "phong": ("Thiếu phòng", "Short of rooms"),
}
STAY_DAYS = {
    "01-03": ("Ngày 1–3", "Days 1–3"),
    "04-07": ("Ngày 4–7", "Days 4–7"),
    "08-14": ("Ngày 8–14", "Days 8–14"),
    "15+": ("Từ ngày 15", "Day 15 and later"),
}
_STAY_DAY_STARTS = (1, 4, 8, 15)

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
    *person_checks(_start),
)


def _overdue(measure: str, *, on: str) -> RollUp:
    return RollUp(
        measure=measure,
        day=on,
        where=pl.col("overdue_from").is_not_null() & pl.col(on).is_not_null(),
        dimensions={"kind": _STAY_DIMENSIONS["kind"]},
        grains=_BY_KIND,
    )


OVERDUE_FROM = pl.when(_end.is_null() | (_end > pl.col("planned_end"))).then(
    pl.col("planned_end").dt.offset_by("1d")
)
"""First day after the planned end that a person was, or will be, still in quarantine. A stay that
has not ended yet counts from that day on, so the day may lie ahead; the end takes it back."""


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
    derived={
        "overdue_from": (
            day("overdue_from", "Quá hạn từ ngày", "Overdue from", planned=True),
            OVERDUE_FROM,
        )
    },
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
        _overdue("quarantine_overdue_started", on="overdue_from"),
        _overdue("quarantine_overdue_ended", on="actual_end"),
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
        Field(name="present", kind=Kind.BOOLEAN, vi="Có mặt", en="Present when checked"),
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
        RollUp(
            measure="quarantine_checks_absent",
            day="date",
            value=as_count(~pl.col("present")),
            where=pl.col("present").is_not_null(),
            grains=(_PROVINCE, _DISTRICT),
        ),
    ),
)  # fmt: skip

STAY_DAY = pl.coalesce(
    (pl.col("day") - pl.col("stay_started_on")).dt.total_days() + 1, pl.col("stay_day")
)
"""Which day of the stay a sample was taken on, the first being 1."""


def stay_days(number: pl.Expr) -> pl.Expr:
    """Return the code of STAY_DAYS (String) of a day of stay; null where it is not known or < 1."""
    band = pl.lit(None, dtype=pl.String)
    for lowest, name in zip(_STAY_DAY_STARTS, STAY_DAYS, strict=True):
        band = pl.when(number >= lowest).then(pl.lit(name)).otherwise(band)
    return band


_STAY_DAYS = {"stay_days": pl.col("stay_days")}
_BY_STAY_DAYS = (Grain(level=Level.PROVINCE, cut=("stay_days",)), _DISTRICT)
TEST_KIND = RecordKind(
    name="test",
    key="test_id",
    vi="Xét nghiệm trong khu cách ly",
    en="Test inside quarantine",
    fields=(
        key("test_id", "Mã xét nghiệm", "Test"),
        text("stay_id", "Mã lượt cách ly", "Stay", required=True, max_length=100),
        day("day", "Ngày lấy mẫu", "Day of the sample", required=True),
        day("stay_started_on", "Ngày vào cách ly", "Stay started on"),
        count("stay_day", "Ngày cách ly thứ", "Day of the stay, the first being 1", unit="day",
              maximum=1000),
        code("result", "Kết quả", "Result", labels=TEST_RESULT),
    ),
    derived={
        "stay_days": (
            code("stay_days", "Khoảng ngày cách ly", "Days into the stay", labels=STAY_DAYS),
            stay_days(STAY_DAY),
        )
    },
    checks=(
        Check(
            key="sampled_before_stay",
            broken=(pl.col("day") < pl.col("stay_started_on")) | (pl.col("stay_day") == 0),
            field="day",
            vi="Lấy mẫu trước khi vào cách ly",
            en="Sampled before the stay began",
            severity=Severity.FLAG,
        ),
        Check(
            key="stay_day_not_counted",
            broken=pl.col("stay_day")
            != (pl.col("day") - pl.col("stay_started_on")).dt.total_days() + 1,
            field="stay_day",
            vi="Ngày cách ly thứ không khớp ngày vào cách ly",
            en="The day of the stay is not what its start gives",
            severity=Severity.FLAG,
        ),
    ),
    rollups=(
        RollUp(measure="quarantine_tests", day="day", dimensions=_STAY_DAYS, grains=_BY_STAY_DAYS),
        RollUp(
            measure="quarantine_tests_positive",
            day="day",
            value=(pl.col("result") == "duong_tinh").cast(pl.Int64),
            dimensions=_STAY_DAYS,
            grains=_BY_STAY_DAYS,
        ),
    ),
)  # fmt: skip

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
        code("detected_by", "Phát hiện nhờ", "Found by", labels=DETECTED_BY),
        count("distance_m", "Cách nơi cách ly", "Distance from the place of quarantine", unit="m",
              maximum=2_000_000),
    ),
    rollups=(
        RollUp(
            measure="quarantine_breaches",
            day="ts",
            dimensions={"kind": pl.col("kind"), "detected_by": pl.col("detected_by")},
            grains=(
                Grain(level=Level.PROVINCE, cut=("kind",)),
                Grain(level=Level.PROVINCE, cut=("detected_by",)),
                _DISTRICT,
            ),
        ),
    ),
)  # fmt: skip

_state, _shortages = pl.col("state"), pl.col("shortages").fill_null("")


def _short_of(name: str) -> RollUp:
    # A report that names no shortage tells of none: a true zero for each.
    return RollUp(
        measure="quarantine_site_shortages",
        day="date",
        value=as_count(_shortages.str.split("|").list.contains(name)),
        dimensions={"shortage": pl.lit(name)},
        grains=(province("shortage"), district("shortage")),
    )


SITE_REPORT_KIND = RecordKind(
    name="site_report",
    key="report_id",
    vi="Tự báo cáo của cơ sở cách ly",
    en="Report of a site on itself",
    fields=(
        key("report_id", "Mã báo cáo", "Report"),
        text("facility_id", "Mã cơ sở", "Facility", required=True, max_length=40),
        _facility_kind(),
        day("date", "Ngày báo cáo", "Date", required=True),
        code("state", "Tình trạng", "State", labels=SITE_STATE, required=True),
        codes("shortages", "Đang thiếu", "Short of", labels=SHORTAGE),
        count("occupied", "Số người đang ở", "People inside", unit="person", maximum=100_000),
        count("beds_free", "Số giường trống", "Free beds", unit="bed", maximum=100_000),
        count("staff", "Số nhân viên", "Staff on duty", unit="person", maximum=100_000),
    ),
    checks=(
        Check(
            key="normal_but_short",
            broken=(_state == "binh_thuong") & (_shortages != ""),
            field="state",
            vi="Ghi bình thường nhưng đang thiếu",
            en="Stated as normal, yet short of something",
            severity=Severity.FLAG,
        ),
        Check(
            key="full_but_normal",
            broken=(_state == "binh_thuong") & (pl.col("beds_free") == 0),
            field="beds_free",
            vi="Ghi bình thường nhưng hết giường",
            en="Stated as normal, yet no bed is free",
            severity=Severity.FLAG,
        ),
    ),
    rollups=(
        RollUp(
            measure="quarantine_site_reports",
            day="date",
            dimensions={"state": _state, "kind": pl.col("facility_kind")},
            grains=(province("state"), province("kind"), district("state")),
        ),
        *(_short_of(name) for name in SHORTAGE),
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
        SITE_REPORT_KIND,
    ),
)
