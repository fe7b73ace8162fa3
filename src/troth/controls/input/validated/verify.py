"""Judges whether inputs are validated, as far as code shows it: validators that nothing calls validate nothing."""

from __future__ import annotations

import re

from troth.judgement.guards import evidence_of, not_a_claim, prove, source_lines, split
from troth.judgement.policy_scope import home_of, inside
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.programs import Programs
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Unknown, Verdict

_VALIDATES = re.compile(r"^_?(?:validat|sanitiz|sanitis|verify_?input|check_?input)\w*", re.IGNORECASE)
_SCHEMAS = re.compile(
    r"\b(?:pydantic|marshmallow|voluptuous|cerberus|jsonschema|fastapi|zod|joi|yup|ajv|valibot|class-validator|io-ts|superstruct|typebox|validator::|garde|express-validator)\b"
)
_MEND = "Call the validators where input enters, before anything uses it."


def verify(statement: Statement, programs: Programs, tree: Tree, policies: PolicySet) -> Verdict:
    """Broken where there are validators and production code calls none of them; never Kept: that all input passes one takes a run.

    A policy inside a package speaks of that package: its validators and its schemas count, and who calls them may stand anywhere.
    """
    other = not_a_claim(statement, "validate input")
    if other is not None:
        return other
    home = home_of(statement.path, policies)
    functions = (unit for unit in programs.units if unit.kind == "function" and inside(home, unit.place.path))
    validators = [unit for unit in functions if _VALIDATES.match(unit.name) and not unit.decorated]
    called, idle = split(validators, programs, home)
    schema = next((found for found in source_lines(tree, _SCHEMAS) if inside(home, found[0])), None)
    if len(idle) >= 2 and not called and schema is None and not programs.missing and not any(programs.unseen(unit) for unit in idle):
        because = f"{len(idle)} validators are defined, and production code calls none of them."
        return Broken(How.BYPASSED, evidence_of(idle, tree, "Nothing outside of tests calls it.", 12), because, _MEND)
    if not validators and schema is None:
        return Unknown("a validator that is known here", "No function that speaks of validation, and no schema library, was found.")
    because = f"{len(called)} validators are called and {len(idle)} are not; whether all input passes one takes a run."
    return prove("inputs", because, evidence_of(idle, tree, "Nothing outside of tests calls it.", 4))
