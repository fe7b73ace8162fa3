"""Inputs that cost time or memory out of all proportion: each has to be refused or done quickly. An attack succeeds where it takes more than two seconds or gets what is over the limit."""

from __future__ import annotations

import contextlib
import io
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.attacks.bombs.again import again, again_twins
from tests.attacks.bombs.aside import aside, aside_twins
from tests.attacks.bombs.blind import blind, blind_twins
from tests.attacks.suite import Attack, Suite
from troth.errors import GuardError
from troth.guard.limits import Concurrency, LimitExceededError, RateLimit, TextLimits, run_limited
from troth.guard.paths import PathRefusedError, Root, extract_tar, extract_zip
from troth.guard.redact import redact, shared_redactor
from troth.guard.tensors import Budget, Devices, Dtypes, ShapeLimits, demand_finite
from troth.guard.tokenizers import GuardedTokenizer

SECONDS = 2.0
TEXT = TextLimits(bytes_at_most=64_000, run_at_most=2_000, invisible="refuse")
SHAPES = ShapeLimits(bytes_at_most=2**30)


def _slow_tokens(text: str) -> list[int]:
    """A tokenizer whose cost is the square of a word's length, as several well-known ones are."""
    return [sum(ord(word[at]) for at in range(len(word)) for _ in range(len(word))) & 0xFF for word in text.split()]


def _refused(work: Callable[[], object]) -> Attack:
    """The attack succeeds if nothing refuses it, or refusing takes long."""

    def tried(_: Path) -> bool:
        begun = time.monotonic()
        try:
            work()
        except GuardError:
            return time.monotonic() - begun > SECONDS
        return True

    return tried


def _quick(work: Callable[[], object]) -> Attack:
    """The attack succeeds if the work takes long, in processor time of this process, whether it is refused or done."""

    def tried(_: Path) -> bool:
        shared_redactor().text("warm up: making the matcher is no part of the work")
        begun = time.process_time()
        with contextlib.suppress(GuardError):
            work()
        return time.process_time() - begun > SECONDS

    return tried


TEXTS = {
    "one word of 16,000 letters": "a" * 16_000, "one word of 2,001 letters": "a" * 2_001, "100 MB": "a " * 50_000_000, "64,001 bytes": "ab " * 21_334, "10^6 combining marks": "e" + "\u0301" * 10**6, "combining marks under the cap": "e" + "\u0301" * 20_000,
    "zero-width joiners": "\u200d" * 10_000, "lone surrogates": "\ud800" * 100, "right-to-left marks": "\u202e" + "abc", "control characters": "a\0b", "ESC": "a\x1b[2Jb", "C1": "a\x9bb", "tags": "a\U000e0041", "wide run": "漢" * 5_000, "ligatures that grow by 18": "\ufdfa" * 21_000,
}  # fmt: skip
SHAPE_BOMBS: dict[str, object] = {
    "(2^32, 2^32)": (2**32, 2**32), "wraps to 0": (2**32, 2**32, 1), "wraps to small": (2**33, 2**31, 2), "negative": (-1, -1), "zero beside huge": (0, 2**62), "65 dimensions": (1,) * 65, "float": (1e9,), "bool": (True,), "text": ("1e9",), "nested": ((4, 4),), "a dictionary": {"a": 1}, "10^400": (10**400,),
}  # fmt: skip


def _limited(code: str, **limits: float) -> Attack:
    def tried(_: Path) -> bool:
        begun = time.monotonic()
        try:
            run_limited(lambda: _work(code), **limits)  # type: ignore[arg-type]
        except LimitExceededError:
            return time.monotonic() - begun > SECONDS + 1
        except RuntimeError:
            return time.monotonic() - begun > SECONDS + 1
        return True

    return tried


def _work(code: str) -> object:
    space: dict[str, object] = {}
    exec(code, space)
    return space.get("x")


def _unpack(place: Path, data: bytes, tar: bool = False) -> None:
    with Root(place) as root:
        if tar:
            extract_tar(io.BytesIO(data), root, total_bytes=10**6, members=100)
        else:
            extract_zip(io.BytesIO(data), root, total_bytes=10**6, members=100)


def _archive(members: int, size: int, tar: bool) -> Attack:
    def tried(place: Path) -> bool:
        data = io.BytesIO()
        if tar:
            with tarfile.open(fileobj=data, mode="w:gz") as out:
                for number in range(members):
                    info = tarfile.TarInfo(f"m{number}")
                    info.size = size
                    out.addfile(info, io.BytesIO(b"\0" * size))
        else:
            with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
                for number in range(members):
                    packed.writestr(f"m{number}", b"\0" * size)
        begun = time.monotonic()
        try:
            _unpack(place, data.getvalue(), tar)
        except PathRefusedError:
            written = sum(item.stat().st_size for item in place.rglob("*") if item.is_file())
            return written > 2 * 10**6 or time.monotonic() - begun > SECONDS
        return True

    return tried


def _many_keys(_: Path) -> bool:
    bucket = RateLimit(per_second=1, burst=1, keys_at_most=1000)
    for number in range(50_000):
        bucket.wait_seconds(f"key {number}")
    return len(bucket._buckets) > 1000


def _burst(_: Path) -> bool:
    """A fixed window would allow twice the burst at its edge."""
    now = [0.0]
    bucket = RateLimit(per_second=10, burst=10, clock=lambda: now[0])
    passed = 0
    for moment in (0.99, 1.01):
        now[0] = moment
        passed += sum(bucket.wait_seconds() == 0 for _ in range(20))
    return passed > 11


def _clock_back(_: Path) -> bool:
    now = [1000.0]
    bucket = RateLimit(per_second=1, burst=1, clock=lambda: now[0])
    bucket.wait_seconds()
    now[0] = 10.0
    return bucket.wait_seconds() == 0


def _at_once() -> None:
    gate = Concurrency(2)
    with gate.turn(), gate.turn(), gate.turn():
        pass


def _budget() -> None:
    budget = Budget(2**20)
    for _ in range(100):
        budget.take((2**12,), "float32")


class _Loud:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def _deep() -> object:
    deep: object = "x"
    for _ in range(100_000):
        deep = [deep]
    return redact(deep)


def suites() -> list[Suite]:
    """The one suite of this class."""
    suite = Suite("bombs")
    for name, text in TEXTS.items():
        suite.attack(f"text: {name}")(_refused(lambda text=text: TEXT.demand(text)))
    tokenizer = GuardedTokenizer(_slow_tokens, limits=TEXT, tokens_at_most=1000)
    for name, text in {
        "16 KB of one letter": "a" * 16_000,
        "too many tokens": "a " * 5_000,
        "special token": "hello <|endoftext|>",
        "special token with spaces": "hello <| ENDOFTEXT |>",
        "no text": "\0",
    }.items():
        suite.attack(f"tokenizer: {name}")(_refused(lambda text=text: tokenizer.encode(text)))
    stopped = GuardedTokenizer(lambda text: [0 for _ in iter(int, 1)], wall_seconds=0.5)
    suite.attack("tokenizer: never ends")(_refused(lambda: stopped.encode("hello")))
    for name, shape in SHAPE_BOMBS.items():
        suite.attack(f"shape: {name}")(_refused(lambda shape=shape: SHAPES.demand(shape, "float32")))
    suite.attack("shape: broadcast")(_refused(lambda: SHAPES.demand_broadcast([(2**20, 1), (1, 2**20)], "float32")))
    suite.attack("shape: strides of zero")(_refused(lambda: SHAPES.demand_view((10**4, 10**4), (0, 0), "uint8", 1)))
    suite.attack("shape: view outside")(_refused(lambda: SHAPES.demand_view((2,), (2**40,), "uint8", 8)))
    suite.attack("steps under the cap add up")(_refused(_budget))
    for device in ("cuda:99", "meta", "CUDA:0", " cpu", "cpu\0", "privateuseone", "cuda:1e9", "cuda:-1"):
        suite.attack(f"device {device!a}")(_refused(lambda device=device: Devices("cpu", "cuda").demand(device)))
    for dtype in ("object", "U1000000", "V99999999", "float8_e5m2", "complex128"):
        suite.attack(f"dtype {dtype}")(_refused(lambda dtype=dtype: Dtypes().demand(dtype)))
    suite.attack("NaN")(_refused(lambda: demand_finite([[1.0, float("nan")]])))
    for name, code in {
        "loop": "while True: pass",
        "sleep": "import time\ntime.sleep(60)",
        "C code that never returns": "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
        "SIGALRM swallowed": "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass",
        "SIGTERM ignored": "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass",
        "a child that stays": "import os, time\nif os.fork() == 0:\n    time.sleep(60)\ntime.sleep(60)",
    }.items():
        suite.attack(f"work: {name}")(_limited(code, wall_seconds=0.7))
    suite.attack("work: memory")(_limited("x = len(bytearray(2**32))", wall_seconds=1.5, memory_bytes=64 * 2**20))
    suite.attack("work: answer")(_limited("x = 'x' * 10**7", wall_seconds=1.5, output_bytes=1000))
    for tar in (False, True):
        kind = "tar" if tar else "zip"
        suite.attack(f"{kind}: 50 MB of zeros")(_archive(1, 50 * 10**6, tar))
        suite.attack(f"{kind}: 101 members")(_archive(101, 1, tar))
        suite.attack(f"{kind}: many that add up")(_archive(90, 100_000, tar))
    suite.attack("rate: a key for each call")(_many_keys)
    suite.attack("rate: burst at the edge of a window")(_burst)
    suite.attack("rate: the clock goes back")(_clock_back)
    suite.attack("three at once")(_refused(_at_once))
    for name, text in {
        "quadratic address": "a" * 50_000,
        "many addresses": "x://" * 12_500,
        "equals": "=" * 50_000,
        "begin": "-----BEGIN " * 5_000,
        "1 MB": "key: value " * 90_000,
    }.items():
        suite.attack(f"redactor: {name}")(_quick(lambda text=text: shared_redactor().text(text)))
    suite.attack("redactor: 100,000 deep")(_quick(_deep))
    suite.attack("redactor: text that raises")(_quick(lambda: redact([_Loud()] * 1000)))
    for name, case in again().items():
        suite.attack(f"again: {name}")(case)
    for name, case in again_twins().items():
        suite.twin(f"again: {name}")(case)
    for name, case in blind().items():
        suite.attack(f"blind: {name}")(case)
    for name, case in blind_twins().items():
        suite.twin(f"blind: {name}")(case)
    for name, case in aside().items():
        suite.attack(f"aside: {name}")(case)
    for name, case in aside_twins().items():
        suite.twin(f"aside: {name}")(case)
    _twins(suite, tokenizer)
    return [suite]


def _twins(suite: Suite, tokenizer: GuardedTokenizer) -> None:
    prose = "The quick brown fox, ünd Ümlaute; 漢字 and emoji 🎉. " * 200
    suite.twin("prose passes")(lambda _: TextLimits(bytes_at_most=64_000).demand(prose) == prose)
    suite.twin("a long address passes")(lambda _: bool(TEXT.demand("see https://example.org/" + "a" * 1500)))
    suite.twin("prose is tokenized")(lambda _: len(tokenizer.encode("some words here")) == 3)
    suite.twin("a batch of images")(
        lambda _: SHAPES.demand((32, 3, 224, 224), "float32").bytes == 32 * 3 * 224 * 224 * 4
    )
    suite.twin("an empty batch")(lambda _: SHAPES.demand((0, 3, 8), "int64").elements == 0)
    suite.twin("a scalar")(lambda _: SHAPES.demand((), "float32").bytes == 4)
    suite.twin("a transposed view")(lambda _: bool(SHAPES.demand_view((3, 4), (1, 3), "float32", 12)))
    suite.twin("the first GPU")(lambda _: Devices("cuda").demand("cuda:0") == "cuda:0")
    suite.twin("numbers")(lambda _: demand_finite([1, 2.5, -3e8]) == [1, 2.5, -3e8])
    suite.twin("work within its limits")(
        lambda _: run_limited(lambda: _work("x = sum(range(1000))"), wall_seconds=10, memory_bytes=2**28) == 499500
    )
    suite.twin("a burst")(lambda _: sum(RateLimit(per_second=1, burst=5).wait_seconds(str(n)) for n in range(5)) == 0)
    suite.twin("a small zip")(lambda place: not _archive_fails(place, tar=False))
    suite.twin("a small tar")(lambda place: not _archive_fails(place, tar=True))
    suite.twin("a budget that is given back")(lambda _: all(_held() for _ in range(1000)))


def _archive_fails(place: Path, *, tar: bool) -> bool:
    return not _archive(50, 2000, tar)(place)


def _held() -> bool:
    with Budget(1000).holding((200,), "float32"):
        return True
