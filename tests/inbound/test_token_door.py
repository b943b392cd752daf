"""The token endpoint over HTTP, on the database: what is granted, remembered and put on record; and discovery."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.errors import SettingsError
from gateway.inbound.app import make_app
from gateway.inbound.clients import Clients
from gateway.inbound.keys import new_signing_key
from gateway.store.pool import Database
from tests.inbound.http_world import Http, http, parts, run
from tests.inbound.oauth_client import AUDIENCE, ISSUER, TOKEN_URL, Clock, nurse

FORM = "application/x-www-form-urlencoded"


async def records(here: Http) -> list[str]:
    rows = await here.gateway.database.fetch("SELECT body FROM access_record ORDER BY id")
    return [row["body"].decode() for row in rows]


def test_a_token_through_the_door(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            form = here.world.form(here.world.assertion(extensions=nurse()))
            answer = await here.web.post("/oauth/token", data=dict(form))
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["pragma"] == "no-cache"
            assert answer.json()["scope"] == "system/CarePlan.rs"
            keys = KeySet.import_key_set((await here.web.get("/.well-known/jwks.json")).json())
            claims = jwt.decode(answer.json()["access_token"], keys, algorithms=["ES256"]).claims
            assert claims["aud"] == AUDIENCE

    run(test)


def test_asking_is_on_record_granted_and_refused(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            assertion = here.world.assertion()
            for _ in range(2):
                await here.web.post("/oauth/token", data=dict(here.world.form(assertion)))
            await here.web.post("/oauth/token", data=dict(here.world.form("nonsense")))
            granted, replayed, nonsense = await records(here)
            assert '"interaction":"token"' in granted
            assert '"decision":"permit"' in granted
            assert '"client":"rh-epj"' in granted
            assert '"decision":"deny"' in replayed
            assert "used before" in replayed
            assert '"decision":"deny"' in nonsense
            assert "client" not in nonsense.replace("client_assertion", "")

    run(test)


def test_an_assertion_is_used_once_by_all_nodes(database_url: str) -> None:
    """Two nodes on one database, the same assertion at the same time: one token."""

    async def test() -> None:
        async with http(database_url) as one, http(database_url) as other:
            assertion = one.world.assertion()
            form = dict(one.world.form(assertion))
            answers = await asyncio.gather(*(node.web.post("/oauth/token", data=form) for node in (one, other) * 5))
            assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9

    run(test)


def test_a_jti_may_come_again_when_its_time_is_over(database_url: str) -> None:
    """Another assertion with an old jti is another assertion; it is remembered only while the first one lives."""

    async def test() -> None:
        async with http(database_url) as here:
            form = here.world.form(here.world.assertion(jti="same"))
            assert (await here.web.post("/oauth/token", data=dict(form))).status_code == 200
            here.world.clock.forward(600)
            await here.token()  # what has expired is forgotten when the next one comes
            form = here.world.form(here.world.assertion(jti="same"))
            assert (await here.web.post("/oauth/token", data=dict(form))).status_code == 200

    run(test)


def test_the_form_is_read_strictly(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            good = urlencode(here.world.form(here.world.assertion()))
            cases = [
                ("/oauth/token?grant_type=client_credentials", FORM, good, 400, "invalid_request"),
                ("/oauth/token", "application/json", good, 415, "invalid_request"),
                ("/oauth/token", "multipart/form-data; boundary=x", good, 415, "invalid_request"),
                ("/oauth/token", FORM, good + "&scope=system/*.rs", 400, "invalid_request"),
                ("/oauth/token", FORM, good + "&x=" + "y" * 70_000, 413, "invalid_request"),
                ("/oauth/token", FORM, "&".join(f"a{n}=b" for n in range(200)), 400, "invalid_request"),
                ("/oauth/token", FORM, "scope=%ff%fe", 400, "invalid_request"),
                ("/oauth/token", FORM, "", 400, "unsupported_grant_type"),
            ]
            for path, content_type, body, status, error in cases:
                answer = await here.web.post(path, headers={"Content-Type": content_type}, content=body)
                assert (answer.status_code, answer.json()["error"]) == (status, error), path
            assert (await here.web.get("/oauth/token?" + good)).status_code == 405
            assert (
                await here.web.post("/oauth/token", headers={"Content-Type": FORM}, content=good)
            ).status_code == 200

    run(test)


def test_a_token_opens_only_what_its_scopes_cover(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            headers = await here.bearer("system/CarePlan.r", extensions=nurse())
            assert (await here.web.get("/fhir/CarePlan/1", headers=headers)).status_code == 404
            for method, path, missing in [
                ("GET", "/fhir/CarePlan?patient=1", "system/CarePlan.s"),
                ("POST", "/fhir/CarePlan/_search", "system/CarePlan.s"),
                ("GET", "/fhir/Patient/1", "system/Patient.r"),
                ("GET", "/fhir/Patient/1/_history/1", "system/Patient.r"),
                ("GET", "/fhir/Patient/1/$joint-plan", "system/Patient.r"),
                ("POST", "/fhir/Consent", "system/Consent.c"),
                ("PUT", "/fhir/Consent/1", "system/Consent.u"),
                ("GET", "/fhir/AuditEvent", "system/AuditEvent.s"),
                ("POST", "/fhir/$process-message", "system/Bundle.c"),
            ]:
                answer = await here.web.request(method, path, headers=headers)
                assert answer.status_code == 403, path
                assert f'error="insufficient_scope", scope="{missing}"' in answer.headers["www-authenticate"]
            for path, kind in (("/messages/hl7v2", "application/hl7-v2"), ("/cases/oio", "application/xml")):
                answer = await here.web.post(path, headers=headers)
                assert answer.status_code == 403
                assert answer.headers["content-type"].startswith(kind), "in the sender's own language"
            refused = [record for record in await records(here) if "the token does not hold" in record]
            assert len(refused) == 11
            assert all('"decision":"deny"' in record for record in refused)

    run(test)


def test_smart_configuration(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            told = (await here.web.get("/.well-known/smart-configuration")).json()
            assert told == (await here.web.get("/fhir/.well-known/smart-configuration")).json()
            assert told["issuer"] == ISSUER
            assert told["token_endpoint"] == TOKEN_URL
            assert told["token_endpoint_auth_signing_alg_values_supported"] == ["ES384", "RS384"]
            assert "client_credentials" in told["grant_types_supported"]
            assert "permission-v2" in told["capabilities"]
            assert told["tls_client_certificate_bound_access_tokens"] is False, "nobody can show one here"
            keys = (await here.web.get(told["jwks_uri"])).json()["keys"]
            assert [key["kty"] for key in keys] == ["EC"]
            assert "d" not in keys[0]

    run(test)


def test_what_stops_the_start(database_url: str) -> None:
    async def test() -> None:
        database = await Database.open(database_url, size=1)
        try:
            gateway = parts(database, Clock(), ())
            with pytest.raises(SettingsError):
                make_app(gateway, Clients(), [])
            with pytest.raises(SettingsError):
                make_app(gateway, Clients(), [b"no key"])
            object.__setattr__(gateway, "public_url", "http://gateway.example")
            with pytest.raises(SettingsError):
                make_app(gateway, Clients(), [new_signing_key()])
        finally:
            await database.close()

    run(test)
