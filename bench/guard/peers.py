"""The guard beside its peers: redaction of a log record beside a stdlib `re` filter, scrubadub and Presidio; opening a path beside safe_join and realpath.

    python bench/guard/peers.py

Two columns for each: cost, as a ratio of processor time to the bare thing (A and B in turn), and what got through, of a small corpus made here. Peers are asked for what they offer for
secrets; they are made for other things, too (names, addresses of people), which is not compared. A peer that is not installed is left out, and said to be.
"""

from __future__ import annotations

import base64
import os
import random
import re
import statistics
import string
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from troth.guard.paths import Root
from troth.guard.redact import shared_redactor

Redact = Callable[[str], str]
SHORT = "request 4711 handled in 12 ms, status 200, model small, 17 tok"[:60]
LONG = ("the quick brown fox handles request 4711 in 12 ms and goes on; " * 200)[:9000]
chance = random.Random(3)


def _some(count: int) -> str:
    return "".join(chance.choices(string.ascii_letters + string.digits, k=count))


def corpus() -> list[tuple[str, str]]:
    """Text, and the part that must not get through."""
    made: list[tuple[str, str]] = []
    for _ in range(20):
        token, password = "ghp_" + _some(36), _some(16)
        made += [
            (f"cloned with {token}", token),
            (f"password={password} for db", password),
            (f'{{"apiKey": "{password}"}}', password),
            (f"postgres://app:{password}@db/x", password),
            (f"Authorization: Bearer {_some(8)}{password}", password),
            ("AKIA" + (key := _some(16).upper().replace("0", "Q").replace("1", "R").replace("8", "S").replace("9", "T")), key),
            (f"encoded {base64.b64encode(token.encode()).decode()}", base64.b64encode(token.encode()).decode()),
        ]
    return made


CLEAN = ["tokenizer: bpe, max_tokens: 4096", "commit 3f786850e387550fdab836ed7e6dc881de23001b", "id 123e4567-e89b-12d3-a456-426614174000", "GET /index.html 200 12ms", "monkey: banana", "loss 0.0231 at step 1200", "layer.0.attention.key.weight (4096, 4096)"]  # fmt: skip


def stdlib() -> Redact:
    """The filter that many programs have: one alternation in `re`."""
    pattern = re.compile(
        r"(?i)(?:api[_-]?key|token|secret|password|passwd|authorization)[\"']?\s*[:=]\s*[\"']?[^\s\"',;]+|gh[pousr]_[A-Za-z0-9]{36}|AKIA[0-9A-Z]{16}|[a-z0-9+.-]+://[^:/\s]+:[^@\s]+@|eyJ[\w-]+\.[\w-]+\.[\w-]+|sk-[A-Za-z0-9]{20,}"
    )
    return lambda text: pattern.sub("***", text)


def scrubadub_peer() -> Redact:
    """scrubadub with the detectors that concern credentials."""
    import scrubadub

    scrubber = scrubadub.Scrubber(detector_list=[scrubadub.detectors.CredentialDetector(), scrubadub.detectors.UrlDetector()])
    return scrubber.clean


def presidio_peer() -> Redact:
    """Presidio's analyser without a language model, with its own way of adding patterns; its predefined recognisers know no API keys."""
    from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

    class Nothing(NlpEngine):
        def load(self) -> None: ...
        def is_loaded(self) -> bool:
            return True
        def process_text(self, text: str, language: str) -> NlpArtifacts:
            return NlpArtifacts([], [], [], [], self, language)
        def process_batch(self, texts: object, language: str, **_: object) -> Iterator[tuple[str, NlpArtifacts]]:
            yield from ((text, self.process_text(text, language)) for text in texts)  # type: ignore[attr-defined]
        def is_stopword(self, word: str, language: str) -> bool:
            return False
        def is_punct(self, word: str, language: str) -> bool:
            return False
        def get_supported_entities(self) -> list[str]:
            return []
        def get_supported_languages(self) -> list[str]:
            return ["en"]

    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=Nothing())
    patterns = [Pattern("token", r"gh[pousr]_[A-Za-z0-9]{36}|AKIA[0-9A-Z]{16}", 0.9), Pattern("label", r"(?i)(?:api[_-]?key|token|password)[\"']?\s*[:=]\s*[\"']?[^\s\"',;]+", 0.9)]
    registry.add_recognizer(PatternRecognizer(supported_entity="SECRET", patterns=patterns))
    engine = AnalyzerEngine(registry=registry, nlp_engine=Nothing(), supported_languages=["en"])

    def clean(text: str) -> str:
        for found in sorted(engine.analyze(text, language="en"), key=lambda each: -each.start):
            text = text[: found.start] + "***" + text[found.end :]
        return text

    return clean


def microseconds(work: Callable[[], object], least: float = 0.05) -> float:
    """Processor time of one call, from as many as take `least` seconds."""
    work()
    times, begun = 0, time.process_time()
    while time.process_time() - begun < least:
        work()
        times += 1
    return (time.process_time() - begun) / times * 1e6


def redaction() -> None:
    """Cost and what got through."""
    peers: dict[str, Callable[[], Redact]] = {"Troth": lambda: shared_redactor().text, "stdlib re filter": stdlib, "scrubadub": scrubadub_peer, "Presidio (patterns only)": presidio_peer}
    texts = corpus()
    for name, make in peers.items():
        try:
            redact = make()
        except Exception as error:
            sys.stdout.write(f"{name}: left out, {type(error).__name__}: {str(error)[:80]}\n")
            continue
        short = statistics.median(microseconds(lambda redact=redact: redact(SHORT)) for _ in range(5))
        long = statistics.median(microseconds(lambda redact=redact: redact(LONG)) for _ in range(5))
        through = sum(secret in redact(text) for text, secret in texts)
        changed = sum(redact(text) != text for text in CLEAN)
        sys.stdout.write(f"{name}: {short:.1f} us for 60 B, {long:.0f} us for 9 KB; {through} of {len(texts)} secrets got through, {changed} of {len(CLEAN)} clean texts changed\n")


def paths() -> None:
    """Cost of a guarded open beside the bare one, and which of ten escapes each lets through."""
    with tempfile.TemporaryDirectory() as folder:
        inside = os.path.join(os.path.realpath(folder), "in")
        os.mkdir(inside)
        os.mkdir(inside + "-evil")
        for path in (f"{inside}/file", f"{folder}/secret", f"{inside}-evil/secret"):
            Path(path).write_bytes(b"x")
        for name, target in (("link", "../secret"), ("up", ".."), ("magic", "/proc/self/root")):
            os.symlink(target, f"{inside}/{name}")
        os.link(f"{folder}/secret", f"{inside}/hard")
        root = Root(inside)

        def real(path: str) -> int:
            full = os.path.realpath(os.path.join(inside, path))
            if os.path.commonpath([full, inside]) != inside:
                raise PermissionError
            return os.open(full, os.O_RDONLY)

        openers: dict[str, Callable[[str], int]] = {"Troth": root.descriptor, "realpath and commonpath": real}
        try:
            from werkzeug.utils import safe_join

            openers["werkzeug safe_join"] = lambda path: os.open(safe_join(inside, path) or "/nonexistent", os.O_RDONLY)
        except ImportError:
            sys.stdout.write("werkzeug safe_join: left out, not installed\n")
        bare = statistics.median(microseconds(lambda: os.close(os.open(f"{inside}/file", os.O_RDONLY))) for _ in range(9))
        for name, opener in openers.items():
            cost = statistics.median(microseconds(lambda opener=opener: os.close(opener("file"))) for _ in range(9))
            escapes = 0
            for path in ("../secret", "link", "up/secret", "hard", "magic/etc/passwd", f"{inside}-evil/secret", "../in-evil/secret", "/etc/passwd", "./../secret", "up/in-evil/secret"):
                try:
                    os.close(opener(path))
                    escapes += 1
                except Exception:
                    continue
            sys.stdout.write(f"{name}: {cost / bare:.2f} x os.open, {escapes} of 10 escapes opened\n")


if __name__ == "__main__":
    redaction()
    paths()
