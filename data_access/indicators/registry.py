"""Every indicator of the product, each declared once. Pure.

Cards, maps, tables, tooltips, the dictionary and the command line all read this.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import polars as pl

from data_access.codes import Clearance
from data_access.cube.where import Where
from data_access.indicators.model import (
    POPULATION,
    WINDOW_DAYS,
    Aggregate,
    Indicator,
    Term,
    Threshold,
    Unit,
)

PUBLIC = Clearance.PUBLIC
PER = 100_000
COMMUNITY: Where = ((("detected_in", ("cong_dong", "community")),),)
# A course is complete with one dose of Janssen, three of Abdala, two of anything else (DOMAIN 1.6).
COMPLETING: Where = (
    (("dose", ("1",)), ("product", ("JJ",))),
    (("dose", ("2",)), ("product", ("!JJ", "!AB"))),
    (("dose", ("3",)), ("product", ("AB",))),
)
POSITIVITY_BANDS = tuple(
    Threshold(value=value, key=key, since=date(2020, 5, 12), source="WHO situational assessment")
    for value, key in ((0.02, "low"), (0.05, "moderate"), (0.20, "high"))
)


def _dose(*codes: str) -> Where:
    return ((("dose", codes),),)


def _as_is(
    key: str,
    names: tuple[str, str],
    about: tuple[str, str],
    platform: str,
    *,
    higher_is_bad: bool,
    clearance: Clearance = Clearance.OFFICIAL,
    chart: str = "bar",
    term: Term | None = None,
) -> Indicator:
    counted = term or Term(name="counted", measure=key)
    return Indicator(
        key=key,
        vi=names[0],
        en=names[1],
        about_vi=about[0],
        about_en=about[1],
        platform=platform,
        unit=Unit.COUNT,
        terms=(counted,),
        formula=pl.col("counted"),
        higher_is_bad=higher_is_bad,
        clearance=clearance,
        chart=chart,
    )


def _dose_number(key: str, vi: str, en: str, *codes: str) -> Indicator:
    return _as_is(
        key,
        (vi, en),
        (f"Số {vi[0].lower()}{vi[1:]} tiêm trong ngày.", f"{en} given on the day."),
        "vaccination",
        higher_is_bad=False,
        clearance=PUBLIC,
        term=Term(name="counted", measure="doses", where=_dose(*codes)),
    )


def _share(
    key: str,
    names: tuple[str, str],
    about: tuple[str, str],
    platform: str,
    *,
    part: Term,
    whole: Term,
    higher_is_bad: bool,
) -> Indicator:
    """Return the ratio of two terms of a day."""
    return Indicator(
        key=key,
        vi=names[0],
        en=names[1],
        about_vi=about[0],
        about_en=about[1],
        platform=platform,
        unit=Unit.RATIO,
        terms=(part, whole),
        formula=pl.col(part.name) / pl.col(whole.name),
        numerator=pl.col(part.name),
        denominator=pl.col(whole.name),
        higher_is_bad=higher_is_bad,
        typical_lag_days=2,
        suppress_below=5,
        decimals=1,
        chart="line",
    )


def _positivity(key: str, method: str, vi: str, en: str) -> Indicator:
    of_method: Where = ((("method", (method,)),),)
    return _share(
        key,
        (f"Tỷ lệ dương tính, {vi}", f"Positivity, {en}"),
        (
            f"Lượt người dương tính chia cho lượt người xét nghiệm trong ngày, chỉ {vi}.",
            f"People positive divided by people tested (person-times) on the day, {en} alone.",
        ),
        "testing",
        part=Term(name="positive", measure="persons_positive", where=of_method),
        whole=Term(name="tested", measure="persons_tested", where=of_method),
        higher_is_bad=True,
    )


_SURVEILLANCE = (
    _as_is(
        "cases",
        ("Ca mắc mới", "New cases"),
        ("Số ca mắc được ghi nhận trong ngày.", "Cases recorded on the day."),
        "tracing",
        higher_is_bad=True,
        clearance=PUBLIC,
    ),
    _as_is(
        "cases_community",
        ("Ca cộng đồng", "Community cases"),
        (
            "Số ca trong ngày phát hiện tại cộng đồng, ngoài khu cách ly và khu phong tỏa.",
            "Cases of the day found in the community, outside quarantine and locked-down areas.",
        ),
        "tracing",
        higher_is_bad=True,
        clearance=PUBLIC,
        term=Term(name="counted", measure="cases", where=COMMUNITY),
    ),
    Indicator(
        key="cases_7d_mean",
        vi="Ca mắc, trung bình 7 ngày",
        en="Cases, 7-day mean",
        about_vi="Trung bình số ca mới của các ngày có báo cáo trong 7 ngày gần nhất.",
        about_en="Mean of new cases over the reported days among the last 7.",
        unit=Unit.PER_DAY,
        platform="tracing",
        terms=(
            Term(name="mean", measure="cases", window_days=WINDOW_DAYS, aggregate=Aggregate.MEAN),
        ),
        formula=pl.col("mean"),
        higher_is_bad=True,
        clearance=PUBLIC,
        decimals=1,
        chart="line",
    ),
    Indicator(
        key="incidence_7d_per_100k",
        vi="Ca mắc 7 ngày trên 100.000 dân",
        en="7-day incidence per 100,000",
        about_vi="Tổng ca mới 7 ngày gần nhất chia cho dân số, nhân 100.000.",
        about_en="New cases of the last 7 days, divided by the population, times 100,000.",
        unit=Unit.PER_100K,
        platform="tracing",
        terms=(Term(name="cases", measure="cases", window_days=WINDOW_DAYS),),
        formula=pl.col("cases") / pl.col(POPULATION) * PER,
        numerator=pl.col("cases"),
        denominator=pl.col(POPULATION),
        population="all",
        higher_is_bad=True,
        suppress_below=5,
        clearance=PUBLIC,
        decimals=1,
        chart="line",
    ),
    _as_is(
        "deaths",
        ("Ca tử vong", "Deaths"),
        ("Số ca tử vong được ghi nhận trong ngày.", "Deaths recorded on the day."),
        "tracing",
        higher_is_bad=True,
        clearance=PUBLIC,
    ),
    Indicator(
        key="contacts_per_case",
        vi="Số F1 trên mỗi ca",
        en="Close contacts per case",
        about_vi="Số F1 được lập danh sách chia cho số ca mắc mới trong 7 ngày.",
        about_en="Close contacts (F1) listed, divided by new cases, over 7 days.",
        unit=Unit.PER_CASE,
        platform="tracing",
        terms=(
            Term(
                name="contacts",
                measure="contacts_listed",
                where=((("class", ("F1",)),),),
                window_days=WINDOW_DAYS,
            ),
            Term(name="cases", measure="cases", window_days=WINDOW_DAYS),
        ),
        formula=pl.col("contacts") / pl.col("cases"),
        numerator=pl.col("contacts"),
        denominator=pl.col("cases"),
        higher_is_bad=False,
        typical_lag_days=2,
        decimals=1,
        chart="line",
    ),
)
_QUARANTINE = (
    _as_is(
        "quarantine_beds",
        ("Giường cách ly", "Quarantine beds"),
        ("Số giường cách ly dùng được vào cuối ngày.", "Usable quarantine beds at day's end."),
        "quarantine",
        higher_is_bad=False,
        chart="step",
    ),
    _as_is(
        "quarantine_occupied",
        ("Người đang cách ly", "People in quarantine"),
        ("Số người đang cách ly vào cuối ngày.", "People in quarantine at day's end."),
        "quarantine",
        higher_is_bad=True,
        chart="step",
    ),
    Indicator(
        key="quarantine_free",
        vi="Giường cách ly còn trống",
        en="Free quarantine beds",
        about_vi="Số giường dùng được trừ số người đang cách ly.",
        about_en="Usable beds minus people in quarantine.",
        unit=Unit.COUNT,
        platform="quarantine",
        terms=(
            Term(name="beds", measure="quarantine_beds"),
            Term(name="occupied", measure="quarantine_occupied"),
        ),
        formula=pl.col("beds") - pl.col("occupied"),
        higher_is_bad=False,
        chart="step",
    ),
    Indicator(
        key="quarantine_occupancy",
        vi="Công suất cách ly đang dùng",
        en="Quarantine occupancy",
        about_vi="Số người đang cách ly chia cho số giường dùng được.",
        about_en="People in quarantine divided by usable beds.",
        unit=Unit.RATIO,
        platform="quarantine",
        terms=(
            Term(name="occupied", measure="quarantine_occupied"),
            Term(name="beds", measure="quarantine_beds"),
        ),
        formula=pl.col("occupied") / pl.col("beds"),
        numerator=pl.col("occupied"),
        denominator=pl.col("beds"),
        higher_is_bad=True,
        decimals=1,
        chart="line",
    ),
    _as_is(
        "quarantine_admissions",
        ("Tiếp nhận cách ly", "Quarantine admissions"),
        ("Số người vào cách ly trong ngày.", "People who entered quarantine on the day."),
        "quarantine",
        higher_is_bad=True,
    ),
    _as_is(
        "quarantine_discharges",
        ("Kết thúc cách ly", "Quarantine discharges"),
        ("Số người ra khỏi cách ly trong ngày.", "People who left quarantine on the day."),
        "quarantine",
        higher_is_bad=False,
    ),
    Indicator(
        key="quarantine_days_to_full",
        vi="Số ngày đến khi đầy giường",
        en="Days until beds are full",
        about_vi="Giường trống chia cho mức tăng ròng trung bình 7 ngày; 0 khi đã đầy, "
        "không áp dụng khi không tăng.",
        about_en="Free beds divided by the 7-day mean net inflow; 0 when full, not applicable "
        "when not filling.",
        unit=Unit.DAYS,
        platform="quarantine",
        terms=(
            Term(name="beds", measure="quarantine_beds"),
            Term(name="occupied", measure="quarantine_occupied"),
            Term(
                name="came",
                measure="quarantine_admissions",
                window_days=WINDOW_DAYS,
                aggregate=Aggregate.MEAN,
            ),
            Term(
                name="left",
                measure="quarantine_discharges",
                window_days=WINDOW_DAYS,
                aggregate=Aggregate.MEAN,
            ),
        ),
        formula=pl.when(pl.col("occupied") >= pl.col("beds"))
        .then(pl.lit(0.0))
        .when(pl.col("came") > pl.col("left"))
        .then((pl.col("beds") - pl.col("occupied")) / (pl.col("came") - pl.col("left"))),
        numerator=pl.col("beds") - pl.col("occupied"),
        higher_is_bad=False,
        decimals=1,
        chart="line",
    ),
)
_QUARANTINE_QUALITY = (
    _as_is(
        "quarantine_overdue",
        ("Người quá hạn cách ly", "People kept beyond their planned end"),
        (
            "Số người đã qua ngày dự kiến kết thúc mà chưa kết thúc cách ly, vào cuối ngày.",
            "People whose planned end has passed and who are still in quarantine, at day's end.",
        ),
        "quarantine",
        higher_is_bad=True,
        chart="step",
    ),
    _share(
        "quarantine_checks_share",
        ("Tỷ lệ theo dõi sức khỏe đã làm", "Daily checks done"),
        (
            "Lượt theo dõi trong ngày chia cho số người đang cách ly cuối ngày "
            "(mỗi người một lượt mỗi ngày).",
            "Checks of the day divided by people in quarantine at day's end "
            "(one check a person and day is due).",
        ),
        "quarantine",
        part=Term(name="checks", measure="quarantine_checks"),
        whole=Term(name="occupied", measure="quarantine_occupied"),
        higher_is_bad=False,
    ),
)
_TESTING = (
    _positivity("test_positivity_pcr", "RT_PCR", "RT-PCR", "RT-PCR"),
    _positivity("test_positivity_antigen", "AG_RAPID", "kháng nguyên nhanh", "rapid antigen"),
    Indicator(
        key="test_positivity",
        vi="Tỷ lệ dương tính",
        en="Test positivity",
        about_vi="Lượt người dương tính chia cho lượt người xét nghiệm trong ngày, gộp các "
        "phương pháp; muốn so sánh thì dùng tỷ lệ riêng của RT-PCR và kháng nguyên nhanh.",
        about_en="People positive divided by people tested (person-times) on the day, all methods "
        "together; compare by the separate rates of RT-PCR and rapid antigen.",
        unit=Unit.RATIO,
        platform="testing",
        terms=(
            Term(name="positive", measure="persons_positive"),
            Term(name="tested", measure="persons_tested"),
        ),
        formula=pl.col("positive") / pl.col("tested"),
        numerator=pl.col("positive"),
        denominator=pl.col("tested"),
        higher_is_bad=True,
        thresholds=POSITIVITY_BANDS,
        typical_lag_days=2,
        suppress_below=5,
        decimals=2,
        chart="line",
    ),
)


def _turnaround(key: str, vi: str, en: str, *, share: float) -> Indicator:
    percent = f"{share:.0%}"
    return Indicator(
        key=key,
        vi=vi,
        en=en,
        about_vi=f"Số giờ từ lấy mẫu đến trả kết quả mà {percent} số mẫu không vượt quá, "
        "tính trên mẫu lấy trong 7 ngày gần nhất và đã trả kết quả.",
        about_en=f"Hours from collection to return that {percent} of samples did not exceed, "
        "of samples collected in the last 7 days and returned.",
        unit=Unit.HOURS,
        platform="testing",
        terms=(
            Term(
                name="hours",
                measure="turnaround_hours",
                window_days=WINDOW_DAYS,
                aggregate=Aggregate.QUANTILE,
                along="bin",
                share=share,
            ),
        ),
        formula=pl.col("hours"),
        higher_is_bad=True,
        typical_lag_days=2,
        decimals=1,
        chart="line",
    )


_TURNAROUND = (
    _turnaround(
        "turnaround_p50_hours",
        "Thời gian trả kết quả, trung vị",
        "Turnaround, median",
        share=0.5,
    ),
    _turnaround(
        "turnaround_p90_hours",
        "Thời gian trả kết quả, bách phân vị 90",
        "Turnaround, 90th percentile",
        share=0.9,
    ),
)
_FULL = Term(
    name="persons",
    measure="persons_fully_vaccinated",
    cumulative=True,
    otherwise=Term(
        name="persons",
        measure="doses",
        where=COMPLETING,
        cumulative=True,
        otherwise=Term(name="persons", measure="doses", where=_dose("2"), cumulative=True),
    ),
)
_VACCINATION = (
    _as_is(
        "doses",
        ("Mũi vắc xin đã tiêm", "Vaccine doses given"),
        ("Số mũi tiêm trong ngày.", "Doses given on the day."),
        "vaccination",
        higher_is_bad=False,
        clearance=PUBLIC,
    ),
    _dose_number("doses_1", "Mũi 1", "First doses", "1"),
    _dose_number("doses_2", "Mũi 2", "Second doses", "2"),
    _dose_number("doses_3", "Mũi 3 cơ bản", "Third doses of a primary course", "3"),
    _dose_number("doses_additional", "Mũi bổ sung", "Additional doses", "bo_sung"),
    _dose_number("doses_booster", "Mũi nhắc lại", "Booster doses", "nhac_1", "nhac_2"),
    Indicator(
        key="doses_per_day",
        vi="Mũi tiêm mỗi ngày, trung bình 7 ngày",
        en="Doses per day, 7-day mean",
        about_vi="Trung bình số mũi tiêm của các ngày có báo cáo trong 7 ngày gần nhất.",
        about_en="Mean of doses given over the reported days among the last 7.",
        unit=Unit.PER_DAY,
        platform="vaccination",
        terms=(
            Term(name="mean", measure="doses", window_days=WINDOW_DAYS, aggregate=Aggregate.MEAN),
        ),
        formula=pl.col("mean"),
        higher_is_bad=False,
        typical_lag_days=3,
        clearance=PUBLIC,
        chart="line",
    ),
    Indicator(
        key="vaccination_coverage_1",
        vi="Bao phủ ít nhất 1 mũi",
        en="Coverage, at least one dose",
        about_vi="Số người đã tiêm mũi 1 chia cho dân số từ 18 tuổi.",
        about_en="People with a first dose divided by the population aged 18 and over.",
        unit=Unit.RATIO,
        platform="vaccination",
        terms=(Term(name="persons", measure="doses", where=_dose("1"), cumulative=True),),
        formula=pl.col("persons") / pl.col(POPULATION),
        numerator=pl.col("persons"),
        denominator=pl.col(POPULATION),
        population="18+",
        higher_is_bad=False,
        thresholds=(
            Threshold(
                value=0.70,
                key="decision_4800",
                since=date(2021, 10, 12),
                until=date(2022, 1, 26),
                source="Quyết định 4800/QĐ-BYT",
            ),
        ),
        typical_lag_days=3,
        clearance=PUBLIC,
        decimals=1,
        chart="line",
    ),
    Indicator(
        key="vaccination_coverage_full",
        vi="Bao phủ đủ mũi cơ bản",
        en="Coverage, full course",
        about_vi="Số người tiêm đủ mũi theo loại vắc xin (Janssen 1, Abdala 3, còn lại 2 mũi; "
        "mũi 2 khi không rõ loại) chia cho dân số từ 18 tuổi.",
        about_en="People with a full course of their product (Janssen 1, Abdala 3, others 2 doses; "
        "second doses where the product is unknown) divided by the population aged 18 and over.",
        unit=Unit.RATIO,
        platform="vaccination",
        terms=(_FULL,),
        formula=pl.col("persons") / pl.col(POPULATION),
        numerator=pl.col("persons"),
        denominator=pl.col(POPULATION),
        population="18+",
        higher_is_bad=False,
        typical_lag_days=3,
        clearance=PUBLIC,
        decimals=1,
        chart="line",
    ),
)
_WAITING = {
    "positive_to_case": (
        "Người dương tính chưa được ghi nhận là ca bệnh",
        "Positive people not yet recorded as cases",
    ),
    "case_to_listed": (
        "Ca bệnh chưa có danh sách tiếp xúc",
        "Cases without any contact listed",
    ),
    "listed_to_reached": ("F1 chưa liên hệ được", "Close contacts not yet reached"),
    "reached_to_quarantined": ("F1 chưa cách ly", "Close contacts not yet quarantined"),
    "quarantined_to_tested": ("F1 chưa lấy mẫu", "Close contacts not yet sampled"),
}
_RESPONSE = tuple(
    _as_is(
        f"chain_waiting_{step}",
        names,
        (f"{names[0]}, vào cuối ngày.", f"{names[1]}, at the end of the day."),
        "response",
        higher_is_bad=True,
        chart="step",
        term=Term(name="counted", measure="chain_waiting", where=((("step", (step,)),),)),
    )
    for step, names in _WAITING.items()
)
INDICATORS: Mapping[str, Indicator] = MappingProxyType(
    {
        one.key: one
        for one in (
            *_SURVEILLANCE,
            *_QUARANTINE,
            *_QUARANTINE_QUALITY,
            *_TESTING,
            *_TURNAROUND,
            *_VACCINATION,
            *_RESPONSE,
        )
    }
)
