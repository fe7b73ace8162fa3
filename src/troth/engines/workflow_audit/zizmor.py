"""Runs zizmor on copies of the workflows and reads its JSON.

Rules: offline, without the repository's configuration of it, on copies in a folder of our own; `--strict-collection`, because without it a file that cannot be parsed is passed over with exit code 0.
No binary, a failure, a time-out or an answer of another shape is a reason, never an empty list of findings. Source: https://docs.zizmor.sh (1.32).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from troth.terms.facts.tree import Tree
from troth.terms.facts.workflow_audit import AuditFinding, WorkflowAudit
from troth.terms.place import Place

__all__ = ["look"]

_SECONDS: Final = 60.0
_MOST_BYTES: Final = 64 * 1024 * 1024
_MOST_FINDINGS: Final = 5000
_FILES: Final = re.compile(r"\.github/workflows/[^/]+\.ya?ml\Z")
_ARGUMENTS: Final = (
    "--format=json", "--offline", "--no-progress", "--strict-collection", "--no-exit-codes", "--no-config", "--no-ignores", "--collect=workflows",
)  # fmt: skip
_WITHOUT: Final = "zizmor on PATH or in this environment (pip install zizmor)"


def look(tree: Tree) -> WorkflowAudit:
    """Audit the workflows that the forge would run."""
    paths = [path for path in tree.files if _FILES.match(path) and not path.startswith(("/", ".."))]
    if not paths:
        return WorkflowAudit(because="There are no workflows.", missing="a workflow")
    binary = shutil.which("zizmor", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
    if binary is None:
        return WorkflowAudit(missing=_WITHOUT, because="zizmor is not installed.")
    with tempfile.TemporaryDirectory(prefix="troth-audit-") as folder:
        for path in paths:
            data = tree.reader(path)
            if data is None:
                return WorkflowAudit(missing="workflows that can be read", because=f"{path} cannot be read.")
            copy = Path(folder, ".github", "workflows", PurePosixPath(path).name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(data)
        return _run(binary, Path(folder))


def _run(binary: str, folder: Path) -> WorkflowAudit:
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603 - our own argument list, no shell
            [binary, *_ARGUMENTS, "."], cwd=folder, capture_output=True, env=environment, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return WorkflowAudit(missing="an audit that ends in time", because=f"zizmor took longer than {_SECONDS:g} s.")
    except OSError as error:
        return WorkflowAudit(missing=_WITHOUT, because=f"zizmor could not be started ({error.strerror}).")
    if done.returncode != 0 or len(done.stdout) > _MOST_BYTES:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = next((line.strip() for line in said if re.match(r"\s*0?:?\s*(invalid|fatal|failed|error)", line, re.IGNORECASE)), "no reason given")
        return WorkflowAudit(missing="workflows that zizmor can parse", because=f"zizmor failed: {reason[:200]}")
    try:
        findings = tuple(_findings(json.loads(done.stdout)))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        return WorkflowAudit(missing="a zizmor whose answers this version knows", because=f"Its answer has another shape ({type(error).__name__}).")
    return WorkflowAudit(findings, _version(done.stderr))


def _version(said: bytes) -> str:
    """Name and version from the line with which it greets."""
    match = re.search(rb"zizmor v([\w.+-]{1,40})", said)
    return f"zizmor {match.group(1).decode('ascii')}" if match else "zizmor"


def _findings(told: list[dict[str, object]]) -> Iterator[AuditFinding]:
    for one in told[:_MOST_FINDINGS]:
        rated = one["determinations"]
        locations = one["locations"]
        if not isinstance(rated, dict) or not isinstance(locations, list):
            raise TypeError("determinations or locations")
        place, says = _primary(locations)
        yield AuditFinding(str(one["ident"]), str(rated["severity"]), str(rated["confidence"]), place, says, bool(one.get("ignored")))


def _primary(locations: list[dict[str, dict[str, dict[str, dict[str, object]]]]]) -> tuple[Place, str]:
    main = next((each for each in locations if str(each["symbolic"]["kind"]) == "Primary"), locations[0])
    name = str(main["symbolic"]["key"]["Local"]["verbatim_path"])
    start = main["concrete"]["location"]["start_point"]
    row = start["row"]
    if not isinstance(row, int):
        raise TypeError("row")
    says = " ".join(str(main["symbolic"]["annotation"]).split())[:200]
    return Place(f".github/workflows/{PurePosixPath(name).name}", row + 1), says
