"""What answers questions need of a cube, live or frozen. Pure."""

from collections.abc import Hashable, Mapping
from datetime import date
from typing import Protocol

from data_access.cube.catalogue import State
from data_access.cube.geography import Geography
from data_access.cube.view import CubeView
from data_access.viewer import Viewer


class Cube(Protocol):
    """Cells in memory: of the shared database (`HotCube`) or of a bulletin (`FrozenCube`)."""

    @property
    def geography(self) -> Geography:
        """How areas add up."""

    def state(self, *, viewer: Viewer) -> State:
        """Return names and change numbers."""

    def view(self, needs: Mapping[str, tuple[date, date] | None], *, viewer: Viewer) -> CubeView:
        """Return what a viewer sees of some measures, all in one state."""

    def heard(self, *, viewer: Viewer) -> Hashable:
        """Return what differs when sources rank otherwise, or one delivered on another day."""
