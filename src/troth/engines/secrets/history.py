"""The whole history: every object of the object store once, and everything beside it that may hold text (refs, config, logs)."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from troth.detectors.scanner import Scanner, default
from troth.engines.packs import Coverage, Limits, ObjectStore, Repository, native, open_repository
from troth.engines.packs.store import Task
from troth.engines.secrets import incremental
from troth.engines.secrets.collector import Collector, Record, make_findings
from troth.engines.secrets.findings import Occurrence, Report
from troth.engines.secrets.fingerprint import Fingerprints, local_key
from troth.engines.secrets.provenance import add_provenance
from troth.engines.secrets.safe import SafeText

__all__ = ["Options", "Progress", "scan_history"]

FILE_LIMIT = 8 << 20
FILES = 20_000
NO_TEXT = frozenset({"objects", "index", "lfs", "annex", "modules"})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is: objects read, objects in all, bytes read, distinct secrets found."""

    objects: int
    total: int
    bytes: int
    hits: int


@dataclass(frozen=True, slots=True)
class Options:
    """How to scan.

    Attributes:
        processes: 1 = in this process; more where `fork` exists.
        provenance: find the first commit, path and author of each finding.
        incremental: use and renew the cache of objects that are known to be clean.
        connectivity: ask git which referenced objects are missing (walks all trees); None = only for partial clones.
        limits: bounds.
        key: for fingerprints; the local one where empty.
        progress: called now and then.
    """

    processes: int = 1
    provenance: bool = True
    incremental: bool = False
    connectivity: bool | None = None
    limits: Limits = field(default_factory=Limits)
    key: bytes = b""
    progress: Callable[[Progress], None] | None = None


def scan_history(path: Path, options: Options | None = None, scanner: Scanner | None = None) -> Report:
    """Scan every object of the repository at `path`, and what stands beside the objects.

    Returns:
        Findings and coverage; `coverage.faults` and `coverage.notes` say what could not be scanned.

    Raises:
        LookError: there is no repository, or its layout cannot be read.
    """
    options = options or Options()
    scanner = scanner or default()
    repository = open_repository(path, options.limits)
    fingerprints = Fingerprints(options.key or local_key())
    earlier = (
        incremental.load(repository, scanner.digest, fingerprints) if options.incremental else incremental.Earlier()
    )
    store = ObjectStore(repository, options.limits, earlier.wanted)
    collector = Collector(scanner, fingerprints, earlier.hits)
    records: dict[tuple[str, str], Record] = {}
    reader = native.SAID[native.module() is not None]
    report = Report("history", engine=scanner.engine, reader=reader, rules=len(scanner.rules), earlier=earlier.count)
    report.cut_off = len(repository.shallow)
    coverage = report.coverage
    coverage.add(store.coverage)
    retry, hits, cut = _objects(store, collector, options, records, coverage)
    coverage.add(store.retry(retry, collector))
    _beside(repository, collector, coverage)
    _check_links(repository, coverage, options)
    more, objects, also_cut = collector.drain()
    _merge(records, more)
    cut += also_cut
    if cut:
        coverage.note(
            f"{cut} container(s) (zip, gzip, pickle ...) were damaged, encrypted or over the limits and only read in part"
        )
    earlier.add_to(records, scanner)
    if options.incremental:
        identity = (scanner.digest, fingerprints)
        incremental.save(earlier, store, identity, records, (hits | set(objects), coverage))
    findings = make_findings(records, SafeText(scanner))
    if options.provenance and findings:
        findings = add_provenance(repository, findings, SafeText(scanner), coverage)
    report.findings = findings
    store.close()
    return report


def _objects(
    store: ObjectStore,
    collector: Collector,
    options: Options,
    records: dict[tuple[str, str], Record],
    coverage: Coverage,
) -> tuple[list[bytes], set[bytes], int]:
    retry: list[bytes] = []
    hits: set[bytes] = set()
    cut, total = 0, store.count
    for part, again, found, objects, also_cut in _results(store, collector, options.processes):
        coverage.add(part)
        retry += again
        hits.update(objects)
        cut += also_cut
        _merge(records, found)
        if options.progress:
            options.progress(Progress(coverage.objects.total(), total, coverage.bytes.total(), len(records)))
    return retry, hits, cut


Result = tuple[Coverage, list[bytes], list[Record], list[bytes], int]
_shared: tuple[ObjectStore, Collector, list[Task]] | None = None


def _work(number: int) -> Result:
    if _shared is None:
        raise RuntimeError("a worker was started without its store")
    store, collector, tasks = _shared
    coverage, retry = store.run(tasks[number], collector)
    return (coverage, retry, *collector.drain())


def _results(store: ObjectStore, collector: Collector, processes: int) -> Iterator[Result]:
    """Run all tasks, here or in forked processes (which share the survey, the mapping and the tasks; nothing is pickled but numbers of tasks and results)."""
    import multiprocessing

    global _shared  # noqa: PLW0603 - the way to hand a mapped store to forked workers
    tasks = store.tasks()
    often = gc.get_threshold()
    gc.set_threshold(max(often[0], 50_000), *often[1:])  # a scan makes many small objects and no cycles
    _shared = (store, collector, tasks)
    try:
        if processes > 1 and len(tasks) > 1 and "fork" in multiprocessing.get_all_start_methods():
            with multiprocessing.get_context("fork").Pool(processes) as pool:
                some = max(1, min(8, len(tasks) // (processes * 16)))  # handing over costs the parent half a millisecond each
                yield from pool.imap_unordered(_work, range(len(tasks)), some)
        else:
            for number in range(len(tasks)):
                yield _work(number)
    finally:
        gc.set_threshold(*often)
        _shared = None


def _merge(records: dict[tuple[str, str], Record], found: list[Record]) -> None:
    for record in found:
        known = records.setdefault((record.rule.id, record.fingerprint), record)
        if known is not record:
            known.add(record.places, record.count)


def _beside(repository: Repository, collector: Collector, coverage: Coverage) -> None:
    """Refs, reflogs, config, hooks, messages in preparation: every small file of the git directory that is not an object."""
    left = FILES
    for base in dict.fromkeys((repository.common_dir, repository.git_dir)):
        for folder, folders, names in os.walk(base):
            relative = Path(folder).relative_to(base)
            folders[:] = sorted(name for name in folders if relative.parts or name not in NO_TEXT)
            for name in sorted(names):
                path = Path(folder) / name
                inside = (relative / name).as_posix()
                left -= 1
                if left < 0:
                    coverage.note(f"more than {FILES} files beside the objects: the rest was not read")
                    return
                _file(path, inside, collector, coverage)


def _file(path: Path, inside: str, collector: Collector, coverage: Coverage) -> None:
    kind = (
        "ref" if inside.startswith(("refs/", "logs/")) or inside in ("packed-refs", "HEAD", "FETCH_HEAD") else "config"
    )
    if inside in NO_TEXT or inside.endswith((".sample", ".lock")) or path.is_symlink():
        return
    try:
        if path.stat().st_size > FILE_LIMIT:
            coverage.note(f"{inside[:80]} in the git directory is larger than {FILE_LIMIT >> 20} MiB and was not read")
            return
        data = path.read_bytes()
    except OSError:
        coverage.note("a file in the git directory could not be read")
        return
    collector.text(
        inside.encode("utf-8", "surrogateescape") + b"\n" + data, Occurrence(kind, path=f"(git directory)/{inside}")
    )


def _check_links(repository: Repository, coverage: Coverage, options: Options) -> None:
    from troth.engines.secrets.links import count_missing

    if options.connectivity or (options.connectivity is None and repository.partial):
        count_missing(repository, coverage)
