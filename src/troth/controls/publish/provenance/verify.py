"""Published packages carry provenance: the publishing step asks for it, and its job may get the identity that it needs."""

from __future__ import annotations

import re

from troth.judgement.releasing import publishing_runs
from troth.terms.facts.dependencies import Dependencies, Ecosystem
from troth.terms.facts.registries import ProvenanceState, RegistriesShown
from troth.terms.facts.tools import Carrier, Purpose, ToolRun, ToolRuns
from troth.terms.facts.tree import Tree
from troth.terms.facts.workflows import Job, PermissionsKind, Workflows
from troth.terms.place import Place
from troth.terms.promise import Modality, Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_MOST = 10
_ABOUT = re.compile(r"provenance|attest|\bsign(?:ed|s|ing|ature|atures)?\b|\bslsa\b(?!-)|in-toto|trusted publish", re.IGNORECASE)
_TO_VERIFY = re.compile(r"\W*(?:to )?(?:verify|check|validate|confirm|ensure)\b", re.IGNORECASE)
_TO_ENSURE = re.compile(r"\b(?:team|maintainers?|committee|owners?|manager) will (?:ensure|make sure|see to|verify|check)\b", re.IGNORECASE)
_FIXED = re.compile(r"\bimmutable\b|\b(?:cannot|can't|can not|never) be (?:tampered|changed|altered|modified|replaced|overwritten)", re.IGNORECASE)
_LEVEL = re.compile(r"\b(?:level|l|slsa)\s?-?([1-4])\b", re.IGNORECASE)
_SIGNATURE = re.compile(r"\bsign(?:ed|s|ing|ature|atures)?\b", re.IGNORECASE)
_LIST = re.compile(r"\bs?boms?\b|spdx|cyclonedx|bill of materials", re.IGNORECASE)
_SIGNERS = re.compile(r"\bgpg\b|minisign|notation|cosign|sigstore|codesign|signtool|jarsigner|notariz|^\s*signs\s*:|\bsign[- ](?:blob|images?|artifacts?|files?)\b", re.IGNORECASE)
_RELEASERS = (".github/workflows/*", ".goreleaser.y*ml", "goreleaser.y*ml", "pom.xml", "*/pom.xml", "build.gradle*", "jreleaser.*")
_PROVENANCE = re.compile(r"provenance|attest|slsa", re.IGNORECASE)


def verify(
    statement: Statement,
    *,
    tools: ToolRuns,
    workflows: Workflows,
    dependencies: Dependencies,
    registries: RegistriesShown,
    tree: Tree,
) -> Verdict:
    """What the registry holds, where it was asked; else flag, environment, package setting or attestation step, together with `id-token: write`."""
    published = _published(registries, tree.origin)
    return published if published is not None else _by_files(statement, tools, workflows, dependencies, tree)


def _published(shown: RegistriesShown, origin: str | None) -> Verdict | None:
    """The verdict that the newest releases on the registries give; None where they were not asked or know no package.

    Args:
        shown: what the registries told.
        origin: `owner/name` of the tree's forge, to compare the signer with; None where it is not known.
    """
    told = shown.registries
    if told is None or not told.packages:
        return None
    files = [(package, artifact) for package in told.packages for artifact in package.artifacts]
    evidence = tuple(
        Evidence(
            f"{package.registry}: provenance of {artifact.name} is {artifact.state}{': ' if artifact.publisher or artifact.because else ''}{artifact.publisher or artifact.because}",
            Place("(registries)"),
            source=package.source,
        )
        for package, artifact in files
    )
    good = [item for (_, artifact), item in zip(files, evidence, strict=True) if artifact.state is ProvenanceState.VERIFIED]
    bad = [item for (_, artifact), item in zip(files, evidence, strict=True) if artifact.state in (ProvenanceState.ABSENT, ProvenanceState.INVALID)]
    if bad:
        how = Partly if good else Broken
        kind = How.INCOMPLETE if good else How.ABSENT
        return how(kind, (*bad, *good)[:_MOST], f"{len(bad)} of {len(files)} published files carry no provenance that verifies.", "Publish with provenance, all files.")
    if len(good) < len(files) or told.unseen:
        because = told.unseen[0].because if told.unseen else "The provenance of some published files could not be looked at."
        return Unknown("answers of the registries about every package", because, evidence[:_MOST])
    strange = [item for (_, artifact), item in zip(files, evidence, strict=True) if origin and not re.search(rf"(?:\s|/){re.escape(origin)}(?:\s|\Z)", artifact.publisher, re.IGNORECASE)]
    if strange:
        return Partly(How.CONTRADICTED, tuple(strange[:_MOST]), f"The provenance verifies, but tells of another repository than {origin}.", "Publish from this repository, or say which one does.")
    return Kept(evidence[:_MOST], f"All {len(files)} files of the newest releases carry provenance that verifies.")


def _by_files(statement: Statement, tools: ToolRuns, workflows: Workflows, dependencies: Dependencies, tree: Tree) -> Verdict:
    other = _no_claim(statement)
    if other is not None:
        return other
    runs = [run for run in publishing_runs(tools) if run.reaches]
    attests = [
        run
        for run in tools.for_purpose(Purpose.PROVENANCE)
        if run.carrier is Carrier.WORKFLOW and run.works and run.reaches
    ]
    beyond = _signed(statement, tools, runs, attests, tree) or _unsigned_image(statement, runs, attests, dependencies, tree) or _level(statement, runs, attests, tree)
    if beyond is not None:
        return beyond
    asked = [
        *_asked(runs, tree),
        *(_at(run, tree, "an attestation is made") for run in attests),
        *_settings(dependencies, tree),
    ]
    doers = attests or runs
    rights = _rights(workflows, doers, tree)
    if asked and (rights or not _needs_right(doers, workflows)):
        return Kept((*asked, *rights)[:_MOST], "Provenance is asked for when packages are published.")
    if asked:
        because = "Provenance is asked for, but the job that makes it lacks `id-token: write`, without which it fails."
        return Broken(How.VACUOUS, tuple(asked[:_MOST]), because, "Grant `id-token: write` to the publishing job.")
    packages = tuple(
        tree.evidence(item.package.place.path, item.package.place.line, "no `publishConfig.provenance` in this package")
        for item in dependencies.manifests
        if item.ecosystem is Ecosystem.NPM
        and item.package is not None
        and not item.package.private
        and not item.workspaces
    )[:4]
    published = tuple(_at(run, tree, "packages are published here, without provenance") for run in runs)[:3]
    mend = "Publish with `--provenance` (npm) or by trusted publishing (PyPI), or attest what is built."
    if rights:
        return Partly(
            How.INCOMPLETE,
            (*rights, *packages, *published)[:_MOST],
            "The job may get an identity token, but nothing asks for provenance.",
            mend,
        )
    evidence = (*published, *packages)[:_MOST]
    if not evidence:
        return Unknown("how packages are published", "No workflow publishes anything.")
    return Broken(How.ABSENT, evidence, "Nothing asks for provenance.", mend)


def _no_claim(statement: Statement) -> Unknown | None:
    """The verdict on advice, and on a sentence about something else; None for a claim."""
    if statement.modality is Modality.RECOMMENDATION_USERS:
        return Unknown(
            "the attestations on the registry",
            "The sentence tells users how to check; what the registry holds, no file shows.",
        )
    if statement.text and not _ABOUT.search(" ".join((statement.text, *statement.headings[1:], *statement.lead_in))):
        return Unknown("a sentence about provenance or signatures", "The sentence speaks of neither.")
    if _FIXED.search(statement.text) and not _ABOUT.search(statement.text):
        return Unknown("the forge's setting for releases", "The sentence says that releases cannot be changed afterwards; a setting of the forge does that.")
    if _TO_ENSURE.search(statement.text):
        return Unknown("what people do at a release", "The sentence says what people will see to, case by case.")
    if _TO_VERIFY.match(statement.text):
        return Unknown("the attestations on the registry", "The sentence asks people to verify; what they do, no file shows.")
    return None


def _unsigned_image(statement: Statement, runs: list[ToolRun], attests: list[ToolRun], dependencies: Dependencies, tree: Tree) -> Unknown | None:
    """The verdict on signed provenance that only an image build attaches, which is not signed by that; None for everything else."""
    if not _SIGNATURE.search(statement.text) or attests or _settings(dependencies, tree):
        return None
    images = [run for run in runs if run.tool == "docker-build-push"]
    asked = tuple(_asked(images, tree))
    if not asked or len(asked) < len(_asked(runs, tree)):
        return None
    return Unknown("what signs the image's provenance", "The build attaches provenance to the image, and that alone is not signed.", asked[:_MOST])


def _level(statement: Statement, runs: list[ToolRun], attests: list[ToolRun], tree: Tree) -> Unknown | None:
    """The verdict on a level that no option shows; None where the sentence names none, or a builder that claims it is called."""
    level = _LEVEL.search(statement.text)
    built = any(run.argv and "slsa-github-generator" in run.argv[0] for run in attests)
    if level is None or built or int(level.group(1)) < 2 or (int(level.group(1)) == 2 and attests):
        return None
    seen = tuple(_at(run, tree, "an attestation is made") for run in attests) or tuple(_asked(runs, tree))
    because = f"Which level a build reaches depends on the builder's isolation and on who signs; level {level.group(1)} follows from no option that is set here."
    return Unknown("the builder's own claim, or the signer of what was published", because, seen[:_MOST])


def _signed(statement: Statement, tools: ToolRuns, runs: list[ToolRun], attests: list[ToolRun], tree: Tree) -> Verdict | None:
    """The verdict on a sentence that promises signatures and no provenance: a step signs, or the provenance itself is signed; None for every other one."""
    if not _SIGNATURE.search(statement.text) or _PROVENANCE.search(statement.text):
        return None
    signing = [run for run in tools.for_purpose(Purpose.SIGN) if run.carrier is Carrier.WORKFLOW and run.works and run.reaches]
    if signing and not _LIST.search(statement.text) and all(_LIST.search(" ".join(run.argv)) for run in signing):
        because = "Only a list of parts is signed, and nothing else of what is released."
        return Unknown("a signature of what is released", because, tuple(_at(run, tree, "this signs a list of parts") for run in signing[:3]))
    if signing:
        return Kept(tuple(_at(run, tree, f"{run.tool} signs here") for run in signing)[:_MOST], "What is published is signed by a workflow.")
    others = (*(_at(run, tree, "an attestation is made, and no file is signed") for run in attests), *_asked(runs, tree))
    published = tuple(_at(run, tree, "it is published here, and nothing signs it") for run in runs)[:3]
    words = tuple(
        tree.evidence(path, at, "it speaks of signing, in a way that is not judged here")
        for path in tree.paths(*_RELEASERS)
        for at, line in enumerate(tree.lines(path)[:3000], 1)
        if _SIGNERS.search(line[:300]) and not line.lstrip().startswith("#")
    )
    if words:
        return Unknown("a reading of that step or configuration", "No step that is known here signs what is published, and something speaks of it.", words[:_MOST])
    if others or not published:
        return Unknown("whether the signature of an attestation is meant", "No step signs what is published; an attestation carries a signature of its own.", tuple(others)[:_MOST])
    return Broken(How.ABSENT, published, "Nothing signs what is published.", "Sign it where it is published, with cosign for one.")


def _at(run: ToolRun, tree: Tree, says: str) -> Evidence:
    return tree.evidence(run.place.path, run.place.line, says)


def _asked(runs: list[ToolRun], tree: Tree) -> list[Evidence]:
    found: list[Evidence] = []
    for run in runs:
        if any(word.split("=")[0] == "--provenance" and not word.endswith("=false") for word in run.argv):
            found.append(_at(run, tree, "published with --provenance"))
        for item in (*run.env, *run.options):
            name = item.name.upper().replace("-", "_")
            if name in ("NPM_CONFIG_PROVENANCE", "PROVENANCE") and item.value.lower() != "false":
                found.append(tree.evidence(run.workflow or run.place.path, item.line, f"{item.name}: {item.value}"))
        attestations = run.option("attestations")
        if (
            run.tool == "pypi-publish"
            and run.option("password") is None
            and (attestations is None or attestations.value != "false")
        ):
            found.append(_at(run, tree, "trusted publishing makes attestations by default"))
    return found


def _settings(dependencies: Dependencies, tree: Tree) -> list[Evidence]:
    found: list[Evidence] = []
    paths = [item.path for item in dependencies.manifests if item.ecosystem is Ecosystem.NPM]
    for path in (*paths, *tree.paths(".npmrc", "*/.npmrc")):
        for at, line in enumerate(tree.lines(path), 1):
            if re.search(r"\"provenance\"\s*:\s*true|^\s*provenance\s*=\s*true", line):
                found.append(tree.evidence(path, at, "provenance is switched on for this package"))
    return found


def _jobs(runs: list[ToolRun], workflows: Workflows) -> list[tuple[str, Job]]:
    found: dict[tuple[str, str], Job] = {}
    for run in runs:
        workflow = workflows.workflow(run.workflow or "")
        job = workflow.job(run.job or "") if workflow is not None else None
        if workflow is not None and job is not None:
            found[workflow.path, job.id] = job
    return [(path, job) for (path, _), job in found.items()]


def _needs_right(runs: list[ToolRun], workflows: Workflows) -> bool:
    """A job that limits its token without `id-token: write`: then provenance fails."""
    jobs = _jobs(runs, workflows)
    return bool(jobs) and all(job.permissions.level("id-token") != "write" for _, job in jobs)


def _rights(workflows: Workflows, runs: list[ToolRun], tree: Tree) -> list[Evidence]:
    found: list[Evidence] = []
    for path, job in _jobs(runs, workflows):
        line = next(
            (item.line for item in job.permissions.scopes if item.name == "id-token" and item.value == "write"), 0
        )
        if line or job.permissions.kind is PermissionsKind.WRITE_ALL:
            found.append(
                tree.evidence(path, line or job.permissions.line, "the publishing job may get an identity token")
            )
    return found
