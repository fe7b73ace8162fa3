"""Nothing that is meant for the team reaches a reporter, a guest or the public: random histories, every route, every byte."""

from __future__ import annotations

import secrets
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.web.conftest import Clock, Room, copied
from troth.app.desk import triage
from troth.app.desk.ladder import climb
from troth.app.desk.opening import TENANT, open_desk
from troth.desk.machines import TransitionError
from troth.errors import DeskError

STEPS = st.lists(st.sampled_from(["note", "file note", "tag", "reply", "validate", "invalidate", "cluster", "restrict", "assign", "late", "embargo", "publish", "severity"]), min_size=1, max_size=6)


def secret() -> str:
    return f"teamonly{secrets.token_hex(8)}"


def step(room: Room, member, name: str, words: list[str]) -> None:
    desk, word = room.desk, secret()
    words.append(word)
    doings = {
        "note": lambda: triage.note(desk, member, 1, word),
        "file note": lambda: triage.note(desk, member, 1, f"<b>{word}</b>\n" * 3),
        "tag": lambda: triage.tag(desk, member, 1, word),
        "reply": lambda: triage.reply(desk, member, 1, "an answer"),
        "validate": lambda: triage.act(desk, member, 1, "report.validated", {}),
        "invalidate": lambda: triage.act(desk, member, 1, "report.invalidated", {"reason": word, "rule": word}),
        "cluster": lambda: triage.cluster(desk, member, 1, 2),
        "restrict": lambda: triage.restrict(desk, member, 1),
        "assign": lambda: triage.act(desk, member, 1, "case.assigned", {"to": member.id}),
        "late": lambda: room.clock.go(days=3),
        "embargo": lambda: triage.act(desk, member, 1, "embargo.proposed", {"until": "2027-01-31T17:00:00Z", "zone": "Europe/Vienna"}),
        "publish": lambda: triage.publish(desk, member, 1, "title", "text"),
        "severity": lambda: triage.act(desk, member, 1, "severity.set", {"severity": "high", "reason": word}),
    }
    try:
        doings[name]()
    except (TransitionError, DeskError):
        room.clock.go(seconds=1)


@settings(max_examples=12, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
def test_what_is_for_the_team_only_reaches_no_reporter_guest_or_public_page(template: Path, tmp_path_factory, steps: list[str]) -> None:
    folder = copied(template, tmp_path_factory.mktemp("leaks") / "desk")
    clock = Clock()
    room = Room(open_desk(folder, clock), clock, folder)
    try:
        client = room.client()
        path, _other = room.report(client), room.report(client)
        member, team = room.member()
        guest, visitor = room.member("Gil", "guest")
        triage.share(room.desk, member, 1, guest.id)
        words: list[str] = []
        triage.note(room.desk, member, 1, first := secret())
        words.append(first)
        for name in steps:
            step(room, member, name, words)
        climb(room.desk)
        # days may have passed: both sign in again
        team, visitor = (room.signed_in(who) for who in (member, guest))
        token = path.rpartition("/")[2]
        bearer = {"authorization": f"Bearer {token}"}
        seen = [client.get(where).text for where in ("/", path, f"{path}?new", f"{path}/receipt", "/promises", "/published", "/published/T-1", "/.well-known/security.txt", "/key", "/api/openapi.json", "/api/fields", "/r/" + "x" * 43)]
        seen += [client.get(f"/api/reports/{where}", headers=bearer).text for where in ("mine", "mine/receipt")]
        seen += [client.post(f"{path}/reply", data={"text": ""}).text, client.post(f"{path}/embargo", data={"answer": "accept"}).text, client.post(f"{path}/credit", data={"choice": "named"}).text]
        seen += [visitor.get(where).text for where in ("/board", "/board/T-1", "/board?view=lanes", "/board?q=teamonly", "/board/numbers", "/board/desk")]
        with room.desk.store.read(TENANT) as t:
            from sqlalchemy import select

            from troth.desk.tables import OUTBOX

            rows = t.execute(select(OUTBOX).where(OUTBOX.c.tenant == str(TENANT))).all()
        seen += [str(room.desk.outbox._waiting(row.id, row.key, row.case_uid, row.sealed, row.tries)) for row in rows if row.sealed]

        assert visitor.get("/board/T-1").status_code == 200
        # the words are there to be leaked: the team sees the first one
        assert words[0] in team.get("/board/T-1").text
        for word in words:
            assert not any(word in text for text in seen), f"{word} leaked after {steps}"
    finally:
        room.desk.close()
