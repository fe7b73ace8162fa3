r"""A log as a file that anyone can verify: JSON lines, from which every hash can be computed anew with a standard library.

    {"troth-ledger": 1, "log": "troth/jobs/acme/web", "size": 2}
    {"leaf": "{...}", "salt": "9f86...", "body": "{...}"}
    {"leaf": "{...}", "salt": null, "body": null}
    {"checkpoint": "troth/jobs/acme/web\n2\n..."}

Rules: `leaf` and `body` are the exact bytes (ASCII) as text; salt and body are null where they were erased; nothing comes after the checkpoint.
docs/ledger.md has a verifier that uses nothing of Troth.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from troth.errors import LedgerError
from troth.ledger.audit import Audit, Walk
from troth.ledger.log import Log
from troth.ledger.notes import Checkpoint, NoteKey, open_checkpoint
from troth.store import Transaction

__all__ = ["export_lines", "verify_export"]

_LINE_LIMIT: Final = 1024 * 1024


def export_lines(log: Log, transaction: Transaction, note: bytes, size: int) -> Iterator[str]:
    """A log's first `size` entries and the checkpoint over them, line by line.

    Args:
        log: which.
        transaction: of the tenant.
        note: signed checkpoint at `size`.
        size: entries.
    """
    yield json.dumps({"troth-ledger": 1, "log": log.name(transaction.tenant), "size": size}) + "\n"
    for leaf, salt, body in log.leaves(transaction, 0, size):
        gone = salt is None or body is None
        told = {"leaf": leaf.decode("ascii", "replace"), "salt": None if gone else bytes(salt or b"").hex(), "body": None if gone else (body or b"").decode("ascii", "replace")}
        yield json.dumps(told) + "\n"
    yield json.dumps({"checkpoint": note.decode("utf-8")}, ensure_ascii=False) + "\n"


def verify_export(
    lines: Iterable[bytes], keys: Sequence[NoteKey], *, checkpoints: Sequence[Checkpoint] = (), revoked: Iterable[bytes] = (), now: int | None = None
) -> Audit:
    """Verify an export, its checkpoint and, if given, checkpoints from elsewhere.

    Args:
        lines: of the file.
        keys: that are trusted.
        checkpoints: verified ones, of the same log.
        revoked: public keys that are not trusted any more.
        now: POSIX milliseconds.

    Raises:
        LedgerError: the file is no export, or its checkpoint is not signed by a trusted key. What is wrong with entries is in the audit.
    """
    waiting = iter(lines)
    header = _object(next(waiting, b""), 0)
    name, size = header.get("log"), header.get("size")
    if header.get("troth-ledger") != 1 or not isinstance(name, str) or isinstance(size, bool) or not isinstance(size, int) or set(header) != {"troth-ledger", "log", "size"}:
        raise LedgerError("the file is no export of a ledger")
    rows: list[tuple[bytes, bytes | None, bytes | None]] = []
    note: bytes | None = None
    for number, line in enumerate(waiting):
        told = _object(line, number + 1)
        if note is not None:
            raise LedgerError("something comes after the checkpoint")
        if set(told) == {"checkpoint"} and isinstance(told["checkpoint"], str):
            note = told["checkpoint"].encode()
        else:
            rows.append(_row(told, number))
    if note is None:
        raise LedgerError("the export has no checkpoint: it was cut off")
    own = open_checkpoint(note, keys, name, revoked=revoked)
    walk = Walk(name, (own, *checkpoints), now)
    for number, (leaf, salt, body) in enumerate(rows):
        walk.feed(number, leaf, None, salt, body)
    if len(rows) != size:
        walk.wrong(min(len(rows), size), max(len(rows), size) - 1, f"the export speaks of {size} entries and has {len(rows)}")
    if own.size != len(rows):
        walk.wrong(-1, -1, f"the checkpoint is of {own.size} entries, the export has {len(rows)}")
    return walk.finish()


def _object(line: bytes, number: int) -> dict[str, Any]:
    if len(line) > _LINE_LIMIT or not line.endswith(b"\n"):
        raise LedgerError(f"line {number + 1} of the export is not whole")
    try:
        told = json.loads(line, object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:
        raise LedgerError(f"line {number + 1} of the export is not JSON") from error
    if not isinstance(told, dict):
        raise LedgerError(f"line {number + 1} of the export is no object")
    return told


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _row(told: dict[str, Any], number: int) -> tuple[bytes, bytes | None, bytes | None]:
    if set(told) != {"leaf", "salt", "body"} or not isinstance(told["leaf"], str) or (told["salt"] is None) != (told["body"] is None):
        raise LedgerError(f"entry {number} of the export does not have leaf, salt and body")
    if told["salt"] is None:
        return told["leaf"].encode(), None, None
    if not isinstance(told["salt"], str) or not isinstance(told["body"], str):
        raise LedgerError(f"entry {number} of the export does not have leaf, salt and body")
    try:
        return told["leaf"].encode(), binascii.unhexlify(told["salt"]), told["body"].encode()
    except (ValueError, UnicodeEncodeError) as error:
        raise LedgerError(f"entry {number} of the export has a salt that is no hex") from error
