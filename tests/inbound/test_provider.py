"""The built-in provider for registered apps, over HTTP: what a code is good for, and what it is not."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.errors import Unauthenticated
from tests.conftest import fresh_database
from tests.inbound.http_world import run
from tests.inbound.login_world import ELSEWHERE, PASSWORD, asked, code_of, fields_of, form, query, redeem, send, world
from tests.inbound.oauth_client import ISSUER, RSA

APP = "https://epj.example.dk/callback"


@pytest.fixture(scope="module")
def database_url(postgres: str) -> Iterator[str]:
    """One database for all tests here."""
    with fresh_database(postgres) as url:
        yield url


def test_an_app_gets_a_token_for_whoever_has_logged_in(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            told = (await redeem(here, await code_of(here))).json()
            assert set(told["scope"].split()) == {"openid", "user/CarePlan.rs", "user/Patient.rs"}
            caller = here.inbound.check.caller([f"Bearer {told['access_token']}"])
            assert (caller.client, caller.user, caller.user_name) == ("rh-epj", f"{ISSUER}|ida", "Ida Vig")
            assert caller.purposes == ("TREAT",)
            keys = KeySet.import_key_set((await here.web.get("/.well-known/jwks.json")).json())
            claims = jwt.decode(told["id_token"], keys, algorithms=["ES256"]).claims
            assert (claims["iss"], claims["aud"], claims["sub"], claims["nonce"]) == (
                ISSUER,
                "rh-epj",
                "ida",
                "nonce-1",
            )
            half = hashlib.sha256(told["access_token"].encode()).digest()[:16]
            assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
            with pytest.raises(Unauthenticated):
                here.inbound.check.caller([f"Bearer {told['id_token']}"])

    run(test)


def test_without_openid_there_is_no_id_token(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            told = (await redeem(here, await code_of(here, scope="user/Patient.rs", nonce=None))).json()
            assert "id_token" not in told
            assert told["scope"] == "user/Patient.rs"

    run(test)


async def _refused(answer: Any, error: str = "invalid_grant") -> None:
    assert (answer.status_code, answer.json()["error"]) == (400, error), answer.text
    assert "id_token" not in answer.text


def test_a_code_is_good_once_and_for_a_minute(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            code = await code_of(here)
            assert (await redeem(here, code)).status_code == 200
            await _refused(await redeem(here, code))
            late = await code_of(here)
            here.world.clock.forward(60)
            await _refused(await redeem(here, late))
            for made_up in ("made-up", "x" * 5000, "ø"):
                await _refused(await redeem(here, made_up))
            await _refused(await redeem(here, ""))
            await _refused(await redeem(here, None), "invalid_request")

    run(test)


@pytest.mark.parametrize("by_whom", ["the client itself", "another client"])
def test_a_code_that_comes_again_ends_the_token_that_was_given_for_it(database_url: str, by_whom: str) -> None:
    """RFC 6749 4.1.2: whoever has the code a second time has stolen it, or was robbed of it."""

    async def test() -> None:
        async with world(database_url) as here:
            path = f"/fhir/CarePlan/{'0' * 32}"
            code, other = await code_of(here), await code_of(here)
            tokens = [(await redeem(here, one)).json()["access_token"] for one in (code, other)]
            bearers = [{"Authorization": f"Bearer {one}"} for one in tokens]
            assert [(await here.web.get(path, headers=one)).status_code for one in bearers] == [404, 404]
            thief = {} if by_whom == "the client itself" else {"who": (RSA, "rsa-k", "RS384", ELSEWHERE.id)}
            await _refused(await redeem(here, code, **thief))
            assert [(await here.web.get(path, headers=one)).status_code for one in bearers] == [401, 404]
            here.world.clock.forward(240)
            assert [(await here.web.get(path, headers=one)).status_code for one in bearers] == [401, 404], (
                "while it lives"
            )
            told = await here.gateway.database.fetchval("SELECT count(*) FROM revocation")
            for again in (code, "made-up", code[:-1]):
                await _refused(await redeem(here, again))
            assert await here.gateway.database.fetchval("SELECT count(*) FROM revocation") == told, "one row, no more"

    run(test)


def test_of_several_that_show_a_code_at_once_nobody_keeps_a_token(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            code = await code_of(here)
            answers = await asyncio.gather(*(redeem(here, code) for _ in range(4)))
            good = [one.json()["access_token"] for one in answers if one.status_code == 200]
            assert len(good) == 1
            answer = await here.web.get(f"/fhir/CarePlan/{'0' * 32}", headers={"Authorization": f"Bearer {good[0]}"})
            assert answer.status_code == 401

    run(test)


def test_a_code_of_another_client_is_used_up_by_showing_it(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            code, thief = await code_of(here), (RSA, "rsa-k", "RS384", ELSEWHERE.id)
            await _refused(await redeem(here, code, who=thief))
            await _refused(await redeem(here, code))

    run(test)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"verifier": None}, "invalid_request"),
        ({"verifier": "w" * 43}, "invalid_grant"),
        ({"verifier": "v" * 42}, "invalid_request"),
        ({"redirect_uri": "https://epj.example.dk/other?x=1"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"client_id": "kommune"}, "invalid_client"),
    ],
)
def test_a_code_is_bound_to_its_verifier_and_its_address(
    database_url: str, changed: dict[str, Any], error: str
) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            code = await code_of(here)
            answer = await redeem(here, code, **changed)
            assert answer.json()["error"] == error, answer.text
            assert answer.status_code in (400, 401)
            if error != "invalid_client":
                await _refused(await redeem(here, code))

    run(test)


def test_the_challenge_itself_is_no_verifier(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            challenge = asked(here)["code_challenge"]
            await _refused(await redeem(here, await code_of(here), challenge))

    run(test)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"state": "x" * 1001}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"prompt": "none"}, "login_required"),
        ({"aud": "https://other.example/fhir"}, "invalid_request"),
    ],
)
def test_a_request_that_is_not_sound_goes_back_with_its_error(
    database_url: str, changed: dict[str, str | None], error: str
) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            answer = await here.web.get("/oauth/authorize", params=asked(here, **changed))
            assert answer.status_code == 303, answer.text
            told = query(answer.headers["location"])
            assert answer.headers["location"].startswith(f"{APP}?")
            assert (told["error"], told["iss"], told.get("state")) == (
                error,
                ISSUER,
                asked(here, **changed).get("state"),
            )

    run(test)


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "https://epj.example.dk/callback/"},
        {"redirect_uri": "https://epj.example.dk/callback?next=x"},
        {"redirect_uri": "https://epj.example.dk:443/callback"},
        {"redirect_uri": "https://epj.example.dk/other"},
        {"redirect_uri": "https://EPJ.example.dk/callback"},
        {"redirect_uri": "//epj.example.dk/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": None},
        {"client_id": "dpo"},
        {"client_id": "nobody"},
        {"client_id": None},
        {"client_id": "faellesplan-console"},
        {"redirect_uri": "https://evil.example/", "response_type": "token"},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(database_url: str, changed: dict[str, str | None]) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            answer = await here.web.get("/oauth/authorize", params=asked(here, **changed))
            assert answer.status_code == 400, answer.text
            assert "location" not in answer.headers
            assert "evil" not in answer.text
            twice = [*asked(here).items(), ("redirect_uri", "https://evil.example/")]
            assert (await here.web.get("/oauth/authorize", params=twice)).status_code == 400

    run(test)


def test_a_login_is_none_of_the_business_of_another_organisation_or_role(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            for client, where, user in (
                ("kommune", "https://kommune.example.dk/callback", "ida"),
                ("rh-epj", APP, "karla.bo"),
            ):
                page = await here.web.get("/oauth/authorize", params=asked(here, client_id=client, redirect_uri=where))
                sent = await send(here.web, page, user)
                told = query(sent.headers["location"])
                assert (told["error"], "code" in told) == ("access_denied", False)

    run(test)


def test_what_the_form_holds_is_checked_again_when_it_comes_back(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            page = await form(here.web)
            held = {**fields_of(page.text), "user": "karla.bo", "password": PASSWORD}
            evil = await here.web.post("/oauth/authorize", data={**held, "redirect_uri": "https://evil.example/"})
            assert evil.status_code == 400
            plain = await here.web.post("/oauth/authorize", data={**held, "code_challenge_method": "plain"})
            assert query(plain.headers["location"])["error"] == "invalid_request"

    run(test)


def test_the_form_stays_text_and_may_lead_to_its_client_alone(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            page = await here.web.get("/oauth/authorize", params=asked(here, state='"><script>alert(1)</script>'))
            assert "<script" not in page.text
            policy = page.headers["content-security-policy"]
            assert "form-action 'self' https://epj.example.dk;" in policy
            assert "script-src" not in policy
            cookie = page.headers["set-cookie"]
            for word in ("__Host-faellesplan-form=", "HttpOnly", "Secure", "Path=/", "SameSite=strict"):
                assert word in cookie

    run(test)


def test_the_console_needs_its_own_process(database_url: str) -> None:
    """Its client has no key: nobody redeems its codes over HTTP."""

    async def test() -> None:
        async with world(database_url) as here:
            sent = await send(here.web, await form(here.web), "karla.bo")
            code = query(sent.headers["location"])["code"]
            body = {"grant_type": "authorization_code", "code": code, "client_id": "faellesplan-console"}
            assert (await here.web.post("/oauth/token", data=body)).status_code in (400, 401)

    run(test)


def test_what_it_says_of_itself(database_url: str) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            told = (await here.web.get("/.well-known/openid-configuration")).json()
            smart = (await here.web.get("/.well-known/smart-configuration")).json()
            assert told["issuer"] == smart["issuer"] == ISSUER
            assert told["authorization_endpoint"] == smart["authorization_endpoint"]
            assert told["code_challenge_methods_supported"] == ["S256"]
            assert "authorization_code" in smart["grant_types_supported"]
            assert {"launch-standalone", "permission-user"} <= set(smart["capabilities"])
            keys = (await here.web.get(told["jwks_uri"])).json()
            assert not {"d", "k"} & keys["keys"][0].keys()

    run(test)
