"""Indicators of testing: samples, time, positivity, laboratories. Pure."""

from dataclasses import replace
from datetime import date

import polars as pl

from data_access.cube.where import Where
from data_access.indicators.build import (
    as_is,
    delay_hours,
    per_thousand,
    share_of,
    weekly,
    within,
)
from data_access.indicators.model import WINDOW_DAYS, Aggregate, Indicator, Term, Threshold, Unit

POSITIVITY_BANDS = tuple(
    Threshold(value=value, key=key, since=date(2020, 5, 12), source="WHO situational assessment")
    for value, key in ((0.02, "low"), (0.05, "moderate"), (0.20, "high"))
)
INVALID: Where = ((("result", ("khong_hop_le",)),),)


def _positivity(key: str, method: str, vi: str, en: str) -> Indicator:
    """Return the positivity of one method alone."""
    of_method: Where = ((("method", (method,)),),)
    return share_of(
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


POSITIVITY = (
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
    return delay_hours(
        key,
        (vi, en),
        (
            f"Số giờ từ lấy mẫu đến trả kết quả mà {percent} số mẫu không vượt quá, "
            "tính trên mẫu lấy trong 7 ngày gần nhất và đã trả kết quả.",
            f"Hours from collection to return that {percent} of samples did not exceed, "
            "of samples collected in the last 7 days and returned.",
        ),
        "testing",
        measure="turnaround_hours",
        along="bin",
        share=share,
    )


def _returned_within(hours: int) -> Indicator:
    """Return the share of a week's samples returned in time; unfinished ones count as not."""
    return replace(
        share_of(
            f"results_{hours}h_share",
            (f"Trả kết quả trong {hours} giờ", f"Returned within {hours} hours"),
            (
                f"Số mẫu trả kết quả trong {hours} giờ kể từ khi lấy chia cho số mẫu đã lấy, trong "
                "7 ngày theo ngày lấy mẫu; mẫu chưa có kết quả tính là chưa kịp.",
                f"Samples returned within {hours} hours of collection, divided by those collected, "
                "over 7 days of collection; samples without a result count as not in time.",
            ),
            "testing",
            part=weekly("in_time", "turnaround_hours", within(hours, along="bin")),
            whole=weekly("collected", "samples_collected"),
            higher_is_bad=False,
        ),
        typical_lag_days=hours // 24 + 1,
    )


TURNAROUND = (
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
THROUGHPUT = (
    as_is(
        "samples_collected",
        ("Mẫu đã lấy", "Samples collected"),
        (
            "Số mẫu (ống) lấy trong ngày; một mẫu gộp là một mẫu.",
            "Samples (tubes) collected on the day; a pool is one sample.",
        ),
        "testing",
        higher_is_bad=None,
    ),
    as_is(
        "samples_resulted",
        ("Mẫu có kết quả", "Samples resulted"),
        ("Số mẫu có kết quả trong ngày.", "Samples that got a result on the day."),
        "testing",
        higher_is_bad=False,
    ),
    as_is(
        "samples_pending",
        ("Mẫu chờ kết quả", "Samples waiting for a result"),
        (
            "Số mẫu đã lấy mà chưa có kết quả vào cuối ngày.",
            "Samples collected and still without a result at day's end.",
        ),
        "testing",
        higher_is_bad=True,
        chart="step",
    ),
    as_is(
        "persons_tested",
        ("Lượt người xét nghiệm", "People tested (person-times)"),
        (
            "Số lượt người có kết quả xét nghiệm trong ngày; mỗi người trong mẫu gộp là một lượt.",
            "Person-times with a result on the day; each member of a pool counts once.",
        ),
        "testing",
        higher_is_bad=None,
    ),
    per_thousand(
        "tests_per_1000",
        (
            "Lượt người xét nghiệm trên 1.000 dân, 7 ngày",
            "People tested per 1,000 (person-times), 7 days",
        ),
        (
            "Lượt người xét nghiệm 7 ngày gần nhất chia cho dân số, nhân 1.000.",
            "Person-times tested in the last 7 days, divided by the population, times 1,000.",
        ),
        "testing",
        measure="persons_tested",
        higher_is_bad=None,
    ),
    _returned_within(24),
    _returned_within(48),
)
LABORATORIES = (
    replace(
        share_of(
            "laboratory_load",
            ("Tải phòng xét nghiệm", "Laboratory load"),
            (
                "Số mẫu có kết quả mỗi ngày, trung bình 7 ngày, chia cho công suất công bố.",
                "Samples resulted a day, 7-day mean, divided by the declared capacity a day.",
            ),
            "testing",
            part=Term(
                name="resulted",
                measure="samples_resulted",
                window_days=WINDOW_DAYS,
                aggregate=Aggregate.MEAN,
            ),
            whole=Term(name="capacity", measure="laboratory_capacity"),
            higher_is_bad=True,
        ),
        suppress_below=0,
    ),
    replace(
        share_of(
            "samples_invalid_share",
            ("Mẫu không hợp lệ", "Invalid samples"),
            (
                "Số mẫu không hợp lệ chia cho số mẫu có kết quả, trong 7 ngày.",
                "Invalid samples divided by samples resulted, over 7 days.",
            ),
            "testing",
            part=weekly("invalid", "samples_resulted", INVALID),
            whole=weekly("resulted", "samples_resulted"),
            higher_is_bad=True,
        ),
        decimals=2,
    ),
    replace(
        share_of(
            "pools_positive_share",
            ("Mẫu gộp dương tính", "Positive pools"),
            (
                "Số mẫu gộp dương tính chia cho số mẫu gộp có kết quả, trong 7 ngày. "
                "Mẫu gộp dương tính chưa phải là ca bệnh.",
                "Positive pools divided by pools resulted, over 7 days; they are not yet cases.",
            ),
            "testing",
            part=weekly("positive", "pools_positive"),
            whole=weekly("resulted", "pools_resulted"),
            higher_is_bad=True,
        ),
        decimals=2,
    ),
)
TESTING = (*POSITIVITY, *TURNAROUND, *THROUGHPUT, *LABORATORIES)
