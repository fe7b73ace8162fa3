"""Model files as they are committed: what HEAD holds of each, and which blobs of its history are models in git itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Committed", "ModelHistory", "PastModel"]


@dataclass(frozen=True, slots=True)
class Committed:
    """A model file of HEAD: bytes of its blob; and, where the blob is a pointer of Git LFS, bytes of the file that it stands for (which the work tree may hold in its place)."""

    size: int
    stored: int | None = None


@dataclass(frozen=True, slots=True)
class PastModel:
    """A model that some commit stored in git itself: path, bytes, and the newest commit that HEAD reaches which wrote it."""

    path: str
    size: int
    commit: str


@dataclass(frozen=True, slots=True)
class ModelHistory:
    """Models of HEAD and of the commits that it reaches.

    Attributes:
        head: path -> what HEAD holds there.
        plain: models that were stored in git itself, by path.
        blobs: number of model blobs looked at.
        limits: why more may be there (limits reached, objects that are not in this clone, a history that is cut off); empty where all was seen.
    """

    head: Mapping[str, Committed] = field(default_factory=dict)
    plain: tuple[PastModel, ...] = ()
    blobs: int = 0
    limits: tuple[str, ...] = ()
