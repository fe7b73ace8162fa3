"""`troth code`: scan Python, TypeScript, JavaScript and Rust for what programs around models do dangerously, and list the rules.

Exit codes: 0 nothing found that is not silenced in the code, 1 found, 2 a file could not be read or parsed (unless `--allow-incomplete`).
"""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["code"]


@click.group()
def code() -> None:
    """Find dangerous lines around models, prompts and agents."""


@code.command()
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(("text", "json", "sarif")), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to a file.")
@click.option("--ruff", is_flag=True, help="Also run ruff's S rules, where ruff is installed.")
@click.option("--allow-incomplete", is_flag=True, help="Do not fail when something could not be read.")
def scan(path: Path, form: str, output: Path | None, ruff: bool, allow_incomplete: bool) -> None:
    """Scan the Python, TypeScript, JavaScript and Rust files below PATH (default: here), or one file. Nothing of them is imported or run."""
    from troth import __version__
    from troth.app.code import scan_code
    from troth.cli.output import write_file
    from troth.engines.code import reports
    from troth.report.untrusted import one_line

    found = scan_code(path, ruff=ruff)
    if form == "json":
        text = reports.as_json(found.scan, found.ruff)
    elif form == "sarif":
        text = reports.as_sarif(found.scan, found.ruff, __version__, found.rules)
    else:
        text = "".join(f"{one_line(line)}\n" for line in reports.as_text(found.scan, found.ruff))
    if output is not None:
        write_file(output, text, f"{form} report")
    else:
        click.echo(text, nl=False)
    incomplete = bool(found.scan.unread) or (ruff and not found.ruff.ran)
    if incomplete and not allow_incomplete:
        raise click.exceptions.Exit(2)
    if any(not item.suppressed for item in found.scan.findings) or found.ruff.findings:
        raise click.exceptions.Exit(1)


@code.command()
@click.argument("name", metavar="RULE", default="")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def rules(name: str, form: str) -> None:
    """List the rules, or explain RULE."""
    import json

    from troth.engines.code.rules import every_rule
    from troth.errors import UsageError

    found = [rule for language in ("python", "ecma", "rust") for rule in every_rule(language) if name in ("", rule.id)]
    if not found:
        raise UsageError(f"there is no code rule {name[:60]!r}; `troth code rules` lists them")
    if form == "json":
        fields = ("id", "title", "why", "mend", "severity", "cwe", "owasp", "atlas")
        click.echo(json.dumps([{field: getattr(rule, field) for field in fields} for rule in found], indent=1))
    elif name:
        rule = found[0]
        refs = ", ".join((*rule.cwe, *rule.owasp, *rule.atlas))
        click.echo(f"{rule.id}  {rule.title}\n  why     {rule.why}\n  mend    {rule.mend}\n  is      {rule.severity.value}\n  refs    {refs}")
        for label, texts in (("found", rule.bad), ("not", rule.good)):
            for text in texts:
                click.echo(f"  {label}:\n" + "".join(f"    {line}\n" for line in text.splitlines()), nl=False)
    else:
        for rule in found:
            click.echo(f"{rule.id:24} {rule.severity.value:7} {', '.join((*rule.cwe, *rule.owasp)):40} {rule.title}")
        click.echo(f"{len(found)} rules")
