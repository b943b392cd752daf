"""A real Chromium on a real gateway: the demo's, with its story played."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# What a browser does besides showing pages would knock at other hosts.
_QUIET = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
_LONGEST_STORY = 90  # seconds


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or the one that playwright has fetched."""
    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=_path(), args=_QUIET)
        except Error:
            pytest.skip("no Chromium here: `apt install chromium`, or `playwright install chromium`")
        yield found
        found.close()


def _path() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def ticket_page() -> Iterator[str]:
    """The address that `gateway demo --stay` prints: the joint plan, good once."""
    command = [sys.executable, "-m", "gateway", "demo", "--stay"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            told = (re.search(r"http\S+/console/login\S+", line) for line in demo.stdout)
            yield next(found[0] for found in told if found)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.communicate(timeout=_LONGEST_STORY)


@pytest.fixture(scope="module")
def opened(chromium: Browser, ticket_page: str) -> Iterator[tuple[Page, list[str]]]:
    """The plan as a nurse gets to it: the ticket's page, one click. And every address that the browser asked for."""
    page = chromium.new_page(locale="da-DK")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(f"console: {message.text}"))
    page.goto(ticket_page)
    page.get_by_role("button", name="Åbn planen").click()
    page.wait_for_url("**/console/plan/*")
    yield page, asked
    page.close()
