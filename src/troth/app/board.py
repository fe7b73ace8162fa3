"""The board's side of approvals: who is signed in, which passkeys they have, and the key that signs for them once a passkey has said yes to exactly one job.

A passkey cannot sign a permit itself. The board therefore keeps a signing key for each person (0600, in the home, named in the roster) and uses it only after the
person's authenticator has signed a challenge that is the digest of the very claims: what the authenticator confirms is that permit and no other. Whoever does not want
to trust the board with a key signs at the command line and hands the permit in; the board then never holds a key of theirs (ADR 0757).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from troth.app.jobs import ApprovalError, Jobs
from troth.app.jobs_home import write_private
from troth.errors import JobError
from troth.jobs.job import Job
from troth.jobs.permits.claims import Claims
from troth.jobs.permits.envelope import seal
from troth.jobs.permits.signers import LocalSigner
from troth.jobs.session import Session
from troth.ledger.keys import own_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["Board", "BoardError", "SignedIn", "add_board_key"]

_LINK_SECONDS: Final = 15 * 60
_SESSION_SECONDS: Final = 8 * 3600
_CHALLENGE_SECONDS: Final = 300
_YEAR: Final = 365 * 86_400
_MOST: Final = 1000


class BoardError(JobError):
    """The board does not know who asks, or what was answered does not fit what was asked."""

    code = "board"
    help = "Sign in again with a fresh link: troth jobs board prints one."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser's session: who, and the token that every form carries."""

    person: str
    csrf: str
    until: float


@dataclass(frozen=True, slots=True)
class _Asked:
    """A challenge that waits for a passkey: for a registration (`claims` None) or for one permit."""

    person: str
    challenge: bytes
    claims: Claims | None
    until: float


class Board:
    """Sessions and passkeys of one home's board.

    Args:
        jobs: the jobs.
        origin: address under which browsers see the board (`http://localhost:8183`).
        clock: now, POSIX seconds.
    """

    def __init__(self, jobs: Jobs, origin: str, clock: Callable[[], float] = time.time) -> None:
        self.jobs, self.origin, self._clock = jobs, origin.rstrip("/"), clock
        self.host = self.origin.partition("://")[2].partition(":")[0]
        self._links: dict[str, tuple[str, float]] = {}
        self._sessions: dict[str, SignedIn] = {}
        self._asked: dict[str, _Asked] = {}
        self._lock = threading.Lock()

    # --- who ----------------------------------------------------------------------------------------------------------

    def link(self, person: str) -> str:
        """An address that signs this person in, once, within a quarter of an hour.

        Raises:
            BoardError: the roster does not know them.
        """
        if self.jobs.home.roster().approver(person) is None:
            raise BoardError("nobody", "The roster names no such person.")
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._links[_digest(token)] = (person, self._clock() + _LINK_SECONDS)
        return f"{self.origin}/enter?token={token}"

    def enter(self, token: str) -> str:
        """A session's secret for a link's token; the link is used up.

        Raises:
            BoardError: no such link, or it is too old.
        """
        with self._lock:
            person, until = self._links.pop(_digest(token), ("", 0.0))
            if not person or self._clock() >= until:
                raise BoardError("link", "The link was used already, or is too old.")
            secret = secrets.token_urlsafe(32)
            self._trim(self._sessions)
            self._sessions[_digest(secret)] = SignedIn(person, secrets.token_urlsafe(32), self._clock() + _SESSION_SECONDS)
        return secret

    def signed_in(self, secret: str) -> SignedIn:
        """Whose session it is.

        Raises:
            BoardError: nobody's.
        """
        with self._lock:
            found = self._sessions.get(_digest(secret))
        if found is None or self._clock() >= found.until or self.jobs.home.roster().approver(found.person) is None:
            raise BoardError("session", "Nobody is signed in here.")
        return found

    def leave(self, secret: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(_digest(secret), None)

    def sessions(self, person: str) -> tuple[Session, ...]:
        """Tenants for which this person may look and approve."""
        approver = self.jobs.home.roster().approver(person)
        return tuple(Session(tenant, person, person=True) for tenant in self.jobs.home.trees if approver is not None and approver.may(tenant))

    def job(self, person: str, job_id: str) -> tuple[Session, Job]:
        """A job that this person may see.

        Raises:
            BoardError: there is none; the same answer for a job of somebody else's.
        """
        for session in self.sessions(person):
            try:
                return session, self.jobs.executor.show(session, job_id)
            except JobError:
                continue
        raise BoardError("no-job", "There is no such job.")

    # --- passkeys -----------------------------------------------------------------------------------------------------

    def passkeys(self, person: str) -> list[dict[str, str | int]]:
        """Registered passkeys: id, public key (both base64url) and counter."""
        told = _stored(self._file()).get(person, [])
        return list(told)

    def ask_registration(self, person: str) -> str:
        """Options for `navigator.credentials.create`, as JSON."""
        import webauthn
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            PublicKeyCredentialDescriptor,
            UserVerificationRequirement,
        )

        options = webauthn.generate_registration_options(
            rp_id=self.host, rp_name="Troth board", user_name=person, user_id=hashlib.sha256(person.encode()).digest(),
            authenticator_selection=AuthenticatorSelectionCriteria(user_verification=UserVerificationRequirement.REQUIRED),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(str(one["id"]))) for one in self.passkeys(person)],
        )  # fmt: skip
        self._remember(_Asked(person, options.challenge, None, self._clock() + _CHALLENGE_SECONDS))
        return str(webauthn.options_to_json(options))

    def register(self, person: str, answer: str) -> None:
        """Keep a passkey that the browser has made.

        Raises:
            BoardError: it does not answer our challenge.
        """
        import webauthn

        asked = self._take(person, job=False)
        try:
            made = webauthn.verify_registration_response(
                credential=answer, expected_challenge=asked.challenge, expected_rp_id=self.host, expected_origin=self.origin, require_user_verification=True
            )
        except Exception as error:
            raise BoardError("passkey", "The browser's answer does not verify.") from error
        told: dict[str, str | int] = {"id": _base64(made.credential_id), "key": _base64(made.credential_public_key), "count": int(made.sign_count)}
        with self._lock:
            stored = _stored(self._file())
            write_private(self._file(), {**stored, person: [*stored.get(person, []), told]})

    def ask_approval(self, person: str, job: Job) -> str:
        """Options for `navigator.credentials.get`, as JSON; the challenge is the digest of the permit's claims.

        Raises:
            BoardError: the person has no passkey.
            ApprovalError: they may not approve this job.
        """
        import webauthn
        from webauthn.helpers.structs import PublicKeyCredentialDescriptor, UserVerificationRequirement

        known = self.passkeys(person)
        if not known:
            raise BoardError("no-passkey", "No passkey is registered for you.")
        if person == job.requester:
            raise ApprovalError("self-approval", "Whoever asks for a job does not approve it.")
        claims = self.jobs.claims(job, (person,))
        challenge = hashlib.sha256(claims.encoded()).digest()
        options = webauthn.generate_authentication_options(
            rp_id=self.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED,
            allow_credentials=[PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(str(one["id"]))) for one in known],
        )  # fmt: skip
        self._remember(_Asked(person, challenge, claims, self._clock() + _CHALLENGE_SECONDS))
        return str(webauthn.options_to_json(options))

    def approve(self, person: str, job: Job, answer: str) -> bytes:
        """The permit, once the passkey has said yes to it.

        Raises:
            BoardError: the answer is not by one of the person's passkeys, or for another challenge.
        """
        import webauthn

        asked = self._take(person, job=True)
        if asked.claims is None or asked.claims.jobs[0].sha256 != job.id:
            raise BoardError("passkey", "The answer is for another job.")
        try:
            name = json.loads(answer)["id"]
            known = next(one for one in self.passkeys(person) if hmac.compare_digest(str(one["id"]), str(name)))
            seen = webauthn.verify_authentication_response(
                credential=answer, expected_challenge=asked.challenge, expected_rp_id=self.host, expected_origin=self.origin,
                credential_public_key=webauthn.base64url_to_bytes(str(known["key"])), credential_current_sign_count=int(known["count"]), require_user_verification=True,
            )  # fmt: skip
        except Exception as error:
            raise BoardError("passkey", "The browser's answer does not verify.") from error
        self._count(person, str(known["id"]), seen.new_sign_count)
        return seal(asked.claims, [LocalSigner(self._key(person))])

    # --- kept ---------------------------------------------------------------------------------------------------------

    def _key(self, person: str) -> Ed25519PrivateKey:
        return own_key(_key_path(self.jobs.home.path, person))

    def _file(self) -> Path:
        return self.jobs.home.path / "passkeys.json"

    def _count(self, person: str, name: str, count: int) -> None:
        with self._lock:
            stored = _stored(self._file())
            told = [{**one, "count": count} if one["id"] == name else one for one in stored.get(person, [])]
            write_private(self._file(), {**stored, person: told})

    def _remember(self, asked: _Asked) -> None:
        with self._lock:
            self._trim(self._asked)
            self._asked[f"{asked.person} {asked.claims is not None}"] = asked

    def _take(self, person: str, *, job: bool) -> _Asked:
        with self._lock:
            found = self._asked.pop(f"{person} {job}", None)
        if found is None or self._clock() >= found.until:
            raise BoardError("challenge", "Nothing was asked, or too long ago.")
        return found

    @staticmethod
    def _trim(held: dict[str, _Asked] | dict[str, SignedIn]) -> None:
        while len(held) >= _MOST:
            held.pop(next(iter(held)))


def add_board_key(home: Path, person: str) -> bool:
    """Make the board's key for a person and name it in the roster; False where it is there already. Only the home's owner runs this, at the command line."""
    key = own_key(_key_path(home, person))
    public = key.public_key().public_bytes_raw().hex()
    path = home / "roster.json"
    roster = json.loads(path.read_text(encoding="utf-8"))
    if any(one["public"] == public for one in roster["keys"]):
        return False
    now = int(time.time())
    roster["keys"].append({"holder": person, "public": public, "not_before": now - 60, "not_after": now + _YEAR})
    write_private(path, {**roster, "version": roster["version"] + 1})
    return True


def _key_path(home: Path, person: str) -> Path:
    return home / "board-keys" / f"{hashlib.sha256(person.encode()).hexdigest()[:16]}.pem"


def _stored(path: Path) -> dict[str, list[dict[str, str | int]]]:
    if not path.exists():
        return {}
    told = json.loads(path.read_text(encoding="utf-8"))
    return told if isinstance(told, dict) else {}


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _base64(raw: bytes) -> str:
    import webauthn

    return str(webauthn.helpers.bytes_to_base64url(raw))
