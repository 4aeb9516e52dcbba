"""Health declarations (khai báo y tế): who declared what, who was called back, who sampled. Pure.

A person's journey is kept as the codes of the wards visited, nothing else of it.
"""

import polars as pl

from data_access.contracts.declare import code, codes, instant, key, text
from data_access.contracts.model import (
    Check,
    Contract,
    RecordKind,
    RollUp,
    Severity,
    local_day,
)
from data_access.contracts.quarantine import SYMPTOM, TEST_RESULT
from data_access.contracts.rules import (
    as_count,
    delay_bin,
    district,
    person_checks,
    province,
    within_hours,
)

CALLED_WITHIN_HOURS = 24
SAMPLED_WITHIN_HOURS = 48
LONGEST_TRAVEL_CHARACTERS = 20_000

CHANNEL = {
    "web": ("Trang tokhaiyte.vn", "Web form"),
    "vhd": ("Vietnam Health Declaration", "Vietnam Health Declaration app"),
    "ncovi": ("NCOVI", "NCOVI app"),
    "bluezone": ("Bluezone", "Bluezone app"),
    "pccovid": ("PC-Covid", "PC-Covid app"),
    "staff": ("Cán bộ khai hộ", "Staff on behalf"),
    "paper": ("Tờ khai giấy", "Paper form"),
}
DECLARATION_KIND = {
    "toan_dan": ("Toàn dân", "General"),
    "noi_dia": ("Di chuyển nội địa", "Domestic travel"),
    "nhap_canh": ("Nhập cảnh", "Entry from abroad"),
    "vao_ra": ("Vào, ra địa điểm", "At a checkpoint"),
    "cach_ly_hang_ngay": ("Hằng ngày khi cách ly", "Daily in quarantine"),
}
DECLARED_BY = {"self": ("Tự khai", "Self"), "proxy": ("Khai hộ", "Proxy")}
EXPOSURE = {
    "tiep_xuc_F0": ("Tiếp xúc F0", "Contact with a confirmed case"),
    "tu_vung_dich": ("Từ vùng dịch", "From an epidemic area"),
    "tiep_xuc_nguoi_co_trieu_chung": (
        "Tiếp xúc người có triệu chứng",
        "Contact with someone who has symptoms",
    ),
}
RISK = {
    "none": ("Không", "None"),
    "watch": ("Theo dõi", "Watch"),
    "urgent": ("Khẩn", "Urgent"),
}
FOLLOW_UP = {
    "new": ("Mới", "New"),
    "called": ("Đã gọi", "Called"),
    "verified": ("Đã xác minh", "Verified"),
    "sent_to_test": ("Chuyển lấy mẫu", "Sent to be tested"),
    "closed": ("Đã đóng", "Closed"),
    "unreachable": ("Không liên lạc được", "Unreachable"),
}
_REACHED = ("called", "verified", "sent_to_test", "closed")

_symptoms = pl.col("symptoms_14d").str.len_chars().fill_null(0) > 0
_exposed = pl.col("exposure_14d").str.len_chars().fill_null(0) > 0
_met_case = pl.col("exposure_14d").str.contains("tiep_xuc_F0", literal=True).fill_null(value=False)
_breathless = pl.col("symptoms_14d").str.contains("kho_tho", literal=True).fill_null(value=False)
RISK_RULE = pl.coalesce(
    "risk_flag",
    "risk",
    pl.when(_met_case | _breathless | (_symptoms & _exposed))
    .then(pl.lit("urgent"))
    .when(_symptoms | _exposed)
    .then(pl.lit("watch"))
    .otherwise(pl.lit("none")),
)
"""The risk a platform gives (`risk_flag`, or `risk` as in our exports), else ours. Urgent: contact
with a case, or shortness of breath, or any symptom together with any exposure. Watch: a symptom or
an exposure. None: neither."""

WARDS_VISITED = (
    pl.coalesce("travel_14d", "travel_wards")
    .str.extract_all(r"\b\d{5}\b")
    .list.unique()
    .list.sort()
    .list.join("|")
)
"""The ward codes (5 digits) that a journey names, whatever it is written in."""
CALLED_AT = pl.coalesce(
    "called_at", pl.when(pl.col("followup_status").is_in(_REACHED)).then(pl.col("followup_at"))
)
_flagged = pl.col("risk").is_in(["watch", "urgent"])
_declared = pl.col("declared_at")
_sampled = pl.col("sampled_at").is_not_null()

DECLARATION_FIELDS = (
    key("declaration_id", "Mã tờ khai", "Declaration"),
    instant("declared_at", "Thời điểm khai", "Declared at", required=True),
    instant("received_at", "Thời điểm nhận", "Received at"),
    code("channel", "Kênh khai báo", "Channel", labels=CHANNEL, aliases={"pc-covid": "pccovid"}),
    code("kind", "Loại tờ khai", "Kind of declaration", labels=DECLARATION_KIND),
    code("declared_by", "Người khai", "Declared by", labels=DECLARED_BY),
    codes("symptoms_14d", "Triệu chứng trong 14 ngày", "Symptoms in 14 days", labels=SYMPTOM),
    codes("exposure_14d", "Phơi nhiễm trong 14 ngày", "Exposure in 14 days", labels=EXPOSURE),
    text("travel_14d", "Nơi đã đến trong 14 ngày", "Journey in 14 days, with ward codes",
         personal=True, max_length=LONGEST_TRAVEL_CHARACTERS),
    code("risk_flag", "Mức nguy cơ do nền tảng gán", "Risk as delivered", labels=RISK),
    code("followup_status", "Tình trạng theo dõi", "Follow-up", labels=FOLLOW_UP),
    instant("followup_at", "Thời điểm theo dõi", "Followed up at"),
    instant("called_at", "Thời điểm gọi lại", "Called back at"),
    instant("sampled_at", "Thời điểm lấy mẫu", "Sampled at"),
    code("test_result", "Kết quả xét nghiệm", "Result of the test", labels=TEST_RESULT),
)  # fmt: skip


def _before_declared(name: str, *, vi: str, en: str, severity: Severity = Severity.REJECT) -> Check:
    return Check(
        key=f"{name.removesuffix('_at')}_before_declared",
        broken=pl.col(name) < _declared,
        field=name,
        vi=vi,
        en=en,
        severity=severity,
    )


DECLARATION_CHECKS = (
    _before_declared("received_at", vi="Nhận trước khi khai", en="Received before it was declared"),
    _before_declared(
        "followup_at", vi="Theo dõi trước khi khai", en="Followed up before it was declared"
    ),
    _before_declared("called_at", vi="Gọi lại trước khi khai", en="Called before it was declared"),
    _before_declared(
        "sampled_at",
        vi="Lấy mẫu trước khi khai",
        en="Sampled before it was declared",
        severity=Severity.FLAG,
    ),
    Check(
        key="followup_without_time",
        broken=pl.col("followup_status").is_in([*_REACHED, "unreachable"])
        & pl.col("followup_at").is_null()
        & pl.col("called_at").is_null(),
        field="followup_at",
        vi="Đã theo dõi nhưng không có thời điểm",
        en="Followed up, but the moment is missing",
        severity=Severity.FLAG,
    ),
    Check(
        key="risk_understated",
        broken=(pl.col("risk_flag") == "none") & (_symptoms | _exposed),
        field="risk_flag",
        vi="Nền tảng gán không nguy cơ dù có triệu chứng hoặc phơi nhiễm",
        en="Delivered without risk although symptoms or exposure were declared",
        severity=Severity.FLAG,
    ),
    *person_checks(local_day("declared_at")),
)


def _declarations(measure: str, holds: pl.Expr, *, among: pl.Expr = _flagged) -> RollUp:
    """Return how many hold among the flagged ones, dated by the day of declaring."""
    return RollUp(
        measure=measure,
        day="declared_at",
        value=as_count(holds),
        where=among,
        # One that is not flagged adds a zero, which needs no code of its own.
        dimensions={"risk": pl.when(_flagged).then(pl.col("risk")).otherwise(pl.lit("watch"))},
        grains=(province("risk"), district()),
    )


def _symptom(name: str) -> RollUp:
    has_it = pl.col("symptoms_14d").fill_null("").str.split("|").list.contains(name)
    return RollUp(
        measure="declarations_symptoms",
        day="declared_at",
        value=as_count(has_it),
        dimensions={"symptom": pl.lit(name)},
        grains=(province("symptom"),),
    )


DECLARATION_ROLLUPS = (
    RollUp(
        measure="declarations",
        day="declared_at",
        dimensions={"kind": pl.col("kind"), "channel": pl.col("channel")},
        grains=(province("kind"), province("channel"), district()),
    ),
    RollUp(
        measure="declarations_symptomatic",
        day="declared_at",
        value=as_count(_symptoms),
        dimensions={"kind": pl.col("kind")},
        grains=(province("kind"), district()),
    ),
    *(_symptom(name) for name in SYMPTOM),
    RollUp(
        measure="declarations_travelled",
        day="declared_at",
        value=as_count(pl.col("travel_wards").str.len_chars() > 0),
        dimensions={"kind": pl.col("kind")},
        grains=(province("kind"), district()),
    ),
    _declarations("declarations_flagged", _flagged, among=pl.lit(value=True)),
    _declarations("declarations_called", CALLED_AT.is_not_null()),
    _declarations(
        "declarations_called_24h",
        within_hours(_declared, CALLED_AT, hours=CALLED_WITHIN_HOURS),
    ),
    _declarations("declarations_unreachable", pl.col("followup_status") == "unreachable"),
    # A platform that does not say who was sampled has no zero to tell.
    _declarations("declarations_sampled", _sampled, among=_flagged & _sampled),
    _declarations(
        "declarations_sampled_48h",
        within_hours(_declared, pl.col("sampled_at"), hours=SAMPLED_WITHIN_HOURS),
        among=_flagged & _sampled,
    ),
    _declarations(
        "declarations_positive",
        pl.col("test_result") == "duong_tinh",
        among=_flagged & pl.col("test_result").is_not_null(),
    ),
    RollUp(
        measure="declaration_call_hours",
        day="declared_at",
        where=_flagged & CALLED_AT.is_not_null(),
        dimensions={"delay": delay_bin(_declared, CALLED_AT)},
        grains=(province("delay"),),
    ),
)

DECLARATIONS = Contract(
    platform="declarations",
    vi="Khai báo y tế",
    en="Health declarations",
    kinds=(
        RecordKind(
            name="declaration",
            key="declaration_id",
            vi="Tờ khai y tế",
            en="Health declaration",
            fields=DECLARATION_FIELDS,
            derived={
                "risk": (code("risk", "Mức nguy cơ", "Risk", labels=RISK), RISK_RULE),
                "travel_wards": (
                    text("travel_wards", "Các xã/phường đã đến", "Wards visited",
                         max_length=LONGEST_TRAVEL_CHARACTERS),
                    WARDS_VISITED,
                ),
            },
            checks=DECLARATION_CHECKS,
            rollups=DECLARATION_ROLLUPS,
            has_person=True,
        ),
    ),
)  # fmt: skip
