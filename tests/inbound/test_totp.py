"""One-time codes: the numbers of RFC 6238, and a login that takes each of them once and guesses of none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jws

from gateway.inbound.issuer.provider import PER_CODE, PER_USER
from gateway.inbound.issuer.totp import (
    STEP_SECONDS,
    UnfitSecret,
    address,
    check_form,
    code_of,
    new_secret,
    over,
    step_of,
)
from tests.conftest import fresh_database
from tests.inbound.http_world import Http, run
from tests.inbound.login_world import SECRET, browser, enter, fields_of, form, send, world
from tests.inbound.test_login import records


@pytest.fixture(scope="module")
def database_url(postgres: str) -> Iterator[str]:
    """One database for all tests here."""
    with fresh_database(postgres) as url:
        yield url


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)  # fmt: skip
def test_the_numbers_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B (SHA-1), six of its eight digits."""
    now = datetime.fromtimestamp(seconds, UTC)
    assert step_of(SECRET, code, now) == seconds // STEP_SECONDS
    assert step_of(SECRET, f"{code[:3]} {code[3:]}", now) == seconds // STEP_SECONDS, "as apps show it"
    assert code_of(SECRET, 59 // STEP_SECONDS) == "287082"
    for late in (-STEP_SECONDS, STEP_SECONDS):
        assert step_of(SECRET, code, now + timedelta(seconds=late)) == seconds // STEP_SECONDS
    for late in (-2 * STEP_SECONDS, 2 * STEP_SECONDS):
        assert step_of(SECRET, code, now + timedelta(seconds=late)) is None
    for wrong in ("", code[:5], code + "0", "٠٨١٨٠٤", "-" + code, str(int(code) + 1).zfill(6), "\ud800"):
        assert step_of(SECRET, wrong, now) is None


def test_a_code_is_remembered_until_no_clock_takes_it() -> None:
    for second in range(STEP_SECONDS):
        shown = datetime.fromtimestamp(1_111_111_110 + second, UTC)
        step = int(shown.timestamp()) // STEP_SECONDS
        code = code_of(SECRET, step)
        taken = [late for late in range(4 * STEP_SECONDS) if step_of(SECRET, code, shown + timedelta(seconds=late))]
        assert shown + timedelta(seconds=taken[-1]) < over(step) <= shown + timedelta(seconds=3 * STEP_SECONDS)


def test_secrets() -> None:
    made = {new_secret() for _ in range(20)}
    assert len(made) == 20
    for one in made:
        check_form(one)
    for wrong in ("", "a" * 32, "GEZDGNBV", "GEZDGNBVGY3TQOJ1GEZDGNBVGY3TQOJ!", "A" * 800):
        with pytest.raises(UnfitSecret) as error:
            check_form(wrong)
        assert not wrong or wrong not in str(error.value)
    assert address(SECRET, "karla.bo", "plan: æ") == (
        f"otpauth://totp/plan%3A%20%C3%A6%3Akarla.bo?secret={SECRET}&issuer=plan%3A%20%C3%A6"
        "&algorithm=SHA1&digits=6&period=30"
    )


def now_code(here: Http, steps: int = 0) -> str:
    return code_of(SECRET, int(here.world.clock().timestamp()) // STEP_SECONDS + steps)


def test_password_and_code_let_in_and_are_told_in_the_id_token(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            sent = await send(here.web, await form(here.web), "tove", code=now_code(here))
            assert sent.status_code == 303, sent.text
            entered = await here.web.get(sent.headers["location"])
            assert entered.status_code == 200
            assert "password and one-time code were right" in [one.outcome_text for one in await records(here)]
            visit = await here.inbound.tickets.session(here.web.cookies["faellesplan"])
            assert visit is not None
            claims = jws.extract_compact(visit.hint.encode()).payload
            assert b'"amr":["pwd","otp","mfa"]' in claims
            async with browser(here) as another:
                assert (await enter(another, "karla.bo")).status_code == 200, "who has no app leaves it empty"

    run(test)


def test_a_code_is_good_once_on_all_nodes(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here, world(database_url) as other:
            here.world.clock.forward(600)
            other.world.clock.now = here.world.clock.now
            code = now_code(here)
            assert (await send(here.web, await form(here.web), "tove", code=code)).status_code == 303
            for node in (here, other):
                assert (await send(node.web, await form(node.web), "tove", code=code)).status_code == 401
            here.world.clock.forward(STEP_SECONDS)
            assert (await send(here.web, await form(here.web), "tove", code=code)).status_code == 401, "as a late one"
            assert (await send(here.web, await form(here.web), "tove", code=now_code(here))).status_code == 303

    run(test)


def test_whatever_is_wrong_is_told_alike_and_recorded_as_what_it_is(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            here.world.clock.forward(1200)
            page, wrong = await form(here.web), str((int(now_code(here)) + 1) % 10**6).zfill(6)
            tries = {
                "no code": ("tove", {}),
                "a wrong one": ("tove", {"code": wrong}),
                "an old one": ("tove", {"code": now_code(here, -2)}),
                "a wrong password": ("tove", {"password": "something else", "code": now_code(here)}),
                "nobody": ("nobody", {"code": now_code(here)}),
            }
            told = {name: await send(here.web, page, user, **more) for name, (user, more) in tries.items()}
            assert {one.status_code for one in told.values()} == {401}
            assert len({len(one.text) for one in told.values()}) == 1
            made = [one.outcome_text for one in await records(here)]
            assert made.count("unknown user or wrong password") == 2
            assert sum("the one-time code was wrong" in one for one in made) == 3
            assert not any(wrong in one for one in made)
            good = await send(here.web, page, "tove", code=now_code(here))
            assert good.status_code == 303, "the code shown with a wrong password was not used up"

    run(test)


def test_codes_are_not_guessed_by_who_has_the_password(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            here.world.clock.forward(3600)
            page = await form(here.web)
            for _ in range(int(PER_CODE.burst)):
                assert (await send(here.web, page, "tove", code="000000")).status_code == 401
                here.world.clock.forward(1 / PER_USER.per_second)
            told = await send(here.web, page, "tove", code=now_code(here))
            assert told.status_code == 401, "the right one is none now, and nobody is told"
            assert (await send(here.web, page, "karla.bo")).status_code == 303, "others do not wait"
            here.world.clock.forward(1 / PER_CODE.per_second)
            assert (await send(here.web, page, "tove", code=now_code(here))).status_code == 303

    run(test)


def test_the_form_asks_everybody(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            page = (await form(here.web)).text
            assert 'autocomplete="one-time-code"' in page
            assert "Engangskode" in page
            assert "One-time code" in (await here.web.get("/oauth/authorize", params={**_asked(page)})).text

    run(test)


def _asked(page: str) -> dict[str, str]:
    fields = fields_of(page)
    return {name: value for name, value in {**fields, "ui_locales": "en"}.items() if name != "form"}
