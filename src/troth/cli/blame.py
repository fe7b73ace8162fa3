"""`troth blame`: since which commit a promise is not kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from troth.app.blame import Blame

__all__ = ["blame"]


@click.command()
@click.argument("tree", type=click.Path(path_type=Path), default=Path())
@click.option("--at", default="HEAD", show_default=True, metavar="COMMIT", help="Newest commit to judge.")
@click.option("--policy", "policies", multiple=True, metavar="PATH", help="Judge this policy; as for troth check.")
@click.option("--only", multiple=True, metavar="CONTROL", help="Only promises of this control. Repeatable.")
@click.option("--line", type=click.IntRange(1), default=None, help="Only promises on this line of the policy.")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
def blame(*, tree: Path, at: str, policies: tuple[str, ...], only: tuple[str, ...], line: int | None, format_: str) -> int:
    """For each promise of TREE that is broken or partly kept: the commit since which it is so.

    Judges commits, not the work tree; reads only. Name a control or a line where you are after one promise: each commit that is tried costs part of a check.
    """
    from troth.app.blame import blame as search
    from troth.cli.progress import progress

    with progress() as tell:
        found = search(tree, at=at, policies=policies, only=only, line=line or 0, tell=tell)
    if format_ == "json":
        click.echo(json.dumps({"version": 1, "blames": [_record(one) for one in found]}, indent=2))
        return 0
    if not found:
        click.echo("nothing here is broken or partly kept at that commit")
    for one in found:
        _print(one)
    return 0


def _record(one: Blame) -> dict[str, object]:
    from troth.terms.verdict import name_of

    promise, verdict = one.finding.promise, one.finding.verdict
    return {
        "policy": promise.statement.path,
        "line": promise.statement.line,
        "quote": promise.statement.quote,
        "control": promise.control,
        "verdict": name_of(verdict),
        "how": str(getattr(verdict, "how", "")),
        "since": {"commit": one.since.id, "date": one.since.date, "author": one.since.author, "subject": one.since.subject},
        "before": {"commit": one.before_commit, "verdict": name_of(one.before) if one.before else None, "how": str(getattr(one.before, "how", ""))},
        "never": one.never,
        "judged": one.judged,
    }  # fmt: skip


def _print(one: Blame) -> None:
    from troth.report.untrusted import one_line
    from troth.terms.verdict import name_of

    promise, verdict = one.finding.promise, one.finding.verdict
    how = f", {verdict.how}" if hasattr(verdict, "how") else ""
    click.echo(f"{promise.statement.path}:{promise.statement.line}  {one_line(promise.statement.text)[:100]}")
    click.echo(f"  {name_of(verdict)}{how} ({promise.control}): {one_line(str(getattr(verdict, 'because', '')))}")
    click.echo(f"  since {one.since.id[:12]} {one.since.date[:10]} {one_line(one.since.author)}: {one_line(one.since.subject)[:90]}")
    if one.before is None:
        click.echo("  from the first commit on")
    else:
        before = f"{name_of(one.before)}{', ' + str(one.before.how) if hasattr(one.before, 'how') else ''}"
        untold = "; nothing tells whether it was kept then" if before == "unknown" else ""
        click.echo(f"  before that, at {one.before_commit[:12]}: {before}{untold}")
    click.echo(f"  {one.judged} commits judged\n")
