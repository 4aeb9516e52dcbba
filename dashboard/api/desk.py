"""The desk where deliveries over HTTP are taken in: tokens, turns, the gate. Knows no HTTP.

The gate runs in threads of the desk's own, as many as there are turns: neither the event loop nor
what else the process does in threads ever waits for it.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ParamSpec, TypeVar

from dashboard.api.holding import Holding
from dashboard.api.refusal import Refusal
from dashboard.api.turns import Turns
from dashboard.api.upload import MB, Limits
from data_access.audit import Entry, append
from data_access.chain.follow import PLATFORMS, Follower
from data_access.clock import machine_clock
from data_access.ingest import ledger
from data_access.ingest.intake import Intake, rejects_folder
from data_access.ingest.rejects import first_rejects
from data_access.settings import Settings
from data_access.shared import Shared
from data_access.tokens import Purpose, Token, authenticate, touch_token
from data_access.viewer import system_viewer

LOG = logging.getLogger("tuyendau.api")
MOST_REJECTS_SHOWN = 100
Given = ParamSpec("Given")
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A body that has come, and what it is said to be.

    Attributes:
        path: where it lies; its name is what messages and the ledger call it.
        platform: platform id.
        kind: record kind.
        fmt: format.
        sha256: of the unpacked body.
        secret: the token as it was shown.
    """

    path: Path
    platform: str
    kind: str
    fmt: str
    sha256: str
    secret: str


class Desk:
    """One process's desk. Safe between threads."""

    def __init__(self, shared: Shared, settings: Settings, *, follower: Follower) -> None:
        """Set up the gate; touches neither database nor disk yet.

        Args:
            shared: the shared database.
            settings: what the environment says.
            follower: told of every delivery that the response chain has to follow.
        """
        self.limits = Limits(n_bytes=settings.max_upload_mb * MB)
        self.turns = Turns(settings.max_ingests)
        self.holding = Holding()
        self._follower = follower
        self._intake = Intake(
            engine=shared.engine,
            areas=shared.areas,
            clock=shared.clock,
            pseudonym_key=settings.key_chain,
            rejects_folder=rejects_folder(shared.engine),
        )
        self._workers = ThreadPoolExecutor(settings.max_ingests, thread_name_prefix="api-gate")

    async def work(
        self, call: Callable[Given, Result], *args: Given.args, **named: Given.kwargs
    ) -> Result:
        """Return what a call returns, made in a thread of the desk."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, lambda: call(*args, **named))

    def token(self, secret: str) -> Token:
        """Return the token that a text is.

        Raises:
            Refusal: 401, the same for a token that never was, has ended or was revoked.
        """
        now = machine_clock()
        found = authenticate(
            self._intake.engine,
            secret,
            purpose=Purpose.INGEST,
            now=now,
            viewer=system_viewer(now),
        )
        if found is None:
            raise unknown_token()
        return found

    def take_in(self, parcel: Parcel) -> dict[str, object]:
        """Bring a parcel through the gate and return what became of its rows.

        Raises:
            Refusal: if its token was revoked while it was on its way.
            DataAccessError: if it cannot be taken in; nothing was changed then.
        """
        token = self.token(parcel.secret)
        touch_token(self._intake.engine, token, now=machine_clock())
        self._put_on_record(token, parcel)
        intake = replace(self._intake, provinces=token.areas or None)
        outcome = intake.records(
            parcel.path,
            platform=parcel.platform,
            kind=parcel.kind,
            source=token.source,
            fmt=parcel.fmt,
            known_at=ledger.stream_moment(intake.clock()),
        )
        if parcel.platform in PLATFORMS:
            self._follower.note()
        LOG.info("batch %d came with token %s", outcome.batch, token.token_id)
        shown = []
        if outcome.rejects_file:
            shown = first_rejects(Path(outcome.rejects_file), most=MOST_REJECTS_SHOWN)
        return {
            **outcome.as_json(),
            # The name alone: where it lies on this machine is nobody's business.
            "rejects_file": Path(outcome.rejects_file).name or None,
            "platform": parcel.platform,
            "kind": parcel.kind,
            "source": token.source,
            "sha256": parcel.sha256,
            "rejects": [{**row, "row": int(row["row"])} for row in shown],
        }

    def _put_on_record(self, token: Token, parcel: Parcel) -> None:
        told = {"source": token.source, "sha256": parcel.sha256}
        entry = Entry(
            at=machine_clock(), account=f"token:{token.token_id}", role=token.purpose,
            action="token.use", object=f"{parcel.platform}/{parcel.kind}", detail=told,
        )  # fmt: skip
        append(self._intake.engine, entry)

    def close(self) -> None:
        """Let the threads end and remove the folder of bodies."""
        self._workers.shutdown(wait=True)
        self.holding.close()


def unknown_token() -> Refusal:
    """Return the answer to whoever shows no token that opens anything."""
    message = "a valid token is needed: Authorization: Bearer <token>"
    return Refusal(401, "no_token", message, headers={"WWW-Authenticate": "Bearer"})
