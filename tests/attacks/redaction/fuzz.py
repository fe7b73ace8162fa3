"""Inputs of 50 KB made to cost time; none may take the redactor more than 10 ms (the best of three, so that a busy machine is not counted)."""

from __future__ import annotations

import random
import time

from troth.guard.redact import shared_redactor

SIZE = 50_000
LIMIT_MS = 10.0
PIECES = ["a", "A1", "=", "://", "x://", ":", "@", "password=", "password", "-----BEGIN ", "-----", "eyJ", ".", "sk-", "ghp_", "AKIA", "\n", " ", "\"", "'", "\\", "%41", "\u200b", "é", "0", "f", "/", "+", "Bearer ", "Authorization: ", "key: ", "{", "[", "token=", "aa.aa.", "\0", "<", "&#", "\\u0041", "AIza", "xoxb-", "x", "mongodb://u:", "https://u:p@", "----"]  # fmt: skip


def inputs(count: int, seed: int = 7) -> list[str]:
    """Repetitions of one piece, of two and of many, and noise."""
    random.seed(seed)
    made = [(piece * SIZE)[:SIZE] for piece in PIECES]
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
        for _ in range(3):
            start = time.perf_counter()
            redactor.text(text)
            best = min(best, (time.perf_counter() - start) * 1000)
            if best <= LIMIT_MS:
                break
        worst = max(worst, best)
        slow += best > LIMIT_MS
    return worst, slow, time.monotonic() - begun
