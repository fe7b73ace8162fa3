"""Reads commits, tags and changed paths from git's own objects.

Signatures are told from the commit's header alone: no signature program is started (the repository could name one), and trust in a key is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from troth.engines.git.command import Git
from troth.engines.git.repository import Repository
from troth.errors import LookError
from troth.judgement.remembered import of_blob
from troth.terms.facts.history import Change, Changes, Commit, History, Signature, Tag

__all__ = ["look", "look_changes"]

BODY_LIMIT_CHARACTERS: Final = 4000
_PERSON = re.compile(rb"(.{0,1000}?) ?<([^<>\n]{0,1000})> (-?\d{1,18}) [+-]\d{4}\Z")
_FORGE_COMMITTERS: Final = frozenset(("noreply@github.com", "noreply@gitlab.com"))


def look(repository: Repository) -> History:
    """All commits that HEAD reaches, and all tags.

    Raises:
        LookError: no repository, no commit, or git cannot read it.
    """
    git = repository.need_git()
    if repository.commit is None:
        raise LookError("a first commit", "The repository has no commit yet.")
    main_line = set(git.run("rev-list", "--first-parent", repository.commit).decode("ascii").split())
    records = git.run("rev-list", "--header", "--topo-order", repository.commit).split(b"\0")
    parsed = (of_blob(_id_of(record), "commit", len(record), partial(_commit, record)) for record in records if record.strip())
    commits = tuple(_on_line(commit, main_line) for commit in parsed)
    branch = git.try_run("symbolic-ref", "--short", "-q", "HEAD")
    return History(
        commits=commits,
        tags=_tags(git),
        branches=_branches(git),
        shallow=any("shallow" in note for note in repository.notes),
        head_branch=branch.decode("utf-8", "replace").strip() if branch else None,
    )


def look_changes(repository: Repository) -> Changes:
    """Which paths each commit added, changed or deleted (merges left out: their changes came with their parents).

    Raises:
        LookError: no repository, no commit, or git cannot read it.
    """
    git = repository.need_git()
    if repository.commit is None:
        raise LookError("a first commit", "The repository has no commit yet.")
    raw = git.run(
        "log", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", "--topo-order",
        "--no-show-signature", "--format=format:%x00commit %H", repository.commit,
    )  # fmt: skip
    return Changes(tuple(_changes(raw)))


def _changes(raw: bytes) -> Iterator[Change]:
    commit = ""
    fields = iter(raw.split(b"\0"))
    for field in fields:
        field = field.strip(b"\n")
        if field.startswith(b"commit "):
            # with -z, the first raw record may follow the format line after a newline
            head, _, rest = field.partition(b"\n")
            commit, field = head[7:].decode("ascii"), rest
        if field.startswith(b":"):
            _old_mode, _new_mode, before, after, status = field[1:].decode("ascii").split(" ")
            path = next(fields, b"").decode("utf-8", "surrogateescape")
            yield Change(commit, status[:1], path, before, after)


def _id_of(record: bytes) -> str:
    return record.lstrip(b"\n").partition(b"\n")[0].decode("ascii")


def _on_line(commit: Commit, main_line: set[str]) -> Commit:
    return replace(commit, first_parent=True) if commit.id in main_line else commit


def _commit(record: bytes) -> Commit:
    head, _, message = record.partition(b"\n\n")
    lines = head.lstrip(b"\n").split(b"\n")
    commit_id = lines[0].decode("ascii")
    parents: list[str] = []
    people: dict[bytes, tuple[str, str, int]] = {}
    signature = Signature.NONE
    for index, line in enumerate(lines[1:], start=1):
        key, _, value = line.partition(b" ")
        if key == b"parent":
            parents.append(value.decode("ascii", "replace"))
        elif key in (b"author", b"committer"):
            people[key] = _person(value)
        elif key in (b"gpgsig", b"gpgsig-sha256"):
            signature = _signature(value + b"\n" + b"\n".join(lines[index + 1 : index + 3]))
    author = people.get(b"author", ("", "", 0))
    committer = people.get(b"committer", ("", "", 0))
    if signature is Signature.GPG and committer[1] in _FORGE_COMMITTERS:
        signature = Signature.FORGE
    # rev-list --header indents the message by four spaces
    text = "\n".join(
        line[4:] if line.startswith("    ") else line for line in message.decode("utf-8", "replace").split("\n")
    ).strip()
    subject, _, body = text.partition("\n")
    return Commit(
        id=commit_id,
        parents=tuple(parents),
        author=author[0],
        author_email=author[1],
        committer=committer[0],
        committer_email=committer[1],
        authored=author[2],
        committed=committer[2],
        subject=subject,
        body=body.strip()[:BODY_LIMIT_CHARACTERS],
        signature=signature,
        first_parent=False,
    )


def _person(value: bytes) -> tuple[str, str, int]:
    match = _PERSON.match(value)
    if match is None:
        return value.decode("utf-8", "replace")[:200], "", 0
    name, email, when = match.groups()
    return name.decode("utf-8", "replace"), email.decode("utf-8", "replace"), int(when)


def _signature(value: bytes) -> Signature:
    if b"BEGIN SSH SIGNATURE" in value:
        return Signature.SSH
    if b"BEGIN SIGNED MESSAGE" in value or b"BEGIN PKCS7" in value:
        return Signature.X509
    return Signature.GPG


def _tags(git: Git) -> tuple[Tag, ...]:
    form = "%(refname:strip=2)%00%(objectname)%00%(*objectname)%00%(creatordate:unix)%00%(taggername)%00%(contents:signature)%00%01"
    tags = []
    for record in git.run("for-each-ref", "--sort=creatordate", f"--format={form}", "refs/tags").split(b"\x01\n"):
        fields = record.decode("utf-8", "replace").split("\0")
        if len(fields) >= 6 and fields[0].strip():
            name, own, peeled, when, tagger, signature = fields[:6]
            tags.append(Tag(name.strip(), peeled or own, int(when or 0), tagger, bool(signature.strip())))
    return tuple(tags)


def _branches(git: Git) -> tuple[str, ...]:
    listed = (
        git.run("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes")
        .decode("utf-8", "replace")
        .split("\n")
    )
    names = (name.removeprefix("refs/heads/").removeprefix("refs/remotes/") for name in listed if name)
    return tuple(sorted(name for name in names if not name.endswith("/HEAD")))
