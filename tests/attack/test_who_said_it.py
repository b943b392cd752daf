"""Who said something of a citizen, and when, is as secret as what a resource of theirs would tell (L21)."""

from __future__ import annotations

from typing import Any

from gateway.domain.identifier import CPR, X_ECPR
from tests.attack.addresses import PROTECTED
from tests.attack.test_municipal_worlds import SHOWN, grant
from tests.attack.twins import CLIENTS, opened_page
from tests.attack.world import REASON, SARAH, Doors, bodies, doors, kl_id, order, patient_of, plan, stay
from tests.inbound.http_world import run
from tests.translate.ydelse import making

WARD = stay(SARAH).replace(b"^Ask", b"^Sarah Marie")
STRANGER = "0703921VJ5"
MERGED = "\r".join(
    (
        r"MSH|^~\&|SP|REGH|GW|KK|20250302100000+0100||ADT^A40^ADT_A39|M9|P|2.5||||||UNICODE UTF-8",
        "EVN|A40|20250302100000+0100",
        f"PID|1||{SARAH}^^^CPR",
        f"MRG|{STRANGER}^^^X-ECPR",
        "",
    )
).encode()
_TELLING = ("Psyk", "psyk", "399841000016000", "M1", "region", "2025-03-02")


async def said(here: Doors, who: str, version: int, **acting: Any) -> list[dict[str, Any]]:
    """The Provenance of a version of her Patient, by every way to it."""
    place = f"Patient/{patient_of(SARAH)}/_history/{version}"
    (one,) = bodies(await here.get(who, f"Provenance?target={place}", **acting))
    read = await here.get(who, f"Provenance/Patient.{patient_of(SARAH)}.{version}", **acting)
    assert read.json() == one
    found = bodies(await here.get(who, f"Patient?_id={patient_of(SARAH)}&_revinclude=Provenance:target", **acting))
    assert one in found or found[0]["meta"]["versionId"] != str(version)
    return [one]


def test_a_patient_tells_nobody_which_ward_told_of_it(database_url: str) -> None:
    """A ward that mends a name tells that she is there, since when: the social authority may see no stay of hers."""

    async def test() -> None:
        async with doors(database_url, *CLIENTS) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", WARD))
            for who in ("social", "herlev"):
                (one,) = await said(here, who, 2)
                assert not [word for word in _TELLING if word in str({k: v for k, v in one.items() if k != "target"})]
                assert (one["agent"][0]["who"], "occurredDateTime" in one) == ({"display": "unknown"}, False)
            (own,) = await said(here, "social", 1)
            assert own["agent"][1]["who"]["display"] == "koebenhavn-ffb"
            for who, acting in (("psyk", {}), ("citizen", {"purpose": "PATRQT", "subject_id": f"{CPR}|{SARAH}"})):
                (one,) = await said(here, who, 2, **acting)
                assert one["agent"][1]["who"]["display"] == "regionh-psyk-adt"
                assert "entity" in one

    run(test)


def test_nor_does_what_two_records_that_became_one_made_anew(database_url: str) -> None:
    """Psychiatry finds out that two are one: the municipality's plan is about another id since then, and that version
    of it is not psychiatry's word."""

    async def test() -> None:
        async with doors(database_url, *CLIENTS) as here:
            known = {"identifier": [{"system": X_ECPR, "value": STRANGER}]}
            await here.arrive(("social", order(SARAH, plan(), patient=known)), ("psyk", stay(SARAH)), ("psyk", MERGED))
            (one,) = bodies(
                await here.get("social", f"CarePlan?patient={patient_of(SARAH)}&_id={kl_id('CarePlan', 'plan')}")
            )
            assert one["meta"]["versionId"] == "2", "the merge made it anew"
            for version in (1, 2):
                place = f"CarePlan/{one['id']}/_history/{version}"
                (told,) = bodies(await here.get("social", f"Provenance?target={place}"))
                assert not [word for word in _TELLING if word in str([told["agent"], told.get("entity")])], told
                assert ("occurredDateTime" in told) == (version == 1)

    run(test)


def test_the_number_of_a_message_says_nothing_of_what_else_is_in_it(database_url: str) -> None:
    """A benefit and why it was stopped come in one message, whose number is made of all that it says. The social
    authority sees the warning that comes of it, and not those words: whoever guesses them could see that by the
    number."""

    async def test() -> None:
        async with doors(database_url, *CLIENTS) as here:
            await here.arrive(("social", order(SARAH, plan())), ("benefit", grant(making.STOPPED, 602)))
            for who in ("social", "benefit"):
                found = bodies(await here.get(who, f"Flag?patient={patient_of(SARAH)}&_revinclude=Provenance:target"))
                flag, told = found
                assert (flag["resourceType"], told["agent"][1]["who"]["display"]) == ("Flag", "koebenhavn-ydelse")
                assert ("entity" in told) == (who == "benefit")

    run(test)


def test_the_page_names_nobody_who_may_give_shelter(database_url: str) -> None:
    """Whose word a goal is stands on the plan page, but not where the address of the citizen is protected."""
    goal = {"resourceType": "Goal", "id": "g", "lifecycleStatus": "active", "description": {"text": "Ro"}}
    let = {name: value for name, value in SHOWN.items() if name != "provision"} | {"dateTime": "2025-03-01", "id": "w"}
    let["provision"] = {"type": "permit", "purpose": [{"system": REASON, "code": "ELIGDTRM"}]}

    async def test() -> None:
        async with doors(database_url, *CLIENTS) as here:
            await here.arrive(("social", order(SARAH, plan(), goal, let)))
            for protected in (False, True):
                if protected:
                    await here.arrive(("psyk", PROTECTED))
                status, page = await opened_page(here, await here.bearer("jobcenter"), patient_of(SARAH))
                assert (status, b"Ro" in page) == (200, True)
                assert ("Københavns Kommune, Socialforvaltningen, FFB".encode() in page) == (not protected)

    run(test)
