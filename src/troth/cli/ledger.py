"""`troth ledger`: verify, show, prove, export and sign the record of jobs and of the desk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from troth.ledger.audit import Audit

__all__ = ["ledger"]

_STORE = click.option("--store", "url", envvar="TROTH_STORE", metavar="URL", help="sqlite:///PATH or postgresql+psycopg://... (TROTH_STORE).")
_TENANT = click.option("--tenant", metavar="TENANT/PROJECT", help="Whose log.")
_LOG = click.option("--log", "origin", default="troth/jobs/local", show_default=True, help="Name of the log, without the tenant.")
_KEY = click.option("--key", "keys", multiple=True, metavar="KEY|FILE", help="A key that you trust: NAME+ID+KEY, or a public key in PEM. Yours by default.")
_CHECKPOINT = click.option("--checkpoint", "checkpoints", multiple=True, type=click.Path(path_type=Path), help="A checkpoint that you kept.")
_REPOSITORY = click.option("--git-note", "repository", type=click.Path(path_type=Path), help="A git repository in whose notes checkpoints are kept.")


@click.group()
def ledger() -> None:
    """Verify, show, prove and export the ledger.

    A ledger that does not verify is an error (exit code 2) that names the first bad entry or the missing range.
    """


def _needed(url: str | None, tenant: str | None) -> tuple[str, str]:
    if not url or not tenant:
        raise click.UsageError("--store and --tenant are needed.")
    return url, tenant


def _notes(paths: Sequence[Path]) -> list[bytes]:
    from troth.errors import UsageError

    found = []
    for path in paths:
        try:
            with path.open("rb") as file:
                found.append(file.read(64 * 1024 + 1))
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    return found


@ledger.command()
@click.argument("export", required=False, type=click.Path(path_type=Path))
@_STORE
@_TENANT
@_LOG
@_KEY
@_CHECKPOINT
@_REPOSITORY
@click.option("--revoked", multiple=True, metavar="FILE", type=click.Path(path_type=Path), help="A public key (PEM) that is not trusted any more.")
def verify(
    *, export: Path | None, url: str | None, tenant: str | None, origin: str, keys: tuple[str, ...], checkpoints: tuple[Path, ...], repository: Path | None, revoked: tuple[Path, ...]
) -> int:
    """Verify a tenant's log in a store, or an EXPORT.

    Every entry is read and every hash computed anew. Only checkpoints from elsewhere (--checkpoint, --git-note) show that nothing was cut off or replaced as a whole.
    """
    from troth.app.ledger import TenantLog, git_notes, trusted_keys, verify_file
    from troth.ledger.keys import read_public_key

    notes = _notes(checkpoints)
    if export is not None:
        _tell(verify_file(export, keys, notes))
        return 0
    withdrawn = [read_public_key(path).public_bytes_raw() for path in revoked]
    with TenantLog.opened(*_needed(url, tenant), origin) as log:
        if repository is not None:
            notes += [note for note in git_notes(repository) if note.startswith(f"{log.name}\n".encode())]
        _tell(log.verify(trusted_keys(keys, log.name) if notes else [], notes, withdrawn))
    return 0


def _tell(found: Audit) -> None:
    found.demand()
    click.echo(f"Log         {found.name}")
    click.echo(f"Entries     {found.size}, {found.erased} of them erased")
    click.echo(f"Root        {found.root.hex()}")
    if found.confirmed:
        click.echo(f"Confirmed   by checkpoints at {', '.join(str(size) for size in found.confirmed)}")
    else:
        click.echo("Confirmed   by no checkpoint: that nothing was cut off or replaced as a whole is not shown")


@ledger.command()
@_STORE
@_TENANT
@_LOG
@click.option("--from", "start", type=int, default=-20, show_default=True, help="First entry; from the end where negative.")
@click.option("--count", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
def show(*, url: str | None, tenant: str | None, origin: str, start: int, count: int) -> int:
    """Show entries."""
    from datetime import UTC, datetime

    from troth.app.ledger import TenantLog
    from troth.report.untrusted import one_line

    with TenantLog.opened(*_needed(url, tenant), origin) as log:
        for entry in log.show(start, count):
            leaf = entry.leaf
            at = datetime.fromtimestamp(leaf.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            click.echo(f"{leaf.number:>7}  {at}  {leaf.kind}  {one_line(leaf.actor)} -> {one_line(leaf.subject)}")
            click.echo(f"         {'(erased)' if entry.body is None else one_line(entry.body)}")
    return 0


@ledger.command()
@click.argument("number", type=click.IntRange(0))
@_STORE
@_TENANT
@_LOG
def prove(*, number: int, url: str | None, tenant: str | None, origin: str) -> int:
    """Print entry NUMBER with a proof that it is in the log, and a checkpoint signed with your key."""
    from troth.app.ledger import TenantLog

    with TenantLog.opened(*_needed(url, tenant), origin) as log:
        click.echo(log.prove(number), nl=False)
    return 0


@ledger.command()
@click.argument("file", type=click.Path(path_type=Path))
@_STORE
@_TENANT
@_LOG
def export(*, file: Path, url: str | None, tenant: str | None, origin: str) -> int:
    """Write the whole log to FILE, for whoever wants to verify it without Troth (docs/ledger.md)."""
    from troth.app.ledger import TenantLog

    with TenantLog.opened(*_needed(url, tenant), origin) as log:
        checkpoint = log.export(file)
    click.echo(f"{checkpoint.size} entries of {checkpoint.origin} in {file}")
    return 0


@ledger.command()
@_STORE
@_TENANT
@_LOG
@_REPOSITORY
@click.option("--keep", type=click.Path(path_type=Path), help="Keep it in this file, if it continues what is kept there.")
@click.option("--timestamp-request", "request", type=click.Path(path_type=Path, dir_okay=False), help="Write a request (RFC 3161) for a timestamp over it to this file; with --keep.")
@click.option("--rekor-entry", "entry", type=click.Path(path_type=Path, dir_okay=False), help="Write what a transparency log such as Rekor takes for it (JSON) to this file; with --keep.")
def checkpoint(*, url: str | None, tenant: str | None, origin: str, repository: Path | None, keep: Path | None, request: Path | None, entry: Path | None) -> int:
    """Sign a checkpoint with your key and print it; give it to somebody who is not the one that writes the log."""
    from troth.app.ledger import TenantLog, keep_in_git, trusted_keys
    from troth.ledger.keys import own_key
    from troth.ledger.rekor import entry_for
    from troth.ledger.witness import timestamp_request

    if (request is not None or entry is not None) and keep is None:
        raise click.UsageError("--timestamp-request and --rekor-entry go with --keep: they are over the exact bytes of a checkpoint, which have to be kept.")
    with TenantLog.opened(*_needed(url, tenant), origin) as log:
        note, _checkpoint = log.sign()
        asked = timestamp_request(note) if request is not None else b""
        if keep is not None:
            log.keep(note, keep, trusted_keys((), log.name))
    if repository is not None:
        keep_in_git(repository, note)
    if request is not None:
        _write(request, asked)
    if entry is not None:
        _write(entry, entry_for(note, own_key()))
    click.echo(note.decode(), nl=False)
    return 0


def _write(path: Path, content: bytes) -> None:
    from troth.errors import UsageError

    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


@ledger.command()
@click.argument("answer", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("kept", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--root", "roots", multiple=True, required=True, type=click.Path(path_type=Path, dir_okay=False), help="Certificate (PEM) of an authority that you trust. Repeatable.")
def timestamp(*, answer: Path, kept: Path, roots: tuple[Path, ...]) -> int:
    """Verify an authority's ANSWER (RFC 3161) over the checkpoint in KEPT, offline, and say when it existed."""
    from datetime import UTC

    from troth.ledger.witness import verify_timestamp

    response, note = _notes((answer, kept))
    when = verify_timestamp(response, note, _notes(roots)).astimezone(UTC)
    click.echo(f"The checkpoint existed at {when.isoformat(timespec='seconds').replace('+00:00', 'Z')}")
    return 0


@ledger.command()
@click.argument("answer", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("kept", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--key", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The transparency log's public key (PEM), from somewhere else than the answer.")
def rekor(*, answer: Path, kept: Path, key: Path) -> int:
    """Verify a transparency log's ANSWER about the checkpoint in KEPT, offline, and say where and since when it stands there."""
    from troth.ledger.rekor import verify_entry
    from troth.report.untrusted import one_line

    told, note, public = _notes((answer, kept, key))
    found = verify_entry(told, note, public)
    since = "" if found.at is None else f", since {found.at.isoformat(timespec='seconds').replace('+00:00', 'Z')} by its word"
    click.echo(one_line(f"The checkpoint is entry {found.index} of {found.size} in {found.log}{since}"))
    return 0
