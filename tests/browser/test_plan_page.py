"""The joint plan on the screen: opened with a click, whole, readable at every width and by keyboard."""

from __future__ import annotations

import re
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

Opened = tuple[Page, list[str]]
HEADINGS = ["Kommuner", "Tovholder", "Indsatser", "Kommende aftaler", "Mål", "Ophold", "Tilstande", "Team"]


def test_one_click_shows_the_plan_and_its_address_tells_nothing(opened: Opened, ticket_page: str) -> None:
    page, asked = opened
    assert page.get_by_role("heading", level=1).inner_text().startswith("Fælles plan for ")
    shown = page.get_by_role("heading", level=2).all_inner_texts()
    assert [heading for heading in shown if heading in HEADINGS] == HEADINGS
    told = "Noget kan være udeladt. Du ser det, som loven og borgerens samtykke lader dig se."
    assert page.get_by_role("note").inner_text() == told
    number = page.locator("dt", has_text="CPR-nummer").locator("+ dd").inner_text()
    digits = re.sub(r"\D", "", number)
    assert len(digits) == 10
    assert all(digits not in one for one in asked), "no CPR number in any address"
    assert {urlsplit(one).netloc for one in asked if one.startswith("http")} == {urlsplit(ticket_page).netloc}
    assert [one for one in asked if one.startswith("console:")] == []


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844), (320, 640)])
def test_nothing_scrolls_sideways_or_covers_another(opened: Opened, width: int, height: int) -> None:
    page, _ = opened
    page.set_viewport_size({"width": width, "height": height})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = [box for one in page.locator("section").all() if (box := one.bounding_box())]
    assert len(boxes) >= len(HEADINGS)
    for one, below in pairwise(boxes):
        beside = below["x"] >= one["x"] + one["width"] or one["x"] >= below["x"] + below["width"]
        assert beside or below["y"] >= one["y"] + one["height"]
        assert one["x"] >= 0
        assert one["x"] + one["width"] <= width
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('main *')].map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 12


def test_it_can_be_used_by_keyboard_and_by_ear(opened: Opened) -> None:
    page, _ = opened
    assert page.locator("html").get_attribute("lang") == "da"
    assert page.get_by_role("main").count() == page.get_by_role("banner").count() == 1
    for section in page.locator("section").all():
        assert section.get_attribute("aria-labelledby") == section.locator("h2").get_attribute("id")
    for _ in range(3):  # to the content, the language, the way out
        page.keyboard.press("Tab")
    leave = page.get_by_role("button", name="Luk")
    assert leave.evaluate("one => one === document.activeElement")
    outline = leave.evaluate("one => getComputedStyle(one).outlineStyle + getComputedStyle(one).boxShadow")
    assert outline != "nonenone", "where the keyboard stands can be seen"


def test_it_is_read_in_english_too(opened: Opened) -> None:
    page, _ = opened
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Joint plan for "))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    shown = page.get_by_role("heading", level=2).all_inner_texts()
    assert {"Interventions", "Goals", "Stays", "Team"} <= set(shown)
    assert not set(shown) & {"Indsatser", "Mål", "Ophold"}
    page.get_by_role("button", name="Dansk").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Fælles plan for "))


def test_a_ticket_is_good_once(opened: Opened, chromium: Browser, ticket_page: str) -> None:
    other = chromium.new_page()
    other.goto(ticket_page)
    other.get_by_role("button", name="Åbn").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Adgangen er udløbet")
    assert "/console/plan/" not in other.url
    assert "Fælles plan for" not in other.content()
    other.close()


def test_who_leaves_is_out(opened: Opened) -> None:
    page, _ = opened
    plan = page.url
    page.get_by_role("button", name="Luk").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Siden er lukket")
    page.goto(plan)
    assert "Fælles plan for" not in page.content()
