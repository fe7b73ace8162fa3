"""`troth desk`: make a desk, run it, look at it, keep it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from troth.cli.desk_promise import promise
from troth.cli.desk_verify import verify

__all__ = ["desk"]

_DATA_ERROR, _TRY_AGAIN = 65, 75
_FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("desk"))


@click.group()
def desk() -> None:
    """Take vulnerability reports in private, and keep the policy's clocks.

    FOLDER holds desk.toml, keys/, policies/ and data/; by default ./desk.
    """


@desk.command()
@_FOLDER
@click.option("--project", required=True, help="Name that people see.")
@click.option("--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="SECURITY.md whose promises the clocks keep.")
@click.option("--url", default="http://127.0.0.1:8181", show_default=True, help="Address under which the desk is reached.")
@click.option("--prefix", default="T", show_default=True, help="Beginning of short ids (T-12).")
@click.option("--zone", default="UTC", show_default=True, help="Time zone of the team.")
@click.option("--store", default="", help="postgresql+psycopg://...; SQLite in FOLDER without it.")
@click.option("--name", default="Owner", show_default=True, help="Your name; you are the first member.")
@click.option("--sealed", multiple=True, metavar="age1...", help="Recipient for a sealed desk, whose server cannot open reports. Can be given several times.")
def init(  # noqa: PLR0917 - Click gives them by name
    folder: Path, project: str, policy: Path | None, url: str, prefix: str, zone: str, store: str, name: str, sealed: tuple[str, ...]
) -> None:
    """Make a desk, and print the link that signs you in; what the policy leaves open or contradicts is named first."""
    from troth.app.desk.opening import make_desk
    from troth.app.desk.settings import DeskSettings

    link = make_desk(folder, DeskSettings(project=project, url=url, prefix=prefix, zone=zone, store=store, sealed=sealed), policy, name)
    if policy is not None:
        _remark(policy)
    click.echo(f"The desk is in {folder}. Start it with: troth desk serve {folder}\nThis link signs you in, once, within two days:")
    click.echo(link)


@desk.command()
@_FOLDER
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8181, show_default=True)
@click.option("--workers", type=click.IntRange(1, 16), default=1, show_default=True, help="Processes that serve; two bear a burst of a thousand reports on two cores.")
def serve(folder: Path, host: str, port: int, workers: int) -> int:
    """Run the desk until it is interrupted. Put a proxy with TLS before it, and set url in desk.toml."""
    if workers > 1:
        from importlib import import_module

        # by name, as uvicorn finds the application: the command line knows pages no more than a server does
        return int(import_module("troth.web.desk.workers").serve(folder, host, port, workers))
    import uvicorn

    from troth.app.desk.settings import read

    read(folder)
    os.environ["TROTH_DESK"] = str(folder.resolve())
    # no access log: addresses of reporters' pages are secrets
    uvicorn.run(
        "troth.web.desk.serving:application", factory=True, host=host, port=port, access_log=False, log_level="warning", server_header=False, proxy_headers=False, backlog=4096
    )
    return 0


@desk.command()
@_FOLDER
def status(folder: Path) -> None:
    """Say what the desk holds, in figures."""
    from troth.app.desk.keeping import status as figures
    from troth.app.desk.opening import open_desk

    opened = open_desk(folder)
    try:
        for name, value in figures(opened).items():
            click.echo(f"{name}: {value}")
    finally:
        opened.close()


@desk.command()
@_FOLDER
@click.argument("name")
@click.option("--role", type=click.Choice(["owner", "coordinator", "member", "guest", "admin", "auditor"]), default="member", show_default=True)
@click.option("--mail", default="", help="Address of the member.")
def member(folder: Path, name: str, role: str, mail: str) -> None:
    """Add a member and print the link that signs them in once."""
    from troth.app.desk.opening import new_member, open_desk

    opened = open_desk(folder)
    try:
        click.echo(new_member(opened, name, mail, role)[1])
    finally:
        opened.close()


@desk.command("open")
@click.argument("data", metavar="DATA")
@click.option("--identity", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="File of age identities (age-keygen).")
@click.option("--to", "output", required=True, type=click.Path(path_type=Path), help="New folder for what opens; keep it as you keep the identity.")
@click.option("--prefix", default="T", show_default=True, help="Beginning of short ids.")
@click.option("--case", "numbers", type=click.IntRange(1), multiple=True, help="Number of a case; all without it.")
def open_(data: str, identity: Path, output: Path, prefix: str, numbers: tuple[int, ...]) -> None:
    """Read cases with your own key, offline: a sealed desk's, or a restricted case's. DATA is desk.db, a backup, or the address of the store."""
    from troth.app.desk.reading import identities_of, read_cases

    url = data if "://" in data else f"sqlite:///{Path(data).resolve()}"
    found = read_cases(url, identities_of(identity), output, prefix=prefix, numbers=numbers)
    for code in found.opened:
        click.echo(f"{output}/{code}")
    click.echo(f"{len(found.opened)} opened; no key for {len(found.closed)}", err=True)


@desk.command("mail-keys")
@_FOLDER
@click.option("--address", required=True, help="Address of the mailbox; names the OpenPGP key.")
def mail_keys(folder: Path, address: str) -> None:
    """Make keys for encrypted mail (age and OpenPGP); the OpenPGP key signs security.txt from then on. Needs pysequoia."""
    from troth.app.desk.keeping import make_mail_keys

    recipient, certificate = make_mail_keys(folder, address)
    click.echo(f"age: {recipient}", err=True)
    click.echo(certificate, nl=False)


@desk.command()
@_FOLDER
def probe(folder: Path) -> int:
    """Try the form and security.txt as a stranger does, and send a mail to the mailbox; exit status 1 where a page does not work."""
    from troth.app.desk.opening import open_desk
    from troth.app.desk.probing import probe_mail, probe_pages

    opened = open_desk(folder)
    try:
        found = probe_pages(opened)
        mailed = probe_mail(opened)
    finally:
        opened.close()
    for one in found:
        click.echo(f"{one.channel}: {one.why or 'works'}")
    if mailed:
        click.echo("email: a mail is on its way; `troth desk status` says when one came in last")
    return 1 if any(one.why for one in found) else 0


@desk.command("take-mail")
@_FOLDER
def take_mail(folder: Path) -> None:
    """Take one mail from standard input, as a mail server's pipe delivers it, while the desk runs or not.

    Exit status as pipes have it (sysexits.h): 0 taken, 65 no mail for a desk (nothing was stored), 75 try again later.
    """
    import sys

    from troth.app.desk.mail_intake import take_mail as take
    from troth.app.desk.opening import open_desk
    from troth.desk.mail.incoming import MAX_BYTES, MailError
    from troth.errors import TrothError

    raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        opened = open_desk(folder)
        try:
            code = take(opened, raw)
        finally:
            opened.close()
    except MailError as error:
        click.echo(f"not taken: {error}", err=True)
        sys.exit(_DATA_ERROR)
    except (TrothError, OSError) as error:
        # no word of the mail: a mail server quotes this to the sender and to its own log
        click.echo(f"not now: {type(error).__name__}", err=True)
        sys.exit(_TRY_AGAIN)
    click.echo(code)


@desk.command("take-ghsa")
@_FOLDER
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Also those that were closed or published there.")
def take_ghsa(folder: Path, path: Path, *, everything: bool) -> None:
    """Take the reports that came to GitHub, from a file: `gh api 'repos/OWNER/NAME/security-advisories?state=triage' > PATH`. Nothing is fetched."""
    from troth.app.desk.ghsa_intake import take_advisories
    from troth.app.desk.opening import open_desk

    opened = open_desk(folder)
    try:
        taken = take_advisories(opened, path.read_bytes(), everything=everything)
    finally:
        opened.close()
    for one in taken:
        click.echo(f"{one.id}: {one.code or 'left out, it is not open there'}{'' if one.fresh or not one.code else ' (known)'}")


@desk.command()
@_FOLDER
@click.option("--socket", "path", required=True, type=click.Path(path_type=Path), help="Where the mail server connects (lmtp:unix:PATH).")
@click.option("--group", default="", help="Group that may connect beside you; the mail server's.")
def lmtp(folder: Path, path: Path, group: str) -> None:
    """Take mail by LMTP (RFC 2033) over a socket of this machine, beside the running desk or without it, until it is interrupted."""
    import asyncio

    from troth.app.desk.lmtp import listen
    from troth.app.desk.opening import open_desk

    opened = open_desk(folder)
    try:
        asyncio.run(listen(opened, path, group))
    finally:
        opened.close()


@desk.command()
@_FOLDER
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def policy(folder: Path, path: Path) -> None:
    """Bring in a policy; cases that are there keep the one that they began with."""
    from troth.app.desk.policies import bring_in

    record = bring_in(folder, path)
    click.echo(f"policy {record.digest[:12]} is in force; promises without a number: {len(record.policy.needs)}")


@desk.command()
@_FOLDER
@click.argument("to", type=click.Path(dir_okay=False, path_type=Path))
def backup(folder: Path, to: Path) -> None:
    """Write all data, without keys, into one new file. Back up FOLDER/keys apart."""
    from troth.app.desk.keeping import backup as write
    from troth.app.desk.opening import open_desk

    opened = open_desk(folder)
    try:
        click.echo(f"{write(opened, to)} bytes written to {to}; keys are not in it", err=True)
    finally:
        opened.close()


@desk.command()
@_FOLDER
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(folder: Path, source: Path) -> None:
    """Put a backup in the place of data that is gone."""
    from troth.app.desk.keeping import restore as put_back

    put_back(folder, source)
    click.echo(f"restored from {source}", err=True)


@desk.command("rotate")
@_FOLDER
@click.option("--older", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A root key that was replaced: take in what a restored backup has under it.")
def rotate_(folder: Path, older: Path | None) -> int:
    """Change the desk's root key, or finish a change that was stopped. Stop the desk first; exit status 1 where something opens under neither key."""
    from troth.app.desk.rotating import rotate

    done = rotate(folder, older)
    click.echo(f"{done.changed} envelopes sealed anew, {done.known} were already, {done.foreign} open under neither key")
    if done.retired is not None:
        click.echo(f"The old root is {done.retired}: move it to where the old backups are, or destroy it with them. Back up {folder / 'keys'} now.")
    return 1 if done.foreign else 0


@desk.command()
@_FOLDER
@click.option("--to", "url", required=True, help="postgresql+psycopg://... or sqlite:///PATH")
def migrate(folder: Path, url: str) -> None:
    """Copy the desk to another store; ids, ledger and receipts stay as they are. Stop the desk first, then set store in desk.toml."""
    from troth.app.desk.keeping import migrate_to
    from troth.app.desk.opening import open_desk

    opened = open_desk(folder)
    try:
        for name, count in migrate_to(opened, url).items():
            click.echo(f"{name}: {count}")
    finally:
        opened.close()


@desk.command()
@_FOLDER
@click.option("--project", required=True, metavar="OWNER/NAME", help="Whose promises these are.")
@click.option("--days", type=click.IntRange(1, 3660), default=365, show_default=True, help="Reports received within so many days.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="File to write; standard output without it.")
def statement(folder: Path, project: str, days: int, output: Path | None) -> None:
    """Sign how the promises were kept: counts, times and bounds, with a checkpoint of the ledger."""
    from troth.app.desk.opening import open_desk
    from troth.app.desk.statements import signed_statement

    opened = open_desk(folder)
    try:
        text = signed_statement(opened, project, days)
    finally:
        opened.close()
    if output is None:
        click.echo(text)
    else:
        output.write_text(text, encoding="utf-8")


@desk.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def lint(path: Path) -> None:
    """Name what contradicts itself or cannot be measured in a policy, before clocks run on it."""
    click.echo(f"{_remark(path)} remarks", err=True)


def _remark(path: Path) -> int:
    """Print the remarks on a policy; how many there are."""
    from troth.app.desk.policies import remarks

    found = remarks(path)
    for line, says, does in found:
        click.echo(f"{path.name}:{line}: {says}{f' {does}' if does else ''}")
    return len(found)


desk.add_command(promise)
desk.add_command(verify)
