"""Indicators of cases, contacts and clusters. Pure."""

from dataclasses import replace

import polars as pl

from data_access.cube.where import Where
from data_access.indicators.build import PER, PUBLIC, as_is, delay_hours, share_of, weekly
from data_access.indicators.model import (
    POPULATION,
    WINDOW_DAYS,
    Aggregate,
    Indicator,
    Term,
    Unit,
)

COMMUNITY: Where = ((("detected_in", ("cong_dong", "community")),),)
F1: Where = ((("class", ("F1",)),),)
CASES = (
    as_is(
        "cases",
        ("Ca mắc mới", "New cases"),
        ("Số ca mắc được ghi nhận trong ngày.", "Cases recorded on the day."),
        "tracing",
        higher_is_bad=True,
        clearance=PUBLIC,
    ),
    as_is(
        "cases_community",
        ("Ca cộng đồng", "Community cases"),
        (
            "Số ca trong ngày phát hiện tại cộng đồng, ngoài khu cách ly và khu phong tỏa.",
            "Cases of the day found in the community, outside quarantine and locked-down areas.",
        ),
        "tracing",
        higher_is_bad=True,
        clearance=PUBLIC,
        term=Term(name="counted", measure="cases", where=COMMUNITY, none_is_zero="detected_in"),
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
    as_is(
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


def _of_listed(
    key: str, vi: str, en: str, *, measure: str, higher_is_bad: bool | None = False
) -> Indicator:
    """Return the share of the week's listed close contacts with which something was done."""
    return share_of(
        key,
        (f"F1 {vi}", f"Close contacts {en}"),
        (
            f"Số F1 {vi} chia cho số F1 được lập danh sách, trong 7 ngày; "
            "người chưa liên hệ được tính vào mẫu số.",
            f"Close contacts (F1) {en} divided by those listed, over 7 days; "
            "whoever was not reached counts below the line.",
        ),
        "tracing",
        part=weekly("done", measure, F1),
        whole=weekly("listed", "contacts_listed", F1),
        higher_is_bad=higher_is_bad,
    )


CONTACTS = (
    as_is(
        "contacts_listed",
        ("Người tiếp xúc được lập danh sách", "Contacts listed"),
        (
            "Số người tiếp xúc (F1 đến F4) được lập danh sách trong ngày.",
            "Contacts (F1 to F4) listed on the day.",
        ),
        "tracing",
        higher_is_bad=None,
    ),
    _of_listed(
        "contacts_reached_24h_share",
        "liên hệ được trong 24 giờ",
        "reached within 24 hours",
        measure="contacts_reached_24h",
    ),
    _of_listed(
        "contacts_reached_48h_share",
        "liên hệ được trong 48 giờ",
        "reached within 48 hours",
        measure="contacts_reached_48h",
    ),
    _of_listed(
        "contacts_quarantined_share",
        "đã cách ly",
        "quarantined",
        measure="contacts_quarantined",
    ),
    _of_listed("contacts_sampled_share", "đã lấy mẫu", "sampled", measure="contacts_sampled"),
    # Neither: fewer may be positive because the infection spreads less, or because more are listed.
    _of_listed(
        "contacts_positive_share",
        "dương tính",
        "found positive",
        measure="contacts_positive",
        higher_is_bad=None,
    ),
    delay_hours(
        "contact_reach_p50_hours",
        ("Thời gian liên hệ được F1, trung vị", "Hours until a close contact is reached, median"),
        (
            "Số giờ từ khi lập danh sách đến khi liên hệ được, trung vị của 7 ngày, "
            "tính trên người đã liên hệ được.",
            "Hours from being listed to being reached, median of 7 days, of those reached.",
        ),
        "tracing",
        measure="contact_reach_hours",
        along="delay",
        share=0.5,
        where=F1,
    ),
    share_of(
        "cases_known_share",
        ("Ca mắc đã là F1 trước khi phát hiện", "Cases known as contacts before diagnosis"),
        (
            "Số ca đã có trong danh sách F1 trước khi dương tính chia cho số ca mắc mới, "
            "trong 7 ngày.",
            "Cases that had been listed as close contacts before diagnosis, divided by new cases, "
            "over 7 days.",
        ),
        "tracing",
        part=weekly("known", "cases_known_contacts"),
        whole=weekly("cases", "cases"),
        higher_is_bad=False,
    ),
    replace(
        share_of(
            "cases_community_share",
            ("Tỷ lệ ca cộng đồng", "Share of community cases"),
            (
                "Số ca phát hiện tại cộng đồng chia cho số ca mắc mới, trong 7 ngày.",
                "Cases found in the community divided by new cases, over 7 days.",
            ),
            "tracing",
            part=replace(weekly("community", "cases", COMMUNITY), none_is_zero="detected_in"),
            whole=weekly("cases", "cases"),
            higher_is_bad=True,
        ),
        clearance=PUBLIC,
    ),
)
CLUSTERS = (
    as_is(
        "clusters_active",
        ("Ổ dịch đang hoạt động", "Active clusters"),
        ("Số ổ dịch chưa kết thúc vào cuối ngày.", "Clusters not ended, at day's end."),
        "tracing",
        higher_is_bad=True,
        chart="step",
    ),
    as_is(
        "clusters_opened",
        ("Ổ dịch mới", "New clusters"),
        ("Số ổ dịch được ghi nhận trong ngày.", "Clusters recorded on the day."),
        "tracing",
        higher_is_bad=True,
    ),
)
SURVEILLANCE = (*CASES, *CONTACTS, *CLUSTERS)
