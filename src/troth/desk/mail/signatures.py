"""Domains whose DKIM signatures over a mail are good (RFC 6376), by `dkimpy`, which is optional; it asks the domain name system for the signers' keys.

Rules: at most five signatures are looked at, and SHA-256 only; a signature over a part of the text (`l=`) counts for nothing, for anybody can add to such a mail;
what cannot be checked (no key, no answer, no package) is not good, and is no proof of the opposite either.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from typing import Any, Final

from troth.errors import DeskError

__all__ = ["good_signers"]

_MOST: Final = 5
_ALGORITHMS: Final = (b"rsa-sha256", b"ed25519-sha256")
_SECONDS: Final = 5
_QUIET: Final = logging.getLogger("troth.desk.dkim")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


def good_signers(raw: bytes, asked: Callable[[bytes, int], bytes | None] | None = None) -> tuple[str, ...]:
    """Domains (`d=`) of the good signatures.

    Args:
        raw: the mail as it arrived.
        asked: looks up a TXT record: name, seconds -> text; the domain name system by default.

    Raises:
        DeskError: `dkimpy` is not installed.
    """
    try:
        dkim: Any = importlib.import_module("dkim")
    except ModuleNotFoundError as error:
        raise DeskError("checking DKIM signatures needs the package dkimpy") from error
    options: dict[str, Any] = {} if asked is None else {"dnsfunc": lambda name, timeout=_SECONDS: asked(name, timeout)}
    good = []
    for at in range(_MOST):
        try:
            one = dkim.DKIM(raw, logger=_QUIET, minkey=1024, timeout=_SECONDS)
            if sum(name.lower() == b"dkim-signature" for name, _value in one.headers) <= at:
                break
            fits = one.verify(idx=at, **options)
            fields = one.signature_fields
        except Exception as error:  # noqa: BLE001 - a stranger's mail in a stranger's parser; not good is the answer that every failure has
            _QUIET.debug("a signature cannot be checked: %s", type(error).__name__)
            continue
        if fits and b"l" not in fields and fields.get(b"a", b"").lower() in _ALGORITHMS:
            good.append(one.domain.decode("ascii", "replace").casefold())
    return tuple(good)
