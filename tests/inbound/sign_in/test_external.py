"""Logging in to the console at another issuer, over real TLS: the way, and every id_token that does not hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.domain.record import from_bytes
from gateway.errors import SettingsError
from gateway.inbound.app import make_app
from gateway.inbound.clients import Clients
from gateway.inbound.keys import new_signing_key
from gateway.inbound.sign_in.parties import External, Registration
from gateway.inbound.tokens.entry import Admission
from gateway.inbound.tokens.issuers import Issuers
from tests.inbound.http_world import Http, http, run
from tests.inbound.login_world import DPO, OPERATOR, browser, query
from tests.inbound.oauth_client import ISSUER, Clock
from tests.inbound.sign_in.people_issuer import (
    CLIENT,
    OTHER,
    SECRET,
    People,
    hmac_by_public_key,
    made_of,
    people,
    unsigned,
)

SESSION = "faellesplan"


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_TEST_SECRET", SECRET)


@asynccontextmanager
async def standing(database_url: str, folder: Path, *, by_key: bool = False) -> AsyncIterator[tuple[Http, People]]:
    clock = Clock()
    async with people(folder, clock) as issuer:
        issuer.by_key = by_key
        admission = Admission(issuers=Issuers([issuer.issuer]), sign_in=issuer.registration, fetch=issuer.fetcher)
        async with http(database_url, DPO, OPERATOR, admission=admission) as here:
            issuer.clock = here.world.clock
            yield here, issuer


async def enter(here: Http, issuer: People, **changed: str) -> Any:
    started = await here.web.get("/console/signin")
    assert started.status_code == 303, started.text
    back = issuer.log_in(query(started.headers["location"]))
    return await here.web.get("/console/callback", params={**query(back), **changed})


@pytest.mark.parametrize("by_key", [False, True])
def test_in_and_out(database_url: str, tmp_path: Path, by_key: bool) -> None:
    async def test() -> None:
        async with standing(database_url, tmp_path, by_key=by_key) as (here, issuer):
            assert (await here.web.get("/console")).headers["location"] == "/console/signin"
            started = await here.web.get("/console/signin")
            assert started.headers["location"].startswith(f"{issuer.url}/auth?")
            sent = query(started.headers["location"])
            assert (sent["client_id"], sent["redirect_uri"]) == (CLIENT, f"{ISSUER}/console/callback")
            answer = await here.web.get(issuer.log_in(sent))
            assert answer.status_code == 200, answer.text
            assert "url=/console/search" in answer.text
            (secret,) = [one.value for one in here.web.cookies.jar if one.name == SESSION]
            visit = await here.inbound.tickets.session(secret)
            assert visit is not None
            caller = visit.caller
            assert (caller.client, caller.user, caller.user_name) == ("dpo", f"{issuer.url}|f3b1c2", "Karla Bo")
            assert (caller.role, caller.purposes) == ("auditor", ("HCOMPL",)), "an override is not offered"
            assert ("client_assertion" in issuer.forms[0]) == by_key
            assert "client_secret" not in issuer.forms[0]
            left = await here.web.post("/console/logout")
            assert f"{issuer.url}/logout?id_token_hint=" in left.text
            assert (await here.web.get("/console/search")).status_code == 401
            discovered = [one for one in issuer.asked if one.endswith("openid-configuration")]
            assert len(discovered) == 1, "what it says of itself is kept for a while"
            assert (await here.web.get("/oauth/authorize")).status_code == 404, "there is one issuer"

    run(test)


def _set(**more: Any) -> Callable[[dict[str, Any]], None]:
    return lambda claims: claims.update(more)


def _without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda claims: claims.pop(name)


def _later(name: str, seconds: int) -> Callable[[dict[str, Any]], None]:
    return lambda claims: claims.update({name: claims["iat"] + seconds})


CLAIMS: list[tuple[str, Callable[[dict[str, Any]], None]]] = [
    ("issuer", _set(iss="https://evil.example")),
    ("no issuer", _without("iss")),
    ("audience", _set(aud="another")),
    ("no audience", _without("aud")),
    ("audiences", _set(aud=[CLIENT, "another"])),
    ("azp", _set(azp="another")),
    ("expired", _later("exp", 0)),
    ("no expiry", _without("exp")),
    ("an expiry of words", _set(exp="tomorrow")),
    ("not a number", _set(exp=True)),
    ("from the future", lambda claims: claims.update(iat=claims["iat"] + 60)),
    ("too old", lambda claims: claims.update(iat=claims["iat"] - 3600)),
    ("not yet", _later("nbf", 60)),
    ("nonce", _set(nonce="x" * 43)),
    ("no nonce", _without("nonce")),
    ("nobody", _set(sub="")),
    ("a long name", _set(sub="x" * 300)),
    ("level", _set(loa="Low")),
    ("no level", _without("loa")),
    ("organisation", _set(cvr="64942212")),
    ("role", _set(realm={"roles": ["boss"]})),
    ("no roles", _without("realm")),
    ("only an override", _set(realm={"roles": ["btg"]})),
    ("a person by number", _set(sub="0108589995")),
]
SIGNED: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
    ("alg none", unsigned),
    ("HS256 by the public key", hmac_by_public_key),
    ("another key", lambda claims: made_of(claims, OTHER)),
    ("another kid", lambda claims: made_of(claims, kid="k2")),
    ("no kid", lambda claims: made_of(claims, kid="")),
    ("PS256, which is not registered", lambda claims: made_of(claims, alg="PS256")),
    ("its own key", lambda claims: made_of(claims, OTHER, jwk=OTHER.as_dict(private=False))),
    ("a key by URL", lambda claims: made_of(claims, jku="https://evil.example/jwks")),
    ("an access token", lambda claims: made_of(claims, typ="at+jwt")),
    ("changed", lambda claims: _changed(made_of(claims))),
    ("garbage", lambda claims: "garbage"),
    ("too long", lambda claims: made_of({**claims, "x": "x" * 20_000})),
]


def _changed(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body[:-4]}{'AAAA' if body[-4:] != 'AAAA' else 'BBBB'}.{signature}"


def test_every_id_token_that_does_not_hold(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with standing(database_url, tmp_path) as (here, issuer):
            tried = 0
            for name, change in CLAIMS:
                issuer.change = change
                await _refused(here, issuer, name)
                tried += 1
            issuer.change = lambda claims: None
            for name, sign in SIGNED:
                issuer.sign = sign
                await _refused(here, issuer, name)
                tried += 1
            issuer.sign = None
            rows = await here.gateway.database.fetch("SELECT body FROM access_record WHERE interaction = 'login'")
            told = [from_bytes(row["body"]) for row in rows]
            assert len(told) == tried
            assert {one.decision.value for one in told} == {"deny"}
            assert all(one.outcome_text for one in told)
            assert not any(b"0108589995" in row["body"] or b"Karla" in row["body"] for row in rows)
            assert (await enter(here, issuer)).status_code == 200

    run(test)


async def _refused(here: Http, issuer: People, name: str) -> None:
    answer = await enter(here, issuer)
    assert answer.status_code == 401, name
    assert SESSION not in here.web.cookies, name


def test_a_mix_up_of_issuers(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with standing(database_url, tmp_path) as (here, issuer):
            for iss in ("https://evil.example", ISSUER, ""):
                assert (await enter(here, issuer, iss=iss)).status_code == 401
            assert not issuer.forms, "the code is shown to nobody"
            started = await here.web.get("/console/signin")
            given = query(issuer.log_in(query(started.headers["location"])))
            del given["iss"]
            answer = await here.web.get("/console/callback", params=given)
            assert answer.status_code == 401, "an issuer that names itself always does"
            issuer.codes.clear()
            assert (await enter(here, issuer, code="")).status_code == 401
            denied = {"error": "access_denied", "state": given["state"], "iss": issuer.url}
            assert (await here.web.get("/console/callback", params=denied)).status_code == 401

    run(test)


def test_the_issuer_reads_the_consoles_key_where_it_is_shown(database_url: str, tmp_path: Path) -> None:
    """An issuer that looks for the key of an assertion's kid finds it there, and nothing private."""

    async def test() -> None:
        async with standing(database_url, tmp_path, by_key=True) as (here, issuer):
            assert (await enter(here, issuer)).status_code == 200
            shown = (await here.web.get("/console/jwks.json")).json()
            assert [set(one) for one in shown["keys"]] == [{"kty", "crv", "x", "y", "kid", "use", "alg"}]
            made = jwt.decode(issuer.forms[0]["client_assertion"], KeySet.import_key_set(shown), algorithms=["ES256"])
            assert made.header["kid"] == shown["keys"][0]["kid"]

    async def by_secret() -> None:
        async with standing(database_url, tmp_path) as (here, _):
            assert (await here.web.get("/console/jwks.json")).json() == {"keys": []}

    run(test)
    run(by_secret)


@pytest.mark.parametrize(("refusal", "told"), [
    ("invalid_client", "invalid_client"), ("invalid_grant", "invalid_grant"),
    ("<b>2512489996</b>", "it does not say why"),
])  # fmt: skip
def test_an_issuer_that_refuses_the_code_is_on_record_with_its_word(
    database_url: str, tmp_path: Path, refusal: str, told: str
) -> None:
    async def test() -> None:
        async with standing(database_url, tmp_path) as (here, issuer):
            issuer.refusal = refusal
            assert (await enter(here, issuer, code="made-up")).status_code == 401
            (row,) = await here.gateway.database.fetch("SELECT body FROM access_record WHERE interaction = 'login'")
            assert from_bytes(row["body"]).outcome_text == f"the issuer refused the code: {told}"

    run(test)


def test_who_is_not_let_in_learns_where_the_reason_stands(database_url: str, tmp_path: Path) -> None:
    """The page says nothing of why; the number on it is that of the record which does."""

    async def test() -> None:
        async with standing(database_url, tmp_path) as (here, issuer):
            answer = await enter(here, issuer, iss="https://evil.example")
            (row,) = await here.gateway.database.fetch("SELECT body FROM access_record WHERE interaction = 'login'")
            told = from_bytes(row["body"])
            assert (told.outcome_text, told.trace) == ("another issuer has answered", answer.headers["x-request-id"])
            assert "Du blev ikke logget ind" in answer.text
            assert told.trace in answer.text
            assert told.outcome_text not in answer.text

    run(test)


def test_an_answer_to_another_browser(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with standing(database_url, tmp_path) as (here, issuer), browser(here) as victim:
            started = await here.web.get("/console/signin")
            back = issuer.log_in(query(started.headers["location"]))
            await victim.get("/console/signin")
            assert (await victim.get(back)).status_code == 401
            assert not issuer.forms
            assert (await here.web.get(back)).status_code == 200

    run(test)


@pytest.mark.parametrize("documents", [
    {"issuer": "https://evil.example"}, {"issuer": None}, {"authorization_endpoint": "http://idp.example.dk/auth"},
    {"token_endpoint": "ftp://idp.example.dk/token"}, {"authorization_endpoint": "javascript:alert(1)"},
    {"jwks_uri": None}, {"end_session_endpoint": "http://idp.example.dk/out"},
    {"authorization_endpoint": "https://a@idp.example.dk/auth"},
])  # fmt: skip
def test_an_issuer_that_says_something_else_of_itself(
    database_url: str, tmp_path: Path, documents: dict[str, Any]
) -> None:
    async def test() -> None:
        async with standing(database_url, tmp_path) as (here, issuer):
            issuer.documents = documents
            assert (await here.web.get("/console/signin")).status_code == 503
            asked = len(issuer.asked)
            assert (await here.web.get("/console/signin")).status_code == 503
            assert len(issuer.asked) == asked, "it is not asked again at once"
            issuer.documents = {}
            here.world.clock.forward(11)
            assert (await here.web.get("/console/signin")).status_code == 303

    run(test)


def test_endpoints_that_may_not_be_reached(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with standing(database_url, tmp_path) as (here, issuer):
            issuer.documents = {"token_endpoint": "https://metadata.internal/token"}
            assert (await enter(here, issuer)).status_code == 503
            assert SESSION not in here.web.cookies

    run(test)


def test_a_registration_that_cannot_work_stops_the_start(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with standing(database_url, tmp_path) as (here, issuer):
            parts = (here.gateway, Clients([DPO]), issuer.fetcher)
            for made in (
                Registration(issuer.url, "", "SECRET"),
                Registration(issuer.url, CLIENT),
                Registration(issuer.url, CLIENT, "SECRET", b"key"),
                Registration(issuer.url, CLIENT, "", b"no key"),
            ):
                with pytest.raises(SettingsError, match="GATEWAY_OIDC"):
                    External(made, issuer.issuer, *parts)
            admission = Admission(sign_in=Registration("https://x.example", CLIENT, "SECRET"))
            with pytest.raises(SettingsError, match="GATEWAY_OIDC_ISSUER"):
                make_app(here.gateway, Clients([DPO]), [new_signing_key()], admission=admission)

    run(test)
