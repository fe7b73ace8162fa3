"""Each failing program really fails, and the same with one guard call does not."""

from __future__ import annotations

import io
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from troth.errors import GuardError
from troth.guard import logs
from troth.guard.limits import TextLimits
from troth.guard.paths import Root
from troth.guard.redact import remember
from troth.guard.secrets import load, save

SECRET = "q8Zk-3vLw7XsPn2Ht9"


def test_logs_are_redacted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The filter is written and tested, and attached to nothing."""

    class Redacts(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            record.msg = str(record.msg).replace(SECRET, "***")
            return True

    def program() -> str:
        out, log = io.StringIO(), logging.Logger("program")
        log.addHandler(logging.StreamHandler(out))
        log.info("key=%s", SECRET)
        return out.getvalue()

    assert SECRET in program()
    remember(SECRET, "key")
    installation = logs.install(streams=False)
    try:
        assert SECRET not in program()
    finally:
        installation.remove()


def test_file_access_is_restricted(tmp_path: Path) -> None:
    """The prefix is compared as text, so a sibling and a link are inside."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data-old").mkdir()
    (tmp_path / "data-old" / "key").write_text(SECRET)
    (tmp_path / "data" / "link").symlink_to("../data-old/key")

    def unguarded(path: str) -> str:
        if not os.path.abspath(path).startswith(str(tmp_path / "data")):
            raise PermissionError
        return Path(path).read_text()

    for path in (str(tmp_path / "data-old" / "key"), str(tmp_path / "data" / "link")):
        assert unguarded(path) == SECRET
        with pytest.raises(GuardError):
            Root(tmp_path / "data").read_bytes(path)


def test_the_secrets_file_has_mode_600(tmp_path: Path) -> None:
    """`touch(mode=0o600)` on a file that exists changes nothing."""
    path = tmp_path / "secrets.env"
    path.write_text("KEY=x\n")
    path.chmod(0o644)
    path.touch(mode=0o600)
    path.write_text(f"KEY={SECRET}\n")
    assert path.stat().st_mode & 0o077

    with pytest.raises(GuardError, match="chmod 600"):
        load(path)
    save(path, {"KEY": SECRET})
    assert not path.stat().st_mode & 0o077


def test_text_is_limited_before_it_is_tokenized() -> None:
    """The text is cut after the expensive work."""

    def merges(word: str) -> int:
        parts, steps = list(word), 0
        while len(parts) > 1:
            parts[0:2] = [parts[0] + parts[1]]
            steps += len(parts)
        return steps

    def late(text: str) -> int:
        return min(merges(text), 100)

    begun = time.thread_time()
    late("a" * 1_000)
    small = time.thread_time() - begun
    begun = time.thread_time()
    late("a" * 8_000)
    assert time.thread_time() - begun > 8 * small / 2  # eight times the text, sixty-four times the work
    with pytest.raises(GuardError):
        late(TextLimits(run_at_most=2_000).demand("a" * 8_000))


@pytest.mark.parametrize(
    "option",
    [{"MASTER_ADDR": "10.0.0.5", "USE_TLS": "1"}, {"MASTER_ADDR": "127.0.0.1", "GLOO_DEVICE_TRANSPORT": "TCP_TLS"}],
)
def test_tls_is_required_between_nodes(option: dict[str, str]) -> None:
    """The option is parsed, logged and never applied."""
    pytest.importorskip("cryptography", reason="cryptography is not installed")
    from troth.guard.distributed import demand_environment

    def connect(environment: dict[str, str], guard: Callable[[dict[str, str]], None] | None = None) -> str:
        if guard is not None:
            guard(environment)
        return f"tcp://{environment['MASTER_ADDR']}"

    assert connect(option).startswith("tcp://")
    with pytest.raises(GuardError):
        connect(option, demand_environment)
