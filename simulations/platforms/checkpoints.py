"""Scans at registered places: of everybody, and of cases where they were on the day before."""

import polars as pl

from data_access.contracts.checkpoints import METHOD
from simulations.platforms.epidemic import Epidemic
from simulations.platforms.people import Register
from simulations.platforms.setting import PERSON, PLACE, Setting, numbered
from simulations.platforms.sites import Sites

CARDS = {"xanh": 50, "vang": 38, "do": 2, "none": 10}
"""Colour of the card → weight, of people who are no cases."""
TRAVELLERS = 25
"""One scan in so many is of somebody who was scanned in a province near by on the same day."""
TRAVEL_HOURS = 2
NEAREST = (1, 1, 2, 1, 3)
"""How many provinces, in order of their codes, lie between the two scans."""
LENT = (*PERSON, "card_colour", "scanned_at", "_rank")


def checkpoint_records(
    setting: Setting, register: Register, *, epidemic: Epidemic, sites: Sites
) -> dict[str, pl.DataFrame]:
    """Return the two kinds of record of the checkpoints, in delivery fields."""
    rows = pl.concat(
        [_of_cases(setting, epidemic), _of_others(setting, register, places=sites.places)]
    )
    rows = numbered(rows.sort("scanned_at", "id_no", "direction"), "scan_id", "LQ-")
    rows = setting.after(rows, "scanned_at", "synced_at", 0, 30)
    n = rows.height
    rows = rows.with_columns(
        setting.chosen("method", list(METHOD), n=n),
        _outcome(),
    )
    return {
        "scan": rows.select("scan_id", pl.exclude("scan_id", "day")),
        "place": sites.places,
    }


_SCAN = ("place_code", "place_kind", "scanned_at", "direction", "card_colour", *PERSON, *PLACE)


def _outcome() -> pl.Expr:
    """Return what came of a scan: who shows a red card is not let in, and leaves with a warning."""
    is_red = pl.col("card_colour") == "do"
    return (
        pl.when(is_red & (pl.col("direction") == "vao")).then(pl.lit("tu_choi"))
        .when(is_red).then(pl.lit("canh_bao"))
        .otherwise(pl.lit("cho_vao")).alias("outcome")
    )  # fmt: skip


def _of_cases(setting: Setting, epidemic: Epidemic) -> pl.DataFrame:
    """Return a scan in and a scan out for each visit that tracing speaks of, one card for both."""
    cards = setting.chosen("card_colour", ("xanh", "vang", "none"), n=epidemic.visits.height)
    visits = epidemic.visits.with_columns(cards)
    return pl.concat(
        visits.with_columns(
            pl.col(moment).alias("scanned_at"), pl.lit(direction).alias("direction")
        ).select(_SCAN)
        for moment, direction in (("visited_from", "vao"), ("visited_to", "ra"))
    )


def _of_others(setting: Setting, register: Register, *, places: pl.DataFrame) -> pl.DataFrame:
    people = register.add_people(setting.daily("scans").drop("district_code"), youngest=10)
    many = setting.parameters.places_per_province
    about = places.with_columns(
        pl.int_range(pl.len()).over("province_code").cast(pl.Int64).alias("_which")
    ).select("_which", "place_code", pl.col("kind").alias("place_kind"), *PLACE)
    rows = people.with_columns(setting.whole("_which", 0, many - 1, n=people.height)).join(
        about, on=["province_code", "_which"], how="left", maintain_order="left"
    )
    rows = setting.at(rows, "scanned_at", 6 * 60, 21 * 60)
    rows = rows.with_columns(
        setting.chosen("direction", ("vao", "ra"), n=rows.height, weights=(3, 1)),
        setting.chosen("card_colour", list(CARDS), n=rows.height, weights=list(CARDS.values())),
    )
    return _with_travellers(rows).select(_SCAN)


def _with_travellers(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the same scans, some of them of people who were scanned elsewhere that day.

    Who travels follows from the order of the rows, not from chance: everything else stays as it
    is. Codes of provinces run from north to south, so that near codes are near places.
    """
    ordered = rows.sort("day", "province_code", maintain_order=True).with_columns(
        _at=pl.int_range(pl.len()).over("day", "province_code"),
        _rank=pl.col("province_code").rank("dense").over("day").cast(pl.Int64),
        _which=pl.int_range(pl.len()).over("day"),
    )
    step = pl.lit(pl.Series(NEAREST)).gather(pl.col("_which") // TRAVELLERS % len(NEAREST))
    is_chosen = pl.col("_which") % TRAVELLERS == 0
    lent = ordered.select("day", "_at", *[pl.col(name).alias(f"_{name}") for name in LENT])
    joined = ordered.with_columns(
        # Down the country and up again, in turn.
        _from=pl.col("_rank") + pl.when(pl.col("_which") // TRAVELLERS % 2 == 0).then(step)
        .otherwise(-step)
    ).join(
        lent, left_on=["day", "_at", "_from"], right_on=["day", "_at", "__rank"], how="left",
        maintain_order="left",
    )  # fmt: skip
    hours = (pl.col("scanned_at") - pl.col("_scanned_at")).abs()
    travels = is_chosen & (hours >= pl.duration(hours=TRAVEL_HOURS))
    return joined.with_columns(
        pl.when(travels).then(f"_{name}").otherwise(name).alias(name)
        for name in (*PERSON, "card_colour")
    )
