"""Bombs, written without having looked at the guard: texts, shapes, names of devices, calls, archives and limits in forms that others forget."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import signal
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.attacks.suite import Attack
from troth.errors import GuardError
from troth.guard.limits import RateLimit, TextLimits, run_limited
from troth.guard.paths import Root, extract_tar, extract_zip
from troth.guard.redact import redact, shared_redactor
from troth.guard.tensors import Budget, Devices, Dtypes, ShapeLimits, demand_finite
from troth.guard.tokenizers import GuardedTokenizer

SECONDS = 2.0
TEXT = TextLimits(bytes_at_most=64_000, run_at_most=2_000, invisible="refuse", form="NFKC")
SHAPES = ShapeLimits(bytes_at_most=2**30)


def _refused(work: Callable[[], object]) -> Attack:
    """Succeeds where nothing refuses it, by an error of the guard, or only after long."""

    def tried(_: Path) -> bool:
        begun = time.process_time()
        try:
            work()
        except GuardError:
            return time.process_time() - begun > SECONDS
        except Exception:
            return True
        return True

    return tried


def _quick(work: Callable[[], object]) -> Attack:
    """Succeeds where it takes long, whatever comes of it."""

    def tried(_: Path) -> bool:
        begun = time.process_time()
        try:
            work()
        except (GuardError, ValueError, TypeError):
            pass
        except Exception:
            return True
        return time.process_time() - begun > SECONDS

    return tried


class Lies(int):
    """A whole number that compares as another one."""

    def __le__(self, other: object) -> bool:
        return True

    def __lt__(self, other: object) -> bool:
        return True

    def __gt__(self, other: object) -> bool:
        return False

    def __ge__(self, other: object) -> bool:
        return False

    def __mul__(self, other: object) -> int:
        return 1

    __rmul__ = __mul__


class Short(str):
    """A text that says that it is short."""

    __slots__ = ()

    def __len__(self) -> int:
        return 1

    def encode(self, *_: object) -> bytes:
        return b"x"

    def isascii(self) -> bool:
        return True


TEXTS: dict[str, str] = {
    "one letter": "a" * 70_000, "spaces": " " * 70_000, "line ends": "\n" * 70_000, "a run of digits": "7" * 3_000, "a run without a space": "a1_" * 1_000, "marks on one letter": "e" + "\u0301" * 3_000, "joined pictures": "\U0001f468\u200d" * 2_000,
    "letters that grow": "\ufdfa" * 4_000, "a lone surrogate": "a\udc80b", "a NUL": "a\0b", "an escape": "a\x1b[2Jb", "right to left": "a\u202eb", "an isolate": "a\u2066b", "a tag": "a\U000e0061b", "a byte order mark": "a\ufeffb", "a private letter": "a\ue000b" * 20_000, "no character": "a\uffffb" * 20_000, "four bytes a letter": "\U0001f600" * 17_000,
}  # fmt: skip
SHAPE: dict[str, tuple[object, object]] = {
    "a product beyond 64 bits": ((2**33, 2**33), "float32"), "that wraps to zero": ((2**32, 2**32), "int8"), "that wraps to little": ((2**63 + 1, 2), "int8"), "zero beside much": ((0, 2**62, 2**62), "float32"), "below zero twice": ((-1024, -1024), "float32"), "a float": ((2.0, 3), "float32"), "not a number": ((float("nan"), 1), "float32"),
    "a truth": ((True, 2), "float32"), "a text": (("1000000000",), "float32"), "a text as a shape": ("99", "float32"), "bytes as a shape": (b"\xff\xff", "float32"), "none": (None, "float32"), "a million dimensions": ((1,) * 10**6, "float32"), "nested": (((2, 2), 2), "float32"), "a dictionary": ({2: 3}, "float32"), "endless": (iter(lambda: 1, 0), "float32"),
    "a whole number that lies": ((Lies(2**40), Lies(2**40)), "float64"), "a dtype with a count": ((2, 2), "(1000000,)f4"), "a structure": ((2, 2), "f8,f8,S1000000"), "text of any length": ((2,), "S1000000000"), "an object": ((2, 2), "object"), "complex with spaces": ((2,), " complex128"), "one byte over": ((2**30 + 1,), "int8"), "ten to the fiftieth": ((10**50,), "int8"),
}  # fmt: skip
DEVICES = ("cuda:-1", "cuda: 0", "cuda:0x0", "cuda:1e1", "CUDA", "Cuda:0", "cuda\n", "cpu ", "\tcpu", "cpu\u200b", "\uff43pu", "meta:0", "mps", "xpu:0", "hpu", "privateuseone:0", "disk", "cuda:0,cpu", "cuda;rm", "vulkan", "fpga", "lazy", "ipu:0", "cpu:1", "cuda:4294967296", "", "\0", "cuda:٠")
DTYPES = ("object", "O8", "|V100", "void", "str", "U10", "M8[ns]", "float128", "longdouble", "complex256", "float8_e4m3fn", "bfloat16 ", "int", "f", "", "float32,float32", "=O", "record", "torch.float32; x", "qint8")
VALUES: dict[str, object] = {"a nan deep inside": [[1.0, [2.0, [float("nan")]]]], "an infinity in a tuple": (1.0, -float("inf")), "a complex nan": [complex(0, float("nan"))], "a text": ["nan"], "none": [None], "itself": None}


def _own_list() -> list[object]:
    made: list[object] = [1.0]
    made.append(made)
    return made


def _zip(level: int, names: int, size: int) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", level) as archive:
        for number in range(names):
            archive.writestr(f"f{number}", b"\0" * size)
    out.seek(0)
    return out


def _tar(size: int, pack: Callable[[bytes], bytes]) -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("zeros")
        member.size = size
        archive.addfile(member, io.BytesIO(b"\0" * size))
    return io.BytesIO(pack(out.getvalue()))


def _unpacked(unpack: Callable[[Root], object]) -> Attack:
    """Succeeds where more than 8 MiB come out, or it takes long."""

    def tried(place: Path) -> bool:
        begun = time.process_time()
        try:
            with Root(place) as root:
                unpack(root)
        except GuardError:
            pass
        except Exception:
            return True
        written = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
        return written > 8 * 2**20 or time.process_time() - begun > 2 * SECONDS

    return tried


SMALL = 2**20
ARCHIVES: dict[str, Attack] = {
    "zip of zeros": _unpacked(lambda r: extract_zip(_zip(zipfile.ZIP_DEFLATED, 1, 24 * SMALL), r, total_bytes=4 * SMALL)), "zip of zeros in bzip2": _unpacked(lambda r: extract_zip(_zip(zipfile.ZIP_BZIP2, 1, 24 * SMALL), r, total_bytes=4 * SMALL)), "zip of zeros in LZMA": _unpacked(lambda r: extract_zip(_zip(zipfile.ZIP_LZMA, 1, 24 * SMALL), r, total_bytes=4 * SMALL)),
    "zip of many members": _unpacked(lambda r: extract_zip(_zip(zipfile.ZIP_STORED, 20_000, 0), r, members=1_000)), "tar in gzip": _unpacked(lambda r: extract_tar(_tar(24 * SMALL, gzip.compress), r, total_bytes=4 * SMALL)), "tar in bzip2": _unpacked(lambda r: extract_tar(_tar(24 * SMALL, bz2.compress), r, total_bytes=4 * SMALL)), "tar in xz": _unpacked(lambda r: extract_tar(_tar(24 * SMALL, lzma.compress), r, total_bytes=4 * SMALL)),
    "tar that ends early": _unpacked(lambda r: extract_tar(io.BytesIO(_tar(SMALL, bytes).getvalue()[: SMALL // 2]), r)), "tar in damaged gzip": _unpacked(lambda r: extract_tar(io.BytesIO(gzip.compress(_tar(SMALL, bytes).getvalue())[:-9]), r)), "zip that ends early": _unpacked(lambda r: extract_zip(io.BytesIO(_zip(zipfile.ZIP_STORED, 3, 1000).getvalue()[:-30]), r)),
}  # fmt: skip


class Logs:
    """Its text is a call of the redactor with itself."""

    def __str__(self) -> str:
        return str(redact(self))

    __repr__ = __str__


class Grows:
    def __str__(self) -> str:
        return "a" * 10**6


def _deep() -> object:
    value: object = "end"
    for number in range(100_000):
        value = {"k": value} if number % 2 else [value]
    return value


REDACTED: dict[str, Attack] = {
    "nested 100,000 deep": _quick(lambda: redact(_deep())), "an object that redacts itself": _quick(lambda: redact(Logs())), "a million letters": _quick(lambda: redact(Grows())), "a shared list, doubled fourteen times": _quick(lambda: redact(_doubled(14))), "a thousand headers of keys": _quick(lambda: shared_redactor().text("-----BEGIN PRIVATE KEY-----\n" * 1_000)),
    **{f"50 KB of {text[:12]!a}": _quick(lambda text=text: shared_redactor().text((text * 50_000)[:50_000])) for text in ("%41", "\\u0041", "&#65;", "&#x41;", "\\x41", "a b ", "A1-", "> a\n", "x-api-key: ", '"name": "password", "value": "', "://a@", "--key ", "mysql -p", "token=")},  # type: ignore[misc]
}  # fmt: skip


def _doubled(times: int) -> object:
    value: object = ["x"]
    for _ in range(times):
        value = [value, value]
    return value


def _ignores_alarm() -> None:
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass


def _thread() -> None:
    thread = threading.Thread(target=_ignores, daemon=False)
    thread.start()
    thread.join()


def _ignores() -> None:
    while True:
        pass


def _swallows() -> None:
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue


def _hogs() -> int:
    return len([bytearray(2**20) for _ in range(4_096)])


WORK: dict[str, Attack] = {
    "signals ignored": _refused(lambda: run_limited(_ignores_alarm, wall_seconds=1, cpu_seconds=0.5)), "a thread that goes on": _refused(lambda: run_limited(_thread, wall_seconds=1, cpu_seconds=0.5)), "every exception swallowed": _refused(lambda: run_limited(_swallows, wall_seconds=1, cpu_seconds=0.5)),
    "four gibibytes": _refused(lambda: run_limited(_hogs, wall_seconds=20, memory_bytes=512 * 2**20)), "an answer of a gibibyte": _refused(lambda: run_limited(lambda: "x" * 2**28, wall_seconds=20, output_bytes=10_000)), "a power": _refused(lambda: run_limited(lambda: 9**9**8, wall_seconds=1, cpu_seconds=0.5)),
}  # fmt: skip


def _many_clients(_: Path) -> bool:
    """Tens of thousands of names of clients must not be kept for ever."""
    import tracemalloc

    limit = RateLimit(per_second=1_000, burst=1)
    tracemalloc.start()
    for number in range(60_000):
        limit.wait_seconds(f"client {number}")
    held, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held > 32 * 2**20


def _at_the_edge(_: Path) -> bool:
    """Twice the burst around the edge of a window."""
    limit = RateLimit(per_second=1, burst=5)
    passed = 0
    for _number in range(1_000):
        try:
            limit.demand("one")
            passed += 1
        except GuardError:
            continue
    return passed > 8  # 5 at once, and what a slow machine lets through meanwhile


def _in_steps() -> None:
    budget = Budget(2**20)
    for _ in range(2_000):
        budget.take((1024,), "int8")


def blind() -> dict[str, Attack]:
    """All of them."""
    tokenizer = GuardedTokenizer(lambda text: list(range(len(text))), limits=TextLimits(bytes_at_most=64_000, run_at_most=2_000), tokens_at_most=1_000)
    found: dict[str, Attack] = {f"text: {name}": _refused(lambda text=text: TEXT.demand(text)) for name, text in TEXTS.items()}  # type: ignore[misc]
    found |= {f"shape: {name}": _refused(lambda shape=shape, dtype=dtype: SHAPES.demand(shape, dtype)) for name, (shape, dtype) in SHAPE.items() if name != "endless"}  # type: ignore[misc]
    found |= {f"device {name!a}": _refused(lambda name=name: Devices("cpu", "cuda").demand(name)) for name in DEVICES if name != "cpu:1"}  # type: ignore[misc]
    found |= {f"dtype {name!a}": _refused(lambda name=name: Dtypes().demand(name)) for name in DTYPES}  # type: ignore[misc]
    found |= {f"value: {name}": _refused(lambda value=value: demand_finite(value if value is not None else _own_list())) for name, value in VALUES.items()}  # type: ignore[misc]
    found |= {"tokens: 1,001 of them": _refused(lambda: tokenizer.encode("a " * 501)), "tokens: no text": _refused(lambda: tokenizer.encode(b"bytes")), "text: one that says that it is short": _refused(lambda: TEXT.demand(Short("a" * 10**6))), "text: none": _refused(lambda: TEXT.demand(None)), "tokens: a list": _refused(lambda: tokenizer.encode(["a"] * 10**6)), "in steps below the cap": _refused(_in_steps), "many clients": _many_clients, "a burst at the edge": _at_the_edge}  # type: ignore[arg-type]
    found |= {f"archive: {name}": case for name, case in ARCHIVES.items()} | {f"redact: {name}": case for name, case in REDACTED.items()} | {f"work: {name}": case for name, case in WORK.items()}
    return found


def blind_twins() -> dict[str, Attack]:
    """What must work."""
    return {
        "a page of prose": lambda _: TEXT.demand("An ordinary sentence, with Ümlaute and 数字. " * 400) is not None, "a picture with a joiner": lambda _: TextLimits(bytes_at_most=1_000).demand("\U0001f468\u200d\U0001f469") is not None, "a batch": lambda _: SHAPES.demand((8, 512, 768), "float32").bytes == 8 * 512 * 768 * 4, "no element": lambda _: SHAPES.demand((0, 3), "float32").bytes == 0,
        "a list as a shape": lambda _: SHAPES.demand([2, 3], "int64").bytes == 48, "devices": lambda _: [Devices("cpu", "cuda").demand(name) for name in ("cpu", "cuda", "cuda:0")] == ["cpu", "cuda", "cuda:0"], "dtypes": lambda _: Dtypes().demand("float32") == "float32", "finite": lambda _: demand_finite([1.0, [2, 3.5]]) == [1.0, [2, 3.5]], "work": lambda _: run_limited(lambda: 7, wall_seconds=20) == 7,
        "a tar in gzip": lambda place: extract_tar(_tar(1000, gzip.compress), Root(place)) == ("zeros",), "a zip in LZMA": lambda place: extract_zip(_zip(zipfile.ZIP_LZMA, 2, 1000), Root(place)) == ("f0", "f1"), "a deep object": lambda _: redact({"a": [{"b": ("c", 1)}]}) == {"a": [{"b": ("c", 1)}]},
    }  # fmt: skip
