"""Turns promises into findings: asks each control's verifier with the facts that it names.

Rules: a control without a verifier answers Unknown with what it would take; a LookError answers Unknown with what is missing;
composite promises are weighed after the findings that they stand on. Nothing defaults to Kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from troth.check.deferred import Deferred
from troth.check.looks import Looks, signature_of
from troth.errors import CatalogueError, LookError, TrothError
from troth.judgement.another_place import of_another_place
from troth.terms.control import Control, Part, Parts
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.tree import Tree
from troth.terms.promise import Kind, Modality, Polarity, Promise, Section, Statement
from troth.terms.result import EngineRun
from troth.terms.values import Params
from troth.terms.verdict import Broken, Finding, Kept, NotApplicable, Partly, Unknown, Verdict

__all__ = ["demand_engines", "weigh"]

CHILDREN = "children"
_OF_THE_TEXT: Final = frozenset(("report", "disclosure", "policy", "versions", "scope", "fix"))
"""Topics whose promises are about the policy and its reporters: there, "coming soon" is a flaw and no plan."""
_NO_MATTER: Final = re.compile(r"(?:not applicable|n/?a)\b(?!\w)", re.IGNORECASE)
_STILL: Final = r"(?:planned|coming soon|tbd|todo|to do|not (?:yet )?implemented|not yet|deferred|future(?: work)?|roadmap|in progress)"
_TO_COME: Final = re.compile(_STILL, re.IGNORECASE)
_TO_COME_AFTER: Final = re.compile(rf"\({_STILL}\)\W*\Z", re.IGNORECASE)
_TO_COME_VALUE: Final = re.compile(rf"{_STILL}\s*(?:\([^)]*\))?\W*\Z", re.IGNORECASE)
"""All that stands after a label: "SOC 2: In progress (target Q3)"."""
_SUPPOSED: Final = re.compile(
    r"\bwould (?:need|have|want|like) to\b|\b(?:we|it|this project|the project) (?:could|might) (?:later|one day|someday|eventually|in (?:the )?future)\b"
    r"|\b(?:we (?:are )?)(?:plan(?:ning)?|hop(?:e|ing)|intend(?:ing)?|working) (?:to|on)\b|\bwill be (?:added|implemented|introduced|enabled) (?:in|with|later|soon)\b"
    r"|\b(?:is|are) (?:still )?(?:an? )?(?:roadmap|planned|future) items?\b|\b(?:is|are|has|have) not yet (?:been )?(?:in place|implemented|available|supported|enabled|active|enforced|added|done|set up)\b",
    re.IGNORECASE,
)
"""What would have to be done, or is meant to be: "To reach Level 3, we would need to use ..."."""
_LATER: Final = re.compile(
    r"(?:\W|\d+\.)*(?:(?:planned|in progress|upcoming|todo)(?=\W*\Z|\W*[(:]| (?:for|in)\b)|coming soon|(?:security )?road ?map|(?:future|planned|upcoming|intended) (?:\w+ ){0,2}?(?:enhancements?|improvements?|work|plans?|features?|measures?|additions?|releases?))\b",
    re.IGNORECASE,
)
"""A heading or a lead-in under which nothing is done yet: "Planned for v1.1:", "Future Enhancements"."""
_PENDING: Final = re.compile(r"[\W\d]{0,8}?(?:⏳|⌛|🗺|🚧|🔜|🔮)")
_GAP: Final = re.compile(r"\W*(?:known |current )?(?:gaps?|limitations?|caveats?|exceptions?|shortcomings?)\b(?:\s*:|\s+[–—-]\s)", re.IGNORECASE)
"""Opens a sentence that owns up to something: "Known gap: v1.10.9 has no attestation"."""
_EXAMPLE: Final = re.compile(r"\s*(?:#|//|--|<!--)\W{0,4}(?:(?:an?|the|for|minimal|full|complete|sample) )?(?:example|sample|template)s?\b", re.IGNORECASE)
"""Opens a block of code that shows how something could be done: "# Example security checks in CI/CD"."""
_FENCE: Final = re.compile(r"\s*(?:```|~~~)")
_OPEN_BOX: Final = re.compile(r"\s*(?:>\s*)*(?:[-*+]|\d+[.)])\s+\[ ?\](?!\()")
_PROMISE_PARTS: frozenset[type] = frozenset((Params, Statement, Parts))


def demand_engines(catalogue: Mapping[str, Control], looks: Looks) -> None:
    """Stop the run if a verifier names something that nobody can give. One that was put off until it is asked was looked at before; see `remembered`.

    Raises:
        CatalogueError: naming the control and the type.
    """
    for control in catalogue.values():
        if control.verify is None or isinstance(control.verify, Deferred):
            continue
        wanted, _ = signature_of(control.verify)
        for name, kind in wanted.items():
            if kind not in _PROMISE_PARTS and not looks.knows(kind):
                raise CatalogueError(f"{control.id}: no engine gives {name}: {getattr(kind, '__name__', kind)}")


def weigh(
    promises: Sequence[Promise],
    catalogue: Mapping[str, Control],
    looks: Looks,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[Finding, ...]:
    """One finding for each promise, in the same order.

    Args:
        promises: matched promises; each names a control of `catalogue`.
        catalogue: controls by id.
        looks: where facts come from.
        progress: called with a label, the number done and the number in all.
    """
    findings: list[Finding | None] = [None] * len(promises)
    simple = [index for index, promise in enumerate(promises) if not catalogue[promise.control].parts]
    composite = [index for index, promise in enumerate(promises) if catalogue[promise.control].parts]
    for done, index in enumerate(simple + composite):
        promise = promises[index]
        if progress is not None:
            progress(promise.control, done, len(promises))
        control = catalogue[promise.control]
        parts = _parts(promise, control, catalogue, looks, findings) if control.parts else Parts()
        findings[index] = Finding(promise, judge(promise, control, looks, parts))
    return tuple(finding for finding in findings if finding is not None)


def judge(promise: Promise, control: Control, looks: Looks, parts: Parts) -> Verdict:
    """Verdict on one promise."""
    if control.verify is None:
        return Unknown(
            missing=control.needs, because=f"{control.title}: nothing in this version of Troth decides it yet."
        )
    put_off = _put_off(promise, control)
    if put_off is not None:
        return put_off
    wanted, _ = signature_of(control.verify)
    own: dict[type, object] = {Params: promise.params, Statement: promise.statement, Parts: parts}
    try:
        arguments = {name: own[kind] if kind in own else looks.get(kind) for name, kind in wanted.items()}
    except LookError as error:
        return Unknown(missing=error.missing, because=error.because)
    try:
        return _admitted(_ticked(control.verify(**arguments), promise, control, looks), promise, control, looks)
    except LookError as error:
        return Unknown(missing=error.missing, because=error.because)
    except TrothError:
        raise
    except Exception as error:  # noqa: BLE001 - a verifier met a stranger's input; it costs this verdict and is reported
        looks.runs.append(
            EngineRun(control.id, False, f"the verifier failed ({type(error).__name__}: {error})"[:300], 0.0)
        )
        return Unknown(
            missing="a verifier that can read this repository",
            because=f"The verifier of {control.id} failed in a way that it did not foresee ({type(error).__name__}).",
        )


def _put_off(promise: Promise, control: Control) -> Verdict | None:
    """The verdict on a sentence that says of itself that its matter is still to come, or does not apply; None for every other one.

    A contact, a channel or a stamp that is "coming soon" is a flaw of the policy itself, and judged as such by its own control.
    """
    statement = promise.statement
    nearest = statement.lead_in[-1:] or statement.headings[-1:]
    if _PENDING.match(statement.quote) or any(_LATER.match(words) for words in nearest):
        return Unknown("the day when it is done", "It stands among what is still to come: it promises nothing yet.")
    if control.id.partition("/")[0] in _OF_THE_TEXT:
        return None
    if _GAP.match(statement.text):
        return Unknown("a sentence that promises", "The sentence owns up to a gap, and promises nothing.")
    cells = [cell.strip(" *_`:") for cell in statement.cells[1:]]
    value = statement.text.removeprefix(statement.label or "").lstrip(" :–—-") if statement.label else ""
    if any(_NO_MATTER.match(cell) for cell in cells):
        return NotApplicable("The sentence itself says that it does not apply.")
    if _SUPPOSED.search(statement.text):
        return Unknown("the day when it is done", "The sentence says what would be, or is to be: it does not say that it is.")
    if any(_TO_COME.fullmatch(cell) for cell in cells) or _TO_COME_AFTER.search(statement.text) or _TO_COME_VALUE.match(value):
        return Unknown("the day when it is done", "The sentence says of itself that this is still to come: it promises nothing yet.")
    return None


def _ticked(verdict: Verdict, promise: Promise, control: Control, looks: Looks) -> Verdict:
    """The verdict; not Kept where the line is an open box of a list, which is for those who go through it: nobody says that it is done."""
    if not isinstance(verdict, Kept) or control.id.partition("/")[0] in _OF_THE_TEXT or not looks.knows(PolicySet):
        return verdict
    policy = looks.get(PolicySet)
    file = policy.file(promise.statement.path) if isinstance(policy, PolicySet) else None
    lines = file.text.split("\n") if file is not None else []
    line = promise.statement.line
    if not (0 < line <= len(lines) and _OPEN_BOX.match(lines[line - 1])):
        return verdict
    because = "It is an open box of a checklist: whoever goes through the list is to see to it, and nobody says that it is done."
    return Unknown("who goes through the list, and what they found", because, verdict.evidence)


def _admitted(verdict: Verdict, promise: Promise, control: Control, looks: Looks) -> Verdict:
    """The verdict; undecided where the line claims nothing: it names a limit that the policy owns up to, or stands in an example for the reader."""
    statement = promise.statement
    if not isinstance(verdict, (Kept, Partly, Broken)) or control.id.partition("/")[0] in _OF_THE_TEXT:
        return verdict
    limit = statement.section is Section.LIMITS and statement.modality is Modality.LIMIT and statement.polarity is not Polarity.NEGATIVE
    if limit and not isinstance(verdict, Partly):
        return Unknown("a sentence that promises", "It stands among what the policy owns up to: whether that is so or not, nothing is promised.", verdict.evidence)
    if statement.kind is Kind.CODE and _in_example(statement, looks):
        return Unknown("a sentence that promises", "It stands in a block of code that calls itself an example.", verdict.evidence)
    tree = looks.get(Tree) if looks.knows(Tree) else None
    return of_another_place(verdict, statement, tree) if isinstance(tree, Tree) else verdict


def _in_example(statement: Statement, looks: Looks) -> bool:
    """Whether the block of code that a sample is part of opens with a remark that calls it an example."""
    policy = looks.get(PolicySet) if looks.knows(PolicySet) else None
    file = policy.file(statement.path) if isinstance(policy, PolicySet) else None
    lines = file.text.split("\n") if file is not None else []
    if not 0 < statement.line <= len(lines):
        return False
    if _FENCE.match(lines[statement.line - 1]):
        return statement.line < len(lines) and _EXAMPLE.match(lines[statement.line]) is not None
    at = next((at for at in range(statement.line - 1, -1, -1) if _FENCE.match(lines[at])), None)
    return at is not None and at + 1 < len(lines) and _EXAMPLE.match(lines[at + 1]) is not None


def _parts(
    promise: Promise,
    control: Control,
    catalogue: Mapping[str, Control],
    looks: Looks,
    findings: Sequence[Finding | None],
) -> Parts:
    """What a composite stands on: findings under its own lines, or of the controls that it names (judged afresh where the policy says nothing of them)."""
    found: list[Part] = []
    for finding in findings:
        if finding is None or finding.promise.statement.path != promise.statement.path:
            continue
        line = finding.promise.statement.line
        nested = CHILDREN in control.parts and line in promise.statement.children
        if nested or finding.promise.control in control.parts:
            found.append(Part(finding.promise.control, line, finding.verdict))
    named = {part.control for part in found}
    for name in control.parts:
        other = catalogue.get(name)
        if name != CHILDREN and name not in named and other is not None and not other.parts:
            bare = Promise(promise.statement, name, reason=f"part of {control.id}")
            found.append(Part(name, 0, judge(bare, other, looks, Parts())))
    return Parts(tuple(found))
