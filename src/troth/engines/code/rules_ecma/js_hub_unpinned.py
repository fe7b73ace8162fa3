"""Downloads from a model hub without a fixed commit, by transformers.js."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.grown.ecma import Call, EcmaFile
from troth.engines.code.grown.syntax import Node
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_LIBRARIES = ("@huggingface/transformers", "@xenova/transformers", "@huggingface/hub", "@electron/llm")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}\Z")
_FIRST = re.compile(r"(?:distil)?(?:bert|roberta|gpt2|gpt-2|t5|albert|xlnet|xlm|electra|camembert|bart|opt|bloom)(?:-[\w.-]+)?\Z")
"""Models of the hub's first years, which stand there without an owner's name."""
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    for call in file.calls:
        if not any(name.startswith(_LIBRARIES) for name in call.names):
            continue
        last = {name.rpartition(".")[2] for name in call.names}
        if "pipeline" in last:
            yield from _judge(file, call, call.argument(1), call.argument(2))
        elif "from_pretrained" in last:
            yield from _judge(file, call, call.argument(0), call.argument(1))
        elif last & {"downloadFile", "snapshotDownload", "listFiles"}:
            yield from _judge(file, call, file.options(call.argument(0), call.scope).get("repo"), call.argument(0))


def _judge(file: EcmaFile, call: Call, name: Node | None, options: Node | None) -> Iterator[Hit]:
    names = file.worth(name, call.scope)
    if names is None or not any(isinstance(item, str) and (_REPOSITORY.match(item) or _FIRST.match(item)) for item in names):
        return
    given = file.options(options, call.scope)
    if "local_files_only" in given and file.worth(given["local_files_only"], call.scope) == frozenset((True,)):
        return
    if "revision" not in given:
        yield Hit(call.line, "No revision: tomorrow's download may be another model.")
        return
    revisions = file.worth(given["revision"], call.scope)
    if revisions is not None and not all(isinstance(item, str) and _COMMIT.match(item) for item in revisions):
        yield Hit(call.line, "The revision is a branch or a tag, which can be moved.")


RULE = Rule(
    id="js-hub-unpinned",
    title="A download from a hub is not pinned to a commit",
    why="Whoever owns the repository, or takes it over, changes what is loaded here.",
    mend="Pass { revision } with the full commit.",
    severity=Severity.MEDIUM,
    cwe=("CWE-494", "CWE-829"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003",),
    needs=((b"@huggingface/", b"@xenova/transformers"), (b"pipeline(", b"from_pretrained(", b"downloadFile(", b"snapshotDownload(")),
    check=_check,
    language="ecma",
    bad=("import { pipeline } from '@huggingface/transformers';\nawait pipeline('summarization', 'Xenova/t5-small');\n",),
    good=("import { pipeline } from '@huggingface/transformers';\nawait pipeline('summarization', 'Xenova/t5-small', { revision: '0123456789abcdef0123456789abcdef01234567' });\n",),
)
