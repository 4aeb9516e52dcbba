"""Loads a country pack: a folder of TOML, CSV and GeoJSON, checked before anything uses it.

Only `pack.toml` and `areas.csv` are required. Nothing here touches a database.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from data_access.codes import Level
from data_access.errors import PackError
from data_access.reference import pack_toml
from data_access.reference.contacts import load_contacts
from data_access.reference.events import load_events
from data_access.reference.model import (
    AREA_SCHEMA,
    LEVEL_RANK,
    LEVELS,
    NEIGHBOUR_SCHEMA,
    POPULATION_SCHEMA,
    SUCCESSION_SCHEMA,
    Denominator,
    Pack,
    Vintage,
)
from data_access.reference.population import complete_population
from data_access.reference.tables_in import (
    ROW,
    problem,
    read_text_table,
    refuse_double,
    refuse_where,
    typed,
    with_columns_of,
)

PACKS = Path(__file__).resolve().parent.parent / "packs"
DEFAULT_PACK = "vn"
AREAS, POPULATION = "areas.csv", "population.csv"
SUCCESSION, NEIGHBOURS = "succession.csv", "neighbours.csv"
ALWAYS_DRAWN = "boundaries-archipelagos.geojson"


def bundled_pack(code: str) -> Pack:
    """Return a pack that ships with the product, as in `vn`.

    Raises:
        PackError: if there is none of this name.
    """
    folder = PACKS / code.lower()
    if not code.isalnum() or not (folder / pack_toml.FILE).is_file():
        raise PackError(f"no country pack named {code!r} is bundled")
    return load_pack(folder)


def resolve_pack(path: Path | str | None) -> Pack:
    """Return the pack in a folder, a bundled pack by name, or Vietnam's when none is given.

    Raises:
        PackError: if there is no such folder, or the pack is not sound.
    """
    if path is None or str(path) == "":
        return bundled_pack(DEFAULT_PACK)
    folder = Path(path)
    if not folder.is_dir() and (PACKS / str(path).lower() / pack_toml.FILE).is_file():
        return bundled_pack(str(path))
    return load_pack(folder)


def load_pack(folder: Path) -> Pack:
    """Return the country pack of a folder, every file checked.

    Raises:
        PackError: naming file, row, field and reason of the first fault.
    """
    found = pack_toml.read_toml(folder)
    text = _area_text(folder, found)
    vintages = _all_vintages(pack_toml.vintages_of(found), text)
    name = pack_toml.text_of(found, "name")
    names = (name, pack_toml.text_of(found, "name_en", default=name))
    areas = _areas(text, vintages, code=pack_toml.text_of(found, "code"), names=names)
    default_vintage = _default_vintage(found, vintages)
    succession = _succession(folder, areas)
    population = _population(folder, areas, default_vintage)
    population = complete_population(population, areas, succession=succession)
    return Pack(
        **_identity(found, areas, names=names),
        default_vintage=default_vintage,
        vintages=vintages,
        denominators=_denominators(found, population),
        areas=areas,
        population=population,
        succession=succession,
        neighbours=_neighbours(folder, areas, default_vintage),
        folder=folder,
        boundaries=_boundaries(folder, areas),
        always_drawn=_always_drawn(folder),
        contacts=load_contacts(folder, provinces=_codes_of(areas, Level.PROVINCE)),
        events=load_events(folder, areas=_codes_of(areas, Level.PROVINCE)),
    )


def _codes_of(areas: pl.DataFrame, level: Level) -> list[str]:
    return areas.filter(pl.col("level") == level.value)["code"].unique().to_list()


def _identity(
    found: Mapping[str, Any], areas: pl.DataFrame, *, names: tuple[str, str]
) -> dict[str, Any]:
    return {
        "code": areas.filter(pl.col("level") == Level.NATIONAL.value)["code"][0],
        "name": names[0],
        "name_en": names[1],
        "time_zone": pack_toml.time_zone_of(found),
        "languages": pack_toml.languages_of(found),
        "regions": pack_toml.regions_of(found),
        "attribution": pack_toml.lines_of(found, "attribution"),
        "notice": pack_toml.texts_of(found.get("notice"), default=""),
    }


# --- areas and vintages -------------------------------------------------------------------------


def _area_text(folder: Path, found: Mapping[str, Any]) -> pl.DataFrame:
    path = folder / AREAS
    if not path.is_file():
        raise problem(AREAS, f"is missing in {folder.name}")
    text = read_text_table(path, required=("code", "level", "name"))
    fallback = pack_toml.text_of(found, "default_vintage", default="1")
    table = with_columns_of(text, AREA_SCHEMA, fill={"vintage": fallback})
    table = table.with_columns(
        pl.col("level").str.to_lowercase(),
        name_en=pl.when(pl.col("name_en") == "").then("name").otherwise("name_en"),
    )
    for field in ("code", "name"):
        refuse_where(
            table, pl.col(field) == "", file=AREAS, field=field, reason="must not be empty"
        )
    reason = f"is not one of {', '.join(LEVELS)}"
    refuse_where(table, ~pl.col("level").is_in(LEVELS), file=AREAS, field="level", reason=reason)
    refuse_double(table, ["code", "vintage"], file=AREAS)
    if table.is_empty():
        raise problem(AREAS, "holds no area")
    return table


def _all_vintages(declared: tuple[Vintage, ...], text: pl.DataFrame) -> tuple[Vintage, ...]:
    used = text["vintage"].unique(maintain_order=True).to_list()
    known = {one.id for one in declared}
    empty = sorted(known - set(used))
    if empty:
        raise problem(AREAS, f"has no area of vintage {empty[0]!r}, which pack.toml declares")
    undeclared = [_vintage_of_rows(text, name) for name in used if name not in known]
    return (*declared, *undeclared)


def _vintage_of_rows(text: pl.DataFrame, vintage: str) -> Vintage:
    rows = typed(text.filter(pl.col("vintage") == vintage), AREA_SCHEMA, file=AREAS)
    open_ended = rows["valid_to"].null_count() > 0
    since_ever = rows["valid_from"].null_count() > 0
    return Vintage(
        id=vintage,
        valid_from=None if since_ever else rows["valid_from"].dt.min(),  # type: ignore[arg-type]
        valid_to=None if open_ended else rows["valid_to"].dt.max(),  # type: ignore[arg-type]
        label={"en": vintage},
    )


def _areas(
    text: pl.DataFrame, vintages: tuple[Vintage, ...], *, code: str, names: tuple[str, str]
) -> pl.DataFrame:
    table = typed(text, AREA_SCHEMA, file=AREAS)
    late = pl.col("valid_to") < pl.col("valid_from")
    refuse_where(table, late, file=AREAS, field="valid_to", reason="is before valid_from")
    for field, limit in (("lon", 180), ("lat", 90)):
        wrong = pl.col(field).abs() > limit
        refuse_where(table, wrong, file=AREAS, field=field, reason=f"is beyond ±{limit}")
    national = table.filter(pl.col("level") == Level.NATIONAL.value)
    refuse_double(national, ["vintage"], file=AREAS)
    missing = [one for one in vintages if one.id not in set(national["vintage"])]
    nations = [_nation(one, table, code=code, names=names) for one in missing]
    if nations:
        table = pl.concat([pl.DataFrame(nations, schema=table.schema), table])
    table = _with_dates(_with_parents(table), vintages)
    _check_parents(table)
    return table.select(list(AREA_SCHEMA))


def _nation(
    vintage: Vintage, table: pl.DataFrame, *, code: str, names: tuple[str, str]
) -> dict[str, Any]:
    # A pack may leave the nation out; its provinces then often name it as their parent.
    provinces = table.filter(
        (pl.col("vintage") == vintage.id) & (pl.col("level") == Level.PROVINCE.value)
    )
    parents = provinces["parent_code"].unique().to_list()
    named = parents[0] if len(parents) == 1 and parents[0] else code
    row: dict[str, Any] = dict.fromkeys(table.columns)
    texts = dict.fromkeys(("parent_code", "aliases", "region", "kind"), "")
    own = {"code": named, "vintage": vintage.id, "level": Level.NATIONAL.value}
    return row | texts | own | {"name": names[0], "name_en": names[1], ROW: 0}


def _with_parents(table: pl.DataFrame) -> pl.DataFrame:
    national = table.filter(pl.col("level") == Level.NATIONAL.value).select(
        "vintage", nation="code"
    )
    orphan = (pl.col("level") == Level.PROVINCE.value) & (pl.col("parent_code") == "")
    return table.join(national, on="vintage", how="left", maintain_order="left").with_columns(
        parent_code=pl.when(orphan).then("nation").otherwise("parent_code")
    )


def _with_dates(table: pl.DataFrame, vintages: tuple[Vintage, ...]) -> pl.DataFrame:
    schema = {"vintage": pl.String, "since": pl.Date, "until": pl.Date}
    rows = [(one.id, one.valid_from, one.valid_to) for one in vintages]
    dates = pl.DataFrame(rows, schema=schema, orient="row")
    return table.join(dates, on="vintage", how="left", maintain_order="left").with_columns(
        pl.coalesce("valid_from", "since").alias("valid_from"),
        pl.coalesce("valid_to", "until").alias("valid_to"),
    )


def _check_parents(table: pl.DataFrame) -> None:
    rank = pl.col("level").replace_strict(LEVEL_RANK, return_dtype=pl.Int64)
    parents = table.select("vintage", parent_code="code", parent_rank=rank)
    joined = table.join(
        parents, on=["vintage", "parent_code"], how="left", maintain_order="left"
    ).with_columns(rank=rank)
    below = pl.col("level") != Level.NATIONAL.value
    absent = below & pl.col("parent_rank").is_null()
    reason = "is no area of the same vintage"
    refuse_where(joined, absent, file=AREAS, field="parent_code", reason=reason)
    finer = below & (pl.col("parent_rank") >= pl.col("rank"))
    reason = "is not of a coarser level"
    refuse_where(joined, finer, file=AREAS, field="parent_code", reason=reason)
    crowned = ~below & (pl.col("parent_code") != "")
    reason = "must be empty for the nation"
    refuse_where(joined, crowned, file=AREAS, field="parent_code", reason=reason)


def _default_vintage(found: Mapping[str, Any], vintages: tuple[Vintage, ...]) -> str:
    newest = max(vintages, key=lambda one: (one.valid_to is None, str(one.valid_from or "")))
    name = pack_toml.text_of(found, "default_vintage", default=newest.id)
    for one in vintages:
        if name in (one.id, *one.aliases):
            return one.id
    choices = ", ".join(one.id for one in vintages)
    reason = f"{name!r} is not one of {choices}"
    raise problem(pack_toml.FILE, reason, field="default_vintage")


# --- the optional tables ------------------------------------------------------------------------


def _population(folder: Path, areas: pl.DataFrame, default_vintage: str) -> pl.DataFrame:
    path = folder / POPULATION
    if not path.is_file():
        return pl.DataFrame(schema=POPULATION_SCHEMA)
    text = read_text_table(path, required=("code", "population"))
    fill = {"vintage": default_vintage, "group": "all", "source": "pack"}
    text = with_columns_of(text, POPULATION_SCHEMA, fill=fill)
    table = typed(text, POPULATION_SCHEMA, file=POPULATION)
    wrong = pl.col("population").is_null() | (pl.col("population") < 0)
    reason = "must be zero or more"
    refuse_where(table, wrong, file=POPULATION, field="population", reason=reason)
    _refuse_strangers(table, areas, file=POPULATION, code="code", vintage="vintage")
    refuse_double(table, ["code", "vintage", "group", "source"], file=POPULATION)
    return table.select(list(POPULATION_SCHEMA))


def _succession(folder: Path, areas: pl.DataFrame) -> pl.DataFrame:
    path = folder / SUCCESSION
    if not path.is_file():
        return pl.DataFrame(schema=SUCCESSION_SCHEMA)
    text = read_text_table(path, required=tuple(SUCCESSION_SCHEMA))
    table = typed(
        with_columns_of(text, SUCCESSION_SCHEMA, fill={}), SUCCESSION_SCHEMA, file=SUCCESSION
    )
    undated = pl.col("from").is_null()
    refuse_where(table, undated, file=SUCCESSION, field="from", reason="must be a date")
    same = pl.col("old_vintage") == pl.col("new_vintage")
    reason = "must differ from old_vintage"
    refuse_where(table, same, file=SUCCESSION, field="new_vintage", reason=reason)
    for side in ("old", "new"):
        code, vintage = f"{side}_code", f"{side}_vintage"
        _refuse_strangers(table, areas, file=SUCCESSION, code=code, vintage=vintage)
    refuse_double(table, [name for name in SUCCESSION_SCHEMA if name != "from"], file=SUCCESSION)
    return table.select(list(SUCCESSION_SCHEMA))


def _neighbours(folder: Path, areas: pl.DataFrame, default_vintage: str) -> pl.DataFrame:
    path = folder / NEIGHBOURS
    if not path.is_file():
        return pl.DataFrame(schema=NEIGHBOUR_SCHEMA)
    text = read_text_table(path, required=("code_a", "code_b"))
    text = with_columns_of(text, NEIGHBOUR_SCHEMA, fill={"vintage": default_vintage})
    table = typed(text, NEIGHBOUR_SCHEMA, file=NEIGHBOURS)
    same = pl.col("code_a") == pl.col("code_b")
    reason = "is its own neighbour"
    refuse_where(table, same, file=NEIGHBOURS, field="code_b", reason=reason)
    for code in ("code_a", "code_b"):
        _refuse_strangers(table, areas, file=NEIGHBOURS, code=code, vintage="vintage")
    low, high = pl.min_horizontal("code_a", "code_b"), pl.max_horizontal("code_a", "code_b")
    return (
        table.with_columns(code_a=low, code_b=high)
        .select(list(NEIGHBOUR_SCHEMA))
        .unique(["vintage", "code_a", "code_b"], keep="first", maintain_order=True)
    )


def _refuse_strangers(
    table: pl.DataFrame, areas: pl.DataFrame, *, file: str, code: str, vintage: str
) -> None:
    known = areas.select("code", "vintage", known=pl.lit(value=True))
    joined = table.join(
        known,
        left_on=[code, vintage],
        right_on=["code", "vintage"],
        how="left",
        maintain_order="left",
    )
    reason = "is no area of that vintage in areas.csv"
    refuse_where(joined, pl.col("known").is_null(), file=file, field=code, reason=reason)


def _denominators(found: Mapping[str, Any], population: pl.DataFrame) -> tuple[Denominator, ...]:
    counted = population.select("group", "source").unique(maintain_order=True).rows()
    declared = pack_toml.denominators_of(found)
    for one in declared:
        if (one.group, one.source) not in counted:
            reason = f"{one.id!r}: population.csv has no group {one.group!r} of {one.source!r}"
            raise problem(pack_toml.FILE, reason, field="denominators")
    if declared:
        return declared
    return tuple(_undeclared(group, source, counted) for group, source in counted)


def _undeclared(group: str, source: str, counted: list[tuple[str, ...]]) -> Denominator:
    is_first = next(pair for pair in counted if pair[0] == group) == (group, source)
    name = group if is_first else f"{group}:{source}"
    label = {"en": f"{group} ({source})"}
    return Denominator(id=name, group=group, source=source, label=label, default=is_first)


# --- boundaries ---------------------------------------------------------------------------------


def _boundaries(folder: Path, areas: pl.DataFrame) -> dict[tuple[str, str, str], Path]:
    found = {}
    for path in sorted(folder.glob("boundaries-*.geojson")):
        if path.name == ALWAYS_DRAWN:
            continue
        level, vintage, size = _map_key(path, areas)
        known = areas.filter((pl.col("level") == level) & (pl.col("vintage") == vintage))
        _check_map(path, set(known["code"]))
        found[level, vintage, size] = path
    return found


def _map_key(path: Path, areas: pl.DataFrame) -> tuple[str, str, str]:
    level, _, rest = path.stem.removeprefix("boundaries-").partition("-")
    if level not in LEVELS:
        raise problem(path.name, f"{level!r} is not one of {', '.join(LEVELS)}", field="level")
    for vintage in sorted(set(areas["vintage"]), key=len, reverse=True):
        if rest == vintage or rest.startswith(f"{vintage}-"):
            return level, vintage, rest[len(vintage) + 1 :]
    raise problem(path.name, f"{rest!r} is not a vintage of areas.csv", field="vintage")


def _check_map(path: Path, known: set[str]) -> None:
    for number, feature in enumerate(_features(path), start=1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        code = (properties or {}).get("code")
        if code is None:
            raise problem(path.name, f"feature {number} has no property code")
        if str(code) not in known:
            reason = f"feature {number}: {str(code)[:60]!r} is no area of that level and vintage"
            raise problem(path.name, reason, field="code")
        geometry = feature.get("geometry") or {}
        if geometry.get("type") not in {"Polygon", "MultiPolygon"}:
            reason = f"feature {number} is no Polygon or MultiPolygon"
            raise problem(path.name, reason, field="geometry")


def _features(path: Path) -> list[Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError) as error:
        raise problem(path.name, "is not JSON") from error
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list):
        raise problem(path.name, "is not a GeoJSON FeatureCollection")
    return features


def _always_drawn(folder: Path) -> Path | None:
    path = folder / ALWAYS_DRAWN
    if not path.is_file():
        return None
    _features(path)
    return path
