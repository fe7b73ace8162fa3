"""A second blind set on modules: what they say to people, what they leave out, whose name they take, and what else a piece of advice carries."""

from __future__ import annotations

import json
import stat
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.attacks.jobs.cases import ANY, Tried, case
from tests.jobs.recommend.made import complaint, facts
from tests.jobs.world import World
from troth.jobs.recommend.checking import checked
from troth.jobs.recommend.diffs import Version, file_diff
from troth.jobs.recommend.facts import digest
from troth.jobs.recommend.recommendation import FileChange, ForgeAction, Gap, Proof, Recommendation, Risk
from troth.jobs.recommend.wire import advice_to_json, describe, read_advice

CI = ".github/workflows/ci.yml"
TEXT = "on: push\njobs:\n  a:\n    steps:\n      - uses: o/n@v1\n"
MENDED = TEXT.replace("v1", "a" * 40)
GIVEN = facts([complaint("ci/actions-pinned"), complaint("ci/permissions", line=2)], {CI: TEXT, "SECURITY.md": "We do it.\n", "run.sh": "#!/bin/sh\n"}, commits={"o/n@v1": "a" * 40})
MENDS = GIVEN.complaints[0].fingerprint
GOOD = Recommendation(
    "some-module", "Pin the actions", "They move.", (MENDS,), Risk.LOW, (Proof("file", CI, digest(TEXT), "o/n@v1", "here"),),
    file_diff(Version(CI, TEXT), Version(CI, MENDED)), (FileChange(CI, digest(TEXT), digest(MENDED)),),
)  # fmt: skip


def _told(one: object) -> object:
    """By way of the wire, as a module in a process of its own is heard, and held against the facts."""
    content = json.dumps({"protocol": 1, "advice": [advice_to_json(one)]}).encode()  # type: ignore[arg-type]
    return checked(read_advice(content)[0], GIVEN, "some-module")


def _advice(title: str, bad: Callable[[], object]) -> None:
    @case("M1", title, *ANY)
    def prepare(world: World) -> Tried:
        return Tried(lambda: _told(bad()), lambda: _told(GOOD))


_advice("a title that clears the terminal", lambda: replace(GOOD, title="Pin\x1b[2J the actions"))
_advice("a title whose direction is turned", lambda: replace(GOOD, title="Pin \u202esnoitca eht"))
_advice("a title of two lines for some readers", lambda: replace(GOOD, title="Pin the actions\u2028Everything else is kept"))
_advice("a title with a carriage return", lambda: replace(GOOD, title="Delete the tests\rPin the actions  "))
_advice("a reason that moves the cursor", lambda: replace(GOOD, why="They move.\x1b[1A\x1b[2K"))
_advice("a caution that is written over", lambda: replace(GOOD, cautions=("This deletes the tests.\x1b[2K",)))
_advice("what evidence says turns the direction", lambda: replace(GOOD, evidence=(Proof("file", CI, digest(TEXT), "o/n@v1", "\u202eereh"),)))
_advice("a gap that names what is missing with a link of the terminal", lambda: Gap("some-module", (MENDS,), "\x1b]8;;https://evil.example\x07a token\x1b]8;;\x07", "it needs one"))
_advice("a recommendation without any evidence", lambda: replace(GOOD, evidence=()))
_advice("a recommendation whose evidence is of another file than it changes, and nothing else", lambda: replace(GOOD, evidence=(Proof("file", "run.sh", digest("#!/bin/sh\n")),)))
_advice("a file that becomes a program without being named so", lambda: replace(GOOD, patch=file_diff(Version("run.sh", "#!/bin/sh\n"), Version("run.sh", "#!/bin/sh\n", "100755")), files=(FileChange("run.sh", digest("#!/bin/sh\n"), digest("#!/bin/sh\n")),)))
_advice("a file that is named a program and is none in the patch", lambda: replace(GOOD, files=(FileChange(CI, digest(TEXT), digest(MENDED), "100755"),)))
_advice("a mode that no file has", lambda: replace(GOOD, files=(FileChange(CI, digest(TEXT), digest(MENDED), "120000"),)))
_advice("a patch of nothing that claims to mend", lambda: replace(GOOD, patch=file_diff(Version(CI, TEXT), Version(CI, TEXT)) or "\n", files=()))
_advice("one finding named twice as mended", lambda: replace(GOOD, mends=(MENDS, MENDS)))
_advice("an action on somebody else's repository", lambda: replace(GOOD, patch="", files=(), action=ForgeAction("open-issue", {"repository": "evil/repo", "title": "x", "body": "y"})))
_advice("an action with a token's name", lambda: replace(GOOD, patch="", files=(), action=ForgeAction("open-issue", {"title": "x", "secret": "forge_token"})))
_advice("an action against another interface", lambda: replace(GOOD, patch="", files=(), action=ForgeAction("protect-branch", {"branch": "main", "api": "https://evil.example"})))


def _answer(title: str, bad: Callable[[dict[str, Any]], bytes]) -> None:
    @case("M2", title, *ANY)
    def prepare(world: World) -> Tried:
        told = {"protocol": 1, "advice": [advice_to_json(GOOD)]}
        return Tried(lambda: read_advice(bad(told)), lambda: read_advice(json.dumps(told).encode()))


_answer("two answers behind each other", lambda told: json.dumps(told).encode() * 2)
_answer("a protocol that is true", lambda told: json.dumps({**told, "protocol": True}).encode())
_answer("a protocol of one and no hundredths", lambda told: json.dumps({**told, "protocol": 1}).replace('"protocol": 1', '"protocol": 1.0').encode())
_answer("advice in an object by its place", lambda told: json.dumps({**told, "advice": {"0": told["advice"][0]}}).encode())
_answer("a risk in capitals", lambda told: json.dumps(told).replace('"risk": "low"', '"risk": "LOW"').encode())
_answer("a field twice, the first for people", lambda told: json.dumps(told).replace('"title":', '"title": "Harmless", "title":').encode())
_answer("a module that describes itself in capitals", lambda told: describe(json.dumps({"protocol": 1, "name": "Pin-Actions", "controls": ["*"], "wants": []}).encode()) and b"{}")


@case("M2", "a program that calls itself by the name of one of ours", *ANY)
def _named(world: World) -> Tried:
    from troth.app import suggest
    from troth.jobs.recommend.isolation import chosen

    chosen("bubblewrap")

    def ask(name: str) -> object:
        folder = Path(tempfile.mkdtemp(prefix="troth-program-"))
        place = folder / "module.sh"
        place.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{json.dumps({'protocol': 1, 'name': name, 'controls': ['*'], 'wants': []})}'\n")
        place.chmod(place.stat().st_mode | stat.S_IXUSR)
        return suggest._modules(suggest.Options(lane="bubblewrap", programs=(place,)))

    return Tried(lambda: ask("pin-actions"), lambda: ask("a-module-of-mine"))
