"""What is compared with what, and what a difference may mean. Pure declarations.

A rule over figures names two sides; a rule over records names what is counted. Nothing is
computed here, and nobody is named: counts by province and day only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from data_access.cube.where import Where


class Relation(StrEnum):
    """How the two sides of a rule ought to stand to each other."""

    EQUAL = "equal"
    AT_MOST = "at_most"
    REPORT = "report"
    SOURCES = "sources"
    AREAS = "areas"
    BREAKDOWN = "breakdown"
    FALLING = "falling"
    MOVEMENT = "movement"
    RECORDS = "records"


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text in the two languages of the screens."""

    vi: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of a comparison.

    Attributes:
        measure: id of the measure; empty where a rule holds for every measure.
        platform: who answers for it; empty: the measure's own.
        where: which codes of its breakdown count.
        apart: which codes count where the source keeps them apart; all count where it does not.
        role: which kind of source speaks: `records`, `table`, `reference` (the people that rates
            are divided by) or any (empty).
    """

    measure: str = ""
    platform: str = ""
    where: Where = ()
    apart: Where = ()
    role: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One declared pair.

    Attributes:
        key: stable name.
        vi: title in Vietnamese.
        en: title in English.
        relation: how the sides ought to stand.
        a: first side.
        b: second side.
        absolute: difference allowed, in units of the measure.
        relative: difference allowed as a ratio of the larger side (0-1); the larger of both holds.
        lag_days: days after the day in question during which nothing is said.
        causes: keys of the likely causes, the first standing where the evidence names none.
        call: whom to call, in both languages.
    """

    key: str
    vi: str
    en: str
    relation: Relation
    a: Side = Side()
    b: Side = Side()
    absolute: float = 0.0
    relative: float = 0.0
    lag_days: int = 0
    causes: tuple[str, ...] = ("unexplained",)
    call: Text


def _is(dimension: str, *codes: str) -> Where:
    return (((dimension, codes),),)


CAUSES: Mapping[str, Text] = MappingProxyType({
    "not_delivered": Text(vi="Một bên chưa gửi số liệu ngày này", en="One side has not delivered this day yet"),
    "zero_for_missing": Text(vi="Nguồn ghi 0 cho mọi tỉnh thay vì để trống", en="The source wrote 0 for every area where it had nothing"),
    "swapped_areas": Text(vi="Số liệu của hai địa phương bị tráo (mã hoặc phiên bản mã sai)", en="The figures of two areas are swapped (wrong code or edition of codes)"),
    "shifted_day": Text(vi="Lệch một ngày", en="Shifted by a day"),
    "samples_as_persons": Text(vi="Đếm mẫu gộp thay cho lượt người", en="Pooled samples counted as persons, or the reverse"),
    "delivered_twice": Text(vi="Gửi hai lần", en="Delivered twice"),
    "decimal_mark": Text(vi="Nhầm dấu thập phân hoặc dấu phân cách hàng nghìn", en="Decimal or thousands mark misread"),
    "outlier": Text(vi="Một con số vượt xa chuỗi của chính nguồn đó (lỗi nhập hoặc truyền)", en="One figure far outside its own series (typing or transmission error)"),
    "two_places": Text(vi="Cùng một sự kiện do hai nguồn ghi", en="The same event recorded by two sources"),
    "reference_missing": Text(vi="Bản ghi được dẫn tới chưa được gửi hoặc mã bị gõ sai", en="What is referred to was never delivered, or its code is mistyped"),
    "identity": Text(vi="Định danh thiếu hoặc sai lệch", en="Identity missing or mismatching"),
    "person_confused": Text(vi="Hai người bị nhập chung một định danh, hoặc ngày bị nhập sai", en="Two people under one identity, or a wrong date"),
    "ledger_error": Text(vi="Sổ kho ghi sai hoặc thiếu dòng", en="A line of the ledger is wrong or missing"),
    "unregistered": Text(vi="Chưa đăng ký trước khi sử dụng", en="Used before it was registered"),
    "not_in_use": Text(vi="Đăng ký nhưng chưa đưa vào sử dụng", en="Registered but never put to use"),
    "capacity": Text(vi="Số giường chưa cập nhật, hoặc quá tải thật", en="Beds not kept up to date, or truly overfull"),
    "denominator": Text(vi="Mẫu số không phải dân số của địa phương hoặc nhóm này", en="The denominator is not the population of this area or group"),
    "typed_wrong": Text(vi="Một con số nhập sai, hoặc người nơi khác được tính vào địa phương này", en="A figure mistyped, or people from elsewhere counted here"),
    "zone_lost": Text(vi="Giờ UTC bị ghi như giờ địa phương", en="UTC written as if it were local time"),
    "revision_unmarked": Text(vi="Nguồn sửa lùi mà không ghi chú", en="The source revised downwards without saying so"),
    "unexplained": Text(vi="Chưa rõ nguyên nhân", en="Unexplained"),
})  # fmt: skip
"""Likely causes by key."""

_LAB = Text(vi="CDC tỉnh (phụ trách xét nghiệm) và phòng xét nghiệm", en="Provincial CDC (testing) and the laboratory")
_CDC = Text(vi="CDC tỉnh, bộ phận truy vết", en="Provincial CDC, tracing")
_STAY = Text(vi="Ban quản lý khu cách ly và Sở Y tế", en="Management of the quarantine facility and the health department")
_DOSE = Text(vi="Sở Y tế, phụ trách tiêm chủng", en="Health department, vaccination")
_PLACE = Text(vi="Sở Thông tin và Truyền thông", en="Department of information and communications")
_HEALTH = Text(vi="Sở Y tế, bộ phận báo cáo", en="Health department, reporting")
_CASE = Text(vi="Trung tâm kiểm soát bệnh tật tỉnh, tổ báo cáo ca bệnh", en="Provincial CDC, case reporting")


def _rule(key: str, vi: str, en: str, relation: Relation, call: Text, **more: object) -> Rule:
    return Rule(key=key, vi=vi, en=en, relation=relation, call=call, **more)  # type: ignore[arg-type]


def _records(key: str, vi: str, en: str, cause: str, call: Text) -> Rule:
    return _rule(key, vi, en, Relation.RECORDS, call, causes=(cause,))


_MOST = Relation.AT_MOST
_ALL = (
    # One event, two platforms
    _rule("positives_and_cases", "Dương tính ở phòng xét nghiệm ↔ ca mắc", "Laboratory positives ↔ cases", Relation.EQUAL, _LAB,
          a=Side(measure="persons_positive", where=_is("method", "RT_PCR"), platform="testing"), b=Side(measure="cases", platform="tracing"),
          absolute=5, relative=0.2, lag_days=2),
    _rule("isolation_and_intake", "Ca mắc đã cách ly ↔ tiếp nhận cách ly F0", "Cases isolated ↔ quarantine intake of F0", Relation.EQUAL, _STAY,
          a=Side(measure="cases_isolated", platform="tracing"),
          b=Side(measure="quarantine_admissions", where=_is("class", "F0"), platform="quarantine"), absolute=2, relative=0.1, lag_days=2),
    _rule("contacts_and_intake", "F1 đã cách ly ↔ tiếp nhận cách ly F1", "F1 quarantined ↔ quarantine intake of F1", Relation.EQUAL, _STAY,
          a=Side(measure="contacts_quarantined", where=_is("class", "F1"), platform="tracing"),
          b=Side(measure="quarantine_admissions", where=_is("class", "F1"), platform="quarantine"), absolute=2, relative=0.1, lag_days=2),
    _rule("doses_and_stock", "Mũi đã tiêm ↔ liều đã dùng trong sổ kho", "Doses given ↔ doses used in the stock ledger", Relation.EQUAL, _DOSE,
          a=Side(measure="doses", platform="vaccination"), b=Side(measure="doses_used", platform="vaccination"), absolute=2, relative=0.02, lag_days=2),
    _rule("doses_and_identity", "Mũi đã tiêm ↔ mũi xác thực định danh", "Doses given ↔ doses with a verified identity", Relation.EQUAL, _DOSE,
          a=Side(measure="doses", platform="vaccination"), b=Side(measure="doses_verified", platform="vaccination"), absolute=5, relative=0.1, lag_days=2,
          causes=("identity",)),
    # One side cannot exceed the other
    _rule("occupied_and_beds", "Đang cách ly tại cơ sở ≤ giường", "Occupied at sites ≤ beds", _MOST, _STAY,
          a=Side(measure="quarantine_occupied", apart=_is("kind", "!nha_o")),
          b=Side(measure="quarantine_beds"), causes=("capacity",), lag_days=1),
    _rule("positives_and_tested", "Dương tính ≤ xét nghiệm", "Positives ≤ tested", _MOST, _LAB, a=Side(measure="persons_positive"),
          b=Side(measure="persons_tested"), lag_days=1),
    _rule("dose_2_and_dose_1", "Mũi 2 ≤ mũi 1 cộng dồn", "Dose 2 ≤ dose 1, cumulative", _MOST, _DOSE,
          a=Side(measure="doses_cumulative", where=_is("dose", "2")), b=Side(measure="doses_cumulative", where=_is("dose", "1")), lag_days=1),
    _rule("flagged_and_declared", "Khai báo nguy cơ ≤ khai báo", "Flagged ≤ declared", _MOST, _HEALTH, a=Side(measure="declarations_flagged"),
          b=Side(measure="declarations"), lag_days=1),
    _rule("first_doses_and_people", "Mũi 1 cộng dồn ≤ dân số", "First doses, cumulative ≤ population", _MOST, _DOSE,
          a=Side(measure="doses_cumulative", where=_is("dose", "1")), b=Side(measure="population", role="reference"), causes=("typed_wrong",), lag_days=1),
    _rule("deaths_and_cases", "Tử vong ≤ ca mắc, cộng dồn", "Deaths ≤ cases, cumulative", _MOST, _CASE, a=Side(measure="deaths_cumulative"),
          b=Side(measure="cases_cumulative"), lag_days=1),
    # The same measure, twice
    _rule("platform_and_report", "Bản ghi nền tảng ↔ báo cáo tỉnh", "Platform records ↔ provincial report", Relation.REPORT, _HEALTH,
          a=Side(role="records"), b=Side(role="table"), absolute=2, relative=0.05, lag_days=1),
    _rule("sources_differ", "Hai nguồn cùng báo một số liệu", "Two sources of the same figure", Relation.SOURCES, _HEALTH,
          a=Side(role="table"), b=Side(role="table")),
    _rule("population_stated", "Dân số do nguồn báo cáo ↔ dân số dùng làm mẫu số", "Population a source states ↔ population rates are divided by",
          Relation.EQUAL, _HEALTH, a=Side(measure="population", role="table"), b=Side(measure="population", role="reference"), relative=0.1,
          causes=("denominator",), lag_days=1),
    _rule("areas_sum", "Tổng các địa phương ↔ tổng được báo cáo", "Sum of the areas ↔ reported total", Relation.AREAS, _HEALTH),
    _rule("breakdown_sum", "Tổng các nhóm ↔ tổng được báo cáo", "Sum of the groups ↔ reported total", Relation.BREAKDOWN, _HEALTH),
    _rule("cumulative_falls", "Số cộng dồn giảm mà không có đính chính", "A running total falls without a correction", Relation.FALLING, _HEALTH,
          causes=("revision_unmarked",)),
    _rule("stock_and_flow", "Thay đổi tồn ↔ vào trừ ra", "Change of a stock ↔ in less out", Relation.MOVEMENT, _HEALTH),
    # Records that point nowhere
    _records("contact_case_unknown", "Người tiếp xúc của ca không có", "Contacts of unknown cases", "reference_missing", _CDC),
    _records("exposure_case_unknown", "Mốc dịch tễ của ca không có", "Exposures of unknown cases", "reference_missing", _CDC),
    _records("retest_pool_unknown", "Mẫu lấy lại của mẫu gộp không có", "Retests of unknown pools", "reference_missing", _LAB),
    _records("member_sample_unknown", "Người trong mẫu gộp không có", "Members of unknown samples", "reference_missing", _LAB),
    _records("sample_laboratory_unknown", "Mẫu ở phòng xét nghiệm chưa đăng ký", "Samples at unregistered laboratories", "unregistered", _LAB),
    _records("stay_facility_unknown", "Cách ly tại cơ sở chưa đăng ký", "Stays at unregistered facilities", "unregistered", _STAY),
    _records("check_stay_unknown", "Theo dõi của lượt cách ly không có", "Daily checks of unknown stays", "reference_missing", _STAY),
    _records("scan_place_unknown", "Quét mã tại điểm chưa đăng ký", "Scans at unregistered places", "unregistered", _PLACE),
    _records("place_never_used", "Điểm QR đăng ký nhưng chưa từng quét", "Registered places never scanned", "not_in_use", _PLACE),
    _records("dose_site_unknown", "Tiêm tại điểm chưa đăng ký", "Doses at unregistered sites", "unregistered", _DOSE),
    # Records that cannot both be true
    _records("two_doses_one_day", "Một người tiêm hai mũi khác nhau trong một ngày", "Two different doses of one person on one day", "person_confused", _DOSE),
    _records("dose_2_without_1", "Mũi 2 mà không có mũi 1", "Dose 2 without dose 1", "identity", _DOSE),
    _records("dose_2_too_early", "Mũi 2 sớm hơn khoảng cách tối thiểu", "Dose 2 before the shortest interval", "person_confused", _DOSE),
    _records("dose_2_other_product", "Mũi 2 khác loại vắc xin mũi 1, ngoài AstraZeneca rồi Pfizer hoặc Moderna",
             "Dose 2 of another product, and not AstraZeneca followed by Pfizer or Moderna", "person_confused", _DOSE),
    _records("stock_unbalanced", "Sổ kho không cân", "Stock ledger does not balance", "ledger_error", _DOSE),
    _records("declared_in_utc", "Khai sớm hơn lúc nhận đúng bằng chênh lệch múi giờ", "Declared as long before receipt as the time zone is off",
             "zone_lost", _HEALTH),
    _records("sampled_after_death", "Lấy mẫu sau khi đã tử vong", "Sampled after death", "person_confused", _LAB),
    # The same event twice
    _records("duplicate_dose", "Mũi tiêm trùng", "Duplicate doses", "delivered_twice", _DOSE),
    _records("duplicate_sample", "Mẫu xét nghiệm trùng", "Duplicate samples", "delivered_twice", _LAB),
    _records("duplicate_declaration", "Tờ khai trùng", "Duplicate declarations", "delivered_twice", _HEALTH),
    _records("duplicate_case", "Ca bệnh trùng", "Duplicate cases", "delivered_twice", _CASE),
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.key: rule for rule in _ALL})
"""Rules by key."""
