"""Messages and their files under attack: what a reader may not see of a message is not had by its files either."""

from __future__ import annotations

from gateway.domain.identifier import CPR
from tests.attack.test_history import with_field
from tests.attack.world import REASON, SARAH, Doors, about, bodies, consent, doors, order, patient_of, plan, stay
from tests.inbound.http_world import run
from tests.translate.medcom.letters import PDF, Json, file, letter, uuid, written

EVERYTHING = {"purpose": [{"system": REASON, "code": "ELIGDTRM"}]}
CITIZEN = [{"system": CPR, "value": SARAH}]


async def message(here: Doors, who: str = "herlev") -> Json:
    (found,) = bodies(await here.get(who, f"Communication?patient={patient_of(SARAH)}"))
    return found


def url(told: Json) -> str:
    return str(told["payload"][1]["contentAttachment"]["url"])


def sent(**more: str) -> tuple[str, bytes]:
    return "herlev", written(letter("Se bilag", files=[file()], citizen=CITIZEN, **more))  # type: ignore[arg-type]


def test_an_objection_to_a_message_closes_its_files(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), sent(category="nursing"))
            told = await message(here)
            assert (await here.get("nursing", url(told))).body == PDF
            objection = consent(patient_of(SARAH), provision={
                "type": "deny", "purpose": [{"system": REASON, "code": "TREAT"}]} | about("Communication"))  # fmt: skip
            assert (await here.write("herlev", objection)).status == 201
            here.http.world.clock.forward(1)
            for who in ("herlev", "nursing"):
                assert (await here.get(who, f"Communication/{told['id']}")).status == 404
                assert (await here.get(who, url(told))).status == 404

    run(test)


def test_a_protected_address_is_not_told_by_a_message_or_its_file(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            hidden = with_field(stay(SARAH).replace(b"\rPV1", b"\rPD1|\rPV1"), b"PD1", 12, b"Y")
            await here.arrive(("social", order(SARAH, plan())), ("psyk", hidden), sent(category="discharge"))
            told = await message(here)
            assert "payload" in told
            given = await here.write("social", consent(patient_of(SARAH), "permit", provision=EVERYTHING))
            assert given.status == 201
            here.http.world.clock.forward(1)
            left = await message(here, "jobcenter")
            assert not {"payload", "sender", "recipient", "topic", "contained", "extension"} & left.keys()
            assert (await here.get("jobcenter", url(told))).status == 404
            assert (await here.get("herlev", url(told))).status == 200

    run(test)


def test_a_file_needs_both_scopes_and_a_purpose(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), sent(category="nursing"))
            told = await message(here)
            assert (await here.get("herlev", url(told), scope="system/Communication.r")).status == 403
            assert (await here.get("herlev", url(told), scope="system/Binary.r")).status == 404
            both = "system/Binary.r system/Communication.r"
            assert (await here.get("herlev", url(told), scope=both)).status == 200
            assert (await here.get("herlev", url(told), purpose="")).status == 403
            for other in (f"Binary/{told['id']}", "Binary/" + uuid(1).replace("-", "")):
                assert (await here.get("herlev", other)).status == 404

    run(test)


def test_no_record_tells_what_was_in_a_file_and_every_look_is_there(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), sent(category="psychiatry-social-disability"))
            told = await message(here)
            await here.get("herlev", url(told))
            await here.get("jobcenter", url(told))
            looks = await here.records(kind="Binary")
            assert [one.decision.value for one in looks] == ["permit", "deny"]
            assert {one.citizen for one in looks} == {patient_of(SARAH)}
            assert looks[1].resources == ()

    run(test)
