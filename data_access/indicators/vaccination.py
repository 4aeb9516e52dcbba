"""Indicators of vaccination: doses, coverage, stock, quality of records. Pure."""

from dataclasses import replace
from datetime import date

import polars as pl

from data_access.cube.where import Where
from data_access.indicators.build import PUBLIC, as_is, delay_hours, share_of, weekly
from data_access.indicators.model import (
    POPULATION,
    WINDOW_DAYS,
    Aggregate,
    Indicator,
    Term,
    Threshold,
    Unit,
)

# A course is complete with one dose of Janssen, three of Abdala, two of anything else (DOMAIN 1.6).
COMPLETING: Where = (
    (("dose", ("1",)), ("product", ("JJ",))),
    (("dose", ("2",)), ("product", ("!JJ", "!AB"))),
    (("dose", ("3",)), ("product", ("AB",))),
)
TARGET = 0.70


def _dose(*codes: str) -> Where:
    """Return the doses of some numbers."""
    return ((("dose", codes),),)


def _dose_number(key: str, vi: str, en: str, *codes: str) -> Indicator:
    """Return the doses of one number."""
    return as_is(
        key,
        (vi, en),
        (f"Số {vi[0].lower()}{vi[1:]} tiêm trong ngày.", f"{en} given on the day."),
        "vaccination",
        higher_is_bad=False,
        clearance=PUBLIC,
        term=Term(name="counted", measure="doses", where=_dose(*codes)),
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
GIVEN = (
    as_is(
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
COURSE = (
    Indicator(
        key="doses_dropout",
        vi="Đã tiêm mũi 1, chưa tiêm mũi 2",
        en="First dose without a second",
        about_vi="Phần số người đã tiêm mũi 1 mà chưa tiêm mũi 2, gồm cả người chưa đến hạn.",
        about_en="Share of people with a first dose who have no second, also those not yet due.",
        unit=Unit.RATIO,
        platform="vaccination",
        terms=(
            Term(name="first", measure="doses", where=_dose("1"), cumulative=True),
            Term(name="second", measure="doses", where=_dose("2"), cumulative=True),
        ),
        formula=1 - pl.col("second") / pl.col("first"),
        numerator=pl.col("first") - pl.col("second"),
        denominator=pl.col("first"),
        higher_is_bad=True,
        typical_lag_days=3,
        clearance=PUBLIC,
        decimals=1,
        chart="line",
    ),
    Indicator(
        key="vaccination_days_to_target",
        vi="Số ngày đến 70 % người lớn có mũi 1",
        en="Days until 70% of adults have a first dose",
        about_vi="Số người còn thiếu để 70 % dân số từ 18 tuổi có mũi 1 chia cho số mũi 1 trung "
        "bình mỗi ngày của 7 ngày gần nhất; 0 khi đã đạt, không áp dụng khi không tiêm.",
        about_en="People lacking until 70% of those aged 18 and over have a first dose, divided by "
        "first doses a day over the last 7; 0 when reached, not applicable without any dose.",
        unit=Unit.DAYS,
        platform="vaccination",
        terms=(
            Term(name="persons", measure="doses", where=_dose("1"), cumulative=True),
            Term(
                name="pace",
                measure="doses",
                where=_dose("1"),
                window_days=WINDOW_DAYS,
                aggregate=Aggregate.MEAN,
            ),
        ),
        formula=pl.when(pl.col("persons") >= TARGET * pl.col(POPULATION))
        .then(pl.lit(0.0))
        .when(pl.col("pace") > 0)
        .then((TARGET * pl.col(POPULATION) - pl.col("persons")) / pl.col("pace")),
        population="18+",
        higher_is_bad=True,
        typical_lag_days=3,
        clearance=PUBLIC,
        decimals=0,
        chart="line",
        horizon=365.0,
    ),
)
STOCK = (
    as_is(
        "doses_in_stock",
        ("Liều vắc xin tồn kho", "Vaccine doses in stock"),
        (
            "Số liều tồn cuối ngày theo sổ kho các điểm tiêm.",
            "Doses in stock at day's end by the ledgers of the sites.",
        ),
        "vaccination",
        higher_is_bad=None,
        chart="step",
    ),
    Indicator(
        key="vaccine_stock_days",
        vi="Số ngày còn vắc xin",
        en="Days of stock",
        about_vi="Liều tồn cuối ngày chia cho số liều dùng trung bình mỗi ngày của 7 ngày gần "
        "nhất.",
        about_en="Doses in stock at day's end divided by doses used a day over the last 7.",
        unit=Unit.DAYS,
        platform="vaccination",
        terms=(
            Term(name="stock", measure="doses_in_stock"),
            Term(
                name="used", measure="doses_used", window_days=WINDOW_DAYS, aggregate=Aggregate.MEAN
            ),
        ),
        formula=pl.col("stock") / pl.col("used"),
        numerator=pl.col("stock"),
        denominator=pl.col("used"),
        higher_is_bad=False,
        decimals=1,
        chart="line",
        horizon=365.0,
    ),
    replace(
        share_of(
            "doses_wasted_share",
            ("Tỷ lệ hao hụt vắc xin", "Vaccine wastage"),
            (
                "Liều hao hụt chia cho liều đã dùng cộng liều hao hụt, trong 7 ngày.",
                "Doses wasted divided by doses used plus doses wasted, over 7 days.",
            ),
            "vaccination",
            part=weekly("wasted", "doses_wasted"),
            whole=weekly("used", "doses_used"),
            higher_is_bad=True,
        ),
        decimals=2,
        suppress_below=0,
    ),
    as_is(
        "doses_near_expiry",
        ("Liều tồn sắp hết hạn", "Doses about to expire"),
        (
            "Liều tồn cuối ngày còn hạn không quá 30 ngày.",
            "Doses in stock at day's end that expire within 30 days.",
        ),
        "vaccination",
        higher_is_bad=True,
        chart="step",
    ),
    as_is(
        "stock_outs",
        ("Lượt điểm tiêm hết vắc xin", "Sites out of a vaccine"),
        ("Số điểm tiêm hết một loại vắc xin trong ngày.", "Sites out of a vaccine on the day."),
        "vaccination",
        higher_is_bad=True,
    ),
    as_is(
        "vaccination_sites",
        ("Điểm tiêm", "Vaccination sites"),
        ("Số điểm tiêm đang mở vào cuối ngày.", "Vaccination sites open at day's end."),
        "vaccination",
        higher_is_bad=False,
        clearance=PUBLIC,
        chart="step",
    ),
)
RECORDS = (
    share_of(
        "doses_verified_share",
        ("Mũi tiêm đã xác thực định danh", "Doses with a verified identity"),
        (
            "Số mũi tiêm có định danh hợp lệ chia cho số mũi tiêm, trong 7 ngày.",
            "Doses with a valid identity divided by doses given, over 7 days.",
        ),
        "vaccination",
        part=weekly("verified", "doses_verified"),
        whole=weekly("given", "doses"),
        higher_is_bad=False,
    ),
    delay_hours(
        "dose_recording_p50_hours",
        ("Thời gian nhập mũi tiêm, trung vị", "Hours until a dose is recorded, median"),
        (
            "Số giờ từ khi tiêm đến khi nhập vào nền tảng, trung vị của 7 ngày theo ngày tiêm.",
            "Hours from the dose to its record, median of 7 days by day of the dose.",
        ),
        "vaccination",
        measure="dose_recording_hours",
        along="delay",
        share=0.5,
    ),
    delay_hours(
        "dose_recording_p90_hours",
        (
            "Thời gian nhập mũi tiêm, bách phân vị 90",
            "Hours until a dose is recorded, 90th percentile",
        ),
        (
            "Số giờ từ khi tiêm đến khi nhập mà 90 % số mũi không vượt quá, 7 ngày theo ngày tiêm.",
            "Hours from the dose to its record that 90% did not exceed, 7 days by day of the dose.",
        ),
        "vaccination",
        measure="dose_recording_hours",
        along="delay",
        share=0.9,
    ),
)
VACCINATION = (*GIVEN, *COURSE, *STOCK, *RECORDS)
