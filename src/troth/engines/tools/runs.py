"""A call and its surroundings -> a `ToolRun`: purposes, flaws, depth, configuration."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace

from troth.engines.tools.blind import config_flaws, few_rules, option_doubt
from troth.engines.tools.calls import Call
from troth.engines.tools.flaws import (
    action_flaws,
    doubts,
    file_guard,
    is_no_run,
    option_flaws,
    swallow_flaws,
    target_flaws,
)
from troth.engines.tools.identify import Identified, identify, positionals
from troth.engines.tools.jobs import JobState, targets_of
from troth.engines.tools.spec import Catalogue, ToolSpec
from troth.terms.facts.tools import Carrier, Depth, Flaw, FlawKind, Purpose, Reach, ToolRun
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Job, Step, Truth, Workflow

__all__ = ["Surroundings", "run_of"]

_ON_RANGE = frozenset(("push", "pull_request", "pull_request_target", "merge_group"))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a call stands: its workflow, job and step, and what is known of the job before it (all None outside a workflow)."""

    carrier: Carrier
    workflow: Workflow | None = None
    job: Job | None = None
    step: Step | None = None
    state: JobState | None = None
    reaches: tuple[Reach, ...] = ()
    unreached: Flaw | None = None
    sarif: bool = False
    also: tuple[Flaw, ...] = ()


def _purposes(spec: ToolSpec, found: Identified, call: Call) -> tuple[Purpose, ...]:
    if call.uses is not None:
        if spec.mode_input:
            given = next(
                (item.value for item in call.options if item.name.lower() == spec.mode_input), spec.mode_default
            )
            return spec.modes.get(given, spec.purposes)
        if spec.name == "cargo-deny":
            return _denied(tuple(word for item in call.options if item.name in ("command", "command-arguments") for word in item.value.split()), spec)
        last = call.uses.name.rsplit("/", 1)[-1]
        if spec.name == "snyk":
            return (Purpose.CONTAINER,) if last == "docker" else (Purpose.VULNERABILITIES,)
        if spec.name == "docker-build-push":
            push = next((item.value for item in call.options if item.name == "push"), "false")
            return (Purpose.PUBLISH, Purpose.BUILD) if push != "false" else spec.purposes
        return spec.purposes
    if spec.name == "cargo-deny":
        return _denied(positionals(found.words[1:], spec.values), spec)
    for word in positionals(found.words[1:], spec.values)[:2]:
        if word in spec.modes:
            return spec.modes[word]
    if spec.name == "pytest" and any(word.startswith("--cov") for word in found.rest):
        return (Purpose.TEST, Purpose.COVERAGE)
    return spec.purposes


def _denied(words: tuple[str, ...], spec: ToolSpec) -> tuple[Purpose, ...]:
    """What `cargo deny check` looks at: the named lists, all of them where none is named."""
    named = [purpose for word in words for purpose in spec.modes.get(word, ())]
    return tuple(dict.fromkeys(named)) or spec.purposes


def _depth(spec: ToolSpec, found: Identified, call: Call, state: JobState | None) -> Depth:
    if Purpose.SECRETS not in spec.purposes:
        return Depth.UNSTATED
    if call.uses is not None:
        return spec.action_depth
    words = found.rest
    if any(word in ("--no-git", "dir", "directory", "filesystem", "stdin") for word in words):
        return Depth.TREE
    if any(
        word.startswith(("--staged", "protect", "--since-commit", "--log-opts", "--pre-commit", "--branch"))
        for word in words
    ):
        whole = any("--all" in word for word in words if "log-opts" in word or word == "--all")
        return Depth.FULL if whole else Depth.RANGE
    if spec.depth is Depth.FULL and state is not None and not state.full_history:
        return Depth.TREE
    return spec.depth


def _on_event(reach: Reach, depth: Depth, call: Call, state: JobState | None) -> Reach:
    if call.uses is not None and depth is Depth.RANGE:
        whole = reach.event not in _ON_RANGE and state is not None and state.full_history
        return replace(reach, depth=Depth.FULL if whole else Depth.RANGE)
    return replace(reach, depth=depth)


def _config(spec: ToolSpec, found: Identified, tree: Tree) -> str:
    rest = found.rest
    for at, word in enumerate(rest):
        name, _, value = word.partition("=")
        if name in spec.config_option:
            return value or (rest[at + 1] if at + 1 < len(rest) else "")
    return next((name for name in spec.config_files if name in tree.files), "")


def _flaws(spec: ToolSpec, found: Identified, call: Call, around: Surroundings, tree: Tree) -> Iterator[Flaw]:
    if around.unreached is not None:
        yield around.unreached
    yield from around.also
    for guard in call.guards:
        if file_guard(guard, tree) is False:
            says = f"it stands behind `{' '.join(guard)}`, and the tree has no such file"
            yield Flaw(FlawKind.UNREACHED, tree.evidence(call.place.path, call.place.line, says))
    if call.never:
        yield Flaw(FlawKind.UNREACHED, tree.evidence(call.place.path, call.place.line, call.never))
    stop = around.state.stop if around.state is not None else None
    if (
        stop is not None
        and around.step is not None
        and around.step.index >= stop.index
        and around.step.condition is None
    ):
        yield Flaw(FlawKind.CANNOT_START, stop.evidence)
    for flaw in action_flaws(spec, call, tree) if call.uses is not None else option_flaws(spec, found, call, tree):
        if not (flaw.kind is FlawKind.NO_THRESHOLD and around.sarif):
            yield flaw
    yield from target_flaws(spec, found, call, around.state, _purposes(spec, found, call), tree)
    yield from config_flaws(spec, _config(spec, found, tree), targets_of(found.rest, spec.values) if spec.targets else (), call, tree)
    yield from swallow_flaws(call, tree)
    yield from _continued(around, tree)


def _continued(around: Surroundings, tree: Tree) -> Iterator[Flaw]:
    for item in (around.step, around.job):
        if item is not None and around.workflow is not None and item.continue_on_error is Truth.TRUE:
            says = "continue-on-error: true: its failure does not count"
            yield Flaw(FlawKind.SWALLOWED, tree.evidence(around.workflow.path, item.continue_line, says))


def _other_name(words: tuple[str, ...]) -> str:
    first = words[0].rsplit("/", 1)[-1] if words else ""
    if first.startswith(("python", "node", "bash", "sh", "ruby", "deno", "tsx", "bun", "npx", "go", "perl")):
        script = next((word for word in words[1:] if not word.startswith("-") and "." in word), "")
        if script:
            first = script.rsplit("/", 1)[-1]
    stem, suffix = posixpath.splitext(first)
    return stem if suffix in (".py", ".sh", ".js", ".ts", ".mjs", ".cjs", ".rb", ".pl") else first


def run_of(call: Call, around: Surroundings, known: Catalogue, tree: Tree) -> ToolRun | None:
    """The `ToolRun` of a call: of a known tool, or under the name of its command (`purposes` is then OTHER); None for a mere question."""
    if call.uses is not None:
        name = call.uses.name
        spec = known.image(call.uses.text.removeprefix("docker://")) if call.uses.docker else known.action(name)
        found = Identified(spec, call.argv, ())
    else:
        found = identify(call.argv, known)
        spec = found.spec
        name = _other_name(found.words)
        if spec is not None and is_no_run(spec, found.rest):
            return None
    plain = ToolRun(
        tool=spec.name if spec is not None else f"{name} (other)" if name in known.specs else name,
        purposes=(Purpose.OTHER,),
        place=call.place,
        carrier=around.carrier,
        argv=call.argv,
        options=call.options,
        workflow=around.workflow.path if around.workflow else None,
        job=around.job.id if around.job else None,
        step=around.step.index if around.step else None,
        checks=around.job.checks if around.job else (),
        job_name=around.job.name if around.job else "",
        via=call.via,
        reaches=around.reaches,
        working_directory=call.folder,
        doubts=tuple(doubts(call, tree)),
        env=call.env,
    )
    if spec is None:
        flaws = [
            *([around.unreached] if around.unreached else []),
            *swallow_flaws(call, tree),
            *_continued(around, tree),
        ]
        return replace(plain, flaws=tuple(flaws))
    depth = _depth(spec, found, call, around.state)
    lessened = option_doubt(spec, found.rest)
    less = (tree.evidence(call.place.path, call.place.line, lessened),) if lessened else ()
    return replace(
        plain,
        doubts=(*plain.doubts, *less, *few_rules(spec, _config(spec, found, tree), tree)),
        purposes=_purposes(spec, found, call),
        reaches=tuple(_on_event(reach, depth, call, around.state) for reach in around.reaches),
        flaws=tuple(_flaws(spec, found, call, around, tree)),
        targets=targets_of(found.rest, spec.values) if spec.targets else (),
        depth=depth,
        config=_config(spec, found, tree),
        registry=spec.registry,
        alerts=spec.alerts,
        installs=around.state.files if around.state is not None else (),
    )
