"""Keys for pages that are there: Chromium drops what is typed before a new document has painted, and a loaded machine paints late."""

from __future__ import annotations

from tests.timing import until

PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


def ready_for_keys(page) -> None:
    """Return once the page has loaded, painted twice and holds the focus.

    The page must be allowed to run scripts: without them nothing is ever told back. Not by `wait_for_function`: what that repeats inside the page is eval, which our pages forbid.
    """
    page.wait_for_load_state("load")
    page.bring_to_front()
    page.evaluate(PAINTED)
    until(lambda: page.evaluate("document.hasFocus()"), "the page's focus")
