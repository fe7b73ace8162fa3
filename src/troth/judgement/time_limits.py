"""What a limit of time in a policy is worth: whether the policies agree on it, and what a desk's records say.

When a report was acknowledged, assessed, answered again or fixed stands in no file of a repository: only a statement that a desk signed keeps such a promise.
"""

from __future__ import annotations

from troth.judgement.desk_records import weigh_records
from troth.judgement.disagreements import limit_of, other_limits, seconds
from troth.judgement.policy_scope import said, twin_of
from troth.terms.facts.desk_records import DeskRecords
from troth.terms.facts.policies import PolicySet
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, How, Unknown, Verdict

__all__ = ["judge_limit"]

_RECORDS = "the case records of a desk"


def judge_limit(
    control: str, done: str, params: Params, statement: Statement, *, words: Verdict | None, policies: PolicySet, records: DeskRecords
) -> Verdict:
    """Kept only by what a desk signed; Broken where the same policy, or the one that the forge shows, gives another limit.

    Args:
        control: whose promise it is.
        done: what happens to reports within the limit, for the reader ("acknowledged").
        params: of the promise; its limit.
        statement: the sentence.
        words: what the words of the sentence are worth by themselves; None where nothing is wrong with them.
        policies: all of the tree.
        records: what a desk's statement says.
    """
    return (
        _contradicted(control, params, statement, policies)
        or words
        or weigh_records(control, statement, policies, records)
        or Unknown(
            _RECORDS,
            f"When reports are {done} is written down where they are handled, not in the repository.",
            (said(statement, "The limit stands here."),),
        )
    )


def _contradicted(control: str, params: Params, statement: Statement, policies: PolicySet) -> Broken | None:
    mine = seconds(limit_of(statement, params)) or 0
    own = twin_of(statement.path, policies)
    for other in other_limits(control, statement, params, policies):
        evidence = (
            other.evidence(f"Here the limit is {other.iso}."),
            said(statement, f"Here it is {limit_of(statement, params)}."),
        )
        if other.same_policy:
            return Broken(How.CONTRADICTED, evidence, "The policy gives two different limits.", "Give one limit.")
        if other.shown and (own is None or not own.shown) and (seconds(other.iso) or 0) > mine:
            because = "The policy that the forge shows, and that reporters therefore read, gives a longer limit."
            return Broken(How.CONTRADICTED, evidence, because, "Give one limit in one place.")
    return None
