"""POST of every type that a source writes: what comes out is what went in, and who made it is not believed."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from gateway.domain.identifier import CPR, X_ECPR
from gateway.translate.fhir import parse
from tests.inbound.http_world import run
from tests.inbound.one_citizen import NUMBER
from tests.inbound.rest_world import COPENHAGEN, Rest, left_out, rest

CLASS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


def resources(here: Rest) -> list[dict[str, Any]]:
    """One of each type, with elements that a careless server changes: decimals, days, primitive extensions."""
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Kort</div>'}
    code = {"text": "Vægt"}
    weight = {"value": 71.50, "unit": "kg"}
    actor = {"actor": {"reference": f"Patient/{here.patient}"}, "required": "required", "status": "tentative"}
    someone = {"actor": {"display": "Karen Holm"}, "status": "accepted"}
    times = {"start": "2025-04-01T09:00:00+02:00", "end": "2025-04-01T10:00:00+02:00"}
    return [
        here.goal(startDate="2025-03", text=text),
        here.about("CarePlan", status="active", intent="plan", title="Bostøtte"),
        here.about("CareTeam", status="active", participant=[{"member": {"display": "Ib Bo"}}]),
        here.about("Encounter", status="planned", **{"class": {"system": CLASS, "code": "AMB"}}),
        here.about("EpisodeOfCare", status="active"),
        here.about("Condition", clinicalStatus={"coding": [{"system": CLINICAL, "code": "active"}]}, code=code),
        here.about("RelatedPerson", active=True, name=[{"family": "Lind", "given": ["Åse"]}]),
        here.about("Task", status="requested", intent="order", owner={"identifier": COPENHAGEN}),
        here.about("ServiceRequest", status="active", intent="order", code=code),
        here.about("DocumentReference", status="current", content=[{"attachment": {"title": "Brev"}}]),
        here.about("Flag", status="active", code={"text": "Ring først"}),
        here.about("Observation", status="final", code=code, valueQuantity=weight, _status={"id": "s"}),
        here.about("ClinicalImpression", status="completed", summary="Bedring"),
        here.about("Procedure", status="completed", performedDateTime="2025-03-02"),
        here.about("Appointment", status="booked", participant=[someone, actor], **times),
    ]


def test_every_type_comes_out_as_it_went_in(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            for sent in resources(here):
                kind = sent["resourceType"]
                told = await here.call("POST", f"/{kind}", sent)
                assert told.status_code == 201, (kind, told.text)
                shown = told.json()
                assert told.headers["etag"] == 'W/"1"'
                assert told.headers["location"].endswith(f"/fhir/{kind}/{shown['id']}/_history/1")
                again = await here.call("GET", f"/{kind}/{shown['id']}")
                assert again.json() == shown, kind
                named = {"Task": "for", "RelatedPerson": "patient", "EpisodeOfCare": "patient"}.get(kind, "subject")
                assert left_out(shown, "partOf", named) == left_out(sent, named), kind

    run(test)


def test_a_citizen_is_made_by_the_number(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            name = [{"family": "Ny", "given": ["Ida"]}]
            sent = {"resourceType": "Patient", "identifier": [{"system": X_ECPR, "value": "0703921VJ5"}], "name": name}
            first = await here.made(sent, who="social")
            assert (first["name"], first["active"]) == (name, True)
            again = await here.made(sent | {"birthDate": "1992-03-07"}, who="social")
            assert again["id"] == first["id"], "a number is one citizen"
            unnumbered = await here.made({"resourceType": "Patient", "name": name}, who="social")
            assert unnumbered["identifier"][0]["system"].startswith("urn:faellesplan:source:koebenhavn-ffb:")
            plan = here.about(
                "CarePlan", status="active", intent="plan", subject={"reference": f"Patient/{first['id']}"}
            )
            assert (await here.made(plan, who="social"))["subject"] == {"reference": f"Patient/{first['id']}"}
            by_number = here.goal(subject={"identifier": {"system": "urn:oid:1.2.208.176.1.2", "value": NUMBER}})
            assert (await here.made(by_number))["subject"] == {"reference": f"Patient/{here.patient}"}
            other = {"system": "urn:faellesplan:source:koebenhavn-sag:case-party", "value": "1"}
            foreign = await here.call("POST", "/Patient", sent | {"identifier": [other]})
            assert foreign.status_code == 403

    run(test)


def test_what_the_server_owns_is_not_believed(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            low = [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "U"}]
            meta = {
                "versionId": "9", "lastUpdated": "1999-01-01T00:00:00Z", "source": "urn:evil", "security": low,
                "tag": [{"system": "https://faellesplan.dk/fhir/CodeSystem/workflow", "code": "trusted"}],
            }  # fmt: skip
            made = await here.made(here.goal(id="mine", meta=meta))
            assert made["id"] != "mine"
            assert made["meta"]["versionId"] == "1"
            assert made["meta"]["lastUpdated"].startswith("2025-03-14")
            assert not {"source", "tag"} & made["meta"].keys()
            assert "U" not in [label["code"] for label in made["meta"]["security"]]
            high = [{"system": low[0]["system"], "code": "V"}]
            raised = await here.made(here.goal(meta={"security": high}))
            assert "V" in [label["code"] for label in raised["meta"]["security"]]

    run(test)


def test_what_is_refused_and_on_record(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            goal = here.goal()
            before = await here.count("statement")
            elsewhere = {"reference": "Patient/" + "f" * 32}
            cases: list[tuple[Any, int, str]] = [
                ({**goal, "lifecycleStatus": "bananas"}, 422, "Goal.lifecycleStatus"),
                ({**goal, "banana": 1}, 422, ""),
                ({**goal, "description": None}, 422, ""),
                ({"resourceType": "Patient"}, 400, ""),
                ({**goal, "subject": elsewhere}, 404, ""),
                ({**goal, "subject": {"reference": "Group/1"}}, 422, "Goal.subject"),
                ({name: value for name, value in goal.items() if name != "subject"}, 422, ""),
                ({**goal, "addresses": [{"reference": "Condition/" + "f" * 32}]}, 422, "Goal.addresses[0].reference"),
                ({**goal, "addresses": [{"reference": "urn:uuid:6f1f0f5e"}]}, 422, "Goal.addresses[0].reference"),
                ({**goal, "expressedBy": elsewhere}, 422, "Goal.expressedBy.reference"),
                (b"{", 400, ""),
                (b'{"resourceType":"Goal","resourceType":"Task"}', 400, ""),
            ]
            for body, status, place in cases:
                told = await here.call("POST", "/Goal", body)
                assert told.status_code == status, (body, told.text)
                (issue,) = told.json()["issue"]
                assert not place or issue["expression"] == [place], body
            assert await here.count("statement") == before
            refused = await here.records(interaction="create", outcome="4")
            assert len(refused) == len(cases) - 2, "all that could be read as a resource"
            assert {one.kind for one in refused} == {"Goal"}
            for who in ("mute", "limited"):
                told = await here.call("POST", "/Task", here.about("Task", status="draft", intent="plan"), who=who)
                assert told.status_code == 403, who
            nobody = await here.call("POST", "/AuditEvent", {"resourceType": "AuditEvent"})
            assert nobody.status_code == 405

    run(test)


def test_where_the_law_lets_nothing_be_kept_the_answer_is_positive(database_url: str) -> None:
    """Retssikkerhedsloven § 12 c: a hospital's word on a citizen without a municipal case."""

    async def test() -> None:
        async with rest(database_url) as here:
            sent = {"resourceType": "Patient", "identifier": [{"system": CPR, "value": "2512489996"}]}
            resources_before, messages_before = await here.count("resource"), await here.count("message")
            told = await here.call("POST", "/Patient", sent, who="epj")
            assert here.http.gateway.sources["regionh-somatik-adt"].keeps == "entitled"
            assert (told.status_code, told.content) == (201, b"")
            assert await here.count("resource") == resources_before
            assert await here.count("message") == messages_before + 1
            row = await here.http.gateway.database.fetchrow("SELECT state, body FROM message ORDER BY id DESC LIMIT 1")
            assert (row["state"], row["body"]) == ("not-entitled", None)
            (record,) = await here.records(interaction="create", kind="Patient")
            assert record.outcome == "0"
            assert (await here.call("GET", told.headers["location"].partition("/fhir")[2])).status_code == 404

    run(test)


def test_a_document_brings_its_file(database_url: str) -> None:
    """A large content is kept beside the document and read as Binary; a small one stays where it is."""

    async def test() -> None:
        async with rest(database_url) as here:
            small, large = b64encode(b"kort").decode(), b64encode(b"%PDF-" + b"x" * 90_000).decode()
            attachments = [{"contentType": "application/pdf", "data": data} for data in (small, large)]
            sent = here.about(
                "DocumentReference", status="current", content=[{"attachment": one} for one in attachments]
            )
            made = await here.made(sent)
            first, second = (one["attachment"] for one in made["content"])
            assert first == attachments[0]
            assert (second["size"], "data" in second) == (90_005, False)
            file = await here.call("GET", f"/{second['url']}", Accept="application/pdf")
            assert (file.status_code, len(file.content)) == (200, 90_005)
            assert (await here.call("GET", f"/{second['url']}", who="jobcenter")).status_code == 404
            path = f"/DocumentReference/{made['id']}"
            for again in (sent, made):
                told = await here.call("PUT", path, again, If_Match='W/"1"')
                assert (told.status_code, told.headers["etag"]) == (200, 'W/"1"'), "the same file is no change"
            kept = await here.http.gateway.database.fetchval("SELECT max(octet_length(body)) FROM message")
            assert kept < 90_000, "the file is kept once"
            other = here.about("DocumentReference", status="current", content=[{"attachment": {"url": second["url"]}}])
            await here.made(other, who="social")
            assert (await here.call("GET", f"/{second['url']}", who="jobcenter")).status_code == 404

    run(test)


def test_what_a_narrative_says_is_labelled(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            div = '<div xmlns="http://www.w3.org/1999/xhtml">Indlagt på <b>psykiatrisk</b> afdeling</div>'
            made = await here.made(here.goal(text={"status": "generated", "div": div}))
            assert "PSY" in [label["code"] for label in made["meta"]["security"]]

    run(test)


def test_references_to_the_directory_stay(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            nurse = await here.made({"resourceType": "Practitioner", "name": [{"family": "Bo"}]})
            named = {"reference": f"Practitioner/{nurse['id']}", "display": "Karla Bo"}
            sent = here.about("CareTeam", status="active", participant=[{"member": named}])
            made = await here.made(sent)
            assert made["participant"] == sent["participant"]
            assert (await here.call("GET", f"/CareTeam/{made['id']}")).json() == made

    run(test)


def test_a_narrative_goes_with_what_is_hidden(database_url: str) -> None:
    """The municipality's goal names a condition that another reader may not see: in words too."""

    async def test() -> None:
        async with rest(database_url) as here:
            secret = {"system": "https://faellesplan.dk/fhir/CodeSystem/data-class", "code": "employment"}
            condition = here.about("Condition", code={"text": "Skjult sag"}, meta={"security": [secret]})
            hidden = await here.made(condition, who="social")
            div = '<div xmlns="http://www.w3.org/1999/xhtml">Se den skjulte sag</div>'
            text = {"status": "generated", "div": div}
            task = here.about(
                "Task", status="requested", intent="order", focus={"reference": f"Condition/{hidden['id']}"}, text=text
            )
            made = await here.made(task, who="social")
            assert (made["focus"], made["text"]) == (task["focus"], text)
            assert (await here.call("GET", f"/Condition/{hidden['id']}")).status_code == 404
            shown = (await here.call("GET", f"/Task/{made['id']}")).json()
            assert not {"focus", "text"} & shown.keys()
            assert hidden["id"] not in str(shown)

    run(test)


def test_every_fault_is_told_at_once(database_url: str) -> None:
    """As `$validate` tells them, each with its place, in JSON and XML, alone and in Bundles; fifty at most, and no
    value."""

    async def test() -> None:
        async with rest(database_url) as here:
            wrong = here.goal(priority={"coding": [{"system": "hemmelig"}]}) | {
                "lifecycleStatus": "hemmelig", "statusDate": "hemmelig", "hemmelig": 1,
            }  # fmt: skip
            judged = (await here.call("POST", "/$validate", wrong)).json()["issue"]
            places = [one["expression"] for one in judged if one["severity"] == "error"]
            assert len(places) == 4
            told = await here.call("POST", "/Goal", wrong)
            assert told.status_code == 422
            assert [one.get("expression") for one in told.json()["issue"]] == places
            assert [(one["code"], one["details"]["text"]) for one in told.json()["issue"]] == [
                (one["code"], one["details"]["text"]) for one in judged if one["severity"] == "error"
            ]  # fmt: skip
            assert b"hemmelig" not in told.content.replace(b"Goal.hemmelig", b"")
            xml = await here.call("POST", "/Goal", wrong, Accept="application/fhir+xml")
            assert [one.get("expression") for one in parse(xml.content)["issue"]] == places
            sent = {"resourceType": "Bundle", "type": "transaction",
                    "entry": [{"resource": wrong, "request": {"method": "POST", "url": "Goal"}}]}  # fmt: skip
            together = (await here.call("POST", "", sent)).json()["issue"]
            assert [one["expression"][0] for one in together] == [
                f"Bundle.entry[0].resource.{one[0].partition('.')[2]}" for one in places
            ]  # fmt: skip
            (alone,) = (await here.call("POST", "", sent | {"type": "batch"})).json()["entry"]
            assert [one["expression"] for one in alone["response"]["outcome"]["issue"]] == places
            many = {"resourceType": "Practitioner", "name": [{"use": "nej"} for _ in range(70)]}
            answer = (await here.call("POST", "/Practitioner", many)).json()["issue"]
            assert len(answer) == 50
            assert "further" in answer[0]["diagnostics"]

    run(test)


def test_whom_a_resource_names(database_url: str) -> None:
    """By an absolute URL of this gateway too; and one citizen, where it is by id and by number."""

    async def test() -> None:
        async with rest(database_url) as here:
            away = f"https://gateway.example/fhir/Patient/{here.patient}"
            goal = await here.made(here.goal(subject={"reference": away}))
            assert goal["subject"] == {"reference": f"Patient/{here.patient}"}
            changed = await here.call(
                "PUT", f"/Goal/{goal['id']}", here.goal("Ro", id=goal["id"], subject={"reference": away}),
                If_Match='W/"1"',
            )  # fmt: skip
            assert changed.status_code == 200
            meeting = here.about("Appointment", status="proposed", participant=[
                {"status": "accepted", "actor": {"reference": away}}])  # fmt: skip
            assert (await here.made(meeting))["resourceType"] == "Appointment"
            for number, status in ((NUMBER, 201), ("2512489996", 422), ("0108589995", 422)):
                both = {"reference": f"Patient/{here.patient}", "identifier": {"system": CPR, "value": number}}
                told = await here.call("POST", "/Goal", here.goal(subject=both))
                assert told.status_code == status, "what is of one was filed with the other"
                if status == 422:
                    assert told.json()["issue"][0]["expression"] == ["Goal.subject"]
            other = {"reference": "https://other.example/fhir/Patient/1"}
            assert (await here.call("POST", "/Goal", here.goal(subject=other))).status_code == 422

    run(test)
