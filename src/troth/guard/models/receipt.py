"""What a guarded load leaves for the audit trail: which bytes, what was proved, under which policy."""

from __future__ import annotations

from dataclasses import asdict, dataclass

__all__ = ["Receipt"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Record of one load.

    Attributes:
        path: as it was named.
        format: what the content is.
        digest: `algorithm:hex` of the bytes that were proved.
        size: bytes.
        memory: bytes that loading allocates for tensors and arrays, from the proof.
        tensors: number of tensors and arrays, from the proof.
        globals: names that loading imported.
        tier: widest allow-list tier that was needed.
        policy: policy that the caller set.
        expected: whether the digest was held against one that the caller, or a trust file, named.
        at: time of the load, ISO 8601, UTC.
        troth: version of Troth.
    """

    path: str
    format: str
    digest: str
    size: int
    memory: int
    tensors: int
    globals: tuple[str, ...]
    tier: str
    policy: str
    expected: bool
    at: str
    troth: str

    @property
    def sha256(self) -> str:
        """Hex SHA-256, where that was the algorithm; "" otherwise."""
        kind, _, digest = self.digest.partition(":")
        return digest if kind == "sha256" else ""

    def as_dict(self) -> dict[str, object]:
        """Plain data for a ledger entry."""
        return asdict(self)
