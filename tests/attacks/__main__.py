"""Runs the attack suites and prints, for each class, what was tried, what succeeded and which benign twins were refused.

    python -m tests.attacks [--as-nobody] [--only sandbox,paths] [--racing-opens N] [--redactor-inputs N] [--redactor-search N [--engine NAME] [--seed N]]

Exit code 1 if any attack succeeds or any twin is refused.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.attacks.suite import run

CLASSES = ("paths", "redaction", "secrets_file", "sandbox", "bombs")
NOBODY = 65534


def as_nobody(arguments: list[str]) -> int:
    """The same command as the user nobody, from a copy that nobody may read, with a Python that nobody may run."""
    if os.geteuid() != 0:
        sys.stderr.write("--as-nobody needs root; this user is as good\n")
        return main(arguments)
    candidates = [os.path.realpath(sys.executable), "/usr/bin/python3", "/usr/local/bin/python3"]
    usable = [item for item in candidates if os.path.exists(item) and _runs(item)]
    if not usable:
        sys.stderr.write("no Python >= 3.11 that nobody may run\n")
        return 2
    here = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        os.chmod(folder, 0o755)
        for name in ("src", "tests/attacks"):
            shutil.copytree(here / name, Path(folder) / name, ignore=shutil.ignore_patterns("__pycache__"))
        (Path(folder) / "tests" / "__init__.py").touch()
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        environment = {
            "PYTHONPATH": f"{folder}/src:{folder}",
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            [usable[0], "-m", "tests.attacks", *arguments],
            cwd=folder,
            env=environment,
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
        )
    return done.returncode


def _runs(python: str) -> bool:
    try:
        asked = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        return (
            subprocess.run(
                asked, user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", stderr=subprocess.DEVNULL
            ).returncode
            == 0
        )
    except OSError:
        return False


def main(arguments: list[str]) -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks")
    parser.add_argument("--as-nobody", action="store_true")
    parser.add_argument("--only", default=",".join(CLASSES))
    parser.add_argument("--racing-opens", type=int, default=0)
    parser.add_argument("--redactor-inputs", type=int, default=0)
    parser.add_argument("--redactor-search", type=int, default=0)
    parser.add_argument("--engine", default="")
    parser.add_argument("--seed", type=int, default=11)
    asked = parser.parse_args(arguments)
    if asked.as_nobody:
        return as_nobody([item for item in arguments if item != "--as-nobody"])
    bad = 0
    sys.stdout.write(f"as uid {os.geteuid()}, Python {sys.version.split()[0]}\n")
    for name in asked.only.split(",") if asked.only else ():
        for suite in importlib.import_module(f"tests.attacks.{name}.cases").suites():
            if suite.skipped:
                sys.stdout.write(f"{suite.name}: not run: {suite.skipped}\n")
                continue
            succeeded, refused, seconds = run(suite)
            bad += len(succeeded) + len(refused)
            sys.stdout.write(
                f"{suite.name}: {len(suite.attacks)} attacks tried, {len(succeeded)} succeeded; {len(suite.twins)} twins, {len(refused)} refused; {seconds:.1f} s\n"
            )
            for item in succeeded:
                sys.stdout.write(f"  SUCCEEDED {item}\n")
            for item in refused:
                sys.stdout.write(f"  REFUSED {item}\n")
    if asked.racing_opens:
        from tests.attacks.paths.race import race

        opened, escapes, seconds = race(asked.racing_opens)
        bad += escapes
        sys.stdout.write(f"racing opens: {opened} opens, {escapes} escapes; {seconds:.1f} s\n")
    if asked.redactor_inputs:
        from tests.attacks.redaction.fuzz import fuzz

        worst, slow, seconds = fuzz(asked.redactor_inputs)
        bad += slow
        sys.stdout.write(
            f"redactor: {asked.redactor_inputs} inputs of 50 KB, {slow} over 10 ms, worst {worst:.2f} ms; {seconds:.1f} s\n"
        )
    if asked.redactor_search:
        bad += _search(asked.redactor_search, asked.engine, asked.seed)
    return 1 if bad else 0


def _search(tries: int, engine: str, seed: int) -> int:
    """Search for the worst text by grammar; how many of the twenty worst take more than 10 ms."""
    from tests.attacks.redaction.grammar import search, text_of
    from troth.detectors.redaction import Redactor
    from troth.detectors.scanner import default

    redactor = Redactor(default(engine))
    redactor.text("warm up")
    worst = search(redactor, tries, seed)
    slow = sum(cost > 10 for cost, _ in worst)
    sys.stdout.write(f"redactor: {tries} texts of 50 KB by grammar, {slow} of the 20 worst over 10 ms, worst {worst[0][0]:.2f} ms: {worst[0][1]}\n  {text_of(worst[0][1])[:70]!r}\n")
    return slow


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
