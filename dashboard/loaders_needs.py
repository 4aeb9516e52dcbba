"""Needs and proposals for the pages. Not cached: whoever took a step sees it in the next breath.

A board is read in milliseconds (docs/needs.md), and a cache key for it would be the read itself.
"""

from dataclasses import replace

from dashboard import access, filters, resources
from data_access.actor import Actor
from data_access.proposals.scoring import Evaluation
from data_access.viewer import Viewer
from data_access.workflow.model import Item


def present(viewer: Viewer) -> Viewer:
    """Return a viewer who looks from this very moment, or from where the view is pinned."""
    shared = resources.shared()
    if viewer.bulletin is not None:
        return shared.at_cut_off(viewer)
    if filters.current().as_of:
        return viewer
    return replace(viewer, now=max(viewer.now, shared.clock()))


def is_pinned(viewer: Viewer) -> bool:
    """Return whether the view is of the past: nothing is done from there."""
    return viewer.bulletin is not None or filters.current().as_of is not None


def acting(viewer: Viewer) -> Actor:
    """Return who takes a step in this session."""
    return Actor(account=access.actor().account, role=viewer.role, areas=viewer.areas)


def needs(*, viewer: Viewer) -> list[Item]:
    """Return the needs in sight."""
    return resources.shared().needs.list(viewer=present(viewer))


def proposals(*, viewer: Viewer) -> list[tuple[Item, Evaluation]]:
    """Return the proposals in sight, without scores that are hidden from whoever looks."""
    account = acting(viewer).account
    return resources.shared().proposals.list(viewer=present(viewer), account=account)
