"""Logging in with a browser: commands make a client and a user, the form is filled in, the pages open, and close."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.inbound.issuer.totp import STEP_SECONDS, code_of

PASSWORD = "fjorten grønne heste"
WIDTHS = ((1280, 900), (390, 844))


def _command(folder: Path) -> tuple[list[str], dict[str, str]]:
    ports = {"GATEWAY_HTTP_PORT": "0", "GATEWAY_MLLP_PORT": "0"}
    return [sys.executable, "-m", "gateway"], {**os.environ, "GATEWAY_DATA_FOLDER": str(folder), **ports}


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    """What the command says of the user who has an app for codes."""
    return {}


@pytest.fixture
def secret(url: str, told: dict[str, str]) -> str:
    return told["totp"]


@pytest.fixture(scope="module")
def url(chromium: Browser, told: dict[str, str]) -> Iterator[str]:
    """A gateway as an operator sets it up: one auditors' client, three users, nothing else."""
    folder = Path(tempfile.mkdtemp(prefix="fp-login-"))
    folder.chmod(0o755)  # root's PostgreSQL runs as nobody
    gateway, environment = _command(folder)
    client = ["--id", "dpo", "--name", "Databeskyttelse", "--organisation", "http://cvr.dk|29190623",
              "--organisation-name", "Region Test", "--sector", "region", "--role", "auditor", "--purpose", "HCOMPL",
              "--scope", "system/AuditEvent.rs", "--new-key", str(folder / "key.pem")]  # fmt: skip
    user = ["--name", "Karla Bo", "--title", "databeskyttelsesrådgiver", "--client", "dpo",
            "--purpose", "HCOMPL"]  # fmt: skip
    subprocess.run([*gateway, "register-client", *client], env=environment, check=True, capture_output=True)
    for name in ("karla.bo", "bo.ny"):  # guessing is braked for each
        words = [*gateway, "register-user", "--id", name, *user]
        subprocess.run(words, env=environment, check=True, capture_output=True, input=PASSWORD.encode())
    words = [*gateway, "register-user", "--id", "app.bo", *user, "--totp", "--json"]
    made = subprocess.run(words, env=environment, check=True, capture_output=True, input=PASSWORD.encode())
    told |= json.loads(made.stdout)
    with subprocess.Popen([*gateway, "serve"], env=environment, stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout is not None
            found = (re.match(r"HTTP\s+(http\S+)", line) for line in serving.stdout)
            yield next(one[1] for one in found if one)
        finally:
            serving.send_signal(signal.SIGINT)
            serving.communicate(timeout=60)
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def page(chromium: Browser, url: str) -> Iterator[Page]:
    context = chromium.new_context(locale="da-DK", viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    tab.goto(f"{url}/console")
    yield tab
    context.close()


def _enter(page: Page, password: str = PASSWORD, user: str = "karla.bo") -> None:
    page.get_by_label("Brugernavn").fill(user)
    page.get_by_label("Adgangskode").fill(password)
    page.get_by_role("main").get_by_role("button", name="Log ind").click()


def test_a_data_protection_officer_logs_in_works_and_leaves(page: Page, url: str) -> None:
    asked: list[str] = []
    page.on("console", lambda message: asked.append(message.text))
    expect(page.get_by_role("heading", level=1)).to_have_text("Log ind")
    _enter(page, "en forkert kode")
    expect(page.get_by_role("alert")).to_have_text("Brugernavn, adgangskode eller engangskode er forkert.")
    asked.clear()  # Chromium tells of the 401 itself
    _enter(page)
    page.wait_for_url("**/console/search")
    expect(page.get_by_role("heading", level=1)).to_have_text("Søg i loggen")
    page.get_by_role("navigation", name="Sider").get_by_role("link", name="Status").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Loggens status")
    page.get_by_role("button", name="Luk").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Siden er lukket")
    page.goto(f"{url}/console/search")
    expect(page.get_by_role("heading", level=1)).to_have_text("Adgangen er udløbet")
    page.get_by_role("link", name="Til forsiden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log ind")
    assert not [one for one in asked if "401" not in one], asked


def test_the_log_tells_of_the_logins(page: Page) -> None:
    _enter(page)
    page.wait_for_url("**/console/search")
    page.get_by_label("Handling").select_option(label="loggede ind")
    page.get_by_role("main").get_by_role("button", name="Søg", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fundne opslag")
    expect(page.get_by_role("cell", name="Karla Bo").nth(1)).to_be_visible()
    assert page.get_by_text("afvist").count() >= 1


def test_a_code_of_an_app_is_asked_for_and_good_once(page: Page, url: str, secret: str) -> None:
    code = code_of(secret, int(time.time()) // STEP_SECONDS)
    _enter(page, user="app.bo")
    expect(page.get_by_role("alert")).to_have_text("Brugernavn, adgangskode eller engangskode er forkert.")
    page.get_by_label("Engangskode").fill(f"{code[:3]} {code[3:]}")
    _enter(page, user="app.bo")
    page.wait_for_url("**/console/search")
    page.get_by_role("button", name="Luk").click()
    page.goto(f"{url}/console")
    page.get_by_label("Engangskode").fill(code)
    _enter(page, user="app.bo")
    expect(page.get_by_role("alert")).to_be_visible()


def test_the_form_in_english(page: Page) -> None:
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    page.get_by_label("User name").fill("karla.bo")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url("**/console/search")


def test_by_keyboard_alone(page: Page) -> None:
    page.get_by_label("Brugernavn").focus()
    page.keyboard.type("karla.bo")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/search")


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_the_form_fits_and_axe_finds_nothing_serious(
    page: Page, axe: Callable[[Page], list[str]], width: int, height: int, tmp_path: Path
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    for _ in range(2):  # as it comes, and after a wrong password
        picture = page.screenshot(path=tmp_path / f"login-{width}.png")
        assert len(picture) > 2000, "something is painted"
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, "nothing sticks out"
        button = page.get_by_role("main").get_by_role("button", name="Log ind").bounding_box()
        assert button is not None
        assert button["height"] >= 24
        assert button["y"] + button["height"] < height, "it is seen without scrolling"
        assert axe(page) == []
        _enter(page, "en forkert kode", f"nogen.{width}")
        expect(page.get_by_role("alert")).to_be_visible()


def test_who_guesses_has_to_wait(page: Page) -> None:
    for _ in range(5):
        _enter(page, "en forkert kode", "nogen")
        expect(page.get_by_role("alert")).to_be_visible()
    _enter(page, "en forkert kode", "nogen")
    expect(page.get_by_role("heading", level=1)).to_have_text("For mange forsøg")


def test_the_session_is_in_a_cookie_that_no_script_reads(page: Page) -> None:
    _enter(page, user="bo.ny")
    page.wait_for_url("**/console/search")
    assert page.evaluate("document.cookie") == ""
    held = {one["name"]: one for one in page.context.cookies()}
    assert held["faellesplan"]["httpOnly"]
    assert held["faellesplan"]["sameSite"] == "Strict"
    assert held["faellesplan"]["path"] == "/console"
    assert "faellesplan-login" not in held
