r"""Runs untrusted Python where it can reach nothing: no files of ours, no network, no other process, no more time and memory than given.

    value = run("def main(payload):\n    return sum(payload)", [1, 2, 3])          # lane="cpython": walls of the kernel, Linux
    value = run("sum(payload)", [1, 2, 3], lane="expr")                            # a Python subset with no system calls, every platform (extra: sandbox)

    with Sandbox("tenant-7") as sandbox:                                           # a warm one, for many jobs
        sandbox.run(source, payload, limits=SandboxLimits(wall_seconds=1))

Rules: the interpreter starts by exec and shares no memory with the program; one per tenant; results are JSON of a capped length, never pickles; a self-test of 29 attacks passes
in every new sandbox before its first job, and another in every job. Where the walls cannot be raised as asked, `SandboxError` names what is missing: nothing runs with fewer.

It does not hide how long a job took, and does not defend against flaws of the processor or of the kernel calls that stay open (see docs/sandbox.md).
"""

from troth.guard.sandbox.cell import CANARIES, Sandbox
from troth.guard.sandbox.refusal import SandboxedCodeError, SandboxError
from troth.guard.sandbox.running import close_all, run
from troth.guard.sandbox.terms import Answer, Isolation, SandboxLimits

__all__ = [
    "CANARIES",
    "Answer",
    "Isolation",
    "Sandbox",
    "SandboxError",
    "SandboxLimits",
    "SandboxedCodeError",
    "close_all",
    "run",
]
