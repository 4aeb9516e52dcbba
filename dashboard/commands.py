"""The command pages: what each shows, in one grammar. Pure declarations.

Sentence, cards, map beside ranking, trend, breakdowns, definitions: the order is the same on every
page, so that who knows one knows all. What a page alone has stands in a section of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A breakdown: something by one dimension.

    Attributes:
        id: measure or indicator.
        by: the dimension kept apart.
        kind: "bars" ranks codes over the days of the page, "stack" lays them over time, "bins"
            keeps the order of the codes (delays, days of stay).
        top: at most so many codes; the rest is summed under one name.
        named: whether the name of the measure says already what it is counted by.
    """

    id: str
    by: str
    kind: str = "bars"
    top: int = 8
    named: bool = False


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Which provinces the sentence names.

    Attributes:
        id: indicator.
        limit: line that is crossed.
        above: whether values at or above it count; else those at or below.
    """

    id: str
    limit: float
    above: bool = True


@dataclass(frozen=True, kw_only=True)
class CommandPage:
    """One command page.

    Attributes:
        key: page, as in `navigation`.
        lead: what the sentence begins with.
        said: what it goes on with.
        watch: which provinces it names.
        cards: the headline.
        choices: what may be mapped, ranked and followed over time; the first is the opening.
        cuts: breakdowns.
        listed: further ids explained among the definitions.
        marks: what stands on top of its map, as in `loaders_maps.map_message`; empty: nothing.
    """

    key: str
    lead: str
    said: tuple[str, ...]
    watch: Watch
    cards: tuple[str, ...]
    choices: tuple[str, ...]
    cuts: tuple[Cut, ...]
    listed: tuple[str, ...] = ()
    marks: str = ""


_ALL = (
    CommandPage(
        key="quarantine",
        lead="quarantine_occupancy",
        said=("quarantine_free", "quarantine_overdue"),
        watch=Watch(id="quarantine_days_to_full", limit=5, above=False),
        cards=(
            "quarantine_occupancy",
            "quarantine_free",
            "quarantine_occupied",
            "quarantine_beds",
            "quarantine_days_to_full",
            "quarantine_admissions",
            "quarantine_discharges",
            "quarantine_overdue",
            "quarantine_checks_share",
            "quarantine_positive_share",
        ),
        choices=(
            "quarantine_occupancy",
            "quarantine_days_to_full",
            "quarantine_free",
            "quarantine_occupied",
            "quarantine_beds",
            "quarantine_admissions",
            "quarantine_discharges",
            "quarantine_overdue",
            "quarantine_checks_share",
            "quarantine_absent_share",
            "quarantine_positive_share",
        ),
        cuts=(
            Cut(id="quarantine_occupied", by="kind", kind="stack"),
            Cut(id="quarantine_beds", by="kind"),
            Cut(id="quarantine_admissions", by="class", kind="stack"),
            Cut(id="quarantine_tests_positive", by="stay_days", kind="bins"),
            Cut(id="quarantine_site_reports", by="state"),
            Cut(id="quarantine_site_shortages", by="shortage", named=True),
        ),
        listed=("quarantine_site_admissions", "quarantine_site_discharges"),
        marks="sites",
    ),
    CommandPage(
        key="testing",
        lead="persons_tested",
        said=("test_positivity", "turnaround_p50_hours", "samples_pending"),
        watch=Watch(id="laboratory_load", limit=1.0),
        cards=(
            "samples_collected",
            "samples_resulted",
            "samples_pending",
            "persons_tested",
            "tests_per_1000",
            "test_positivity",
            "turnaround_p50_hours",
            "turnaround_p90_hours",
            "results_24h_share",
            "results_48h_share",
            "laboratory_load",
            "samples_invalid_share",
        ),
        choices=(
            "test_positivity",
            "test_positivity_pcr",
            "test_positivity_antigen",
            "turnaround_p50_hours",
            "turnaround_p90_hours",
            "results_24h_share",
            "results_48h_share",
            "samples_pending",
            "samples_collected",
            "samples_resulted",
            "persons_tested",
            "tests_per_1000",
            "laboratory_load",
            "pools_positive_share",
            "samples_invalid_share",
        ),
        cuts=(
            Cut(id="persons_tested", by="method", kind="stack"),
            Cut(id="test_positivity_pcr_7d_mean", by="reason"),
            Cut(id="turnaround_hours", by="bin", kind="bins", named=True),
            Cut(id="samples_collected", by="pool"),
            Cut(id="samples_resulted", by="result"),
            Cut(id="samples_returned", by="via"),
        ),
    ),
    CommandPage(
        key="vaccination",
        lead="vaccination_coverage_1",
        said=("vaccination_coverage_full", "doses_per_day", "vaccination_days_to_target"),
        watch=Watch(id="vaccine_stock_days", limit=3, above=False),
        cards=(
            "vaccination_coverage_1",
            "vaccination_coverage_full",
            "doses_per_day",
            "vaccination_days_to_target",
            "doses_dropout",
            "doses_in_stock",
            "vaccine_stock_days",
            "doses_wasted_share",
            "doses_near_expiry",
            "dose_recording_p50_hours",
            "doses_verified_share",
            "vaccination_sites",
        ),
        choices=(
            "vaccination_coverage_1",
            "vaccination_coverage_full",
            "doses",
            "doses_1",
            "doses_2",
            "doses_additional",
            "doses_booster",
            "doses_dropout",
            "vaccination_days_to_target",
            "vaccine_stock_days",
            "doses_in_stock",
            "doses_wasted_share",
            "doses_near_expiry",
            "stock_outs",
            "dose_recording_p50_hours",
            "dose_recording_p90_hours",
            "doses_verified_share",
            "vaccination_sites",
        ),
        cuts=(
            Cut(id="doses", by="product", kind="stack"),
            Cut(id="doses", by="dose", kind="stack"),
            Cut(id="doses", by="age"),
            Cut(id="doses", by="priority_group"),
            Cut(id="doses_in_stock", by="product"),
            Cut(id="adverse_events", by="severity"),
        ),
    ),
    CommandPage(
        key="tracing",
        marks="clusters",
        lead="cases",
        said=("contacts_reached_24h_share", "cases_known_share", "clusters_active"),
        watch=Watch(id="contacts_reached_24h_share", limit=0.5, above=False),
        cards=(
            "cases",
            "cases_community",
            "clusters_active",
            "clusters_opened",
            "contacts_per_case",
            "contacts_reached_24h_share",
            "contacts_reached_48h_share",
            "contacts_quarantined_share",
            "contacts_sampled_share",
            "contacts_positive_share",
            "cases_known_share",
            "contact_reach_p50_hours",
        ),
        choices=(
            "cases",
            "incidence_7d_per_100k",
            "cases_community",
            "cases_community_share",
            "cases_known_share",
            "clusters_active",
            "clusters_opened",
            "contacts_listed",
            "contacts_per_case",
            "contacts_reached_24h_share",
            "contacts_reached_48h_share",
            "contacts_quarantined_share",
            "contacts_sampled_share",
            "contacts_positive_share",
            "contact_reach_p50_hours",
            "deaths",
        ),
        cuts=(
            Cut(id="cases", by="detected_in", kind="stack"),
            Cut(id="cases", by="severity"),
            Cut(id="contacts_listed", by="class", kind="stack"),
            Cut(id="contacts_listed", by="setting"),
            Cut(id="clusters_active", by="setting"),
            Cut(id="contact_reach_hours", by="delay", kind="bins", named=True),
            Cut(id="exposure_places", by="setting"),
        ),
    ),
    CommandPage(
        key="declarations",
        lead="declarations",
        said=("declarations_symptomatic_share", "declarations_called_24h_share"),
        watch=Watch(id="declarations_called_24h_share", limit=0.5, above=False),
        cards=(
            "declarations",
            "declarations_per_1000",
            "declarations_symptomatic_share",
            "declarations_flagged",
            "declarations_called_24h_share",
            "declarations_unreachable_share",
            "declarations_sampled_48h_share",
            "declarations_yield",
        ),
        choices=(
            "declarations_per_1000",
            "declarations",
            "declarations_symptomatic_share",
            "declarations_flagged",
            "declarations_called_24h_share",
            "declarations_unreachable_share",
            "declarations_sampled_48h_share",
            "declarations_yield",
        ),
        cuts=(
            Cut(id="declarations", by="kind", kind="stack"),
            Cut(id="declarations", by="channel"),
            Cut(id="declarations_symptoms", by="symptom", named=True),
            Cut(id="declarations_flagged", by="risk"),
            Cut(id="declaration_call_hours", by="delay", kind="bins", named=True),
        ),
    ),
    CommandPage(
        key="checkpoints",
        lead="checkpoint_scans",
        said=("checkpoint_places", "checkpoint_places_opened"),
        watch=Watch(id="checkpoint_scans", limit=0, above=False),
        cards=(
            "checkpoint_places",
            "checkpoint_places_opened",
            "checkpoint_scans",
            "checkpoint_scans_per_1000",
            "checkpoint_refused_share",
            "checkpoint_sync_p50_hours",
        ),
        choices=(
            "checkpoint_scans_per_1000",
            "checkpoint_scans",
            "checkpoint_places",
            "checkpoint_places_opened",
            "checkpoint_refused_share",
            "checkpoint_sync_p50_hours",
        ),
        cuts=(
            Cut(id="checkpoint_scans", by="kind", kind="stack"),
            Cut(id="checkpoint_places", by="kind"),
            Cut(id="checkpoint_scans", by="method"),
            Cut(id="checkpoint_scans", by="outcome"),
            Cut(id="checkpoint_scans", by="direction"),
            Cut(id="checkpoint_scans", by="card"),
            Cut(id="checkpoint_sync_hours", by="delay", kind="bins", named=True),
        ),
    ),
    CommandPage(
        key="response",
        lead="chain_waiting_listed_to_reached",
        said=("chain_waiting_positive_to_case", "chain_waiting_reached_to_quarantined"),
        watch=Watch(id="chain_listed_to_reached_p50_hours", limit=48),
        cards=(
            "chain_waiting_positive_to_case",
            "chain_waiting_case_to_listed",
            "chain_waiting_listed_to_reached",
            "chain_waiting_reached_to_quarantined",
            "chain_waiting_quarantined_to_tested",
            "chain_positive_to_case_p50_hours",
            "chain_case_to_listed_p50_hours",
            "chain_listed_to_reached_p50_hours",
            "chain_reached_to_quarantined_p50_hours",
            "chain_quarantined_to_tested_p50_hours",
        ),
        choices=(
            "chain_waiting_listed_to_reached",
            "chain_waiting_positive_to_case",
            "chain_waiting_case_to_listed",
            "chain_waiting_reached_to_quarantined",
            "chain_waiting_quarantined_to_tested",
            "chain_positive_to_case_p50_hours",
            "chain_case_to_listed_p50_hours",
            "chain_listed_to_reached_p50_hours",
            "chain_reached_to_quarantined_p50_hours",
            "chain_quarantined_to_tested_p50_hours",
        ),
        cuts=(
            Cut(id="chain_waiting", by="step"),
            Cut(id="chain_waiting", by="age", kind="bins"),
            Cut(id="chain_positive_to_case_hours", by="delay", kind="bins", named=True),
            Cut(id="chain_listed_to_reached_hours", by="delay", kind="bins", named=True),
            Cut(id="chain_reached_to_quarantined_hours", by="delay", kind="bins", named=True),
        ),
    ),
)
COMMANDS: Mapping[str, CommandPage] = MappingProxyType({one.key: one for one in _ALL})
