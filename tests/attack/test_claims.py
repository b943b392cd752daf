"""What a client says of who acts, for whom and why: it never makes more of it than it is registered as."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.consent.actors import SUB_UNITS
from gateway.domain.identifier import CVR, FK_ORG, GLN, SOR
from gateway.errors import Unauthenticated
from gateway.inbound.clients import Client, Clients
from gateway.inbound.scopes import Scope
from gateway.inbound.token_check import TokenCheck
from tests.attack.world import CAST, SARAH, Doors, bodies, consent, doors, identity, order, patient_of, plan, stay
from tests.inbound.http_world import run

UNIT = "0a0a0a0a-0000-4000-8000-000000000001"
RECIPIENT = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}


def for_organisation(system: str, value: str, *, units: bool = False, kind: str = "Organization") -> dict[str, Any]:
    """A provision that permits one organisation everything."""
    actor: dict[str, Any] = {
        "role": RECIPIENT,
        "reference": {"type": kind, "identifier": {"system": system, "value": value}},
    }
    if units:
        actor["extension"] = [{"url": SUB_UNITS, "valueBoolean": True}]
    return {"actor": [actor]}


async def permitted(here: Doors, **provision: Any) -> None:
    said = consent(patient_of(SARAH), "permit", provision=provision)
    assert (await here.write("social", said)).status == 201
    here.http.world.clock.forward(1)


async def sees(here: Doors, who: str, **claims: Any) -> bool:
    return (await here.get(who, f"Patient/{patient_of(SARAH)}", **claims)).status == 200


@pytest.mark.parametrize(
    "claimed",
    [
        f"{CVR}|11259979", "urn:oid:1.3.184|11259979", f"{SOR}|399841000016000", f"{GLN}|5790000000000",
        "CareTeam/" + "a" * 32, "Patient/" + "a" * 32, "RelatedPerson/" + "a" * 32, "Organization/1", "Group/1",
    ],
)  # fmt: skip
def test_nobody_acts_under_the_number_of_an_organisation_or_the_id_of_a_resource(
    database_url: str, claimed: str
) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            assert await here.asks_for_token("jobcenter") == 200
            assert await here.asks_for_token("jobcenter", subject_id=claimed) == 400

    run(test)


def test_a_word_for_an_organisation_is_none_for_a_person_of_its_number(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())))
            await permitted(here, **for_organisation(FK_ORG, UNIT))
            assert not await sees(here, "jobcenter", subject_id=f"{FK_ORG}|{UNIT}")
            assert not await sees(here, "jobcenter", on_behalf_of=f"{FK_ORG}|{UNIT}")

    run(test)


def test_whoever_says_that_he_acts_for_an_organisation_is_no_sub_unit_of_it(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())))
            await permitted(here, **for_organisation(CVR, "11259979", units=True))
            assert await sees(here, "elsewhere"), "the organisation itself"
            for claimed in (f"{CVR}|11259979", "urn:oid:1.3.184|11259979"):
                assert not await sees(here, "jobcenter", on_behalf_of=claimed)

    run(test)


def test_a_denial_still_reaches_whoever_acts_for_an_organisation(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH)))
            assert await sees(here, "nursing", on_behalf_of=f"{CVR}|11259979")
            said = consent(patient_of(SARAH), provision=for_organisation(CVR, "11259979"))
            assert (await here.write("psyk", said)).status == 201
            here.http.world.clock.forward(1)
            assert not await sees(here, "nursing", on_behalf_of=f"{CVR}|11259979")
            assert await sees(here, "nursing")

    run(test)


def test_a_member_of_a_team_is_who_the_team_names(database_url: str) -> None:
    """A consent for the care team reaches its members, not whoever calls himself the team."""
    team = {
        "resourceType": "CareTeam",
        "id": "t",
        "status": "active",
        "participant": [{"member": {"identifier": {"system": "urn:test:staff", "value": "jobcenter-1"}}}],
    }

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan(), team)))
            made = identity("CareTeam", "koebenhavn-ffb|CareTeam|t")
            actor = {"role": RECIPIENT, "reference": {"reference": f"CareTeam/{made}"}}
            await permitted(here, actor=[actor])
            assert await sees(here, "jobcenter")
            assert not await sees(here, "jobcenter", subject_id="urn:test:staff|jobcenter-2")
            assert not await sees(
                here, "jobcenter", subject_id="urn:test:staff|jobcenter-2", on_behalf_of=f"CareTeam/{made}"
            )

    run(test)


@pytest.mark.parametrize(
    ("period", "before", "after"),
    [({"start": "2025-01-01", "end": "2025-03-20"}, True, False), ({"start": "2025-03-20"}, False, True),
     ({"end": "2025-03-14"}, True, False), ({}, True, True)],
)  # fmt: skip
def test_a_member_of_a_team_is_one_from_the_first_to_the_last_day(
    database_url: str, period: dict[str, str], before: bool, after: bool
) -> None:
    """Who has left the team, or comes to it later, is not in it at the very next request."""
    member = {"identifier": {"system": "urn:test:staff", "value": "jobcenter-1"}}
    team = {"resourceType": "CareTeam", "id": "t", "status": "active", "participant": [{"member": member}]}
    team["participant"][0] |= {"period": period} if period else {}  # type: ignore[index]

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan(), team)))
            made = identity("CareTeam", "koebenhavn-ffb|CareTeam|t")
            await permitted(here, actor=[{"role": RECIPIENT, "reference": {"reference": f"CareTeam/{made}"}}])
            assert await sees(here, "jobcenter") is before
            here.http.world.clock.forward(10 * 86_400)
            assert await sees(here, "jobcenter") is after

    run(test)


PURPOSES: tuple[Any, ...] = (
    ["TREAT"], "TREAT", ["ELIGDTRM", "TREAT"], [{"system": "urn:other", "code": "ELIGDTRM"}],
    ["eligdtrm"], ["ELIGDTRM "], ["ELIGDTRM\u0000"], {"code": "ELIGDTRM"}, [["ELIGDTRM"]], [None], [""], ["*"],
    "ELIGDTRM TREAT", [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}], ["BTG"],
    ["http://terminology.hl7.org/CodeSystem/v3-ActReason|TREAT"], 5, [5], {}, [{}],
)  # fmt: skip


def test_no_spelling_of_a_purpose_gets_round_the_registration(database_url: str) -> None:
    """What is granted at all shows the jobcenter nothing of a citizen who gave no consent."""

    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH)))
            for purpose in PURPOSES:
                status = await here.asks_for_token("jobcenter", purpose_of_use=purpose)
                assert status in (200, 400), purpose
                if status == 200:
                    assert not await sees(here, "jobcenter", purpose_of_use=purpose)
            for none in ([], None):
                claims = {"purpose_of_use": none} if none is not None else {}
                told = await here.get("jobcenter", f"Patient/{patient_of(SARAH)}", purpose="", **claims)
                assert told.status == 403

    run(test)


def test_a_nurse_beyond_her_purpose(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH)))
            patient = patient_of(SARAH)
            assert [b["resourceType"] for b in bodies(await here.get("nursing", f"Encounter?patient={patient}"))]
            assert (
                await here.get("nursing", f"CarePlan/{identity('CarePlan', 'koebenhavn-ffb|CarePlan|plan')}")
            ).status == 404
            for claim in (["COC"], ["TREAT", "COC"], ["ETREAT"], ["HSYSADMIN"]):
                assert await here.asks_for_token("nursing", purpose_of_use=claim) == 400

    run(test)


def test_a_token_is_no_longer_good_for_what_its_client_is_not_registered_for_any_more(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            header = (await here.bearer("social"))["Authorization"]

            def caller(**changed: Any) -> Any:
                known: list[Client] = [replace(c, **changed) if c.id == "social" else c for c in CAST]
                check = TokenCheck(here.http.inbound.tokens, Clients(known), here.http.world.clock)
                return check.caller([header])

            assert caller().scopes
            assert not caller(scopes=(Scope("Goal", "r"),)).covers("CarePlan")
            assert caller(scopes=(Scope("Goal", "r"),)).covers("Goal")
            assert caller(sends=()).sends == ()
            for changed in ({"id": "other"}, {"role": "nursing"}, {"purposes": ("BTG",)}, {"scopes": ()}):
                with pytest.raises(Unauthenticated):
                    caller(**changed)

    run(test)


def test_an_override_opens_what_the_table_lets_it_for_whom_it_lets_it(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan())), ("psyk", stay(SARAH)))
            assert await here.asks_for_token("jobcenter", purpose_of_use=["BTG"]) == 400
            assert await here.asks_for_token("nursing", purpose_of_use=["BTG"]) == 400, "no reason, no override"
            encounter = f"Encounter?patient={patient_of(SARAH)}"
            assert (await here.get("social", encounter)).json()["total"] == 0
            assert (await here.get("social", encounter, purpose="BTG")).json()["total"] == 1
            forbidden = consent(
                patient_of(SARAH),
                provision={
                    "purpose": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "BTG"}]
                },
            )
            assert (await here.write("psyk", forbidden)).status == 201
            here.http.world.clock.forward(1)
            assert (await here.get("social", encounter, purpose="BTG")).json()["total"] == 0
            told = await here.records(override_reason="Bevidstløs")
            assert [one.decision for one in told] == ["override", "deny"]

    run(test)
