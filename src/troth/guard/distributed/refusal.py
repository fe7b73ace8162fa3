"""The one error of this package."""

from __future__ import annotations

from troth.errors import GuardError

__all__ = ["TransportRefusedError"]


class TransportRefusedError(GuardError):
    """Data would travel unprotected, or protected by something that does not hold. Nothing was sent.

    Args:
        rule: `plaintext`, `certificate`, `key`, `address`, `unsupported` or `leak`.
        because: one sentence.
    """

    code = "transport-refused"
    help = "Use loopback, a WireGuard interface, or a tunnel of troth.guard.distributed; docs/guard.md shows how."

    def __init__(self, rule: str, because: str) -> None:
        super().__init__(f"{because} (rule: {rule})")
        self.rule = rule
        self.because = because
