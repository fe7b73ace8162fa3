"""A secrets file is read only if it is private, and never readable for a moment while it is written (classes K1 to K5, and benign twins)."""

from __future__ import annotations

import dataclasses
import os
import pickle
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from troth.guard.secrets import Secret, SecretsFileError, load, on_load, save

VALUE = "correct horse battery staple"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


def private(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("secrets.yaml", f"api:\n  key: {VALUE}\n"),
        ("secrets.toml", f'[api]\nkey = "{VALUE}"\n'),
        ("secrets.json", f'{{"api": {{"key": "{VALUE}"}}}}'),
    ],
)
def test_a_private_file_is_read(name: str, text: str, home: Path) -> None:
    assert Secret(VALUE) == load(private(home / name, text))["api"]["key"]


def test_an_env_file_is_read_with_its_quotes_comments_and_exports(home: Path) -> None:
    text = f"# keys\n\nexport A='{VALUE}'\nB=\"x # y\"\nC=plain # a remark\nD=\n"
    found = load(private(home / ".env", text))

    assert {name: value.reveal() for name, value in found.items()} == {"A": VALUE, "B": "x # y", "C": "plain", "D": ""}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o666, 0o700, 0o777])
def test_a_looser_mode_is_refused_with_the_command_that_mends_it(mode: int, home: Path) -> None:
    path = private(home / "secrets.yaml", f"key: {VALUE}\n")
    path.chmod(mode)

    with pytest.raises(SecretsFileError) as refused:
        load(path)
    assert VALUE not in str(refused.value)
    assert refused.value.command == f"chmod 600 {path}"
    subprocess.run(refused.value.command, shell=True, check=True)
    assert load(path)["key"].reveal() == VALUE


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_0600_and_tighter_are_accepted(mode: int, home: Path) -> None:
    path = private(home / "secrets.yaml", f"key: {VALUE}\n")
    path.chmod(mode)

    assert load(path)["key"].reveal() == VALUE


def test_links_hard_links_folders_fifos_and_nothing_are_refused(home: Path) -> None:
    real = private(home / "real.yaml", f"key: {VALUE}\n")
    (home / "link.yaml").symlink_to(real)
    (home / "folder.yaml").mkdir(mode=0o700)
    os.mkfifo(home / "fifo.yaml", 0o600)
    for name in ("link.yaml", "folder.yaml", "fifo.yaml", "missing.yaml"):
        with pytest.raises(SecretsFileError):
            load(home / name)
    os.link(real, home / "other.yaml")
    with pytest.raises(SecretsFileError, match="another name"):
        load(real)


def test_a_directory_that_others_write_is_refused_and_a_sticky_one_is_not(home: Path) -> None:
    shared = home / "shared"
    shared.mkdir()
    path = private(shared / "secrets.yaml", f"key: {VALUE}\n")
    shared.chmod(0o777)
    with pytest.raises(SecretsFileError, match="chmod go-w"):
        load(path)
    shared.chmod(0o1777)

    assert load(path)["key"].reveal() == VALUE


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_refused(home: Path) -> None:
    path = private(home / "secrets.yaml", f"key: {VALUE}\n")
    os.chown(path, 12345, 12345)

    with pytest.raises(SecretsFileError, match="another user"):
        load(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", f"key: [{VALUE}\n"), ("a.yaml", f"a: &x {VALUE}\nb: *x\n"), ("a.yaml", "a: !!python/object/apply:os.system ['true']\n"),
        ("a.toml", f"key = {VALUE}\n"), ("a.json", f'{{"key": {VALUE}}}'), (".env", f"no equals {VALUE}\n"), ("a.yaml", f"- {VALUE}\n"), ("a.json", f'"{VALUE}"'),
    ],
)  # fmt: skip
def test_what_cannot_be_parsed_is_refused_without_telling_it(name: str, text: str, home: Path) -> None:
    with pytest.raises(SecretsFileError) as refused:
        load(private(home / name, text))
    assert "staple" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_huge_file_is_refused(home: Path) -> None:
    with pytest.raises(SecretsFileError, match="1 MiB"):
        load(private(home / ".env", "A=1\n" * 400_000))


def test_what_is_written_is_private_from_its_first_byte(home: Path) -> None:
    path = home / ".env"
    loose: list[int] = []
    seen: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            for entry in os.scandir(home):
                try:
                    mode = stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode)
                except FileNotFoundError:
                    continue
                seen.append(entry.name)
                if mode & 0o077:
                    loose.append(mode)

    watcher = threading.Thread(target=watch)
    watcher.start()
    old = os.umask(0)
    try:
        for _ in range(200):
            save(path, {"KEY": Secret(VALUE)})
    finally:
        os.umask(old)
        stop.set()
        watcher.join()

    assert len(seen) > 100
    assert not loose
    assert load(path)["KEY"].reveal() == VALUE


def test_an_existing_looser_file_is_replaced_by_a_private_one_and_a_planted_link_is_not_followed(home: Path) -> None:
    path = home / ".env"
    path.write_text("OLD=1\n")
    path.chmod(0o644)
    save(path, {"KEY": VALUE})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    victim = home / "victim"
    victim.write_text("mine")
    (home / "planted.env").symlink_to(victim)
    with pytest.raises(SecretsFileError):
        save(home / "planted.env", {"KEY": VALUE})
    assert victim.read_text() == "mine"
    assert sorted(os.listdir(home)) == [".env", "planted.env", "victim"]


def test_a_value_that_would_break_the_form_is_refused(home: Path) -> None:
    for values in ({"A": "x\nB=1"}, {"A B": "x"}, {"A": "it's"}):
        with pytest.raises(SecretsFileError):
            save(home / ".env", values)
    save(home / "s.json", {"A B": "it's\nfine"})
    assert load(home / "s.json")["A B"].reveal() == "it's\nfine"


def test_a_secret_does_not_print_itself(home: Path) -> None:
    @dataclasses.dataclass
    class Settings:
        key: Secret

    secret = Secret(VALUE)
    shown = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret!r:>40}",
        "%s" % secret,
        f"{secret:x<5}",
        repr(Settings(secret)),
        str([secret]),
        str({secret: secret}),
    ]

    assert not [text for text in shown if "horse" in text]
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert secret == Secret(VALUE) != Secret("other")


def test_everything_loaded_is_told_to_the_redactor(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from troth.guard.secrets import file

    monkeypatch.setattr(file, "_listeners", [])
    told: list[str] = []
    on_load(told.append)
    load(private(home / "s.json", '{"a": "one", "b": {"c": ["two", 3]}}'))
    save(home / ".env", {"D": "four"})

    assert told == ["one", "two", "3", "four"]


def test_importing_it_needs_nothing_but_the_standard_library() -> None:
    asked = "import sys; from troth.guard import secrets; print([m for m in ('yaml', 'pydantic', 'click') if m in sys.modules])"

    assert (
        subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_what_is_loaded_is_known_to_the_redactor_of_the_process_whether_it_was_there_before_or_not(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("db:\n  phrase: q8Zk-3vLw7XsPn2Ht9\n")
    path.chmod(0o600)
    body = "from troth.guard.redact import redact, shared_redactor\nfrom troth.guard.secrets import load\n{}load({!r})\nprint(redact({{'colour': ['q8Zk-3vLw7XsPn2Ht9']}}), shared_redactor().text('cThaay0zdkx3N1hzUG4ySHQ5'))\n"
    for first in ("", "shared_redactor()\n"):
        done = subprocess.run([sys.executable, "-c", body.format(first, str(path))], capture_output=True, text=True, check=True)
        assert done.stdout.count("[redacted from the secrets file #") == 2


@pytest.mark.parametrize(("name", "text"), [("s.json", '{"A": "one1234", "A": "two1234"}'), ("s.yaml", "A: one1234\nA: two1234\n"), ("s.yaml", "db:\n  A: one1234\n  A: two1234\n")])
def test_a_name_that_occurs_twice_is_refused(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    path.chmod(0o600)

    with pytest.raises(SecretsFileError, match="cannot be parsed") as refused:
        load(path)

    assert "one1234" not in str(refused.value)
