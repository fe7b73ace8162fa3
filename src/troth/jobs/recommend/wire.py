"""The JSON form of the protocol, for modules in any language: one object in on standard input, one object out on standard output.

In: `{"protocol": 1, "ask": "describe"}` or `{"protocol": 1, "ask": "recommend", "facts": {...}}`.
Out: `{"protocol": 1, "name", "controls", "wants"}` or `{"protocol": 1, "advice": [...]}`. Field names are those of `facts` and `recommendation`; docs/fix.md shows an exchange.

Read strictly: a field that is unknown, missing or of another type refuses the whole answer; sizes are bounded before anything is parsed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Final, cast

from troth.jobs.recommend.facts import Complaint, Facts, Json, Seen, SourceFile
from troth.jobs.recommend.module import NAME
from troth.jobs.recommend.recommendation import (
    FORGE_ACTIONS,
    Advice,
    FileChange,
    ForgeAction,
    Gap,
    Proof,
    Recommendation,
    RecommendationError,
    Risk,
)
from troth.jobs.strict import parse

__all__ = ["LIMIT_BYTES", "PROTOCOL", "advice_to_json", "describe", "description", "facts_from_json", "facts_to_json", "read_advice", "request"]

PROTOCOL: Final = 1
LIMIT_BYTES: Final = 8 * 1024 * 1024
"""Most that a module may answer, in bytes."""

_MOST: Final = 200
_TEXTS: Final = {
    Recommendation: ("module", "title", "why"),
    Gap: ("module", "missing", "because"),
    Proof: ("kind", "locator", "sha256", "quote", "says"),
    FileChange: ("path", "before", "after", "mode", "source"),
}
_LIMITS: Final = {"title": 200, "why": 4000, "missing": 4000, "because": 4000, "quote": 4000, "says": 1000}


def request(ask: str, facts: Facts | None = None) -> bytes:
    """What a module is sent."""
    told: dict[str, Json] = {"protocol": PROTOCOL, "ask": ask}
    if facts is not None:
        told["facts"] = facts_to_json(facts)
    return json.dumps(told, ensure_ascii=True, allow_nan=False).encode("ascii")


def facts_to_json(facts: Facts) -> Json:
    """Facts as plain data."""
    complaints = [{**scalars(one), "params": dict(one.params), "evidence": [scalars(seen) for seen in one.evidence]} for one in facts.complaints]
    return cast("Json", {
        "complaints": complaints,
        "files": [{"path": file.path, "text": file.text, "mode": file.mode, "sha256": file.sha256} for file in facts.files.values()],
        "paths": dict(facts.paths),
        "commits": dict(facts.commits),
        "repository": facts.repository,
        "branch": facts.branch,
    })  # fmt: skip


def scalars(one: Complaint | Seen) -> dict[str, object]:
    """Scalar fields of a complaint or of evidence."""
    return {name: getattr(one, name) for name in one.__dataclass_fields__ if name not in ("params", "evidence")}


def facts_from_json(told: object) -> Facts:
    """The facts that `facts_to_json` wrote; for the process of a module, which trusts its host."""
    data = cast("dict[str, list[dict[str, object]]]", told)
    files = [SourceFile(str(one["path"]), str(one["text"]), str(one["mode"])) for one in data["files"]]
    complaints = tuple(
        Complaint(
            **{
                **one,
                "params": MappingProxyType(cast("dict[str, Json]", one["params"])),
                "evidence": tuple(_seen(seen) for seen in cast("list[dict[str, str]]", one["evidence"])),
            }  # type: ignore[arg-type]
        )
        for one in data["complaints"]
    )
    plain = cast("dict[str, dict[str, str]]", told)
    scalars = cast("dict[str, str]", told)
    return Facts(
        complaints, {file.path: file for file in files}, plain["paths"], plain["commits"], scalars["repository"], scalars["branch"]
    )


def _seen(told: dict[str, str]) -> Seen:
    return Seen(told["path"], int(told["line"]), told["says"], told["text"])


def description(name: str, controls: tuple[str, ...], wants: tuple[str, ...]) -> bytes:
    """A module's answer to `describe`."""
    return json.dumps({"protocol": PROTOCOL, "name": name, "controls": list(controls), "wants": list(wants)}).encode()


def describe(answer: bytes) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Name, controls and globs from an answer to `describe`.

    Raises:
        RecommendationError: it is malformed.
    """
    told = _answer(answer, {"protocol", "name", "controls", "wants"})
    name = told["name"]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise RecommendationError("module-name", "A module's name is not lower case with hyphens.")
    return name, _strings(told["controls"], 200), _strings(told["wants"], 200)


def advice_to_json(advice: Advice) -> dict[str, Json]:
    """A recommendation or a gap as plain data; `kind` tells which."""
    if isinstance(advice, Gap):
        return cast("dict[str, Json]", {"kind": "gap", **asdict(advice), "mends": list(advice.mends)})
    return cast("dict[str, Json]", {
        "kind": "recommendation", "module": advice.module, "title": advice.title, "why": advice.why, "mends": list(advice.mends), "risk": advice.risk.value,
        "evidence": [asdict(proof) for proof in advice.evidence], "patch": advice.patch, "files": [asdict(change) for change in advice.files],
        "action": None if advice.action is None else {"kind": advice.action.kind, "params": dict(advice.action.params)}, "cautions": list(advice.cautions),
    })  # fmt: skip


def read_advice(answer: bytes) -> tuple[Advice, ...]:
    """Advice from an answer to `recommend`.

    Raises:
        RecommendationError: it is malformed.
    """
    told = _answer(answer, {"protocol", "advice"})["advice"]
    if not isinstance(told, list) or len(told) > _MOST:
        raise RecommendationError("advice-form", f"A module's advice is a list of at most {_MOST}.")
    return tuple(_advice(one) for one in told)


def _answer(answer: bytes, fields: set[str]) -> dict[str, Json]:
    told = cast("dict[str, Json]", parse(answer, limit=LIMIT_BYTES, depth=12, error=RecommendationError, what="module's answer"))
    if set(told) != fields or told["protocol"] != PROTOCOL or told["protocol"] is True:
        raise RecommendationError("answer-form", "A module's answer does not have the fields of the protocol.")
    return told


def _advice(value: Json) -> Advice:
    told = value if isinstance(value, dict) else {}
    if told.get("kind") == "gap" and set(told) == {"kind", "module", "mends", "missing", "because"}:
        return Gap(mends=_strings(told["mends"], 1000), **_texts(told, Gap))
    wanted = {"kind", "module", "title", "why", "mends", "risk", "evidence", "patch", "files", "action", "cautions"}
    if told.get("kind") != "recommendation" or set(told) != wanted:
        raise RecommendationError("advice-form", "A piece of advice is neither a recommendation nor a gap.")
    patch, risk = told["patch"], told["risk"]
    if not isinstance(patch, str) or risk not in [one.value for one in Risk]:
        raise RecommendationError("advice-form", "A recommendation's patch or risk is none.")
    return Recommendation(
        **_texts(told, Recommendation), mends=_strings(told["mends"], 1000), risk=Risk(risk), patch=patch, action=_action(told["action"]),
        evidence=tuple(Proof(**_texts(_exact(one, Proof), Proof)) for one in _list(told["evidence"], 64)),
        files=tuple(FileChange(**_texts(_exact(one, FileChange), FileChange)) for one in _list(told["files"], 1000)),
        cautions=_strings(told["cautions"], 50),
    )  # fmt: skip


def _exact(value: Json, kind: type) -> dict[str, Json]:
    if not isinstance(value, dict) or set(value) != set(_TEXTS[kind]):
        raise RecommendationError("advice-form", "A part of a recommendation does not have the fields that it has.")
    return value


def _texts(told: Mapping[str, Json], kind: type) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _TEXTS[kind]:
        value = told[name]
        if not isinstance(value, str) or len(value) > _LIMITS.get(name, 4096):
            raise RecommendationError("advice-form", f"The field {name} of a piece of advice is no text, or too long.")
        found[name] = value
    return found


def _list(value: Json, most: int) -> list[Json]:
    if not isinstance(value, list) or len(value) > most:
        raise RecommendationError("advice-form", f"A list of a piece of advice is none, or has more than {most} entries.")
    return value


def _strings(value: Json, most: int) -> tuple[str, ...]:
    listed = _list(value, most)
    if not all(isinstance(item, str) and len(item) <= 4096 for item in listed):
        raise RecommendationError("advice-form", "A list of texts holds something else.")
    return tuple(str(item) for item in listed)


def _action(value: Json) -> ForgeAction | None:
    if value is None:
        return None
    params = value.get("params") if isinstance(value, dict) else None
    if not isinstance(value, dict) or set(value) != {"kind", "params"} or not isinstance(params, dict) or value["kind"] not in FORGE_ACTIONS:
        raise RecommendationError("advice-form", "An action is of no kind that a forge's handler knows.")
    return ForgeAction(str(value["kind"]), MappingProxyType(params))
