"""A real Chromium on a real gateway: the demo's, with its story played."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, StorageState, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# What a browser does besides showing pages would knock at other hosts.
_QUIET = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
_LONGEST_STORY = 90  # seconds
_AXE = "4.14.1"
_AXE_SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
_TICKETS = {
    "plan": "The joint plan", "auditor": "The auditors' pages", "operator": "The operators' pages",
    "nursing": "The overrides of home nursing", "citizen": "The citizen's own list",
}  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or the one that playwright has fetched. Its loop runs in this thread: no test of ours that
    runs one of its own may come before it is closed, so it ends with its module."""
    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=_path(), args=_QUIET)
        except Error as why:
            if "executable doesn't exist" not in why.message.lower():
                raise  # one that is here and does not start
            pytest.skip("no Chromium here: `apt install chromium`, or `playwright install chromium`")
        yield found
        found.close()


def _path() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def demo() -> Iterator[dict[str, str]]:
    """The addresses that `gateway demo --stay` prints, each good once: the joint plan, and the pages of four roles. One
    demo for all modules: its story takes the longest of all that happens here."""
    command = [sys.executable, "-m", "gateway", "demo", "--stay"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as playing:
        found: dict[str, str] = {}
        try:
            assert playing.stdout is not None
            for line in playing.stdout:
                named = [name for name, words in _TICKETS.items() if line.strip().startswith(words)]
                address = re.search(r"http\S+/console/login\S+", line)
                if named and address:
                    found[named[0]] = address[0]
                if found.keys() == _TICKETS.keys():
                    break
            yield found
        finally:
            playing.send_signal(signal.SIGINT)
            playing.communicate(timeout=_LONGEST_STORY)


@pytest.fixture(scope="module")
def tickets(chromium: Browser, request: pytest.FixtureRequest) -> dict[str, str]:
    """The demo's addresses; where there is no browser nothing is played."""
    found: dict[str, str] = request.getfixturevalue("demo")
    return found


@pytest.fixture(scope="session")
def kept() -> dict[str, StorageState]:
    """The cookies of sessions that more than one module goes on with: their ticket is good once."""
    return {}


@pytest.fixture(scope="module")
def ticket_page(tickets: dict[str, str]) -> str:
    """The joint plan, good once."""
    return tickets["plan"]


@pytest.fixture(scope="module")
def opened(chromium: Browser, ticket_page: str) -> Iterator[tuple[Page, list[str]]]:
    """The plan as a nurse gets to it: the ticket's page, one click. And every address that the browser asked for."""
    page = chromium.new_page(locale="da-DK")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(f"console: {message.text}"))
    page.goto(ticket_page)
    page.get_by_role("button", name="Åbn").click()
    page.wait_for_url("**/console/plan/*")
    yield page, asked
    page.close()


Asked = list[str]


@pytest.fixture(scope="module")
def auditor(
    chromium: Browser, tickets: dict[str, str], kept: dict[str, StorageState]
) -> Iterator[tuple[BrowserContext, Asked]]:
    """An auditor's session: every page of it, and every address and word of the browser's console. Addresses begin at
    the gateway, whichever module has the ticket's session first."""
    context = chromium.new_context(
        locale="da-DK",
        viewport={"width": 1280, "height": 900},
        storage_state=kept.get("auditor"),
        base_url=tickets["auditor"].partition("/console")[0],
    )
    asked: Asked = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda message: asked.append(f"console: {message.text}"))
    if "auditor" not in kept:
        page = context.new_page()
        page.goto(tickets["auditor"])
        page.get_by_role("button", name="Åbn").click()
        page.wait_for_url("**/console/search")
        page.close()
        kept["auditor"] = context.storage_state()
    yield context, asked
    context.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Page], list[str]]:
    """What axe-core finds wrong on a page, serious or worse. It comes from the npm registry, its hash is known."""
    source = _axe(tmp_path_factory.mktemp("axe"))

    def check(page: Page) -> list[str]:
        page.evaluate(source)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        return [
            f"{one['id']}: {node['html'][:120]}"
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    return check


def _axe(folder: Path) -> str:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm here, which fetches axe-core: `apt install npm`")
    done = subprocess.run(
        [npm, "pack", "--silent", f"axe-core@{_AXE}"], cwd=folder, capture_output=True, timeout=60, check=False
    )
    packed = next(folder.glob("*.tgz"), None)
    if done.returncode or packed is None:
        pytest.skip("npm cannot fetch axe-core: there is no registry to reach")
    content = packed.read_bytes()
    assert base64.b64encode(hashlib.sha512(content).digest()).decode() == _AXE_SHA512
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode()
