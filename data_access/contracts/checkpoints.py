"""QR entry and exit (quản lý vào ra bằng mã QR): scans, and the places that registered. Pure.

Who owns a place and who holds the scanner are checked for form at the gate and never stored.
"""

import polars as pl

from data_access.contracts.declare import code, instant, key, text
from data_access.contracts.model import (
    Check,
    Contract,
    Field,
    RecordKind,
    RollUp,
    Severity,
    local_day,
)
from data_access.contracts.rules import (
    COORDINATES,
    closed_before_opened,
    delay_bin,
    district,
    person_checks,
    province,
    within_hours,
)

LATE_SYNC_HOURS = 72

PLACE_KIND = {
    "co_quan": ("Cơ quan, công sở", "Office"),
    "benh_vien": ("Bệnh viện", "Hospital"),
    "truong_hoc": ("Trường học", "School"),
    "sieu_thi": ("Siêu thị", "Supermarket"),
    "cho": ("Chợ", "Market"),
    "nha_hang": ("Nhà hàng", "Restaurant"),
    "luu_tru": ("Cơ sở lưu trú", "Lodging"),
    "khu_cong_nghiep": ("Khu công nghiệp", "Industrial park"),
    "ben_xe_nha_ga": ("Bến xe, nhà ga", "Bus or railway station"),
    "chot_kiem_soat": ("Chốt kiểm soát", "Control post"),
    "ton_giao": ("Cơ sở tôn giáo", "Place of worship"),
    "khu_dan_cu": ("Khu dân cư", "Residential area"),
    "khac": ("Khác", "Other"),
}
PLACE_STATUS = {
    "active": ("Hoạt động", "Active"),
    "inactive": ("Tạm ngừng", "Inactive"),
    "closed": ("Đã đóng", "Closed"),
}
DIRECTION = {
    "vao": ("Vào", "In"),
    "ra": ("Ra", "Out"),
    "unknown": ("Không rõ", "Unknown"),
}
METHOD = {
    "controller_scans_person": ("Người kiểm soát quét mã cá nhân", "Controller scans the person"),
    "person_scans_place": ("Người dân quét mã địa điểm", "Person scans the place"),
    "cccd_qr": ("Mã QR trên CCCD", "QR of the citizen card"),
    "bhyt_qr": ("Mã QR trên thẻ BHYT", "QR of the insurance card"),
    "printed_qr": ("Mã QR in sẵn", "Printed QR"),
    "manual_phone": ("Nhập số điện thoại", "Telephone typed in"),
}
CARD_COLOUR = {
    "xanh": ("Thẻ xanh", "Green card"),
    "vang": ("Thẻ vàng", "Yellow card"),
    "do": ("Thẻ đỏ", "Red card"),
    "none": ("Không có thẻ", "No card"),
}
OUTCOME = {
    "cho_vao": ("Cho vào", "Admitted"),
    "canh_bao": ("Cảnh báo", "Warned"),
    "tu_choi": ("Từ chối", "Refused"),
}

_scanned, _synced = pl.col("scanned_at"), pl.col("synced_at")


def _place_kind(*, name: str, required: bool = False) -> Field:
    return code(name, "Loại địa điểm", "Kind of place", labels=PLACE_KIND, required=required)


SCAN_KIND = RecordKind(
    name="scan",
    key="scan_id",
    vi="Lượt quét",
    en="Scan",
    fields=(
        key("scan_id", "Mã lượt quét", "Scan"),
        text("place_code", "Mã địa điểm", "Place", required=True, max_length=40),
        _place_kind(name="place_kind"),
        instant("scanned_at", "Thời điểm quét", "Scanned at", required=True),
        instant("synced_at", "Thời điểm đồng bộ", "Synchronised at"),
        code("direction", "Chiều", "Direction", labels=DIRECTION,
             aliases={"in": "vao", "out": "ra", "vào": "vao"}),
        code("method", "Cách quét", "Method", labels=METHOD),
        code("card_colour", "Màu thẻ", "Colour of the card", labels=CARD_COLOUR),
        code("outcome", "Kết quả kiểm soát", "Outcome", labels=OUTCOME),
        text("controller_ref", "Người kiểm soát", "Controller", personal=True),
    ),
    checks=(
        Check(
            key="synced_before_scanned",
            broken=_synced < _scanned,
            field="synced_at",
            vi="Đồng bộ trước khi quét",
            en="Synchronised before it was scanned",
        ),
        Check(
            key="synced_late",
            broken=~within_hours(_scanned, _synced, hours=LATE_SYNC_HOURS),
            field="synced_at",
            vi="Đồng bộ trễ hơn 72 giờ",
            en="Synchronised more than 72 hours later",
            severity=Severity.FLAG,
        ),
        Check(
            key="direction_not_known",
            broken=pl.col("direction").is_null() | (pl.col("direction") == "unknown"),
            field="direction",
            vi="Không rõ chiều vào hay ra",
            en="Neither in nor out is known",
            severity=Severity.FLAG,
        ),
        *person_checks(local_day("scanned_at")),
    ),
    rollups=(
        RollUp(
            measure="checkpoint_scans",
            day="scanned_at",
            dimensions={
                "method": pl.col("method"),
                "direction": pl.col("direction"),
                "outcome": pl.col("outcome"),
                "kind": pl.col("place_kind"),
                "card": pl.col("card_colour"),
            },
            grains=(
                province("method"), province("direction"), province("outcome"),
                province("kind"), province("card"), district(),
            ),
        ),
        RollUp(
            measure="checkpoint_sync_hours",
            day="scanned_at",
            where=_synced.is_not_null(),
            dimensions={"delay": delay_bin(_scanned, _synced)},
            grains=(province("delay"),),
        ),
    ),
    has_person=True,
)  # fmt: skip


def _places(measure: str, *, on: str, among: pl.Expr | None = None) -> RollUp:
    is_dated = pl.col(on).is_not_null()
    return RollUp(
        measure=measure,
        day=on,
        where=is_dated if among is None else is_dated & among,
        dimensions={"kind": pl.col("kind")},
        grains=(province("kind"), district()),
    )


PLACE_KIND_OF_RECORD = RecordKind(
    name="place",
    key="place_code",
    vi="Địa điểm",
    en="Place",
    fields=(
        key("place_code", "Mã địa điểm", "Place"),
        text("name", "Tên địa điểm", "Name of the place"),
        _place_kind(name="kind"),
        *COORDINATES,
        text("owner_name", "Chủ địa điểm", "Owner", personal=True),
        text("owner_phone", "Điện thoại chủ địa điểm", "Telephone of the owner", personal=True),
        instant("registered_at", "Thời điểm đăng ký", "Registered at", required=True),
        instant("closed_at", "Thời điểm đóng", "Closed at"),
        code("status", "Tình trạng", "Status", labels=PLACE_STATUS),
        instant("status_since", "Tình trạng từ", "Status since"),
    ),
    checks=(
        closed_before_opened("closed_at", "registered_at"),
        Check(
            key="closed_without_time",
            broken=(pl.col("status") == "closed") & pl.col("closed_at").is_null(),
            field="closed_at",
            vi="Đã đóng nhưng không có thời điểm đóng; vẫn được đếm",
            en="Closed, but since when is missing; still counted",
            severity=Severity.FLAG,
        ),
        Check(
            key="status_before_registered",
            broken=pl.col("status_since") < pl.col("registered_at"),
            field="status_since",
            vi="Đổi tình trạng trước khi đăng ký",
            en="The status changed before the place registered",
            severity=Severity.FLAG,
        ),
        Check(
            key="closed_but_active",
            broken=(pl.col("status") == "active") & pl.col("closed_at").is_not_null(),
            field="status",
            vi="Có thời điểm đóng nhưng ghi là hoạt động",
            en="Has closed, yet is stated as active",
            severity=Severity.FLAG,
        ),
    ),
    rollups=(
        _places("checkpoint_places_opened", on="registered_at"),
        _places("checkpoint_places_closed", on="closed_at"),
        _places(
            "checkpoint_places_paused",
            on="status_since",
            among=pl.col("status") == "inactive",
        ),
    ),
    lag_days=7,
)

CHECKPOINTS = Contract(
    platform="checkpoints",
    vi="Quản lý vào ra bằng mã QR",
    en="QR checkpoints",
    kinds=(SCAN_KIND, PLACE_KIND_OF_RECORD),
)
