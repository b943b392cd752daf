"""Mistanke and Karantæne on the screen: what each is for is done by clicking, at every width."""

from __future__ import annotations

import asyncio
import queue
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gateway.cli.playing.cast import register
from gateway.cli.serve import running
from gateway.domain.identifier import CVR, Identifier
from gateway.domain.outgoing import Outgoing
from gateway.flows.joint_plan import joint_plan
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive
from gateway.flows.staff import take_staff, take_well_known
from gateway.settings import Settings
from gateway.store import outbox
from tests.browser.test_console_pages import WIDTHS
from tests.flows.conftest import caller
from tests.flows.messages import CPR, adt
from tests.flows.test_looks import admitted

_STAFF = (
    "user_system,user_value,name,cpr,unit,address,postal_code,days,begins,ends\n"
    f"urn:test,nosy-1,Bo Lind,{CPR},afsnit 1,,,mo,03:00,04:00\n"
)


async def _seeded(gateway: Gateway) -> None:
    """Somebody looks at herself, whom everybody knows; two messages cannot be understood, of which one can by now; one
    message does not go out."""
    citizen = await admitted(gateway)
    await take_well_known(gateway, CPR)
    await take_staff(gateway, _STAFF)
    nosy = caller("hospital", user="urn:test|nosy-1", user_name="Bo Lind", organisation=Identifier(CVR, "11259979"))
    await joint_plan(gateway, nosy, citizen)
    strange = [adt("A01", number, "20260302090000+0100").replace(b"|SP|", b"|UKENDT|") for number in (7, 8)]
    for one in strange:
        assert not (await receive(gateway, "hl7v2", one)).accepted
    mended = (
        "UPDATE message SET body = $1 WHERE id = (SELECT min(id) FROM message WHERE state = 'quarantined') RETURNING id"
    )
    await gateway.database.fetchval(mended, adt("A01", 7, "20260302090000+0100"))
    await outbox.put(gateway.database, [Outgoing("koebenhavn-sag", "oio", "out-1", b"")], gateway.clock())
    failed = "UPDATE outbox SET state = 'failed', told = 'The receiver did not answer. (TimeoutError)' RETURNING id"
    await gateway.database.fetchval(failed)


async def _serve(folder: Path, told: queue.Queue[object], over: threading.Event) -> None:
    register(folder / "clients")
    try:
        async with running(Settings(data_folder=folder, http_port=0, mllp_port=0)) as here:
            await _seeded(here.gateway)
            tickets = here.app.state.inbound.tickets
            for role in ("auditor", "operator"):
                told.put(f"{here.url}/console/login?ticket={await tickets.make(caller(role), '')}")
            await asyncio.to_thread(over.wait)
    except BaseException as wrong:
        told.put(wrong)
        raise


@pytest.fixture(scope="module")
def sessions(chromium: Browser) -> Iterator[dict[str, BrowserContext]]:
    """A browser for each role, in its session on a real gateway."""
    told: queue.Queue[object] = queue.Queue()
    folder, over = Path(tempfile.mkdtemp(prefix="faellesplan-work-")), threading.Event()
    folder.chmod(0o755)  # the embedded PostgreSQL runs as another user where we are root
    thread = threading.Thread(target=lambda: asyncio.run(_serve(folder, told, over)))
    thread.start()
    found: dict[str, BrowserContext] = {}
    try:
        for role in ("auditor", "operator"):
            address = told.get(timeout=60)
            assert isinstance(address, str), address
            found[role] = chromium.new_context(
                locale="da-DK", viewport={"width": 1280, "height": 900}, base_url=address.partition("/console")[0]
            )
            page = found[role].new_page()
            page.goto(address)
            page.get_by_role("button", name="Åbn").click()
            page.wait_for_url("**/console/s*")
            page.close()
        yield found
    finally:
        for context in found.values():
            context.close()
        over.set()
        thread.join(30)
        shutil.rmtree(folder, ignore_errors=True)


def _page(sessions: dict[str, BrowserContext], role: str, path: str) -> Page:
    page = sessions[role].new_page()
    page.goto(path)
    return page


def _fits(page: Page, axe: Callable[[Page], list[str]], name: str, shots: Path) -> None:
    page.wait_for_load_state()
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
        page.emulate_media(color_scheme="light" if width > 1000 else "dark")
        page.screenshot(path=shots / f"{name}-{width}.png", full_page=True)
        assert axe(page) == [], (name, width)
    for box in page.locator("main input:visible, main select:visible").all():
        assert box.evaluate("one => one.labels.length") == 1, "every field has its label"
    page.set_viewport_size({"width": 1280, "height": 900})


def test_an_auditor_has_the_log_looked_through_asks_and_concludes(
    sessions: dict[str, BrowserContext], axe: Callable[[Page], list[str]], tmp_path: Path
) -> None:
    page = _page(sessions, "auditor", "/console/suspicion")
    expect(page.get_by_text("Der er intet at spørge til.")).to_be_visible()
    page.get_by_role("button", name="Gennemse loggen nu").click()
    # The page reloads by itself until that is done, soon at first and seldom later.
    expect(page.get_by_text("Bestilt af")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Loggen bliver gennemset nu.")).to_have_count(0)
    link = page.get_by_role("link", name="Bo Lind")
    expect(page.get_by_text("MULIGT SELVOPSLAG").first).to_be_visible()
    _fits(page, axe, "suspicion", tmp_path)
    link.click()
    expect(page.get_by_text("Opslag på sig selv")).to_be_visible()
    expect(page.get_by_text("mappings/suspicion/thresholds.csv:").first).to_be_visible()
    _fits(page, axe, "finding", tmp_path)
    page.get_by_role("main").get_by_role("listitem").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Opslag nr"))
    page.go_back()
    page.get_by_role("combobox", name="Udfald").select_option(label="der er talt med den pågældende")
    page.get_by_label("Begrundelse for udfaldet").fill("Talt med lederen.")
    page.get_by_role("button", name="Afslut").click()
    expect(page.get_by_text("Talt med lederen.")).to_be_visible()
    page.get_by_role("link", name="Til de åbne").click()
    expect(page.get_by_text("Der er intet at spørge til.")).to_be_visible()
    page.get_by_role("link", name="Til de afsluttede").click()
    expect(page.get_by_role("row").filter(has_text="der er talt med den pågældende")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto("/console/suspicion?concluded")
    expect(page.get_by_role("heading", level=1)).to_have_text("Questions that are concluded")
    page.get_by_role("button", name="Dansk").click()
    expect(page.locator("html")).to_have_attribute("lang", "da")
    page.close()


def test_an_operator_tries_again_what_stands_still(
    sessions: dict[str, BrowserContext], axe: Callable[[Page], list[str]], tmp_path: Path
) -> None:
    page = _page(sessions, "operator", "/console/status")
    page.get_by_role("navigation", name="Sider").get_by_role("link", name="Karantæne").click()
    expect(page.get_by_role("heading", name="Beskeder, der ikke kunne forstås: 2")).to_be_visible()
    expect(page.get_by_text("Modtageren svarede ikke.")).to_be_visible()
    assert CPR not in page.content()
    _fits(page, axe, "quarantine", tmp_path)
    page.get_by_role("button", name="Prøv alle igen").click()
    expect(page.get_by_role("status")).to_have_text("Prøvet igen: 1 lykkedes, 1 mislykkedes.")
    expect(page.get_by_role("heading", name="Beskeder, der ikke kunne forstås: 1")).to_be_visible()
    page.get_by_role("button", name="Send igen: besked").click()
    expect(page.get_by_role("status")).to_have_text("Prøvet igen: 1 lykkedes, 0 mislykkedes.")
    expect(page.get_by_text("Alt er kommet ud og har fået svar.")).to_be_visible()
    page.close()
