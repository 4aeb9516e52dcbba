"""Every measure the product knows by itself. A mapping may register further ones."""

from collections.abc import Mapping
from types import MappingProxyType

from data_access.codes import Clearance
from data_access.errors import UnknownId
from data_access.measures.model import Measure, MeasureKind

FLOW, STOCK = MeasureKind.FLOW, MeasureKind.STOCK
PUBLIC = Clearance.PUBLIC


def _m(key: str, kind: MeasureKind, unit: str, platform: str, vi: str, en: str, **more: object) -> Measure:
    return Measure(key=key, kind=kind, unit=unit, platform=platform, vi=vi, en=en, **more)  # type: ignore[arg-type]


_ALL = (
    _m("population", STOCK, "person", "reference", "Dân số", "Population", clearance=PUBLIC, dimensions=("group",)),
    # Surveillance
    _m("cases", FLOW, "case", "tracing", "Ca mắc mới", "New cases", clearance=PUBLIC,
       dimensions=("detected_in", "severity"), cumulative="cases_cumulative", higher_is_bad=True),
    _m("deaths", FLOW, "death", "tracing", "Ca tử vong", "Deaths", clearance=PUBLIC, cumulative="deaths_cumulative",
       higher_is_bad=True),
    _m("recovered", FLOW, "person", "tracing", "Khỏi bệnh", "Recovered", clearance=PUBLIC, higher_is_bad=False),
    _m("cases_cumulative", STOCK, "case", "tracing", "Ca mắc cộng dồn", "Cumulative cases", clearance=PUBLIC,
       inflow="cases", higher_is_bad=True),
    _m("deaths_cumulative", STOCK, "death", "tracing", "Tử vong cộng dồn", "Cumulative deaths", clearance=PUBLIC,
       inflow="deaths", higher_is_bad=True),
    _m("cases_isolated", FLOW, "case", "tracing", "Ca mắc đã cách ly", "Cases isolated", higher_is_bad=False),
    _m("cases_interviewed", FLOW, "case", "tracing", "Ca mắc đã điều tra xong", "Cases interviewed", higher_is_bad=False),
    _m("cases_known_contacts", FLOW, "case", "tracing", "Ca mắc đã là F1 trước khi phát hiện", "Cases known as contacts before diagnosis",
       higher_is_bad=False),
    _m("contacts_listed", FLOW, "person", "tracing", "Người tiếp xúc được lập danh sách", "Contacts listed",
       dimensions=("class", "setting", "source")),
    _m("contacts_reached_24h", FLOW, "person", "tracing", "Người tiếp xúc liên hệ được trong 24 giờ", "Contacts reached within 24 hours",
       dimensions=("class",), higher_is_bad=False),
    _m("contacts_reached_48h", FLOW, "person", "tracing", "Người tiếp xúc liên hệ được trong 48 giờ", "Contacts reached within 48 hours",
       dimensions=("class",), higher_is_bad=False),
    _m("contact_reach_hours", FLOW, "person", "tracing", "Người tiếp xúc theo số giờ đến khi liên hệ được", "Contacts by hours until reached",
       dimensions=("class", "delay"), lag_days=2),
    _m("contacts_sampled", FLOW, "person", "tracing", "Người tiếp xúc đã lấy mẫu", "Contacts sampled", dimensions=("class",)),
    _m("contacts_positive", FLOW, "person", "tracing", "Người tiếp xúc dương tính", "Contacts tested positive",
       dimensions=("class", "setting"), higher_is_bad=True),
    _m("exposure_places", FLOW, "visit", "tracing", "Mốc dịch tễ", "Places of exposure", dimensions=("setting",), higher_is_bad=True),
    _m("contacts_reached", FLOW, "person", "tracing", "Người tiếp xúc đã liên hệ", "Contacts reached", dimensions=("class",)),
    _m("contacts_quarantined", FLOW, "person", "tracing", "Người tiếp xúc đã cách ly", "Contacts quarantined",
       dimensions=("class",)),
    _m("clusters_active", STOCK, "cluster", "tracing", "Ổ dịch đang hoạt động", "Active clusters",
       dimensions=("setting",), inflow="clusters_opened", outflow="clusters_closed", higher_is_bad=True),
    _m("clusters_opened", FLOW, "cluster", "tracing", "Ổ dịch mới", "New clusters", dimensions=("setting",), higher_is_bad=True),
    _m("clusters_closed", FLOW, "cluster", "tracing", "Ổ dịch kết thúc", "Clusters ended", dimensions=("setting",), higher_is_bad=False),
    # Quarantine
    _m("quarantine_beds", STOCK, "bed", "quarantine", "Giường cách ly", "Quarantine beds", dimensions=("kind",),
       inflow="quarantine_beds_opened", outflow="quarantine_beds_closed", higher_is_bad=False),
    _m("quarantine_beds_opened", FLOW, "bed", "quarantine", "Giường cách ly mở thêm", "Quarantine beds opened", dimensions=("kind",)),
    _m("quarantine_beds_closed", FLOW, "bed", "quarantine", "Giường cách ly đóng", "Quarantine beds closed", dimensions=("kind",)),
    _m("quarantine_occupied", STOCK, "person", "quarantine", "Người đang cách ly", "People in quarantine",
       dimensions=("kind", "class"), inflow="quarantine_admissions", outflow="quarantine_discharges", higher_is_bad=True),
    _m("quarantine_admissions", FLOW, "person", "quarantine", "Tiếp nhận cách ly", "Quarantine admissions",
       dimensions=("kind", "class"), higher_is_bad=True),
    _m("quarantine_discharges", FLOW, "person", "quarantine", "Kết thúc cách ly", "Quarantine discharges",
       dimensions=("kind", "class"), higher_is_bad=False),
    _m("quarantine_beds_total", STOCK, "bed", "quarantine", "Tổng số giường cách ly", "Quarantine beds in total", dimensions=("kind",),
       inflow="quarantine_beds_total_opened", outflow="quarantine_beds_total_closed", higher_is_bad=False),
    _m("quarantine_beds_total_opened", FLOW, "bed", "quarantine", "Tổng giường cách ly mở thêm", "Quarantine beds in total, opened",
       dimensions=("kind",)),
    _m("quarantine_beds_total_closed", FLOW, "bed", "quarantine", "Tổng giường cách ly đóng", "Quarantine beds in total, closed",
       dimensions=("kind",)),
    _m("quarantine_checks", FLOW, "check", "quarantine", "Lượt theo dõi sức khỏe khi cách ly", "Daily checks in quarantine",
       higher_is_bad=False),
    _m("quarantine_checks_symptomatic", FLOW, "check", "quarantine", "Lượt theo dõi có triệu chứng", "Daily checks with symptoms",
       higher_is_bad=True),
    _m("quarantine_tests", FLOW, "test", "quarantine", "Xét nghiệm trong khu cách ly", "Tests inside quarantine"),
    _m("quarantine_tests_positive", FLOW, "test", "quarantine", "Dương tính trong khu cách ly", "Positive tests inside quarantine",
       higher_is_bad=True),
    _m("quarantine_breaches", FLOW, "breach", "quarantine", "Vi phạm cách ly", "Breaches of quarantine", dimensions=("kind",),
       higher_is_bad=True),
    _m("hospital_beds", STOCK, "bed", "quarantine", "Giường bệnh viện", "Hospital beds", clearance=PUBLIC, higher_is_bad=False),
    # Testing
    _m("samples_collected", FLOW, "sample", "testing", "Mẫu đã lấy", "Samples collected", dimensions=("method", "reason", "pool")),
    _m("samples_received", FLOW, "sample", "testing", "Mẫu phòng xét nghiệm đã nhận", "Samples received by laboratories", dimensions=("lab",)),
    _m("samples_resulted", FLOW, "sample", "testing", "Mẫu có kết quả", "Samples resulted",
       dimensions=("method", "reason", "pool", "result", "lab")),
    _m("samples_pending", STOCK, "sample", "testing", "Mẫu chờ kết quả", "Samples waiting for a result", dimensions=("method", "reason", "pool"),
       inflow="samples_collected", outflow="samples_resulted", higher_is_bad=True),
    _m("persons_tested", FLOW, "person-time", "testing", "Lượt người xét nghiệm", "People tested (person-times)",
       dimensions=("method", "reason", "pool")),
    _m("persons_positive", FLOW, "person-time", "testing", "Lượt người dương tính", "People positive (person-times)",
       dimensions=("method", "reason", "pool"), higher_is_bad=True),
    _m("pool_members", FLOW, "person-time", "testing", "Lượt người kê trong mẫu gộp", "People listed in pools (person-times)",
       dimensions=("method", "reason")),
    _m("pools_resulted", FLOW, "sample", "testing", "Mẫu gộp có kết quả", "Pools resulted", dimensions=("method", "size")),
    _m("pools_positive", FLOW, "sample", "testing", "Mẫu gộp dương tính", "Positive pools", dimensions=("method", "size"), higher_is_bad=True),
    _m("turnaround_hours", FLOW, "sample", "testing", "Mẫu theo số giờ từ lấy mẫu đến trả kết quả", "Samples by hours from collection to return",
       dimensions=("bin", "method"), lag_days=2),
    _m("turnaround_to_laboratory_hours", FLOW, "sample", "testing", "Mẫu theo số giờ từ lấy mẫu đến phòng xét nghiệm",
       "Samples by hours from collection to laboratory", dimensions=("bin",), lag_days=2),
    _m("turnaround_in_laboratory_hours", FLOW, "sample", "testing", "Mẫu theo số giờ tại phòng xét nghiệm", "Samples by hours in the laboratory",
       dimensions=("bin",), lag_days=2),
    _m("turnaround_to_return_hours", FLOW, "sample", "testing", "Mẫu theo số giờ từ có đến trả kết quả", "Samples by hours from result to return",
       dimensions=("bin",), lag_days=2),
    _m("laboratories", STOCK, "laboratory", "testing", "Phòng xét nghiệm", "Laboratories", dimensions=("kind",),
       inflow="laboratories_opened", outflow="laboratories_closed", higher_is_bad=False),
    _m("laboratories_opened", FLOW, "laboratory", "testing", "Phòng xét nghiệm mở thêm", "Laboratories opened", dimensions=("kind",)),
    _m("laboratories_closed", FLOW, "laboratory", "testing", "Phòng xét nghiệm ngừng", "Laboratories closed", dimensions=("kind",)),
    _m("laboratory_capacity", STOCK, "sample", "testing", "Công suất xét nghiệm mỗi ngày", "Laboratory capacity per day", dimensions=("kind",),
       inflow="laboratory_capacity_opened", outflow="laboratory_capacity_closed", higher_is_bad=False),
    _m("laboratory_capacity_opened", FLOW, "sample", "testing", "Công suất xét nghiệm tăng thêm", "Laboratory capacity added", dimensions=("kind",)),
    _m("laboratory_capacity_closed", FLOW, "sample", "testing", "Công suất xét nghiệm giảm đi", "Laboratory capacity withdrawn",
       dimensions=("kind",)),
    # Vaccination
    _m("doses", FLOW, "dose", "vaccination", "Mũi vắc xin đã tiêm", "Vaccine doses given", clearance=PUBLIC,
       dimensions=("dose", "product", "age", "priority_group"), cumulative="doses_cumulative", higher_is_bad=False),
    _m("doses_cumulative", STOCK, "dose", "vaccination", "Mũi vắc xin cộng dồn", "Vaccine doses, cumulative", clearance=PUBLIC,
       dimensions=("dose", "product", "age", "priority_group"), inflow="doses", higher_is_bad=False),
    _m("persons_fully_vaccinated", FLOW, "person", "vaccination", "Người tiêm đủ mũi cơ bản", "People who completed their course",
       clearance=PUBLIC, dimensions=("product", "age"), cumulative="persons_fully_vaccinated_cumulative", higher_is_bad=False),
    _m("persons_fully_vaccinated_cumulative", STOCK, "person", "vaccination", "Người tiêm đủ mũi cơ bản, cộng dồn",
       "People who completed their course, cumulative", clearance=PUBLIC, dimensions=("product", "age"),
       inflow="persons_fully_vaccinated", higher_is_bad=False),
    _m("doses_verified", FLOW, "dose", "vaccination", "Mũi tiêm đã xác thực định danh", "Doses with a verified identity", higher_is_bad=False),
    _m("adverse_events", FLOW, "event", "vaccination", "Phản ứng sau tiêm", "Adverse events after vaccination", dimensions=("severity",),
       higher_is_bad=True),
    _m("doses_planned", STOCK, "dose", "vaccination", "Liều vắc xin theo kế hoạch", "Vaccine doses planned"),
    _m("doses_allocated", STOCK, "dose", "vaccination", "Liều vắc xin được phân bổ", "Vaccine doses allocated", higher_is_bad=False),
    _m("doses_received", FLOW, "dose", "vaccination", "Liều vắc xin nhận về", "Vaccine doses received", dimensions=("product",)),
    _m("doses_used", FLOW, "dose", "vaccination", "Liều vắc xin đã dùng (sổ kho)", "Vaccine doses used (stock ledger)",
       dimensions=("product",)),
    _m("doses_wasted", FLOW, "dose", "vaccination", "Liều vắc xin hao hụt", "Vaccine doses wasted",
       dimensions=("product", "vial"), higher_is_bad=True),
    _m("vaccination_sites", STOCK, "site", "vaccination", "Điểm tiêm", "Vaccination sites", clearance=PUBLIC,
       inflow="vaccination_sites_opened", outflow="vaccination_sites_closed", higher_is_bad=False),
    _m("vaccination_sites_opened", FLOW, "site", "vaccination", "Điểm tiêm mở mới", "Vaccination sites opened"),
    _m("vaccination_sites_closed", FLOW, "site", "vaccination", "Điểm tiêm đóng", "Vaccination sites closed"),
    # Response chain, across platforms: written by data_access.chain.refresh
    _m("chain_started", FLOW, "item", "response", "Lượt bắt đầu một bước ứng phó", "Steps of the response begun", dimensions=("step",)),
    _m("chain_positive_to_case_hours", FLOW, "person", "response", "Người dương tính theo số giờ đến khi thành ca bệnh",
       "Positive people by hours until a case", dimensions=("delay",), lag_days=2),
    _m("chain_case_to_listed_hours", FLOW, "case", "response", "Ca bệnh theo số giờ đến khi lập danh sách tiếp xúc",
       "Cases by hours until contacts were listed", dimensions=("delay",), lag_days=2),
    _m("chain_listed_to_reached_hours", FLOW, "person", "response", "F1 theo số giờ đến khi liên hệ được", "Close contacts by hours until reached",
       dimensions=("delay",), lag_days=2),
    _m("chain_reached_to_quarantined_hours", FLOW, "person", "response", "F1 theo số giờ đến khi cách ly",
       "Close contacts by hours until quarantined", dimensions=("delay",), lag_days=2),
    _m("chain_quarantined_to_tested_hours", FLOW, "person", "response", "F1 theo số giờ đến khi lấy mẫu",
       "Close contacts by hours until sampled", dimensions=("delay",), lag_days=2),
    _m("chain_waiting", STOCK, "item", "response", "Đang chờ ở một bước ứng phó", "Waiting at a step of the response",
       dimensions=("step", "age"), inflow="chain_waiting_began", outflow="chain_waiting_ended", higher_is_bad=True),
    _m("chain_waiting_began", FLOW, "item", "response", "Bắt đầu chờ ở một bước, theo thời gian chờ", "Began to wait at a step, by age",
       dimensions=("step", "age")),
    _m("chain_waiting_ended", FLOW, "item", "response", "Hết chờ ở một bước, theo thời gian chờ", "No longer waiting at a step, by age",
       dimensions=("step", "age")),
    # Declarations and checkpoints
    _m("declarations", FLOW, "declaration", "declarations", "Lượt khai báo y tế", "Health declarations", dimensions=("kind", "channel")),
    _m("declarations_symptomatic", FLOW, "declaration", "declarations", "Khai báo có triệu chứng", "Declarations with symptoms",
       dimensions=("kind",), higher_is_bad=True),
    _m("declarations_flagged", FLOW, "declaration", "declarations", "Khai báo có nguy cơ", "Flagged declarations", dimensions=("risk",),
       higher_is_bad=True),
    _m("declarations_called", FLOW, "declaration", "declarations", "Khai báo có nguy cơ đã gọi lại", "Flagged declarations called back",
       dimensions=("risk",), higher_is_bad=False),
    _m("declarations_called_24h", FLOW, "declaration", "declarations", "Khai báo có nguy cơ gọi lại trong 24 giờ",
       "Flagged declarations called within 24 hours", dimensions=("risk",), higher_is_bad=False),
    _m("declarations_unreachable", FLOW, "declaration", "declarations", "Khai báo có nguy cơ không liên lạc được", "Flagged declarations unreachable",
       dimensions=("risk",), higher_is_bad=True),
    _m("declarations_sampled", FLOW, "declaration", "declarations", "Khai báo có nguy cơ đã lấy mẫu", "Flagged declarations sampled",
       dimensions=("risk",), higher_is_bad=False),
    _m("declarations_sampled_48h", FLOW, "declaration", "declarations", "Khai báo có nguy cơ lấy mẫu trong 48 giờ",
       "Flagged declarations sampled within 48 hours", dimensions=("risk",), higher_is_bad=False),
    _m("declarations_positive", FLOW, "declaration", "declarations", "Khai báo có nguy cơ, xét nghiệm dương tính",
       "Flagged declarations found positive", dimensions=("risk",), higher_is_bad=True),
    _m("declaration_call_hours", FLOW, "declaration", "declarations", "Khai báo có nguy cơ theo số giờ đến khi gọi lại",
       "Flagged declarations by hours until called", dimensions=("delay",), lag_days=2),
    _m("checkpoint_places", STOCK, "place", "checkpoints", "Điểm QR đã đăng ký", "Registered QR places", dimensions=("kind",),
       inflow="checkpoint_places_opened", outflow="checkpoint_places_closed"),
    _m("checkpoint_places_opened", FLOW, "place", "checkpoints", "Điểm QR đăng ký mới", "QR places registered", dimensions=("kind",)),
    _m("checkpoint_places_closed", FLOW, "place", "checkpoints", "Điểm QR đã đóng", "QR places closed", dimensions=("kind",)),
    _m("checkpoint_scans", FLOW, "scan", "checkpoints", "Lượt quét QR", "QR scans", dimensions=("method", "direction", "outcome", "kind")),
    _m("checkpoint_sync_hours", FLOW, "scan", "checkpoints", "Lượt quét theo số giờ đến khi đồng bộ", "Scans by hours until synchronised",
       dimensions=("delay",), lag_days=2),
)

MEASURES: Mapping[str, Measure] = MappingProxyType({measure.key: measure for measure in _ALL})


def measure(key: str) -> Measure:
    """Return the measure of that id.

    Raises:
        UnknownId: if the product does not declare it.
    """
    if key not in MEASURES:
        raise UnknownId(f"no measure has the id {key!r}")
    return MEASURES[key]
