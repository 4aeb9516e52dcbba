"""The faults there are: one declaration each. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from simulations.faults.model import NOTHING, Fault, How
from simulations.feeds.model import SENT

AFTER_MERGER = {"49": "48", "74": "79", "77": "79", "30": "31", "35": "37", "36": "37"}
"""Province of the edition of 63 → the code it bears since July 2025."""

_c = pl.col
_later = {"version": pl.lit(1, dtype=pl.Int64), SENT: _c(SENT) + pl.duration(hours=6)}
# What is refused must not be missed elsewhere: a first dose would be, and so would a pool.
_second = _c("dose_no") == "2"
_single = (_c("method") == "RT_PCR") & (_c("pool_kind") == "don")

_has_cccd = _c("id_no").str.len_chars() == 12  # noqa: PLR2004 - digits of a CCCD
_none = pl.lit(None, dtype=pl.String)
# Long enough ago for somebody to have come by, and later than the day of the other places.
_registered = _c("registered_at") + pl.duration(days=106)


def _again(key: str, suffix: str) -> pl.Expr:
    return _c(key) + f"-{suffix}"


_ALL = (
    # One value that cannot be read
    Fault(key="text_in_number", vi="Chữ trong ô số", en="Text in a number", platform="testing",
          kind="sample", where=_c("ct_value").is_not_null(), change={"ct_value": pl.lit("cao")},
          expected="reject:not_a_number"),
    Fault(key="out_of_range", vi="Số ngoài khoảng cho phép", en="Number out of range",
          platform="testing", kind="sample", where=_c("ct_value").is_not_null(),
          change={"ct_value": pl.lit(99.0)}, expected="reject:out_of_range"),
    Fault(key="mandatory_missing", vi="Thiếu trường bắt buộc", en="Mandatory field missing",
          platform="vaccination", kind="dose",
          where=_second,
          change={"vaccinated_at": pl.lit(None, dtype=pl.Datetime("us", "UTC"))},
          expected="reject:required"),
    Fault(key="code_unknown", vi="Mã ngoài danh mục", en="Unknown code", platform="vaccination",
          kind="dose", where=_second, change={"vaccine_code": pl.lit("QQ")},
          expected="reject:unknown_code"),
    Fault(key="decimal_comma", vi="Dấu phẩy thập phân", en="Decimal comma", platform="quarantine",
          kind="daily_check", where=_c("temp_c").is_not_null(),
          change={"temp_c": _c("temp_c").cast(pl.String).str.replace(".", ",", literal=True)},
          expected="ledger:new"),
    # Moments
    Fault(key="order_impossible", vi="Có kết quả trước khi lấy mẫu",
          en="Resulted before it was collected", platform="testing", kind="sample",
          where=_single & _c("resulted_at").is_not_null(),
          change={"resulted_at": _c("collected_at") - pl.duration(hours=2)},
          expected="reject:out_of_order_resulted_at"),
    Fault(key="future", vi="Thời điểm trong tương lai", en="A moment in the future",
          platform="quarantine", kind="breach",
          change={"ts": _c("ts") + pl.duration(days=400)}, expected="reject:in_future"),
    Fault(key="zone_lost", vi="Lấy giờ UTC làm giờ Việt Nam", en="UTC taken for local time",
          platform="declarations", kind="declaration",
          change={"declared_at": _c("declared_at") - pl.duration(hours=7)},
          expected="rule:declared_in_utc"),
    # Places
    Fault(key="code_after_merger", vi="Mã tỉnh sau sáp nhập", en="Province code after the merger",
          platform="tracing", kind="exposure_place",
          where=_c("province_code").is_in(list(AFTER_MERGER)) & _c("district_code").is_not_null(),
          change={"province_code": _c("province_code").replace(AFTER_MERGER)},
          expected="reject:district_not_in_province"),
    Fault(key="merger_no_district", vi="Mã tỉnh sau sáp nhập, không có huyện",
          en="Province code after the merger, no district", platform="declarations",
          kind="declaration", where=_c("province_code").is_in(list(AFTER_MERGER)),
          change={"province_code": _c("province_code").replace(AFTER_MERGER),
                  "district_code": pl.lit(None, dtype=pl.String)},
          expected=NOTHING),
    # People
    Fault(key="id_year", vi="Năm sinh không khớp CCCD", en="Birth year not that of the CCCD",
          platform="checkpoints", kind="scan",
          where=_has_cccd,
          change={"birth_date": _c("birth_date").dt.offset_by("-7y")}, expected="status:mismatch"),
    Fault(key="id_province", vi="Mã tỉnh trong CCCD không có", en="CCCD of no province",
          platform="checkpoints", kind="scan", where=_has_cccd,
          change={"id_no": pl.lit("005") + _c("id_no").str.slice(3)}, expected="status:mismatch"),
    Fault(key="id_sex", vi="Giới tính không khớp CCCD", en="Sex not that of the CCCD",
          platform="checkpoints", kind="scan", where=_has_cccd & _c("sex").is_in(["nam", "nu"]),
          change={"sex": pl.when(_c("sex") == "nam").then(pl.lit("nu")).otherwise(pl.lit("nam"))},
          expected="status:mismatch"),
    Fault(key="pool_as_case", vi="Mẫu gộp dương tính tính thành ca",
          en="Positive pool counted as a case", platform="tracing", kind="case", how=How.ADD,
          change={"case_id": _again("case_id", "GOP"),
                  **dict.fromkeys(("full_name", "id_no", "insurance_no", "phone", "sex"), _none),
                  "birth_date": pl.lit(None, dtype=pl.Date)},
          most=1, expected="status:missing"),
    Fault(key="cmnd_and_cccd", vi="Một người khai bằng CMND và CCCD",
          en="One person under CMND and CCCD", platform="tracing", kind="case", how=How.ADD,
          change={"id_no": _c("id_no").str.tail(9), "insurance_no": pl.lit(None, dtype=pl.String),
                  "case_id": _again("case_id", "CM")}, most=1, expected=NOTHING),
    # States
    Fault(key="sent_twice", vi="Gửi hai lần", en="Sent twice", platform="checkpoints",
          kind="scan", how=How.ADD, change={SENT: _later[SENT]}, most=20,
          expected="ledger:unchanged"),
    Fault(key="correction", vi="Đính chính", en="Correction", platform="declarations",
          kind="declaration", how=How.ADD,
          change={"channel": pl.when(_c("channel") == "ncovi").then(pl.lit("bluezone"))
                  .otherwise(pl.lit("ncovi")), **_later}, expected="ledger:updated"),
    Fault(key="retraction", vi="Rút bản ghi", en="Retraction", platform="declarations",
          kind="declaration", how=How.ADD, change={"deleted": pl.lit(value=True), **_later},
          expected="ledger:updated"),
    # Records that point nowhere
    Fault(key="contact_without_case", vi="F1 không có F0", en="Contact without a case",
          platform="tracing", kind="contact", change={"index_case_id": pl.lit("BN-KHONG-CO")},
          expected="rule:contact_case_unknown"),
    Fault(key="stay_unregistered", vi="Cách ly tại cơ sở chưa đăng ký",
          en="Stay at an unregistered facility", platform="quarantine", kind="stay",
          where=_c("facility_id").is_not_null(), change={"facility_id": pl.lit("CL-KHONG-CO")},
          expected="rule:stay_facility_unknown"),
    Fault(key="scan_unregistered", vi="Quét mã tại điểm chưa đăng ký",
          en="Scan at an unregistered place", platform="checkpoints", kind="scan",
          change={"place_code": pl.lit("QR-KHONG-CO")}, expected="rule:scan_place_unknown"),
    Fault(key="sample_unregistered", vi="Mẫu ở phòng xét nghiệm chưa đăng ký",
          en="Sample at an unregistered laboratory", platform="testing", kind="sample",
          where=_c("lab_code").is_not_null(), change={"lab_code": pl.lit("XN-KHONG-CO")},
          expected="rule:sample_laboratory_unknown"),
    Fault(key="dose_unregistered", vi="Tiêm tại điểm chưa đăng ký",
          en="Dose at an unregistered site", platform="vaccination", kind="dose",
          change={"site_code": pl.lit("DT-KHONG-CO")}, expected="rule:dose_site_unknown"),
    Fault(key="place_unused", vi="Điểm QR đăng ký nhưng không dùng",
          en="QR place registered and never used", platform="checkpoints", kind="place",
          how=How.ADD, where=_c("registered_at").is_not_null(),
          change={"place_code": _again("place_code", "KD"), "registered_at": _registered,
                  "status_since": _registered},
          expected="rule:place_never_used"),
    # Platforms that contradict each other or themselves
    Fault(key="dose_again", vi="Mũi tiêm trùng dưới mã khác", en="Dose again under a new key",
          platform="vaccination", kind="dose", how=How.ADD, most=1,
          change={"dose_event_id": _again("dose_event_id", "L2")},
          expected="rule:duplicate_dose"),
    Fault(key="stock_unbalanced", vi="Sổ kho không cân", en="Stock ledger out of balance",
          platform="vaccination", kind="stock", change={"closing": _c("closing") + 7},
          expected="flag:stock_not_balanced; rule:stock_unbalanced"),
    Fault(key="case_without_sample", vi="Ca mắc không có mẫu dương tính",
          en="Cases without a positive sample", platform="testing", kind="sample", how=How.DROP,
          where=_single & (_c("result") == "duong_tinh"), whole=True,
          expected="rule:positives_and_cases"),
    Fault(key="stock_without_dose", vi="Liều đã dùng không có mũi tiêm",
          en="Doses used that nobody was given", platform="vaccination", kind="dose",
          how=How.DROP, whole=True, expected="rule:doses_and_stock"),
)  # fmt: skip

FAULTS: Mapping[str, Fault] = MappingProxyType({fault.key: fault for fault in _ALL})
"""Faults by key, in the order in which they are laid."""
ALL = tuple(FAULTS)
WHY_UNSEEN: Mapping[str, str] = MappingProxyType({
    "merger_no_district": "the codes of 2025 were in use before: without a district the row is "
                          "that of another province, whole and in order",
    "cmnd_and_cccd": "the two pseudonyms meet only in the links between a person's identifiers, "
                     "which are not read for every case of the nation",
})  # fmt: skip
"""Why nothing notices a fault of which NOTHING is expected."""
