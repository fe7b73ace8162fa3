"""Exports that were changed by somebody who has no key: neither Troth nor the program on the page may take them for the log. Each beside a harmless twin: the export as it is."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.ledger.test_ledger_command import fill, run, verifier, vkey

Lines = list[str]
TENANT = "acme/web"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("exports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        patch.setenv("TROTH_STORE", f"sqlite:///{folder / 'troth.db'}")
        fill(folder, 20)
        assert run(["ledger", "checkpoint", "--tenant", TENANT, "--keep", str(folder / "kept")]) == 0
        fill(folder, 5)
        assert run(["ledger", "export", str(folder / "log.jsonl"), "--tenant", TENANT]) == 0
        verifier(folder)
        yield folder, (folder / "log.jsonl").read_text(encoding="utf-8").splitlines(keepends=True), vkey()


def row(lines: Lines, number: int, **values: object) -> Lines:
    told = json.loads(lines[number + 1])
    told.update({name: value(told) if callable(value) else value for name, value in values.items()})
    return [*lines[: number + 1], json.dumps(told) + "\n", *lines[number + 2 :]]


def note(lines: Lines, change: Callable[[str], str]) -> Lines:
    text = json.loads(lines[-1])["checkpoint"]
    assert text != change(text), text
    return [*lines[:-1], json.dumps({"checkpoint": change(json.loads(lines[-1])["checkpoint"])}) + "\n"]


def shifted(count: int) -> Callable[[Lines], Lines]:
    """What was said, shorter by so many letters, which now count as salt: the digest over both is the same."""
    return lambda lines: row(lines, 5, salt=lambda told: told["salt"] + told["body"][:count].encode().hex(), body=lambda told: told["body"][count:])


def _lengthened(lines: Lines) -> Lines:
    """What was said with letters of the salt before it, of an entry whose salt ends in letters."""
    for number, line in enumerate(lines[1:-1]):
        told = json.loads(line)
        last = bytes.fromhex(told["salt"] or "ff")[-1:]
        if last.isascii():
            return row(lines, number, salt=told["salt"][:-2], body=last.decode() + told["body"])
    raise AssertionError("no salt ends in a letter")


def _resigned(text: str) -> str:
    body, _, signature = text.rpartition("\n\n")
    name = signature.split(" ")[1]
    own = Ed25519PrivateKey.generate()
    known = base64.b64decode(signature.split(" ")[2])[:4]
    blob = base64.b64encode(known + own.sign(f"{body}\n".encode())).decode()
    return f"{body}\n\n\u2014 {name} {blob}\n"


ATTACKS: dict[str, Callable[[Lines], Lines]] = {
    "a word of what was said counts as salt": shifted(4),
    "all of what was said counts as salt": lambda lines: row(lines, 5, salt=lambda told: told["salt"] + told["body"].encode().hex(), body=""),
    "a letter of the salt counts as said": _lengthened,
    "the salt is written with spaces": lambda lines: row(lines, 5, salt=lambda told: " ".join(re.findall("..", told["salt"]))),
    "the salt is written in capitals": lambda lines: row(lines, 5, salt=lambda told: "AB" + told["salt"][2:].upper()),
    "a salt without what was said": lambda lines: row(lines, 5, body=None),
    "what was said without a salt": lambda lines: row(lines, 5, salt=None),
    "what was said as an object": lambda lines: row(lines, 5, body=lambda told: json.loads(told["body"])),
    "the leaf as an object": lambda lines: row(lines, 5, leaf=lambda told: json.loads(told["leaf"])),
    "a leaf with a space": lambda lines: row(lines, 5, leaf=lambda told: told["leaf"].replace(":", ": ", 1)),
    "half a letter in what was said": lambda lines: row(lines, 5, body=lambda told: told["body"] + "\ud800"),
    "an empty line": lambda lines: [*lines[:4], "\n", *lines[4:]],
    "two checkpoints": lambda lines: [*lines, lines[-1]],
    "a checkpoint in the middle": lambda lines: [*lines[:9], lines[-1], *lines[9:]],
    "a header in the middle": lambda lines: [*lines[:9], lines[0], *lines[9:]],
    "no header": lambda lines: lines[1:],
    "a header that says more": lambda lines: [json.dumps({**json.loads(lines[0]), "erased": [5]}) + "\n", *lines[1:]],
    "a header without a number": lambda lines: [json.dumps({**json.loads(lines[0]), "size": "26"}) + "\n", *lines[1:]],
    "the log of another tenant, all through": lambda lines: [line.replace("acme/web", "evil/web") for line in lines],
    "a checkpoint that somebody else signed under the same name and number": lambda lines: note(lines, _resigned),
    "a checkpoint without a signature": lambda lines: note(lines, lambda text: text.rpartition("\n\n")[0] + "\n\n"),
    "a checkpoint of a size in other digits": lambda lines: note(lines, lambda text: text.replace("\n26\n", "\n\uff12\uff16\n")),
    "a checkpoint with a line more": lambda lines: note(lines, lambda text: text.replace("\n\n", "\nmore\n\n", 1)),
    "a checkpoint whose text begins anew": lambda lines: note(lines, lambda text: text.replace("\n26\n", "\n25\n", 1) + text),
    "a checkpoint that is nothing": lambda lines: note(lines, lambda text: ""),
    "the last entries taken away with their number": lambda lines: [lines[0].replace("26", "20"), *lines[1:21], lines[-1]],
    "an entry put in at the end": lambda lines: [lines[0].replace("26", "27"), *lines[1:-1], lines[-2], lines[-1]],
}


@pytest.mark.parametrize("name", list(ATTACKS))
def test_a_changed_export_verifies_neither_with_troth_nor_without(made: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, lines, key = made
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    changed, whole = tmp_path / "changed.jsonl", folder / "log.jsonl"
    changed.write_bytes("".join(ATTACKS[name](list(lines))).encode("utf-8", "surrogatepass"))
    assert changed.read_bytes() != whole.read_bytes()

    def alone(path: Path) -> int:
        return subprocess.run([sys.executable, "-I", str(folder / "verify_ledger.py"), str(path), key, str(folder / "kept")], capture_output=True).returncode

    assert (0, 0) == (run(["ledger", "verify", str(whole)]), alone(whole)), "the twin was refused"
    assert 0 != run(["ledger", "verify", str(changed)])
    assert 0 != alone(changed)
