"""Signing in through an identity provider: a real one of this machine, over HTTP, that checks what the desk must send; and everything that must not let anybody in."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import http.server
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

pytest.importorskip("authlib", reason="the desk's pages need authlib (extra: desk)")
jwk = pytest.importorskip("joserfc.jwk", reason="the desk's pages need joserfc")

from joserfc import jwt  # noqa: E402

from tests.web.conftest import Room, csrf, make_site_without_end  # noqa: E402

CLIENT = "desk-client"


@dataclass
class Provider:
    """What the provider knows, and what it is told to get wrong."""

    issuer: str = ""
    key: object = field(default_factory=lambda: jwk.RSAKey.generate_key(2048, {"kid": "1"}))
    shown: object = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    wrong: dict[str, object] = field(default_factory=dict)
    subject: str = "ines@provider"
    now: float = 0.0

    def code(self, address: str) -> str:
        """A person agrees: the code for a request of the desk's."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"]
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return code

    def token(self, form: dict[str, str]) -> dict[str, object] | None:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or form.get("grant_type") != "authorization_code" or form.get("redirect_uri") != asked["redirect_uri"]:
            return None
        if base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": self.subject, "nonce": asked["nonce"], "exp": self.now + 300, "iat": self.now, **self.wrong}
        claims = {name: value for name, value in claims.items() if value is not None}
        return {"access_token": "a", "token_type": "Bearer", "id_token": jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key)}


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_words) -> None:
        """Says nothing."""

    def answer(self, body: object, status: int = 200) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def do_GET(self) -> None:
        provider = self.server.provider
        if self.path == "/.well-known/openid-configuration":
            issuer = provider.issuer
            self.answer({"issuer": issuer, "authorization_endpoint": f"{issuer}/authorize", "token_endpoint": f"{issuer}/token", "jwks_uri": f"{issuer}/keys"})
        else:
            self.answer({"keys": [(provider.shown or provider.key).as_dict(private=False)]})

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
        told = self.server.provider.token(form)
        self.answer(told if told is not None else {"error": "invalid_grant"}, 200 if told is not None else 400)


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        server.provider = made
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join(10)


@pytest.fixture
def desked(room: Room, provider: Provider) -> Room:
    settings = dataclasses.replace(room.desk.settings, oidc=dataclasses.replace(room.desk.settings.oidc, issuer=provider.issuer, client=CLIENT))
    provider.now = room.clock.at.timestamp()
    return Room(dataclasses.replace(room.desk, settings=settings), room.clock, room.folder)


def bound(room: Room, provider: Provider, name: str = "Ines"):
    """A member who has bound their account at the provider."""
    member, client = room.member(name)
    link = re.search(r'href="(/oidc/keep\?csrf=[0-9a-f]+)"', client.get("/passkey").text).group(1)
    away = client.get(link)
    assert away.status_code == 303
    back = client.get(back_of(away.headers["location"], provider))
    return member, client, back


def back_of(address: str, provider: Provider) -> str:
    state = parse_qs(urlsplit(address).query)["state"][0]
    return f"/oidc/back?code={provider.code(address)}&state={state}"


def tried(room: Room, provider: Provider):
    """A fresh browser that goes to the provider and comes back."""
    client = room.client()
    assert "/oidc" in client.get("/signin").text
    away = client.get("/oidc")
    assert away.headers["location"].startswith(f"{provider.issuer}/authorize?")
    return client, client.get(back_of(away.headers["location"], provider))


def test_a_member_binds_an_account_and_signs_in_with_it(desked: Room, provider: Provider) -> None:
    member, _client, back = bound(desked, provider)
    assert back.status_code == 303, back.text

    client, answer = tried(desked, provider)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/board"
    assert member.name in client.get("/board").text


def test_nobody_is_made_by_a_provider(desked: Room, provider: Provider) -> None:
    client, answer = tried(desked, provider)
    assert answer.status_code == 403
    assert client.get("/board").status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [{"aud": "another"}, {"aud": [CLIENT, "another"]}, {"iss": "https://evil.example"}, {"nonce": "old"}, {"nonce": None}, {"exp": 1.0}, {"exp": None}, {"sub": "somebody else"}, {"azp": "another"}],
    ids=lambda wrong: "-".join(f"{name}" for name in wrong),
)
def test_a_token_that_is_not_for_this_desk_lets_nobody_in(desked: Room, provider: Provider, wrong: dict[str, object]) -> None:
    bound(desked, provider)
    provider.wrong = wrong
    client, answer = tried(desked, provider)
    assert answer.status_code == 403
    assert client.get("/board").status_code == 401


def test_a_token_of_another_key_lets_nobody_in(desked: Room, provider: Provider) -> None:
    bound(desked, provider)
    provider.shown = jwk.RSAKey.generate_key(2048, {"kid": "1"})
    assert tried(desked, provider)[1].status_code == 403


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(desked: Room, provider: Provider) -> None:
    bound(desked, provider)
    attacker, victim = desked.client(), desked.client()
    path = back_of(attacker.get("/oidc").headers["location"], provider)
    assert victim.get(path).status_code == 403, "nobody is signed in as somebody else by a link"
    assert victim.get("/board").status_code == 401
    assert attacker.get(path).status_code == 303
    assert attacker.get(path).status_code == 403


def test_binding_needs_the_session_that_began_it_and_its_token(desked: Room, provider: Provider) -> None:
    _member, client = desked.member("Ines")
    assert client.get("/oidc/keep").status_code == 403
    assert client.get("/oidc/keep?csrf=0000").status_code == 403
    path = back_of(client.get(f"/oidc/keep?csrf={csrf(client)}").headers["location"], provider)
    other, _link = desked.member("Bert")
    client.headers["cookie"] = f"troth={desked.desk.writer.write(lambda t: desked.desk.people.sign_in(t, other.id, desked.clock()))}; troth-oidc={client.cookies['troth-oidc']}"
    assert client.get(path).status_code == 403
    assert tried(desked, provider)[1].status_code == 403


def test_an_account_signs_in_one_member_and_none_who_left(desked: Room, provider: Provider) -> None:
    member, _client, _back = bound(desked, provider)
    assert bound(desked, provider, "Bert")[2].status_code == 400
    desked.desk.writer.write(lambda t: desked.desk.people.leave(t, member.id, desked.clock()))
    assert tried(desked, provider)[1].status_code == 403


def test_without_a_provider_there_is_no_such_way(room: Room) -> None:
    client = room.client()
    assert make_site_without_end(room.desk)
    assert client.get("/oidc").status_code == 404
    assert client.get("/oidc/back?code=1&state=2").status_code == 404
