"""What the sandbox says when it will not run, and when what it ran failed."""

from __future__ import annotations

from troth.errors import GuardError

__all__ = ["SandboxError", "SandboxedCodeError"]


class SandboxError(GuardError):
    """There is no sandbox here that holds, so nothing was run.

    Args:
        missing: what would be needed, as a noun phrase.
        because: what happened, one sentence.
    """

    code = "sandbox"
    help = "Provide what the message says is missing; docs/sandbox.md lists what each platform has. Nothing was run."

    def __init__(self, missing: str, because: str = "") -> None:
        super().__init__(f"{because + ' ' if because else ''}Missing: {missing}.")
        self.missing = missing
        self.because = because


class SandboxedCodeError(GuardError):
    """The code ran inside and failed, or was ended for asking for something that is forbidden. Nothing outside was touched.

    Args:
        reason: `raised`, `forbidden` or `died`.
        says: what is known; text from the code itself is untrusted and capped.
        printed: what the code printed before.
    """

    code = "sandboxed-code"
    help = "The untrusted code is at fault; its message may be wrong on purpose."

    def __init__(self, reason: str, says: str, printed: str = "") -> None:
        super().__init__(f"{says} ({reason})")
        self.reason = reason
        self.says = says
        self.printed = printed
