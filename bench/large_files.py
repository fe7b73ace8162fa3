"""CPU and peak memory of two files that are larger than anybody writes: SARIF of 200 MB, and lock files of 100 MB.

    python -m bench.large_files [--sarif-mb 200] [--lock-mb 100]

The files are made in a temporary folder and removed. Each is read in a process of its own, once; a process that reads a tiny one is the floor. SARIF is streamed where ijson is installed, else refused above a limit, which is shown as such.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_SARIF = "import sys; from pathlib import Path; from troth.engines.sarif import read_sarif; runs = read_sarif(Path(sys.argv[1])); print(len(runs), 'runs,', sum(run.results for run in runs), 'results')"
_LOCKS = (
    "import sys; from pathlib import Path; from troth.engines.git.repository import open_repository; from troth.engines.git.tree import look; from troth.engines.dependencies import look as dependencies;"
    "found = dependencies(look(open_repository(Path(sys.argv[1])))); print(sum(len(lock.packages) for lock in found.locks), 'packages,', len(found.problems), 'problems:', '; '.join(str(item.says if hasattr(item, 'says') else item)[:110] for item in found.problems[:2]))"
)


def sarif(path: Path, size: int) -> None:
    """A log of one run with as many results as make up the size, in bytes."""
    result = json.dumps({"ruleId": "r1", "level": "error", "message": {"text": "x" * 400}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "src/a.py"}, "region": {"startLine": 3}}}]})
    with path.open("w") as file:
        file.write('{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"CodeQL","version":"2","rules":[{"id":"r1"}]}},"results":[')
        for number in range(max(1, size // (len(result) + 1))):
            file.write(("," if number else "") + result)
        file.write("]}]}")


def package_lock(folder: Path, size: int) -> None:
    """A lock file of npm, version 3."""
    folder.mkdir()
    (folder / "package.json").write_text('{"name":"a","version":"1.0.0","dependencies":{"p1":"1.0.0"}}')
    entry = '"node_modules/p%d":{"version":"1.0.%d","resolved":"https://registry.example.org/p%d.tgz","integrity":"sha512-' + "A" * 86 + '=="}'
    with (folder / "package-lock.json").open("w") as file:
        file.write('{"name":"a","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"a"}')
        for number in range(max(1, size // (len(entry) + 10))):
            file.write("," + entry % (number, number, number))
        file.write("}}")


def measured(code: str, argument: Path) -> tuple[float, float, str]:
    """CPU seconds, peak MiB and what the process said."""
    process = subprocess.Popen([sys.executable, "-c", code, str(argument)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = process.stdout.read() if process.stdout is not None else ""
    _, _, usage = os.wait4(process.pid, 0)
    lines = said.strip().splitlines()
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, lines[-1][:160] if lines else ""


def main() -> int:
    """Print a line a file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sarif-mb", type=int, default=200)
    parser.add_argument("--lock-mb", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sarif(folder / "small.sarif", 1000)
        sarif(folder / "large.sarif", options.sarif_mb * 1_000_000)
        package_lock(folder / "small", 1000)
        package_lock(folder / "within", 7_500_000)
        package_lock(folder / "large", options.lock_mb * 1_000_000)
        for label, code, path in (
            ("SARIF, tiny", _SARIF, folder / "small.sarif"), (f"SARIF, {options.sarif_mb} MB", _SARIF, folder / "large.sarif"), ("lock file, tiny", _LOCKS, folder / "small"),
            ("lock file, 7.5 MB", _LOCKS, folder / "within"), (f"lock file, {options.lock_mb} MB", _LOCKS, folder / "large"),
        ):  # fmt: skip
            cpu, peak, said = measured(code, path)
            sys.stdout.write(f"{label:20} {cpu:7.2f} CPU s {peak:7.0f} MiB  {said}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
