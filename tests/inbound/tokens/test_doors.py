"""Over HTTP and the database: bound tokens, revocation on every node, introspection, limits."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import quote, urlencode

from joserfc.jwk import ECKey

from gateway.flows.tokens import revoke_client
from gateway.inbound import proxies
from gateway.inbound.clients import Limits
from gateway.inbound.tokens import revoked
from gateway.inbound.tokens.certificates import from_settings
from gateway.inbound.tokens.entry import Admission
from tests.inbound.http_world import Http, Raw, http, run
from tests.inbound.oauth_client import ISSUER, TOKEN_URL, hospital, nurse
from tests.inbound.tokens.test_certificates import PEM, PRINT
from tests.inbound.tokens.test_proofs import Holder

ABSENT = "0" * 32


def prover(here: Http) -> Holder:
    holder = Holder()
    holder.clock = here.world.clock
    return holder


async def bound(here: Http, holder: Holder, client: str = "rh-epj", **more: Any) -> dict[str, Any]:
    """A token bound to the holder's key."""
    form = here.world.form(here.world.assertion(iss=client, sub=client, extensions=nurse()), **more)
    proof = holder.proof(htm="POST", htu=TOKEN_URL, ath=None)
    answer = await here.web.post("/oauth/token", data=dict(form), headers={"DPoP": proof})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def shown(holder: Holder, token: str, path: str, **changed: Any) -> dict[str, str]:
    ath = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    told = {"htu": f"{ISSUER}{path}", "ath": ath, **changed}
    return {"Authorization": f"DPoP {token}", "DPoP": holder.proof(**told)}


def test_a_token_bound_to_a_key(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            holder, path = prover(here), f"/fhir/CarePlan/{ABSENT}"
            told = await bound(here, holder)
            token = told["access_token"]
            assert told["token_type"] == "DPoP"
            good = shown(holder, token, path)
            assert (await here.web.get(path, headers=good)).status_code == 404
            refused = {
                "the proof again": good,
                "as a plain bearer": {"Authorization": f"Bearer {token}"},
                "without a proof": {"Authorization": f"DPoP {token}"},
                "for another path": shown(holder, token, "/fhir/CarePlan/1"),
                "for another method": shown(holder, token, path, htm="POST"),
                "of another key": {**good, "DPoP": Holder().proof()},
                "for another token": shown(holder, token, path, ath="x"),
            }
            for name, sent in refused.items():
                answer = await here.web.get(path, headers=sent)
                assert answer.status_code == 401, name
                assert answer.headers["www-authenticate"].startswith("DPoP "), name
            plain = await here.token()
            answer = await here.web.get(path, headers=shown(holder, plain, path))
            assert answer.status_code == 401, "a plain token is none for the scheme DPoP"

    run(test)


def test_another_key_than_that_of_the_token(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            holder, path = prover(here), f"/fhir/CarePlan/{ABSENT}"
            token = (await bound(here, holder))["access_token"]
            other = ECKey.generate_key("P-256", private=True)
            ath = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
            proof = holder.proof(other, htu=f"{ISSUER}{path}", ath=ath)
            answer = await here.web.get(path, headers={"Authorization": f"DPoP {token}", "DPoP": proof})
            assert answer.status_code == 401
            assert "another key" in answer.text

    run(test)


def test_nonces(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, admission=Admission(dpop_nonces=True)) as here:
            holder, path = prover(here), f"/fhir/CarePlan/{ABSENT}"
            form = here.world.form(here.world.assertion(extensions=nurse()))
            proof = holder.proof(htm="POST", htu=TOKEN_URL, ath=None)
            answer = await here.web.post("/oauth/token", data=dict(form), headers={"DPoP": proof})
            assert (answer.status_code, answer.json()["error"]) == (400, "use_dpop_nonce")
            nonce = answer.headers["dpop-nonce"]
            form = here.world.form(here.world.assertion(extensions=nurse()))
            proof = holder.proof(htm="POST", htu=TOKEN_URL, ath=None, nonce=nonce)
            answer = await here.web.post("/oauth/token", data=dict(form), headers={"DPoP": proof})
            token = answer.json()["access_token"]
            answer = await here.web.get(path, headers=shown(holder, token, path))
            assert answer.status_code == 401
            assert 'error="use_dpop_nonce"' in answer.headers["www-authenticate"]
            nonce = answer.headers["dpop-nonce"]
            assert (await here.web.get(path, headers=shown(holder, token, path, nonce=nonce))).status_code == 404

    run(test)


def test_a_registration_may_demand_a_key(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, hospital(bound="dpop")) as here:
            form = here.world.form(here.world.assertion(extensions=nurse()))
            answer = await here.web.post("/oauth/token", data=dict(form))
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")
            assert (await bound(here, prover(here)))["token_type"] == "DPoP"

    run(test)


def test_a_token_bound_to_a_certificate_that_the_proxy_tells(database_url: str) -> None:
    async def test() -> None:
        admission = Admission(certificates=from_settings("X-Client-Cert", proxies.from_settings("192.0.2.1", "")))
        async with http(database_url, hospital(bound="mtls"), admission=admission) as here:
            certificate = {"X-Client-Cert": quote(PEM)}
            path, form = f"/fhir/CarePlan/{ABSENT}", here.world.form(here.world.assertion(extensions=nurse()))
            answer = await raw_form(here, form, {})
            assert answer.status == 400
            form = here.world.form(here.world.assertion(extensions=nurse()))
            answer = await raw_form(here, form, certificate)
            assert answer.json()["token_type"] == "bearer"
            bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            claims = here.inbound.tokens.read(answer.json()["access_token"])
            assert claims["cnf"] == {"x5t#S256": PRINT}
            assert (await here.raw("GET", path, {**bearer, **certificate})).status == 404
            assert (await here.raw("GET", path, bearer)).status == 401
            other = {"X-Client-Cert": ":MAMCAQE=:"}
            assert (await here.raw("GET", path, {**bearer, **other})).status == 401
            answer = await here.web.get(path, headers={**bearer, **certificate})
            assert answer.status_code == 401, "this request does not come from the proxy"

    run(test)


async def raw_form(here: Http, form: list[tuple[str, str]], more: dict[str, str]) -> Raw:
    sent = {"Content-Type": "application/x-www-form-urlencoded", **more}
    return await here.raw("POST", "/oauth/token", sent, urlencode(form).encode())


def proving(here: Http, client: str = "rh-epj", **more: str) -> dict[str, str]:
    form = here.world.form(here.world.assertion(iss=client, sub=client), **more)
    return {name: value for name, value in form if name not in ("grant_type", "scope")}


def test_a_revoked_token_is_dead_here_at_once_and_elsewhere_within_a_second(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, hospital(), hospital(id="other")) as one:
            path = f"/fhir/CarePlan/{ABSENT}"
            bearer = await one.bearer(extensions=nurse())
            token = bearer["Authorization"].removeprefix("Bearer ")
            kept = await one.bearer(extensions=nurse())
            assert (await one.web.get(path, headers=bearer)).status_code == 404
            told = await one.web.post("/oauth/revoke", data=proving(one, "other", token=token))
            assert (told.status_code, told.json()["error"]) == (400, "invalid_grant"), "it is not theirs"
            told = await one.web.post("/oauth/revoke", data=proving(one, token=token))
            assert told.status_code == 200
            assert (await one.web.get(path, headers=bearer)).status_code == 401
            assert (await one.web.get(path, headers=kept)).status_code == 404
            for again in (token, "nonsense"):
                assert (await one.web.post("/oauth/revoke", data=proving(one, token=again))).status_code == 200
            told = await one.web.post("/oauth/revoke", data={"token": token})
            assert (told.status_code, told.json()["error"]) == (401, "invalid_client")

    run(test)


def test_every_node_hears_of_it(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as one:
            path, bearer = f"/fhir/CarePlan/{ABSENT}", await one.bearer(extensions=nurse())
            assert (await one.web.get(path, headers=bearer)).status_code == 404
            await revoke_client(one.gateway, "rh-epj")  # as another node does
            one.inbound.check._revoked.due = 0.0  # a second later
            assert revoked.EVERY <= 1.0
            assert (await one.web.get(path, headers=bearer)).status_code == 401
            one.world.clock.forward(1)
            fresh = await one.bearer(extensions=nurse())
            assert (await one.web.get(path, headers=fresh)).status_code == 404, "what is given afterwards is good"

    run(test)


def test_introspection_is_for_resource_servers(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, hospital(), hospital(id="archive", introspects=True)) as here:
            token = await here.token(extensions=nurse())
            told = await here.web.post("/oauth/introspect", data=proving(here, token=token))
            assert (told.status_code, told.json()["error"]) == (400, "unauthorized_client")
            told = (await here.web.post("/oauth/introspect", data=proving(here, "archive", token=token))).json()
            assert told["active"]
            assert (told["client_id"], told["token_type"]) == ("rh-epj", "Bearer")
            assert "Karla" not in str(told)
            for dead in ("nonsense", token[:-4] + "AAAA"):
                answer = await here.web.post("/oauth/introspect", data=proving(here, "archive", token=dead))
                assert answer.json() == {"active": False}
            await here.web.post("/oauth/revoke", data=proving(here, token=token))
            answer = await here.web.post("/oauth/introspect", data=proving(here, "archive", token=token))
            assert answer.json() == {"active": False}
            answer = await here.web.post("/oauth/introspect", data={"token": token})
            assert answer.status_code == 401
            fresh = await here.token(extensions=nurse())
            here.world.clock.forward(301)
            answer = await here.web.post("/oauth/introspect", data=proving(here, "archive", token=fresh))
            assert answer.json() == {"active": False}

    run(test)


def test_too_many_calls_are_told_so_and_are_one_record(database_url: str) -> None:
    async def test() -> None:
        client = hospital(limits=Limits(per_second=1, burst=3))
        async with http(database_url, client) as here:
            bearer = await here.bearer(extensions=nurse())  # one of the three
            path = f"/fhir/CarePlan/{ABSENT}"
            answers = [await here.web.get(path, headers=bearer) for _ in range(12)]
            refused = [one for one in answers if one.status_code == 429]
            assert len(refused) >= 9
            assert refused[0].headers["retry-after"] == "1"
            assert refused[0].json()["resourceType"] == "OperationOutcome"
            told = await here.gateway.database.fetch("SELECT body FROM access_record ORDER BY id")
            assert sum("more calls than allowed" in row["body"].decode() for row in told) == 1

    run(test)


def test_each_entry_of_a_bundle_is_a_call(database_url: str) -> None:
    """T22: two hundred looks in one request are two hundred calls."""

    async def test() -> None:
        async with http(database_url, hospital(limits=Limits(per_second=1, burst=10))) as here:
            bearer = await here.bearer(extensions=nurse())
            entries = [{"request": {"method": "GET", "url": f"CarePlan/{ABSENT}"}}] * 60
            sent = {"resourceType": "Bundle", "type": "batch", "entry": entries}
            told = await here.web.post("/fhir", headers=bearer, json=sent)
            assert [one["response"]["status"] for one in told.json()["entry"]] == ["404"] * 60
            after = await here.web.get(f"/fhir/CarePlan/{ABSENT}", headers=bearer)
            assert after.status_code == 429
            assert 40 < int(after.headers["retry-after"]) <= 60, "what is left of the ten was taken, the rest is owed"
            empty = await here.web.post("/fhir", headers=bearer, json=sent | {"entry": []})
            assert empty.status_code == 429

    run(test)


def test_no_page_of_another_site_may_call(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            bearer = await here.bearer(extensions=nurse())
            asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
            for path in (f"/fhir/CarePlan/{ABSENT}", "/oauth/token", "/fhir/metadata", "/.well-known/jwks.json"):
                for method in ("OPTIONS", "GET"):
                    answer = await here.web.request(method, path, headers={**asked, **bearer})
                    assert not [name for name in answer.headers if name.startswith("access-control")]
                    assert answer.status_code == 405 or method == "GET"

    run(test)


def test_the_purpose_of_a_person_takes_a_person(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, hospital(purposes=("TREAT", "HOPERAT"))) as here:
            alone = {"subject_id": "", "subject_name": ""}
            for purposes, status in ((["TREAT"], 400), (["HOPERAT", "TREAT"], 400), (["HOPERAT"], 200), ([], 200)):
                told = nurse(iua={**alone, "purpose_of_use": purposes})
                form = here.world.form(here.world.assertion(extensions=told))
                assert (await here.web.post("/oauth/token", data=dict(form))).status_code == status, purposes

    run(test)
