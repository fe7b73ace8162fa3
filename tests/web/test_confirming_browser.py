"""A second passkey in a real browser: the first one is asked for before another is made."""

from __future__ import annotations

import pytest

from tests.web.conftest import Room
from tests.web.test_browser import browser, signed_in  # noqa: F401
from tests.web.test_confirming import told

pytestmark = pytest.mark.browser
KEY = {"protocol": "ctap2", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}


def test_a_second_passkey_is_made_after_the_first_confirmed_it(served: Room, browser) -> None:  # noqa: F811
    page = signed_in(served, browser)
    client = page.context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    first = client.send("WebAuthn.addVirtualAuthenticator", {"options": {**KEY, "transport": "internal"}})["authenticatorId"]
    page.click("text=Make a passkey")
    page.wait_for_url("**/board")
    page.goto(f"{served.desk.settings.origin}/passkey")
    assert page.locator("text=Make a passkey").count() == 0
    page.click("text=Confirm it is you")
    page.wait_for_selector("text=Make a passkey")
    # the device that made the first one would refuse to make a second for the same person: another is plugged in
    client.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": first})
    client.send("WebAuthn.addVirtualAuthenticator", {"options": {**KEY, "transport": "usb"}})
    page.click("text=Make a passkey")
    page.wait_for_url("**/board")

    by = [one["confirmed_by"] for one in told(served, "passkey.added")]
    assert by[0] == "link"
    assert by[1].startswith("passkey ")
    assert page.complaints == []
