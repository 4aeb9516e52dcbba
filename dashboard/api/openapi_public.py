"""The public part of the API's description."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.api.asked import (
    DEFAULT_LIMIT,
    FIRST_DAY,
    FORMATS,
    LAST_DAY,
    LEVELS,
    LONGEST,
    MOST_AREAS,
    MOST_DAYS,
    MOST_IDS,
    MOST_ROWS,
)
from dashboard.api.problem import MEDIA as PROBLEM

Json = dict[str, Any]
PREFIX = "/api/v1"
_REFUSALS = {
    "400": "A parameter cannot be used",
    "404": "No such bulletin: unknown, not published, or not public yet, in the same words",
    "406": "Not in any of the formats accepted",
    "429": "Too many requests; Retry-After says when to come again",
    "503": "The database is away or this server not ready; Retry-After says when to come again",
}
_TEXT: Json = {"type": "string"}
_WHOLE: Json = {"type": "integer", "minimum": 0}
_MOMENT: Json = {"type": "string", "format": "date-time"}
_HEADERS = {
    "ETag": {"description": "Strong; send it back in If-None-Match", "schema": _TEXT},
    "Cache-Control": {
        "description": "immutable where the address names a bulletin",
        "schema": _TEXT,
    },
}


def public_paths() -> Mapping[str, Json]:
    """Return the public addresses."""
    paged = [_bulletin(), *_paging()]
    return {
        f"{PREFIX}/data": {"get": _reading(
            "Figures, as the `query` command prints them", _of_data(), _figures())},
        f"{PREFIX}/indicators": {"get": _reading(
            "What every public figure is", paged, _json("Indicators"))},
        f"{PREFIX}/areas": {"get": _reading(
            "Areas that figures are told of", [*_of_areas(), *paged], _json("Areas"))},
        f"{PREFIX}/bulletins": {"get": _reading(
            "Public bulletins, the newest first", [], _json("Bulletins"), lacking=("404",))},
        f"{PREFIX}/bulletins/{{number}}": {"get": _reading(
            "One bulletin", [_number()], _json("Bulletin"))},
        f"{PREFIX}/bulletins/{{number}}/download.zip": {"get": _reading(
            "Everything public of a bulletin", [_number()], _binary("application/zip"),
            lacking=("406",))},
        "/feeds/corrections.atom": {"get": _reading(
            "What was revised, and what was withdrawn", [], _binary("application/atom+xml"),
            lacking=("404",))},
    }  # fmt: skip


def public_schemas() -> Mapping[str, Json]:
    """Return the schemas that the public addresses name."""
    problem = _object({"type": _TEXT, "title": _TEXT, "status": _WHOLE, "detail": _TEXT,
                       "code": _TEXT})  # fmt: skip
    return {
        "Problem": problem,
        "Figures": _list(_figure()),
        "Indicators": _list(_indicator()),
        "Areas": _list(_area()),
        "Bulletins": _object({"data": {"type": "array", "items": _head()}}),
        "Bulletin": _head(),
    }


def _reading(
    summary: str, parameters: Sequence[Json], content: Json, *, lacking: tuple[str, ...] = ()
) -> Json:
    problem = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    refusals = {
        status: {"description": words, "content": problem}
        for status, words in _REFUSALS.items()
        if status not in lacking
    }
    return {
        "summary": summary,
        "parameters": [*parameters, _header("If-None-Match", "ETag of what is held already")],
        "responses": {
            "200": {"description": summary, "headers": _HEADERS, "content": content},
            "304": {"description": "Not changed", "headers": _HEADERS},
            **refusals,
        },
    }


def _of_data() -> list[Json]:
    return [
        {**_query("ids", f"Measures or indicators, joined by commas; at most {MOST_IDS}",
                  {"type": "string", "minLength": 1, "maxLength": LONGEST}), "required": True},
        _query("level", "Level of the areas", {"type": "string", "enum": list(LEVELS)}),
        _query("area", f"Codes or names, joined by commas; at most {MOST_AREAS}",
               {"type": "string", "maxLength": LONGEST}),
        _query("from", f"First day, from {FIRST_DAY}", {"type": "string", "format": "date"}),
        _query("to", f"Last day, to {LAST_DAY}; at most {MOST_DAYS} days",
               {"type": "string", "format": "date"}),
        _query("by", "Dimension to keep apart", _TEXT),
        _query("vintage", "Edition of the map", _TEXT),
        _query("denominator", "Population to divide by", _TEXT),
        _query("format", "Instead of Accept", {"type": "string", "enum": list(FORMATS)}),
        _bulletin(),
        *_paging(),
    ]  # fmt: skip


def _of_areas() -> list[Json]:
    level = {"type": "string", "enum": list(LEVELS)}
    return [_query("level", "Only of this level", level),
            _query("vintage", "Only of this edition of the map", _TEXT)]  # fmt: skip


def _paging() -> list[Json]:
    limit = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": DEFAULT_LIMIT}
    return [
        _query("limit", "Rows on a page", limit),
        _query("cursor", "`next` of the page before; all other parameters stay", _TEXT),
    ]


def _bulletin() -> Json:
    number = {"type": "integer", "minimum": 1, "maximum": 999_999}
    return _query("bulletin", "Number of a bulletin; the latest when not given", number)


def _number() -> Json:
    schema = {"type": "integer", "minimum": 1, "maximum": 999_999}
    return {"name": "number", "in": "path", "required": True, "schema": schema}


def _query(name: str, description: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _header(name: str, description: str) -> Json:
    return {"name": name, "in": "header", "description": description, "schema": _TEXT}


def _json(schema: str) -> Json:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _figures() -> Json:
    return {**_json("Figures"), "text/csv": {"schema": _TEXT}}


def _binary(media: str) -> Json:
    return {media: {}}


def _object(properties: Json, *, optional: tuple[str, ...] = ()) -> Json:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": properties}


def _or_null(schema: Json) -> Json:
    return {**schema, "type": [schema["type"], "null"]}


def _list(item: Json) -> Json:
    named = _object({"number": _WHOLE, "sha256": _TEXT, "cut_off": _MOMENT})
    return _object({
        "bulletin": named, "data": {"type": "array", "items": item}, "next": _or_null(_TEXT),
    })  # fmt: skip


def _figure() -> Json:
    status = {"type": "string", "description": "Empty where there is a value"}
    return _object({
        "date": {"type": "string", "format": "date"}, "area_code": _TEXT, "area": _TEXT,
        "id": _TEXT, "value": {"type": ["number", "null"]}, "status": status,
    })  # fmt: skip


def _indicator() -> Json:
    texts = {"type": "array", "items": _TEXT}
    words = ("id", "kind", "title_vi", "title_en", "about_vi", "about_en", "unit", "formula",
             "platform")  # fmt: skip
    return _object({
        **dict.fromkeys(words, _TEXT), "terms": texts, "measures": texts, "dimensions": texts,
        "typical_lag_days": _WHOLE, "version": _WHOLE,
    })  # fmt: skip


def _area() -> Json:
    day, number = {"type": ["string", "null"], "format": "date"}, {"type": ["number", "null"]}
    text = _or_null(_TEXT)
    return _object({
        "code": _TEXT, "vintage": _TEXT, "level": _TEXT, "parent_code": text, "name": _TEXT,
        "name_en": text, "valid_from": day, "valid_to": day, "lon": number, "lat": number,
    })  # fmt: skip


def _head() -> Json:
    moments = dict.fromkeys(("published_at", "public_from", "withdrawn_at"), _or_null(_MOMENT))
    number = {"type": ["integer", "null"]}
    return _object(
        {
            "number": _WHOLE, "state": {"type": "string", "enum": ["published", "withdrawn"]},
            "cut_off": _MOMENT, **moments, "title_vi": _TEXT, "title_en": _TEXT, "sha256": _TEXT,
            "supersedes": number, "revises": number, "withdrawn_reason": _TEXT,
            "rules": {"type": "object"}, "links": {"type": "object"}, "revised_figures": _WHOLE,
        },
        optional=("revised_figures", "rules"),
    )  # fmt: skip
