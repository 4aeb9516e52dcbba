"""Contact tracing (truy vết): cases, their contacts, places of exposure, clusters. Pure.

The class of a contact (F1 to F4) belongs to a contact with one index case, never to a person.
"""

import polars as pl

from data_access.contracts.declare import code, day, instant, key, text
from data_access.contracts.model import (
    Check,
    Contract,
    Field,
    Kind,
    RecordKind,
    RollUp,
    Severity,
    local_day,
)
from data_access.contracts.rules import (
    COORDINATES,
    as_count,
    delay_bin,
    district,
    ordered,
    person_checks,
    province,
    within_hours,
)

QUIET_DAYS = 14
"""Days without a new case after which bulletins call a place quiet; guidelines say 14 or 28."""

DETECTED_IN = {
    "cong_dong": ("Cộng đồng", "Community"),
    "khu_cach_ly": ("Khu cách ly", "Quarantine"),
    "khu_phong_toa": ("Khu phong tỏa", "Locked-down area"),
    "co_so_y_te": ("Cơ sở y tế", "Health facility"),
    "nhap_canh": ("Nhập cảnh", "Arrival from abroad"),
}
SEVERITY = {
    "khong_trieu_chung": ("Không triệu chứng", "Asymptomatic"),
    "nhe": ("Nhẹ", "Mild"),
    "trung_binh": ("Trung bình", "Moderate"),
    "nang": ("Nặng", "Severe"),
    "nguy_kich": ("Nguy kịch", "Critical"),
}
OUTCOME = {
    "dang_dieu_tri": ("Đang điều trị", "In treatment"),
    "khoi": ("Khỏi bệnh", "Recovered"),
    "tu_vong": ("Tử vong", "Died"),
    "chuyen_tuyen": ("Chuyển tuyến", "Transferred"),
}
OUTCOME_ALIASES = {
    "recover": "khoi",
    "khỏi": "khoi",
    "death": "tu_vong",
    "dead": "tu_vong",
    "treatment": "dang_dieu_tri",
}
CONTACT_CLASS = {
    "F1": ("F1", "F1 (close contact)"),
    "F2": ("F2", "F2 (contact of an F1)"),
    "F3": ("F3", "F3 (contact of an F2)"),
    "F4": ("F4", "F4 (contact of an F3)"),
}
FOUND_BY = {
    "phong_van": ("Phỏng vấn", "Interview"),
    "qr": ("Mã QR", "QR scans"),
    "bluezone": ("Bluezone", "Bluezone"),
    "cctv": ("Camera", "Cameras"),
    "danh_sach": ("Danh sách", "List"),
    "khac": ("Khác", "Other"),
}
SETTING = {
    "ho_gia_dinh": ("Hộ gia đình", "Household"),
    "noi_lam_viec": ("Nơi làm việc", "Workplace"),
    "benh_vien": ("Bệnh viện", "Hospital"),
    "cho": ("Chợ", "Market"),
    "truong": ("Trường học", "School"),
    "xe": ("Phương tiện giao thông", "Vehicle"),
    "khac": ("Khác", "Other"),
}
CONTACT_STATUS = {
    "new": ("Mới", "New"),
    "reached": ("Đã liên hệ", "Reached"),
    "quarantined": ("Đã cách ly", "Quarantined"),
    "tested_neg": ("Xét nghiệm âm tính", "Tested negative"),
    "tested_pos": ("Xét nghiệm dương tính", "Tested positive"),
    "released": ("Hết theo dõi", "Released"),
    "lost": ("Mất dấu", "Lost"),
}
CLUSTER_STATUS = {
    "hoat_dong": ("Đang hoạt động", "Active"),
    "theo_doi": ("Đang theo dõi", "Monitored"),
    "ket_thuc": ("Đã kết thúc", "Ended"),
}

CASE_DAY = pl.coalesce("report_date", "result_date", "sample_date", "onset_date")
"""The day a case counts on: reported, else confirmed, else sampled, else fallen ill."""


def _yes_no(name: str, vi: str, en: str) -> Field:
    return Field(name=name, kind=Kind.BOOLEAN, vi=vi, en=en)


CASE_FIELDS = (
    key("case_id", "Mã ca bệnh", "Case"),
    text("national_code", "Mã bệnh nhân toàn quốc", "National code", max_length=40),
    day("onset_date", "Ngày khởi phát", "Onset"),
    day("sample_date", "Ngày lấy mẫu", "Sampled on"),
    day("result_date", "Ngày có kết quả", "Result on"),
    day("report_date", "Ngày báo cáo", "Reported on"),
    instant("isolation_ts", "Thời điểm cách ly", "Isolated at"),
    instant("interviewed_at", "Thời điểm điều tra xong", "Interview completed at"),
    code("detected_in", "Nơi phát hiện", "Detected in", labels=DETECTED_IN),
    code("severity", "Mức độ", "Severity", labels=SEVERITY),
    code("outcome", "Kết cục", "Outcome", labels=OUTCOME, aliases=OUTCOME_ALIASES),
    day("outcome_date", "Ngày có kết cục", "Outcome on"),
    # Several possible infectors are joined by "|".
    text("infector_id", "Ca lây cho ca này", "Case or cases that infected it"),
    text("cluster_id", "Mã ổ dịch", "Cluster", max_length=100),
    _yes_no(
        "known_contact", "Đã là F1 trước khi phát hiện", "Listed as a contact before diagnosis"
    ),
)

_ended = pl.col("outcome").is_in(["khoi", "tu_vong"])
CASE_CHECKS = (
    Check(
        key="case_without_date",
        broken=pl.all_horizontal(
            pl.col(name).is_null()
            for name in ("report_date", "result_date", "sample_date", "onset_date", "case_day")
        ),
        field="report_date",
        vi="Không có ngày báo cáo, ngày kết quả, ngày lấy mẫu hay ngày khởi phát",
        en="No day of report, result, sample or onset",
    ),
    *ordered(
        ("sample_date", "result_date"),
        key="out_of_order",
        vi="Có kết quả trước khi lấy mẫu",
        en="Resulted before it was sampled",
    ),
    Check(
        key="outcome_before_onset",
        broken=pl.col("outcome_date") < pl.col("onset_date"),
        field="outcome_date",
        vi="Có kết cục trước khi khởi phát",
        en="The outcome lies before the onset",
    ),
    Check(
        key="infected_by_itself",
        broken=pl.col("infector_id") == pl.col("case_id"),
        field="infector_id",
        vi="Ca bệnh tự lây cho chính mình",
        en="The case infected itself",
    ),
    *person_checks(CASE_DAY),
    Check(
        key="reported_before_result",
        broken=pl.col("report_date") < pl.col("result_date"),
        field="report_date",
        vi="Báo cáo trước khi có kết quả",
        en="Reported before there was a result",
        severity=Severity.FLAG,
    ),
    Check(
        key="outcome_without_date",
        broken=_ended & pl.col("outcome_date").is_null(),
        field="outcome_date",
        vi="Đã khỏi hoặc tử vong nhưng không có ngày; chưa được đếm",
        en="Recovered or died, but the day is missing; not counted until it is known",
        severity=Severity.FLAG,
    ),
    Check(
        key="date_without_outcome",
        broken=pl.col("outcome_date").is_not_null()
        & (pl.col("outcome").is_null() | (pl.col("outcome") == "dang_dieu_tri")),
        field="outcome",
        vi="Có ngày kết cục nhưng chưa có kết cục",
        en="A day of outcome, but no outcome",
        severity=Severity.FLAG,
    ),
)


def _cases(measure: str, where: pl.Expr, *, on: str) -> RollUp:
    return RollUp(measure=measure, day=on, where=where, grains=(province(), district()))


CASE_KIND = RecordKind(
    name="case",
    key="case_id",
    vi="Ca bệnh (F0)",
    en="Case (F0)",
    fields=CASE_FIELDS,
    derived={"case_day": (day("case_day", "Ngày tính ca", "Day the case counts on"), CASE_DAY)},
    checks=CASE_CHECKS,
    rollups=(
        RollUp(
            measure="cases",
            day="case_day",
            dimensions={"detected_in": pl.col("detected_in"), "severity": pl.col("severity")},
            grains=(province("detected_in"), province("severity"), district("detected_in")),
        ),
        _cases("cases_by_onset", pl.col("onset_date").is_not_null(), on="onset_date"),
        _cases("deaths", pl.col("outcome") == "tu_vong", on="outcome_date"),
        _cases("recovered", pl.col("outcome") == "khoi", on="outcome_date"),
        _cases("cases_isolated", pl.col("isolation_ts").is_not_null(), on="isolation_ts"),
        _cases("cases_interviewed", pl.col("interviewed_at").is_not_null(), on="case_day"),
        RollUp(
            measure="cases_known_contacts",
            day="case_day",
            value=as_count(pl.col("known_contact")),
            where=pl.col("known_contact").is_not_null(),
            grains=(province(), district()),
        ),
    ),
    has_person=True,
)

_identified, _reached = pl.col("identified_ts"), pl.col("reached_ts")
_FROM = pl.coalesce("index_reported_at", "identified_ts")
"""Reaching a contact is timed from the report of the index case, else from being listed."""

CONTACT_CHECKS = (
    *ordered(
        ("identified_ts", "reached_ts"),
        key="out_of_order",
        vi="Liên hệ được trước khi được lập danh sách",
        en="Reached before being listed",
        severity=Severity.FLAG,
    ),
    Check(
        key="exposed_after_quarantine",
        broken=pl.col("last_exposure_ts") > pl.col("quarantined_ts"),
        field="last_exposure_ts",
        vi="Tiếp xúc lần cuối sau khi đã cách ly",
        en="Last exposed after being quarantined",
        severity=Severity.FLAG,
    ),
    Check(
        key="exposed_after_listed",
        broken=local_day("last_exposure_ts") > local_day("identified_ts"),
        field="last_exposure_ts",
        vi="Tiếp xúc lần cuối sau ngày lập danh sách",
        en="Last exposed after the day of being listed",
        severity=Severity.FLAG,
    ),
    Check(
        key="reached_without_time",
        broken=pl.col("status").is_in(["reached", "quarantined"]) & _reached.is_null()
        & pl.col("quarantined_ts").is_null(),
        field="reached_ts",
        vi="Đã liên hệ hoặc cách ly nhưng không có thời điểm; chưa được đếm",
        en="Reached or quarantined, but the moment is missing; not counted until it is known",
        severity=Severity.FLAG,
    ),
    Check(
        key="tested_without_sample",
        broken=pl.col("status").is_in(["tested_neg", "tested_pos"])
        & pl.col("sampled_ts").is_null(),
        field="sampled_ts",
        vi="Đã có kết quả nhưng không có thời điểm lấy mẫu",
        en="Tested, but when the sample was taken is missing",
        severity=Severity.FLAG,
    ),
    *person_checks(local_day("identified_ts")),
)  # fmt: skip


_BY_CLASS = (province("class"), district("class"))


def _contacts(measure: str, *, on: str) -> RollUp:
    return RollUp(
        measure=measure,
        day=on,
        where=pl.col(on).is_not_null(),
        dimensions={"class": pl.col("class")},
        grains=_BY_CLASS,
    )


def _in_time(measure: str, *, hours: int) -> RollUp:
    """Return how many of those listed on a day were reached in time; the unreached were not."""
    return RollUp(
        measure=measure,
        day="identified_ts",
        value=as_count(within_hours(_FROM, _reached, hours=hours)),
        dimensions={"class": pl.col("class")},
        grains=_BY_CLASS,
    )


CONTACT_ROLLUPS = (
    RollUp(
        measure="contacts_listed",
        day="identified_ts",
        dimensions={
            "class": pl.col("class"),
            "setting": pl.col("setting"),
            "source": pl.col("source"),
        },
        grains=(
            province("class"), province("class", "setting"), province("class", "source"),
            district("class"),
        ),
    ),
    _contacts("contacts_reached", on="reached_ts"),
    _in_time("contacts_reached_24h", hours=24),
    _in_time("contacts_reached_48h", hours=48),
    _contacts("contacts_quarantined", on="quarantined_ts"),
    _contacts("contacts_sampled", on="sampled_ts"),
    RollUp(
        measure="contacts_positive",
        day="identified_ts",
        value=as_count(pl.col("status") == "tested_pos"),
        where=pl.col("status").is_not_null(),
        dimensions={"class": pl.col("class"), "setting": pl.col("setting")},
        grains=(province("class", "setting"), district("class")),
    ),
    RollUp(
        measure="contact_reach_hours",
        day="identified_ts",
        where=_reached.is_not_null(),
        dimensions={"class": pl.col("class"), "delay": delay_bin(_FROM, _reached)},
        grains=(province("class", "delay"),),
    ),
)  # fmt: skip

CONTACT_KIND = RecordKind(
    name="contact",
    key="contact_id",
    vi="Người tiếp xúc",
    en="Contact",
    fields=(
        key("contact_id", "Mã lượt tiếp xúc", "Contact"),
        text("index_case_id", "Mã ca chỉ điểm", "Index case", required=True, max_length=100),
        code("class", "Phân loại", "Class", labels=CONTACT_CLASS, required=True),
        text("via_contact_id", "Qua lượt tiếp xúc", "Listed through contact", max_length=100),
        instant("index_reported_at", "Báo cáo ca chỉ điểm", "Index case reported at"),
        instant("last_exposure_ts", "Tiếp xúc lần cuối", "Last exposure"),
        instant("identified_ts", "Lập danh sách", "Listed at", required=True),
        instant("reached_ts", "Liên hệ được", "Reached at"),
        instant("quarantined_ts", "Cách ly", "Quarantined at"),
        instant("sampled_ts", "Lấy mẫu", "Sampled at"),
        code("source", "Nguồn tìm ra", "Found by", labels=FOUND_BY),
        code("setting", "Bối cảnh", "Setting", labels=SETTING),
        code("status", "Tình trạng", "Status", labels=CONTACT_STATUS),
    ),
    checks=CONTACT_CHECKS,
    rollups=CONTACT_ROLLUPS,
    has_person=True,
)

EXPOSURE_PLACE_KIND = RecordKind(
    name="exposure_place",
    key="exposure_id",
    vi="Mốc dịch tễ",
    en="Place of exposure",
    fields=(
        key("exposure_id", "Mã mốc dịch tễ", "Exposure"),
        text("case_id", "Mã ca bệnh", "Case", required=True, max_length=100),
        text("place_code", "Mã địa điểm QR", "QR place", max_length=40),
        text("name", "Tên địa điểm", "Name of the place"),
        code("setting", "Bối cảnh", "Setting", labels=SETTING),
        instant("visited_from", "Có mặt từ", "There from", required=True),
        instant("visited_to", "Có mặt đến", "There until"),
        *COORDINATES,
    ),
    checks=ordered(
        ("visited_from", "visited_to"),
        key="out_of_order",
        vi="Rời đi trước khi đến",
        en="Left before coming",
    ),
    rollups=(
        RollUp(
            measure="exposure_places",
            day="visited_from",
            dimensions={"setting": pl.col("setting")},
            grains=(province("setting"), district()),
        ),
    ),
    lag_days=2,
)

CLUSTER_OPENED = pl.coalesce("opened_on", "first_onset", "last_case_date")
CLUSTER_CLOSED = pl.coalesce(
    "closed_on",
    pl.when(pl.col("status") == "ket_thuc").then(
        pl.col("last_case_date").dt.offset_by(f"{QUIET_DAYS}d")
    ),
)
"""The day it closed; for one that has ended without saying when, after the quiet days."""


def _clusters(measure: str, *, on: str) -> RollUp:
    return RollUp(
        measure=measure,
        day=on,
        where=pl.col(on).is_not_null(),
        dimensions={"setting": pl.col("setting")},
        grains=(province("setting"), district()),
    )


CLUSTER_CHECKS = (
    Check(
        key="cluster_without_date",
        broken=pl.all_horizontal(
            pl.col(name).is_null()
            for name in ("opened_on", "first_onset", "last_case_date", "opened_day")
        ),
        field="opened_on",
        vi="Không có ngày phát hiện, ngày khởi phát đầu tiên hay ngày ca cuối",
        en="No day of detection, first onset or last case",
    ),
    *ordered(
        ("first_onset", "last_case_date"),
        key="out_of_order",
        vi="Ca cuối trước ca khởi phát đầu tiên",
        en="The last case lies before the first onset",
    ),
    Check(
        key="closed_before_opened",
        broken=pl.col("closed_on") < CLUSTER_OPENED,
        field="closed_on",
        vi="Đóng trước khi mở",
        en="Closed before it opened",
    ),
    Check(
        key="ended_without_date",
        broken=(pl.col("status") == "ket_thuc")
        & pl.col("closed_on").is_null()
        & pl.col("last_case_date").is_null(),
        field="closed_on",
        vi="Đã kết thúc nhưng không có ngày; vẫn được đếm là đang hoạt động",
        en="Has ended, but since when is missing; still counted as active",
        severity=Severity.FLAG,
    ),
    Check(
        key="closed_but_active",
        broken=pl.col("closed_on").is_not_null() & (pl.col("status") != "ket_thuc"),
        field="status",
        vi="Có ngày đóng nhưng ghi là chưa kết thúc",
        en="Has closed, yet is stated as not ended",
        severity=Severity.FLAG,
    ),
)

CLUSTER_KIND = RecordKind(
    name="cluster",
    key="cluster_id",
    vi="Ổ dịch",
    en="Cluster",
    fields=(
        key("cluster_id", "Mã ổ dịch", "Cluster"),
        text("name", "Tên ổ dịch", "Name of the cluster"),
        code("setting", "Bối cảnh", "Setting", labels=SETTING),
        day("opened_on", "Ngày phát hiện", "Detected on"),
        day("first_onset", "Khởi phát đầu tiên", "First onset"),
        day("last_case_date", "Ngày ca cuối", "Last case on"),
        day("closed_on", "Ngày kết thúc", "Ended on"),
        code("status", "Tình trạng", "Status", labels=CLUSTER_STATUS),
        *COORDINATES,
    ),
    derived={
        "opened_day": (day("opened_day", "Ngày mở", "Counts as open from"), CLUSTER_OPENED),
        "closed_day": (
            day("closed_day", "Ngày đóng", "Counts as closed from", planned=True),
            CLUSTER_CLOSED,
        ),
    },
    checks=CLUSTER_CHECKS,
    rollups=(
        _clusters("clusters_opened", on="opened_day"),
        _clusters("clusters_closed", on="closed_day"),
    ),
    lag_days=2,
)

TRACING = Contract(
    platform="tracing",
    vi="Truy vết",
    en="Contact tracing",
    kinds=(CASE_KIND, CONTACT_KIND, EXPOSURE_PLACE_KIND, CLUSTER_KIND),
)
