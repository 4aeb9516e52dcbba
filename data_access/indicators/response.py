"""Indicators of the response chain, across platforms. Pure."""

from data_access.indicators.build import as_is, delay_hours
from data_access.indicators.model import Term

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
WAITING = tuple(
    as_is(
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
_TOOK = {
    "positive_to_case": ("Từ dương tính đến ca bệnh", "Positive to case"),
    "case_to_listed": ("Từ ca bệnh đến lập danh sách", "Case to contacts listed"),
    "listed_to_reached": ("Từ lập danh sách đến liên hệ", "Listed to reached"),
    "reached_to_quarantined": ("Từ liên hệ đến cách ly", "Reached to quarantined"),
    "quarantined_to_tested": ("Từ cách ly đến lấy mẫu", "Quarantined to sampled"),
}
TOOK = tuple(
    delay_hours(
        f"chain_{step}_p50_hours",
        (f"{names[0]}, trung vị", f"{names[1]}, median"),
        (
            f"{names[0]}: số giờ, trung vị của 7 ngày, tính trên những lượt đã xong bước này.",
            f"{names[1]}: hours, median of 7 days, of those for whom the step is done.",
        ),
        "response",
        measure=f"chain_{step}_hours",
        along="delay",
        share=0.5,
    )
    for step, names in _TOOK.items()
)
RESPONSE = (*WAITING, *TOOK)
