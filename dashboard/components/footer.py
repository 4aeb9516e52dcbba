"""Bottom of every page: sources, attribution of the map, version."""

from dashboard import access, filters, loaders, loaders_bulletins, resources
from dashboard.components.markup import draw, element
from dashboard.context import look
from dashboard.i18n import Translate
from dashboard.navigation import ROOT
from data_access.codes import Role
from data_access.errors import DataAccessError, ScopeDenied

UNRELEASED = "Unreleased"
_CHANGELOG = ROOT / "CHANGELOG.md"


def show(page: str) -> None:
    """Draw the footer."""
    t = filters.t
    listed = _sources(page)
    draw(
        element(
            "footer",
            element("p", element("b", t("footer.sources") + ": "), listed),
            element("p", " ".join(resources.pack().attribution), lang="en"),
            element("p", _version(t), " · ", t("footer.closed")),
            class_="td-footer",
        )
    )


def _sources(page: str) -> str:
    """Return who gave the figures on screen; whoever may not know is not told that nobody did."""
    t = filters.t
    try:
        seen = look(page)
        if seen.viewer.published_only:
            if seen.head is None:
                return t("footer.nothing_published")
            names = list(loaders_bulletins.sources(viewer=seen.viewer, token=seen.token))
            return " · ".join(names) or t("footer.none_named")
        found = loaders.freshness(viewer=seen.viewer, token=seen.token)
    except ScopeDenied:
        is_press = access.role() is Role.PRESS
        return t("footer.nothing_published" if is_press else "footer.unknown")
    except DataAccessError:
        return t("footer.unknown")
    named = sorted({str(name) for name in found["source"].drop_nulls().to_list() if name})
    return " · ".join(named) or t("footer.no_sources")


def _version(t: Translate) -> str:
    known = version()
    return t("footer.unreleased") if known == UNRELEASED else t("footer.version", version=known)


def version() -> str:
    """Return the product's version: the newest heading of the change log."""
    if not _CHANGELOG.is_file():
        return "0"
    for line in _CHANGELOG.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            return line.removeprefix("## ").strip("[] ")
    return "0"
