"""Published figures for programs: data, indicators, areas, bulletins.

Everything comes through the press's viewer, and all of one answer from one bulletin, named once.
"""

from collections.abc import Callable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from starlette.requests import Request
from starlette.responses import Response

from dashboard import resources
from dashboard.api import given as giving
from dashboard.api.asked import (
    MOST_CELLS,
    OF_DATA,
    PAGED,
    Paged,
    address,
    n_cells,
    paged,
    plain,
    question_of,
    wants,
)
from dashboard.api.problem import bad, nothing_published, unknown_bulletin
from data_access.bulletins.dictionary import dictionary
from data_access.bulletins.frozen import FrozenCube
from data_access.bulletins.model import Bulletin
from data_access.bulletins.public import about
from data_access.bulletins.shelf import Packed, file_of, name_of
from data_access.codes import Level
from data_access.cube.query import Ask, answer
from data_access.shared import Shared
from data_access.viewer import Viewer, press_at

PREFIX = "/api/v1"
ANSWERS, PACKAGES, NAMES = 4, 2, 256
KEPT_S = 3600.0
FIRST = date(2020, 1, 1)
AREA_COLUMNS = ("code", "vintage", "level", "parent_code", "name", "name_en", "valid_from",
                "valid_to", "lon", "lat")  # fmt: skip
_LEVELS = [Level.NATIONAL.value, Level.PROVINCE.value, Level.DISTRICT.value]


def data(request: Request) -> Response:
    """Answer figures, as `query` prints them."""
    params = plain(request.query_params, OF_DATA)
    asked, ask = paged(params), question_of(params)
    form = wants(params, request.headers.get("accept", ""))
    shared, press, head = _pinned(asked)
    tag = giving.etag(head.sha256, asked.question, asked.offset, asked.limit, form)
    keep = _kept(asked)
    if giving.is_known(request, tag):
        return giving.unchanged(tag, keep=keep)
    page = giving.page_of(_figures(shared, press, head, ask, asked.question), asked, head)
    headers = {**giving.headers_of(tag, keep=keep), "X-Bulletin": str(head.number)}
    if page.cursor:
        following = address(f"{PREFIX}/data", params, cursor=page.cursor)
        headers["Link"] = f'<{following}>; rel="next"'
    if form == "csv":
        return Response(giving.as_csv(page.rows), headers=headers, media_type=giving.MEDIA[form])
    told = {
        "bulletin": _name(head, shared), "data": giving.objects(page.rows),
        "next": page.cursor or None,
    }  # fmt: skip
    return Response(giving.as_json(told), headers=headers, media_type=giving.MEDIA[form])


def indicators(request: Request) -> Response:
    """Answer what every public figure is."""
    return _list_of(request, (), lambda cube, viewer: _indicators(cube, viewer=viewer))


def areas(request: Request) -> Response:
    """Answer the areas that figures are told of."""
    params = plain(request.query_params, ("level", "vintage", *PAGED))
    level = params.get("level", "")
    if level and level not in _LEVELS:
        raise bad("bad_parameter", f"level is one of {', '.join(_LEVELS)}")
    vintage = params.get("vintage", "")

    def listed(cube: FrozenCube, viewer: Viewer) -> pl.DataFrame:
        del viewer
        held = cube.geography.areas
        found = held.frame.filter(pl.col("level").is_in([level] if level else _LEVELS))
        if vintage:
            found = found.filter(pl.col("vintage") == held.resolve_vintage(vintage))
        return found.select(AREA_COLUMNS).sort("vintage", "level", "code")

    return _list_of(request, ("level", "vintage"), listed)


def bulletins(request: Request) -> Response:
    """Answer every public bulletin, the newest first."""
    plain(request.query_params, ())
    _json_only(request)
    shared = resources.shared()
    listed = shared.bulletins.list(viewer=press_at(shared.clock()))
    return _told(request, {"data": [{**about(one), "links": _links(one)} for one in listed]})


def bulletin(request: Request) -> Response:
    """Answer one bulletin, and how many figures it corrected."""
    plain(request.query_params, ())
    _json_only(request)
    shared, press, head = _named(request)
    revised = shared.bulletins.public_revisions(head.number, viewer=press)
    told = {**about(head), "revised_figures": revised.height, "links": _links(head)}
    return _told(request, told)


def download(request: Request) -> Response:
    """Answer everything public of a bulletin as one file."""
    plain(request.query_params, ())
    shared, press, head = _named(request)
    tag = giving.etag(_file_name(shared, head), "zip")
    # A withdrawn one says so inside; whoever fetched it before holds what was true then.
    keep = giving.FOR_EVER if head.withdrawn_at is None else giving.SHORT
    if giving.is_known(request, tag):
        return giving.unchanged(tag, keep=keep)
    held = _file(shared, head, viewer=press)
    headers = {
        **giving.headers_of(tag, keep=keep),
        "Content-Disposition": f'attachment; filename="tuyen-dau-{head.number}.zip"',
    }
    return Response(held.content, headers=headers, media_type="application/zip")


# --- which bulletin -----------------------------------------------------------------------------


def _pinned(asked: Paged) -> tuple[Shared, Viewer, Bulletin]:
    """Return the shared database, the press in the bulletin that answers, and that bulletin."""
    shared = resources.shared()
    press = press_at(shared.clock())
    number = asked.number or shared.published(press)
    if number is None:
        raise nothing_published()
    head = shared.bulletins.show(number, viewer=press)
    if asked.cursor and head.sha256[:16] != asked.cursor.sha256:
        raise unknown_bulletin()
    return shared, press.in_bulletin(number), head


def _named(request: Request) -> tuple[Shared, Viewer, Bulletin]:
    text = request.path_params["number"]
    if not (text.isascii() and text.isdecimal() and 1 <= len(text) <= 6):  # noqa: PLR2004
        raise unknown_bulletin()
    shared = resources.shared()
    press = press_at(shared.clock())
    head = shared.bulletins.show(int(text), viewer=press)
    return shared, press.in_bulletin(head.number), head


def _kept(asked: Paged) -> str:
    """Return how long an answer may be kept: for ever where its address names the bulletin."""
    return giving.FOR_EVER if asked.number is not None else giving.SHORT


def _name(head: Bulletin, shared: Shared) -> dict[str, object]:
    """Return which bulletin answered; nothing of it that may change."""
    cut_off = head.cut_off.astimezone(ZoneInfo(shared.areas.country.time_zone))
    return {"number": head.number, "sha256": head.sha256, "cut_off": cut_off.isoformat()}


def _links(head: Bulletin) -> dict[str, str]:
    base = f"{PREFIX}/bulletins/{head.number}"
    page = f"/open_data?bulletin={head.number}"
    return {"self": base, "download": f"{base}/download.zip", "page": page}


def _file(shared: Shared, head: Bulletin, *, viewer: Viewer) -> Packed:
    """Return the file of a bulletin; of many who ask at once, one reads it."""
    return resources.window().memory.of(
        "package", (head.number, head.sha256, head.state.value),
        lambda: file_of(shared, head.number, viewer=viewer), ttl=KEPT_S, max_entries=PACKAGES,
    )  # fmt: skip


def _file_name(shared: Shared, head: Bulletin) -> str:
    """Return the SHA-256 of a bulletin's file."""
    press = press_at(shared.clock())

    def made() -> str:
        name = name_of(shared.engine, head, viewer=press)
        return name or _file(shared, head, viewer=press.in_bulletin(head.number)).sha256

    key = (head.number, head.sha256, head.state.value)
    return resources.window().memory.of("file", key, made, ttl=KEPT_S, max_entries=NAMES)


# --- contents -----------------------------------------------------------------------------------


def _figures(
    shared: Shared, press: Viewer, head: Bulletin, ask: Ask, question: str
) -> pl.DataFrame:
    """Return the whole answer; its pages are cut out of it.

    Past the answers that the pages keep: rows by the hundred thousand would push theirs out.
    """

    def made() -> pl.DataFrame:
        cube, seen = shared.bulletins.book.reading(shared.cube, viewer=press)
        places = cube.geography.areas
        level = ask.level or Level.NATIONAL
        count = places.at(level.value, places.resolve_vintage(ask.vintage)).height
        n_areas = count if ask.level else max(len(ask.areas), 1)
        last = head.cut_off.date() + timedelta(days=1)
        if n_cells(ask, n_areas=n_areas, first=FIRST, last=last) > MOST_CELLS:
            raise bad("too_much", f"more than {MOST_CELLS} figures: ask for fewer ids or days")
        return answer(cube, ask, viewer=seen)

    key = (head.number, head.sha256, question)
    return resources.window().memory.of("data", key, made, ttl=KEPT_S, max_entries=ANSWERS)


def _indicators(cube: FrozenCube, *, viewer: Viewer) -> pl.DataFrame:
    rows = [dict(one) for one in dictionary(cube.state(viewer=viewer).catalogue)]
    return pl.DataFrame(rows)


def _list_of(
    request: Request, known: tuple[str, ...], made: Callable[[FrozenCube, Viewer], pl.DataFrame]
) -> Response:
    params = plain(request.query_params, (*known, *PAGED))
    _json_only(request)
    asked = paged(params)
    shared, press, head = _pinned(asked)
    keep, path = _kept(asked), request.url.path
    tag = giving.etag(head.sha256, path, asked.question, asked.offset, asked.limit)
    if giving.is_known(request, tag):
        return giving.unchanged(tag, keep=keep)
    public = shared.bulletins.book.opened(head, viewer=press)[1]
    seen = shared.bulletins.book.seen_by(press, head)
    page = giving.page_of(made(public, seen), asked, head)
    headers = {**giving.headers_of(tag, keep=keep), "X-Bulletin": str(head.number)}
    told = {
        "bulletin": _name(head, shared), "data": giving.objects(page.rows),
        "next": page.cursor or None,
    }  # fmt: skip
    return Response(giving.as_json(told), headers=headers, media_type=giving.MEDIA["json"])


def _json_only(request: Request) -> None:
    wants({}, request.headers.get("accept", ""), choices=("json",))


def _told(request: Request, told: object) -> Response:
    """Return JSON that is named by its own content, and may change."""
    body = giving.as_json(told)
    tag = giving.etag(body.decode())
    if giving.is_known(request, tag):
        return giving.unchanged(tag, keep=giving.SHORT)
    headers = giving.headers_of(tag, keep=giving.SHORT)
    return Response(body, headers=headers, media_type=giving.MEDIA["json"])
