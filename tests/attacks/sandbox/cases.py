"""The sandbox under attack beside a living victim, at both levels of isolation."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable
from pathlib import Path

from tests.attacks.sandbox import again, blind, sources
from tests.attacks.sandbox.victim import Victim
from tests.attacks.suite import Attack, Suite
from troth.guard.limits import LimitExceededError
from troth.guard.sandbox import Isolation, Sandbox, SandboxedCodeError, SandboxError, SandboxLimits

LIMITS = SandboxLimits(wall_seconds=3, cpu_seconds=3, memory_bytes=64 * 2**20, output_bytes=100_000)
DEADLY = SandboxLimits(wall_seconds=0.5, cpu_seconds=1, memory_bytes=64 * 2**20, output_bytes=100_000)

TWINS = {
    "compute": ("def main(p):\n    return sum(i * i for i in range(p))", 1000, 332833500),
    "text": ("def main(p):\n    return p.upper().encode().hex()", "añ", "41c391"),
    "regular expressions": ("import re\ndef main(p):\n    return re.findall(r'[a-z]+', p)", "ab 12 cd", ["ab", "cd"]),
    "JSON": ("import json\ndef main(p):\n    return json.loads(json.dumps(p))", {"a": [1, None]}, {"a": [1, None]}),
    "data classes": ("from dataclasses import dataclass, asdict\n@dataclass\nclass P:\n    x: int = 1\ndef main(p):\n    return asdict(P(p))", 3, {"x": 3}),
    "dates": ("from datetime import date, timedelta\ndef main(p):\n    return str(date.fromisoformat(p) + timedelta(days=1))", "2028-02-28", "2028-02-29"),
    "parse a date": ("from datetime import datetime\ndef main(p):\n    return datetime.strptime(p, '%d.%m.%Y').year", "21.11.2026", 2026),
    "statistics": ("import statistics\ndef main(p):\n    return statistics.mean(p)", [1, 2, 3], 2),
    "hashes": ("import hashlib\ndef main(p):\n    return hashlib.sha256(p.encode()).hexdigest()[:6]", "a", "ca9781"),
    "big numbers": ("def main(p):\n    return len(str(2 ** p))", 10000, 3011),
    "generators and closures": ("def main(p):\n    def g():\n        yield from p\n    return [x + 1 for x in g()]", [1, 2], [2, 3]),
    "exceptions inside": ("def main(p):\n    try:\n        return 1 / p\n    except ZeroDivisionError as e:\n        return type(e).__name__", 0, "ZeroDivisionError"),
    "random": ("import random\ndef main(p):\n    return random.Random(p).randint(0, 10**6) >= 0", 1, True),
    "decimal and fractions": ("from decimal import Decimal\nfrom fractions import Fraction\ndef main(p):\n    return [str(Decimal(p) * 3), str(Fraction(1, 3) + 1)]", "0.1", ["0.3", "4/3"]),
    "encodings": ("def main(p):\n    return p.encode('utf-16').decode('utf-16').encode('latin-1').decode('latin-1')", "é", "é"),
    "sleep a little": ("import time\ndef main(p):\n    time.sleep(p)\n    return 'awake'", 0.05, "awake"),
    "read the clock": ("import time\ndef main(p):\n    return time.time() > 1e9 and time.perf_counter() >= 0", None, True),
    "some megabytes": ("def main(p):\n    return len(bytearray(p))", 20 * 2**20, 20 * 2**20),
    "print": ("def main(p):\n    print('hello')\n    return 1", None, 1),
    "classes and decorators": ("import functools\n@functools.lru_cache\ndef f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)\ndef main(p):\n    return f(p)", 60, 1548008755920),
    "csv and string buffers": ("import csv, io\ndef main(p):\n    return list(csv.reader(io.StringIO(p)))", "a,b\n1,2", [["a", "b"], ["1", "2"]]),
    "type hints": ("import typing\ndef f(x: 'list[int]') -> int: return 1\ndef main(p):\n    return list(typing.get_type_hints(f))", None, ["x", "return"]),
    "urls": ("from urllib.parse import urlsplit\ndef main(p):\n    return urlsplit(p).hostname", "https://example.org/x", "example.org"),
    "compression": ("import zlib\ndef main(p):\n    return zlib.decompress(zlib.compress(p.encode())).decode()", "xyz", "xyz"),
    "a long answer": ("def main(p):\n    return 'x' * p", 90_000, "x" * 90_000),
    "numbers near the edge": ("def main(p):\n    return [1.7e308, -5e-324, 0.1, 2**64]", None, [1.7e308, -5e-324, 0.1, 2**64]),
    "letters beyond U+FFFF": ("def main(p):\n    return {p: '\\U0001f600\\\\u0041'}", "\U0001f511", {"\U0001f511": "\U0001f600\\u0041"}),
    "ctypes types": ("import ctypes\ndef main(p):\n    return ctypes.sizeof(ctypes.c_int64)", None, 8),
}  # fmt: skip


def _source(body: str) -> str:
    lines = body.strip("\n").split("\n")
    first = lines[0].lstrip() if not body.startswith("\n") else ""
    rest = lines[1:] if not body.startswith("\n") else body.strip("\n").split("\n")
    indented = ([f"    {first}"] if first else []) + [
        line if line.startswith("    ") else f"    {line}" for line in rest
    ]
    return sources.PRELUDE + "\n".join(indented) + "\n"


def _attack(sandbox: Callable[[], Sandbox], victim: Callable[[], Victim], body: str, limits: SandboxLimits) -> Attack:
    source = _source(body)
    compile(source, "<attack>", "exec")  # an attack that is no Python would never succeed

    def tried(_: Path) -> bool:
        begun = time.monotonic()
        try:
            got = sandbox().run(source, victim().bait, limits=limits)
        except (SandboxedCodeError, LimitExceededError):
            got = False
        late = time.monotonic() - begun > limits.wall_seconds + 3
        return got is not False or late or not victim().unharmed()

    return tried


def _answered(sandbox: Callable[[], Sandbox], frame: bytes) -> Attack:
    """A job that writes its answer by itself; it succeeds where anything comes out, or anything but the sandbox's own refusal."""
    source = f"import os, struct\nFRAME = {frame!r}\ndef main(p):\n    os.write(0, struct.pack('>Q', len(FRAME)) + FRAME)\n    os._exit(0)\n"

    def tried(_: Path) -> bool:
        try:
            sandbox().run(source, None, limits=LIMITS)
        except (SandboxedCodeError, LimitExceededError):
            return False
        except Exception:
            return True
        return True

    return tried


def _terminal(sandbox: Callable[[], Sandbox]) -> Attack:
    """An error's text carries what a terminal obeys."""

    def tried(_: Path) -> bool:
        try:
            sandbox().run("def main(p):\n    raise ValueError('a\\x1b[2J\\rb\\x9bc')", None, limits=LIMITS)
        except SandboxedCodeError as error:
            return any(letter in str(error) for letter in "\x1b\r\x9b")
        return True

    return tried


def _twin(sandbox: Callable[[], Sandbox], source: str, payload: object, value: object) -> Attack:
    return lambda _: bool(sandbox().run(source, payload, limits=LIMITS) == value)


def suites() -> list[Suite]:
    """One suite for each level of isolation."""
    return [_suite(isolation) for isolation in Isolation]


def _suite(isolation: Isolation) -> Suite:
    made: list[Sandbox] = []
    victims: list[Victim] = []

    def victim() -> Victim:
        if not victims:
            victims.append(Victim())
            atexit.register(victims[0].close)
        return victims[0]

    def sandbox() -> Sandbox:
        if not made:
            victim()  # first: it has to be there to be inherited
            made.append(Sandbox("attacks", isolation=isolation))
            atexit.register(made[0].close)
        return made[0]

    suite = Suite(f"sandbox ({isolation.value})")
    try:
        sandbox().__enter__()
    except SandboxError as error:
        suite.skipped = str(error)
        return suite
    for kind in (sources.FILES, sources.SECRETS, sources.NETWORK, sources.KERNEL, sources.EXECUTION, sources.FURTHER):
        for name, body in kind.items():
            suite.attack(name)(_attack(sandbox, victim, body, LIMITS))
    for name, body in sources.DEADLY.items():
        suite.attack(name)(_attack(sandbox, victim, body, DEADLY))
    for name, body in again.CALLS.items():
        suite.attack(f"again: {name}")(_attack(sandbox, victim, body, LIMITS))
    for name, body in again.COSTS.items():
        suite.attack(f"again: {name}")(_attack(sandbox, victim, body, DEADLY))
    for name, body in blind.CALLS.items():
        suite.attack(f"blind: {name}")(_attack(sandbox, victim, body, LIMITS))
    for name, body in blind.COSTS.items():
        suite.attack(f"blind: {name}")(_attack(sandbox, victim, body, DEADLY))
    for name, text in sources.ANSWERS.items():
        suite.attack(name)(_answered(sandbox, b'{"answer": ' + text.encode() + b"}"))
    for name, frame in sources.FRAMES.items():
        suite.attack(name)(_answered(sandbox, frame))
    suite.attack("an error that a terminal obeys")(_terminal(sandbox))
    for name, (source, payload, value) in TWINS.items():
        suite.twin(name)(_twin(sandbox, source, payload, value))
    return suite
