"""Inputs of 50 KB made to cost time; none may take the redactor more than 10 ms of processor time (the best of five, so that a busy machine is not counted)."""

from __future__ import annotations

import base64
import random
import string
import time
from collections.abc import Callable

from troth.guard.redact import shared_redactor

SIZE = 50_000
LIMIT_MS = 10.0
PIECES = ["a", "A1", "=", "://", "x://", ":", "@", "password=", "password", "-----BEGIN ", "-----", "eyJ", ".", "sk-", "ghp_", "AKIA", "\n", " ", "\"", "'", "\\", "%41", "\u200b", "é", "0", "f", "/", "+", "Bearer ", "Authorization: ", "key: ", "{", "[", "token=", "aa.aa.", "\0", "<", "&#", "\\u0041", "AIza", "xoxb-", "x", "mongodb://u:", "https://u:p@", "----"]  # fmt: skip
WORD = string.ascii_letters + string.digits
"""Whole tokens, labels with values and encoded runs, each one different: what is found costs more than what is not."""
CROWDS: tuple[Callable[[random.Random], str], ...] = (
    lambda r: "ghp_" + _some(r, 36) + " ", lambda r: "AKIA" + _some(r, 16).upper(), lambda r: "pwd=" + _some(r, 4) + " ", lambda r: _some(r, 3) + "_password=" + _some(r, 5) + "\n",
    lambda r: f"key{r.randrange(10**6)}: {_some(r, 8)}, ", lambda r: f"token_{_some(r, 4)}=1 ", lambda r: base64.b64encode(b"ghp_" + _some(r, 20).encode()).decode() + " ",
    lambda r: ("sk_live_" + _some(r, 12)).encode().hex() + "\n", lambda r: "".join(f"%{ord(c):02x}" for c in "AKIA" + _some(r, 10)) + " ", lambda r: f'"ghp_" + "{_some(r, 36)}" ', lambda r: 'abc"+"abcdef',
    lambda r: "eyJhbGciOiJIUzI1NiJ9.eyJ" + _some(r, 30) + "." + _some(r, 20) + " ", lambda r: "-----BEGIN RSA PRIVATE KEY-----\n" + _some(r, 64) + "\n", lambda r: f"postgres://{_some(r, 4)}:{_some(r, 6)}@h ",
    lambda r: "pass\u200bword=" + _some(r, 5) + " ", lambda r: "раssword=" + _some(r, 5) + " ", lambda r: "\x1b[31mpassword=\x1b[0m" + _some(r, 5), lambda r: chr(0xFF01 + r.randrange(94)), lambda r: "Bearer " + _some(r, 20) + " ",
    lambda r: "Authorization: bearer " + _some(r, 8) + "\n", lambda r: "Cookie: a=" + _some(r, 6) + "\n", lambda r: "?sig=" + _some(r, 6), lambda r: '"+"', lambda r: "a://b:" + "c" * 250, lambda r: "://" + ":" * 50,
)  # fmt: skip


def _some(chance: random.Random, count: int) -> str:
    return "".join(chance.choices(WORD, k=count))


def _crowd(make: Callable[[random.Random], str], chance: random.Random) -> str:
    made, length = [], 0
    while length < SIZE:
        made.append(make(chance))
        length += len(made[-1])
    return "".join(made)


def inputs(count: int, seed: int = 7) -> list[str]:
    """Repetitions of one piece, crowds of whole secrets, repetitions of two pieces and of many, and noise."""
    random.seed(seed)
    chance = random.Random(seed)
    made = [(piece * SIZE)[:SIZE] for piece in PIECES] + [_crowd(make, chance)[:SIZE] for make in CROWDS]
    while len(made) < count:
        kind = len(made) % 4
        if kind == 0:
            text = "".join(random.choices(PIECES, k=2)) * SIZE
        elif kind == 1:
            text = "".join(random.choices(PIECES, k=SIZE // 4)).ljust(SIZE, "a")
        elif kind == 2:
            text = random.choice(PIECES) + random.choice(PIECES) * SIZE
        else:
            text = "".join(chr(random.randrange(32, 0x250)) for _ in range(SIZE))
        made.append(text[:SIZE])
    return made[:count]


def fuzz(count: int) -> tuple[float, int, float]:
    """Worst milliseconds, how many were over the limit, seconds in all."""
    redactor, begun, worst, slow = shared_redactor(), time.monotonic(), 0.0, 0
    redactor.text("warm up")
    for text in inputs(count):
        best = 1e9
        for _ in range(5):
            start = time.process_time()
            redactor.text(text)
            best = min(best, (time.process_time() - start) * 1000)
            if best <= LIMIT_MS:
                break
        worst = max(worst, best)
        slow += best > LIMIT_MS
    return worst, slow, time.monotonic() - begun
