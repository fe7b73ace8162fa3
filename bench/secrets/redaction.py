"""Cost of redacting a log line, per engine, and the worst case on adversarial text.

    python bench/secrets/redaction.py

Lines are generated (access log, trainer, JSON, traceback); one in a hundred holds a token made for the run. Figures are CPU time.
"""

from __future__ import annotations

import random
import string
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.detectors.test_rules import RULES, token

from troth.detectors.redaction import Redactor
from troth.detectors.scanner import default
from troth.errors import DetectorError

WORDS = [
    "loaded",
    "batch",
    "epoch",
    "loss",
    "accuracy",
    "request",
    "user",
    "session",
    "cache",
    "worker",
    "tokenizer",
    "queue",
    "retry",
    "timeout",
    "response",
    "header",
    "config",
]


def lines(count: int) -> list[bytes]:
    chance = random.Random(9)
    made = []
    for _ in range(count):
        uid = f"{chance.getrandbits(128):032x}"
        words = " ".join(chance.choice(WORDS) for _ in range(14))
        kind = chance.randrange(4)
        text = (
            f'10.0.{chance.randrange(256)}.7 - - [21/Nov/2026:08:03:19 +0000] "GET /api/v1/items/{uid[:8]}?page=2 HTTP/1.1" 200 531 "https://example.org/a" "Mozilla/5.0 (X11; Linux x86_64) {words[:60]}"',
            f"2026-11-21 08:03:19,123 INFO trainer: step={chance.randrange(10**6)} loss={chance.random():.5f} tokens={chance.randrange(10**6)} {words}",
            f'{{"time":"2026-11-21T08:03:19Z","level":"info","request_id":"{uid[:8]}-{uid[8:12]}-{uid[12:16]}-{uid[16:20]}-{uid[20:]}","msg":"{words}"}}',
            f'  File "/usr/lib/python3.11/site-packages/{words.split()[0]}/core.py", line {chance.randrange(900)}, in run_{words.split()[1]}: {words}',
        )[kind]
        made.append(text.encode()[:230])
    return made


def main() -> None:
    clean = lines(20_000)
    size = sum(map(len, clean)) / len(clean)
    for engine in ("hyperscan", "re2", "re"):
        try:
            redactor = Redactor(default(engine))
        except DetectorError as error:
            print(f"{engine}: {error}")
            continue
        some = clean if engine != "re" else clean[:1500]
        altered = sum(redactor.bytes(line) != line for line in some)
        best = min(spent(redactor, some) for _ in range(3)) / len(some)
        secret = [(token(rule, n), rule) for n, rule in enumerate(RULES)]
        leaked = sum(value in redactor.bytes(b"INFO app: got " + text + b" ok\n") for (text, value), _ in secret)
        worst = max(spent(redactor, [bomb]) for bomb in bombs()) * 1000 / 4
        print(
            f"{engine:10} {best * 1e6:8.2f} us per line of {size:.0f} bytes; {altered} of {len(some)} clean lines altered; "
            f"{leaked} of {len(secret)} tokens leaked; worst {worst:.2f} ms per 10 KB"
        )
    with_known_values(clean[:4000])
    against_logfire(clean)


def with_known_values(clean: list[bytes]) -> None:
    """What registered values cost: a clean line beside none, and inputs of 50 KB made to cost time (bar 10 ms)."""
    from tests.attacks.redaction.fuzz import inputs

    from troth.detectors.redaction import Registry

    chance = random.Random(3)
    for count in (0, 1, 50, 500):
        registry = Registry()
        start = time.process_time()
        for _ in range(count):
            registry.add("".join(chance.choices(string.ascii_letters + string.digits + "+/-_", k=chance.randrange(12, 44))))
        each = (time.process_time() - start) / max(count, 1)
        redactor = Redactor(registry=registry)
        best = min(spent(redactor, clean) for _ in range(3)) / len(clean)
        texts = inputs(100)
        costs = [min(clocked(partial(redactor.text, text)) for _ in range(3)) * 1000 for text in texts]
        print(f"{count} known values: {best * 1e6:.2f} us a line, {each * 1e3:.2f} ms to add one; {sum(cost > 10 for cost in costs)} of {len(costs)} inputs of 50 KB over 10 ms, worst {max(costs):.1f}")


def against_logfire(clean: list[bytes]) -> None:
    """Troth and logfire's scrubber in turn over the same lines (bar: thirty times as quick)."""
    try:
        from logfire._internal.scrubbing import Scrubber
    except ImportError:
        print("logfire: not installed")
        return
    redactor, scrubber = Redactor(default("hyperscan")), Scrubber(None)
    texts = [line.decode() for line in clean[:4000]]
    redactor.text(texts[0])
    ratios = []
    for _ in range(7):
        ours = clocked(lambda: [redactor.text(text) for text in texts])
        theirs = clocked(lambda: [scrubber.scrub_value(("message",), text) for text in texts])
        ratios.append((theirs / ours, ours / len(texts) * 1e6, theirs / len(texts) * 1e6))
    ratio, ours, theirs = sorted(ratios)[3]
    altered = sum(scrubber.scrub_value(("message",), text)[0] != text for text in texts)
    print(f"logfire: {theirs:.2f} us per line beside {ours:.2f} for Troth's text, {ratio:.1f} times (bar 30); it alters {altered} of {len(texts)} clean lines")


def clocked(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def bombs() -> list[bytes]:
    return [
        b"a" * 40_000,
        b"-----BEGIN RSA PRIVATE KEY-----" * 1300,
        b"eyJ" * 13_000,
        b"x://a:b@" * 5000,
        b"password=" * 4500,
        b"%68%66" * 6600,
    ]


def spent(redactor: Redactor, some: list[bytes]) -> float:
    start = time.process_time()
    for line in some:
        redactor.bytes(line)
    return time.process_time() - start


if __name__ == "__main__":
    main()
