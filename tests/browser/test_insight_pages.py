"""The citizen's own list and the queue of overrides on the screen and on paper: done by clicking, at every width."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_console_pages import CITIZEN, WIDTHS

_DOCS = Path(__file__).parents[2] / "docs"
NUMBER = CITIZEN.rpartition("|")[2]


def _session(chromium: Browser, ticket: str) -> BrowserContext:
    context = chromium.new_context(locale="da-DK", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(ticket)
    page.get_by_role("button", name="Åbn").click()
    page.wait_for_url(re.compile(r"/console/(insight|overrides)$"))
    page.close()
    return context


@pytest.fixture(scope="module")
def citizen(chromium: Browser, tickets: dict[str, str]) -> Iterator[BrowserContext]:
    context = _session(chromium, tickets["citizen"])
    yield context
    context.close()


@pytest.fixture(scope="module")
def nursing(chromium: Browser, tickets: dict[str, str]) -> Iterator[BrowserContext]:
    context = _session(chromium, tickets["nursing"])
    yield context
    context.close()


def _root(tickets: dict[str, str]) -> str:
    return tickets["citizen"].partition("/console")[0]


def _opened(context: BrowserContext, tickets: dict[str, str], path: str) -> Page:
    page = context.new_page()
    page.goto(_root(tickets) + path)
    return page


def _fits(page: Page, axe: Callable[[Page], list[str]]) -> None:
    page.wait_for_load_state()
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
        page.emulate_media(color_scheme="light" if width > 1000 else "dark")
        assert axe(page) == [], width
    for box in page.locator("main input:visible, main select:visible, main textarea:visible").all():
        assert box.evaluate("one => one.labels.length") == 1, "every field has its label"


def test_a_citizen_reads_the_list_and_takes_the_proof_along(
    citizen: BrowserContext, tickets: dict[str, str], axe: Callable[[Page], list[str]], tmp_path: Path
) -> None:
    page = _opened(citizen, tickets, "/console/insight")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.get_by_role("heading", level=1)).to_have_text("Hvem har set oplysningerne")
    override = page.locator("tr", has_text="Værdispring")
    assert "Sygeplejerske Mona Friis" in override.inner_text()
    assert "Borgeren skal underrettes senest" in override.inner_text()
    assert page.locator("tr", has_text="Det blev stoppet").count() > 0
    assert page.locator("tr", has_text="Et it-system, uden et menneske").count() > 0
    page.get_by_role("link", name="Hele listen på én side, til udskrift").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("Borgeren selv")
    file = tmp_path / "bevis.json"
    with page.expect_download() as download:
        page.get_by_role("link", name="Hent listen med bevis").click()
    download.value.save_as(file)
    key = re.findall(r"--key '([^']+)'", page.get_by_role("main").inner_text())[0]
    command = [sys.executable, str(_DOCS / "verify_list.py"), str(file), "--key", key]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert NUMBER not in page.content() + " ".join(asked)
    _fits(page, axe)
    page.close()


def test_the_list_prints_without_what_is_for_the_screen(citizen: BrowserContext, tickets: dict[str, str]) -> None:
    page = _opened(citizen, tickets, "/console/insight/mine?all=yes")
    page.set_viewport_size({"width": 720, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    for link in ("Hent listen med bevis", "Hvem har set mine oplysninger"):
        expect(page.get_by_role("link", name=link)).not_to_be_visible()
    expect(page.get_by_role("button", name="Luk")).not_to_be_visible()
    head, first = page.locator("thead"), page.locator("tbody tr").first
    expect(head).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert first.evaluate("one => getComputedStyle(one).breakInside") == "avoid"
    assert len(page.pdf(format="A4")) > 10_000
    page.close()


def test_an_officer_prints_it_for_who_asks_on_paper(
    auditor: tuple[BrowserContext, list[str]], tickets: dict[str, str], axe: Callable[[Page], list[str]]
) -> None:
    context, asked = auditor
    page = _opened(context, tickets, "/console")
    page.get_by_role("navigation", name="Sider").get_by_role("link", name="Indsigt på papir").click()
    page.get_by_label("Borger", exact=True).fill("2512484916")
    page.get_by_role("button", name="Dan listen").click()
    expect(page.get_by_role("alert")).to_contain_text("fører ikke til nogen borger")
    _fits(page, axe)
    page.get_by_label("Borger", exact=True).fill(NUMBER)
    page.get_by_label("Hvem skal have listen").select_option(label="en, der handler for borgeren")
    page.get_by_role("button", name="Dan listen").click()
    expect(page.locator("tr", has_text="Mona Friis").first).to_be_visible()
    assert all(NUMBER not in one for one in asked)
    page.close()


def test_an_override_is_reviewed_by_an_auditor_and_told_by_who_decided(
    auditor: tuple[BrowserContext, list[str]],
    nursing: BrowserContext,
    citizen: BrowserContext,
    tickets: dict[str, str],
    axe: Callable[[Page], list[str]],
) -> None:
    page = _opened(auditor[0], tickets, "/console")
    page.get_by_role("navigation", name="Sider").get_by_role("link", name="Værdispring").click()
    expect(page.get_by_role("link", name=re.compile("åbn værdispringet")).first).to_be_visible()
    _fits(page, axe)
    page.get_by_role("link", name=re.compile("åbn værdispringet af Sygeplejerske Mona Friis")).first.click()
    expect(page.get_by_text("kontaktperson på herberget skal findes")).to_be_visible()
    page.get_by_role("button", name="Se opslagene i loggen").click()
    expect(page.locator("mark", has_text="værdispring").first).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Tag gennemgangen").click()
    expect(page.get_by_label("Resultat")).to_be_visible()
    _fits(page, axe)
    page.get_by_label("Resultat").select_option(label="ikke berettiget")
    page.get_by_role("button", name="Afslut gennemgangen").click()
    expect(page.get_by_role("alert")).to_contain_text("Skriv, hvorfor")
    page.get_by_label("Bemærkning").fill("Herberget kunne have svaret")
    page.get_by_role("button", name="Afslut gennemgangen").click()
    expect(page.get_by_text("ikke berettiget")).to_be_visible()
    assert page.get_by_role("button", name="Gem underretningen").count() == 0, "who decided tells the citizen"
    page.close()
    page = _opened(nursing, tickets, "/console/overrides")
    assert page.get_by_role("navigation", name="Sider").get_by_role("link").all_inner_texts() == ["Værdispring"]
    page.get_by_role("link", name=re.compile("åbn værdispringet")).first.click()
    expect(page.get_by_label("Hvordan")).to_be_visible()
    _fits(page, axe)
    page.get_by_label("Hvordan").fill("Samtale på herberget")
    page.get_by_role("button", name="Gem underretningen").click()
    expect(page.get_by_text(re.compile("underrettet .*: Samtale på herberget"))).to_be_visible()
    page.close()
    page = _opened(citizen, tickets, "/console/insight")
    assert "Samtale på herberget" in page.locator("tr", has_text="Værdispring: det blev vist").first.inner_text()
    page.close()
