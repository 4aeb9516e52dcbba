"""Bytes that a change of a filter sends to the browser: `python -m benchmarks.payload`.

Against a running dashboard. One session opens each page and changes each of its filters in turn;
it keeps what a browser keeps, so what has not changed is not sent again. Counted are the bytes that
come through the socket, compressed where the server does so, and what they are unpacked.
"""

import argparse
import asyncio
import random
import sys
from dataclasses import dataclass, field

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Origin, Subprotocol

from benchmarks.report import Figure, Section, section_text
from simulations.viewers.crowd import quantile
from simulations.viewers.session import CONTROL, MOST_BYTES, PAGE, Answer, Habits, Viewer

GOAL_KB = 50.0
ADDRESS = "http://localhost:8501"
CHANGES = 12
"""Changes of a filter on each page."""


@dataclass
class Sizes:
    """What one page sent, in bytes.

    Attributes:
        opened: when it was opened, unpacked.
        changed: at each change of a filter, unpacked.
        sent: at each change of a filter, through the socket.
        wrong: what was wrong, if anything.
    """

    opened: int = 0
    changed: list[int] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    wrong: str = ""


class Counted(ClientConnection):
    """A connection that counts what comes through its socket."""

    received = 0

    def data_received(self, data: bytes) -> None:
        """Count bytes, then take them."""
        self.received += len(data)
        super().data_received(data)


class Walker(Viewer):
    """A session that goes through all pages and changes what can be changed on each."""

    async def walk(self, *, changes: int) -> dict[str, Sizes]:
        """Return what every page of the menu sent."""
        found: dict[str, Sizes] = {}
        async with websockets.connect(
            self.url, origin=Origin(self.origin), subprotocols=[Subprotocol("streamlit")],
            max_size=MOST_BYTES, open_timeout=self.habits.timeout_seconds, proxy=None,
            create_connection=Counted,
        ) as socket:  # fmt: skip
            answers: list[Answer] = []
            await self._ask(socket, self.screen.first(query=""), PAGE, answers)
            for page in list(self.screen.pages):
                self.at = page
                await self._ask(socket, self.screen.opened(page), PAGE, answers)
                sizes = Sizes(opened=answers[-1].size, wrong=answers[-1].error)
                for _ in range(changes):
                    usable = [
                        control
                        for control in self.screen.usable()
                        if not control.widget.endswith(("choose_role", "choose_language"))
                    ]
                    if not usable:
                        break
                    control = self.chance.choice(usable)
                    other = [one for one in control.choices if one != control.chosen]
                    message = self.screen.chosen(control, self.chance.choice(other))
                    before = _received(socket)
                    await self._ask(socket, message, CONTROL, answers)
                    sizes.sent.append(_received(socket) - before)
                    sizes.changed.append(answers[-1].size)
                    sizes.wrong = sizes.wrong or answers[-1].error
                found[page] = sizes
        return found


def _received(socket: ClientConnection) -> int:
    return socket.received if isinstance(socket, Counted) else 0


def measure_payload(address: str, *, changes: int, seed: int) -> Section:
    """Return the largest and the median size of a change of a filter of every page."""
    chance = random.Random(seed)  # noqa: S311 -- a walk, no secret
    walker = Walker(address, habits=Habits(timeout_seconds=120.0), chance=chance)
    found = asyncio.run(walker.walk(changes=changes))
    return Section(
        title="Kilobytes to the browser on a change of a filter",
        figures=tuple(_figure(page, sizes) for page, sizes in found.items()),
        remarks=("The figure is the median of what came through the socket.",),
    )


def _figure(page: str, sizes: Sizes) -> Figure:
    name = page or "overview"
    opened = f"opened {sizes.opened / 1000:.1f} KB"
    if not sizes.changed:
        return Figure(name=name, found=None, goal=GOAL_KB, note=f"no filter; {opened}")
    sent, unpacked = ([size / 1000 for size in of] for of in (sizes.sent, sizes.changed))
    note = f"{min(sent):.1f} to {max(sent):.1f} in {len(sent)} changes; unpacked "
    note += f"{quantile(unpacked, 0.5):.1f}, to {max(unpacked):.1f}; {opened}"
    note += f"; {sizes.wrong}" if sizes.wrong else ""
    return Figure(name=name, found=quantile(sent, 0.5), goal=GOAL_KB, note=note)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default=ADDRESS)
    parser.add_argument("--changes", type=int, default=CHANGES)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    section = measure_payload(options.url, changes=options.changes, seed=options.seed)
    print(section_text(section))  # noqa: T201 -- this is what the command is for
    return 0


if __name__ == "__main__":
    sys.exit(main())
