"""Judges whether a stated default is the default: by the value that code gives a setting where none is set, and by the files that set it on the way to a user."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.judgement.guards import not_a_claim, prove, source_lines, unread
from troth.judgement.listening import addresses, everywhere
from troth.judgement.policy_scope import home_of, inside
from troth.judgement.wording import several
from troth.terms.facts.containers import Containers
from troth.terms.facts.policies import PolicySet
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_SETTING = re.compile(r"[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\Z")
_SHIPPED = ("docker-compose*.y*ml", "*/docker-compose*.y*ml", "compose*.y*ml", "*/compose*.y*ml", "Dockerfile*", "*/Dockerfile*", ".env.example", "*/.env.example", ".env.sample", "README.md")
_SAME = ({"127.0.0.1", "localhost"}, {"true", "1", "on", "yes", "enabled"}, {"false", "0", "off", "no", "disabled", ""})
_BINDS = re.compile(r"\b(?:bind|listen|bound)\w*\b.*\b(?:localhost|127\.0\.0\.1|loopback)\b|\b(?:localhost|127\.0\.0\.1|loopback)\b.*\b(?:by default|bind|listen)", re.IGNORECASE)
_HOSTS = re.compile(r"(?:getenv|environ\.get)\(\s*['\"](?P<py>\w*(?:HOST|BIND)\w*)['\"]\s*,|process\.env\.(?P<js>\w*(?:HOST|BIND)\w*)\s*(?:\?\?|\|\|)")
_PLACES = re.compile(r"\b(cpu|cuda|gpu|metal|mps|tpu)\b(?:\s+device)?\s+(?:is\s+(?:the\s+default|used)|by default)|\bdefault(?:s)?(?:\s+device)?(?:\s+(?:is|to))?\s+(?:the\s+)?(cpu|cuda|gpu|metal|mps|tpu)\b", re.IGNORECASE)
_WRITTEN = r"(?:torch\.device\(\s*)?['\"](?P<{}>\w+)(?::\d+)?['\"]"
_DEVICE = re.compile(
    r"\bdef\b[^#]*?\bdevice(?:_type|_name)?\s*(?::[^=,()]{0,40})?=\s*" + _WRITTEN.format("parameter")
    + r"|\bdevice(?:_type|_name)?\s*:[^=,()]{1,40}=\s*" + _WRITTEN.format("field")
    + r"|['\"]--device['\"][^#]{0,80}?\bdefault\s*=\s*" + _WRITTEN.format("option")
    + r"|\bdevice\b[^;]{0,80}\.unwrap_or\(\s*(?:\w+::)*\w*Device\w*::(?P<rust>\w+)|\bNone\s*=>\s*(?:Ok\(\s*)?(?:\w+::)*\w*Device\w*::(?P<arm>\w+)",
    re.IGNORECASE,
)
"""What code gives a device that the caller does not name: a default of a parameter, field or option, `unwrap_or`, the arm for `None`. A call that names one gives no default."""
_ASIDE = re.compile(r"(?:^|/)(?:tests?|e2e|examples?|fixtures?|docs?|dev|demo)/")
_ONE_OF = re.compile(r"\b(?:metrics?|health|admin|debug|callback|internal|management|per-\w+|dap|inspector)\b.{0,30}\b(?:port|endpoint|server|listener)\b", re.IGNORECASE)
"""One door of several."""
_MODES = re.compile(r"0\.0\.0\.0|\b(?:LAN|WAN)\b|\ball interfaces\b|\bevery interface\b")
"""One way to run it of several, each with an address of its own."""
_MEND = "Let code and every shipped file give the value that the policy states."


def verify(params: Params, statement: Statement, tree: Tree, policies: PolicySet, containers: Containers) -> Verdict:
    """By an environment variable and its value: Broken where code defaults to another, Partly where a shipped file sets another, Kept where neither does."""
    other = not_a_claim(statement, "set it")
    if other is not None:
        return other
    place = _PLACES.search(statement.text)
    if place is not None:
        return _device((place.group(1) or place.group(2)).lower(), home_of(statement.path, policies), tree)
    name, value = (params.text("setting") or "").strip("` "), (params.text("value") or "").strip("`'\" ")
    if not _SETTING.match(name) and _BINDS.search(statement.text):
        name, value = _bind_setting(statement.text, tree), "127.0.0.1"
        if not name:
            return _listens(statement, tree, containers)
    if not _SETTING.match(name) or not value or " " in value:
        return prove("defaults", "Which setting is meant, or what its value is, cannot be told from the sentence: reading it back from the running program would tell.")
    defaults = list(_defaults(name, tree))
    if not defaults:
        return prove("defaults", f"No line of code that reads {name} gives it a default in a form that is known here.")
    wrong = [piece for given, piece in defaults if not _equal(given, value)]
    right = [piece for given, piece in defaults if _equal(given, value)]
    if wrong and not right:
        return Broken(How.CONTRADICTED, tuple(wrong[:6]), f"Where {name} is not set, it is something other than {value}.", _MEND)
    undone = [piece for given, piece in _shipped(name, tree) if not _equal(given, value)]
    if wrong or undone:
        return Partly(How.CONTRADICTED, (*right[:2], *wrong[:3], *undone[:4]), f"{name} is {value} by default in code, and a file sets or documents another.", _MEND)
    blind = unread(tree)
    if blind:
        return Unknown("every file of the code", f"{several(len(blind), 'file of it could', 'files of it could')} not be read ({blind[0]}); one of them may set another default.", tuple(right[:2]))
    return Kept(tuple(right[:6]), f"Where {name} is not set, it is {value}, and no shipped file sets another.")


def _listens(statement: Statement, tree: Tree, containers: Containers) -> Verdict:
    """By the addresses that options, parameters and flags fall back to, and by what a shipped compose file publishes."""
    closed, opened = addresses(tree)
    if _ONE_OF.search(statement.text):
        return prove("defaults", "The sentence speaks of one of the program's doors; which address is whose, only the running program tells.", closed[:3])
    if _MODES.search(statement.text):
        return prove("defaults", "The sentence tells of several ways to run it; which one is meant where nobody chooses, only the running program tells.", closed[:3])
    if opened and not closed:
        return Broken(How.CONTRADICTED, opened[:6], "Where no address is named, the program listens on every interface.", _MEND)
    if not closed:
        return prove("defaults", "No option, parameter or flag gives an address in a form that is known here.")
    published = tuple(tree.evidence(service.path, line, "Published on every interface of the machine.") for service in containers.services for port, line in service.ports if not _ASIDE.search(service.path) and everywhere(port))
    if opened or published:
        return Partly(How.CONTRADICTED, (*closed[:2], *opened[:3], *published[:3]), "Where no address is named, it stays on this machine in one place, and is open to every interface in another.", _MEND)
    return Kept(closed[:6], "Where no address is named, the program listens on this machine alone, and no shipped file opens it.")


def _device(stated: str, home: str, tree: Tree) -> Verdict:
    """By the devices that the code of the policy's package falls back to."""
    found: list[tuple[str, Evidence]] = []
    for path, line, match in source_lines(tree, _DEVICE, ".py", ".rs", holds=b"evice"):
        given = next(group for group in match.groups() if group).lower()
        if inside(home, path):
            found.append((given, tree.evidence(path, line, f"Where no device is named, it is {given}.")))
    right = [piece for given, piece in found if given == stated]
    wrong = [piece for given, piece in found if given != stated]
    if not right:
        return prove("defaults", f"No line of code falls back to {stated} in a form that is known here.", tuple(wrong[:4]))
    if wrong:
        return Partly(How.CONTRADICTED, (*right[:2], *wrong[:4]), f"Where no device is named, it is {stated} in {len(right)} places and something else in {len(wrong)}.", _MEND)
    blind = unread(tree, ".py", ".rs")
    if blind:
        return Unknown("every file of the code", f"{several(len(blind), 'file of it could', 'files of it could')} not be read ({blind[0]}); one of them may fall back to another.", tuple(right[:2]))
    return Kept(tuple(right[:6]), f"Where no device is named, it is {stated}: in each of {len(right)} places.")


def _bind_setting(text: str, tree: Tree) -> str:
    """The one environment variable by which code chooses the address that it listens on; empty where there are none or several."""
    aside = ("DB_", "DATABASE", "REDIS", "POSTGRES", "MYSQL", "OLLAMA", "SMTP", "MONGO", "PROXY", "QDRANT", *_side_doors(text))
    names = {match.group("py") or match.group("js") for _, _, match in source_lines(tree, _HOSTS)}
    fitting = {name for name in names if not any(word in name for word in aside)}
    return fitting.pop() if len(fitting) == 1 else ""


def _side_doors(text: str) -> tuple[str, ...]:
    """What else listens beside the program itself, unless the sentence speaks of it."""
    return tuple(word for word in ("HEALTH", "METRIC", "DEBUG", "INSPECT", "PROMETHEUS", "ADMIN", "TELEMETRY", "CALLBACK", "PROBE") if word.lower() not in text.lower())


def _equal(given: str, value: str) -> bool:
    one, other = given.strip("'\"` ").lower(), value.lower()
    return one == other or any(one in group and other in group for group in _SAME)


def _defaults(name: str, tree: Tree) -> Iterator[tuple[str, Evidence]]:
    word = re.escape(name)
    value = r"(?P<value>['\"`][^'\"`]*['\"`]|[\w.-]+)"
    pattern = re.compile(
        rf"(?:getenv|environ\.get|env_?var|env)\(\s*['\"]{word}['\"]\s*,\s*{value}|process\.env(?:\.{word}|\[['\"]{word}['\"]\])\s*(?:\)\s*)?(?:\?\?|\|\|)\s*{value.replace('value', 'other')}"
    )
    for path, line, match in source_lines(tree, pattern):
        given = match.group("value") or match.group("other")
        if given[0] in "'\"`" or re.match(r"[\d.]+\Z|true\Z|false\Z|True\Z|False\Z", given):
            yield given, tree.evidence(path, line, f"Where {name} is not set, it is {given}.")


def _shipped(name: str, tree: Tree) -> Iterator[tuple[str, Evidence]]:
    pattern = re.compile(rf"(?:^|[\s\"'`|-]){re.escape(name)}[\"'`]?\s*(?:[:=]|\|)\s*[\"'`]?(?P<value>[\w.:/-]+)")
    for path in tree.paths(*_SHIPPED):
        for number, line in enumerate(tree.lines(path)[:3000], start=1):
            match = pattern.search(line[:500])
            shown = path != "README.md" or line.lstrip().startswith("|")  # a table of defaults; an example is no default
            if shown and match is not None and not line.lstrip().startswith(("#", "//")) and not match.group("value").startswith(("$", "your")):
                yield match.group("value"), tree.evidence(path, number, f"It gives {name} another value.")
