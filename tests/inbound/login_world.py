"""A gateway with its own users, and a browser that logs in to its console: for the tests of logins."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import lru_cache
from html import unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2

from gateway.domain.identifier import CVR, Identifier
from gateway.inbound.clients import Client
from gateway.inbound.issuer.passwords import hashed
from gateway.inbound.issuer.users import User, Users
from gateway.inbound.scopes import Scope
from gateway.inbound.tokens.entry import Admission
from tests.inbound.http_world import Http, http
from tests.inbound.oauth_client import EC, ISSUER, RSA, hospital, registered

PASSWORD = "fjorten grønne heste"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # that of RFC 6238, appendix B
CALLBACK = f"{ISSUER}/console/callback"
DPO = hospital(
    id="dpo",
    name="Databeskyttelse",
    role="auditor",
    purposes=("HCOMPL", "BTG"),
    scopes=(Scope("AuditEvent", "rs"),),
    sends=(),
)
OPERATOR = hospital(
    id="drift", name="Drift", role="operator", purposes=("HSYSADMIN",), scopes=(Scope("CodeSystem", "rs"),)
)
NGO = hospital(id="ngo", role="ngo", purposes=("COC",))
EPJ = hospital(redirect_uris=("https://epj.example.dk/callback", "https://epj.example.dk/other?x=1"))
ELSEWHERE = hospital(
    id="kommune", organisation=Identifier(CVR, "64942212"), sector="municipality", keys=registered(RSA, "rsa-k"),
    redirect_uris=("https://kommune.example.dk/callback",),
)  # fmt: skip


@lru_cache
def users() -> Users:
    """Karla audits, and Tove with an app for one-time codes; Ove operates, Ida treats."""
    secret = hashed(PASSWORD)
    return Users(
        [
            User("karla.bo", "Karla Bo", "databeskyttelsesrådgiver", "dpo", "HCOMPL", secret),
            User("ove", "Ove Ny", "", "drift", "HSYSADMIN", secret),
            User("ida", "Ida Vig", "læge", "rh-epj", "TREAT", secret),
            User("nina", "Nina Å", "", "ngo", "COC", secret),
            User("tove", "Tove Kok", "", "dpo", "HCOMPL", secret, SECRET),
            User("gone", "Ingen", "", "no-client", "TREAT", secret),
        ]
    )


@asynccontextmanager
async def world(database_url: str, *clients: Client, **changed: Any) -> AsyncIterator[Http]:
    """The doors, with the built-in provider."""
    admission = replace(Admission(users=users()), **changed)
    async with http(database_url, *(clients or (DPO, OPERATOR, EPJ, ELSEWHERE, NGO)), admission=admission) as here:
        here.world.started = await here.gateway.database.fetchval("SELECT coalesce(max(id), 0) FROM access_record")
        yield here


def browser(here: Http) -> httpx2.AsyncClient:
    """Another browser, with cookies of its own."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(here.app, raise_app_exceptions=False), base_url=ISSUER)


def fields_of(page: str, action: str = "/oauth/authorize") -> dict[str, str]:
    """The hidden fields of the form that is posted there."""
    (form,) = re.findall(rf'<form method="post" action="{action}">(.*?)</form>', page, re.DOTALL)
    return {unescape(n): unescape(v) for n, v in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form)}


async def form(web: httpx2.AsyncClient) -> httpx2.Response:
    """From the console's front door to the login form."""
    first = await web.get("/console")
    assert (first.status_code, first.headers["location"]) == (303, "/console/signin")
    second = await web.get("/console/signin")
    assert second.status_code == 303
    assert second.headers["location"].startswith(f"{ISSUER}/oauth/authorize?")
    page = await web.get(second.headers["location"])
    assert page.status_code == 200, page.text
    return page


async def send(
    web: httpx2.AsyncClient, page: httpx2.Response, user: str, password: str = PASSWORD, code: str = ""
) -> httpx2.Response:
    """The form, filled in and sent."""
    typed = {"user": user, "password": password, "code": code}
    return await web.post("/oauth/authorize", data={**fields_of(page.text), **typed})


async def enter(web: httpx2.AsyncClient, user: str, password: str = PASSWORD) -> httpx2.Response:
    """The whole way: the answer of the console to who has logged in."""
    sent = await send(web, await form(web), user, password)
    assert sent.status_code == 303, sent.text
    return await web.get(sent.headers["location"])


def asked(here: Http, verifier: str = "v" * 43, **changed: str | None) -> dict[str, str]:
    """An authorization request of a registered app. None takes a field away."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    made = {
        "response_type": "code", "client_id": "rh-epj", "redirect_uri": "https://epj.example.dk/callback",
        "scope": "openid user/*.rs", "state": "state-1", "nonce": "nonce-1", "code_challenge": challenge,
        "code_challenge_method": "S256", "aud": f"{ISSUER}/fhir", **changed,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}


async def code_of(here: Http, user: str = "ida", **changed: str | None) -> str:
    """A code that a person got for a registered app."""
    page = await here.web.get("/oauth/authorize", params=asked(here, **changed))
    assert page.status_code == 200, page.text
    sent = await send(here.web, page, user)
    return parse_qs(urlsplit(sent.headers["location"]).query)["code"][0]


async def redeem(here: Http, code: str | None, verifier: str | None = "v" * 43, **changed: Any) -> httpx2.Response:
    """The token endpoint, for the app."""
    key, kid, alg, client = changed.pop("who", (EC, "ec-1", "ES384", "rh-epj"))
    proof = here.world.assertion(key, kid=kid, alg=alg, iss=client, sub=client)
    extra = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "scope": None,
             "redirect_uri": "https://epj.example.dk/callback", **changed}  # fmt: skip
    return await here.web.post("/oauth/token", data=dict(here.world.form(proof, **extra)))


def query(location: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(location).query))
