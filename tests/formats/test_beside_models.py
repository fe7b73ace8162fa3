"""Files of a program that has no model: pages, handlers and cards are no alarm, and what breaks out of them still is."""

from __future__ import annotations

import pytest

from troth.formats.judge import judge
from troth.formats.source import Source

PAGE = '{% extends "base.html.jinja" %}\n{% block main %}{{ messages | one_line }}{% endblock %}\n'
MARKUP = '<!doctype html>\n<html><body>{% for one in cases %}<p>{{ static(one) | date }}</p>{% endfor %}</body></html>\n'
CARD = "---\nlicense: mit\ntags: [text]\n---\n# A card\n\n```ts\nif (!shape.is_empty) { a: !run }\n```\n"
SERVER = "class JobHandler:\n    def handle(self, request):\n        return request\n"


def verdict(name: str, text: str) -> str:
    return judge(Source(text.encode()), name).verdict


@pytest.mark.parametrize(("name", "text"), [("page.html.jinja", PAGE), ("page.html.j2", MARKUP), ("README.md", CARD), ("handler.py", SERVER), ("pipeline_of_jobs.py", "A = 1\n")])
def test_a_program_without_a_model_is_no_alarm(name: str, text: str) -> None:
    assert "not-a-model" == verdict(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.html.jinja", PAGE.replace("messages", "''.__class__.__mro__")),
        ("page.html.j2", MARKUP.replace("static(one)", "one['__globals__']")),
        ("chat_template.jinja", PAGE),
        ("other.jinja", "{% include '/etc/passwd' %}"),
        ("other.jinja", "{{ messages | one_line }}"),
        ("README.md", CARD.replace("license: mit", "license: !!python/object/apply:os.getcwd []")),
        ("handler.py", SERVER.replace("JobHandler", "EndpointHandler")),
        ("handler.py", SERVER.replace("class", "from ts.torch_handler.base_handler import BaseHandler\n\n\nclass").replace("JobHandler", "JobHandler(BaseHandler)")),
        ("generate.py", "def generate(model, **more):\n    return model\n"),
        ("modeling_own.py", "A = 1\n"),
    ],
)
def test_what_comes_with_a_model_or_breaks_out_is_refused(name: str, text: str) -> None:
    assert "refused" == verdict(name, text)
