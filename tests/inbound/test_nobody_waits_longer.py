"""Who asks for what is somebody else's waits as long as who asks for what is not there: it takes the same statements to
the database, whoever asks, a citizen for all of whose names the decision looks too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.domain.identifier import CPR
from gateway.inbound.scopes import Scope
from tests.inbound.http_world import http, run
from tests.inbound.oauth_client import hospital, nurse
from tests.inbound.one_citizen import headers
from tests.inbound.rest_world import WRITERS, Rest, arrive
from tests.inbound.statements import counted
from tests.inbound.test_rest_binary import binary, document

PORTAL = hospital(
    id="portal", name="Borgerportalen", sector="other", role="citizen", sends=(), purposes=("PATRQT",),
    organisation_name="Borgerportalen", scopes=(Scope("*", "rs"),),
)  # fmt: skip
STRANGER = "2512489996"
ABSENT = "0" * 32
ASKED = (
    "Patient/{patient}", "Patient/{patient}/_history/1", "Patient/{patient}/_history", "Patient/{patient}/$everything",
    "Patient/{patient}/$joint-plan", "Patient/{patient}/$joint-plan?at=2025-03-14", "CarePlan/joint-{patient}",
    "Patient/{patient}/*", "Goal?patient={patient}", "Goal/_history?patient={patient}",
    "Provenance?target=Patient/{patient}", "DocumentReference/{document}",
    "DocumentReference/{document}?_summary=true", "DocumentReference/{document}/_history",
    "DocumentReference/{document}/_history/1", "DocumentReference?_id={document}",
    "Provenance?target=DocumentReference/{document}/_history/1", "Binary/{file}",
)  # fmt: skip


@pytest.fixture
def told(database_url: str) -> Iterator[list[str]]:
    with counted(database_url) as statements:
        yield statements


def test_what_is_somebody_elses_takes_as_many_statements_as_what_is_not_there(
    database_url: str, told: list[str]
) -> None:
    async def test() -> None:
        async with http(database_url, *WRITERS, PORTAL) as doors:
            here = Rest(doors, await arrive(doors))
            paper = await document(here)
            file = (await here.call("POST", "/Binary", binary(paper))).headers["location"].rpartition("/")[2]
            there = {"patient": here.patient, "document": paper, "file": file}
            iua = {"purpose_of_use": ["PATRQT"], "subject_id": f"{CPR}|{STRANGER}", "subject_name": "Anden"}
            stranger = await doors.bearer("system/*.rs", "portal", extensions=nurse(iua=iua))
            jobcenter = await headers(doors, "jobcenter", "HOPERAT")
            for query in ASKED:
                for bearer in (stranger, jobcenter):
                    counts, answers = [], []
                    for named in (there, dict.fromkeys(there, ABSENT)):
                        told.clear()
                        answer = await doors.web.get(f"/fhir/{query.format(**named)}", headers=bearer)
                        counts.append([one.split("FROM")[0][:40] for one in told])
                        answers.append((answer.status_code, answer.json().get("total"), "entry" in answer.json()))
                    assert counts[0] == counts[1], query
                    assert answers[0] == answers[1], query
                    assert answers[0][0] in (200, 404), (query, answers)
                    assert answers[0][1:] in ((None, False), (0, False)), query

    run(test)
