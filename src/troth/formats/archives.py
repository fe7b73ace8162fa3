"""Containers around models: zip by what it holds (torch, numpy, Keras, skops, plain), tar, 7z, and single compressed streams.

Every member that a loader would read is judged; members that would run (code, libraries) are refused; one refused member refuses the archive.
"""

# Readers of containers share one signature; a refusal of a member is caught to name the member.
# ruff: noqa: ARG001, PLR0917, TRY301
from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from troth.formats import unpacking
from troth.formats.pickle.allow import AllowList
from troth.formats.source import Source
from troth.formats.verdict import INERT, NOT_A_MODEL, REFUSED, Budget, Judgement, Refusal
from troth.formats.zipped import STORED, Member, read_zip

__all__ = ["judge_7z", "judge_compressed", "judge_tar", "judge_zip"]

_PACKED: Final = r"(?i)\.(?:gz|gzip|bz2|xz|lzma|zst|zstd|lz4|z)\Z"
_RUNS: Final = r"(?i)\.(?:py|pyc|pyo|pyd|so|dll|dylib|exe|sh|bat|ps1|jar|class|pth)\Z|\.so\.\d+\Z"


def judge_zip(source: Source, name: str, allow: AllowList, budget: Budget, depth: int) -> Judgement:
    """A zip archive by what it holds."""
    members = read_zip(source, budget)
    names = {member.name for member in members}
    below = {entry.split("/", 1)[1] for entry in names if "/" in entry}
    if "archive_format" in below or any(entry.startswith("models/") and entry.endswith(".json") for entry in below):
        from troth.formats.torch_export import read_torch_export

        return read_torch_export(source, members, allow, budget)
    if "constants.pkl" in below or any(entry.startswith("code/") for entry in below):
        from troth.formats.torchscript import read_torchscript

        return read_torchscript(source, members, budget)
    if "data.pkl" in below or "data.pkl" in names:
        from troth.formats.torch_zip import read_torch_zip

        return read_torch_zip(source, members, allow, budget)
    if "config.json" in names and ("model.weights.h5" in names or "metadata.json" in names):
        return _keras(source, members, budget)
    if "schema.json" in names:
        return _skops(source, members, allow, budget)
    if names and all(entry.endswith(".npy") for entry in names):
        return _npz(source, members, allow, budget)
    return _members(source, members, allow, budget, depth)


def _total(members: list[Member], budget: Budget) -> None:
    total = sum(member.size for member in members if member.method != STORED)
    if total > budget.expanded:
        raise Refusal("budget-expanded", f"the archive expands to {total} bytes; the limit is {budget.expanded}")


def _open(source: Source, member: Member, budget: Budget) -> Source:
    if member.method == STORED and member.size > 1 << 20:
        return source.part(member.at, member.size)
    return Source(member.data(source, budget))


def _npz(source: Source, members: list[Member], allow: AllowList, budget: Budget) -> Judgement:
    from troth.formats.npy import read_npy

    _total(members, budget)
    found = []
    for member in members:
        try:
            found.append(read_npy(_open(source, member, budget), allow, budget))
        except Refusal as refusal:
            raise refusal.inside(member.name) from refusal
    return _sum("npz", found, budget)


def _sum(name: str, found: Iterable[Judgement], budget: Budget) -> Judgement:
    parts = list(found)
    memory = sum(part.memory for part in parts)
    if memory > budget.memory:
        raise Refusal("budget-memory", f"loading would allocate {memory} bytes; the limit is {budget.memory}")
    names = sorted({name for part in parts for name in part.globals})
    tier = max((part.tier for part in parts), key=("", "weights", "libs", "custom").index, default="")
    return Judgement(name, INERT, (), memory, sum(part.tensors for part in parts), tuple(names), tier)


def _keras(source: Source, members: list[Member], budget: Budget) -> Judgement:
    from troth.formats.hdf5 import read_hdf5
    from troth.formats.keras import check_config
    from troth.formats.structured import parse_json

    _total(members, budget)
    found = []
    for member in members:
        try:
            if member.name in ("config.json", "metadata.json"):
                check_config(parse_json(member.data(source, budget, budget.text)))
            elif member.name.endswith(".weights.h5"):
                found.append(read_hdf5(_open(source, member, budget), budget))
            elif member.name.startswith("assets/") and member.name.endswith((".txt", ".json", "/")):
                continue
            elif member.size or not member.name.endswith("/"):
                raise Refusal("extra-member", "a member that the format does not know", member.at)
        except Refusal as refusal:
            raise refusal.inside(member.name) from refusal
    return _sum("keras", found, budget)


def _skops(source: Source, members: list[Member], allow: AllowList, budget: Budget) -> Judgement:
    from troth.formats.libraries import judge_skops_schema
    from troth.formats.npy import read_npy
    from troth.formats.structured import parse_json

    _total(members, budget)
    found = []
    for member in members:
        try:
            if member.name == "schema.json":
                schema = parse_json(member.data(source, budget, budget.text))
                if not isinstance(schema, dict):
                    raise Refusal("skops-schema", "a schema that is not an object")
                found.append(judge_skops_schema(schema))
            elif member.name.endswith(".npy"):
                array = read_npy(_open(source, member, budget), allow, budget)
                if array.globals or array.tier:
                    raise Refusal("object-array", "an array of pickled objects")
                found.append(array)
            elif member.name.endswith((".npz", ".bin")) or member.name.replace("-", "").isalnum():
                if member.name.endswith(".npz"):
                    inner = _open(source, member, budget)
                    found.append(_npz(inner, read_zip(inner, budget), allow, budget))
            else:
                raise Refusal("extra-member", "a member that the format does not know", member.at)
        except Refusal as refusal:
            raise refusal.inside(member.name) from refusal
    return _sum("skops", found, budget)


def _members(source: Source, members: list[Member], allow: AllowList, budget: Budget, depth: int) -> Judgement:
    _total(members, budget)
    found = []
    for member in members:
        if member.name.endswith("/"):
            continue
        found.append(_member(_open(source, member, budget), member.name, member.at, allow, budget, depth))
    return _whole("zip", found, budget)


def _member(inner: Source, name: str, at: int, allow: AllowList, budget: Budget, depth: int) -> Judgement:
    from troth.formats.judge import judge

    if re.search(_RUNS, name) and not (name.endswith(".pth") and inner.size > 1024):
        raise Refusal("code-member", "code or a library inside of the archive, which its loader would run", at, name[:200]).inside(name)
    found = judge(inner, name, allow, budget, depth + 1)
    if found.verdict not in (INERT, NOT_A_MODEL):
        raise Refusal(found.reasons[0].code, found.reasons[0].says, found.reasons[0].offset, found.reasons[0].name).inside(
            f"{name}!{found.reasons[0].member}" if found.reasons[0].member else name
        )
    return found


def _whole(name: str, found: list[Judgement], budget: Budget) -> Judgement:
    if not any(part.verdict == INERT for part in found):
        return Judgement(name, NOT_A_MODEL)
    return _sum(name, [part for part in found if part.verdict == INERT], budget)


def judge_tar(source: Source, name: str, allow: AllowList, budget: Budget, depth: int) -> Judgement:
    """A tar archive: every member judged; torch's format of 2016 is one, and refused."""
    from troth.formats.tarred import read_tar

    members = read_tar(source, budget)
    if {"pickle", "storages", "tensors"} <= {member.name.rsplit("/", 1)[-1] for member in members} or any(member.name == "pickle" for member in members):
        raise Refusal("old-format", "torch's tar format, whose loader unpickles without limits", 0)
    found = [_member(source.part(member.at, member.size), member.name, member.at, allow, budget, depth) for member in members]
    return _whole("tar", found, budget)


def judge_7z(source: Source, name: str, allow: AllowList, budget: Budget, depth: int) -> Judgement:
    """A 7z archive: every member judged."""
    from troth.formats.sevenzip import unpacked

    with unpacked(source, budget) as members:
        found = [_member(inner, entry, 0, allow, budget, depth) for entry, inner in members if inner.size]
    return _whole("7z", found, budget)


def judge_compressed(source: Source, name: str, codec: str, allow: AllowList, budget: Budget, depth: int) -> Judgement:
    """A compressed stream: its content under its name without the suffix."""
    from troth.formats.judge import judge

    inner = unpacking.expand(source, codec, budget)
    found = judge(inner, re.sub(_PACKED, "", name), allow, budget, depth + 1)
    if found.verdict == REFUSED:
        return found._replace(format=f"{found.format}+{codec}", reasons=tuple(reason.inside(codec) for reason in found.reasons))
    if found.verdict == NOT_A_MODEL and name.endswith((".joblib", ".pkl", ".pickle")):
        raise Refusal("not-as-declared", "compressed content that is no model, under the name of one")
    return found if found.format == "tar" else found._replace(format=found.format if found.format == "joblib" else f"{found.format}+{codec}")
