"""`troth advisories`: import databases of known vulnerabilities into one file, ask it about a tree, and show what it holds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from troth.errors import EXIT_BROKEN, EXIT_UNFINISHED

if TYPE_CHECKING:
    from troth.terms.facts.advisories import Advisories, AdvisorySource, Hit

__all__ = ["advisories"]

_INDEX = click.option("--index", type=click.Path(dir_okay=False, path_type=Path), help="The index file; default: your own in Troth's cache.")


@click.group()
def advisories() -> None:
    """Known vulnerabilities, offline: import databases that you downloaded, then ask them about a tree.

    Nothing is downloaded. Databases: an OSV zip (of an ecosystem, or GHSA's), PyPA's and RustSec's repositories, as folder, zip, tar or single file.
    """


@advisories.command(name="import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@_INDEX
@click.option("--name", default="", help="Name of the source, with one PATH; default: the path's own. A source of that name is replaced.")
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="Date of the data, where you know it; default: that of its newest record.")
def import_(paths: tuple[Path, ...], index: Path | None, name: str, date: datetime | None) -> int:
    """Import each of PATHS as one source. Exit code 2 where a source has entries that cannot be read."""
    from troth.cli.progress import progress
    from troth.engines.advisories.importing import import_source
    from troth.engines.advisories.index import default_path
    from troth.report.untrusted import one_line

    if name and len(paths) > 1:
        raise click.UsageError("--name names one source: give one PATH.")
    target, unread = index or default_path(), 0
    for path in paths:
        troubles: list[tuple[str, str]] = []
        with progress() as tell:
            source = import_source(
                path,
                target,
                now=datetime.now(UTC),
                name=name,
                as_of=date.replace(tzinfo=UTC) if date else None,
                tell=tell,
                trouble=lambda entry, why, seen=troubles: seen.append((entry, why)),  # type: ignore[misc]
            )
        unread += source.unread
        click.echo(_line(source))
        for entry, why in troubles[:10]:
            click.echo(f"  not read: {one_line(entry)}: {one_line(why)}", err=True)
    click.echo(f"index: {target}", err=True)
    return _ended(EXIT_UNFINISHED if unread else 0)


def _ended(code: int) -> int:
    if code:
        raise click.exceptions.Exit(code)
    return code


def _line(source: AdvisorySource) -> str:
    from troth.report.untrusted import one_line

    covers = ", ".join(f"{ecosystem} {count}" for ecosystem, count in source.coverage) or "no ecosystem that can be compared"
    holes = f", {source.unread} entries not read" if source.unread else ""
    return f"{one_line(source.name)}: of {source.taken.date()}, {source.advisories} advisories ({source.withdrawn} withdrawn{holes}); covers {covers}"


@advisories.command()
@_INDEX
def info(index: Path | None) -> None:
    """Show the sources of the index: their dates, sizes and what they cover."""
    from troth.engines.advisories.index import default_path, open_index

    with open_index(index or default_path()) as opened:
        for source in opened.sources:
            click.echo(_line(source))


@advisories.command()
@click.argument("tree", type=click.Path(path_type=Path), default=Path())
@_INDEX
@click.option("--max-age", default=0.0, type=click.FloatRange(0, 3650), help="Days after which a source gives no all-clear; default: 14.")
@click.option("--everything", is_flag=True, help="Also files of tests, examples and documents.")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True, help="Format of the report.")
def match(tree: Path, index: Path | None, max_age: float, everything: bool, form: str) -> int:
    """Ask the index about TREE's manifests and lock files (default: the current directory).

    Exit codes: 0 nothing is known against them, 1 something is, 2 that cannot be said (stale or missing sources, versions that cannot be compared, no lock file).
    """
    from troth.app.advisories import dependencies_of
    from troth.engines.advisories import matching
    from troth.engines.advisories.index import default_path, open_index

    now = datetime.now(UTC)
    dependencies = dependencies_of(tree, now)
    with open_index(index or default_path()) as opened:
        found = matching.match(dependencies, opened, now, limit_days=max_age or matching.MAX_AGE_DAYS, everything=everything)
    gaps = [*_gaps(found), *(f"{problem.place}: {problem.says}" for problem in dependencies.problems)]
    click.echo(_json(found, gaps) if form == "json" else _text(found, gaps))
    return _ended(EXIT_BROKEN if found.hits else EXIT_UNFINISHED if gaps else 0)


def _gaps(found: Advisories) -> list[str]:
    """Why silence is no all-clear; each a sentence."""
    gaps = [f"no source covers {name}" for name in found.uncovered]
    gaps += [f"the sources for {name} are older than {found.limit_days:g} days" for name in found.stale]
    gaps += [f"{name} has entries that could not be read" for name in found.holes]
    gaps += [f"{name}: {why}" for name, why in found.undecided]
    gaps += [f"{place}: no lock file that can be read covers this manifest, so what it pulls in is not known" for place in found.open]
    return gaps if found.judged else ["no dependency was compared", *gaps]


def _text(found: Advisories, gaps: list[str]) -> str:
    from troth.report.untrusted import one_line

    lines = [f"{one_line(_hit(hit))}" for hit in found.hits]
    lines += [f"note ({one_line(hit.kind)}): {one_line(_hit(hit))}" for hit in found.notes]
    lines += [f"not known: {one_line(gap)}" for gap in gaps]
    judged = sum(number for _, number in found.judged)
    lines.append(f"{judged} dependencies compared, {len(found.hits)} hits, {len(found.notes)} notes, {len(gaps)} things not known")
    return "\n".join(lines)


def _hit(hit: Hit) -> str:
    says = {
        "locked": f"{hit.package} {hit.version} is locked",
        "pinned": f"{hit.package} {hit.version} is pinned",
        "admitted": f"{hit.package} {hit.version or '(any version)'} admits a vulnerable version",
    }[str(hit.reach)]
    return f"{hit.place}: {hit.advisory}: {says}; affected: {hit.affected}. {hit.summary} [{hit.source}]"


def _json(found: Advisories, gaps: list[str]) -> str:
    import json
    from dataclasses import asdict

    def row(hit: Hit) -> dict[str, object]:
        return {**asdict(hit), "reach": str(hit.reach), "place": str(hit.place)}

    return json.dumps(
        {
            "sources": [{"name": each.name, "taken": each.taken.isoformat(), "advisories": each.advisories, "unread": each.unread, "coverage": dict(each.coverage)} for each in found.sources],
            "compared": sum(number for _, number in found.judged),
            "hits": [row(hit) for hit in found.hits],
            "notes": [row(hit) for hit in found.notes],
            "not_known": gaps,
        },
        indent=1,
    )
