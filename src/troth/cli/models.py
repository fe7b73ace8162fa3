"""`troth models`: scan, explain and list model files without loading them."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["models"]


@click.group()
def models() -> None:
    """Look into model files without loading them.

    A file is inert (proved), refused (with the reason and its byte), not a model, or unreadable. Exit codes: 0 nothing refused, 1 refused, 2 could not finish.
    """


@models.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(("text", "json", "sarif")), default="text", show_default=True, help="Format of the report.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to a file.")
@click.option("--hash", "digest", is_flag=True, help="Also give each file's SHA-256.")
@click.option("--fetch-limit", type=click.IntRange(1), default=None, metavar="BYTES", help="Largest file to fetch from an address (s3://..., extra troth[remote]).")
@click.option("--processes", type=click.IntRange(0, 64), default=0, help="How many files to read at once; 0 decides by their number.")
def scan(*, paths: tuple[str, ...], form: str, output: Path | None, digest: bool, fetch_limit: int | None, processes: int) -> int:
    """Prove the files at PATHS (files, folders, or addresses such as s3://bucket/model) inert, or say why not."""
    from troth.cli.output import write_file
    from troth.cli.progress import progress
    from troth.engines.models import reports
    from troth.engines.models.remote import LIMIT_BYTES, is_address, scan_addresses
    from troth.engines.models.scan import scan as scan_paths

    with progress() as tell:
        found = scan_addresses([path for path in paths if is_address(path)], limit=fetch_limit or LIMIT_BYTES, digest=digest, tell=tell)
        local = [path for path in paths if not is_address(path)]
        found += scan_paths(local, digest=digest, processes=processes, tell=tell) if local else []
    text = reports.as_json(found) if form == "json" else reports.as_sarif(found) if form == "sarif" else _text(found)
    if output is not None:
        write_file(output, text, f"{form} report")
    else:
        click.echo(text, nl=False)
    verdicts = {one.judgement.verdict for one in found}
    return _ended(2 if "unreadable" in verdicts else 1 if "refused" in verdicts else 0)


def _ended(code: int) -> int:
    if code:
        raise click.exceptions.Exit(code)
    return code


def _fetched(paths: tuple[str, ...]) -> list[str]:
    from troth.errors import UsageError

    for path in paths:
        if "://" in path:
            raise UsageError(f"{path} is an address; fetch the files first and name the copies")
    return list(paths)


def _text(found: list) -> str:  # type: ignore[type-arg]
    from troth.report.untrusted import one_line

    lines = []
    for one in found:
        judgement = one.judgement
        lines.append(f"{judgement.verdict:<12} {judgement.format:<16} {one_line(one.path)}")
        for reason in judgement.reasons:
            place = "" if reason.offset is None else f" at byte {reason.offset}"
            inside = f" of {one_line(reason.member)}" if reason.member else ""
            lines.append(f"             {reason.code}{place}{inside}: {one_line(reason.says)}")
    counts = {verdict: sum(one.judgement.verdict == verdict for one in found) for verdict in ("inert", "refused", "not-a-model", "unreadable")}
    lines.append(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return "\n".join(lines) + "\n"


@models.command()
@click.argument("file")
def explain(file: str) -> int:
    """Say where and why FILE is refused, with the operations around the place, or what was proved."""
    from troth.engines.models.explain import listing
    from troth.engines.models.scan import scan_file
    from troth.report.untrusted import one_line

    found = scan_file(file)
    judgement = found.judgement
    click.echo(f"{one_line(file)}: {judgement.format}, {judgement.verdict}")
    if judgement.verdict == "inert":
        click.echo(f"{judgement.tensors} tensors and arrays, {judgement.memory} bytes to allocate; imports: {', '.join(judgement.globals) or 'none'}")
    for reason in judgement.reasons:
        click.echo(f"\n{reason.code}: {one_line(reason.says)}")
        if reason.member:
            click.echo(f"inside {one_line(reason.member)}")
        if reason.code in ("global-not-allowed", "dotted-name", "call-not-allowed"):
            click.echo(f"To load it all the same, after reading what it does: guard.models.load(..., extra_allow=[<the object {one_line(reason.name)} itself>]).")
        for line in listing(file, reason):
            click.echo(one_line(line) if "\t" in line else line.encode("ascii", "replace").decode())
    return _ended({"refused": 1, "unreadable": 2}.get(judgement.verdict, 0))


@models.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write the bill to a file.")
def bom(paths: tuple[str, ...], output: Path | None) -> int:
    """Write a CycloneDX bill of the model files at PATHS, with their digests."""
    import json
    import os

    from troth.cli.output import write_file
    from troth.cli.progress import progress
    from troth.engines.models.bom import bill
    from troth.engines.models.scan import scan as scan_paths

    with progress() as tell:
        found = scan_paths(_fetched(paths), digest=True, tell=tell)
    root = paths[0] if len(paths) == 1 and os.path.isdir(paths[0]) else ""
    text = json.dumps(bill(found, root), indent=1) + "\n"
    if output is not None:
        write_file(output, text, "bill of materials")
    else:
        click.echo(text, nl=False)
    return _ended(2 if any(one.judgement.verdict == "unreadable" for one in found) else 0)
