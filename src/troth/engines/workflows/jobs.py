"""Jobs: steps, needs, matrices and the names of their check runs, permissions, environments, calls of reusable workflows."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice, product

from troth.engines.workflows.document import Item, Map, Scalar, Seq, Value
from troth.engines.workflows.schema import CALL_KEYS, JOB_CONTEXTS, JOB_KEYS, LEVELS, SCOPES
from troth.engines.workflows.secrets import secret_uses
from troth.engines.workflows.steps import Scope, condition, read_steps, settings, texts_of, truth, uses
from troth.judgement.expressions import embedded
from troth.terms.facts.workflows import (
    Environment,
    Job,
    Permissions,
    PermissionsKind,
    Problem,
    SecretUse,
    Setting,
    Text,
)

__all__ = ["read_jobs", "read_permissions"]

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LEGS = 64
Leg = tuple[tuple[str, str], ...]


def read_permissions(value: Value | None, line: int, problems: list[Problem], *, of_job: bool) -> Permissions:
    """A `permissions:` value; DEFAULT where there is none."""
    if value is None:
        return Permissions(PermissionsKind.DEFAULT)
    if isinstance(value, Scalar):
        kinds = {"read-all": PermissionsKind.READ_ALL, "write-all": PermissionsKind.WRITE_ALL}
        if value.text not in kinds and not value.null:
            problems.append(Problem(line, f"{value.text[:40]!r} is no permission"))
        return Permissions(kinds.get(value.text, PermissionsKind.NONE), line=line, of_job=of_job)
    scopes = settings(value)
    for item in scopes:
        _check_scope(item, problems)
    return Permissions(PermissionsKind.SCOPES if scopes else PermissionsKind.NONE, scopes, line, of_job)


def _check_scope(item: Setting, problems: list[Problem]) -> None:
    if item.value not in LEVELS:
        problems.append(Problem(item.line, f"{item.value[:40]!r} is no level of a permission"))
    near = item.name.replace("_", "-").lower()
    if item.name not in SCOPES and (near in SCOPES or near + "s" in SCOPES or near.rstrip("s") in SCOPES):
        problems.append(Problem(item.line, f"the forge knows no permission {item.name[:40]!r}"))


def _environment(value: Value | None, line: int) -> Environment | None:
    if isinstance(value, Scalar) and not value.null:
        return Environment(value.text, value.line or line)
    if isinstance(value, Map) and value.text("name"):
        return Environment(value.text("name"), value.line_of("name"), value.text("url"), value.line_of("url"))
    return None


def _plain(value: Value) -> str | None:
    return value.text if isinstance(value, Scalar) else None


_EMPTY_JSON = re.compile(r"fromJSON\(\s*'\s*\[\s*\]\s*'\s*\)", re.IGNORECASE)


def _axes(matrix: Map) -> dict[str, list[str]] | None:
    axes: dict[str, list[str]] = {}
    for name, item in matrix.items.items():
        if name in ("include", "exclude"):
            continue
        if not isinstance(item.value, Seq):
            return None
        axes[name] = [_plain(entry) or "${{ object }}" for entry in item.value.items]
    return axes


def _entries(value: Value | None) -> list[dict[str, str]] | None:
    if value is None:
        return []
    if not isinstance(value, Seq) or any(not isinstance(entry, Map) for entry in value.items):
        return None
    return [
        {name: item.value.text for name, item in entry.items.items() if isinstance(item.value, Scalar)}
        for entry in value.items
        if isinstance(entry, Map)
    ]


def legs(matrix: Value | None) -> tuple[Leg, ...]:
    """Combinations of a literal matrix (`include` and `exclude` applied), at most 64; empty where it is computed."""
    if not isinstance(matrix, Map):
        return ()
    axes, include, exclude = _axes(matrix), _entries(matrix.get("include")), _entries(matrix.get("exclude"))
    if axes is None or include is None or exclude is None:
        return ()
    combined = (
        [dict(zip(axes, values, strict=True)) for values in islice(product(*axes.values()), _LEGS)] if axes else []
    )
    found = [leg for leg in combined if not any(_within(rule, leg) for rule in exclude)]
    for extra in include:
        own = {name: value for name, value in extra.items() if name in axes}
        matching = [leg for leg in found if _within(own, leg)] if combined else []
        for leg in matching:
            leg.update({name: value for name, value in extra.items() if name not in axes})
        if not matching:
            found.append(dict(extra))
    return tuple(tuple(leg.items()) for leg in found[:_LEGS])


def _no_legs(matrix: Value | None) -> bool:
    """Whether a matrix leaves nothing to run: an axis without a value, a list from JSON that is empty, or every combination excluded."""
    if isinstance(matrix, Scalar):
        return _EMPTY_JSON.search(matrix.text) is not None
    if not isinstance(matrix, Map) or not matrix.items:
        return False
    axes = {name: item.value for name, item in matrix.items.items() if name not in ("include", "exclude")}
    if any((isinstance(value, Seq) and not value.items) or (isinstance(value, Scalar) and _EMPTY_JSON.search(value.text)) for value in axes.values()):
        return True
    literal = _axes(matrix) is not None and _entries(matrix.get("include")) is not None and _entries(matrix.get("exclude")) is not None
    return literal and not legs(matrix) and all(isinstance(entry, Scalar) for value in axes.values() if isinstance(value, Seq) for entry in value.items)


def _within(rule: dict[str, str], leg: dict[str, str]) -> bool:
    return all(leg.get(name) == value for name, value in rule.items())


def _checks(name: str, named: bool, combinations: tuple[Leg, ...], *, computed: bool) -> tuple[str, ...]:
    """Names of the check runs of a job."""
    if not combinations:
        return (f"{name} (${{{{ matrix }}}})",) if computed and not named else (name,)
    found: list[str] = []
    for leg in combinations:
        if named and "${{" in name:
            found.append(_filled(name, dict(leg)))
        else:
            found.append(f"{name} ({', '.join(value for _, value in leg)})" if leg else name)
    return tuple(dict.fromkeys(found))


def _filled(text: str, leg: dict[str, str]) -> str:
    for _, inner in list(embedded(text)):
        word = inner.strip()
        if word.lower().startswith("matrix.") and word[7:] in leg:
            text = text.replace("${{" + inner + "}}", leg[word[7:]])
    return text


def _images(value: Map) -> tuple[Text, ...]:
    found: list[Text] = []
    container = value.get("container")
    found.extend(texts_of(container.get("image") if isinstance(container, Map) else container))
    services = value.get("services")
    for item in services.items.values() if isinstance(services, Map) else ():
        if isinstance(item.value, Map):
            found.extend(texts_of(item.value.get("image")))
    return tuple(found)


def _runs_on(value: Value | None) -> tuple[str, ...]:
    if isinstance(value, Map):
        return tuple(text.value for text in (*texts_of(value.get("labels")), *texts_of(value.get("group"))))
    return tuple(text.value for text in texts_of(value))


def _call_secrets(value: Value | None, line: int) -> tuple[SecretUse, ...]:
    if isinstance(value, Scalar) and value.text == "inherit":
        return (SecretUse("*", line, "secrets", inherited=True),)
    return ()


def _scope(value: Map, outer: Scope) -> Scope:
    defaults = value.get("defaults")
    run = defaults.get("run") if isinstance(defaults, Map) else None
    if not isinstance(run, Map):
        return outer
    return replace(
        outer,
        shell=run.text("shell") or outer.shell,
        working_directory=run.text("working-directory") or outer.working_directory,
    )


def _check_shape(name: str, value: Map, problems: list[Problem]) -> None:
    called = "uses" in value.items
    if not _ID.fullmatch(name):
        problems.append(Problem(value.line, f"{name[:60]!r} is no job id"))
    for key, item in value.items.items():
        if key not in (CALL_KEYS if called else JOB_KEYS):
            problems.append(
                Problem(item.line, f"a job knows no key {key[:60]!r}" + (" beside `uses`" if called else ""))
            )
    if not called and "runs-on" not in value.items:
        problems.append(Problem(value.line, f"job {name[:60]!r} has no runs-on"))
    if not called and not isinstance(value.get("steps"), Seq):
        problems.append(Problem(value.line, f"job {name[:60]!r} has no steps"))


def _job(name: str, item: Item, lines: tuple[str, ...], outer: Scope, permissions: Permissions) -> Job | None:
    value, line = item.value, item.line
    if not isinstance(value, Map):
        outer.problems.append(Problem(line, f"job {name[:60]!r} must be a mapping"))
        return None
    problems = outer.problems
    _check_shape(name, value, problems)
    strategy = value.get("strategy")
    matrix = strategy.get("matrix") if isinstance(strategy, Map) else None
    combinations = legs(matrix)
    own = "permissions" in value.items
    return Job(
        id=name,
        line=line,
        end_line=value.end_line,
        name=value.text("name") or name,
        name_line=value.line_of("name") or line,
        checks=_checks(
            value.text("name") or name,
            bool(value.text("name")),
            combinations,
            computed=matrix is not None,
        ),
        needs=tuple(text.value for text in texts_of(value.get("needs"))),
        condition=condition(value.get("if"), JOB_CONTEXTS, problems),
        permissions=read_permissions(value.get("permissions"), value.line_of("permissions"), problems, of_job=True)
        if own
        else permissions,
        environment=_environment(value.get("environment"), value.line_of("environment")),
        steps=read_steps(value.get("steps"), lines, _scope(value, outer)),
        uses=uses(value.get("uses")),
        inputs=settings(value.get("with")),
        env=settings(value.get("env")),
        runs_on=_runs_on(value.get("runs-on")),
        images=_images(value),
        continue_on_error=truth(value.get("continue-on-error")),
        continue_line=value.line_of("continue-on-error"),
        secrets=(*secret_uses(value), *_call_secrets(value.get("secrets"), value.line_of("secrets"))),
        matrix=combinations,
        no_legs=(strategy.line_of("matrix") or line) if isinstance(strategy, Map) and _no_legs(matrix) else 0,
    )


def read_jobs(value: Value | None, lines: tuple[str, ...], outer: Scope, permissions: Permissions) -> tuple[Job, ...]:
    """All jobs of a workflow; what is wrong goes to the scope's problems."""
    if not isinstance(value, Map) or not value.items:
        outer.problems.append(Problem(value.line if value else 0, "a workflow needs at least one job"))
        return ()
    read = (_job(name, item, lines, outer, permissions) for name, item in value.items.items())
    found = [job for job in read if job is not None]
    _check_needs(found, outer.problems)
    return tuple(found)


def _settled(name: str, done: set[str], known: set[str]) -> bool:
    return name in done or name not in known


def _check_needs(jobs: list[Job], problems: list[Problem]) -> None:
    known = {job.id.lower() for job in jobs}  # the forge compares ids without regard to case
    for job in jobs:
        for name in job.needs:
            if name.lower() not in known:
                problems.append(Problem(job.line, f"job {job.id!r} needs {name[:60]!r}, which is no job here"))
    done: set[str] = set()
    while True:
        ready = [
            job.id.lower()
            for job in jobs
            if job.id.lower() not in done and all(_settled(name.lower(), done, known) for name in job.needs)
        ]
        if not ready:
            break
        done.update(ready)
    for job in jobs:
        if job.id.lower() not in done:
            problems.append(Problem(job.line, f"job {job.id!r} waits for itself through `needs`"))
