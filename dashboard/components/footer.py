"""Bottom of every page: sources, attribution of the map, version."""

from dashboard import filters, loaders, loaders_bulletins, resources
from dashboard.components.markup import draw, element
from dashboard.context import look
from dashboard.i18n import Translate
from dashboard.navigation import ROOT
from data_access.errors import DataAccessError

UNRELEASED = "Unreleased"
_CHANGELOG = ROOT / "CHANGELOG.md"


def show(page: str) -> None:
    """Draw the footer."""
    t = filters.t
    names = _sources(page)
    listed = " · ".join(names) if names else t("footer.no_sources")
    draw(
        element(
            "footer",
            element("p", element("b", t("footer.sources") + ": "), listed),
            element("p", " ".join(resources.pack().attribution), lang="en"),
            element("p", _version(t), " · ", t("footer.closed")),
            class_="td-footer",
        )
    )


def _sources(page: str) -> list[str]:
    try:
        seen = look(page)
        if seen.viewer.published_only:
            return list(loaders_bulletins.sources(viewer=seen.viewer, token=seen.token))
        found = loaders.freshness(viewer=seen.viewer, token=seen.token)
    except DataAccessError:
        return []
    return sorted({str(name) for name in found["source"].drop_nulls().to_list() if name})


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
