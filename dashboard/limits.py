"""How much, and how slowly, a request may send. Deliveries have their own limits: `api.upload`."""

import asyncio

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DELIVERIES = "/api/v1/records/"
MOST_BYTES = 64 * 1024
WHOLE_SECONDS = 20.0


class _TooMuch(Exception):
    """The body is larger than anything here takes."""


class _TooSlow(Exception):
    """The body takes longer than anyone needs."""


class SmallBodies:
    """Refuses bodies that are too large or too slow, everywhere but where records are delivered."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith(DELIVERIES):
            await self.app(scope, receive, send)
            return
        counted, noticed = _Counted(receive), _Noticed(send)
        try:
            await self.app(scope, counted, noticed)
        except (_TooMuch, _TooSlow) as error:
            if not noticed.has_begun:
                status = 413 if isinstance(error, _TooMuch) else 408
                answer = JSONResponse({"error": "refused"}, status, headers={"Connection": "close"})
                await answer(scope, receive, send)


class _Counted:
    """Receives a body and counts it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._n, self._is_whole = 0, False
        self._until = asyncio.get_running_loop().time() + WHOLE_SECONDS

    async def __call__(self) -> Message:
        if self._is_whole:  # what follows is the end of the connection, whenever that comes
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError as error:
            raise _TooSlow from error
        self._n += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if self._n > MOST_BYTES:
            raise _TooMuch
        return message


class _Noticed:
    """Sends, and knows whether an answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send, self.has_begun = send, False

    async def __call__(self, message: Message) -> None:
        self.has_begun = True
        await self._send(message)
