"""Samples of a policy are run: those that work, those that name what is not there, and those that need what nobody can know."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from troth.app.samples import prove_samples, samples_of
from troth.errors import PolicyNotFoundError
from troth.guard.prove.samples import run_sample
from troth.guard.sandbox import SandboxError

OWN = ["vault_of_samples"]
GOOD = "from vault_of_samples import Device\n\ndevice = Device('cpu')\nassert device.name == 'cpu'\n"


@pytest.mark.parametrize(
    ("code", "held"),
    [
        ("import json\njson.dumps({})\n", True),
        ("def safe(name):\n    return name\n\nsafe('x')\n", True),
        ("import json\njson.dump_string({})\n", False),
        ("import json\njson.dumps()\n", False),
        ("def broken(:\n    pass\n", False),
        ("from json import NativeLoads\n", None),
        ("safe = redact(sensitive_data)\n", None),
        ("import a_module_that_is_not_here\n", None),
        ("open('/no/such/file')\n", None),
        ("raise SystemExit(3)\n", None),
    ],
)
def test_one_sample(code: str, held: bool | None) -> None:
    assert run_sample({"code": code, "own": OWN})["held"] is held


def test_a_name_that_the_trees_own_package_does_not_export_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vault_of_samples").mkdir()
    (tmp_path / "vault_of_samples" / "__init__.py").write_text("class Device:\n    def __init__(self, name):\n        self.name = name\n")
    monkeypatch.syspath_prepend(tmp_path)

    assert run_sample({"code": GOOD, "own": OWN})["held"] is True
    for code in ("from vault_of_samples import NativeDevice\n", "import vault_of_samples\nvault_of_samples.NativeDevice('cpu')\n", "import vault_of_samples.devices\n"):
        assert run_sample({"code": code, "own": OWN})["held"] is False, code


def test_samples_are_found_in_lists_and_quotes_with_their_lines() -> None:
    text = "# Policy\n\n```python\na = 1\n```\n\n1. First:\n\n   ```bash\n   ls\n   ```\n\n> ```py\n> b = 2\n> ```\n"

    assert [(line, language) for line, language, _ in samples_of(text)] == [(4, "python"), (10, "bash"), (14, "py")]


@pytest.mark.parametrize(
    ("policy", "held"),
    [
        (f"```python\n{GOOD}```\n", True),
        (f"```python\n{GOOD}```\n\n```python\nfrom vault_of_samples import NativeDevice\n```\n", False),
        (f"```python\n{GOOD}```\n\n```bash\nmake scan\n```\n", None),
        ("```python\nwhile True:\n    pass\n```\n", None),
        ("No samples.\n", None),
    ],
)
def test_a_policy(tmp_path: Path, policy: str, held: bool | None) -> None:
    (tmp_path / "SECURITY.md").write_text("# Security Policy\n\n" + policy)
    (tmp_path / "vault_of_samples").mkdir()
    (tmp_path / "vault_of_samples" / "__init__.py").write_text("class Device:\n    def __init__(self, name):\n        self.name = name\n")
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=r", "-c", "user.email=r@example.org", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    try:
        proof = prove_samples(tmp_path, seconds=3)
    except SandboxError as error:
        pytest.skip(f"no sandbox here: {error}")

    assert [(row["control"], row["held"]) for row in proof.observations] == [("policy/samples-run", held)]
    assert len(proof.commit) == 40


def test_a_tree_without_a_policy_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PolicyNotFoundError):
        prove_samples(tmp_path)
