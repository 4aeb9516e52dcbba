"""Indicators of quarantine: beds, people, care. Pure."""

from dataclasses import replace

import polars as pl

from data_access.cube.where import Where
from data_access.indicators.build import as_is, share_of, weekly
from data_access.indicators.model import WINDOW_DAYS, Aggregate, Indicator, Term, Unit

SITES: Where = ((("kind", ("!nha_o",)),),)
"""Places with beds: whoever stays at home takes none."""


def _at_sites(name: str, measure: str, *, window_days: int = 1) -> Term:
    """Return a count of people at sites; of all, where a source does not keep homes apart."""
    plain = Term(
        name=name,
        measure=measure,
        window_days=window_days,
        aggregate=Aggregate.MEAN if window_days > 1 else Aggregate.SUM,
    )
    return replace(plain, where=SITES, otherwise=plain)


BEDS = (
    as_is(
        "quarantine_beds",
        ("Giường cách ly", "Quarantine beds"),
        ("Số giường cách ly dùng được vào cuối ngày.", "Usable quarantine beds at day's end."),
        "quarantine",
        higher_is_bad=False,
        chart="step",
    ),
    as_is(
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
        about_vi="Số giường dùng được trừ số người đang cách ly tại cơ sở (không kể tại nhà).",
        about_en="Usable beds minus people in quarantine at sites (those at home not counted).",
        unit=Unit.COUNT,
        platform="quarantine",
        terms=(
            Term(name="beds", measure="quarantine_beds"),
            _at_sites("occupied", "quarantine_occupied"),
        ),
        formula=pl.col("beds") - pl.col("occupied"),
        higher_is_bad=False,
        chart="step",
    ),
    Indicator(
        key="quarantine_occupancy",
        vi="Công suất cách ly đang dùng",
        en="Quarantine occupancy",
        about_vi="Số người đang cách ly tại cơ sở (không kể tại nhà) chia cho số giường dùng được.",
        about_en="People in quarantine at sites (those at home not counted) divided by usable "
        "beds.",
        unit=Unit.RATIO,
        platform="quarantine",
        terms=(
            _at_sites("occupied", "quarantine_occupied"),
            Term(name="beds", measure="quarantine_beds"),
        ),
        formula=pl.col("occupied") / pl.col("beds"),
        numerator=pl.col("occupied"),
        denominator=pl.col("beds"),
        higher_is_bad=True,
        decimals=1,
        chart="line",
    ),
    as_is(
        "quarantine_admissions",
        ("Tiếp nhận cách ly", "Quarantine admissions"),
        ("Số người vào cách ly trong ngày.", "People who entered quarantine on the day."),
        "quarantine",
        higher_is_bad=True,
    ),
    as_is(
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
            _at_sites("occupied", "quarantine_occupied"),
            _at_sites("came", "quarantine_admissions", window_days=WINDOW_DAYS),
            _at_sites("left", "quarantine_discharges", window_days=WINDOW_DAYS),
        ),
        formula=pl.when(pl.col("occupied") >= pl.col("beds"))
        .then(pl.lit(0.0))
        .when(pl.col("came") > pl.col("left"))
        .then((pl.col("beds") - pl.col("occupied")) / (pl.col("came") - pl.col("left"))),
        numerator=pl.col("beds") - pl.col("occupied"),
        higher_is_bad=False,
        decimals=1,
        chart="line",
        horizon=60.0,
    ),
)
QUALITY = (
    as_is(
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
    share_of(
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
FLOWS = (
    as_is(
        "quarantine_site_admissions",
        ("Tiếp nhận tại cơ sở cách ly", "Admissions to quarantine sites"),
        (
            "Số người vào cơ sở cách ly trong ngày, không kể cách ly tại nhà.",
            "People who entered a site on the day; those at home are not counted.",
        ),
        "quarantine",
        higher_is_bad=True,
        term=_at_sites("counted", "quarantine_admissions"),
    ),
    as_is(
        "quarantine_site_discharges",
        ("Rời cơ sở cách ly", "Discharges from quarantine sites"),
        (
            "Số người rời cơ sở cách ly trong ngày, không kể cách ly tại nhà.",
            "People who left a site on the day; those at home are not counted.",
        ),
        "quarantine",
        higher_is_bad=False,
        term=_at_sites("counted", "quarantine_discharges"),
    ),
)
FOUND_INSIDE = (
    share_of(
        "quarantine_positive_share",
        ("Dương tính trong khu cách ly", "Positive inside quarantine"),
        (
            "Xét nghiệm dương tính chia cho xét nghiệm làm trong khu cách ly, trong 7 ngày.",
            "Positive tests divided by tests done inside quarantine, over 7 days.",
        ),
        "quarantine",
        part=weekly("positive", "quarantine_tests_positive"),
        whole=weekly("tests", "quarantine_tests"),
        higher_is_bad=True,
    ),
    share_of(
        "quarantine_absent_share",
        ("Lượt theo dõi không có mặt", "Checks that found nobody"),
        (
            "Lượt theo dõi không gặp người cách ly chia cho lượt theo dõi, trong 7 ngày.",
            "Daily checks at which the person was not there, divided by checks, over 7 days.",
        ),
        "quarantine",
        part=weekly("absent", "quarantine_checks_absent"),
        whole=weekly("checks", "quarantine_checks"),
        higher_is_bad=True,
    ),
    share_of(
        "quarantine_symptomatic_share",
        ("Lượt theo dõi có triệu chứng", "Checks with symptoms"),
        (
            "Lượt theo dõi có triệu chứng chia cho lượt theo dõi, trong 7 ngày.",
            "Daily checks with symptoms divided by checks, over 7 days.",
        ),
        "quarantine",
        part=weekly("symptomatic", "quarantine_checks_symptomatic"),
        whole=weekly("checks", "quarantine_checks"),
        higher_is_bad=True,
    ),
)
QUARANTINE = (*BEDS, *FLOWS, *QUALITY, *FOUND_INSIDE)
