"""Indicators of declarations and QR checkpoints. Pure."""

from data_access.cube.where import Where
from data_access.indicators.build import as_is, delay_hours, per_thousand, share_of, weekly
from data_access.indicators.model import Indicator

REFUSED: Where = ((("outcome", ("tu_choi",)),),)


def _of_flagged(
    key: str, names: tuple[str, str], *, measure: str, higher_is_bad: bool | None = False
) -> Indicator:
    """Return the share of a week's flagged declarations with which something was done."""
    return share_of(
        key,
        names,
        (
            f"{names[0]}: chia cho số khai báo có nguy cơ, trong 7 ngày.",
            f"{names[1]}: divided by flagged declarations, over 7 days.",
        ),
        "declarations",
        part=weekly("done", measure),
        whole=weekly("flagged", "declarations_flagged"),
        higher_is_bad=higher_is_bad,
    )


DECLARATIONS = (
    as_is(
        "declarations",
        ("Lượt khai báo y tế", "Health declarations"),
        ("Số lượt khai báo trong ngày.", "Declarations made on the day."),
        "declarations",
        higher_is_bad=None,
    ),
    per_thousand(
        "declarations_per_1000",
        ("Khai báo y tế trên 1.000 dân, 7 ngày", "Declarations per 1,000, 7 days"),
        (
            "Lượt khai báo 7 ngày gần nhất chia cho dân số, nhân 1.000.",
            "Declarations of the last 7 days, divided by the population, times 1,000.",
        ),
        "declarations",
        measure="declarations",
        higher_is_bad=None,
    ),
    as_is(
        "declarations_flagged",
        ("Khai báo có nguy cơ", "Flagged declarations"),
        ("Số khai báo được gắn cờ nguy cơ trong ngày.", "Declarations flagged on the day."),
        "declarations",
        higher_is_bad=True,
    ),
    share_of(
        "declarations_symptomatic_share",
        ("Tỷ lệ khai báo có triệu chứng", "Share of declarations with symptoms"),
        (
            "Số khai báo có triệu chứng chia cho số khai báo, trong 7 ngày.",
            "Declarations with symptoms divided by declarations, over 7 days.",
        ),
        "declarations",
        part=weekly("symptomatic", "declarations_symptomatic"),
        whole=weekly("declared", "declarations"),
        higher_is_bad=True,
    ),
    _of_flagged(
        "declarations_called_24h_share",
        ("Khai báo nguy cơ gọi lại trong 24 giờ", "Flagged, called within 24 hours"),
        measure="declarations_called_24h",
    ),
    _of_flagged(
        "declarations_sampled_48h_share",
        ("Khai báo nguy cơ lấy mẫu trong 48 giờ", "Flagged, sampled within 48 hours"),
        measure="declarations_sampled_48h",
    ),
    _of_flagged(
        "declarations_unreachable_share",
        ("Khai báo nguy cơ không liên lạc được", "Flagged, unreachable"),
        measure="declarations_unreachable",
        higher_is_bad=True,
    ),
    _of_flagged(
        "declarations_yield",
        ("Khai báo nguy cơ xét nghiệm dương tính", "Flagged, found positive"),
        measure="declarations_positive",
        higher_is_bad=None,
    ),
)
CHECKPOINTS = (
    as_is(
        "checkpoint_scans",
        ("Lượt quét QR", "QR scans"),
        ("Số lượt quét trong ngày.", "Scans on the day."),
        "checkpoints",
        higher_is_bad=None,
    ),
    as_is(
        "checkpoint_places",
        ("Điểm QR đã đăng ký", "Registered QR places"),
        (
            "Số điểm đã đăng ký và chưa đóng vào cuối ngày.",
            "Places registered and not closed at day's end.",
        ),
        "checkpoints",
        higher_is_bad=None,
        chart="step",
    ),
    as_is(
        "checkpoint_places_opened",
        ("Điểm QR đăng ký mới", "QR places registered on the day"),
        ("Số điểm đăng ký trong ngày.", "Places registered on the day."),
        "checkpoints",
        higher_is_bad=None,
    ),
    per_thousand(
        "checkpoint_scans_per_1000",
        ("Lượt quét QR trên 1.000 dân, 7 ngày", "QR scans per 1,000, 7 days"),
        (
            "Lượt quét 7 ngày gần nhất chia cho dân số, nhân 1.000.",
            "Scans of the last 7 days, divided by the population, times 1,000.",
        ),
        "checkpoints",
        measure="checkpoint_scans",
        higher_is_bad=None,
    ),
    share_of(
        "checkpoint_refused_share",
        ("Tỷ lệ lượt quét bị từ chối", "Share of scans refused"),
        (
            "Lượt quét bị từ chối chia cho lượt quét, trong 7 ngày.",
            "Scans refused divided by scans, over 7 days.",
        ),
        "checkpoints",
        part=weekly("refused", "checkpoint_scans", REFUSED),
        whole=weekly("scans", "checkpoint_scans"),
        higher_is_bad=None,
    ),
    delay_hours(
        "checkpoint_sync_p50_hours",
        ("Thời gian đồng bộ lượt quét, trung vị", "Hours until a scan is synchronised, median"),
        (
            "Số giờ từ khi quét đến khi đồng bộ, trung vị của 7 ngày.",
            "Hours from the scan to its synchronisation, median of 7 days.",
        ),
        "checkpoints",
        measure="checkpoint_sync_hours",
        along="delay",
        share=0.5,
    ),
)
