"""Older versions: what was hidden since, or belongs to somebody else by now, is hidden in every version."""

from __future__ import annotations

from typing import Any

from gateway.domain.identifier import CPR, X_ECPR
from tests.attack.world import (
    ASK,
    NOBODY,
    REASON,
    SARAH,
    Doors,
    Raw,
    about,
    bodies,
    case,
    consent,
    doors,
    identity,
    order,
    patient_of,
    plan,
    stay,
)
from tests.inbound.http_world import run

NUMBER = "0703921VJ5"
UNKNOWN = identity("Patient", f"{X_ECPR}|{NUMBER}")
TREAT = {"purpose": [{"system": REASON, "code": "TREAT"}]}
PSY = {"securityLabel": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}]}


def with_field(message: bytes, segment: bytes, place: int, value: bytes) -> bytes:
    """The message with another value in one field."""
    lines = message.split(b"\r")
    at = next(n for n, line in enumerate(lines) if line.startswith(segment))
    fields = lines[at].split(b"|")
    fields += [b""] * (place + 1 - len(fields))
    fields[place] = value
    lines[at] = b"|".join(fields)
    return b"\r".join(lines)


def unknown(message: bytes) -> bytes:
    """The message about a citizen without a CPR number."""
    return with_field(message, b"PID", 3, f"{NUMBER}^^^X-eCPR&1.2.208.176.1.6.1.1&ISO^PI".encode())


def merged(number: int) -> bytes:
    """A40: the citizen without a number is Sarah."""
    line = f"MRG|{NUMBER}^^^X-eCPR&1.2.208.176.1.6.1.1&ISO^PI"
    lines = [one for one in stay(SARAH, "A40", number).split(b"\r") if one and not one.startswith(b"PV1")]
    return b"\r".join([*lines, line.encode(), b""])


async def versions(here: Doors, who: str, kind: str, identity: str, **acting: Any) -> list[int]:
    """The statuses of a resource as it is, and of its first two versions."""
    paths = [f"{kind}/{identity}", f"{kind}/{identity}/_history/1", f"{kind}/{identity}/_history/2"]
    return [(await here.get(who, path, **acting)).status for path in paths]


def test_an_objection_holds_for_what_was_written_before_a_merge(database_url: str) -> None:
    number = {"identifier": [{"system": X_ECPR, "value": NUMBER}]}

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(
                ("social", order(SARAH, plan(), patient=number)),
                ("psyk", unknown(stay(SARAH))),
            )
            (encounter,) = bodies(await here.get("psyk", f"Encounter?patient={UNKNOWN}"))
            objection = consent(UNKNOWN, provision=TREAT | about("Encounter"))
            assert (await here.write("psyk", objection)).status == 201
            here.http.world.clock.forward(1)
            assert await versions(here, "psyk", "Encounter", encounter["id"]) == [404, 404, 404]
            await here.arrive(("psyk", merged(7)))
            assert bodies(await here.get("psyk", f"Encounter?patient={patient_of(SARAH)}")) == []
            assert await versions(here, "psyk", "Encounter", encounter["id"]) == [404, 404, 404]
            last = (await here.records(interaction="vread"))[-1]
            assert (last.citizen, last.withheld_count) == (patient_of(SARAH), 1), "on record under who it is by now"
            override = await versions(here, "psyk", "Encounter", encounter["id"], purpose="BTG")
            assert override == [200, 200, 200], "they are there, for whom may see them"

    run(test)


def test_what_became_sensitive_is_so_in_its_past(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            ward = b"K04^1^1^265161000016000&1.2.208.176.1.1&ISO"
            somatic = with_field(stay(SARAH), b"PV1", 3, ward)
            await here.arrive(("social", order(SARAH, plan())), ("psyk", somatic))
            (encounter,) = bodies(await here.get("psyk", f"Encounter?patient={patient_of(SARAH)}"))
            assert (await here.write("psyk", consent(patient_of(SARAH), provision=TREAT | PSY))).status == 201
            here.http.world.clock.forward(1)
            assert (await versions(here, "psyk", "Encounter", encounter["id"]))[:2] == [200, 200]
            update = with_field(stay(SARAH, "A08", 8), b"PV1", 3, ward)
            await here.arrive(("psyk", with_field(update, b"PV1", 10, b"PSY")))
            assert await versions(here, "psyk", "Encounter", encounter["id"]) == [404, 404, 404]

    run(test)


def test_a_stay_that_was_sent_about_the_wrong_citizen_shows_nothing_of_either_to_the_other(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(
                ("social", order(SARAH, plan())),
                ("social", order(ASK, plan("his"), number="2")),
                ("psyk", stay(SARAH)),
            )
            (encounter,) = bodies(await here.get("psyk", f"Encounter?patient={patient_of(SARAH)}"))
            objection = consent(patient_of(SARAH), provision=TREAT | about("Encounter"))
            assert (await here.write("psyk", objection)).status == 201
            await here.arrive(("psyk", stay(ASK, number=2)))
            for who in ("psyk", "herlev", "nursing"):
                first = await here.get(who, f"Encounter/{encounter['id']}/_history/1")
                assert first.status == 404, "it was hers, and she objects"

    run(test)


def test_a_protected_address_is_protected_under_every_identity(database_url: str) -> None:
    number = {"identifier": [{"system": X_ECPR, "value": NUMBER}]}
    everything = {"purpose": [{"system": REASON, "code": "ELIGDTRM"}]}

    async def test() -> None:
        async with doors(database_url) as here:
            hidden = with_field(unknown(stay(SARAH)).replace(b"\rPV1", b"\rPD1|\rPV1"), b"PD1", 12, b"Y")
            await here.arrive(
                ("social", order(SARAH, plan(), patient=number)),
                ("psyk", hidden),
                ("psyk", merged(7)),
                ("social", order(SARAH, plan(), number="2")),
            )
            given = await here.write("social", consent(patient_of(SARAH), "permit", provision=everything))
            assert given.status == 201
            here.http.world.clock.forward(1)
            found = await here.get("jobcenter", f"Encounter?patient={patient_of(SARAH)}")
            (encounter,) = bodies(found)
            one = await here.get("jobcenter", f"Encounter/{encounter['id']}")
            old = await here.get("jobcenter", f"Encounter/{encounter['id']}/_history/1")
            together = await here.get("jobcenter", f"Patient/{patient_of(SARAH)}/$joint-plan")
            for answer in (found, one, old, together):
                assert answer.status == 200
                assert b'"location"' not in answer.body

    run(test)


def test_a_history_by_numbers_tells_of_nobody_who_is_hidden(database_url: str) -> None:
    """Not by the length of the link to its next page, not by which numbers have the same link, and not by how many
    records a page makes."""

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("elsewhere", case(ASK, owner="11259979")))
            for says in ("deny", "permit"):
                assert (await here.write("elsewhere", consent(patient_of(ASK), says, provision=TREAT))).status == 201

            async def page(path: str) -> tuple[Raw, int]:
                before = len(await here.records())
                return await here.get("elsewhere", path), len(await here.records()) - before

            found = []
            for number in (SARAH, NOBODY, "2505544849"):
                first, records = await page(f"Consent/_history?patient.identifier={CPR}|{number},{CPR}|{ASK}&_count=1")
                assert (first.status, len(first.json()["entry"])) == (200, 1)
                (link,) = [one["url"] for one in first.json()["link"] if one["relation"] == "next"]
                second, more = await page(link.partition("/fhir/")[2])
                assert (second.status, len(second.json()["entry"])) == (200, 1)
                found.append((link, records, more))
            assert len({(len(link), records, more) for link, records, more in found}) == 1
            assert len({link for link, _, _ in found}) == 3

    run(test)
