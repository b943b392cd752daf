"""The auditors' pages on the screen: what each is for is done by clicking; every width, by keyboard and by ear."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

_STORY = (Path(__file__).parents[2] / "fixtures" / "stories" / "herberg" / "story.yaml").read_text("utf-8")
CITIZEN = re.findall(r"^citizen: (\S+)$", _STORY, re.MULTILINE)[0]
Auditor = tuple[BrowserContext, list[str]]
WIDTHS = ((1280, 900), (390, 844))


@pytest.fixture
def page(auditor: Auditor) -> Iterator[Page]:
    """A fresh tab of the auditor's session, at its front page."""
    context, _ = auditor
    tab = context.new_page()
    tab.goto("/console")
    yield tab
    tab.close()


def _menu(page: Page, name: str) -> None:
    menu = page.get_by_role("navigation", name="Sider")
    menu.get_by_role("link", name=name, exact=True).click()
    expect(menu.locator("[aria-current]")).to_have_text(name)
    page.wait_for_load_state()


def _search(page: Page, **fields: str) -> None:
    _menu(page, "Søg")
    for label, value in fields.items():
        box = page.get_by_label(label, exact=True)
        if box.evaluate("one => one.tagName") == "SELECT":
            box.select_option(label=value)
        else:
            box.fill(value)
    page.get_by_role("main").get_by_role("button", name="Søg", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fundne opslag")


def test_an_auditor_finds_who_looked_at_a_citizen_and_why(page: Page, auditor: Auditor) -> None:
    number = CITIZEN.rpartition("|")[2]
    _search(page, Borger=f"{number[:6]}-{number[6:]}")
    rows = page.get_by_role("row")
    assert rows.count() > 10, "the looks of the story"
    expect(page.get_by_role("img", name="Tidslinje")).to_be_visible()
    page.get_by_text("Tidslinjen som tabel").click()
    expect(page.get_by_role("rowheader", name="Overlæge Ib Møller")).to_be_visible()
    decisions = set(page.locator("mark").all_inner_texts())
    assert {"tilladt", "afvist", "værdispring", "delvis: noget tilbageholdt"} <= decisions
    overridden = page.locator("tr", has=page.locator("mark", has_text="værdispring"))
    overridden.get_by_role("link").first.click()
    expect(page.get_by_text("Sygeplejerske Mona Friis")).to_be_visible()
    expect(page.get_by_text("kontaktperson på herberget skal findes")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile(r"Tilbageholdt: [1-9]"))).to_be_visible()
    expect(page.get_by_text("Posten er et blad i det underskrevne træ")).to_be_visible()
    page.get_by_role("button", name="Hvorfor kunne dette ses?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Svar: hvorfor")
    said = page.get_by_role("heading", level=2).all_inner_texts()
    assert any(re.match(r"\d+ kunne ses: ", one) for one in said)
    assert any(re.match(r"\d+ kunne ikke ses: ", one) for one in said)
    _, asked = auditor
    assert all(number not in one for one in asked), "no number in any address"
    assert [one for one in asked if one.startswith("console:")] == []


def test_a_search_is_saved_and_run_again(page: Page) -> None:
    _search(page, Afgørelse="afvist")
    found = page.get_by_role("row").count()
    page.get_by_label("Navn").fill("Afviste opslag")
    page.get_by_role("button", name="Gem").click()
    page.wait_for_url("**/console/search")
    page.get_by_role("button", name="Søg: Afviste opslag").click()
    expect(page.get_by_role("row")).to_have_count(found)
    assert found > 1
    _menu(page, "Søg")
    page.get_by_role("button", name="Slet: Afviste opslag").click()
    expect(page.get_by_text("Afviste opslag")).to_have_count(0)


def test_an_export_is_ordered_made_and_taken(page: Page) -> None:
    _search(page, Bruger="Mona Friis")
    page.get_by_label("Form").select_option(label="FHIR AuditEvent (NDJSON)")
    page.get_by_role("button", name="Bestil").click()
    taken = page.get_by_role("link", name=re.compile("Hent udtrækket")).first
    taken.wait_for(timeout=20_000)
    with page.expect_download() as download:
        taken.click()
    lines = download.value.path().read_text("utf-8").splitlines()
    assert len(lines) > 1
    assert {json.loads(line)["resourceType"] for line in lines} == {"AuditEvent"}
    with page.expect_download() as download:
        page.get_by_role("link", name="Hent underskriften").first.click()
    assert "sha256 content" in download.value.path().read_text("utf-8")


def test_the_log_says_how_it_stands_in_two_languages(page: Page) -> None:
    _menu(page, "Status")
    expect(page.get_by_role("note")).to_have_text("Der er ingen huller i loggen.")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("note")).to_have_text("There are no gaps in the log.")
    page.get_by_role("button", name="Dansk").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Loggens status")


def _results(page: Page) -> None:
    _search(page)


def _look(page: Page) -> None:
    _search(page, Afgørelse="delvis: noget tilbageholdt")
    page.get_by_role("row").nth(1).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Opslag nr"))


def _answer(page: Page) -> None:
    _look(page)
    page.get_by_role("button", name="Hvorfor kunne dette ses?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Svar: hvorfor")


PAGES: dict[str, Callable[[Page], None]] = {
    "search": lambda page: _menu(page, "Søg"),
    "results": _results,
    "look": _look,
    "why": lambda page: _menu(page, "Hvorfor"),
    "answer": _answer,
    "exports": lambda page: _menu(page, "Udtræk"),
    "status": lambda page: _menu(page, "Status"),
}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_every_width_and_can_be_heard(
    page: Page, axe: Callable[[Page], list[str]], name: str, record_property: Callable[[str, object], None]
) -> None:
    PAGES[name](page)
    seen = page.get_by_role("heading").all_inner_texts()
    record_property("headings", seen)
    assert len(seen) == len({one for one in seen if one}) or name == "answer", seen
    assert page.get_by_role("main").count() == page.get_by_role("banner").count() == 1
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        page.emulate_media(color_scheme="light" if width > 1000 else "dark")
        assert axe(page) == [], (name, width)
    for box in page.locator("main input:visible, main select:visible").all():
        assert box.evaluate("one => one.labels.length") == 1, "every field has its label"


def test_the_keyboard_reaches_the_content_first(page: Page) -> None:
    page.keyboard.press("Tab")
    skip = page.get_by_text("Gå til indhold")
    assert skip.evaluate("one => one === document.activeElement")
    assert (skip.bounding_box() or {"x": -1})["x"] >= 0, "it can be seen when it is reached"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    inside = page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert inside, "the next stop is in the content"


def test_an_operator_sees_no_look_of_anybody(chromium: Browser, tickets: dict[str, str]) -> None:
    context = chromium.new_context(locale="da-DK")
    tab = context.new_page()
    tab.goto(tickets["operator"])
    tab.get_by_role("button", name="Åbn").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Loggens status")
    assert tab.get_by_role("link", name="Søg").count() == 0
    tab.goto(urlsplit(tab.url)._replace(path="/console/search").geturl())
    expect(tab.get_by_role("heading", level=1)).to_have_text("Ingen adgang")
    context.close()
