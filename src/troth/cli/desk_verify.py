"""`troth desk verify FILE`: is this receipt or statement of a desk whole, and what does it say? For whoever has the file and the desk's key, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = ["verify"]


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", required=True, help="The desk's key: as its page /key shows it (44 characters), its id (64 hex digits), or a PEM file.")
def verify(file: Path, key: str) -> None:
    """Verify a desk's receipt or statement with the file and the desk's key alone.

    The key inside the file is never believed. A file that does not verify is an error (exit code 2).
    """
    from troth.errors import UsageError

    with file.open("rb") as stream:
        content = stream.read(4 * 1024 * 1024 + 1)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is neither a receipt nor a statement") from error
    if re.match(r'\s*\{\s*"receipt"', text):
        _receipt(text, key)
    else:
        _statement(content, key)


def _public(key: str) -> Ed25519PublicKey | None:
    """The key that was named; None where it is an id.

    Raises:
        UsageError: it is none of the three.
    """
    import base64
    import binascii

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from troth.errors import UsageError
    from troth.ledger.keys import read_public_key

    if re.fullmatch(r"[0-9a-f]{64}", key):
        return None
    if re.fullmatch(r"[A-Za-z0-9+/]{43}=", key):
        try:
            return Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        except (ValueError, binascii.Error) as error:
            raise UsageError("--key is no Ed25519 key") from error
    path = Path(key)
    if not path.is_file():
        raise UsageError("--key is neither 44 characters of base64, nor an id of 64 hex digits, nor a file")
    return read_public_key(path)


def _receipt(text: str, key: str) -> None:
    import json

    from troth.desk.receipts import ReceiptError, public_text
    from troth.desk.receipts import verify as verified
    from troth.ledger.keys import key_id
    from troth.report.untrusted import one_line

    public = _public(key)
    if public is None:
        try:
            named = str(json.loads(text).get("key", ""))
        except (ValueError, AttributeError) as error:
            raise ReceiptError("the file is no receipt") from error
        public = _public(named) if re.fullmatch(r"[A-Za-z0-9+/]{43}=", named) else None
        if public is None or key_id(public) != key:
            raise ReceiptError("another key signed this receipt")
    told = verified(text, public_text(public))
    click.echo(f"Receipt of {one_line(told.desk)} for {one_line(told.case)}: received {one_line(told.received)}.")
    for clock in told.clocks:
        click.echo(f"  {one_line(str(clock.get('clock', '')))} due {one_line(str(clock.get('due', '')))}  {one_line(str(clock.get('says', '')))}".rstrip())


def _statement(content: bytes, key: str) -> None:
    from troth.ledger.desk_statement import verify_desk_statement
    from troth.report.untrusted import one_line

    public = _public(key)
    told = verify_desk_statement(content, key=public, trusted_id=key if public is None else None)
    click.echo(f"Statement of {one_line(told.project)}, {told.since:%Y-%m-%d} to {told.until:%Y-%m-%d}, signed by {told.signer}.")
    for one in told.counted:
        name = f"{one.clock} ({one.severity})" if one.severity not in ("", "any") else one.clock
        goal = "" if one.binding else ", an aim"
        click.echo(f"  {name} within {one.limit}{goal}: {one.kept} of {one.cases} kept, {one.overdue_open} overdue and open, {one.pending} not due; at 95 % confidence at least {100 * one.at_least:.1f} %")
    if told.checkpoint:
        size = told.checkpoint.splitlines()[1] if len(told.checkpoint.splitlines()) > 1 else "?"
        click.echo(f"  checkpoint of the desk's ledger at {one_line(size)} entries")
