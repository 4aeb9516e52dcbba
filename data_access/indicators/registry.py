"""Every indicator of the product, each declared once, by platform. Pure.

Cards, maps, tables, tooltips, the dictionary and the command line all read this.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from data_access.codes import Clearance
from data_access.indicators.entry import CHECKPOINTS, DECLARATIONS
from data_access.indicators.model import Indicator
from data_access.indicators.quarantine import QUARANTINE
from data_access.indicators.response import RESPONSE
from data_access.indicators.surveillance import SURVEILLANCE
from data_access.indicators.testing import TESTING
from data_access.indicators.vaccination import VACCINATION

PUBLIC = frozenset({
    "contacts_per_case", "contacts_listed", "clusters_active", "clusters_opened",
    "quarantine_beds", "quarantine_occupied", "quarantine_free", "quarantine_occupancy",
    "quarantine_admissions", "quarantine_discharges", "quarantine_days_to_full",
    "test_positivity", "test_positivity_pcr", "test_positivity_antigen", "tests_per_1000",
    "turnaround_p50_hours", "turnaround_p90_hours", "results_24h_share", "results_48h_share",
    "samples_collected", "samples_resulted", "samples_pending", "persons_tested",
    "declarations", "declarations_per_1000", "checkpoint_places", "checkpoint_places_opened",
    "checkpoint_scans", "checkpoint_scans_per_1000",
})  # fmt: skip
"""Of those that are not about cases and doses: what the public is told. Every measure behind one
is public too (tested); how much of it is told below province: `disclosure/policy.toml`."""


def _told(one: Indicator) -> Indicator:
    return replace(one, clearance=Clearance.PUBLIC) if one.key in PUBLIC else one


INDICATORS: Mapping[str, Indicator] = MappingProxyType(
    {
        one.key: _told(one)
        for one in (
            *SURVEILLANCE,
            *QUARANTINE,
            *TESTING,
            *VACCINATION,
            *DECLARATIONS,
            *CHECKPOINTS,
            *RESPONSE,
        )
    }
)
