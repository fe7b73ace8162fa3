"""The sandbox runs ordinary code, stops what uses too much, and refuses rather than run with a wall missing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from troth.guard.limits import LimitExceededError
from troth.guard.sandbox import (
    CANARIES,
    Isolation,
    Sandbox,
    SandboxedCodeError,
    SandboxError,
    SandboxLimits,
    run,
    walls,
)
from troth.guard.sandbox import cell as cell_module
from troth.guard.sandbox.inside import filters, kernel, tables


def _skip_where_the_machine_lacks(isolation: Isolation, error: SandboxError) -> None:
    """A sandbox may be missing only where the machine shows by itself that it lacks what is needed."""
    if kernel.landlock_abi() < 1 or platform.machine() not in ("x86_64", "aarch64"):
        pytest.skip(f"no Landlock here: {error}")
    tried = (
        shutil.which("bwrap")
        and subprocess.run(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]).returncode == 0
    )
    if isolation is Isolation.FULL and not tried:
        pytest.skip(f"no bubblewrap that works here: {error}")
    raise error


@pytest.fixture(scope="module", params=list(Isolation), ids=lambda item: item.value)
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    box = Sandbox("tenant", isolation=request.param)
    try:
        box.__enter__()
    except SandboxError as error:
        _skip_where_the_machine_lacks(request.param, error)
    yield box
    box.close()


QUICK = SandboxLimits(wall_seconds=1, cpu_seconds=1, memory_bytes=64 * 2**20, output_bytes=10_000)


@pytest.mark.parametrize(
    ("source", "payload", "value"),
    [
        ("def main(p):\n    return sum(p)", [1, 2, 3], 6),
        ("import statistics\ndef main(p):\n    return statistics.median(p)", [3, 1, 2], 2),
        ("import re, datetime\ndef main(p):\n    return datetime.datetime.strptime(re.search(r'\\d{4}-\\d\\d-\\d\\d', p)[0], '%Y-%m-%d').year", "on 2026-11-21", 2026),
        ("def main(p):\n    return {'ü': [None, True, 1.5, 'x' * p]}", 5000, {"ü": [None, True, 1.5, "x" * 5000]}),
        ("from dataclasses import dataclass, asdict\n@dataclass\nclass A:\n    x: int\ndef main(p):\n    return asdict(A(p))", 7, {"x": 7}),
        ("import hashlib\ndef main(p):\n    return hashlib.sha256(p.encode()).hexdigest()[:8]", "abc", "ba7816bf"),
        ("import random, uuid\ndef main(p):\n    return [len(str(uuid.uuid4())), 0 <= random.random() < 1]", None, [36, True]),
        ("from decimal import Decimal\ndef main(p):\n    return str(Decimal(p) / 3)[:6]", "1", "0.3333"),
        ("import json\ndef main(p):\n    return json.loads(json.dumps(p))", {"a": [1]}, {"a": [1]}),
        ("def main(p):\n    return 'ä'.encode('utf-16').decode('utf-16')", None, "ä"),
    ],
)  # fmt: skip
def test_ordinary_code_runs(sandbox: Sandbox, source: str, payload: object, value: object) -> None:
    assert value == sandbox.run(source, payload)


def test_what_is_printed_comes_beside_the_answer_and_is_capped(sandbox: Sandbox) -> None:
    answer = sandbox.answer(
        {"source": "def main(p):\n    print('x' * 10**6)\n    return 1", "entry": "main", "payload": None}
    )

    assert answer.value == 1
    assert len(answer.printed) == 64 * 1024


@pytest.mark.parametrize(
    ("source", "limit"),
    [
        ("def main(p):\n    while True: pass", "wall_seconds"),
        ("import time\ndef main(p):\n    time.sleep(60)", "wall_seconds"),
        ("import signal\ndef main(p):\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    signal.signal(signal.SIGXCPU, signal.SIG_IGN)\n    while True: pass", "wall_seconds"),
        ("def main(p):\n    return len(bytearray(2**32))", "memory_bytes"),
        ("def main(p):\n    return 'x' * 20_000", "output_bytes"),
    ],
)  # fmt: skip
def test_what_uses_too_much_is_stopped(sandbox: Sandbox, source: str, limit: str) -> None:
    begun = time.monotonic()
    with pytest.raises(LimitExceededError) as stopped:
        # processor time far beyond the wall's: a loop that uses both up alike would be stopped by either
        sandbox.run(source, limits=replace(QUICK, cpu_seconds=20))

    assert limit == stopped.value.limit
    assert time.monotonic() - begun < 50  # nothing here ends by itself before a minute; how soon it is stopped depends on the machine's load
    assert sandbox.run("def main(p):\n    return 'still here'") == "still here"


def test_processor_time_is_a_limit_of_its_own(sandbox: Sandbox) -> None:
    with pytest.raises(LimitExceededError) as stopped:
        sandbox.run("def main(p):\n    while True: pass", limits=SandboxLimits(wall_seconds=20, cpu_seconds=1))

    assert stopped.value.limit == "cpu_seconds"


def test_a_longer_input_than_allowed_is_not_sent(sandbox: Sandbox) -> None:
    with pytest.raises(LimitExceededError) as stopped:
        sandbox.run("def main(p):\n    return 1", "x" * 1000, limits=SandboxLimits(input_bytes=500))

    assert stopped.value.limit == "input_bytes"


@pytest.mark.parametrize(
    ("source", "reason", "says"),
    [
        ("def main(p):\n    raise ValueError('no')", "raised", "ValueError: no"),
        ("def main(p):\n    return main(p)", "raised", "RecursionError"),
        ("def main(p):\n    return object()", "raised", "no JSON data"),
        ("def main(p):\n    return float('nan')", "raised", "no JSON data"),
        ("x = 1", "raised", "defines no function"),
        ("def main(p:", "raised", "SyntaxError"),
        ("import os\ndef main(p):\n    os._exit(0)", "died", "without an answer"),
        ("import ctypes\ndef main(p):\n    ctypes.string_at(1)", "died", "signal 11"),
        ("def main(p):\n    raise SystemExit(3)", "raised", "SystemExit"),
        ("import os, struct\ndef main(p):\n    os.write(0, struct.pack('>Q', 3) + b'][[')\n    os._exit(0)", "died", "without an answer"),
        ("import os, struct\ndef main(p):\n    os.write(0, struct.pack('>Q', 2**60))\n    os._exit(0)", "died", "without an answer"),
        ("import os, struct\ndef main(p):\n    os.write(0, struct.pack('>Q', 9000) + b'[' * 9000)\n    os._exit(0)", "died", "without an answer"),
    ],
)  # fmt: skip
def test_code_that_fails_is_told_apart(sandbox: Sandbox, source: str, reason: str, says: str) -> None:
    with pytest.raises(SandboxedCodeError, match=says) as failed:
        sandbox.run(source, limits=QUICK)

    assert reason == failed.value.reason


def test_jobs_find_no_traces_of_earlier_jobs(sandbox: Sandbox) -> None:
    sandbox.run("import math\nmath.kept = 'MARKER-4711'\ndef main(p):\n    return p", "SECRET-OF-THE-FIRST-JOB" * 10)

    found = sandbox.run(
        "import gc, math\ndef main(p):\n    texts = [x for o in gc.get_objects() for x in (o.values() if isinstance(o, dict) else o if isinstance(o, list) else ()) if isinstance(x, str)]\n"
        "    return [hasattr(math, 'kept'), sum('OF-THE-FIRST' in x for x in texts if x is not None and len(x) > 100 and 'gc.get' not in x)]"
    )
    assert found == [False, 0]


def test_jobs_of_many_threads_take_turns(sandbox: Sandbox) -> None:
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(sandbox.run("def main(p):\n    return p * 2", n)))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [n * 2 for n in range(8)]


def test_a_sandbox_outlives_the_thread_that_started_it() -> None:
    box = Sandbox(isolation=Isolation.SEALED)
    try:
        thread = threading.Thread(target=box.__enter__)
        thread.start()
        thread.join()

        assert box.run("def main(p):\n    return 1") == 1
    except SandboxError as error:
        _skip_where_the_machine_lacks(Isolation.SEALED, error)
    finally:
        box.close()


def test_tenants_have_interpreters_of_their_own() -> None:
    source = "import os\ndef main(p):\n    return os.getpid()"
    try:
        pids = {tenant: run(source, tenant=tenant, isolation=Isolation.SEALED) for tenant in ("a", "b")}
    except SandboxError as error:
        _skip_where_the_machine_lacks(Isolation.SEALED, error)

    from troth.guard.sandbox import running

    parents = {box._process.pid for (tenant, _), box in running._warm.items() if tenant in pids}
    assert len(parents) == 2


def test_without_bubblewrap_full_isolation_is_refused_and_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walls, "_BUBBLEWRAP", ("/nowhere/bwrap",))

    with pytest.raises(SandboxError, match="bubblewrap"):
        Sandbox().run("def main(p):\n    return 1")


@pytest.mark.parametrize("wall", ["landlock", "filter_calls", "no_new_privileges", "drop_capabilities"])
def test_a_wall_that_cannot_be_raised_ends_in_refusal(wall: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = (
        "import sys; sys.path.insert(0, {folder!r}); from inside import zygote, kernel, child; sys.path.pop(0)\n"
        f"def no(*_): raise OSError(38, {wall!r})\n"
        f"kernel.{wall} = no; zygote.main()"
    )
    monkeypatch.setattr(walls, "_BOOT", broken)

    with pytest.raises(SandboxError, match=wall if wall != "filter_calls" else "self-test"):
        Sandbox(isolation=Isolation.SEALED).run("def main(p):\n    return 1")


@pytest.mark.parametrize(
    ("lamed", "told"),
    [
        ("kernel.filter_calls = lambda program: None", "filter let"),
        ("filters.ALLOWED_ALWAYS += ('openat', 'newfstatat')", "could "),
    ],
)
def test_the_self_test_finds_a_wall_that_only_seems_to_stand(
    lamed: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = (
        "import sys; sys.path.insert(0, {folder!r}); from inside import zygote, kernel, filters; sys.path.pop(0)\n"
        + f"{lamed}; zygote.main()"
    )
    monkeypatch.setattr(walls, "_BOOT", broken)

    with pytest.raises(SandboxError, match=told):
        Sandbox(isolation=Isolation.SEALED).run("def main(p):\n    return 1")


def test_a_self_test_that_did_not_run_as_a_whole_is_a_refusal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "canary.py").write_text("def main(bait):\n    return {'tried': 3, 'succeeded': [], 'control': 45}")
    monkeypatch.setattr(cell_module, "_CANARY", tmp_path / "canary.py")

    with pytest.raises(SandboxError, match="as a whole"):
        Sandbox(isolation=Isolation.SEALED).run("def main(p):\n    return 1")
    assert CANARIES >= 12


def test_everything_inside_ends_with_the_program_that_started_it(tmp_path: Path) -> None:
    program = (
        "import os, sys, threading, time\nfrom troth.guard.sandbox import *\nbox = Sandbox(isolation=Isolation.SEALED)\nbox.__enter__()\nprint(box._process.pid, flush=True)\n"
        "threading.Thread(target=lambda: box.run('import time\\ndef main(p):\\n    time.sleep(50)', limits=SandboxLimits(wall_seconds=60)), daemon=True).start()\n"
        "time.sleep(0.3)\nos.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    if not done.stdout:
        pytest.skip(f"no sandbox here: {done.stderr[-200:]}")
    pid = int(done.stdout)

    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        with open(f"/proc/{pid}/stat") as file:
            if file.read().split(") ")[1].startswith("Z"):
                return
        time.sleep(0.05)
    pytest.fail("the zygote lives on")


def _verdict(program: bytes, number: int, arguments: tuple[int, ...] = (), audit: int = 0xC000003E) -> int:
    """What a filter answers, by running its steps as the kernel would."""
    import struct

    data = struct.pack("=IIQ6Q", number & 0xFFFFFFFF, audit, 0, *(*arguments, *([0] * (6 - len(arguments)))))
    at = accumulator = 0
    steps = [struct.unpack_from("=HBBI", program, place) for place in range(0, len(program), 8)]
    while True:
        code, yes, no, value = steps[at]
        at += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            accumulator = struct.unpack_from("=I", data, value)[0]
        elif code == 0x54:
            accumulator &= value
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            at += yes if holds else no


@pytest.mark.parametrize("name", tables.MACHINES)
@pytest.mark.parametrize("sealed", [True, False])
def test_the_filter_allows_a_list_and_nothing_else_on_both_architectures(name: str, sealed: bool) -> None:
    machine = tables.MACHINES[name]
    program = filters.program(machine, sealed=sealed)
    allowed = {number for number in range(0, 600) if _verdict(program, number, audit=machine.audit) == 0x7FFF0000}
    expected = (
        {*filters.ALLOWED_ALWAYS, *filters.CLOCKS}
        | {"mmap", "mprotect"}
        | (set() if sealed else {*filters.ALLOWED_UNSEALED, "openat"})
    )

    assert allowed == {machine.numbers[item] for item in expected if item in machine.numbers}
    assert _verdict(program, machine.numbers["clone3"], audit=machine.audit) == 0x00050000 | 38
    assert _verdict(program, 0, audit=0x40000003) == 0x80000000
    assert _verdict(program, machine.numbers["mmap"], (0, 4096, 7), machine.audit) != 0x7FFF0000
    assert _verdict(program, machine.numbers["mprotect"], (0, 4096, 5), machine.audit) != 0x7FFF0000
    for flags in (1, 2, 0o101, 0o1000, 0o2000, 0x410000):
        assert _verdict(program, machine.numbers["openat"], (0, 0, flags), machine.audit) != 0x7FFF0000
    if machine.x32:
        assert _verdict(program, 0x40000000, audit=machine.audit) == 0x80000000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the kernel's own headers")
def test_the_numbers_are_those_of_the_kernels_headers() -> None:
    header = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    generic = Path("/usr/include/asm-generic/unistd.h")
    if not header.exists() or not generic.exists():
        pytest.skip("no kernel headers here")
    told = dict(line.split()[1:3] for line in header.read_text().splitlines() if line.startswith("#define __NR_"))
    for name, number in tables.MACHINES["x86_64"].numbers.items():
        assert int(told[f"__NR_{name}"]) == number, name
    lines = [
        line.split()
        for line in generic.read_text().splitlines()
        if line.startswith(("#define __NR_", "#define __NR3264_"))
    ]
    arm = {parts[1].replace("__NR3264_", "__NR_"): parts[2] for parts in lines if len(parts) > 2 and parts[2].isdigit()}
    for name, number in tables.MACHINES["aarch64"].numbers.items():
        assert int(arm[f"__NR_{'fstatat' if name == 'newfstatat' else name}"]) == number, name


def test_limits_that_are_none_are_no_limits() -> None:
    with pytest.raises(ValueError, match="wall_seconds"):
        SandboxLimits(wall_seconds=float("inf"))
