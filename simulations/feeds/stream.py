"""From the epidemic to the records of all six platforms, day by day.

A block of days is made at a time: its records agree with those of the other platforms, and what
begins in it and ends later (stays, illness, results) waits for its day. Memory is that of a block
and of what waits, however long the stream. Files and databases are not touched.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_access.contracts.registry import record_kind
from simulations.day import places_in_force
from simulations.epidemic.engine import CASES
from simulations.feeds.chains import make_chains
from simulations.feeds.cohorts import SECOND, THIRD, Cohorts, before_the_feed
from simulations.feeds.doses import Vaccinations
from simulations.feeds.inside import Inside, by_rule, daily_checks, due_samples, ended
from simulations.feeds.laboratories import queued
from simulations.feeds.model import LAST, SENT, FeedDay, FeedSpec, Frames
from simulations.feeds.outbreaks import Outbreaks
from simulations.feeds.states import (
    CLOSED_AFTER_DAYS,
    MOMENT,
    after,
    case_states,
    contact_states,
    fates,
    sent_at,
    two_states,
    with_deaths,
)
from simulations.feeds.volumes import DayVolumes, country_of, volumes
from simulations.inputs import Country
from simulations.platforms.checkpoints import checkpoint_records
from simulations.platforms.declarations import (
    declaration_records,
    make_declarations,
    sampled_others,
)
from simulations.platforms.epidemic import Epidemic, tracing_records
from simulations.platforms.people import Register
from simulations.platforms.quarantine import (
    LATE_DAYS,
    breaches,
    make_stays,
    site_reports,
    stay_records,
    tests_inside,
)
from simulations.platforms.setting import UTC_OFFSET_HOURS, Parameters, Setting
from simulations.platforms.sites import SITES, SIZES, Sites, make_sites
from simulations.platforms.stay_rules import LONGEST_INSIDE_DAYS
from simulations.platforms.testing import make_samples

WEEK = 7
LOT_WEEKS = 4
STAY_DAYS = LONGEST_INSIDE_DAYS + LATE_DAYS + 1
"""Longest stay (days), for the beds that are put up."""
TESTS_PER_STAY = 3
"""Samples of a stay, about, for the laboratories that are put up."""
LABORATORY_SPARE = 1.3
"""Capacity of laboratories, times the busiest day."""
SITES_SEED, WEEK_SEED, CHAINS_SEED, COHORTS_SEED = 1, 2, 3, 4
REGISTERS = (("quarantine", "facility"), ("testing", "laboratory"), ("vaccination", "site"),
             ("checkpoints", "place"))  # fmt: skip
SPEAK_OF = (
    ("tracing", "exposure_place", "case", "case_id"),
    ("quarantine", "daily_check", "stay", "stay_id"),
    ("quarantine", "test", "stay", "stay_id"),
)
"""(platform, kind, the kind it speaks of, its key there)."""
_IDS_KEPT = ("facility_id", "rule_id", "stay_id", "case_id", "infector_id", "index_case_id",
             "cluster_id")  # fmt: skip
"""Keys that are whole from the beginning, since other blocks speak of them too."""
COUNTS = pl.Schema({"day": pl.Date, "province_code": pl.String, "n": pl.Int64})
SAMPLED_DECLARERS = 0.1
"""Of declarers, how many are sampled at most."""
Numbers = NDArray[Any]


@dataclass(kw_only=True)
class _World:
    """What is carried from week to week."""

    spec: FeedSpec
    sites: Sites
    vaccinations: Vaccinations
    outbreaks: Outbreaks
    wards: pl.DataFrame
    given: int = 0
    free: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"lab_code": pl.String, "free_us": pl.Int64})
    )
    inside: Inside = field(default_factory=Inside)
    waiting: Frames = field(default_factory=dict)


def stream(spec: FeedSpec, *, areas: pl.DataFrame) -> Iterator[FeedDay]:
    """Yield the days of a feed in order; the same spec gives the same bytes.

    What came about before the first day is not in it, but for what registers hold.

    Args:
        spec: which days, how thin, which provinces, which seed.
        areas: the country pack's areas (`code, vintage, level, parent_code, valid_from, valid_to`).

    Raises:
        ValueError: if the days lie outside the epidemic's plan, or a province is not known.
    """
    country = country_of(spec)
    whole = list(volumes(country, spec, from_the_start=True))
    every = [each for each in whole if each.day >= spec.first_day]
    places = places_in_force(
        areas, first_day=spec.first_day, n_days=spec.days, wanted=spec.provinces
    )
    world = _beginning(
        spec, places, every, wards=wards_of(areas, places),
        people=_people(country, every[0].codes) * spec.thin,
        before=_waiting(spec, whole[: len(whole) - len(every)], country, n=len(every[0].codes)),
    )  # fmt: skip
    del whole
    step = spec.parameters.block_days
    for number, start in enumerate(range(0, len(every), step)):
        week = every[start : start + step]
        states = _week(world, places, week, number=number)
        yield from _days(world, states, [each.day for each in week])


def _setting(
    spec: FeedSpec, places: pl.DataFrame, *, first_day: date, n_days: int,
    chance: tuple[int, ...], numbers: Mapping[str, pl.DataFrame], lot: int = 0,
) -> Setting:  # fmt: skip
    until = spec.first_day + timedelta(days=(lot + 1) * LOT_WEEKS * WEEK - 1)
    return Setting(
        first_day=first_day, n_days=n_days, per_province=0, provinces=places,
        parameters=Parameters(), rng=np.random.default_rng((spec.seed, *chance)), volumes=numbers,
        lot=f"{lot + 1:02d}", lot_until=until,
    )  # fmt: skip


def wards_of(areas: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Return `district_code, ward_code` of the districts of a feed, sorted."""
    return (
        areas.filter(pl.col("level") == "ward")
        .select(pl.col("parent_code").alias("district_code"), pl.col("code").alias("ward_code"))
        .join(places, on="district_code", how="semi")
        .unique().sort("district_code", "ward_code")
    )  # fmt: skip


def _people(country: Country, codes: tuple[str, ...]) -> Numbers:
    """Return the people of provinces."""
    here = [country.index(code) for code in codes]
    return np.asarray(country.setup.population.sum(axis=1)[here])


def _waiting(
    spec: FeedSpec, days: list[DayVolumes], country: Country, *, n: int
) -> dict[str, Cohorts]:
    """Return who of `n` provinces waits for a second and a third dose when the feed begins."""
    flows = (
        np.array([each.counts[f"doses_{dose}"] for each in days], dtype=np.int64).reshape(-1, n)
        for dose in (1, 2, 3)
    )
    once, twice = before_the_feed(
        *flows, first_day=country.first_day, products=Parameters().interval_days,
        rng=np.random.default_rng((spec.seed, COHORTS_SEED)),
    )  # fmt: skip
    return {SECOND: once, THIRD: twice}


def _beginning(
    spec: FeedSpec, places: pl.DataFrame, every: list[DayVolumes], *, wards: pl.DataFrame,
    people: Numbers, before: dict[str, Cohorts],
) -> _World:  # fmt: skip
    setting = _setting(spec, places, first_day=spec.first_day, n_days=spec.days,
                       chance=(SITES_SEED,), numbers={})  # fmt: skip
    cases = np.array([_cases(each) for each in every])
    chains = make_chains(cases, first_day=spec.first_day, p=spec.parameters,
                         rng=np.random.default_rng((spec.seed, CHAINS_SEED)))  # fmt: skip
    contacts = chains.contacts(shape=cases.shape)
    codes = every[0].codes
    sizes = pl.concat(
        [
            _sizes(every, cases, contacts, setting.parameters),
            _site_numbers(codes, people // spec.parameters.people_per_site),
        ]
    )
    sites = make_sites(setting, n_beds=1, sized=sizes)
    return _World(
        spec=spec, sites=sites, wards=wards,
        vaccinations=Vaccinations(
            sites=sites.vaccination, codes=codes, before=before,
            third_doses=pl.DataFrame({
                "province_code": codes,
                "n": np.sum([each.counts["doses_3"] for each in every], axis=0)}),
        ),
        outbreaks=Outbreaks(chains=chains, codes=codes, first_day=spec.first_day),
    )  # fmt: skip


def _sizes(
    every: list[DayVolumes], cases: Numbers, contacts: Numbers, p: Parameters
) -> pl.DataFrame:
    """Return `province_code, kind, n`: beds for whoever may be inside at once, and capacities."""
    pools = np.array([_pools(each, p) for each in every])
    arrivals = np.array([each.counts["arrivals"] for each in every])
    singles = cases * (1 + p.pool_size) + TESTS_PER_STAY * (contacts + arrivals)
    # Nobody is inside longer than the longest stay: these beds hold them all.
    most = {
        "benh_vien_da_chien": _most_in(cases, STAY_DAYS),
        "tap_trung": _most_in(contacts, STAY_DAYS),
        "khach_san": _most_in(arrivals, STAY_DAYS),
        "sang_loc": LABORATORY_SPARE * (pools.max(axis=0) + _declared(every)),
        "khang_dinh": LABORATORY_SPARE * singles.max(axis=0),
    }
    rows = [
        (code, kind, max(int(n), 10))
        for kind, many in most.items()
        for code, n in zip(every[0].codes, many, strict=True)
    ]
    return pl.DataFrame(rows, schema=SIZES, orient="row")


def _site_numbers(codes: tuple[str, ...], more: Numbers) -> pl.DataFrame:
    """Return `province_code, kind, n` of vaccination sites: one, and as many more of each kind."""
    rows = [(code, kind, 1 + int(n)) for code, n in zip(codes, more, strict=True) for kind in SITES]
    return pl.DataFrame(rows, schema=SIZES, orient="row")


def _most_in(flow: Numbers, days: int) -> Numbers:
    """Return the greatest sum of so many days on end, by province."""
    total = np.cumsum(np.vstack([np.zeros((1, flow.shape[1])), flow]), axis=0)
    most = total[-1] if len(flow) <= days else (total[days:] - total[:-days]).max(axis=0)
    return np.asarray(most)


def _declared(every: list[DayVolumes]) -> Numbers:
    """Return the declarers of the busiest day who are sampled, about."""
    most: Numbers = np.array([each.counts["declarations"] for each in every]).max(axis=0)
    return most * SAMPLED_DECLARERS


def _pools(day: DayVolumes, p: Parameters) -> Numbers:
    """Return the pools of screening: whoever is tested, but for cases and their contacts."""
    # The later samples of stays are counted with the day that brings the stays.
    alone = _cases(day) * (1 + TESTS_PER_STAY * p.contacts_per_case)
    return np.asarray(np.maximum(day.counts["persons_tested"] - alone, 0) // p.pool_size)


def _cases(day: DayVolumes) -> Numbers:
    return np.asarray(np.sum([day.counts[name] for name in CASES], axis=0))


def _numbers(week: list[DayVolumes], p: Parameters) -> dict[str, pl.DataFrame]:
    """Return what happens in a week as `day, province_code, n` by name."""
    return {
        "pools": _table(week, [_pools(each, p) for each in week]),
        "doses": _table(week, [each.counts["doses_1"] for each in week]),
        "second_doses": _table(week, [each.counts["doses_2"] for each in week]),
        "third_doses": _table(week, [each.counts["doses_3"] for each in week]),
        "scans": _table(week, [each.counts["scans"] for each in week]),
        "declarations": _table(week, [each.counts["declarations"] for each in week]),
        "arrivals": _table(week, [each.counts["arrivals"] for each in week]),
    }


def _table(week: list[DayVolumes], counts: list[Numbers]) -> pl.DataFrame:
    return pl.concat(
        pl.DataFrame({"day": each.day, "province_code": each.codes, "n": count}).cast(COUNTS)
        for each, count in zip(week, counts, strict=True)
    )


def _week(world: _World, places: pl.DataFrame, week: list[DayVolumes], *, number: int) -> Frames:
    """Return the states of a week's records, whenever they are sent."""
    setting = _setting(
        world.spec, places, first_day=week[0].day, n_days=len(week), chance=(WEEK_SEED, number),
        numbers=_numbers(week, Parameters()),
        lot=(week[0].day - world.spec.first_day).days // (LOT_WEEKS * WEEK),
    )  # fmt: skip
    register = Register(setting, given=world.given)
    sites, rng = world.sites, setting.rng
    epidemic = world.outbreaks.of_block(setting, register, places=sites.places, wards=world.wards)
    stays = make_stays(setting, register, epidemic=epidemic, facilities=sites.facilities)
    stays = stays.with_columns(pl.col("stay_id") + f"-{number}")
    severe = epidemic.cases.filter(pl.col("severity") == "nang")["id_no"]
    stays = ended(by_rule(setting, stays, severe=severe, wards=world.wards), setting)
    found = fates(epidemic.cases, stays, rng)
    stays = with_deaths(stays, found)
    inside = world.inside.come(setting, stays)
    world.outbreaks.hold(epidemic, stays)
    declarations = make_declarations(setting, register, epidemic=epidemic)
    samples = make_samples(
        setting, register, epidemic=epidemic, stays=stays, declared=sampled_others(declarations),
        followed=due_samples(setting, inside),
    )  # fmt: skip
    tests = tests_inside(samples.inside, inside)
    scans = checkpoint_records(setting, register, epidemic=epidemic, sites=sites)
    made: Frames = {
        ("declarations", "declaration"): declaration_records(declarations)["declaration"],
        ("checkpoints", "scan"): scans["scan"],
        **{("tracing", kind): rows for kind, rows in tracing_records(epidemic).items()},
        ("quarantine", "stay"): stay_records(stays),
        ("quarantine", "daily_check"): daily_checks(
            setting, inside, share=world.spec.parameters.check_share),
        ("quarantine", "breach"): breaches(setting, stays),
        ("quarantine", "test"): tests.with_columns(pl.col("result").fill_null("am_tinh")),
        ("quarantine", "site_report"): site_reports(setting, inside, facilities=sites.facilities),
        ("testing", "sample"): _resulted(world, samples.samples),
        ("testing", "sample_person"): samples.members,
        **{("vaccination", kind): rows
           for kind, rows in world.vaccinations.of_week(setting, register).items()},
    }  # fmt: skip
    world.given = register.given
    states = _states(made, found, rng, positive=_positive(epidemic))
    return {key: _named(rows, number) for key, rows in states.items()} | (
        _registers(world, week[0].day) if number == 0 else {}
    )


def _resulted(world: _World, samples: pl.DataFrame) -> pl.DataFrame:
    """Send negative samples through the laboratories' queues; those without a result have one."""
    rows = samples.with_columns(
        pl.col("received_lab_at").fill_null(pl.col("collected_at") + pl.duration(minutes=40)),
        pl.col("result").fill_null("am_tinh"),
        pl.col("returned_via").fill_null("dien_tu"),
    )
    waits = pl.col("result") == "am_tinh"
    handed = pl.duration(minutes=15)
    through, world.free = queued(rows.filter(waits), world.sites.laboratories, free=world.free)
    through = through.with_columns((pl.col("resulted_at") + handed).alias("returned_at"))
    return pl.concat([rows.filter(~waits), through]).sort("sample_id")


def _registers(world: _World, day: date) -> Frames:
    """Return what is registered: known from the first morning on."""
    sites = world.sites
    frames = [sites.facilities, sites.laboratories, sites.vaccination, sites.places]
    frames[-1] = frames[-1].with_columns(
        pl.lit("active").alias("status"), pl.col("registered_at").alias("status_since")
    )
    at = pl.lit(_instant(day)).cast(MOMENT).alias(SENT)
    return {key: rows.with_columns(at) for key, rows in zip(REGISTERS, frames, strict=True)}


def _instant(day: date) -> datetime:
    """Return the instant at which a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=UTC_OFFSET_HOURS)


def _positive(epidemic: Epidemic) -> pl.DataFrame:
    """Return `contact_id, reported_at` of the contacts who become cases, on whatever day."""
    cases = [part.select("case_id", "reported_at") for part in (epidemic.cases, epidemic.later)
             if part is not None]  # fmt: skip
    return epidemic.contacts.select("contact_id", "case_id").join(
        pl.concat(cases), on="case_id", how="inner", maintain_order="left"
    ).drop("case_id")  # fmt: skip


def _states(
    made: Frames, found: pl.DataFrame, rng: np.random.Generator, *, positive: pl.DataFrame
) -> Frames:
    """Return every record in the states it goes through, each with SENT."""
    ways = {
        ("tracing", "case"): lambda rows: case_states(rows, found, rng),
        ("tracing", "contact"): lambda rows: contact_states(rows, positive, rng),
        ("quarantine", "stay"): lambda rows: two_states(
            rows, rng, later=("actual_end", "end_reason"), when="actual_end"),
        ("testing", "sample"): lambda rows: two_states(
            rows, rng, when="resulted_at",
            later=("resulted_at", "returned_at", "returned_via", "result", "ct_value")),
        ("tracing", "cluster"): lambda rows: _cluster_states(rows, rng),
    }  # fmt: skip
    states = {key: ways[key](rows) if key in ways else sent_at(rows, rng)
              for key, rows in made.items()}  # fmt: skip
    for platform, kind, of, key in SPEAK_OF:
        rows = states[platform, kind]
        states[platform, kind] = after(rows, states[platform, of], key=key)
    return states


def _cluster_states(clusters: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Return clusters when they are found, at their last case, and closed two weeks after it."""
    onset = pl.when(pl.col("first_onset") <= pl.col("opened_on")).then("first_onset")
    found = clusters.filter(pl.col("last_case_date") > pl.col("opened_on")).with_columns(
        pl.col("opened_on").alias("last_case_date"), onset.alias("first_onset")
    )
    active = sent_at(clusters, rng)
    closed = active.with_columns(
        pl.lit("ket_thuc").alias("status"),
        (pl.col(SENT) + pl.duration(days=CLOSED_AFTER_DAYS)).alias(SENT),
    )
    return pl.concat([sent_at(found, rng), active, closed])


def _named(rows: pl.DataFrame, number: int) -> pl.DataFrame:
    """Return rows whose keys, and references to keys, bear the number of their week."""
    ids = [
        name
        for name in rows.columns
        if (name.endswith("_id") or name == "deconvolution_of") and name not in _IDS_KEPT
    ]
    return rows.with_columns(pl.col(ids) + f"-{number}")


def _days(world: _World, states: Frames, days: list[date]) -> Iterator[FeedDay]:
    """Yield the days of a week, of what was made in it and of what waited."""
    held = {
        key: rows if key not in world.waiting else pl.concat([world.waiting[key], rows])
        for key, rows in states.items()
    } | {key: rows for key, rows in world.waiting.items() if key not in states}  # fmt: skip
    begins = _instant(days[0])
    local = (pl.col(SENT) + timedelta(hours=UTC_OFFSET_HOURS)).dt.date()
    dated = {
        # What happened before it was made is known on the first morning.
        key: _with_last(rows.with_columns(pl.max_horizontal(SENT, pl.lit(begins).cast(MOMENT))),
                        key, until=world.spec)
        for key, rows in held.items()
    }  # fmt: skip
    ends = pl.Series([day + timedelta(days=1) for day in days])
    # In the order in which they are sent, the states of a day lie together.
    cuts = {
        key: [0, *rows.select(local).to_series().search_sorted(ends, side="left").to_list()]
        for key, rows in dated.items()
    }
    for number, day in enumerate(days):
        found = {
            key: rows.slice(cuts[key][number], cuts[key][number + 1] - cuts[key][number])
            for key, rows in dated.items()
        }
        yield FeedDay(day=day, records={key: rows for key, rows in found.items() if rows.height})
    world.waiting = {key: rows.slice(cuts[key][-1]).drop(LAST) for key, rows in dated.items()}


def _with_last(rows: pl.DataFrame, key: tuple[str, str], *, until: FeedSpec) -> pl.DataFrame:
    """Add LAST: no later state of the record is sent before the feed ends."""
    name = record_kind(key[0], kind=key[1]).key
    end = until.first_day + timedelta(days=until.days)
    in_time = (pl.col(SENT) + timedelta(hours=UTC_OFFSET_HOURS)).dt.date() < end
    # States of one moment stay in the order in which they came about.
    rows = rows.sort(SENT, maintain_order=True)
    last = rows.filter(in_time).select(pl.col(name).is_last_distinct()).to_series()
    late = pl.Series([False] * (rows.height - len(last)), dtype=pl.Boolean)
    return rows.with_columns(pl.concat([last, late]).alias(LAST))
