"""Several processes serve one desk: which of them dies, how, and what they count and give out together."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.postgres import Cluster, postgres  # noqa: F401
from tests.timing import until
from tests.web.conftest import Clock, Room, copied
from tests.web.test_postgres import pointed
from troth.app.desk import entry
from troth.app.desk.mailing import Pump, deliver
from troth.app.desk.opening import TENANT, open_desk
from troth.desk.receipts import verify
from troth.desk.storage.outbox_rows import Mail
from troth.desk.storage.turns import Turn
from troth.ledger.audit import audit
from troth.web.desk.counting import Limiter
from troth.web.desk.site import Gates

pytestmark = pytest.mark.skipif(not hasattr(os, "fork") or not Path("/proc/self/task").exists(), reason="several processes need fork, and the tests read /proc")


def children(pid: int) -> list[int]:
    """Processes that a process forked."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def gone(pid: int) -> bool:
    """Whether a process has ended, buried or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def free_port() -> int:
    """A port at which nobody serves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Family:
    """A desk that several processes serve."""

    def __init__(self, folder: Path, count: int = 2) -> None:
        self.folder, self.count, self.port = folder, count, free_port()
        command = [sys.executable, "-m", "troth", "desk", "serve", str(folder), "--port", str(self.port), "--workers", str(count)]
        self.parent = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.origin = f"http://127.0.0.1:{self.port}"
        until(self.answers, "the desk serves")
        until(lambda: len(self.workers) == count, "all processes are there")

    @property
    def workers(self) -> list[int]:
        """Processes that serve."""
        return [one for one in children(self.parent.pid) if not gone(one)]

    def answers(self) -> bool:
        """Whether somebody serves."""
        assert self.parent.poll() is None, self.parent.stderr.read()
        try:
            return httpx.get(f"{self.origin}/key", timeout=30).status_code == 200
        except httpx.HTTPError:
            return False

    def report(self, nonce: str = "") -> str:
        """Send a report until it is answered, as a person does; path of its page."""
        form = {"nonce": nonce or secrets.token_urlsafe(32), "title": "A report", "description": "d", "steps": "s", "impact": "i"}
        for _attempt in range(200):
            try:
                answer = httpx.post(f"{self.origin}/report", data=form, timeout=60)
            except httpx.HTTPError:
                continue
            if answer.status_code == 303:
                return answer.headers["location"].partition("?")[0]
        raise AssertionError("nobody answered")

    def receipt(self, path: str) -> str:
        """A receipt, checked with the desk's key; short id of its case."""
        key = httpx.get(f"{self.origin}/key", timeout=60).text.partition('class="secret">')[2].partition("<")[0].strip()
        return verify(httpx.get(f"{self.origin}{path}/receipt", timeout=60).text, key).case


@contextmanager
def family(folder: Path, count: int = 2) -> Iterator[Family]:
    one = Family(folder, count)
    try:
        yield one
    finally:
        if one.parent.poll() is None:
            one.parent.terminate()
        one.parent.wait(90)
        one.parent.stderr.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def folder(request: pytest.FixtureRequest, template: Path, tmp_path: Path) -> Iterator[Path]:
    made = copied(template, tmp_path / "desk")
    if request.param == "sqlite":
        yield made
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    with cluster.database() as url:
        yield pointed(made, url)


def kept(folder: Path) -> tuple[list[int], int]:
    """Numbers of the cases of a desk, and entries of its ledger, which has to verify."""
    desk = open_desk(folder)
    try:
        with desk.store.read(TENANT) as t:
            found = audit(desk.events.chronicle.log, t)
            assert not found.problems
            return sorted(row.number for row in t.execute(_numbers(desk))), found.size
    finally:
        desk.close()


def _numbers(desk):
    from sqlalchemy import select

    from troth.desk.tables import CASES

    return select(CASES.c.number).where(CASES.c.tenant == desk.cases.tenant)


def test_receipts_outlive_the_process_that_gave_them_and_numbers_are_given_once(folder: Path) -> None:
    with family(folder) as desk:
        paths: list[str] = []
        dead: list[int] = []

        def people() -> None:
            paths.extend(desk.report() for _ in range(10))

        with ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(people) for _ in range(4)]
            for _ in range(2):
                until(lambda: desk.workers, "somebody lives")
                victim = desk.workers[0]
                os.kill(victim, signal.SIGKILL)
                dead.append(victim)
                until(lambda: len(desk.workers) == desk.count and not set(dead) & set(desk.workers), "the dead were replaced")
            for one in waiting:
                one.result(300)
        codes = [desk.receipt(path) for path in paths]
        assert len(set(codes)) == len(paths) == 40
        assert desk.parent.poll() is None
    assert desk.parent.returncode == 0
    numbers, entries = kept(folder)
    # whoever was not answered sent the same nonce no second time here, so that there may be more cases than receipts, and never two of one number
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 40
    assert entries >= len(numbers)


def test_one_nonce_sent_to_all_of_them_at_once_is_one_case(folder: Path) -> None:
    nonce = secrets.token_urlsafe(32)
    with family(folder) as desk, ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: desk.report(nonce), range(24)))) == 1
    assert kept(folder)[0] == [1]


def test_asked_to_end_all_of_them_end(template: Path, tmp_path: Path) -> None:
    with family(copied(template, tmp_path / "desk"), 3) as desk:
        path = desk.report()
        workers = desk.workers
        desk.parent.send_signal(signal.SIGINT)
        assert desk.parent.wait(90) == 0
        assert all(map(gone, workers))
    assert path.startswith("/r/")


def test_without_their_parent_they_end_by_themselves(template: Path, tmp_path: Path) -> None:
    with family(copied(template, tmp_path / "desk")) as desk:
        workers = desk.workers
        desk.parent.kill()
        desk.parent.wait(30)
        until(lambda: all(map(gone, workers)), "nobody serves without a parent")


def test_what_keeps_the_first_from_serving_is_said_and_not_tried_for_ever(template: Path, tmp_path: Path) -> None:
    folder = copied(template, tmp_path / "desk")
    (folder / "keys" / "desk.key").unlink()
    ended = subprocess.run([sys.executable, "-m", "troth", "desk", "serve", str(folder), "--port", str(free_port()), "--workers", "2"], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1
    assert "a process ended" in ended.stderr


def test_an_address_that_is_taken_is_a_sentence(template: Path, tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen(1)
        port = str(held.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-m", "troth", "desk", "serve", str(copied(template, tmp_path / "desk")), "--port", port, "--workers", "2"], capture_output=True, text=True, timeout=120, check=False
        )
    assert ended.returncode not in (0, 1)
    assert "cannot serve at" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_wrong_links_are_counted_together(template: Path, tmp_path: Path) -> None:
    with family(copied(template, tmp_path / "desk")) as desk:
        wrong = f"{desk.origin}/r/{secrets.token_urlsafe(32)}"
        # a connection each, so that both processes get some of them
        answers = Counter(httpx.get(wrong, timeout=60).status_code for _ in range(60))
    # forty in a minute; the machine may be slow enough for a new minute to begin once
    assert answers[429] > 0
    assert answers[404] <= 80


# --- counting, turns and challenges, without a server ----------------------------------------------------------------------------


def forked(act) -> bytes:
    """What a child writes."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(write, act())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        told = file.read()
    os.waitpid(pid, 0)
    return told


def test_a_count_is_one_count_in_all_children() -> None:
    limiter = Limiter(3, 3600)
    told = [forked(lambda: b"y" if limiter.hit("a") else b"n") for _ in range(5)]
    assert told == [b"y", b"y", b"y", b"n", b"n"]
    assert limiter.over("a")
    assert not limiter.over("b")
    assert limiter.hit("b")


def test_no_count_is_lost_between_threads_and_children() -> None:
    limiter = Limiter(10**6, 3600)

    def many() -> bytes:
        threads = [threading.Thread(target=lambda: [limiter.hit("a") for _ in range(200)]) for _ in range(3)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        return b""

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: forked(many), range(3)))
    limiter._most = 1800
    assert limiter.over("a")
    limiter._most = 1801
    assert not limiter.over("a")


def test_whoever_is_forgotten_is_the_one_that_came_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("troth.web.desk.counting._SETS", 1)
    limiter = Limiter(1, 3600)
    for at in range(9):
        limiter.hit(f"sender {at}")
    assert [limiter.over(f"sender {at}") for at in range(9)] == [False] + [True] * 8


def test_a_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("troth.web.desk.counting.time.monotonic", lambda: now[0])
    limiter = Limiter(1, 60)
    assert limiter.hit("a")
    assert not limiter.hit("a")
    now[0] += 61
    assert not limiter.over("a")
    assert limiter.hit("a")


def test_a_turn_is_one_holders_and_ends_with_it(tmp_path: Path) -> None:
    path = tmp_path / "data" / "x.turn"
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        Turn(path).keep()
        os.write(write, b"!")
        signal.pause()
    assert os.read(read, 1) == b"!"
    mine = Turn(path)
    assert not mine.keep()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert mine.keep()
    assert mine.keep()
    mine.close()
    assert Turn(path).keep()
    assert path.stat().st_mode & 0o777 == 0o600


def test_of_two_processes_one_makes_the_rounds_and_the_other_takes_over(room: Room) -> None:
    other = open_desk(room.folder, room.clock)
    room.desk.writer.write(lambda t: room.desk.outbox.put(t, [Mail("a", "", "t@example.org", "s", "x")], room.clock()))
    first, second = Pump(room.desk), Pump(other)
    assert first._leads()
    assert not second._leads()
    [waiting] = room.desk.writer.write(lambda t: room.desk.outbox.claim(t, room.clock()))
    # the second may not call half-sent what the first is sending
    assert not second._leads()
    with other.store.read(TENANT) as t:
        assert other.outbox.counts(t) == {"sending": 1}
    room.desk.rounds.close()  # as if the first had died
    assert second._leads()
    with other.store.read(TENANT) as t:
        assert other.outbox.counts(t) == {"unsure": 1}
    assert waiting.mail.key == "a"
    other.close()


def test_a_round_that_is_another_ones_is_waited_for_and_not_asked_for_again_and_again(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    pump = Pump(room.desk, 3600)
    monkeypatch.setattr(pump, "_leads", lambda: asked.append(1) and False)
    thread = threading.Thread(target=pump._run)
    thread.start()
    until(lambda: asked, "it looks")
    pump._stop.set()
    thread.join(30)
    assert len(asked) == 1


def test_a_challenge_of_one_process_counts_once_in_any(room: Room) -> None:
    other = open_desk(room.folder, room.clock)
    given = entry.bytes_to_base64url(entry._give(room.desk, "sign in"))
    assert not entry._take(other, "passkey 1", given)
    assert entry._take(other, "sign in", given)
    assert not entry._take(room.desk, "sign in", given)
    late = entry.bytes_to_base64url(entry._give(room.desk, "sign in"))
    room.clock.go(minutes=5, seconds=1)
    assert not entry._take(other, "sign in", late)
    for junk in ("", "a", "é", "AAAA", late[:-4], late + "AAAA", "A" * 75):
        assert not entry._take(other, "sign in", junk)
    other.close()


def test_two_desks_open_at_once_write_in_turns(room: Room) -> None:
    other = open_desk(room.folder, Clock())
    with ThreadPoolExecutor(8) as pool:

        def put(at: int) -> int:
            desk = (room.desk, other)[at % 2]
            return desk.writer.write(lambda t: desk.outbox.put(t, [Mail(f"m{at}", "", "t@example.org", "s", "x")], room.clock()))

        assert sum(pool.map(put, range(60))) == 60
    other.close()


def test_gates_follow_the_settings(room: Room) -> None:
    gates = Gates.of(room.desk.settings)
    assert [gates.quota.hit("n") for _ in range(room.desk.settings.hourly + 1)] == [True] * room.desk.settings.hourly + [False]


def test_a_crash_in_the_middle_of_many_mails_leaves_one_unsure(room: Room) -> None:
    room.desk.writer.write(lambda t: room.desk.outbox.put(t, [Mail(f"m{at}", "", "t@example.org", "s", "x") for at in range(12)], room.clock()))
    room.clock.go(seconds=1)
    seen: list[dict[str, int]] = []

    class Died(BaseException):
        """The end of the process."""

    def send(desk, _waiting) -> None:
        with desk.store.read(TENANT) as t:
            seen.append(desk.outbox.counts(t))
        if len(seen) == 5:
            raise Died

    with pytest.raises(Died):
        deliver(room.desk, send)
    assert [one["sending"] for one in seen] == [1] * 5
    assert seen[-1] == {"sent": 4, "sending": 1, "waiting": 7}
    room.desk.writer.write(room.desk.outbox.settle_crash)
    assert deliver(room.desk, lambda _desk, _waiting: None) == 7
    with room.desk.store.read(TENANT) as t:
        assert room.desk.outbox.counts(t) == {"sent": 11, "unsure": 1}
