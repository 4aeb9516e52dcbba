"""A dashboard that trusts the tests' own OpenID provider, and who signs in there."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from data_access import tables
from data_access.engine import make_engine
from tests.app.conftest import fill
from tests.browser.conftest import Server, free_port, serving
from tests.oidc_provider import Provider, providing

CLAIMS = """
claim = "tuyendau_roles"
name = "name"
[[role]]
value = "tuyendau-national"
role = "national"
[[role]]
value = "tuyendau-ha-noi"
role = "province"
areas = ["01"]
[[role]]
value = "tuyendau-province"
role = "province"
areas_from = "areas"
"""
LAN: dict[str, Any] = {
    "sub": "f2c1-lan", "name": "Nguyễn <b>Lan</b>", "preferred_username": "lan",
    "email": "lan@moh.vn", "email_verified": True, "groups": ["/bo-y-te"],
    "realm_access": {"roles": ["offline_access"]}, "tuyendau_roles": ["tuyendau-national"],
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """A provider, and a dashboard that trusts it."""

    provider: Provider
    server: Server
    folder: Path
    cookie_secret: str

    @property
    def log(self) -> str:
        """What the server has written down so far."""
        return (self.folder / "server.log").read_text(encoding="utf-8")

    def rows(self, *, after: int = 0) -> list[dict[str, Any]]:
        """Return the rows on record, oldest first."""
        engine = make_engine(self.server.database)
        with engine.connect() as connection:
            query = sa.select(tables.audit).where(tables.audit.c.seq > after)
            found = connection.execute(query.order_by(tables.audit.c.seq)).mappings().all()
        engine.dispose()
        return [{**row, "detail": json.loads(row["detail"])} for row in found]

    def seen(self) -> int:
        """Return the number of the last row on record."""
        return max((row["seq"] for row in self.rows()), default=0)


def trusting(folder: Path) -> Iterator[World]:
    """Yield the real server, set up as docs/operations/accounts.md says."""
    port = free_port()
    database, cookie_secret = f"sqlite:///{folder / 'filled.sqlite'}", secrets.token_hex(32)
    fill(database, folder)
    (folder / "claims.toml").write_text(CLAIMS, encoding="utf-8")
    with providing() as provider:
        (folder / "secrets.toml").write_text(
            "[auth]\n"
            f'redirect_uri = "http://localhost:{port}/oauth2callback"\n'
            f'cookie_secret = "{cookie_secret}"\n'
            'client_id = "tuyendau"\n'
            f'client_secret = "{provider.client_secret}"\n'
            f'server_metadata_url = "{provider.metadata_url}"\n',
            encoding="utf-8",
        )
        variables = {
            "TUYENDAU_DEMO": "0",
            "TUYENDAU_CLAIMS": str(folder / "claims.toml"),
            "TUYENDAU_SESSION_KEY": secrets.token_hex(32),
        }
        options = ("--secrets.files", str(folder / "secrets.toml"))
        for server in serving(database, folder, port=port, variables=variables, options=options):
            yield World(provider, server, folder, cookie_secret)
