"""POST /api/v1/records/{platform}: a program delivers records. Beside it, what to deliver."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dashboard import resources
from dashboard.api.answers import refusal_of
from dashboard.api.desk import Desk, Parcel, unknown_token
from dashboard.api.refusal import NOT_KEPT, Refusal
from dashboard.api.upload import Sink, linger, receive
from data_access.contracts.document import fields_of, template
from data_access.contracts.model import Contract, RecordKind
from data_access.contracts.registry import CONTRACTS
from data_access.tokens import Token

FORMATS = ("csv", "ndjson", "fhir")
MEDIA_TYPES = {
    "text/csv": "csv",
    "application/csv": "csv",
    "text/tab-separated-values": "csv",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/fhir+json": "fhir",
    "application/fhir+ndjson": "fhir",
}
PARAMETERS = ("kind", "format", "source")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a request says it brings."""

    platform: str
    kind: str
    fmt: str


async def deliver(request: Request) -> Response:
    """Take in the records of a body; answer the balanced counts."""
    pieces = request.stream()
    try:
        desk = await run_in_threadpool(resources.desk)
        secret = _secret(request)
        token = await run_in_threadpool(desk.token, secret)
        wanted = _wanted(request, token)
        _check_length(request, desk)
        with desk.turns.take(token.token_id), desk.holding.delivery() as folder:
            path = folder / "body"
            encoding = request.headers.get("content-encoding", "").strip().lower()
            with Sink(path, encoding=encoding, limits=desk.limits) as sink:
                await receive(pieces, lambda piece: desk.work(sink.write, piece),
                              limits=desk.limits)  # fmt: skip
                sha256 = sink.finish()
            named = f"{wanted.platform}-{wanted.kind}-{sha256[:12]}.{wanted.fmt}"
            parcel = Parcel(
                path=path.rename(folder / named),
                platform=wanted.platform,
                kind=wanted.kind,
                fmt=wanted.fmt,
                sha256=sha256,
                secret=secret,
            )
            told = await desk.work(desk.take_in, parcel)
    except Exception as error:  # noqa: BLE001 -- becomes an answer, after which the body may end
        refusal = refusal_of(error)
        await linger(pieces)
        return refusal.response()
    # Whoever looks at the status alone must not take a body without one good row for delivered.
    nothing = told["read"] and told["read"] == told["rejected"]
    return JSONResponse(told, 422 if nothing else 200, headers=NOT_KEPT)


async def csv_template(request: Request) -> Response:
    """Answer the header of a CSV of a record kind."""
    declared, kind = _declared(request)
    name = f"{declared.platform}-{kind.name}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(template(kind), media_type="text/csv; charset=utf-8", headers=headers)


async def dictionary(request: Request) -> Response:
    """Answer the fields of a record kind: names, types, what they may hold."""
    declared, kind = _declared(request)
    return JSONResponse(
        {
            "platform": declared.platform,
            "kind": kind.name,
            "kinds": [each.name for each in declared.kinds],
            "key": kind.key,
            "title": {"vi": kind.vi, "en": kind.en},
            "fields": fields_of(kind),
        }
    )


def _secret(request: Request) -> str:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise unknown_token()
    return secret.strip()


def _wanted(request: Request, token: Token) -> Wanted:
    declared, kind = _declared(request)
    if declared.platform not in token.platforms:
        raise Refusal(403, "denied", f"this token may not deliver to {declared.platform}")
    if strange := set(request.query_params) - set(PARAMETERS):
        if {name.replace("-", "_") for name in strange} & {"known_at"}:
            message = "known_at cannot be given here: what streams in is known from its tick on"
            raise Refusal(400, "bad_parameter", message)
        raise Refusal(400, "bad_parameter", f"parameters are {', '.join(PARAMETERS)}")
    if request.query_params.get("source", token.source) != token.source:
        raise Refusal(403, "denied", "this token may not deliver under that source")
    return Wanted(platform=declared.platform, kind=kind.name, fmt=_format(request))


def _declared(request: Request) -> tuple[Contract, RecordKind]:
    platform, named = request.path_params["platform"], request.query_params.get("kind")
    declared = next((each for each in CONTRACTS if each.platform == platform), None)
    if declared is None:
        known = ", ".join(each.platform for each in CONTRACTS)
        raise Refusal(404, "unknown_platform", f"no such platform; choose from {known}")
    kind = declared.kind(named)
    if kind is None:
        known = ", ".join(each.name for each in declared.kinds)
        raise Refusal(400, "unknown_kind", f"no such kind; {declared.platform} has {known}")
    return declared, kind


def _format(request: Request) -> str:
    named = request.query_params.get("format", "")
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    found = named if named else MEDIA_TYPES.get(media, "")
    if found not in FORMATS:
        message = (
            "send text/csv, application/x-ndjson or application/fhir+json as Content-Type, "
            "or say format=csv, ndjson or fhir"
        )
        raise Refusal(415, "bad_format", message)
    return found


def _check_length(request: Request, desk: Desk) -> None:
    """Refuse a body that says it is too large; one that does not say is counted as it comes."""
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > desk.limits.n_bytes:
        raise desk.limits.too_large()
