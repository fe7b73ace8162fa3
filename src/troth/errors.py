"""Every error that Troth raises on purpose, in one place.

Rules:

* families are cut by *who can act*: the caller (`UsageError`), the author of a policy (`PolicyError`),
  the owner of the repository's Troth settings (`SettingsError`), Troth's own makers (`CatalogueError`),
  whoever can give an engine what it lacked (`LookError`), the holder of a ledger or evidence file
  (`LedgerError`), the owner of a file that a strict parser met (`FormatError`), a program that broke a guard's rule (`GuardError`), whoever works at the
  disclosure desk (`DeskError`), whoever asks for, approves or runs a job (`JobError`), whoever runs the database (`StoreError`);
* every class has a `code` (stable, kebab-case), a one-line `help` that says what to do, and `docs`, the anchor that explains it;
* `exit_code` is the only place that maps errors to exit codes.

This module does not print, log or translate anything.
"""

from __future__ import annotations

from typing import ClassVar, Final

__all__ = [
    "CatalogueError",
    "DeskError",
    "DetectorError",
    "EvidenceFileError",
    "ForgeUnreachableError",
    "FormatError",
    "GuardError",
    "JobError",
    "LedgerError",
    "LookError",
    "NotAskedError",
    "PolicyError",
    "PolicyNotFoundError",
    "PolicyTooLargeError",
    "PolicyUnreadableError",
    "SettingsError",
    "StoreError",
    "TrothError",
    "UsageError",
    "exit_code",
]

DOCS: Final = "docs/errors.md"
"""Page that explains every code; a test holds it complete."""


class TrothError(Exception):
    """Root of all errors raised on purpose.

    Attributes:
        code: stable name of the error, kebab-case; also its anchor in the docs.
        help: one line that says what to do about it.
    """

    code: ClassVar[str] = "troth"
    help: ClassVar[str] = "Please report this: an error without a more exact kind should not reach a user."

    @property
    def docs(self) -> str:
        """Page and anchor that explain this error."""
        return f"{DOCS}#{self.code}"


class UsageError(TrothError):
    """The command was given something that it cannot work with (a path that does not exist, options that exclude each other)."""

    code = "usage"
    help = "Run the command with --help to see what it takes."


class PolicyError(TrothError):
    """Something about a policy that its author, or whoever chose the file, can mend."""

    code = "policy"
    help = "Name another file with --policy PATH, or mend the policy."


class PolicyNotFoundError(PolicyError):
    """No security policy was found where forges and people look for one."""

    code = "policy-not-found"
    help = "Add a SECURITY.md in the root, .github/ or docs/, or name the file with --policy PATH."


class PolicyUnreadableError(PolicyError):
    """The policy is not text: binary bytes, or an encoding that cannot be told."""

    code = "policy-unreadable"
    help = "Save the policy as UTF-8 text."


class PolicyTooLargeError(PolicyError):
    """The policy exceeds the size that a human-written policy can have."""

    code = "policy-too-large"
    help = "A policy is prose: point --policy at the right file, or split it below the limit named in the message."


class SettingsError(TrothError):
    """`troth.toml` or `[tool.troth]` cannot be read or says something impossible."""

    code = "settings"
    help = "Mend the line named in the message; the settings are described in docs/settings.md."


class CatalogueError(TrothError):
    """A control's folder is half-made or contradicts itself. Fatal: a checker must not run with rules missing."""

    code = "catalogue"
    help = "A control is README.md + verify.py + __init__.py; see docs/adding-a-control.md."


class LookError(TrothError):
    """An engine could not see what it was asked for. Becomes `Unknown`, never `Kept`.

    Args:
        missing: what would be needed to decide, as a noun phrase ("a git executable", "a token with ...").
        because: what happened, one sentence.
    """

    code = "look"
    help = "Provide what the message says is missing, or read the finding as undecided."

    def __init__(self, missing: str, because: str) -> None:
        super().__init__(f"{because} Missing: {missing}.")
        self.missing = missing
        self.because = because


class NotAskedError(LookError):
    """An engine did not look because looking costs much and nobody asked for it. Becomes `Unknown`, and is no failure of the run."""

    code = "not-asked"
    help = "Run the command that the message names, or read the finding as undecided."


class ForgeUnreachableError(LookError):
    """A forge cannot be spoken with at all: no connection, TLS that does not verify, or its rate limit lasts too long."""

    code = "forge-unreachable"
    help = "Mend the connection (proxy, certificates, token) or use a snapshot: troth snapshot OWNER/NAME --output FILE."


class FormatError(TrothError):
    """Bytes that a strict parser refuses.

    Args:
        reason: what is wrong, one sentence.
        offset: where, in bytes from the start; None where no single place is at fault.
    """

    code = "format"
    help = "The file is damaged, truncated or built to be read differently by different programs; do not load it."

    def __init__(self, reason: str, offset: int | None = None) -> None:
        super().__init__(reason if offset is None else f"{reason} (at byte {offset})")
        self.reason = reason
        self.offset = offset


class DetectorError(TrothError):
    """A secret-detector rule is half-made or contradicts its own examples. Fatal."""

    code = "detector"
    help = "Mend the rule file named in the message; its true and false examples are part of the rule."


class GuardError(TrothError):
    """A guard refused something at run time. Always raised, never a boolean, so that it cannot be ignored."""

    code = "guard"
    help = "The message names the rule and how to allow the case explicitly."


class LedgerError(TrothError):
    """A ledger or checkpoint does not verify."""

    code = "ledger"
    help = "Treat the record as tampered with until the difference is explained."


class EvidenceFileError(LedgerError):
    """An evidence file is malformed, has the wrong key, or its signature does not verify."""

    code = "evidence-file"
    help = "Check that the file is whole and that the public key belongs to its signer."


class StoreError(TrothError):
    """The database cannot do what was asked: it is away, full, of another version, or not as protected as it has to be."""

    code = "store"
    help = "The message names the database and what it lacks; docs/storage.md says how it is set up."


class DeskError(TrothError):
    """The desk was asked for something that a case, a policy or a report does not allow."""

    code = "desk"
    help = "The message says why, and what would be possible instead."


class JobError(TrothError):
    """A job, a permit or a handler asked for something that the executor does not do. Raised before anything has happened, unless it says otherwise.

    Args:
        reason: which rule refused, kebab-case: for programs, tests and the ledger.
        says: what happened, one sentence, without the content of what was refused.
    """

    code = "job"
    help = "The message names the rule that refused; docs/jobs.md explains each."

    def __init__(self, reason: str, says: str) -> None:
        super().__init__(f"{says} ({reason})")
        self.reason = reason
        self.says = says


EXIT_OK: Final = 0
EXIT_BROKEN: Final = 1
EXIT_UNFINISHED: Final = 2


def exit_code(error: BaseException) -> int:
    """Map an error to the process exit code (ARCHITECTURE 6).

    A check that found broken promises exits with 1 without any error; every error means that something could not be finished: 2.
    An interrupt keeps the shell's convention (130).
    """
    return 130 if isinstance(error, KeyboardInterrupt) else EXIT_UNFINISHED
