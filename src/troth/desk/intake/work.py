"""Proof of work at the form (the altcha scheme, SHA-256): a second of a browser's time, which a person does not notice and a flood does.

Rules: nobody is refused for lack of it: who has no JavaScript takes the slower lane, which only means that a report is listed after those with a proof; a
proof counts once and expires. No service elsewhere is asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

__all__ = ["LIFETIME", "challenge", "check", "spent_name"]

LIFETIME: Final = timedelta(minutes=30)
_EFFORT: Final = 60_000
"""Most hashes to try; a laptop's browser does some 10^5 per second."""


def challenge(key: bytes, now: datetime, effort: int = _EFFORT) -> Mapping[str, str | int]:
    """A challenge for a page to solve (`algorithm`, `challenge`, `maxnumber`, `salt`, `signature`)."""
    from altcha.v1 import ChallengeOptions, create_challenge

    made = create_challenge(ChallengeOptions(hmac_key=key.hex(), max_number=effort, expires=now + LIFETIME))
    return {
        "algorithm": str(made.algorithm),
        "challenge": str(made.challenge),
        "maxnumber": effort,
        "salt": str(made.salt),
        "signature": str(made.signature),
    }


def check(key: bytes, payload: str) -> bool:
    """Whether a payload (base64 JSON) answers a challenge of ours that has not expired."""
    from altcha.v1 import verify_solution

    if not payload or len(payload) > 2_000:
        return False
    try:
        good, _why = verify_solution(payload, key.hex(), check_expires=True)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False
    return bool(good)


def spent_name(payload: str) -> str:
    """Under which name a used proof is remembered."""
    return hashlib.sha256(payload.encode()).hexdigest()
