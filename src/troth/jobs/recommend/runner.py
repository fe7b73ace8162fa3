"""The process in which one module runs: reads a request from standard input, writes the answer to standard output, and ends.

Started by `host` with an empty environment, in a sandbox that is shut before the module is imported. It imports nothing of Troth but this package, the terms and
pure judgement.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from troth.jobs.recommend.module import Reference, loaded
from troth.jobs.recommend.wire import PROTOCOL, advice_to_json, description, facts_from_json

if TYPE_CHECKING:
    from troth.jobs.recommend.facts import Json

__all__ = ["answer", "main"]


def answer(reference: Reference, content: bytes) -> bytes:
    """The module's answer to one request."""
    told = json.loads(content)
    module = loaded(reference)
    if told["ask"] == "describe":
        return description(module.name, module.controls, module.wants)
    advice: list[Json] = [dict(advice_to_json(one)) for one in module.recommend(facts_from_json(told["facts"]))]
    return json.dumps({"protocol": PROTOCOL, "advice": advice}, ensure_ascii=True).encode("ascii")


def main(arguments: list[str]) -> int:
    """Entry of the process: name and target of the module as arguments."""
    name, target = arguments
    content = sys.stdin.buffer.read()
    out, sys.stdout = sys.stdout.buffer, sys.stderr
    out.write(answer(Reference(name, target), content))
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
