"""One viewer: opens the dashboard, looks at pages, uses their controls, and times every answer.

An answer is timed from the message that asks to the message that the run has ended, everything
read in between. What a browser then needs to draw is not in it.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection
from websockets.typing import Origin, Subprotocol

from simulations.viewers.screen import BROKEN, ENDED, Screen

STREAM = "/_stcore/stream"
MOST_BYTES = 64 * 2**20
FIRST, PAGE, CONTROL = "first visit", "change of page", "change of a filter"
ACTS = (FIRST, PAGE, CONTROL)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One timed answer.

    Attributes:
        page: address of the page (empty for the first one of the menu).
        act: one of ACTS.
        seconds: from the question to the end of the run.
        size: bytes received.
        error: what was wrong; empty if nothing.
    """

    page: str
    act: str
    seconds: float
    size: int
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How people use the dashboard.

    Attributes:
        think_seconds: mean of the pause before each act (exponential).
        filters_share: of all acts, how many change a filter of the page that is open.
        roles: role in a demonstration → weight; empty: the server's own default.
        weights: page address → weight; pages not named have weight 1.
        avoid: endings of the ids of controls that nobody touches: one is who one is.
        timeout_seconds: after which an answer counts as lost.
    """

    think_seconds: float = 10.0
    filters_share: float = 0.6
    roles: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=lambda: {"": 4.0, "map": 3.0})
    avoid: tuple[str, ...] = ("choose_role",)
    timeout_seconds: float = 60.0


class Viewer:
    """One session. `chance` decides what it does; the same chance does the same things."""

    def __init__(self, address: str, *, habits: Habits, chance: random.Random) -> None:
        """Take an address such as http://localhost:8501."""
        parts = urlsplit(address)
        secure = parts.scheme == "https"
        self.url = f"{'wss' if secure else 'ws'}://{parts.netloc}{parts.path.rstrip('/')}{STREAM}"
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.habits, self.chance = habits, chance
        self.screen = Screen()
        self.at = ""

    async def visit(self, *, ends: float, answers: list[Answer]) -> None:
        """Use the dashboard until the event loop's clock says `ends`; add every answer."""
        loop = asyncio.get_running_loop()
        try:
            async with websockets.connect(
                self.url, origin=Origin(self.origin), subprotocols=[Subprotocol("streamlit")],
                max_size=MOST_BYTES, open_timeout=self.habits.timeout_seconds, proxy=None,
            ) as socket:  # fmt: skip
                await self._ask(socket, self.screen.first(query=self._query()), FIRST, answers)
                while await self._think(until=ends - loop.time()):
                    await self._act(socket, answers)
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            lost = Answer(page=self.at, act=FIRST if not answers else PAGE, seconds=0.0, size=0,
                          error=f"connection: {type(error).__name__}")  # fmt: skip
            answers.append(lost)

    async def _think(self, *, until: float) -> bool:
        pause = self.chance.expovariate(1 / self.habits.think_seconds)
        if pause >= until:
            return False
        await asyncio.sleep(pause)
        return True

    async def _act(self, socket: ClientConnection, answers: list[Answer]) -> None:
        usable = [
            control
            for control in self.screen.usable()
            if not control.widget.endswith(self.habits.avoid)
        ]
        if usable and self.chance.random() < self.habits.filters_share:
            control = self.chance.choice(usable)
            other = [choice for choice in control.choices if choice != control.chosen]
            message = self.screen.chosen(control, self.chance.choice(other))
            await self._ask(socket, message, CONTROL, answers)
            return
        pages = list(self.screen.pages)
        weights = [self.habits.weights.get(page, 1.0) for page in pages]
        self.at = self.chance.choices(pages, weights)[0]
        await self._ask(socket, self.screen.opened(self.at), PAGE, answers)

    async def _ask(
        self, socket: ClientConnection, message: BackMsg, act: str, answers: list[Answer]
    ) -> None:
        started = time.perf_counter()
        await socket.send(message.SerializeToString())
        size, error = await asyncio.wait_for(self._read(socket), self.habits.timeout_seconds)
        taken = time.perf_counter() - started
        answers.append(Answer(page=self.at, act=act, seconds=taken, size=size, error=error))

    async def _read(self, socket: ClientConnection) -> tuple[int, str]:
        """Return the bytes of an answer and what is wrong with it, read to the end of its run."""
        size, wrong = 0, ""
        while True:
            raw = await socket.recv(decode=False)
            size += len(raw)
            message = ForwardMsg.FromString(raw)
            wrong = wrong or self.screen.take(message)
            if message.WhichOneof("type") == "script_finished":
                if message.script_finished == ENDED:
                    continue
                broken = message.script_finished == BROKEN
                return size, wrong or ("script does not compile" if broken else "")

    def _query(self) -> str:
        if not self.habits.roles:
            return ""
        roles = list(self.habits.roles)
        return f"as={self.chance.choices(roles, list(self.habits.roles.values()))[0]}"
