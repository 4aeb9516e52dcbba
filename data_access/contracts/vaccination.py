"""Vaccination platform (tiêm chủng): doses, the stock ledger of the sites, and the sites. Pure.

What completes a course depends on the product: one dose of Janssen, three of Abdala, else two.
"""

from datetime import date

import polars as pl

from data_access.codes import Level
from data_access.contracts.declare import code, count, day, instant, key, text
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
from data_access.contracts.rules import as_count, delay_bin

CAMPAIGN_START = date(2021, 3, 8)
"""First COVID-19 dose given in Vietnam."""
OBSERVATION_MINUTES = 30
OLDEST_AGE = 120
YOUNGEST_LICENSED_AGE = 5

DOSE = {
    "1": ("Mũi 1", "Dose 1"),
    "2": ("Mũi 2", "Dose 2"),
    "3": ("Mũi 3 (Abdala)", "Dose 3 (Abdala)"),
    "bo_sung": ("Mũi bổ sung", "Additional dose"),
    "nhac_1": ("Mũi nhắc lần 1", "First booster"),
    "nhac_2": ("Mũi nhắc lần 2", "Second booster"),
}
PRODUCT = {
    "AZ": ("AstraZeneca", "AstraZeneca"),
    "PF": ("Pfizer Comirnaty", "Pfizer Comirnaty"),
    "MD": ("Moderna Spikevax", "Moderna Spikevax"),
    "VC": ("Sinopharm Vero Cell", "Sinopharm Vero Cell"),
    "SV": ("Sputnik V", "Sputnik V"),
    "JJ": ("Janssen", "Janssen"),
    "HV": ("Hayat-Vax", "Hayat-Vax"),
    "AB": ("Abdala", "Abdala"),
}
PRIMARY_DOSES = {"AZ": 2, "PF": 2, "MD": 2, "VC": 2, "SV": 2, "JJ": 1, "HV": 2, "AB": 3}
"""Doses of the primary course of each product."""
MINIMUM_DAYS = {"AZ": 28, "PF": 21, "MD": 28, "VC": 21, "SV": 21, "HV": 21, "AB": 14}
"""Shortest time (days) from one primary dose to the next, by the product of the earlier one.
AstraZeneca: 8 to 12 weeks as recommended, shortened to 4 in places; the shortest is the limit."""
LONGEST_DAYS = {"AZ": 84, "PF": 28, "MD": 28, "VC": 28, "SV": 21, "HV": 28}
"""Longest time (days) recommended from the first to the second dose; after it a second is late."""
MIXES_ALLOWED = {("AZ", "PF"), ("AZ", "MD")}
"""(earlier, later) products of one primary course that may differ, since July 2021."""
NEAR_EXPIRY_DAYS = 30

PRODUCT_ALIASES = {
    "astrazeneca": "AZ",
    "pfizer": "PF",
    "comirnaty": "PF",
    "moderna": "MD",
    "spikevax": "MD",
    "vero cell": "VC",
    "verocell": "VC",
    "sinopharm": "VC",
    "sputnik v": "SV",
    "janssen": "JJ",
    "hayat-vax": "HV",
    "hayat vax": "HV",
    "abdala": "AB",
}
PRIORITY_GROUP = {
    **{str(n): (f"Nhóm {n}", f"Group {n}") for n in range(1, 17)},
    "khac": ("Nhóm khác", "Other group"),
}
"""The 16 groups of Decision 3355/QĐ-BYT (8 July 2021), by number."""
AGE_GROUP = {
    "0-4": ("0–4 tuổi", "Aged 0–4"),
    "5-11": ("5–11 tuổi", "Aged 5–11"),
    "12-17": ("12–17 tuổi", "Aged 12–17"),
    "18-49": ("18–49 tuổi", "Aged 18–49"),
    "50-64": ("50–64 tuổi", "Aged 50–64"),
    "65+": ("Từ 65 tuổi", "Aged 65 and over"),
}
_BAND_STARTS = (0, 5, 12, 18, 50, 65)
SCREENING = {
    "du_dk": ("Đủ điều kiện", "Eligible"),
    "tri_hoan": ("Trì hoãn", "Postponed"),
    "chong_chi_dinh": ("Chống chỉ định", "Contraindicated"),
}
AEFI = {"none": ("Không", "None"), "nhe": ("Nhẹ", "Mild"), "nang": ("Nặng", "Severe")}
CERTIFICATE = {
    "chua": ("Chưa cấp", "Not issued"),
    "vang": ("Thẻ vàng (1 mũi)", "Yellow (1 dose)"),
    "xanh": ("Thẻ xanh (đủ mũi)", "Green (complete)"),
}
SITE_KIND = {
    "co_dinh": ("Cố định", "Fixed"),
    "luu_dong": ("Lưu động", "Mobile"),
    "benh_vien": ("Bệnh viện", "Hospital"),
    "khac": ("Khác", "Other"),
}

_dose, _product = pl.col("dose_no"), pl.col("vaccine_code")
_given = local_day("vaccinated_at")
COMPLETES_COURSE = (
    pl.when(_product == "JJ").then(_dose == "1").when(_product == "AB").then(_dose == "3")
).otherwise(_dose == "2")


def age_at(on: pl.Expr) -> pl.Expr:
    """Return the age in whole years (Int64) on a day: from birth_date, else the age delivered."""
    born = pl.col("birth_date")
    before_month = on.dt.month() < born.dt.month()
    not_yet = before_month | ((on.dt.month() == born.dt.month()) & (on.dt.day() < born.dt.day()))
    years = on.dt.year().cast(pl.Int64) - born.dt.year() - not_yet.cast(pl.Int64)
    return pl.coalesce(years, pl.col("age"))


def age_group(age: pl.Expr) -> pl.Expr:
    """Return the age band (String) of an age in years; null where the age is not known."""
    band = pl.lit(None, dtype=pl.String)
    for lowest, name in zip(_BAND_STARTS, AGE_GROUP, strict=True):
        band = pl.when(age >= lowest).then(pl.lit(name)).otherwise(band)
    return band


VACCINE_CODE = code(
    "vaccine_code", "Vắc xin", "Vaccine", labels=PRODUCT, required=True, aliases=PRODUCT_ALIASES
)
DOSE_FIELDS = (
    key("dose_event_id", "Mã lượt tiêm", "Dose event"),
    code("dose_no", "Mũi số", "Dose number", labels=DOSE, required=True),
    VACCINE_CODE,
    text("lot_no", "Số lô", "Lot number", max_length=40),
    day("expiry", "Hạn dùng", "Expiry date", planned=True),
    text("site_code", "Mã điểm tiêm", "Vaccination site", max_length=40),
    instant("vaccinated_at", "Thời điểm tiêm", "Vaccinated at", required=True),
    day("previous_on", "Ngày tiêm mũi trước", "Previous dose given on"),
    code("previous_code", "Vắc xin mũi trước", "Product of the previous dose", labels=PRODUCT,
         aliases=PRODUCT_ALIASES),
    instant("recorded_at", "Thời điểm nhập", "Recorded at"),
    text("vaccinator", "Người tiêm", "Vaccinator", personal=True),
    code("priority_group", "Nhóm ưu tiên", "Priority group", labels=PRIORITY_GROUP),
    code("screening", "Khám sàng lọc", "Screening", labels=SCREENING),
    count("observed_minutes", "Số phút theo dõi", "Minutes observed", unit="minute", maximum=1440),
    code("aefi", "Phản ứng sau tiêm", "Adverse event", labels=AEFI),
    code("certificate_status", "Chứng nhận", "Certificate", labels=CERTIFICATE),
    Field(name="age", kind=Kind.INTEGER, vi="Tuổi", en="Age when no date of birth is known",
          minimum=0, maximum=OLDEST_AGE, unit="year", personal=True),
)  # fmt: skip

_earlier = pl.coalesce("previous_code", "vaccine_code")
_is_later_primary = _dose.is_in(["2", "3"])
_least_days = _earlier.replace_strict(
    list(MINIMUM_DAYS), list(MINIMUM_DAYS.values()), default=None, return_dtype=pl.Int64
)
_is_mix_allowed = pl.any_horizontal(
    (pl.col("previous_code") == earlier) & (_product == later)
    for earlier, later in sorted(MIXES_ALLOWED)
)

# What a row says of the dose before it; doses in other rows are compared by reconciliation.
PREVIOUS_DOSE_CHECKS = (
    Check(
        key="previous_dose_later",
        broken=pl.col("previous_on") > _given,
        field="previous_on",
        vi="Mũi trước sau mũi này",
        en="The previous dose lies after this one",
    ),
    Check(
        key="two_doses_one_day",
        broken=pl.col("previous_on") == _given,
        field="previous_on",
        vi="Hai mũi trong một ngày",
        en="Two doses on one day",
        severity=Severity.FLAG,
    ),
    Check(
        key="dose_too_early",
        broken=_is_later_primary
        & ((_given - pl.col("previous_on")).dt.total_days() > 0)
        & ((_given - pl.col("previous_on")).dt.total_days() < _least_days),
        field="previous_on",
        vi="Tiêm sớm hơn khoảng cách tối thiểu của loại vắc xin",
        en="Given before the product's shortest interval had passed",
        severity=Severity.FLAG,
    ),
    Check(
        key="mixed_products",
        broken=_is_later_primary & (pl.col("previous_code") != _product) & ~_is_mix_allowed,
        field="previous_code",
        vi="Mũi trước của loại vắc xin khác, ngoài AstraZeneca rồi Pfizer hoặc Moderna",
        en="Another product before, and not AstraZeneca followed by Pfizer or Moderna",
        severity=Severity.FLAG,
    ),
    Check(
        key="previous_of_first",
        broken=(_dose == "1")
        & (pl.col("previous_on").is_not_null() | pl.col("previous_code").is_not_null()),
        field="previous_on",
        vi="Mũi 1 nhưng có mũi trước",
        en="A first dose with a dose before it",
        severity=Severity.FLAG,
    ),
)

DOSE_CHECKS = (
    *PREVIOUS_DOSE_CHECKS,
    Check(
        key="before_campaign",
        broken=_given < CAMPAIGN_START,
        field="vaccinated_at",
        vi="Tiêm trước ngày bắt đầu chiến dịch 08/03/2021",
        en="Vaccinated before the campaign began on 2021-03-08",
    ),
    Check(
        key="recorded_before_vaccinated",
        broken=pl.col("recorded_at") < pl.col("vaccinated_at"),
        field="recorded_at",
        vi="Thời điểm nhập trước thời điểm tiêm",
        en="Recorded before the dose was given",
    ),
    Check(
        key="dose_not_possible",
        broken=((_dose == "3") & (_product != "AB")) | ((_dose == "2") & (_product == "JJ")),
        field="dose_no",
        vi="Loại vắc xin này không có mũi đó trong liệu trình cơ bản",
        en="The primary course of this vaccine has no such dose",
    ),
    Check(
        key="born_after_dose",
        broken=pl.col("birth_date") > _given,
        field="birth_date",
        vi="Ngày sinh sau ngày tiêm",
        en="Born after the dose was given",
    ),
    Check(
        key="too_old",
        broken=age_at(_given) > OLDEST_AGE,
        field="birth_date",
        vi="Trên 120 tuổi khi tiêm",
        en="Older than 120 years when vaccinated",
    ),
    Check(
        key="below_licensed_age",
        broken=age_at(_given) < YOUNGEST_LICENSED_AGE,
        field="birth_date",
        vi="Dưới 5 tuổi: chưa có vắc xin được cấp phép",
        en="Younger than 5: no vaccine is licensed",
        severity=Severity.FLAG,
    ),
    Check(
        key="expired_lot",
        broken=pl.col("expiry") < _given,
        field="expiry",
        vi="Lô vắc xin đã hết hạn vào ngày tiêm",
        en="The lot had expired on the day of vaccination",
        severity=Severity.FLAG,
    ),
    Check(
        key="not_eligible",
        broken=pl.col("screening").is_in(["tri_hoan", "chong_chi_dinh"]),
        field="screening",
        vi="Vẫn tiêm dù khám sàng lọc không đủ điều kiện",
        en="Vaccinated although screening said not eligible",
        severity=Severity.FLAG,
    ),
    Check(
        key="observed_too_short",
        broken=pl.col("observed_minutes") < OBSERVATION_MINUTES,
        field="observed_minutes",
        vi="Theo dõi sau tiêm dưới 30 phút",
        en="Observed for less than 30 minutes",
        severity=Severity.FLAG,
    ),
)

_PROVINCE = Grain(level=Level.PROVINCE)
_DISTRICT = Grain(level=Level.DISTRICT)


def _province(*cut: str) -> Grain:
    return Grain(level=Level.PROVINCE, cut=cut)


def _district(*cut: str) -> Grain:
    return Grain(level=Level.DISTRICT, cut=cut)


DOSE_ROLLUPS = (
    RollUp(
        measure="doses",
        day="vaccinated_at",
        dimensions={
            "dose": _dose,
            "product": _product,
            "age": pl.col("age_group"),
            "priority_group": pl.col("priority_group"),
        },
        grains=(
            _province("dose", "product"),
            _province("dose", "age"),
            _province("dose", "priority_group"),
            _district("dose"),
        ),
    ),
    RollUp(
        measure="persons_fully_vaccinated",
        day="vaccinated_at",
        value=COMPLETES_COURSE.cast(pl.Int64),
        dimensions={"product": _product, "age": pl.col("age_group")},
        grains=(_province("product"), _province("age"), _DISTRICT),
    ),
    RollUp(
        measure="doses_verified",
        day="vaccinated_at",
        value=(pl.col("identity_status") == "verified").cast(pl.Int64),
        grains=(_PROVINCE, _DISTRICT),
    ),
    RollUp(
        measure="dose_recording_hours",
        day="vaccinated_at",
        where=pl.col("recorded_at").is_not_null(),
        dimensions={"delay": delay_bin(pl.col("vaccinated_at"), pl.col("recorded_at"))},
        grains=(_province("delay"),),
    ),
    RollUp(
        measure="certificates_issued",
        day="vaccinated_at",
        value=as_count(pl.col("certificate_status") != "chua"),
        where=pl.col("certificate_status").is_not_null(),
        grains=(_PROVINCE, _DISTRICT),
    ),
    RollUp(
        measure="adverse_events",
        day="vaccinated_at",
        value=pl.col("aefi").is_in(["nhe", "nang"]).cast(pl.Int64),
        dimensions={"severity": pl.col("aefi")},
        grains=(_province("severity"),),
    ),
)

DOSE_KIND = RecordKind(
    name="dose",
    key="dose_event_id",
    vi="Lượt tiêm",
    en="Dose given",
    fields=DOSE_FIELDS,
    derived={
        "age_group": (
            code("age_group", "Nhóm tuổi khi tiêm", "Age group when vaccinated", labels=AGE_GROUP),
            age_group(age_at(_given)),
        )
    },
    checks=DOSE_CHECKS,
    rollups=DOSE_ROLLUPS,
    has_person=True,
    lag_days=2,
)

STOCK_FIELDS = (
    key("stock_id", "Mã dòng sổ kho", "Ledger line"),
    text("site_code", "Mã điểm tiêm", "Vaccination site", required=True, max_length=40),
    text("lot_no", "Số lô", "Lot number", max_length=40),
    day("expiry", "Hạn dùng", "Expiry date of the lot", planned=True),
    VACCINE_CODE,
    day("ledger_date", "Ngày sổ", "Ledger date", required=True),
    count("opening", "Tồn đầu ngày", "Opening balance", unit="dose"),
    count("received", "Nhận", "Received", unit="dose"),
    count("returned", "Trả lại tuyến trên", "Returned to the upper store", unit="dose"),
    count("transferred_in", "Điều chuyển đến", "Transferred in", unit="dose"),
    count("transferred_out", "Điều chuyển đi", "Transferred out", unit="dose"),
    count("used_doses", "Đã dùng", "Used", unit="dose"),
    count("wasted_open_vial", "Hao hụt lọ đã mở", "Wasted, open vial", unit="dose"),
    count("wasted_closed_vial", "Hao hụt lọ chưa mở", "Wasted, closed vial", unit="dose"),
    count("closing", "Tồn cuối ngày", "Closing balance", unit="dose"),
    Field(name="stock_out", kind=Kind.BOOLEAN, vi="Điểm tiêm hết loại vắc xin này",
          en="The site ran out of this vaccine that day"),
)  # fmt: skip


def _doses(name: str) -> pl.Expr:
    return pl.col(name).fill_null(0)


_EXPECTED_CLOSING = (
    _doses("opening") + _doses("received") + _doses("transferred_in")
    - _doses("transferred_out") - _doses("returned")
    - _doses("used_doses") - _doses("wasted_open_vial") - _doses("wasted_closed_vial")
)  # fmt: skip

STOCK_CHECKS = (
    Check(
        key="stock_before_campaign",
        broken=pl.col("ledger_date") < date(2021, 2, 1),
        field="ledger_date",
        vi="Trước khi lô vắc xin đầu tiên về Việt Nam (02/2021)",
        en="Before the first vaccine reached Vietnam (February 2021)",
    ),
    Check(
        key="stock_not_balanced",
        # Compared only where both ends were written down: a blank is not a zero.
        broken=pl.col("opening").is_not_null() & (pl.col("closing") != _EXPECTED_CLOSING),
        field="closing",
        vi="Tồn cuối không bằng tồn đầu + nhận + đến - đi - trả - dùng - hao hụt",
        en="Closing is not opening + received + in - out - returned - used - wasted",
        severity=Severity.FLAG,
    ),
    Check(
        key="stock_negative",
        broken=pl.col("opening").is_not_null() & (_EXPECTED_CLOSING < 0),
        field="used_doses",
        vi="Xuất nhiều hơn số đang có",
        en="More went out than there was",
        severity=Severity.FLAG,
    ),
    Check(
        key="used_after_expiry",
        broken=(pl.col("expiry") < pl.col("ledger_date")) & (_doses("used_doses") > 0),
        field="expiry",
        vi="Dùng lô đã hết hạn",
        en="Doses of an expired lot were used",
        severity=Severity.FLAG,
    ),
    Check(
        key="stocked_yet_out",
        broken=pl.col("stock_out") & (pl.col("closing") > 0) & (_doses("used_doses") == 0),
        field="stock_out",
        vi="Ghi hết vắc xin nhưng cuối ngày còn và không dùng",
        en="Stated as out of stock, yet some were left and none used",
        severity=Severity.FLAG,
    ),
)
_runs_out = (pl.col("expiry") - pl.col("ledger_date")).dt.total_days()

_STOCK_GRAINS = (_province("product"), _DISTRICT)
_BY_PRODUCT = {"product": _product}


def _moved(measure: str, *, column: str) -> RollUp:
    return RollUp(
        measure=measure,
        day="ledger_date",
        value=_doses(column),
        where=pl.col(column).is_not_null(),
        dimensions=_BY_PRODUCT,
        grains=_STOCK_GRAINS,
    )


def _wasted(column: str, *, vial: str) -> RollUp:
    return RollUp(
        measure="doses_wasted",
        day="ledger_date",
        value=_doses(column),
        where=pl.col(column).is_not_null(),
        dimensions={**_BY_PRODUCT, "vial": pl.lit(vial)},
        grains=(_province("product", "vial"), _district("vial")),
    )


def _stocked(measure: str, *, value: pl.Expr, among: pl.Expr | None = None) -> RollUp:
    """Return what a day's ledgers hold at its end; a site without a line that day is not in it."""
    written = pl.col("closing").is_not_null()
    return RollUp(
        measure=measure,
        day="ledger_date",
        value=value.cast(pl.Int64),
        where=written if among is None else written & among,
        dimensions=_BY_PRODUCT,
        grains=_STOCK_GRAINS,
    )


STOCK_KIND = RecordKind(
    name="stock",
    key="stock_id",
    vi="Sổ kho vắc xin",
    en="Vaccine stock ledger",
    fields=STOCK_FIELDS,
    checks=STOCK_CHECKS,
    rollups=(
        _moved("doses_received", column="received"),
        _moved("doses_used", column="used_doses"),
        _wasted("wasted_open_vial", vial="open"),
        _wasted("wasted_closed_vial", vial="closed"),
        _stocked("doses_in_stock", value=pl.col("closing")),
        _stocked(
            "doses_near_expiry",
            value=pl.when(_runs_out.is_between(0, NEAR_EXPIRY_DAYS)).then("closing").otherwise(0),
            among=pl.col("expiry").is_not_null(),
        ),
        _stocked(
            "doses_expired",
            value=pl.when(_runs_out < 0).then("closing").otherwise(0),
            among=pl.col("expiry").is_not_null(),
        ),
        RollUp(
            measure="stock_outs",
            day="ledger_date",
            value=as_count(pl.col("stock_out")),
            where=pl.col("stock_out").is_not_null(),
            dimensions=_BY_PRODUCT,
            grains=_STOCK_GRAINS,
        ),
    ),
)  # fmt: skip

SITE_KIND_OF_RECORD = RecordKind(
    name="site",
    key="site_code",
    vi="Điểm tiêm",
    en="Vaccination site",
    fields=(
        key("site_code", "Mã điểm tiêm", "Vaccination site"),
        text("name", "Tên điểm tiêm", "Name of the site"),
        code("kind", "Loại điểm tiêm", "Kind of site", labels=SITE_KIND),
        count("tables", "Số bàn tiêm", "Vaccination tables", unit="table", maximum=1000),
        day("opened_on", "Ngày mở", "Opened on", required=True),
        day("closed_on", "Ngày đóng", "Closed on"),
    ),
    checks=(
        Check(
            key="closed_before_opened",
            broken=pl.col("closed_on") < pl.col("opened_on"),
            field="closed_on",
            vi="Đóng trước khi mở",
            en="Closed before it opened",
        ),
    ),
    rollups=(
        RollUp(measure="vaccination_sites_opened", day="opened_on", grains=(_PROVINCE, _DISTRICT)),
        RollUp(
            measure="vaccination_sites_closed",
            day="closed_on",
            where=pl.col("closed_on").is_not_null(),
            grains=(_PROVINCE, _DISTRICT),
        ),
    ),
    lag_days=7,
)

VACCINATION = Contract(
    platform="vaccination",
    vi="Tiêm chủng",
    en="Vaccination",
    kinds=(DOSE_KIND, STOCK_KIND, SITE_KIND_OF_RECORD),
)
