"""Requests that lie about what they are, who asks and what they need: T5, T9, T11, T14, T22, T23, T25, T28, E5."""

from __future__ import annotations

import json

from tests.attacks.jobs.cases import Tried, case, runs
from tests.jobs.world import World


def _bytes(letter: str, title: str, *reasons: str):
    """A submission made from a good request's bytes; the twin is that request."""

    def register(change):
        @case(letter, title, *reasons)
        def prepare(world: World) -> Tried:
            good = world.request()
            bad = change(good)
            return Tried(lambda: world.executor.submit(world.session(), bad), lambda: world.executor.submit(world.session(), good))

        return change

    return register


def _field(letter: str, title: str, *reasons: str, **fields: object) -> None:
    _bytes(letter, title, *reasons)(lambda good: json.dumps({**json.loads(good), **fields}).encode())


_bytes("T11", "a byte order mark", "encoding")(lambda good: b"\xef\xbb\xbf" + good)
_bytes("T11", "UTF-16", "encoding", "not-json")(lambda good: good.decode().encode("utf-16"))
_bytes("T11", "text after the document", "not-json")(lambda good: good + b"{}")
_bytes("T11", "a parameter named twice", "duplicate-key")(lambda good: good.replace(b'"name":"thing"', b'"name":"thing","name":"other"'))
_bytes("T11", "the type named twice", "duplicate-key")(lambda good: good[:-1] + b',"type":"repo.slow"}')
for _number in (b"1.0", b"1e0", b"-0", b"9007199254740993", b"NaN", b"Infinity", b"-Infinity", b"1" * 5000, b"01", b"true", b"null", b'"1"'):
    _bytes("T11", f"attempts written {_number[:20].decode()}", "number", "not-json", "constraints")(
        lambda good, number=_number: good.replace(b'"attempts":1', b'"attempts":' + number)
    )
_bytes("T11", "a lone surrogate", "text")(lambda good: good.replace(b'"name":"thing"', b'"name":"\\ud800"'))
_bytes("T11", "NUL in a text", "text")(lambda good: good.replace(b'"name":"thing"', b'"name":"a\\u0000"'))
_bytes("T11", "nesting without end", "size", "depth", "not-json")(lambda good: good.replace(b'"thing"', b"[" * 20_000 + b"]" * 20_000))
_bytes("T25", "a request of 2 MB", "size")(lambda good: good + b" " * 2_000_000)
_bytes("T11", "a list in place of a request", "not-an-object")(lambda good: b"[" + good + b"]")
_bytes("T11", "a comment", "not-json")(lambda good: good[:-1] + b"/* harmless */}")
_bytes("T11", "a line separator in the key", "idempotency-key")(lambda good: good.replace(b"key-", b"key\\u2028-"))
_field("T11", "a version that is 2", "version", version=2)
_field("T11", "a version that is true", "version", version=True)
_field("T11", "a moment with a zone of its own", "instant", expires_at="2030-01-01T00:00:00+02:00")
_field("T11", "a day that does not exist", "instant", expires_at="2030-02-30T00:00:00Z")
_field("T5", "a request that ran out", "expired", expires_at="2020-01-01T00:00:00Z")
_field("T5", "a request for a hundred years", "expired", expires_at="2126-01-01T00:00:00Z")
_field("T14", "it says of itself that it is no action", "self-declared", is_action_job=False)
_field("T14", "it says of itself that it is one", "self-declared", is_action_job=True)
_field("T14", "it names its own category", "self-declared", category="observe")
_field("T14", "it names the scopes that it needs", "self-declared", required_scopes=[])
_field("T14", "it says that it needs no token", "self-declared", requires_policy_token=False)
_field("T14", "it says that it is a dry run", "self-declared", dry_run=True)
_field("T14", "it says that it was approved", "self-declared", approved=True)
_field("T14", "it brings a policy of its own", "self-declared", policy={"requires_approval": False})
_field("T14", "its parameters say that it is no action", "self-declared", params={"name": "thing", "is_action_job": False})
_field("T14", "its parameters hold what its type does not know", "params", params={"name": "thing", "force": True})
_field("T14", "its parameters lack what its type needs", "params", params={})
_field("T14", "a type that nobody registered", "unregistered", type="repo.unknown")
_field("T14", "a type with a space", "type", type="repo.touch ")
_field("T14", "a type in capitals", "type", type="Repo.Touch")
_field("T14", "more time than its type may have", "constraints", constraints={"timeout_seconds": 3600, "attempts": 1})
_field("T14", "more tries than its type may have", "constraints", constraints={"timeout_seconds": 60, "attempts": 50})
_field("T22", "an address to call back", "callback", callback={"url": "https://evil.example", "headers": {"Authorization": "x"}})
_field("T22", "headers for a call", "callback", headers={"X": "y"})
_field("E5", "it says who asks", "unknown-field", actor="victim-admin")
_field("E5", "it says who approves", "self-declared", approvers=["ana"])
_field("T23", "it lists the tools that it may use", "self-declared", allowed_tools=[])
_field("T23", "another tenant than the session's", "tenant", tenant_id="other")
_field("T23", "another project than the session's", "tenant", project_id="api")
_field("T9", "no project", "tenant", project_id=None)
_field("T9", "a tenant in capitals", "tenant", tenant_id="ACME")
_field("T9", "a tenant with a soft hyphen", "tenant", tenant_id="ac\u00adme")
_field("T9", "a tenant in full-width letters", "tenant", tenant_id="\uff41cme")
_field("T28", "evidence of a kind that cannot be verified", "evidence", evidence=[{"kind": "trust-me", "locator": "x", "sha256": "0" * 64}])
_field("T28", "evidence without a digest", "evidence", evidence=[{"kind": "file", "locator": "x"}])


@case("T22", "the name of an environment variable as a secret", "params")
def _any_secret(world: World) -> Tried:
    session = world.session()
    return Tried(
        lambda: world.executor.submit(session, world.request("repo.keyed", secret="DATABASE_URL")),
        lambda: world.executor.submit(session, world.request("repo.keyed", secret="forge-token")),
    )


@case("T22", "the name of a secret that another type declares", "params")
def _other_secret(world: World) -> Tried:
    session = world.session()
    return Tried(
        lambda: world.executor.submit(session, world.request("repo.keyed", secret="other-token")),
        lambda: world.executor.submit(session, world.request("repo.keyed", secret="forge-token")),
    )


@case("T22", "a run without any permit", "chain")
def _none(world: World) -> Tried:
    job = world.planned()
    return Tried(lambda: world.executor.run([]), lambda: runs(world, world.permit(job)))
