"""`troth jobs ...`: submit, list, show, approve, run, cancel and replay jobs. Tables where a person watches, JSON otherwise."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

if TYPE_CHECKING:
    from troth.app.jobs import Jobs
    from troth.app.jobs_home import Home
    from troth.jobs.executor import Round
    from troth.jobs.job import Job
    from troth.jobs.session import Session

__all__ = ["jobs", "show_job"]

_HOME = click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Where jobs live (TROTH_JOBS).")
_PROJECT = click.option("--project", default="", metavar="TENANT/PROJECT", help="Whose jobs; needed where the home has several projects.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def jobs() -> None:
    """Ask for changes, approve them, run them, look back."""


@jobs.command()
@click.argument("tree", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path())
@click.option("--self-approve/--no-self-approve", "self_approve", default=None, help="Whether people may approve their own requests for TREE.")
@click.option("--person", default="", help="Name of the first approver; default: you.")
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="The first approver's private key; default: your own.")
@_HOME
def init(tree: Path, self_approve: bool | None, person: str, key: Path | None, home: Path | None) -> None:
    """Make TREE a project of this machine's jobs."""
    from troth.app.jobs_home import home_path, make_home

    made = make_home(home_path(home), tree, self_approve=self_approve, person=person, key=key)
    click.echo(f"{made.tenant_for(tree)} in {made.path}", err=True)


@jobs.command()
@click.argument("request", type=click.File("rb"))
@_HOME
@_PROJECT
def submit(request: BinaryIO, home: Path | None, project: str) -> None:
    """Submit the bytes of REQUEST (- for standard input), and plan the job."""
    with _Opened(home) as (held, made):
        _emit([made.submit(_session(held, project), request.read())])


@jobs.command(name="list")
@click.option("--state", default="", help="Only jobs in this state.")
@_HOME
@_PROJECT
def list_(state: str, home: Path | None, project: str) -> None:
    """List jobs, newest first."""
    from troth.jobs.job import State

    if state and state not in [one.value for one in State]:
        raise click.UsageError(f"there is no state {state!r}: {', '.join(one.value for one in State)}")
    with _Opened(home) as (held, made):
        found = [job for session in _sessions(held, project) for job in made.executor.list(session, State(state) if state else None)]
        _emit(sorted(found, key=lambda job: -job.submitted_at))


@jobs.command()
@click.argument("job")
@_HOME
@_PROJECT
def show(job: str, home: Path | None, project: str) -> None:
    """Show JOB (its id, or the first digits of it): request, evidence, plan, outcome."""
    from troth.app.jobs_shown import as_json

    with _Opened(home) as (held, made):
        found, _ = _found(made, held, project, job)
        if sys.stdout.isatty():
            show_job(found)
        else:
            click.echo(json.dumps(as_json(found), indent=2))


@jobs.command()
@click.argument("job")
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="Private key (PEM, Ed25519) of whoever approves; default: your own.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the permit to this file.")
@click.option("--run", "at_once", is_flag=True, help="Run the job now.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_HOME
@_PROJECT
def approve(*, job: str, key: Path | None, output: Path | None, at_once: bool, yes: bool, home: Path | None, project: str) -> int:
    """Approve JOB: sign a permit for exactly what is shown, good for ten minutes and one use."""
    with _Opened(home) as (held, made):
        found, _ = _found(made, held, project, job)
        if not yes:
            show_job(found)
            click.confirm(f"Approve job {found.id[:16]}?", abort=True, err=True)
        permit = made.sign(found, held.approver_key(key))
        if output is not None:
            output.write_bytes(permit)
        if at_once:
            done = made.run([permit])
            _emit([done])
            return 0 if done.state.value == "done" else 2
        if output is None:
            click.echo(permit.decode("ascii"))
    return 0


@jobs.command()
@click.argument("permits", nargs=-1, required=True, type=click.File("rb"))
@_HOME
def run(permits: tuple[BinaryIO, ...], home: Path | None) -> int:
    """Run the job that PERMITS allow."""
    with _Opened(home) as (_held, made):
        done = made.run([permit.read().strip() for permit in permits])
        _emit([done])
    return 0 if done.state.value == "done" else 2


@jobs.command()
@click.argument("job")
@_HOME
@_PROJECT
def cancel(job: str, home: Path | None, project: str) -> None:
    """Cancel JOB."""
    with _Opened(home) as (held, made):
        found, session = _found(made, held, project, job)
        _emit([made.executor.cancel(session, found.id)])


@jobs.command()
@click.argument("job")
@_HOME
@_PROJECT
def replay(job: str, home: Path | None, project: str) -> int:
    """Go through JOB again from what is kept: its bytes, its evidence, its plan, its entries in the ledger. Changes nothing."""
    from troth.app.replay import replayed

    with _Opened(home) as (held, made):
        found, _ = _found(made, held, project, job)
        told = replayed(made, found)
        if sys.stdout.isatty():
            for one in told:
                click.echo(f"{'same ' if one.same else 'OTHER'}  {one.what}: {one.says}")
        else:
            click.echo(json.dumps([{"what": one.what, "same": one.same, "says": one.says} for one in told], indent=2))
    return 0 if all(one.same for one in told) else 1


class _Opened:
    """A home and its jobs, closed at the end."""

    def __init__(self, home: Path | None) -> None:
        self._path = home

    def __enter__(self) -> tuple[Home, Jobs]:
        from troth.app.jobs import open_jobs
        from troth.app.jobs_home import home_path, open_home

        held = open_home(home_path(self._path))
        self._jobs = open_jobs(held)
        return held, self._jobs

    def __exit__(self, *_: object) -> None:
        self._jobs.close()


def _sessions(home: Home, project: str) -> list[Session]:
    from troth.app.jobs_home import actor
    from troth.jobs.session import Session

    named = [tenant for tenant in home.trees if project in ("", str(tenant))]
    if not named:
        raise click.UsageError(f"there is no project {project!r}: {', '.join(str(one) for one in home.trees)}")
    return [Session(tenant, actor(), person=True) for tenant in named]


def _session(home: Home, project: str) -> Session:
    found = _sessions(home, project)
    if len(found) > 1:
        raise click.UsageError("name the project with --project TENANT/PROJECT")
    return found[0]


def _found(made: Jobs, home: Home, project: str, name: str) -> tuple[Job, Session]:
    matches = [(job, session) for session in _sessions(home, project) for job in made.executor.list(session, most=10_000) if job.id.startswith(name.lower())]
    if len(matches) != 1 or len(name) < 6:
        raise click.UsageError("no job, or more than one, has an id that begins so; give at least six digits of one")
    return matches[0]


def _emit(found: list[Job]) -> None:
    if not sys.stdout.isatty():
        from troth.app.jobs_shown import as_json

        click.echo(json.dumps([as_json(job) for job in found], indent=2))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table("job", "state", "type", "by", "what", box=None, pad_edge=False)
    for job in found:
        made.add_row(*(Text(one) for one in (job.id[:12], job.state.value, job.type, job.requester, job.diff.summary if job.diff else job.reason)))
    Console().print(made)


def show_job(job: Job) -> None:
    """The whole of a job for a person, on standard error: what was asked, why, and exactly what will be done."""
    from troth.report.untrusted import visible

    told = json.loads(job.content)
    lines = [f"job {job.id}", f"  {job.type} ({job.category.name.lower()}), asked by {job.requester}, risk {told['risk']}, {job.state.value} {job.reason}".rstrip()]
    lines += [f"  because of {piece['locator']} sha256:{piece['sha256'][:16]}" for piece in told["evidence"]]
    if job.diff is not None:
        lines += [f"plan {job.diff.sha256}: {job.diff.summary}"]
        for one in job.diff.changes:
            lines += [f"[{one.action}] {one.target}", one.text]
    if job.outcome is not None:
        lines.append(f"outcome: {job.outcome.summary}")
    for line in lines:
        click.echo(visible(line), err=True)


@jobs.command()
@click.option("--retention-days", type=click.IntRange(0), default=0, help="Say which bodies are kept longer than this.")
@click.option("--erase", is_flag=True, help="Erase the bodies that are older; entries and proofs stay.")
@_HOME
@_PROJECT
def evidence(retention_days: int, erase: bool, home: Path | None, project: str) -> None:
    """Print an evidence pack from the ledger: what it shows about SOC 2 CC7.2, GDPR Art. 25 and 30 and HIPAA 164.312(b), and what not."""
    if erase and not retention_days:
        raise click.UsageError("--erase needs --retention-days")
    with _Opened(home) as (held, made):
        session = _session(held, project)
        if erase:
            click.echo(f"{made.expire(session, retention_days)} bodies erased", err=True)
        click.echo(json.dumps(made.evidence_pack(session.tenant, retention_days=retention_days), indent=2))


@jobs.command()
@click.option("--once", is_flag=True, help="One round, then end: for a timer of the system.")
@click.option("--every", type=click.FloatRange(1, 3600), default=10.0, show_default=True, metavar="SECONDS", help="Time between two rounds.")
@_HOME
def tend(*, once: bool, every: float, home: Path | None) -> int:
    """Make lost jobs visible and end approvals that ran out, from time to time, until interrupted. The board does it by itself.

    With --once, exit code 1 says that jobs are lost: look what they did, and settle them.
    """
    from troth.report.untrusted import one_line

    def say(found: Round) -> None:
        for tenant, lost in found.lost.items():
            click.echo(one_line(f"{tenant}: lost: {', '.join(name[:16] for name in lost)}"))
        for tenant, because in found.failed.items():
            click.echo(one_line(f"{tenant}: not tended: {because}"), err=True)

    with _Opened(home) as (_, made):
        tending = made.executor.tending(every_seconds=every, told=say)
        if once:
            found = tending.once()
            say(found)
            return 2 if found.failed else 1 if found.lost else 0
        with tending, contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


@jobs.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8183, show_default=True)
@click.option("--origin", default="", help="Address under which browsers see the board, behind a proxy with TLS; default: http://localhost:PORT.")
@click.option("--person", "people", multiple=True, help="Print a link that signs this approver in. Repeatable; default: you.")
@click.option("--passkeys", is_flag=True, help="Let these people approve with passkeys: makes a key for each that the board keeps, and names it in the roster.")
@_HOME
def board(*, port: int, origin: str, people: tuple[str, ...], passkeys: bool, home: Path | None) -> None:
    """Serve the board on this machine until it is interrupted: what waits for approval, in a browser and as an API."""
    import uvicorn

    from troth.app.board import add_board_key
    from troth.app.jobs_home import actor, home_path, open_home

    held = open_home(home_path(home))
    names = people or (actor(),)
    for person in names if passkeys else ():
        add_board_key(held.path, person)
    os.environ |= {"TROTH_BOARD_HOME": os.fspath(held.path), "TROTH_BOARD_ORIGIN": origin or f"http://localhost:{port}", "TROTH_BOARD_PEOPLE": " ".join(names)}
    uvicorn.run("troth.web.board.serving:application", factory=True, host="127.0.0.1", port=port, access_log=False, log_level="warning", server_header=False)
