"""The one error of this package."""

from __future__ import annotations

from troth.errors import GuardError

__all__ = ["TensorRefusedError"]


class TensorRefusedError(GuardError):
    """A device, dtype, shape, value or piece of memory was refused; nothing was allocated or converted.

    Args:
        rule: `device`, `dtype`, `shape`, `bytes`, `values`, `memory` or `annotation`.
        because: one sentence, without the data.
    """

    code = "tensor-refused"
    help = "Send a tensor within the limits, or widen the limit or list named in the message on purpose."

    def __init__(self, rule: str, because: str) -> None:
        super().__init__(f"{because} (rule: {rule})")
        self.rule = rule
        self.because = because
