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
    from troth.app.jobs import Jobs
    from troth.app.jobs_home import Home
    from troth.app.suggest import Suggested
    from troth.jobs.job import Job
    from troth.jobs.session import Session

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
@click.option("--on-forge", is_flag=True, help="Also ask for what no file does: protection, switches, an issue. Each is approved on its own; needs TROTH_WRITE_TOKEN.")
@click.option("--pull-request", is_flag=True, help="Also open the change as a pull request, once its branch was checked. Approved on its own; needs TROTH_WRITE_TOKEN.")
@click.option("--repository", default="", metavar="OWNER/NAME", help="The repository on the forge; default: the remote `origin`.")
@click.option("--branch", default="", metavar="NAME", help="The default branch on the forge, which is protected or which the pull request is for.")
@click.option("--fork", default="", metavar="OWNER/NAME", help="Write the pull request's branch to this fork of yours, made where it is not there: for who may not write to the repository.")
@click.option("--only-propose", is_flag=True, help="Stop after the request: somebody else approves it (troth jobs approve).")
def fix(
    *, tree: Path, only: tuple[str, ...], modules: tuple[str, ...], refs: Path | None, mirror: Path | None, rewrite_policy: bool, isolation: str | None,
    home: Path | None, key: Path | None, self_approve: bool, yes: bool, only_propose: bool,
    on_forge: bool, pull_request: bool, repository: str, branch: str, fork: str,
) -> int:  # fmt: skip
    """Mend TREE's broken promises on a new branch (default: the current directory).

    Checks the last commit, shows the change and why, and opens it on a branch once it is approved. Your files, your index and your branch stay as they are.
    """
    from troth.app.commits import CommitSources
    from troth.app.fix import Proposed, finish, propose, session_for
    from troth.app.jobs import open_jobs
    from troth.app.jobs_home import home_path, open_home
    from troth.app.suggest import Options

    if yes and not (key or self_approve):
        raise click.UsageError("--yes approves: say whose key with --key, or --self-approve.")
    if fork and not pull_request:
        raise click.UsageError("--fork says where the branch of a pull request is written: it needs --pull-request.")
    pull = (*_aim(tree, repository, branch), fork) if pull_request else None
    opened = open_home(home_path(home))
    options = Options(only, modules, (), isolation or "", CommitSources(refs, mirror), repository, branch, rewrite_policy)
    with open_jobs(opened) as jobs:
        with progress() as tell:
            proposed = propose(jobs, opened, tree, options, self_approve=self_approve, progress=tell)
        agreed = _Agreed(jobs, opened, key, yes=yes, only_propose=only_propose)
        if isinstance(proposed, Proposed):
            _show(proposed)
            done = 0
            if permit := agreed.permit(proposed.job):
                fixed = finish(jobs, proposed, [permit])
                done = _told(fixed)
                if pull is not None and fixed.branch:
                    done = max(done, _pulled(agreed, proposed, fixed, pull))
            suggested = proposed.suggested
        else:
            say(proposed)
            click.echo("Nothing to mend in files by itself.", err=True)
            done, suggested = 0, proposed
        if on_forge and suggested.commit:
            from troth.engines.git.repository import open_repository

            session = session_for(opened, open_repository(tree).root, self_approve=self_approve)
            done = max(done, _forge(agreed, suggested, session))
        return done


def _aim(tree: Path, repository: str, branch: str) -> tuple[str, str]:
    """Repository and branch that a pull request is for; asked for before anything is done."""
    from troth.app.suggest import default_branch
    from troth.engines.git.repository import open_repository
    from troth.errors import UsageError

    local = open_repository(tree)
    aim = (repository or local.origin or "", branch or default_branch(local.root))
    if not all(aim):
        raise UsageError("which repository and branch the pull request is for is not known: name them with --repository and --branch")
    return aim


def _pulled(agreed: _Agreed, proposed: Proposed, fixed: Fixed, aim: tuple[str, str, str]) -> int:
    from troth.app.fix_forge import ask_pull, open_pull
    from troth.cli.jobs import show_job
    from troth.report.untrusted import one_line

    pull = ask_pull(agreed.jobs, agreed.home, proposed, *aim)
    if pull.job is None:
        click.echo(one_line(f"No pull request: {pull.because}"), err=True)
        return 2
    show_job(pull.job)
    permit = agreed.permit(pull.job)
    if permit is None:
        return 0
    pull = open_pull(agreed.jobs, proposed, fixed, [permit])
    if pull.job is None or pull.job.outcome is None:
        click.echo(one_line(f"No pull request: {pull.because}"), err=True)
        return 2
    told = "its tree is the one that was checked" if pull.same else "ITS TREE IS NOT THE ONE THAT WAS CHECKED: look at it before anybody merges it"
    click.echo(one_line(f"{pull.job.outcome.summary} {pull.job.outcome.facts.get('url') or ''}: {told}."), err=True)
    return 0 if pull.same else 2


class _Agreed:
    """Whether somebody approves: by `--yes`, or asked on a terminal for each job."""

    def __init__(self, jobs: Jobs, home: Home, key: Path | None, *, yes: bool, only_propose: bool) -> None:
        self.jobs, self.home, self._key = jobs, home, key
        self._yes, self._only_propose = yes, only_propose

    def permit(self, job: Job) -> bytes | None:
        """The permit; None, and how to approve it later, where the answer is no."""
        if not self._only_propose and (self._yes or _asked(job)):
            return self.jobs.sign(job, self.home.approver_key(self._key))
        click.echo(f"Waiting for approval: troth jobs approve {job.id[:16]} --run", err=True)
        return None


def _forge(agreed: _Agreed, suggested: Suggested, session: Session) -> int:
    from troth.app.fix_forge import act_on_forge, ask_forge
    from troth.cli.jobs import show_job
    from troth.jobs.job import State
    from troth.report.untrusted import one_line

    worst = 0
    for one in ask_forge(agreed.jobs, agreed.home, suggested, session, suggested.commit or ""):
        if one.job is None:
            click.echo(one_line(f"On the forge, {'as it should be' if one.there else 'not possible'}: {one.recommendation.title}. {one.because}"), err=True)
            worst = max(worst, 0 if one.there else 2)
            continue
        show_job(one.job)
        if permit := agreed.permit(one.job):
            done = act_on_forge(agreed.jobs, one, [permit], session.actor)
            click.echo(one_line(f"{done.state.value}: {done.outcome.summary if done.outcome is not None else done.reason}"), err=True)
            worst = max(worst, 0 if done.state is State.DONE else 2)
    return worst


def _show(proposed: Proposed) -> None:
    from troth.cli.jobs import show_job

    say(proposed.suggested)
    show_job(proposed.job)


def _asked(job: Job) -> bool:
    return sys.stdin.isatty() and click.confirm(f"Do exactly this ({job.id[:16]})?", default=False, err=True)


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
