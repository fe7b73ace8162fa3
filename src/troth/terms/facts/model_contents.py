"""What the model files of the tree hold, as far as their bytes prove it."""

from __future__ import annotations

from dataclasses import dataclass

from troth.terms.place import Place
from troth.terms.verdict import Evidence

__all__ = ["INERT", "NO_MODEL", "REFUSED", "UNREADABLE", "ModelContent", "ModelContents"]

INERT = "inert"
REFUSED = "refused"
UNREADABLE = "unreadable"
NO_MODEL = "not-a-model"


@dataclass(frozen=True, slots=True)
class ModelContent:
    """One model file.

    Attributes:
        path: in the tree.
        format: what the content is (`safetensors`, `torch-zip`, `pickle` ...); `unknown` where that was not seen.
        verdict: `INERT` (proved: loading runs nothing), `REFUSED` (not proved), `UNREADABLE` (the bytes, or the time, were not there) or `NO_MODEL`.
        says: why it is not inert, one sentence; empty for inert files.
        offset: byte at fault; None where no single byte is.
        member: path of members inside the file that hold the byte; empty for the file itself.
        runs: loading it certainly reaches for something that runs programs or text; false where that is merely not excluded.
        pickled: a pickle is inside, so that a loader which does not look may run what it names.
        stored: `tree`, `lfs` (the object that its LFS pointer names, found in the clone) or `pointer` (only the pointer is here).
        test: it lies among tests or fixtures, which nobody is offered as a model.
    """

    path: str
    format: str
    verdict: str
    says: str = ""
    offset: int | None = None
    member: str = ""
    runs: bool = False
    pickled: bool = False
    stored: str = "tree"
    test: bool = False

    def evidence(self, says: str = "") -> Evidence:
        """The file as evidence: with the given sentence, or the reason that its reader gave."""
        where = f" (byte {self.offset}{f' of {self.member}' if self.member else ''})" if self.offset is not None else ""
        return Evidence(says or f"{self.format}, {self.verdict}: {self.says}{where}", Place(self.path))


@dataclass(frozen=True, slots=True)
class ModelContents:
    """All model files of the tree.

    Attributes:
        files: by path; those that were not reached are `UNREADABLE` and say so.
        limits: limits that were reached, each named with its size.
    """

    files: tuple[ModelContent, ...] = ()
    limits: tuple[str, ...] = ()

    @property
    def offered(self) -> tuple[ModelContent, ...]:
        """Models that are no tests."""
        return tuple(item for item in self.files if not item.test and item.verdict != NO_MODEL)
