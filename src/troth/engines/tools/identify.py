"""Words of a command -> the tool that it calls, behind whatever wraps it (`sudo`, `uv run`, `npx`, `python -m`, `docker run IMAGE`)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from troth.engines.tools.spec import Catalogue, ToolSpec

__all__ = ["Identified", "identify", "positionals", "unwrap"]

_PLAIN = frozenset(("sudo", "time", "nice", "exec", "command", "nohup", "xvfb-run", "doas", "stdbuf", "winpty"))
_RUNNERS: dict[tuple[str, ...], frozenset[str]] = {
    ("uv", "run"): frozenset(
        ("--with", "--extra", "--group", "--python", "-p", "--package", "--directory", "--project")
    ),
    ("uv", "tool", "run"): frozenset(("--from", "--with", "--python", "-p")),
    ("uvx",): frozenset(("--from", "--with", "--python", "-p")),
    ("poetry", "run"): frozenset(),
    ("pipenv", "run"): frozenset(),
    ("pdm", "run"): frozenset(("-p",)),
    ("rye", "run"): frozenset(),
    ("pixi", "run"): frozenset(("-e",)),
    ("pipx", "run"): frozenset(("--spec",)),
    ("conda", "run"): frozenset(("-n", "--name", "-p")),
    ("npx",): frozenset(("-p", "--package", "-c")),
    ("bunx",): frozenset(("-p", "--package")),
    ("bun", "x"): frozenset(),
    ("pnpm", "exec"): frozenset(),
    ("pnpm", "dlx"): frozenset(("--package",)),
    ("yarn", "exec"): frozenset(),
    ("yarn", "dlx"): frozenset(("-p",)),
    ("npm", "exec"): frozenset(("-p", "--package")),
    ("bundle", "exec"): frozenset(),
    ("dotnet", "tool", "run"): frozenset(),
    ("composer", "exec"): frozenset(),
    ("coverage", "run"): frozenset(("--source", "--rcfile", "-p")),
    ("dbus-run-session",): frozenset(),
    ("xargs",): frozenset(("-n", "-P", "-I", "-L")),
    ("env",): frozenset(("-u",)),
    ("timeout",): frozenset(("-k", "-s")),
}
_DOCKER_VALUES = frozenset(
    (
        "-v",
        "--volume",
        "-e",
        "--env",
        "-w",
        "--workdir",
        "--entrypoint",
        "-u",
        "--user",
        "--name",
        "--network",
        "-p",
        "--mount",
        "--env-file",
        "--platform",
        "--memory",
        "--cpus",
    )
)
_PYTHON = re.compile(r"(?:python(?:\d(?:\.\d+)?)?|py)(?:\.exe)?")
_VERSION = re.compile(r"(?<=.)@[\w.^~*-]+$")


@dataclass(frozen=True, slots=True)
class Identified:
    """A tool and the words after its command; `words` begin with the command's first word."""

    spec: ToolSpec | None
    words: tuple[str, ...]
    rest: tuple[str, ...]


def _skip_options(words: tuple[str, ...], values: frozenset[str]) -> tuple[str, ...]:
    at = 0
    while at < len(words) and (words[at].startswith("-") or "=" in words[at].split("/")[0]):
        if words[at] == "--":
            return words[at + 1 :]
        at += 2 if words[at] in values else 1
    return words[at:]


def _one(words: tuple[str, ...]) -> tuple[str, ...]:
    """Take one wrapper off; the same words where there is none."""
    first = words[0].rsplit("/", 1)[-1]
    if first == "command" and words[1:2] and re.match(r"-\w*[vV]", words[1]):
        return words  # asks where a command is, and runs none
    if first in _PLAIN and len(words) > 1:
        return (
            _skip_options(words[1:], frozenset(("-u", "-n")))
            if first == "sudo"
            else _skip_options(words[1:], frozenset())
        )
    if _PYTHON.fullmatch(first):
        rest = _skip_python(words[1:])
        return rest if rest is not None else words
    if first in ("docker", "podman") and words[1:2] == ("run",):
        return _skip_options(words[2:], _DOCKER_VALUES) or words
    for length in (3, 2, 1):
        key = (first, *words[1:length])
        if len(words) > length and key in _RUNNERS:
            rest = _skip_options(words[length:], _RUNNERS[key])
            if key == ("timeout",) and rest:
                rest = rest[1:]
            return rest or words
    return words


def _skip_python(words: tuple[str, ...]) -> tuple[str, ...] | None:
    """What `python -m` runs; None for a script or `-c`."""
    valued = False
    for at, word in enumerate(words):
        if valued:
            valued = False
        elif word == "-m":
            return words[at + 1 :] or None
        elif not word.startswith("-") or word == "-c":
            return None
        else:
            valued = word in ("-W", "-X")
    return None


def unwrap(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The words without wrappers; at least one word where there was one."""
    words = argv
    for _ in range(6):
        if not words:
            return argv
        inner = _one(words)
        if inner == words or not inner:
            break
        words = inner
    return words


def identify(argv: tuple[str, ...], known: Catalogue) -> Identified:
    """The tool that a command calls; `spec` is None for a command that is none of the known ones."""
    words = unwrap(argv)
    if not words:
        return Identified(None, argv, ())
    image = known.image(words[0]) if "/" in words[0] else None
    if image is not None:
        rest = words[1:]
        if rest[:1] in (("sh",), ("bash",)):
            return Identified(None, rest, rest[1:])
        if rest[:1] and rest[0] == image.commands[0][0]:
            rest = rest[1:]
        return Identified(image, (image.commands[0][0], *rest), rest)
    if re.search(r"(?:\A|\s)(?:docker|podman) run ", " ".join(argv[:4])) and words[0] != argv[0]:
        # an image that is not known here: it is told which command to start, or carries the name of its tool
        own = words[0].rsplit("/", 1)[-1].partition("@")[0].partition(":")[0]
        if len(words) > 1 and words[1].rsplit("/", 1)[-1] in known.by_command:
            words = words[1:]
        elif any(len(command) == 1 for command, _ in known.by_command.get(own, ())):
            words = (own, *words[1:])
    first = _VERSION.sub("", words[0].rsplit("/", 1)[-1]).removesuffix(".exe")
    for command, spec in known.by_command.get(first, ()):
        after = _after(command, words)
        if after is not None:
            return Identified(spec, (first, *words[1:]), after)
    return Identified(None, words, words[1:])


def _after(command: tuple[str, ...], words: tuple[str, ...]) -> tuple[str, ...] | None:
    """Words after a command of several words, options and `+toolchain` between them skipped; None where it is another command."""
    wanted = list(command[1:])
    skipped: list[str] = []
    for at, word in enumerate(words[1:], 1):
        if not wanted:
            return (*skipped, *words[at:])
        if word == wanted[0]:
            wanted.pop(0)
        elif word.startswith(("-", "+")):
            skipped.append(word)
        else:
            return None
    return tuple(skipped) if not wanted else None


def positionals(rest: tuple[str, ...], values: frozenset[str]) -> tuple[str, ...]:
    """Words that are neither options nor the values of options."""
    found: list[str] = []
    skip = False
    for at, word in enumerate(rest):
        if skip:
            skip = False
        elif word == "--":
            found.extend(rest[at + 1 :])
            break
        elif word.startswith("-") and word != "-":
            skip = word in values
        else:
            found.append(word)
    return tuple(found)
