"""A validator exists and checks what is there; it is no schema, so more keys, other types and huge values go on."""


def unguarded(name, count=1):
    if not name:
        raise ValueError("name")
    return f"{name}:{count}"


def guarded(name, count=1):
    from typing import Annotated

    from pydantic import Field

    from troth.guard.validate import validated

    @validated
    def call(name: Annotated[str, Field(min_length=1, max_length=40)], count: Annotated[int, Field(ge=1, le=100)] = 1) -> str:
        return unguarded(name, count)

    return call(name, count)


def attack(program, folder):
    passed = 0
    for arguments in (("x" * 1_000_000, 1), (["a"], 1), ("a", "1"), ("a", -1), ("a", True), (b"a", 1)):
        try:
            program(*arguments)
            passed += 1
        except Exception:  # any refusal is one
            continue
    return passed > 0


def works(program, folder):
    return program("ada", 3) == "ada:3"
