"""Check what comes in before it is used: one decorator for the functions behind tools, commands and web addresses.

    @validated                                   # the function's annotations are the rules (extra: validate = pydantic)
    def search(query: Annotated[str, StringConstraints(max_length=200)], limit: Annotated[int, Field(ge=1, le=100)] = 10) -> list[str]: ...

    search(query="...", limit="a lot")           # InputRefusedError: limit: int_type

Rules: strict types (no "1" for 1, no 0 for False), no extra arguments, no unbounded text (a cap holds where the annotation has none), NaN and infinities refused, an error never
repeats a value: only where it is wrong and which rule refused it. Importing this costs no pydantic; decorating does.
"""

from troth.guard.validate.boundary import InputRefusedError, Problem, parse_json, validated

__all__ = ["InputRefusedError", "Problem", "parse_json", "validated"]
