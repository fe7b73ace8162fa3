"""`troth fix [TREE]`: mend broken promises on a new branch, once somebody has approved exactly that change."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from troth.cli.progress import progress
from troth.cli.suggest import say

if TYPE_CHECKING:
    from troth.app.fix import Fixed, Proposed
    from troth.jobs.job import Job

__all__ = ["fix"]


@click.command()
@click.argument("tree", type=click.Path(path_type=Path), default=Path())
@click.option("--control", "only", multiple=True, metavar="ID", help="Mend only promises of this control. Repeatable.")
@click.option("--module", "modules", multiple=True, metavar="NAME", help="Ask only this module. Repeatable.")
@click.option("--refs", type=click.Path(path_type=Path, dir_okay=False), help='JSON file of commits: {"owner/name@ref": "commit"}.')
@click.option("--mirror", type=click.Path(path_type=Path, file_okay=False), help="Directory of git repositories to look commits up in.")
@click.option("--rewrite-policy", is_flag=True, help="For what nothing else mends: move the sentence to known limits.")
@click.option("--isolation", type=click.Choice(["guard", "bubblewrap", "process"]), default=None, help="Where modules run; default: the guard's sandbox, refused where a wall is missing.")
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Where jobs live (TROTH_JOBS).")
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="Private key (PEM, Ed25519) of whoever approves.")
@click.option("--self-approve", is_flag=True, help="Approve your own request, where the project's settings allow it; the ledger says so.")
@click.option("--yes", is_flag=True, help="Approve without being asked. Only with --key or --self-approve.")
@click.option("--only-propose", is_flag=True, help="Stop after the request: somebody else approves it (troth jobs approve).")
def fix(
    *, tree: Path, only: tuple[str, ...], modules: tuple[str, ...], refs: Path | None, mirror: Path | None, rewrite_policy: bool, isolation: str | None,
    home: Path | None, key: Path | None, self_approve: bool, yes: bool, only_propose: bool,
) -> int:  # fmt: skip
    """Mend TREE's broken promises on a new branch (default: the current directory).

    Checks the last commit, shows the change and why, and opens it on a branch once it is approved. Your files, your index and your branch stay as they are.
    """
    from troth.app.commits import CommitSources
    from troth.app.fix import Proposed, finish, propose
    from troth.app.jobs import open_jobs
    from troth.app.jobs_home import home_path, open_home
    from troth.app.suggest import Options

    if yes and not (key or self_approve):
        raise click.UsageError("--yes approves: say whose key with --key, or --self-approve.")
    opened = open_home(home_path(home))
    options = Options(only, modules, (), isolation or "", CommitSources(refs, mirror), rewrite_policy=rewrite_policy)
    with open_jobs(opened) as jobs:
        with progress() as tell:
            proposed = propose(jobs, opened, tree, options, self_approve=self_approve, progress=tell)
        if not isinstance(proposed, Proposed):
            say(proposed)
            click.echo("Nothing to mend by itself.", err=True)
            return 0
        _show(proposed)
        if only_propose or not (yes or _asked(proposed.job)):
            click.echo(f"Waiting for approval: troth jobs approve {proposed.job.id[:16]} --run", err=True)
            return 0
        permit = jobs.sign(proposed.job, opened.approver_key(key))
        return _told(finish(jobs, proposed, [permit]))


def _show(proposed: Proposed) -> None:
    from troth.cli.jobs import show_job

    say(proposed.suggested)
    show_job(proposed.job)


def _asked(job: Job) -> bool:
    return sys.stdin.isatty() and click.confirm(f"Open this change on a branch ({job.id[:16]})?", default=False, err=True)


def _told(fixed: Fixed) -> int:
    from troth.report.untrusted import one_line

    if not fixed.branch:
        click.echo(f"The job is {fixed.job.state.value}: {one_line(fixed.job.reason)}", err=True)
        return 2
    if not sys.stdout.isatty():
        told = {
            "job": fixed.job.id, "branch": fixed.branch, "commit": fixed.commit,
            "mended": [{"control": one.complaint.control, "line": one.complaint.line, "before": one.before, "after": one.after} for one in fixed.mended],
            "others": [{"control": one.complaint.control, "line": one.complaint.line, "before": one.before, "after": one.after} for one in fixed.others],
        }  # fmt: skip
        click.echo(json.dumps(told, indent=2))
    else:
        click.echo(f"Opened {fixed.branch} at {fixed.commit[:12]}")
        for one in (*fixed.mended, *fixed.others):
            click.echo(one_line(f"  {one.before} -> {one.after}  {one.complaint.policy}:{one.complaint.line} {one.complaint.control}"))
    return 0 if all(one.after == "kept" for one in fixed.mended) else 1
