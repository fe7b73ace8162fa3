"""Lists of commands are read as they are written, tried as they are consulted, and told apart by who heeds them."""

from __future__ import annotations

import pytest

from tests.timing import processor_seconds
from troth.engines.code.command_filters import look
from troth.judgement.command_corpus import DANGERS, dangers_of
from troth.terms.facts.command_filters import CommandFilter, Entry
from troth.terms.facts.tree import File, Tree
from troth.terms.place import Place

RUN = "\n\ndef run(command):\n    check(command)\n    return subprocess.run(command, shell=True)\n\n\nTOOLS = [run]\n"


def filters(text: str, path: str = "agent/shell.py") -> tuple[CommandFilter, ...]:
    data = text.encode()
    return look(Tree({path: File(path, len(data))}, {path: data}.get)).filters


def python(given: str, test: str) -> CommandFilter:
    """The one list of a module that asks it in a function of its own."""
    found = filters(f"import re\nimport subprocess\n\nBLOCKED_COMMANDS = {given}\n\n\ndef check(command):\n    {test}\n        raise PermissionError{RUN}")
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("given", "test", "mode", "stopped", "passed"),
    [
        (r'[r"\bmkfs\b", r"\bdd\b"]', "if any(re.search(p, command) for p in BLOCKED_COMMANDS):", "search", "sudo mkfs /dev/sda", "ls"),
        (r'[re.compile(r"MKFS", re.IGNORECASE), re.compile(r"dd")]', "if any(p.match(command) for p in BLOCKED_COMMANDS):", "match", "mkfs /dev/sda", "sudo mkfs"),
        ('["mkfs", "rm -rf"]', "if any(word in command for word in BLOCKED_COMMANDS):", "piece", "sudo rm -rf /", "rm -r -f /"),
        ('("mkfs", "rm -rf")', "if any(command.startswith(word) for word in BLOCKED_COMMANDS):", "prefix", "mkfs.ext4", "sudo mkfs"),
        ('{"mkfs", "rm"}', "if command.split()[0] in BLOCKED_COMMANDS:", "word", "rm -rf /", "mkfs.ext4"),
        ('frozenset({"mkfs", "rm"})', "if command in BLOCKED_COMMANDS:", "whole", "rm", "rm -rf /"),
        ('[("mkfs", "formats a disk"), ("dd if", "writes to one")]', "if any(word in command for word, why in BLOCKED_COMMANDS):", "piece", "dd if=x", "formats a disk"),
        ('(given or []) + ["mkfs", "rm -rf"]', "if any(word in command for word in BLOCKED_COMMANDS):", "piece", "mkfs", "ls"),
    ],
    ids=["search", "match", "piece", "prefix", "word", "whole", "with reasons", "added to others"],
)
def test_a_list_is_tried_as_it_is_consulted(given: str, test: str, mode: str, stopped: str, passed: str) -> None:
    found = python(given, test)

    assert (found.mode, found.refuses, found.live, found.acts, found.before_start, found.heeded) == (mode, True, True, True, True, True)
    assert found.hits(stopped) is True
    assert found.hits(passed) is False


def test_what_is_lowered_is_lowered() -> None:
    assert python('["mkfs", "rm"]', "if any(word in command.lower() for word in BLOCKED_COMMANDS):").hits("MKFS /dev/sda") is True


def test_regular_expressions_of_javascript_are_read() -> None:
    text = 'import { exec } from "node:child_process";\nconst BLOCKED_COMMANDS = [/mkfs/i, /\\brm\\s+-rf\\b/];\nexport function run(command) {\n  if (BLOCKED_COMMANDS.some((p) => p.test(command))) {\n    throw new Error("no");\n  }\n  return exec(command);\n}\nrun("ls");\n'
    (found,) = filters(text, "src/shell.ts")

    assert found.mode == "search"
    assert [found.hits(command) for command in ("MKFS x", "rm  -rf /", "rm -fr /")] == [True, True, False]


def test_an_expression_that_may_take_for_ever_is_not_tried() -> None:
    found = python(r'[r"(a+)+$", r"mkfs"]', "if any(re.search(p, command) for p in BLOCKED_COMMANDS):")

    assert found.hits("ls") is None
    assert found.hits("mkfs") is True


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("    if any(word in command for word in BLOCKED_COMMANDS):\n        log.warning(command)\n", "acts"),
        ("    return None\n", "mode"),
    ],
    ids=["only logged", "not asked"],
)
def test_a_list_without_effect_is_told(body: str, what: str) -> None:
    (found,) = filters(f'import subprocess\n\nBLOCKED_COMMANDS = ["mkfs", "rm"]\n\n\ndef check(command):\n{body}{RUN}')

    assert not getattr(found, what)


def test_lists_of_other_things_are_no_lists_of_commands() -> None:
    assert filters('BLOCKED_HOSTS = ["a.example", "b.example"]\nSAFE_COLOURS = ["red", "blue"]\n', "agent/hosts.py") == ()


def test_the_first_word_is_compared_whole() -> None:
    entry = Entry("rm", Place("a.py", 1))
    made = CommandFilter("DENIED", True, "word", (entry,), Place("a.py", 1))

    assert made.hits("rm -rf /") is True
    assert made.hits("rmdir x") is False


def test_every_danger_has_a_plain_form_and_is_found_by_its_name() -> None:
    assert {danger.name for danger in DANGERS if not danger.plain} == set()
    assert [danger.name for danger in dangers_of("`rm -rf /` and fork bombs are blocked")] == ["deleting everything", "a fork bomb"]


@pytest.mark.parametrize("unit", ["deny_", "blocked_commands = [", "safe_command = (", "'x', "], ids=["name", "list", "bracket", "entries"])
def test_text_without_ends_takes_no_time_to_speak_of(unit: str) -> None:
    with processor_seconds(10):
        filters("subprocess\n" + "\n".join([unit * 10] * 800), "agent/shell.ts")
