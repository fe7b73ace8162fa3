"""Judges whether inputs are validated, as far as code shows it: validators that nothing calls validate nothing."""

from __future__ import annotations

import re

from troth.judgement.guards import evidence_of, not_a_claim, prove, source_lines, split
from troth.terms.facts.programs import Programs
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Unknown, Verdict

_VALIDATES = re.compile(r"^_?(?:validat|sanitiz|sanitis|verify_?input|check_?input)\w*", re.IGNORECASE)
_SCHEMAS = re.compile(
    r"\b(?:pydantic|marshmallow|voluptuous|cerberus|jsonschema|fastapi|zod|joi|yup|ajv|valibot|class-validator|io-ts|superstruct|typebox|validator::|garde|express-validator)\b"
)
_MEND = "Call the validators where input enters, before anything uses it."


def verify(statement: Statement, programs: Programs, tree: Tree) -> Verdict:
    """Broken where there are validators and production code calls none of them; never Kept: that all input passes one takes a run."""
    other = not_a_claim(statement, "validate input")
    if other is not None:
        return other
    validators = [unit for unit in programs.units if unit.kind == "function" and _VALIDATES.match(unit.name) and not unit.decorated]
    called, idle = split(validators, programs)
    schema = next(iter(source_lines(tree, _SCHEMAS)), None)
    if len(idle) >= 2 and not called and schema is None and not programs.unread and not programs.missing:
        because = f"{len(idle)} validators are defined, and production code calls none of them."
        return Broken(How.BYPASSED, evidence_of(idle, tree, "Nothing outside of tests calls it.", 12), because, _MEND)
    if not validators and schema is None:
        return Unknown("a validator that is known here", "No function that speaks of validation, and no schema library, was found.")
    because = f"{len(called)} validators are called and {len(idle)} are not; whether all input passes one takes a run."
    return prove("inputs", because, evidence_of(idle, tree, "Nothing outside of tests calls it.", 4))
