"""No attack on the sandbox succeeds, no ordinary job is refused, and the attacks do work where there is no sandbox."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.attacks.sandbox import cases, sources
from tests.attacks.sandbox.victim import Victim
from tests.attacks.suite import Suite, run

SUITES = cases.suites()


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_no_attack_succeeds_and_no_ordinary_job_is_refused(suite: Suite) -> None:
    if suite.skipped:
        pytest.skip(suite.skipped)
    succeeded, refused, _ = run(suite)

    assert succeeded == []
    assert refused == []
    assert len(suite.attacks) >= 65


HARMLESS = [
    "read /etc/passwd", "read the secret file", "read through /proc/self/root", "tell whether a file exists", "tell by access", "tell by the kind of the error", "list the file system's root for the host's",
    "read the environment", "read command lines", "the victim's descriptor number", "read posix shared memory", "connect by TCP", "abstract socket", "socket file", "socket pair", "send by UDP",
    "fork", "a thread", "signal another process", "memory that is writable code", "shellcode by mprotect", "make a pipe", "duplicate over the own channel", "pids of others", "the host's load", "subprocess", "landlock of its own",
]  # fmt: skip


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the attacks are for Linux")
def test_the_attacks_succeed_where_there_is_no_sandbox() -> None:
    """Those that do no harm here: an attack that could never succeed would prove nothing."""
    victim = Victim()
    kinds = {**sources.FILES, **sources.SECRETS, **sources.NETWORK, **sources.KERNEL, **sources.EXECUTION}
    failed = []
    try:
        for name in HARMLESS:
            program = cases._source(kinds[name]) + "\nimport json\nprint('VERDICT', main(json.loads(sys.argv[1])))"
            done = subprocess.run(
                [sys.executable, "-c", program, json.dumps(victim.bait)],
                capture_output=True,
                text=True,
                pass_fds=[victim.descriptor],
            )
            if "VERDICT True" not in done.stdout:
                failed.append(name)
    finally:
        victim.close()

    assert len(failed) <= 3, failed  # a machine may lack one thing or another
