"""Formats of torch that are programs: TorchScript, torch.package, torch.hub."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]


_PROGRAMS = (
    "torch.jit.load", "torch.jit._serialization.load", "torch.package.PackageImporter", "torch.package.package_importer.PackageImporter",
    "torch.export.load", "torch._inductor.aoti_load_package", "torch._export.aot_load",
)  # fmt: skip
_PINNED = re.compile(r":[0-9a-f]{40}\Z")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls(*_PROGRAMS):
        yield Hit(site.line, "What it loads is a program.")
    for site in module.calls("torch.hub.load", "torch.hub.list", "torch.hub.help"):
        if not _local(module, site) and not _pinned(module, site):
            yield Hit(site.line, "It runs hubconf.py of a repository at whatever commit its branch holds today.")
    for site in module.calls("torch.hub.load_state_dict_from_url", "torch.utils.model_zoo.load_url"):
        checked = _true(module, site, "check_hash")
        # its own default is weights_only=False, handed on to torch.load whatever the version (torch 2.13.0, hub.py)
        if not checked and not _true(module, site, "weights_only") and not site.opaque:
            yield Hit(site.line, "A pickle from the network, with neither weights_only nor a checked hash.")


def _true(module: Module, site: Site, name: str) -> bool:
    values = module.values(site.argument(-1, name), site.scope)
    return values is not None and all(value is True for value in values)


def _local(module: Module, site: Site) -> bool:
    return module.values(site.argument(-1, "source"), site.scope) == frozenset(("local",))


def _pinned(module: Module, site: Site) -> bool:
    values = module.values(site.argument(0, "repo_or_dir", "github"), site.scope)
    return values is not None and all(isinstance(value, str) and _PINNED.search(value) for value in values)


RULE = Rule(
    id="torch-code-load",
    title="A torch format that is a program is loaded",
    why="TorchScript and torch.package hold code, torch.hub runs a repository's hubconf.py.",
    mend="Load weights into a model that is written here; pin torch.hub to a commit.",
    severity=Severity.HIGH,
    cwe=("CWE-829", "CWE-494"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003", "AML.T0011.000"),
    needs=((b"jit.load", b"export.load", b"import export", b"hub.load", b"import jit", b"import hub", b"PackageImporter", b"state_dict_from_url", b"aoti_load", b"aot_load", b"load_url"),),
    modules=frozenset(("torch",)),
    check=_check,
    bad=("import torch\ntorch.jit.load('a.ts')\n", "import torch\ntorch.hub.load('acme/net', 'small')\n"),
    good=("import torch\ntorch.hub.load('here', 'small', source='local')\n",),
)
