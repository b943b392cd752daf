"""Appointments, referrals and documents: from a hospital's message to each reader's joint plan, through real doors."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from gateway.domain.identifier import CPR, Identifier
from gateway.inbound.scopes import Scope
from tests.attack.world import CAST, SARAH, Doors, about, bodies, consent, doors, order, patient_of, plan
from tests.inbound.http_world import run
from tests.inbound.oauth_client import hospital
from tests.translate.hl7v2.desk import AIL, AIP, line, mdm, ref, siu

CITIZEN = hospital(
    id="citizen", name="Borgerens app", role="citizen", sector="other", organisation=Identifier(CPR, "0108589995"),
    organisation_name="Borgerens app", purposes=("PATRQT",), scopes=(Scope("*", "rs"),), sends=(),
)  # fmt: skip
NETWORK = {8: "NETV^Netværksmøde"}
HERSELF = {"purpose": "PATRQT", "subject_id": f"{CPR}|{SARAH}"}
KINDS = ("Appointment", "ServiceRequest", "DocumentReference")


def hers(message: bytes) -> bytes:
    """The message about Sarah, from the psychiatric hospital."""
    return message.replace(b"2512489996", SARAH.encode())


async def told(here: Doors, *messages: bytes) -> None:
    """The municipality has a case, and the hospital sends these messages."""
    await here.arrive(("social", order(SARAH, plan())), *(("psyk", hers(message)) for message in messages))


async def found(here: Doors, who: str, kind: str, **acting: Any) -> list[dict[str, Any]]:
    return bodies(await here.search(who, kind, f"patient={patient_of(SARAH)}", **acting))


async def joint(here: Doors, who: str, **acting: Any) -> dict[str, Any]:
    answer = await here.get(who, f"Patient/{patient_of(SARAH)}/$joint-plan", **acting)
    assert answer.status == 200, answer.body
    return bodies(answer)[0]


def activities(plan: dict[str, Any]) -> list[str]:
    return [one["reference"]["reference"].partition("/")[0] for one in plan["activity"] if "reference" in one]


def test_each_reader_sees_of_the_network_meeting_what_the_policy_allows(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url, *CAST, CITIZEN) as here:
            await told(here, siu("S12", NETWORK, AIP, AIL))
            (one,) = await found(here, "psyk", "Appointment")
            assert (one["status"], one["participant"][0]["actor"]["reference"]) == (
                "booked",
                f"Patient/{patient_of(SARAH)}",
            )
            assert activities(await joint(here, "psyk")) == ["Appointment"]
            assert await found(here, "herlev", "Appointment") == [one]
            assert await found(here, "nursing", "Appointment") == [one]
            assert await found(here, "citizen", "Appointment", **HERSELF) == [one]
            assert activities(await joint(here, "citizen", **HERSELF)) == ["Appointment"]
            assert await found(here, "social", "Appointment") == [], "a hospital's word needs consent"
            assert activities(await joint(here, "social")) == []
            assert await found(here, "jobcenter", "Appointment") == []
            permit = consent(patient_of(SARAH), "permit", provision=about("Appointment"))
            assert (await here.write("psyk", permit)).status == 201
            assert await found(here, "social", "Appointment") == [one], "both sectors and the citizen"
            assert activities(await joint(here, "social")) == ["Appointment"]

    run(test)


def test_moved_cancelled_and_missed_on_the_wire(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await told(here, siu("S15", sent="20250316090000+0100"), siu("S12", NETWORK, AIP))
            (one,) = await found(here, "psyk", "Appointment")
            assert (one["status"], len(one["participant"])) == ("cancelled", 2)
            again = siu("S13", {}, sent="20250317090000+0100")
            await here.arrive(("psyk", hers(again)), ("psyk", hers(again)))
            (one,) = await found(here, "psyk", "Appointment")
            assert one["status"] == "booked"
            version = one["meta"]["versionId"]
            await here.arrive(("psyk", hers(siu("S26", sent="20250401150000+0200"))))
            (one,) = await found(here, "psyk", "Appointment")
            assert (one["status"], int(one["meta"]["versionId"])) == ("noshow", int(version) + 1)
            after = await joint(here, "psyk")
            assert (after["status"], activities(after)) == ("active", ["Appointment"]), "a missed meeting ends nothing"

    run(test)


def test_referrals_and_documents_are_read_and_searched(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            letter = mdm("T02", {25: "Epikrise"}, line("Alt vel."))
            await told(here, ref(), letter, siu())
            for kind in KINDS:
                (one,) = await found(here, "herlev", kind)
                read = await here.get("herlev", f"{kind}/{one['id']}")
                assert read.json() == one
            (document,) = await found(here, "herlev", "DocumentReference")
            assert b64decode(document["content"][0]["attachment"]["data"]).decode() == "Alt vel."
            whole = await joint(here, "herlev")
            assert activities(whole) == ["Appointment", "ServiceRequest"]
            assert {"reference": f"DocumentReference/{document['id']}"} in whole["supportingInfo"]
            for kind in KINDS:
                assert await found(here, "social", kind) == []
            hidden = await joint(here, "social")
            assert "supportingInfo" not in hidden
            assert activities(hidden) == []
            by_status = await here.search("herlev", "Appointment", f"patient={patient_of(SARAH)}&status=cancelled")
            assert by_status.json()["total"] == 0
            dated = await here.search("herlev", "Appointment", f"patient={patient_of(SARAH)}&date=ge2025-04-01")
            assert dated.json()["total"] == 1

    run(test)


def test_a_large_file_is_read_by_whoever_may_see_its_document(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            pdf = b"%PDF-" + b"x" * 90_000
            await told(here, mdm("T02", {}, line(f"^AP^PDF^Base64^{b64encode(pdf).decode()}", "ED")))
            (document,) = await found(here, "herlev", "DocumentReference")
            url = document["content"][0]["attachment"]["url"]
            read = await here.http.web.get(f"/fhir/{url}", headers=await here.bearer("herlev"))
            assert (read.status_code, read.headers["content-type"], read.content) == (200, "application/pdf", pdf)
            assert read.headers["x-security-context"].endswith(f"/fhir/DocumentReference/{document['id']}")
            assert (await here.get("social", url)).status == 404
            (seen, refused) = await here.records(kind="Binary")
            assert (seen.resources[0].partition("/")[0], refused.resources) == ("DocumentReference", ())

    run(test)


def test_a_psychiatric_referral_is_psychiatric_to_everybody(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await told(here, ref("I12", {3: "Psy^Psychiatry"}))
            (one,) = await found(here, "herlev", "ServiceRequest")
            labels = {label["code"] for label in one["meta"]["security"]}
            assert {"PSY", "R"} <= labels
            refused = consent(patient_of(SARAH), "deny", provision={"securityLabel": [
                {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}
            ]})  # fmt: skip
            assert (await here.write("psyk", refused)).status == 201
            assert await found(here, "herlev", "ServiceRequest") == []

    run(test)


def test_a_citizen_without_a_municipal_case_is_not_kept(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(*(("psyk", hers(message)) for message in (siu(), ref(), mdm("T02", {}, line("x")))))
            for kind in KINDS:
                assert await found(here, "psyk", kind) == []
            assert await here.http.gateway.database.fetchval("SELECT count(*) FROM statement") == 0

    run(test)
