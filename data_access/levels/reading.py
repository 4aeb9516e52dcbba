"""Opens the book of levels for a viewer: nobody reads a level of an area out of their sight."""

from data_access.codes import Level
from data_access.errors import BadUse, ScopeDenied, UnknownId
from data_access.levels.book import Book, province_of
from data_access.levels.known import Figures, Ground
from data_access.reference.areas import Areas
from data_access.rules.local import NOTHING_LOCAL, LocalRules
from data_access.viewer import Viewer


def open_book(
    ask: Figures,
    ground: Ground,
    *,
    areas: Areas,
    viewer: Viewer,
    local: LocalRules = NOTHING_LOCAL,
) -> Book:
    """Return the levels of a ground as a viewer may see them.

    Args:
        ask: answers questions for this viewer.
        ground: which areas.
        areas: the places of the country.
        viewer: who looks.
        local: what the country pack says beside the rule sets.

    Raises:
        ScopeDenied: if the viewer sees published figures only and looks at no bulletin, or the
            commune asked for lies out of their sight; other areas are asked for by the figures.
    """
    if viewer.is_blind and viewer.bulletin is None:
        raise ScopeDenied("nothing has been published yet")
    if ground.level is Level.WARD and ground.inside:
        # No figure is asked for a commune, so nothing else would refuse it.
        viewer.require(province_of(areas, ground.inside, ground))
    return Book(ask, ground, areas=areas, local=local)


def ground_of(text: str, *, areas: Areas, vintage: str) -> Ground:
    """Return the ground of one area, by its code or name.

    Raises:
        BadUse: if there is no such area, or it is the nation.
    """
    wanted = text.strip()
    wards = areas.wards
    for frame in (areas.frame, wards):
        found = frame.filter(frame["code"] == wanted, frame["vintage"] == vintage)
        if found.height:
            return _of(str(found["level"][0]), wanted, vintage)
    matched = areas.index.match([wanted], vintage=vintage).row(0, named=True)
    if matched["code"] is None:
        raise UnknownId(f"no area {wanted!r} in vintage {vintage}")
    row = areas.row(areas.id_of(matched["code"], vintage))
    return _of(str(row["level"]), str(matched["code"]), vintage)


def _of(level: str, code: str, vintage: str) -> Ground:
    if level == Level.NATIONAL.value:
        raise BadUse("a level is assessed of a province, a district or a commune")
    return Ground(level=Level(level), vintage=vintage, inside=code)
