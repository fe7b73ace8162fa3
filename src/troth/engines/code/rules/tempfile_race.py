"""Temporary files whose names somebody else can take first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((rb"mktemp", rb"/tmp/(?<=[\"']/tmp/)", rb"/var/tmp/(?<=[\"']/var/tmp/)", rb"/dev/shm/(?<=[\"']/dev/shm/)"))
_FIXED = re.compile(r"/(?:tmp|var/tmp|dev/shm)/[^/]")
_WRITERS = {"torch.save": 1, "numpy.save": 0, "numpy.savez": 0, "joblib.dump": 1, "safetensors.torch.save_file": 1, "shutil.copy": 1, "shutil.copyfile": 1}


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls("tempfile.mktemp", "os.tempnam", "os.tmpnam"):
        yield Hit(site.line, "Between the name and the file somebody else can make it.")
    for site in module.calls("builtins.open", "io.open"):
        mode = module.values(site.argument(1, "mode"), site.scope)
        writes = mode is not None and any(isinstance(value, str) and set(value) & set("wa+") for value in mode)
        if writes and _fixed(module, site, 0):
            yield Hit(site.line, "A fixed name in a folder that everybody can write to.")
    for name, position in _WRITERS.items():
        for site in module.calls(name):
            if _fixed(module, site, position):
                yield Hit(site.line, "A fixed name in a folder that everybody can write to.")


def _fixed(module: Module, site: Site, position: int) -> bool:
    values = module.values(site.argument(position), site.scope)
    return values is not None and any(isinstance(value, str) and _FIXED.match(value) for value in values)


RULE = Rule(
    id="tempfile-race",
    title="A temporary file with a name that others can take",
    why="Another user of the machine puts a link or a file of their own there first.",
    mend="Use tempfile.mkstemp, NamedTemporaryFile or TemporaryDirectory.",
    severity=Severity.LOW,
    cwe=("CWE-377", "CWE-367"),
    owasp=(),
    atlas=(),
    needs=((b"/tmp/", b"mktemp", b"/dev/shm/"),),
    confirm=_CONFIRM,
    check=_check,
    bad=("import tempfile\ntempfile.mktemp()\n", "open('/tmp/a', 'w')\n"),
    good=("import tempfile\ntempfile.mkstemp()\n", "open('/tmp/a')\n"),
)
