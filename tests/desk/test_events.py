from __future__ import annotations

import json
import random
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk.cases import KINDS, START, any_event, event, received
from troth.desk.events import _FIELDS, EventError, EventKind, from_json, instant, make, stamp


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(KINDS))
def test_an_event_comes_back_equal_from_json(seed: int, kind: EventKind) -> None:
    made = any_event(random.Random(seed), START, kind)

    assert from_json(json.loads(json.dumps(made.to_json()))) == made


@settings(max_examples=200, deadline=None)
@given(st.datetimes(min_value=datetime(1970, 1, 3), max_value=datetime(2199, 12, 29)), st.timezones())
def test_a_stamp_names_the_same_instant_and_sorts_as_time_does(naive: datetime, zone) -> None:
    moment = naive.replace(tzinfo=zone)

    assert instant(stamp(moment)) == moment
    assert len(stamp(moment)) == 27
    assert (stamp(START) < stamp(moment)) == (START < moment)


def test_every_kind_has_its_fields() -> None:
    assert set(_FIELDS) == set(EventKind)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "report.eaten"}, "no kind"),
        ({"at": "2026-03-02T09:00:00"}, "zone"),
        ({"at": "2026-02-30T09:00:00Z"}, "exists"),
        ({"at": "1969-12-30T09:00:00Z"}, "no year"),
        ({"at": "9999-12-30T09:00:00Z"}, "no year"),
        ({"actor": "robot:x"}, "no actor"),
        ({"actor": "team:a b"}, "no actor"),
        ({"case": "../x"}, "no id"),
        ({"case": ""}, "no id"),
        ({"surprise": 1}, "only kind"),
        ({"data": {"channel": "form", "colour": "red"}}, "no field"),
        ({"data": {}}, "needs the field 'channel'"),
        ({"data": {"channel": 3}}, "text"),
        ({"data": {"channel": "x" * 2001}}, "2000"),
        ({"data": {"channel": "a\x00b"}}, "text"),
        ({"data": {"channel": "\ud800"}}, "text"),
        ({"data": {"channel": "form", "exploited": "yes"}}, "true or false"),
        ({"data": {"channel": "form", "lines": ["a"] * 101}}, "at most 100"),
        ({"data": []}, "object in data"),
    ],
)
def test_what_is_no_event_is_refused_with_the_field(change: dict, says: str) -> None:
    with pytest.raises(EventError, match=says):
        from_json({**received().to_json(), **change})


def test_a_word_outside_its_set_is_refused() -> None:
    with pytest.raises(EventError, match="critical, high, low, medium"):
        event(EventKind.SEVERITY_SET, severity="urgent")


def test_a_time_without_a_zone_is_no_instant() -> None:
    with pytest.raises(EventError, match="zone"):
        make(EventKind.NOTE_ADDED, START.replace(tzinfo=None), "team", "C-1")


def test_what_concerns_the_desk_names_no_case() -> None:
    with pytest.raises(EventError, match="whole desk"):
        make(EventKind.INTAKE_CLOSED, START, "team", "C-1")


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        received().data["channel"] = "mail"
