"""`troth prove MODULE:callable`: what do the guards of a running program do?"""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["prove"]


@click.command()
@click.argument("target", metavar="[MODULE:CALLABLE]", required=False)
@click.option(
    "--tree",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The tree whose program it is (default: the current directory).",
)
@click.option("--samples", is_flag=True, help="Run the policy's own code samples in the sandbox instead of a program.")
@click.option(
    "--without-walls", is_flag=True, help="Run it as a plain process: weaker, not isolated, and the proof says so."
)
@click.option("--seconds", type=click.FloatRange(1, 600), default=60.0, show_default=True, help="Time for all of it.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the signed proof to this file, for check --proof.",
)
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Private key (PEM, Ed25519) that signs; default: your own.",
)
def prove(
    target: str | None,
    *,
    samples: bool,
    tree: Path,
    without_walls: bool,
    seconds: float,
    output: Path | None,
    key: Path | None,
) -> int:
    """Run the program TARGET with canaries and say what its guards did.

    TARGET is a callable without arguments that sets the program up and may return a dictionary of doors: the functions through which untrusted things come in
    (read, read_any, device, tokenize, validate, tensor, rate, work, load_model, load_pinned, load_source, run_code, secrets, send, parse, defaults, scan_image, container). It runs in the sandbox:
    this command executes your code.
    """
    from troth.app import prove as app
    from troth.ledger.keys import own_key, read_private_key
    from troth.report.untrusted import one_line

    if samples == (target is not None):
        raise click.UsageError("name a program, or ask for --samples")
    if samples:
        from troth.app.samples import prove_samples

        proof = prove_samples(tree, seconds=min(seconds, 60.0))
    else:
        proof = app.prove(tree, str(target), lane="process" if without_walls else "walled", seconds=seconds)
    words = {True: "held", False: "BROKEN", None: "not told"}
    click.echo(
        f"{one_line(proof.program)} at {proof.commit[:12] or 'no clean commit'}, {'behind walls' if proof.lane == 'walled' else 'a plain process, not isolated'}"
    )
    for row in proof.observations:
        held = row.get("held")
        word = words[held if isinstance(held, bool) else None]
        click.echo(f"  {word:9} {one_line(str(row.get('control')))}: {one_line(str(row.get('says')))}")
    if proof.error:
        click.echo(f"  {one_line(proof.error)}", err=True)
    if output is not None:
        signer = read_private_key(key) if key is not None else own_key()
        output.write_text(app.sign_proof(proof, signer), encoding="utf-8")
    if proof.error:
        return 2
    return 1 if any(row.get("held") is False for row in proof.observations) else 0
