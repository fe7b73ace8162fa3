"""What a strict parser says about a file: four verdicts, reasons with offset and name, and the budgets it worked under.

Rules: `inert` is a proof, so everything that was not understood is `refused`; `not-a-model` says that no loader of models would open the file;
`unreadable` says that the bytes could not be had (an LFS pointer, a pipe, a permission). There is no "clean because skipped".
These types are named tuples and plain classes: the start of `troth models scan` is measured against a bare interpreter, and `dataclasses`
alone costs as much as reading a model of 2 GiB.
"""

from __future__ import annotations

from typing import NamedTuple

from troth.errors import FormatError

__all__ = ["BUDGET", "INERT", "NOT_A_MODEL", "REFUSED", "UNREADABLE", "Budget", "Judgement", "Reason", "Refusal"]

INERT = "inert"
REFUSED = "refused"
NOT_A_MODEL = "not-a-model"
UNREADABLE = "unreadable"


class Reason(NamedTuple):
    """Why a file was refused or could not be read.

    Attributes:
        code: stable kebab-case name of the rule.
        says: one sentence.
        offset: byte of the file (or of the member) at fault; None where no single byte is.
        name: global, member, key or tensor at fault; empty where there is none.
        member: path of members inside the file, outermost first, joined by `!`.
    """

    code: str
    says: str
    offset: int | None = None
    name: str = ""
    member: str = ""

    def inside(self, member: str) -> Reason:
        """The same reason, seen from the file that holds `member`."""
        return self._replace(member=f"{member}!{self.member}" if self.member else member)


class Refusal(FormatError):  # noqa: N818
    """Raised by strict parsers; carries a `Reason`.

    Args:
        code: stable name of the rule.
        says: one sentence.
        offset: byte at fault, or None.
        name: global, member or key at fault.
    """

    def __init__(self, code: str, says: str, offset: int | None = None, name: str = "") -> None:
        super().__init__(says, offset)
        self.detail = Reason(code, says, offset, name)

    def inside(self, member: str) -> Refusal:
        """The same refusal, seen from the file that holds `member`."""
        self.detail = self.detail.inside(member)
        return self


class Budget(NamedTuple):
    """Limits of one judgement; exceeding any refuses the file and names the limit. Sizes are bytes.

    Attributes:
        file: largest file.
        literal: longest text or number literal of a pickle.
        pickle: largest pickle stream, without tensors outside of it.
        operations: operations of a pickle.
        memo: values that a pickle keeps for later use.
        values: values that a pickle puts into containers, tuples and calls; with `stack` it bounds what the proof itself holds (about 120 bytes each).
        stack: values that wait on the stack of a pickle at once.
        memory: sum of what loading would allocate.
        expanded: sum of all that decompression yields.
        ratio: largest quotient of expanded and compressed sizes, above one MiB.
        members: entries of all archives together.
        depth: containers inside containers.
        text: largest JSON, YAML or template.
        weight: expansion of shared pickle values (2^40, so that printing or copying ends).
        tensors: number of tensors.
    """

    file: int = 1 << 43
    literal: int = 64 << 20
    pickle: int = 4 << 30
    operations: int = 30_000_000
    memo: int = 4_000_000
    values: int = 12_000_000
    stack: int = 2_000_000
    memory: int = 1 << 42
    expanded: int = 4 << 30
    ratio: int = 400
    members: int = 1_000_000
    depth: int = 5
    text: int = 256 << 20
    weight: int = 1 << 40
    tensors: int = 2_000_000


BUDGET = Budget()
"""Limits for files of unknown use; a guard narrows them."""


class Judgement(NamedTuple):
    """What was found about one file.

    Attributes:
        format: name of the format, `unknown` where none was recognised.
        verdict: `INERT`, `REFUSED`, `NOT_A_MODEL` or `UNREADABLE`.
        reasons: why; empty for inert files.
        memory: bytes that loading would allocate for tensors and arrays.
        tensors: number of tensors and arrays.
        globals: names that loading would import, sorted.
        tier: widest allow-list tier that was needed (`weights`, `libs`, `custom`); empty where no list was asked.
    """

    format: str
    verdict: str
    reasons: tuple[Reason, ...] = ()
    memory: int = 0
    tensors: int = 0
    globals: tuple[str, ...] = ()
    tier: str = ""
