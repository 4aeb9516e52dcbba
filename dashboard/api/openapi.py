"""The API's own description, OpenAPI 3.1. A further part of the API adds its paths to PATHS."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dashboard.api.openapi_public import public_paths, public_schemas
from data_access.contracts.registry import CONTRACTS

Json = dict[str, Any]
PREFIX = "/api/v1"
_COUNTS = ("read", "new", "updated", "unchanged", "stale", "rejected", "flagged", "retracted")
_REFUSALS = {
    "400": "The body or a parameter cannot be used; nothing was changed",
    "401": "No valid token",
    "403": "The token may not deliver to this platform, or under this source",
    "404": "No such platform",
    "408": "The body came too slowly",
    "413": "The body is too large, as sent or unpacked",
    "415": "Neither CSV, NDJSON nor FHIR, or packed otherwise than by gzip",
    "429": "Too many deliveries under way; Retry-After says when to come again",
    "503": "The database is away or this server not ready; Retry-After says when to come again",
}


def _outcome() -> Json:
    whole, text = {"type": "integer", "minimum": 0}, {"type": "string"}
    reject = dict.fromkeys(("field", "value", "reason", "vi", "en"), text)
    return {
        "type": "object",
        "description": "read = new + updated + unchanged + stale + rejected",
        "required": ["batch", *_COUNTS, "known_at", "sha256", "rejects"],
        "properties": {
            "batch": whole,
            **dict.fromkeys(_COUNTS, whole),
            **dict.fromkeys(("file", "platform", "kind", "source", "sha256"), text),
            "known_at": {"type": "string", "format": "date-time"},
            "rejects_file": {"type": ["string", "null"]},
            "reasons": {"type": "object", "additionalProperties": whole},
            "rejects": {
                "type": "array",
                "maxItems": 100,
                "items": {"type": "object", "properties": {"row": whole, **reject}},
            },
        },
    }


def _platform() -> Json:
    known = [each.platform for each in CONTRACTS]
    schema = {"type": "string", "enum": known}
    return {"name": "platform", "in": "path", "required": True, "schema": schema}


def _asked(name: str, description: str, *, choices: tuple[str, ...] = ()) -> Json:
    schema: Json = {"type": "string", **({"enum": list(choices)} if choices else {})}
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _body(schema: str, description: str) -> Json:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}


def _kind() -> Json:
    return _asked("kind", "Kind of record; the platform's main kind when not given")


def _deliver() -> Json:
    text = {"schema": {"type": "string"}}
    media = ("text/csv", "application/x-ndjson", "application/fhir+json")
    return {
        "summary": "Deliver records",
        "security": [{"token": []}],
        "parameters": [
            _kind(),
            _asked("format", "Instead of Content-Type", choices=("csv", "ndjson", "fhir")),
            _asked("source", "Must be the token's own, where it is given"),
        ],
        "requestBody": {"required": True, "content": dict.fromkeys(media, text)},
        "responses": {
            "200": _body("Outcome", "Taken in; the same body again changes nothing"),
            "422": _body("Outcome", "Every row was rejected"),
            **{status: _body("Error", words) for status, words in _REFUSALS.items()},
        },
    }


def _reading(summary: str, media: str) -> Json:
    answer = {"description": summary, "content": {media: {}}}
    return {"summary": summary, "parameters": [_kind()], "responses": {"200": answer}}


def record_paths() -> Json:
    """Return the paths of deliveries."""
    base = f"{PREFIX}/records/{{platform}}"
    return {
        base: {"parameters": [_platform()], "post": _deliver()},
        f"{base}/template": {
            "parameters": [_platform()],
            "get": _reading("Header of a CSV", "text/csv"),
        },
        f"{base}/dictionary": {
            "parameters": [_platform()],
            "get": _reading("Fields and what they may hold", "application/json"),
        },
    }


PATHS = (record_paths, public_paths)


def description() -> Mapping[str, Any]:
    """Return the whole description."""
    text = {"type": "string"}
    error = {"type": "object", "required": ["error", "code"],
             "properties": {"error": text, "code": text}}  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tuyến Đầu", "version": "1", "description": "See docs/http.md."},
        "paths": {path: item for part in PATHS for path, item in part().items()},
        "components": {
            "schemas": {"Outcome": _outcome(), "Error": error, **public_schemas()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


async def openapi(_request: Request) -> Response:
    """Answer the description."""
    return JSONResponse(description())
