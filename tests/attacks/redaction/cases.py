"""Redaction under attack: a registered secret in many forms and by many routes, and tokens that nobody registered."""

from __future__ import annotations

import logging

from tests.attacks.redaction import again_forms, again_labels, again_objects, again_routes, labels, last
from tests.attacks.redaction.blind import blind, blind_twins
from tests.attacks.redaction.further import further, further_twins
from tests.attacks.redaction.routes import (
    ROUTES,
    captured,
    configured,
    object_of,
    objects,
    pickled,
    queued,
    rotated,
    stream_in,
    unhandled,
    warned,
)
from tests.attacks.redaction.texts import CLEAN, SECRET, TEXTS, TOKENS, text_of, token_in
from tests.attacks.suite import Suite
from troth.guard.redact import redact, remember, shared_redactor


def suites() -> list[Suite]:
    """The one suite of this class."""
    remember(SECRET, "test")
    suite = Suite("redaction")
    for name, make in TEXTS.items():
        suite.attack(f"form: {name}")(text_of(make))
    for name, text in TOKENS.items():
        suite.attack(f"token: {name}")(token_in(text))
    for name, route in ROUTES.items():
        suite.attack(f"log: {name}")(lambda _, route=route: SECRET in captured(lambda log: route(log, SECRET)))
    for name, value in objects().items():
        suite.attack(f"object: {name}")(object_of(value))
    for width in (1, 2, 5, 13):
        suite.attack(f"stream in pieces of {width}")(stream_in(width))
    for name in ("excepthook", "thread", "asyncio", "unraisable"):
        suite.attack(f"uncaught: {name}")(unhandled(name))
    for name, case in {
        "rotated after start": rotated,
        "pickled to a socket": pickled,
        "put into a queue": queued,
        "warning": warned,
        "handlers replaced by dictConfig": configured,
    }.items():
        suite.attack(name)(case)
    for name, case in further().items():
        suite.attack(f"further: {name}")(case)
    for name, case in further_twins().items():
        suite.twin(f"further: {name}")(case)
    for name, case in blind().items():
        suite.attack(f"blind: {name}")(case)
    for name, case in blind_twins().items():
        suite.twin(f"blind: {name}")(case)
    for name, case in labels.attacks().items():
        suite.attack(name)(case)
    for name, case in labels.twins().items():
        suite.twin(name)(case)
    for again in (again_forms, again_labels, again_objects, again_routes):
        for name, case in again.attacks().items():
            suite.attack(name)(case)
        for name, case in again.twins().items():
            suite.twin(name)(case)
    for name, case in last.attacks().items():
        suite.attack(name)(case)
    for text in CLEAN:
        suite.twin(f"text: {text[:40]}")(lambda _, text=text: shared_redactor().text(text) == text)
    suite.twin("a record passes")(lambda _: "hello 42" in captured(lambda log: log.info("hello %d", 42)))
    suite.twin("an object passes")(
        lambda _: (
            redact({"model": {"tokenizer": "bpe", "n": [1, 2.5, None]}})
            == {"model": {"tokenizer": "bpe", "n": [1, 2.5, None]}}
        )
    )
    suite.twin("a traceback passes")(lambda _: "ZeroDivisionError" in captured(_divide))
    return [suite]


def _divide(log: logging.Logger) -> None:
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        log.exception("failed")
