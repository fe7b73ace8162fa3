"""Secrets in a repository: its whole history, its work tree, what is staged, a range of commits, or a stream.

Rules:

* the secret itself never leaves the process that found it: a finding carries a keyed fingerprint, and every text that is handed out
  (paths, refs, names of authors may *be* the secret) goes through the redactor first;
* every scan says what it covered: objects, bytes, and what it could not read, by reason (`packs.Coverage`);
* read-only, no network, bounded memory; hostile content is the normal case.

Not here: whether a policy's promise about secrets is kept (controls judge that), what a secret looks like (`detectors`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from troth.engines.secrets.findings import Finding, Occurrence, Report
    from troth.engines.secrets.history import scan_history
    from troth.engines.secrets.look import look

__all__ = ["Finding", "Occurrence", "Report", "look", "scan_history"]

_WHERE = {"Finding": "findings", "Occurrence": "findings", "Report": "findings", "look": "look", "scan_history": "history"}


def __getattr__(name: str) -> object:
    """Load what is asked for: a scan of one file needs neither the reader of packs nor the facts for controls, which cost more than the scan."""
    if name not in _WHERE:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
