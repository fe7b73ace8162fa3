"""Loads the catalogue: every folder below `troth/controls` is a control, or the run stops.

Rules: a control is `README.md` + `__init__.py`, and `verify.py` unless it says `decides: not-yet`. A half-made folder, an unknown key,
a duplicate id or alias, or a verifier with a parameter that nothing can supply is a `CatalogueError`: a checker with rules missing must not run.

This module reads Troth's own files only, never the judged repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml

from troth.check import remembered
from troth.check.deferred import Deferred, verifier
from troth.errors import CatalogueError
from troth.terms.control import Control, Pillar
from troth.terms.values import Value

__all__ = ["CONTROLS", "Catalogue", "load", "load_remembered", "read_front_matter", "shipped"]

CONTROLS = Path(__file__).resolve().parent.parent / "controls"
"""Folder of the catalogue that ships with Troth."""

_KEYS = frozenset(("id", "title", "pillar", "aliases", "says", "params", "refs", "since", "decides", "needs", "parts"))
_PARAM_TYPES = frozenset(("text", "texts", "flag", "number", "rows", "duration"))
_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Catalogue(dict[str, Control]):
    """Controls by id, sorted; `resolve` also takes aliases.

    Attributes:
        mark: of the folders that it was read from; empty where that is not known, or where it came from memory.
        fronts: what each README declares, by folder below the root.
    """

    mark: str = ""

    def __init__(self) -> None:
        super().__init__()
        self.fronts: dict[str, Mapping[str, Value]] = {}

    def remember(self) -> None:
        """Keep it for later runs. To be called when every verifier was imported and everything that they ask for can be given."""
        if self.mark:
            remembered.keep(self.mark, self.fronts)
            self.mark = ""

    def resolve(self, name: str) -> Control | None:
        """Control of an id or alias, or None."""
        if name in self:
            return self[name]
        return next((control for control in self.values() if name in control.aliases), None)


def read_front_matter(path: Path) -> tuple[dict[str, Value], str]:
    """Front matter (a YAML mapping) and body of a control's README.

    Raises:
        CatalogueError: no front matter, or it is not a mapping.
    """
    text = path.read_text(encoding="utf-8")
    match = _FRONT.match(text)
    if match is None:
        raise CatalogueError(f"{path}: no front matter between two lines of ---")
    try:
        data = yaml.load(match.group(1), Loader=_Loader)  # noqa: S506 - a safe loader, chosen above
    except yaml.YAMLError as error:
        raise CatalogueError(f"{path}: front matter is not YAML: {error}") from error
    if not isinstance(data, dict):
        raise CatalogueError(f"{path}: front matter is not a mapping")
    return data, text[match.end() :]


def _texts(data: Mapping[str, Value], key: str, path: Path) -> tuple[str, ...]:
    value = data.get(key, ())
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise CatalogueError(f"{path}: {key} must be a list of texts")
    return tuple(str(item) for item in value)


def _files_of(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.name not in ("__pycache__", "cases"))


def _front(folder: Path, control_id: str) -> Mapping[str, Value]:
    """What a control's README declares, after its folder was looked over."""
    readme = folder / "README.md"
    present = _files_of(folder)
    if "README.md" not in present or "__init__.py" not in present:
        raise CatalogueError(
            f"{folder}: a control needs README.md and __init__.py, found {', '.join(present) or 'nothing'}"
        )
    data, _body = read_front_matter(readme)
    unknown = sorted(set(map(str, data)) - _KEYS)
    if unknown:
        raise CatalogueError(f"{readme}: unknown front matter: {', '.join(unknown)}")
    if data.get("id") != control_id:
        raise CatalogueError(f"{readme}: id is {data.get('id')!r}, the folder says {control_id!r}")
    decides, needs = str(data.get("decides", "")), str(data.get("needs", ""))
    if not decides:
        raise CatalogueError(f"{readme}: `decides` is missing")
    if decides == "not-yet" and ("verify.py" in present or not needs):
        raise CatalogueError(f"{readme}: `decides: not-yet` has no verify.py, and `needs` says what it would take")
    if decides != "not-yet" and "verify.py" not in present:
        raise CatalogueError(f"{folder}: verify.py is missing (or say `decides: not-yet`)")
    return data


def _control(parts: tuple[str, ...], data: Mapping[str, Value], readme: Path, package_root: str, *, deferred: bool) -> Control:
    control_id = _id_of(parts)
    package = ".".join((package_root, *parts))
    decides = str(data.get("decides", ""))
    verify = None if decides == "not-yet" else Deferred(package, control_id) if deferred else verifier(package, control_id)
    return Control(
        id=control_id,
        title=str(data.get("title", "")),
        pillar=_pillar(data, readme),
        aliases=_texts(data, "aliases", readme),
        says=_says(data, readme),
        params=_params(data, readme),
        refs=_texts(data, "refs", readme),
        since=str(data.get("since", "")),
        decides=decides,
        needs=str(data.get("needs", "")),
        parts=_texts(data, "parts", readme),
        verify=verify,
        folder="/".join((package_root.replace(".", "/"), *parts)),
    )


def _id_of(parts: tuple[str, ...]) -> str:
    return "/".join(part.replace("_", "-") for part in parts)


def _pillar(data: Mapping[str, Value], readme: Path) -> Pillar:
    try:
        return Pillar(str(data.get("pillar")))
    except ValueError as error:
        raise CatalogueError(f"{readme}: pillar {data.get('pillar')!r} is none of {', '.join(Pillar)}") from error


def _says(data: Mapping[str, Value], readme: Path) -> tuple[Mapping[str, Value], ...]:
    says = data.get("says", ())
    if not isinstance(says, (list, tuple)) or not says:
        raise CatalogueError(f"{readme}: `says` must list what such sentences look like")
    return tuple(rule if isinstance(rule, Mapping) else {"any": (str(rule),)} for rule in says)


def _params(data: Mapping[str, Value], readme: Path) -> dict[str, str]:
    params = data.get("params") or {}
    if not isinstance(params, dict) or not all(kind in _PARAM_TYPES for kind in params.values()):
        raise CatalogueError(f"{readme}: params map names to one of {', '.join(sorted(_PARAM_TYPES))}")
    return {str(name): str(kind) for name, kind in params.items()}


def _folders(root: Path) -> Iterator[Path]:
    for topic in sorted(root.iterdir()):
        if topic.is_dir() and topic.name != "__pycache__":
            if not (topic / "__init__.py").is_file():
                raise CatalogueError(f"{topic}: a topic needs an __init__.py")
            yield from sorted(entry for entry in topic.iterdir() if entry.is_dir() and entry.name != "__pycache__")


def load(root: Path = CONTROLS, package: str = "troth.controls", known: Mapping[str, Mapping[str, Value]] | None = None) -> Catalogue:
    """Load every control below `root`.

    Args:
        root: folder of the catalogue.
        package: dotted name under which `root` is importable.
        known: what the READMEs declare, by folder, as a full load of the same files found it; verifiers are imported when asked then.

    Raises:
        CatalogueError: any folder is half-made or two controls claim one name.
    """
    catalogue = Catalogue()
    owners: dict[str, str] = {}
    folders = _folders(root) if known is None else (root / name for name in known)
    for folder in folders:
        parts = folder.relative_to(root).parts
        name = "/".join(parts)
        front = _front(folder, _id_of(parts)) if known is None else known[name]
        control = _control(parts, front, folder / "README.md", package, deferred=known is not None)
        for own in (control.id, *control.aliases):
            if own in owners:
                raise CatalogueError(f"{folder}: {own} is already the name of {owners[own]}")
            owners[own] = control.id
        catalogue[control.id] = control
        catalogue.fronts[name] = front
    if not catalogue:
        raise CatalogueError(f"{root}: no controls found")
    return catalogue


def load_remembered(root: Path = CONTROLS, package: str = "troth.controls") -> Catalogue:
    """As `load`, from memory where the files are those that were kept. What came from the files is kept by `Catalogue.remember`.

    Raises:
        CatalogueError: as `load`.
    """
    mark = remembered.mark_of(root)
    known = remembered.recall(mark)
    if known:
        return load(root, package, known)
    catalogue = load(root, package)
    catalogue.mark = mark
    return catalogue


@cache
def shipped() -> Catalogue:
    """The catalogue that ships with this version of Troth, loaded once per process."""
    return load_remembered()
