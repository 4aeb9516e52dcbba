"""What the province page shows of each platform, compares and maps. Pure declarations."""

from collections.abc import Mapping
from types import MappingProxyType

LEAD = "cases"
SAID = ("incidence_7d_per_100k", "test_positivity", "quarantine_occupancy",
        "vaccination_coverage_1")  # fmt: skip
PLATFORM_CARDS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "tracing": ("cases", "clusters_active", "contacts_per_case", "contacts_reached_24h_share"),
    "testing": ("persons_tested", "test_positivity", "turnaround_p50_hours", "samples_pending"),
    "quarantine": ("quarantine_occupancy", "quarantine_free", "quarantine_days_to_full",
                   "quarantine_overdue"),
    "vaccination": ("vaccination_coverage_1", "vaccination_coverage_full", "doses_per_day",
                    "vaccine_stock_days"),
    "declarations": ("declarations", "declarations_flagged", "declarations_called_24h_share",
                     "declarations_yield"),
    "checkpoints": ("checkpoint_scans", "checkpoint_places", "checkpoint_refused_share",
                    "checkpoint_sync_p50_hours"),
})  # fmt: skip
"""The cards of each platform, in the order in which a case meets them."""
RANKED = (
    "incidence_7d_per_100k",
    "test_positivity_7d_mean",
    "tests_per_1000",
    "turnaround_p50_hours",
    "contacts_reached_24h_share",
    "quarantine_occupancy",
    "vaccination_coverage_1",
    "declarations_per_1000",
    "checkpoint_scans_per_1000",
)
"""What provinces are ranked by: rates and shares only, so that size does not decide."""
DISTRICT_CHOICES = (
    "incidence_7d_per_100k",
    "cases",
    "clusters_active",
    "contacts_reached_24h_share",
    "test_positivity",
    "persons_tested",
    "turnaround_p50_hours",
    "samples_pending",
    "quarantine_occupancy",
    "quarantine_free",
    "quarantine_overdue",
    "vaccination_coverage_1",
    "vaccination_coverage_full",
    "doses",
    "declarations_per_1000",
    "declarations_flagged",
    "checkpoint_scans",
    "checkpoint_places",
)
"""What may be mapped by district, where the districts have figures."""
