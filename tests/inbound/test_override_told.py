"""An override over HTTP: the task that it owes is read, and done by REST; the work queue knows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.flows import override_queue
from gateway.inbound.scopes import Scope
from tests.flows.conftest import caller
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import nurse
from tests.inbound.one_citizen import CLIENTS, HOSPITAL, arrive, headers
from tests.inbound.test_consent_doors import objection, put

EPJ = replace(HOSPITAL, scopes=(*HOSPITAL.scopes, Scope("Task", "u")))
WHY = {"faellesplan": {"override": {"code": "citizen-cannot-be-contacted", "text": "Bevidstløs"}}}
OUTPUT = "https://faellesplan.dk/fhir/CodeSystem/task-output"


async def queue(here: Http) -> Any:
    (one,) = (await override_queue.queue(here.gateway, caller("hospital", organisation=EPJ.organisation))).rows
    return one


def test_the_task_is_done_by_rest(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, EPJ, *CLIENTS[1:]) as here:
            patient = await arrive(here)
            await put(here, "/fhir/Consent", objection(patient, provision={"type": "deny"}), await headers(here))
            here.world.clock.forward(1)
            assert (await here.web.get(f"/fhir/Patient/{patient}", headers=await headers(here))).status_code == 404
            over = await headers(here, purpose="BTG", **WHY)
            assert (await here.web.get(f"/fhir/Patient/{patient}", headers=over)).status_code == 200
            one = await queue(here)
            assert (one.state, bool(one.told), one.row.citizen) == ("open", False, patient)
            path = f"/fhir/Task/{one.row.task}"
            shown = await here.web.get(path, headers=await headers(here))
            assert shown.status_code == 200, "whatever the citizen objects to, who overrode must be able to tell"
            task = shown.json()
            assert task["for"] == {"reference": f"Patient/{patient}"}
            assert (await here.web.get(path, headers=await headers(here, "social", "HOPERAT"))).status_code == 404
            tag = shown.headers["etag"]
            later = (here.world.clock.now + timedelta(days=1)).isoformat()
            ahead = [{"type": {"coding": [{"system": OUTPUT, "code": "told-when"}]}, "valueDateTime": later}]
            for said, where in (
                ({"status": "completed"}, "Task.output"),
                ({"status": "completed", "output": ahead}, "Task.output"),
                ({"status": "rejected"}, "Task.statusReason"),
            ):
                bare = await put(here, path, task | said, await headers(here), "PUT", **{"If-Match": tag})
                assert bare.status_code == 422, "done without a word of when and how, or why not, is not done"
                (issue,) = bare.json()["issue"]
                assert (issue["code"], issue["expression"]) == ("required", [where])
            assert not (await queue(here)).told
            taken = await put(here, path, task | {"status": "accepted"}, await headers(here), "PUT",
                              **{"If-Match": tag})  # fmt: skip
            assert taken.status_code == 200, taken.text
            told = [
                {"type": {"coding": [{"system": OUTPUT, "code": "told-when"}]},
                 "valueDateTime": here.world.clock.now.isoformat()},
                {"type": {"coding": [{"system": OUTPUT, "code": "told-how"}]}, "valueString": "Brev"},
            ]  # fmt: skip
            here.world.clock.forward(1)
            done = task | {"status": "completed", "output": told}
            stale = await put(here, path, done, await headers(here), "PUT", **{"If-Match": 'W/"1"'})
            assert stale.status_code == 412
            tag = taken.headers["etag"]
            assert (await put(here, path, done, await headers(here), "PUT", **{"If-Match": tag})).status_code == 200
            one = await queue(here)
            assert (one.told.how, one.overdue) == ("Brev", False)
            records = await here.gateway.database.fetch("SELECT body FROM access_record WHERE decision = 'override'")
            (record,) = [json.loads(bytes(row["body"])) for row in records]
            assert record["override_code"] == "citizen-cannot-be-contacted"

    run(test)


@pytest.mark.parametrize(
    ("client", "code", "right"),
    [("epj", "emergncy", False), ("epj", "citizen-consents", True), ("social", "citizen-consents", False)],
)
def test_no_token_for_a_reason_that_opens_nothing(database_url: str, client: str, code: str, right: bool) -> None:
    async def test() -> None:
        both = (EPJ, replace(CLIENTS[1], purposes=("BTG",)))
        async with http(database_url, *both) as here:
            why = nurse(iua={"purpose_of_use": ["BTG"]}, faellesplan={"override": {"code": code, "text": "Bevidstløs"}})
            asked = here.world.assertion(iss=client, sub=client, extensions=why)
            form = here.world.form(asked, scope="system/Task.r system/*.rs")
            answer = await here.web.post("/oauth/token", data=dict(form))
            assert answer.status_code == (200 if right else 400), answer.text
            if not right:
                assert answer.json()["error"] == "invalid_grant"
                assert answer.json()["error_description"].endswith("emergency, vital-interest")
                assert code not in answer.text.replace("citizen-consents, ", ""), "what was said is not repeated"

    run(test)
