"""What may happen to a case, and what follows: small machines that fold the event log.

`Case`, `apply`, `fold` and `legal` (module `folding`) run them side by side: report, embargo with consent, the six facts of the case, one machine per version
line, advisory and credit, the notes for authorities. `Intake` and `fold_intake` are the desk's own. An event that may not follow raises `TransitionError`
with its reason and with what could happen instead, and changes nothing. Pure: no clock, no store.
"""

from troth.desk.machines.embargo import Consent, Embargo, Invitation, Mode, Terms
from troth.desk.machines.folding import SKEW, Case, apply, fold, legal
from troth.desk.machines.intake import Intake, IntakeMode, Pause, fold_intake
from troth.desk.machines.publication import Credit, Publication
from troth.desk.machines.refusal import TransitionError
from troth.desk.machines.release import Line, Lines
from troth.desk.machines.report import Report

__all__ = [
    "SKEW",
    "Case",
    "Consent",
    "Credit",
    "Embargo",
    "Intake",
    "IntakeMode",
    "Invitation",
    "Line",
    "Lines",
    "Mode",
    "Pause",
    "Publication",
    "Report",
    "Terms",
    "TransitionError",
    "apply",
    "fold",
    "fold_intake",
    "legal",
]
