"""DELETE of a Patient: a source takes back what it has said of a person, and nothing that others said."""

from __future__ import annotations

from typing import Any

from gateway.domain.identifier import CPR, X_ECPR
from tests.acceptance.test_written_messages import message
from tests.inbound.http_world import run
from tests.inbound.one_citizen import NUMBER
from tests.inbound.rest_world import Rest, rest
from tests.inbound.test_consent_doors import objection
from tests.inbound.test_merged_citizen import arrive_without_cpr, merge
from tests.inbound.test_rest_bundles import answers, bundle, entry, statuses

OTHER = "2512489996"
STRANGER = {"system": X_ECPR, "value": "0703921VJ5"}
ABSENT = "f" * 32
RESTRICTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}


def patient(*numbers: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": list(numbers), "name": [{"family": "Ask"}], **more}


async def stands(here: Rest) -> list[Any]:
    """Everything there is but Patients, as both sectors see it."""
    kinds = ("CarePlan", "Goal", "Encounter", "Condition", "Consent", "CareTeam")
    told = [
        await here.call("GET", f"/{kind}?patient={here.patient}", who=who)
        for kind in kinds
        for who in ("social", "epj")
    ]
    return [[one["resource"] for one in answer.json().get("entry", [])] for answer in told]


def test_where_nothing_is_left_it_is_gone(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(patient(STRANGER), who="social")
            path = f"/Patient/{made['id']}"
            goal = await here.made(here.goal(subject={"reference": path[1:]}), who="social")
            plan = here.about("CarePlan", status="active", intent="plan", subject={"reference": path[1:]})
            plan = await here.made(plan, who="social")
            assert (await here.call("DELETE", path, who="social", If_Match='W/"9"')).status_code == 412
            told = await here.call("DELETE", path, who="social", If_Match='W/"1"')
            assert (told.status_code, told.content) == (204, b"")
            assert (await here.call("DELETE", path, who="social")).status_code == 204, "once more changes nothing"
            gone = await here.call("GET", path, who="social")
            assert (gone.status_code, gone.json()["issue"][0]["code"]) == (410, "deleted")
            assert (await here.call("GET", path, who="jobcenter")).status_code == 404
            assert (await here.call("GET", f"{path}/_history/1", who="social")).json() == made
            history = (await here.call("GET", f"{path}/_history", who="social")).json()["entry"]
            assert [one["request"]["method"] for one in history] == ["DELETE", "POST"]
            found = await here.call("GET", f"/Patient?identifier={X_ECPR}%7C{STRANGER['value']}", who="social")
            assert found.json()["total"] == 0
            assert (await here.call("PUT", path, made, who="social", If_Match='W/"2"')).status_code == 410
            shown = await here.call("GET", f"/Goal/{goal['id']}", who="social")
            assert shown.json() == goal, "what else is told of the person is left alone"
            joint = await here.call("GET", f"{path}/$joint-plan", who="social")
            assert plan["id"] in joint.text
            assert "Ask" not in joint.text
            assert (await here.call("GET", f"{path}/$everything", who="social")).status_code == 404
            sent = await here.call("POST", "/Communication", message(made["id"]), who="social")
            assert sent.status_code == 404, "nobody is written about who is gone"
            new = here.goal(subject={"reference": path[1:]})
            assert (await here.call("POST", "/Goal", new, who="social")).status_code == 404
            again = await here.made(patient(STRANGER), who="social")
            assert (again["id"], again["name"], again["active"]) == (made["id"], made["name"], True)
            assert (await here.call("GET", path, who="social")).json() == again
            (_, record, *_) = await here.records(interaction="delete")
            assert (record.outcome, record.resources, record.citizen) == ("0", (path[1:],), made["id"])

    run(test)


def test_what_others_said_stays(database_url: str) -> None:
    """The hospital told of the citizen by message and by REST: all of that goes, and no more."""

    async def test() -> None:
        async with rest(database_url) as here:
            path = f"/Patient/{here.patient}"
            before = (await here.call("GET", path, who="social")).json()
            number = {"system": CPR, "value": NUMBER}
            await here.made(patient(number, maritalStatus={"text": "gift"}) | {"name": [{"family": "Ny"}]})
            assert (await here.call("GET", path)).json()["maritalStatus"] == {"text": "gift"}
            parts, rows = await stands(here), [await here.count(table) for table in ("identity", "identifier", "merge")]
            assert (await here.call("DELETE", path)).status_code == 204
            left = (await here.call("GET", path, who="social")).json()
            assert ("maritalStatus" in left, left["active"]) == (False, True)
            assert "Sarah" in str(before["name"]), "the hospital's word"
            assert [one["family"] for one in left["name"]] == ["Tangmose"], "the municipality's"
            assert "Sarah" not in str(left)
            assert await stands(here) == parts
            assert [await here.count(table) for table in ("identity", "identifier", "merge")] == rows
            assert (await here.call("GET", f"{path}/$joint-plan", who="social")).status_code == 200
            assert (await here.call("DELETE", path)).status_code == 204, (
                "nothing of the hospital's is left to take back"
            )
            assert (await here.call("GET", path, who="social")).json() == left
            await here.made(patient(number, maritalStatus={"text": "skilt"}))
            assert (await here.call("GET", path)).json()["maritalStatus"] == {"text": "skilt"}

    run(test)


def test_who_said_nothing_takes_nothing_back(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            path, statements = f"/Patient/{here.patient}", await here.count("statement")
            assert (await here.call("GET", path, who="psyk")).status_code in (200, 404)
            refused = {
                who: (await here.call("DELETE", path, who=who)).status_code for who in ("psyk", "jobcenter", "mute")
            }
            assert set(refused.values()) <= {403, 404}
            assert (
                refused["jobcenter"] == (await here.call("DELETE", f"/Patient/{ABSENT}", who="jobcenter")).status_code
            )
            assert await here.count("statement") == statements

    run(test)


def test_whether_others_told_of_a_citizen_is_not_told(database_url: str) -> None:
    """Somebody known and somebody whom nobody else knows, by a system that may see neither: the same, byte for byte."""

    async def test() -> None:
        async with rest(database_url) as here:
            told: dict[str, list[Any]] = {}
            for value in (NUMBER, OTHER):
                made = await here.call("POST", "/Patient", patient({"system": CPR, "value": value}), who="jobcenter")
                identity = made.headers["location"].rpartition("/")[2]
                path, search = f"/Patient/{identity}", f"/Patient?identifier={CPR}%7C{value}"
                asked: list[tuple[str, str, Any, dict[str, str]]] = [
                    ("GET", path, None, {}),
                    ("DELETE", search, None, {}),
                    *(("DELETE", path, None, {"If_Match": f'W/"{version}"'}) for version in range(1, 5)),
                    *(("PUT", path, patient({"system": CPR, "value": value}, id=identity),
                       {"If_Match": f'W/"{version}"'}) for version in range(1, 5)),
                    ("DELETE", path, None, {}),
                    ("GET", path, None, {}),
                    ("GET", f"{path}/_history", None, {}),
                    ("GET", search, None, {}),
                    ("DELETE", path, None, {}),
                    ("PUT", path, patient({"system": CPR, "value": value}, id=identity), {"If_Match": 'W/"1"'}),
                    ("POST", "", bundle("transaction", entry("DELETE", path[1:])), {}),
                    ("POST", "/Goal", here.goal(subject={"reference": path[1:]}), {}),
                ]  # fmt: skip
                told[value] = []
                for method, where, body, more in asked:
                    one = await here.call(method, where, body, who="jobcenter", **more)
                    text = one.text.replace(identity, "").replace(value, "")
                    told[value].append((method, one.status_code, one.headers.get("etag"), text))
            for known, fresh in zip(told[NUMBER], told[OTHER], strict=True):
                if "lastUpdated" not in known[3]:  # an empty Bundle is of its moment
                    assert known == fresh
            assert (await here.call("GET", f"/Patient/{here.patient}", who="social")).status_code == 200

    run(test)


def test_a_protection_is_not_lifted_by_a_delete(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            number, address = {"system": CPR, "value": NUMBER}, [{"line": ["Skjulestien 1"]}]
            await here.made(patient(number, meta={"security": [RESTRICTED]}, address=address), who="social")
            path = f"/Patient/{here.patient}"
            labels = (await here.call("GET", path, who="social")).json()["meta"]["security"]
            assert RESTRICTED["code"] in [one["code"] for one in labels]
            assert (await here.call("DELETE", path, who="social")).status_code == 204
            left = await here.call("GET", path, who="social")
            assert RESTRICTED["code"] in [one["code"] for one in left.json()["meta"]["security"]]
            assert "Skjulestien" not in left.text

    run(test)


def test_an_objection_holds_whoever_takes_back_the_patient(database_url: str) -> None:
    """Also where nobody is left who tells of the person: what is told besides is decided as before."""

    async def test() -> None:
        async with rest(database_url) as here:
            assert (await here.call("POST", "/Consent", objection(here.patient), who="social")).status_code == 201
            closed = (await here.call("GET", f"/Encounter?patient={here.patient}")).json()["total"]
            others = await stands(here)
            for who in ("epj", "social"):
                assert (await here.call("DELETE", f"/Patient/{here.patient}", who=who)).status_code == 204
            assert (await here.call("GET", f"/Patient/{here.patient}", who="social")).status_code == 410
            assert closed == 0
            assert (await here.call("GET", f"/Encounter?patient={here.patient}")).json()["total"] == 0
            assert await stands(here) == others

    run(test)


def test_who_was_joined_stays_joined(database_url: str) -> None:
    """A40 said that two records are one person: deleting either record's words unsays nothing of that."""

    async def test() -> None:
        async with rest(database_url) as here:
            stranger = await arrive_without_cpr(here.http)
            await merge(here.http)
            assert (await here.call("DELETE", f"/Patient/{stranger}")).status_code == 204
            assert (await here.call("DELETE", f"/Patient/{stranger}", who="social")).status_code == 204
            former = await here.call("GET", f"/Patient/{stranger}")
            assert former.json()["link"] == [{"other": {"reference": f"Patient/{here.patient}"}, "type": "replaced-by"}]
            assert (await here.call("GET", f"/Patient/{here.patient}")).json()["active"]
            found = await here.call("GET", f"/Encounter?patient={stranger}")
            assert {one["resource"]["subject"]["reference"] for one in found.json()["entry"]} == {
                f"Patient/{here.patient}"
            }

    run(test)


def test_by_condition_and_in_a_transaction(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            number = {"system": CPR, "value": OTHER}
            made = [await here.made(patient(one), who="social") for one in (STRANGER, number)]
            told = await here.call("DELETE", f"/Patient?identifier={X_ECPR}%7C{STRANGER['value']}", who="social")
            assert told.status_code == 204
            taken, *looks = (entry(method, f"Patient/{made[at]['id']}") for method, at in (
                ("DELETE", 1), ("GET", 1), ("GET", 0)))  # fmt: skip
            refused = await here.call("POST", "", bundle("transaction", taken, looks[0]), who="social")
            assert refused.status_code == 410, "what reads it then finds that it is gone, and keeps all of it out"
            assert statuses(await answers(here, "transaction", taken, who="social")) == ["204"]
            assert statuses(await answers(here, "batch", *looks, who="social")) == ["410", "410"]
            statement = (await here.call("GET", "/metadata")).json()["rest"][0]["resource"]
            (one,) = [one for one in statement if one["type"] == "Patient"]
            assert {"delete", "update", "create"} <= {told["code"] for told in one["interaction"]}
            assert one["conditionalDelete"] == "single"

    run(test)
