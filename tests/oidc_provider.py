"""An OpenID provider of the tests' own, on this machine: what Keycloak says, and what it must not.

OpenID Connect Core 1.0 (authorization code flow), Discovery 1.0, RP-Initiated Logout 1.0, RFC 7636
(PKCE). Everybody whom `signs_in` names is let in without a password; `faults` bend one answer.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT_ID = "tuyendau"
REALM = "/realms/y-te"
CODE_SECONDS = 60
Claims = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Grant:
    """A code that was given out, and what it was asked for with."""

    asked: Mapping[str, str]
    claims: Claims
    until: float


@dataclass
class Provider:
    """The provider. Tests set `person` and bend it; the server's threads only read.

    Attributes:
        url: where it listens.
        person: claims of whoever signs in; None: they refuse at the provider.
        claims: changes to the ID token, by claim; a value of None takes the claim away.
        bend: changes the finished token, as an attacker would.
        query: changes to what the browser brings back, by parameter.
        without_id_token: answer a token that says of nobody who they are.
        asked: paths that were asked for.
        tokens: every token that was given out.
    """

    url: str = ""
    client_secret: str = field(default_factory=lambda: secrets.token_hex(24))
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    person: Claims | None = None
    claims: Claims = field(default_factory=dict)
    bend: Callable[[str], str] | None = None
    query: dict[str, str] = field(default_factory=dict)
    without_id_token: bool = False
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    grants: dict[str, Grant] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """Name of the provider, as its discovery document has it."""
        return self.url + REALM

    @property
    def metadata_url(self) -> str:
        """Address of its discovery document."""
        return self.issuer + "/.well-known/openid-configuration"

    def signs_in(self, sub: str, **claims: object) -> None:
        """Let the next visitor be this person; nothing is bent any more."""
        self.person = {"sub": sub, **claims}
        self.claims, self.query, self.bend, self.without_id_token = {}, {}, None, False

    def metadata(self) -> dict[str, object]:
        """Return the discovery document (Discovery 1.0, section 3)."""
        way = self.issuer + "/protocol/openid-connect"
        return {
            "issuer": self.issuer,
            "authorization_endpoint": way + "/auth",
            "token_endpoint": way + "/token",
            "userinfo_endpoint": way + "/userinfo",
            "jwks_uri": way + "/certs",
            "end_session_endpoint": way + "/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }

    def authorize(self, asked: Mapping[str, str]) -> Answer:
        """Let the person in and send the browser back with a code (Core, section 3.1.2)."""
        back = {"state": asked.get("state", "")}
        if asked.get("client_id") != CLIENT_ID or "openid" not in asked.get("scope", "").split():
            return _json(400, {"error": "invalid_request"})
        if self.person is None:
            back |= {"error": "access_denied"}
        else:
            code = secrets.token_urlsafe(24)
            self.grants[code] = Grant(asked, dict(self.person), time.monotonic() + CODE_SECONDS)
            back |= {"code": code}
        return _to(asked["redirect_uri"] + "?" + urlencode(back | self.query))

    def token(self, asked: Mapping[str, str], client: tuple[str, str]) -> Answer:
        """Exchange a code, once, for tokens (Core, section 3.1.3)."""
        given = (asked.get("client_id", client[0]), asked.get("client_secret", client[1]))
        if given != (CLIENT_ID, self.client_secret):
            return _json(401, {"error": "invalid_client"})
        grant = self.grants.pop(asked.get("code", ""), None)
        if grant is None or time.monotonic() > grant.until or not _proves(grant, asked):
            return _json(400, {"error": "invalid_grant"})
        access = secrets.token_urlsafe(32)
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": 300}
        if not self.without_id_token:
            token = self.id_token(grant)
            answer["id_token"] = self.bend(token) if self.bend else token
        self.tokens += [text for name, text in answer.items() if name.endswith("_token")]  # type: ignore[misc]
        return _json(200, answer)

    def id_token(self, grant: Grant) -> str:
        """Return the signed ID token of a grant (Core, section 2)."""
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "azp": CLIENT_ID, "typ": "ID",
            "iat": now, "auth_time": now, "exp": now + 300,
            "sid": secrets.token_hex(8), "nonce": grant.asked.get("nonce"),
            **grant.claims, **self.claims,
        }  # fmt: skip
        said = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "one"}, said, self.key)

    def answer(self, path: str, asked: Mapping[str, str], client: tuple[str, str]) -> Answer:
        """Answer one request."""
        self.asked.append(path)
        way = REALM + "/protocol/openid-connect"
        public = {"keys": [self.key.as_dict(private=False, use="sig", alg="RS256")]}
        ways: dict[str, Callable[[], Answer]] = {
            REALM + "/.well-known/openid-configuration": lambda: _json(200, self.metadata()),
            way + "/certs": lambda: _json(200, public),
            way + "/auth": lambda: self.authorize(asked),
            way + "/token": lambda: self.token(asked, client),
            way + "/userinfo": lambda: _json(200, self.person or {}),
            way + "/logout": lambda: _to(asked["post_logout_redirect_uri"]),
        }
        return ways[path]() if path in ways else _json(404, {"error": "not_found"})


def signed_by(key: RSAKey, token: str) -> str:
    """Return what a token says, signed with another key."""
    return jwt.encode({"alg": "RS256", "kid": "one"}, _said(token), key)


def signed_with_the_public_key(key: RSAKey, token: str) -> str:
    """Return what a token says under HS256, the public key taken for a secret."""
    public = OctKey.import_key(key.as_pem(private=False))
    return jwt.encode({"alg": "HS256", "kid": "one"}, _said(token), public, algorithms=["HS256"])


def unsigned(token: str) -> str:
    """Return a token that says it is not signed."""
    head = base64.urlsafe_b64encode(b'{"alg":"none","kid":"one"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


def tampered(token: str, **claims: object) -> str:
    """Return a token with other claims under the old signature."""
    head, _, signature = token.split(".")
    body = json.dumps({**_said(token), **claims}).encode()
    return f"{head}.{base64.urlsafe_b64encode(body).rstrip(b'=').decode()}.{signature}"


def _said(token: str) -> Claims:
    body = token.split(".")[1]
    found: Claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


def _proves(grant: Grant, asked: Mapping[str, str]) -> bool:
    """Return whether whoever brings a code is who asked for it (RFC 7636, section 4.6)."""
    if asked.get("redirect_uri") != grant.asked.get("redirect_uri"):
        return False
    hashed = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode() == grant.asked["code_challenge"]


def _json(status: int, said: Mapping[str, object]) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(said).encode()


def _to(address: str) -> Answer:
    return 302, {"Location": address}, b""


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802 -- the name the library calls
            self._answer(urlsplit(self.path).query)

        def do_POST(self) -> None:  # noqa: N802 -- as above
            length = int(self.headers.get("Content-Length", 0))
            self._answer(self.rfile.read(length).decode())

        def _answer(self, query: str) -> None:
            basic = self.headers.get("Authorization", "Basic Og==").partition(" ")[2]
            name, _, secret = (
                base64.b64decode(basic + "===").decode(errors="replace").partition(":")
            )
            asked = {key: values[0] for key, values in parse_qs(query).items()}
            path = urlsplit(self.path).path
            status, headers, body = provider.answer(path, asked, (name, secret))
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def providing() -> Iterator[Provider]:
    """Yield a provider that listens on a port of this machine."""
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    provider.url = f"http://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
