"""What the records of a day add up to, counted here and not by the roll-up. Pure.

Written from the domain description: it shares no expression with the contracts, so that the two
check one another. Grains are written as `p:class+kind d:kind`: provinces by class and kind,
districts by kind.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import polars as pl

from simulations.platforms.setting import local_date

SCHEMA = pl.Schema(
    {
        "measure": pl.String,
        "date": pl.Date,
        "area_code": pl.String,
        "dims": pl.String,
        "value": pl.Float64,
    }
)
_EDGES = (
    0,
    *range(1, 25),
    *range(26, 49, 2),
    *range(52, 73, 4),
    *range(84, 169, 12),
    *range(192, 337, 24),
)
_BINS = {high: f"{low:03d}-{high:03d}" for low, high in pairwise(_EDGES)}
SYMPTOMS = ("sot", "ho", "kho_tho", "dau_hong", "mat_vi_khuu_giac", "met_moi", "tieu_chay",
            "buon_non")  # fmt: skip
SHORTAGES = ("nhan_luc", "vat_tu", "phong")
NEAR_EXPIRY_DAYS, QUIET_DAYS = 30, 14
_STAY_DAYS = {15: "15+", 8: "08-14", 4: "04-07", 1: "01-03"}
_BANDS = {65: "65+", 50: "50-64", 18: "18-49", 12: "12-17", 5: "5-11", 0: "0-4"}


@dataclass(frozen=True, kw_only=True)
class Tally:
    """One measure of one kind of record.

    Attributes:
        kind: (platform, kind of record).
        measure: id.
        day: local day it counts on.
        grains: see the module.
        where: which records were observed.
        value: what one adds.
        dims: dimension → code, where the field has another name.
    """

    kind: tuple[str, str]
    measure: str
    day: pl.Expr
    grains: str
    where: pl.Expr = field(default_factory=lambda: pl.lit(value=True))
    value: pl.Expr = field(default_factory=lambda: pl.lit(1))
    dims: Mapping[str, pl.Expr] = field(default_factory=dict)


def truth(day: Mapping[tuple[str, str], pl.DataFrame]) -> pl.DataFrame:
    """Return every figure of a day: measure, date, area_code, dims (`name=code|…`), value.

    Each measure stands at each of its grains; sums over one grain equal those over another. Counts
    add up: those of parts of the records, added, are those of the whole.
    """
    found = [
        cells for tally in TALLIES if tally.kind in day for cells in _cells(day[tally.kind], tally)
    ]
    return pl.concat(found).sort("measure", "date", "area_code", "dims")


def _cells(rows: pl.DataFrame, tally: Tally) -> Iterator[pl.DataFrame]:
    kept = rows.filter(tally.where).with_columns(
        tally.day.alias("_day"), tally.value.cast(pl.Float64).alias("_value"),
        *(code.cast(pl.String).alias(f"_{name}") for name, code in tally.dims.items()),
    ).filter(pl.col("_value").is_not_null())  # fmt: skip
    for grain in tally.grains.split():
        level, _, cut = grain.partition(":")
        area = "province_code" if level == "p" else "district_code"
        names = sorted(cut.split("+")) if cut else []
        parts = [
            pl.lit(f"{name}=")
            + pl.col(f"_{name}" if name in tally.dims else name).fill_null("unknown")
            for name in names
        ]
        dims = pl.concat_str(parts, separator="|") if parts else pl.lit("")
        yield (
            kept.filter(pl.col(area).is_not_null())
            .group_by(
                pl.col("_day").alias("date"), pl.col(area).alias("area_code"), dims.alias("dims")
            )
            .agg(pl.col("_value").sum().alias("value"))
            .select(pl.lit(tally.measure).alias("measure"), "date", "area_code", "dims", "value")
            .cast(SCHEMA)
        )


def _bin(start: str, end: str) -> pl.Expr:
    """Return the bin of a delay: its hours, begun ones whole, up to the next edge."""
    seconds = (pl.col(end) - pl.col(start)).dt.total_seconds()
    code = pl.lit("336+")
    for high, name in reversed(_BINS.items()):
        code = pl.when(seconds <= high * 3600).then(pl.lit(name)).otherwise(code)
    return code


def _in_hours(start: str, end: str, hours: int) -> pl.Expr:
    took = (pl.col(end) - pl.col(start)).dt.total_seconds()
    return (took <= hours * 3600).fill_null(value=False)


def _is(name: str, code: str) -> pl.Expr:
    return pl.col(name).eq_missing(pl.lit(code))


def _there(*names: str) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).is_not_null() for name in names)


def _declarations() -> Iterator[Tally]:
    kind, day = ("declarations", "declaration"), local_date("declared_at")
    risk = {"risk": pl.when(~_is("risk_flag", "none")).then("risk_flag").otherwise(pl.lit("watch"))}
    flagged = ~_is("risk_flag", "none")
    for name in SYMPTOMS:
        yield Tally(kind=kind, measure="declarations_symptoms", day=day, grains="p:symptom",
                    value=_is("symptoms_14d", name), dims={"symptom": pl.lit(name)})  # fmt: skip
    yield Tally(kind=kind, measure="declarations_travelled", day=day, grains="p:kind d:",
                value=_there("travel_14d"))  # fmt: skip
    yield Tally(kind=kind, measure="declarations", day=day, grains="p:kind p:channel d:")
    yield Tally(kind=kind, measure="declarations_symptomatic", day=day, grains="p:kind d:",
                value=_there("symptoms_14d"))  # fmt: skip
    yield Tally(kind=kind, measure="declarations_flagged", day=day, grains="p:risk d:",
                value=flagged, dims=risk)  # fmt: skip
    told = {
        "called": (flagged, _there("called_at")),
        "called_24h": (flagged, _in_hours("declared_at", "called_at", 24)),
        "unreachable": (flagged, _is("followup_status", "unreachable")),
        "sampled": (flagged & _there("sampled_at"), _there("sampled_at")),
        "sampled_48h": (flagged & _there("sampled_at"), _in_hours("declared_at", "sampled_at", 48)),
        "positive": (flagged & _there("test_result"), _is("test_result", "duong_tinh")),
    }
    for name, (where, value) in told.items():
        yield Tally(kind=kind, measure=f"declarations_{name}", day=day, grains="p:risk d:",
                    where=where, value=value, dims=risk)  # fmt: skip
    yield Tally(kind=kind, measure="declaration_call_hours", day=day, grains="p:delay",
                where=flagged & _there("called_at"),
                    dims={"delay": _bin("declared_at", "called_at")})  # fmt: skip


def _checkpoints() -> Iterator[Tally]:
    scan, day = ("checkpoints", "scan"), local_date("scanned_at")
    yield Tally(kind=scan, measure="checkpoint_scans", day=day,
                grains="p:method p:direction p:outcome p:kind p:card d:",
                dims={"kind": pl.col("place_kind"), "card": pl.col("card_colour")})  # fmt: skip
    yield Tally(kind=scan, measure="checkpoint_sync_hours", day=day, grains="p:delay",
                dims={"delay": _bin("scanned_at", "synced_at")})  # fmt: skip
    place = ("checkpoints", "place")
    yield Tally(kind=place, measure="checkpoint_places_opened", day=local_date("registered_at"),
                grains="p:kind d:")  # fmt: skip
    yield Tally(kind=place, measure="checkpoint_places_paused", day=local_date("status_since"),
                grains="p:kind d:", where=_is("status", "inactive"))  # fmt: skip


def _tracing() -> Iterator[Tally]:
    case, day = ("tracing", "case"), pl.col("report_date")
    yield Tally(
        kind=case, measure="cases", day=day, grains="p:detected_in p:severity d:detected_in"
    )
    yield Tally(kind=case, measure="cases_by_onset", day=pl.col("onset_date"), grains="p: d:",
                where=_there("onset_date"))  # fmt: skip
    for measure, outcome in (("deaths", "tu_vong"), ("recovered", "khoi")):
        yield Tally(kind=case, measure=measure, day=pl.col("outcome_date"), grains="p: d:",
                    where=_is("outcome", outcome) & _there("outcome_date"))  # fmt: skip
    yield Tally(kind=case, measure="cases_isolated", day=local_date("isolation_ts"), grains="p: d:")
    yield Tally(kind=case, measure="cases_interviewed", day=day, grains="p: d:")
    yield Tally(kind=case, measure="cases_known_contacts", day=day, grains="p: d:",
                value=pl.col("known_contact"))  # fmt: skip
    yield from _contacts()
    yield Tally(kind=("tracing", "exposure_place"), measure="exposure_places",
                day=local_date("visited_from"), grains="p:setting d:")  # fmt: skip
    yield Tally(kind=("tracing", "cluster"), measure="clusters_opened", day=pl.col("opened_on"),
                grains="p:setting d:")  # fmt: skip
    yield Tally(kind=("tracing", "cluster"), measure="clusters_closed", grains="p:setting d:",
                day=pl.col("last_case_date") + pl.duration(days=QUIET_DAYS),
                where=_is("status", "ket_thuc"))  # fmt: skip


def _contacts() -> Iterator[Tally]:
    kind, day, by_class = ("tracing", "contact"), local_date("identified_ts"), "p:class d:class"
    yield Tally(kind=kind, measure="contacts_listed", day=day,
                grains="p:class p:class+setting p:class+source d:class")  # fmt: skip
    for hours in (24, 48):
        yield Tally(kind=kind, measure=f"contacts_reached_{hours}h", day=day, grains=by_class,
                    value=_in_hours("index_reported_at", "reached_ts", hours))  # fmt: skip
    for name, moment in (("reached", "reached_ts"), ("quarantined", "quarantined_ts"),
                         ("sampled", "sampled_ts")):  # fmt: skip
        yield Tally(kind=kind, measure=f"contacts_{name}", day=local_date(moment), grains=by_class,
                    where=_there(moment))  # fmt: skip
    yield Tally(kind=kind, measure="contacts_positive", day=day, grains="p:class+setting d:class",
                value=_is("status", "tested_pos"))  # fmt: skip
    yield Tally(kind=kind, measure="contact_reach_hours", day=day, grains="p:class+delay",
                where=_there("reached_ts"),
                    dims={"delay": _bin("index_reported_at", "reached_ts")})  # fmt: skip


def _quarantine() -> Iterator[Tally]:
    stay, kinds = ("quarantine", "stay"), {"kind": pl.col("facility_kind")}
    yield Tally(kind=stay, measure="quarantine_admissions", day=local_date("start_ts"),
                grains="p:class+kind d:kind", dims=kinds)  # fmt: skip
    yield Tally(kind=stay, measure="quarantine_discharges", day=local_date("actual_end"),
                grains="p:class+kind d:kind", where=_there("actual_end"), dims=kinds)  # fmt: skip
    facility = ("quarantine", "facility")
    for measure, beds in (("quarantine_beds_opened", "beds_usable"),
                          ("quarantine_beds_total_opened", "beds_total")):  # fmt: skip
        yield Tally(kind=facility, measure=measure, day=pl.col("opened_on"), grains="p:kind d:kind",
                    value=pl.col(beds))  # fmt: skip
    yield from _overdue(stay)
    yield from _noted_of_stays()
    yield from _of_sites()


def _overdue(stay: tuple[str, str]) -> Iterator[Tally]:
    left = local_date("actual_end")
    longer = (left > pl.col("planned_end")).fill_null(value=True)
    kinds, grains = {"kind": pl.col("facility_kind")}, "p:kind d:kind"
    yield Tally(kind=stay, measure="quarantine_overdue_started", grains=grains, dims=kinds,
                day=pl.col("planned_end") + pl.duration(days=1), where=longer)  # fmt: skip
    yield Tally(kind=stay, measure="quarantine_overdue_ended", grains=grains, dims=kinds,
                day=left, where=longer & _there("actual_end"))  # fmt: skip


def _noted_of_stays() -> Iterator[Tally]:
    check, on = ("quarantine", "daily_check"), pl.col("date")
    yield Tally(kind=check, measure="quarantine_checks", day=on, grains="p: d:")
    yield Tally(kind=check, measure="quarantine_checks_symptomatic", day=on, grains="p: d:",
                value=_there("symptoms"))  # fmt: skip
    yield Tally(kind=check, measure="quarantine_checks_absent", day=on, grains="p: d:",
                value=~pl.col("present"))  # fmt: skip
    test, taken = ("quarantine", "test"), pl.col("day")
    dims = {"stay_days": _band(pl.col("stay_day"), _STAY_DAYS)}
    yield Tally(kind=test, measure="quarantine_tests", day=taken, grains="p:stay_days d:",
                dims=dims)  # fmt: skip
    yield Tally(kind=test, measure="quarantine_tests_positive", day=taken, grains="p:stay_days d:",
                where=_there("result"), value=_is("result", "duong_tinh"), dims=dims)  # fmt: skip
    yield Tally(kind=("quarantine", "breach"), measure="quarantine_breaches", day=local_date("ts"),
                grains="p:kind p:detected_by d:")  # fmt: skip


def _of_sites() -> Iterator[Tally]:
    kind, on = ("quarantine", "site_report"), pl.col("date")
    kinds = {"kind": pl.col("facility_kind")}
    yield Tally(kind=kind, measure="quarantine_site_reports", day=on, dims=kinds,
                grains="p:state p:kind d:state")  # fmt: skip
    for name in SHORTAGES:
        yield Tally(kind=kind, measure="quarantine_site_shortages", day=on,
                    grains="p:shortage d:shortage", value=_is("shortages", name),
                    dims={"shortage": pl.lit(name)})  # fmt: skip


_SAMPLE = ("testing", "sample")
_TOLD = "p:method+reason p:method+pool d:method"


def _testing() -> Iterator[Tally]:
    single = pl.col("pool_size") == 1
    pool = (
        pl.when(single & _there("deconvolution_of")).then(pl.lit("don_lai")).otherwise("pool_kind")
    )
    dims = {"pool": pool, "lab": pl.col("lab_code")}
    taken, resulted = local_date("collected_at"), local_date("resulted_at")
    known = _there("result")
    positive = _is("result", "duong_tinh")
    sized = {**dims, "size": pl.col("pool_size")}
    for measure, day, grains, where, value in (
        ("samples_collected", taken, _TOLD, pl.lit(value=True), pl.lit(1)),
        (
            "samples_received",
            local_date("received_lab_at"),
            "p:lab",
            _there("received_lab_at"),
            pl.lit(1),
        ),
        ("samples_resulted", resulted, f"{_TOLD} p:method+result p:lab", known, pl.lit(1)),
        ("persons_tested", resulted, _TOLD, known, pl.col("pool_size")),
        ("persons_positive", resulted, _TOLD, known, positive & single),
        ("pools_resulted", resulted, "p:method+size", known & ~single, pl.lit(1)),
        ("pools_positive", resulted, "p:method+size", known & ~single, positive),
    ):
        yield Tally(kind=_SAMPLE, measure=measure, day=day, grains=grains, where=where,
                    value=value, dims=sized)  # fmt: skip
    yield Tally(kind=_SAMPLE, measure="samples_returned", day=local_date("returned_at"),
                grains="p:via d:", where=_there("returned_at"),
                dims={"via": pl.col("returned_via")})  # fmt: skip
    yield from _turnaround(taken)
    yield Tally(kind=("testing", "sample_person"), measure="pool_members", day=taken,
                grains="p:method+reason d:")  # fmt: skip
    laboratory, opened = ("testing", "laboratory"), pl.col("opened_on")
    yield Tally(kind=laboratory, measure="laboratories_opened", day=opened, grains="p:kind d:")
    yield Tally(kind=laboratory, measure="laboratory_capacity_opened", day=opened,
                grains="p:kind d:", value=pl.col("capacity_per_day"))  # fmt: skip


def _turnaround(taken: pl.Expr) -> Iterator[Tally]:
    for name, start, end, grains in (
        ("turnaround_hours", "collected_at", "returned_at", "p:bin+method d:bin"),
        ("turnaround_to_laboratory_hours", "collected_at", "received_lab_at", "p:bin"),
        ("turnaround_in_laboratory_hours", "received_lab_at", "resulted_at", "p:bin"),
        ("turnaround_to_return_hours", "resulted_at", "returned_at", "p:bin"),
    ):
        yield Tally(kind=_SAMPLE, measure=name, day=taken, grains=grains, where=_there(start, end),
                    dims={"bin": _bin(start, end)})  # fmt: skip


def _age_band() -> pl.Expr:
    born, on = pl.col("birth_date"), local_date("vaccinated_at")
    years = on.dt.year() - born.dt.year()
    turned = on.dt.to_string("%m-%d") >= born.dt.to_string("%m-%d")
    age = pl.when(turned).then(years).otherwise(years - 1)
    return _band(age, _BANDS)


def _band(number: pl.Expr, bands: Mapping[int, str]) -> pl.Expr:
    """Return the name of the highest band whose least number is not above a number."""
    band = pl.lit(None, dtype=pl.String)
    for least, name in sorted(bands.items()):
        band = pl.when(number >= least).then(pl.lit(name)).otherwise(band)
    return band


def _vaccination() -> Iterator[Tally]:
    dose, day = ("vaccination", "dose"), local_date("vaccinated_at")
    dims = {"dose": pl.col("dose_no"), "product": pl.col("vaccine_code"), "age": _age_band()}
    yield Tally(kind=dose, measure="doses", day=day, dims=dims,
                grains="p:dose+product p:dose+age p:dose+priority_group d:dose")  # fmt: skip
    yield Tally(kind=dose, measure="persons_fully_vaccinated", day=day, dims=dims,
                grains="p:product p:age d:", value=_is("dose_no", "2"))  # fmt: skip
    # Everybody's number says the year of birth and the sex that are delivered with it.
    yield Tally(kind=dose, measure="doses_verified", day=day, grains="p: d:")
    yield Tally(kind=dose, measure="adverse_events", day=day, grains="p:severity",
                value=~_is("aefi", "none"), dims={"severity": pl.col("aefi")})  # fmt: skip
    yield Tally(kind=dose, measure="dose_recording_hours", day=day, grains="p:delay",
                dims={"delay": _bin("vaccinated_at", "recorded_at")})  # fmt: skip
    yield Tally(kind=dose, measure="certificates_issued", day=day, grains="p: d:",
                value=~_is("certificate_status", "chua"))  # fmt: skip
    yield from _stock()
    yield Tally(kind=("vaccination", "site"), measure="vaccination_sites_opened",
                day=pl.col("opened_on"), grains="p: d:")  # fmt: skip


def _stock() -> Iterator[Tally]:
    stock, on = ("vaccination", "stock"), pl.col("ledger_date")
    product = {"product": pl.col("vaccine_code")}
    for measure, column in (("doses_received", "received"), ("doses_used", "used_doses")):
        yield Tally(kind=stock, measure=measure, day=on, grains="p:product d:",
                    value=pl.col(column), dims=product)  # fmt: skip
    for vial in ("open", "closed"):
        yield Tally(kind=stock, measure="doses_wasted", day=on, grains="p:product+vial d:vial",
                    value=pl.col(f"wasted_{vial}_vial"),
                    dims={**product, "vial": pl.lit(vial)})  # fmt: skip
    left = (pl.col("expiry") - on).dt.total_days()
    for measure, value in (
        ("doses_in_stock", pl.col("closing")),
        ("doses_near_expiry", pl.col("closing") * ((left >= 0) & (left <= NEAR_EXPIRY_DAYS))),
        ("doses_expired", pl.col("closing") * (left < 0)),
        ("stock_outs", pl.col("stock_out")),
    ):
        yield Tally(kind=stock, measure=measure, day=on, grains="p:product d:", value=value,
                    dims=product)  # fmt: skip


TALLIES: tuple[Tally, ...] = (
    *_declarations(), *_checkpoints(), *_tracing(), *_quarantine(), *_testing(), *_vaccination(),
)  # fmt: skip
