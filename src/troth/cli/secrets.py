"""`troth secrets`: scan for secrets, explain a rule, keep a baseline, list the rules.

Exit codes: 0 nothing open and everything scanned; 1 secrets found; 2 something could not be scanned (unless `--allow-incomplete`).
A secret is never printed. Heavy modules are imported inside of the commands.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from troth.detectors.scanner import Scanner
    from troth.engines.secrets.baseline import Baseline
    from troth.engines.secrets.findings import Report
    from troth.engines.secrets.history import Progress

__all__ = ["secrets"]


@click.group()
def secrets() -> None:
    """Find secrets in files, history, staged changes or a stream."""


@secrets.command()
@click.argument("path", default=".", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--history",
    is_flag=True,
    help="Every object of the repository: all commits, tags, notes, stashes, dangling objects.",
)
@click.option("--staged", is_flag=True, help="What the next commit would add (for a pre-commit hook).")
@click.option("--range", "revisions", metavar="A..B", default="", help="What the commits of a range add.")
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True)
@click.option("--baseline", type=click.Path(path_type=Path, dir_okay=False), help="File of findings that may pass.")
@click.option("--no-cache", is_flag=True, help="Read every object again (with --history).")
@click.option("--no-provenance", is_flag=True, help="Do not look for first commits (with --history).")
@click.option(
    "--connectivity/--no-connectivity",
    default=None,
    help="Ask git which referenced objects are missing (with --history; by default only for partial clones).",
)
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes (with --history)."
)
@click.option(
    "--tier",
    type=click.Choice(("provider", "context")),
    default="provider",
    show_default=True,
    help="context: also values that are assigned to something called like a credential; some will be none.",
)
@click.option("--allow-incomplete", is_flag=True, help="Do not fail when something could not be scanned.")
def scan(  # noqa: PLR0917 - click hands options over by name
    path: Path,
    history: bool,
    staged: bool,
    revisions: str,
    form: str,
    baseline: Path | None,
    allow_incomplete: bool,
    **how: bool | int | str | None,
) -> None:
    """Scan PATH (default: here): the work tree, or what an option names. `-` reads standard input."""
    from troth.engines.secrets.baseline import read_baseline
    from troth.errors import UsageError

    if sum((history, staged, bool(revisions), str(path) == "-")) > 1:
        raise UsageError("--history, --staged, --range and - exclude one another.")
    known = read_baseline(baseline) if baseline else None
    mode = (
        "history"
        if history
        else "staged"
        if staged
        else "range"
        if revisions
        else "stdin"
        if str(path) == "-"
        else "tree"
    )
    report = _scan(mode, path, revisions, known.key if known else b"", how)
    _finish(report, known, form, allow_incomplete)


def _scan(mode: str, path: Path, revisions: str, key: bytes, how: dict[str, bool | int | str | None]) -> Report:
    from troth.engines.secrets import worktree
    from troth.engines.secrets.history import Options, scan_history

    scanner = _scanner(str(how["tier"]))
    scans: dict[str, Callable[[], Report]] = {
        "history": lambda: scan_history(
            path,
            Options(
                processes=int(how["processes"] or 1),
                provenance=not how["no_provenance"],
                incremental=not how["no_cache"],
                connectivity=None if how["connectivity"] is None else bool(how["connectivity"]),
                key=key,
                progress=_progress if sys.stderr.isatty() else None,
            ),
            scanner,
        ),
        "staged": lambda: worktree.scan_staged(path, key, scanner),
        "range": lambda: worktree.scan_range(path, revisions, key, scanner),
        "stdin": lambda: worktree.scan_stream(sys.stdin.buffer, key, scanner),
        "tree": lambda: worktree.scan_tree(path, key, scanner),
    }
    return scans[mode]()


def _scanner(tier: str) -> Scanner:
    from troth.detectors.scanner import default

    if tier != "context":
        return default()
    from troth.detectors.context import ContextScanner

    return ContextScanner(default())


def _progress(now: Progress) -> None:
    """One line on a terminal, written over and over: bytes, objects, hits."""
    line = f"\r{now.objects:,} of {now.total:,} objects, {now.bytes / 1e6:,.0f} MB, {now.hits} found\x1b[K"
    sys.stderr.write(line if now.objects < now.total else "\r\x1b[K")
    sys.stderr.flush()


def _finish(report: Report, baseline: Baseline | None, form: str, allow_incomplete: bool) -> None:
    from troth import __version__
    from troth.engines.secrets import output

    if baseline is not None:
        report.findings = baseline.apply(report.findings, dt.datetime.now(dt.UTC).date())
    if form == "json":
        click.echo(output.as_json(report), nl=False)
    elif form == "sarif":
        click.echo(output.as_sarif(report, __version__), nl=False)
    else:
        click.echo(output.as_text(report), nl=False)
    if report.unfinished and not allow_incomplete:
        raise SystemExit(2)
    if report.open:
        raise SystemExit(1)


@secrets.command()
@click.argument("rule", metavar="RULE")
def explain(rule: str) -> None:
    """Say what a rule looks for, how sure it is, and where its provider documents the form."""
    from troth.detectors.loading import load
    from troth.errors import UsageError

    rules, _ = load()
    found = next((item for item in rules if item.id == rule), None)
    if found is None:
        near = [item.id for item in rules if rule[:40] in item.id][:8]
        raise UsageError("No rule has that id." + (f" Near: {', '.join(near)}." if near else ""))
    proof = {"": "none: the form fits, nobody is asked"}.get(found.proof, found.proof)
    click.echo(f"{found.id}\n  what      {found.title}\n  provider  {found.provider}\n  docs      {found.docs}")
    click.echo(
        f"  tier      {found.tier.value}\n  proof     {proof}\n  pattern   {found.pattern}\n  entropy   {found.entropy:g} bits per character at least"
    )


@secrets.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def rules(form: str) -> None:
    """List the rules."""
    import json

    from troth.detectors.loading import load

    found, digest = load()
    if form == "json":
        rows = [
            {
                "id": item.id,
                "title": item.title,
                "provider": item.provider,
                "tier": item.tier.value,
                "proof": item.proof,
                "docs": item.docs,
            }
            for item in found
        ]
        click.echo(json.dumps({"digest": digest, "rules": rows}, indent=1))
        return
    for item in found:
        click.echo(f"{item.id:40} {item.tier.value:9} {item.proof or '-':13} {item.title}")
    click.echo(f"{len(found)} rules")


@secrets.command()
@click.argument("path", default=".", type=click.Path(path_type=Path, exists=True))
@click.option("--history", is_flag=True, help="Baseline of the whole history instead of the work tree.")
@click.option("--output", "target", required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--reason", required=True, help="Why these findings may pass; it is shown in every report.")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long they may.")
def baseline(path: Path, history: bool, target: Path, reason: str, days: int) -> None:
    """Write a baseline of what is found now. It holds fingerprints under a key of its own, never secrets."""
    from troth.engines.secrets.baseline import new_key, write_baseline
    from troth.engines.secrets.history import Options, scan_history
    from troth.engines.secrets.worktree import scan_tree

    key = new_key()
    report = scan_history(path, Options(key=key, provenance=False)) if history else scan_tree(path, key)
    until = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=days)
    count = write_baseline(target, key, report.findings, reason, until)
    click.echo(f"{count} finding(s) allowed until {until} in {os.fspath(target)}")
