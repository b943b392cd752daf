"""A municipality is told of a discharge: once, by consent and law as they are when it goes out, and on record."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.errors import Refused, TooLarge
from gateway.flows.disclose import Ready, Withheld, disclosed
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive
from gateway.flows.replay import replay
from gateway.flows.tell_municipality import tell_municipalities
from tests.flows.conftest import House
from tests.flows.messages import CPR, case
from tests.flows.told import (
    CASE,
    DISCHARGE,
    SOCIAL,
    a01,
    a03,
    consented,
    exports,
    heard,
    telling,
    text_of,
    told,
    waiting,
)


def test_a_discharge_is_told_once_however_often_it_comes(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        await heard(gateway, a03())
        (first,) = await told(gateway)
        title, text = text_of(first)
        assert "afsluttet" in title
        assert "sluttede" in text
        assert isinstance(first, Ready)
        assert CPR.encode() in first.message.body
        assert b"5b0c9d2e-61c4-4e0b-9a5d-0f2b7c3e8a11" in first.message.body, "the case that it is for"
        await heard(gateway, a03(), a03(9))
        assert await told(gateway) == []
        assert await tell_municipalities(gateway) == 0
        (record,) = await exports(gateway)
        assert record["decision"] == "permit"
        assert record["citizen"] == patient
        assert record["messages"] == [first.message.message_id]
        assert record["operation"] == "tell-municipality"
        assert record["purposes"] == ["COC"]
        assert {one.split("/")[0] for one in record["resources"]} == {"Patient", "Encounter", "CarePlan"}

    telling(house).run(work)


def test_what_waits_holds_nothing_of_what_is_told(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        await heard(gateway, a03())
        assert await tell_municipalities(gateway) == 1
        (one,) = await waiting(gateway)
        for word in (CPR, "Lind", "Ask", "Psyk", "BBH", (gateway.clock() - timedelta(hours=24)).date().isoformat()):
            assert word.encode() not in one.message.body
        assert await exports(gateway) == [], "nobody looks before it goes out"

    telling(house).run(work)


def test_without_a_consent_nothing_goes_out_and_the_refusal_is_on_record(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01(), a03())
        assert await told(gateway) == [Withheld("This destination may not see it: no consent, and no law without one")]
        (record,) = await exports(gateway)
        assert (record["decision"], record["citizen"]) == ("deny", patient)
        assert record["withheld"][0][0].startswith("mappings/policy/access.csv:")
        assert "resources" not in record
        await consented(gateway, patient)
        await heard(gateway, a03(9))
        assert await told(gateway) == [], "a consent that comes later does not tell what was refused"

    telling(house).run(work)


def test_a_consent_that_is_withdrawn_while_the_receiver_is_away_holds(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        identity = await consented(gateway, patient)
        await heard(gateway, a03())
        await tell_municipalities(gateway)
        (one,) = await waiting(gateway)
        assert isinstance(await disclosed(gateway, one.message), Ready)
        await gateway.database.fetchval(
            "UPDATE resource SET body = convert_to(replace(convert_from(body, 'UTF8'), '\"status\":\"active\"',"
            " '\"status\":\"inactive\"'), 'UTF8'), digest = digest || '\\x00' WHERE kind = 'Consent' AND id = $1",
            identity,
        )
        assert isinstance(await disclosed(gateway, one.message), Withheld)
        assert [record["decision"] for record in await exports(gateway)] == ["permit", "deny"]

    telling(house).run(work)


def test_a_consent_that_leaves_psychiatry_out_tells_of_no_psychiatric_stay(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01(), a01(5, visit="V88", sender="PAS|HGH", unit="M4"))
        label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}
        await consented(gateway, patient, provision=[{"type": "deny", "securityLabel": [label]}])
        await heard(gateway, a03(), a03(6, visit="V88", sender="PAS|HGH", unit="M4"))
        found = {type(one): one for one in await told(gateway)}
        assert set(found) == {Ready, Withheld}
        assert "Psyk" not in text_of(found[Ready])[1]

    telling(house).run(work)


def test_a_consent_for_another_purpose_or_municipality_is_none(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        other = {"reference": {"identifier": {"system": "http://cvr.dk", "value": "11259979"}}}
        role = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}
        await consented(gateway, patient, actor=[{"role": role, **other}])
        await heard(gateway, a03())
        (answer,) = await told(gateway)
        assert isinstance(answer, Withheld)

    telling(house).run(work)


@pytest.mark.parametrize(
    "row",
    [
        DISCHARGE.replace(",IMP,", ",AMB,"),
        DISCHARGE.replace(",27,", ",15,"),
        DISCHARGE.replace(",14,,,", ",14,2020-01-01,2020-12-31,"),
        DISCHARGE.replace("discharge,", "goal,").replace("note", "document"),
    ],
)
def test_what_no_row_asks_for_is_not_noticed(house: House, row: str) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        await heard(gateway, a03())
        assert await told(gateway) == []
        assert await exports(gateway) == []

    telling(house, row).run(work)


def test_another_municipality_s_citizen_is_not_told_of(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        await heard(gateway, ("oio", case(owner="11259979")), a01(), a03())
        assert await told(gateway) == []

    telling(house).run(work)


def test_a_receipt_with_a_code_that_nobody_knew_counts_when_the_table_was_mended(house: House) -> None:
    async def before(gateway: Gateway) -> str:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        await heard(gateway, a03())
        (ready,) = await told(gateway)
        assert isinstance(ready, Ready)
        of = ready.message.message_id
        answer = await receive(gateway, "sf2900", receipt(of), sends=[SOCIAL])
        assert (answer.accepted, answer.status) == (False, 422)
        assert b"outcomes.csv" in answer.body
        return of

    async def after(gateway: Gateway) -> None:
        (done,) = await replay(gateway)
        assert done.error == ""
        assert await gateway.database.fetchval("SELECT state FROM outbox") == "receipted"

    def receipt(of: str) -> bytes:
        parts = f"<TransaktionsId>{of}</TransaktionsId><ModtagendeMyndighedCVR>64942212</ModtagendeMyndighedCVR>"
        return f"<Forretningskvittering>{parts}<StatusKode>77</StatusKode></Forretningskvittering>".encode()

    telling(house, more=", most: 999999").run(before)
    table = house.settings.mappings_folder / "sf2900" / "outcomes.csv"
    table.write_text(table.read_text("utf-8") + "business,77,ok,\n", "utf-8")
    house.run(after)


def test_two_nodes_tell_it_once(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        await heard(gateway, a03())
        put = await asyncio.gather(*(tell_municipalities(gateway) for _ in range(4)))
        assert sorted(put) == [0, 0, 0, 1]
        assert len(await waiting(gateway)) == 1

    telling(house).run(work)


NURSING = "discharge,koebenhavn-fordeling,note,nursing,TREAT,IMP,none,29.18.00,A26,14,,,test\n"


def test_the_municipality_s_nursing_is_told_by_law_and_of_no_case(house: House) -> None:
    """Sundhedsloven § 41: a current treatment needs it, also without a consent; the social case is another world."""

    async def work(gateway: Gateway) -> None:
        await heard(gateway, CASE, a01(), a03())
        (ready,) = await told(gateway)
        assert isinstance(ready, Ready)
        for word in (b"5b0c9d2e", b"27.57.16", b"herberg"):
            assert word not in ready.message.body
        assert b"29.18.00" in ready.message.body
        (record,) = await exports(gateway)
        assert {one.split("/")[0] for one in record["resources"]} == {"Patient", "Encounter"}
        assert record["basis"] == ["sundhedsloven § 42 a"]

    telling(house, NURSING).run(work)


def test_an_objection_holds_against_the_law_s_default(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        treat = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}]
        await consented(gateway, patient, type="deny", purpose=treat)
        await heard(gateway, a03())
        (answer,) = await told(gateway)
        assert isinstance(answer, Withheld)
        assert [record["decision"] for record in await exports(gateway)] == ["deny"]

    telling(house, NURSING).run(work)


def test_as_it_comes_nothing_is_noticed(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        await heard(gateway, CASE, a01(), a03())
        assert await gateway.database.fetchval("SELECT count(*) FROM to_tell") == 0

    house.run(work)


def test_a_row_that_is_taken_away_holds_back_what_waits(house: House) -> None:
    async def before(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        await heard(gateway, a03())
        assert await tell_municipalities(gateway) == 1

    async def after(gateway: Gateway) -> None:
        (answer,) = await told(gateway)
        assert answer == Withheld("No row of mappings/outgoing.csv sends it to this destination any more")

    telling(house).run(before)
    telling(house, DISCHARGE.replace("discharge,", "goal,")).run(after)


def test_a_node_that_stops_in_the_middle_loses_nothing_and_tells_nothing_twice(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        await heard(gateway, a03())
        noted = await gateway.database.fetch("SELECT * FROM to_tell")
        assert await tell_municipalities(gateway) == 1
        for row in noted:  # it had put the notice into the outbox and not yet said that it was done
            await gateway.database.fetchval("INSERT INTO to_tell VALUES ($1, $2, $3, $4)", *row.values())
        await gateway.database.fetchval("UPDATE to_tell SET leased_until = $1", gateway.clock() + timedelta(minutes=5))
        assert await tell_municipalities(gateway) == 0, "another node may still be at it"
        house.clock.ahead += timedelta(minutes=6)
        assert await tell_municipalities(gateway) == 0
        assert len(await waiting(gateway)) == 1
        assert await gateway.database.fetchval("SELECT count(*) FROM to_tell") == 0

    telling(house).run(work)


def test_what_is_too_large_is_refused_with_what_to_do(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        await heard(gateway, a03())
        await tell_municipalities(gateway)
        (one,) = await waiting(gateway)
        with pytest.raises(TooLarge) as caught:
            await disclosed(gateway, one.message)
        assert "SFTP" in caught.value.told()
        assert issubclass(TooLarge, Refused), "it is not tried again"

    telling(house, more=", most: 100").run(work)


def test_it_goes_to_the_municipality_that_its_row_names(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        await heard(gateway, a03())
        (ready,) = await told(gateway)
        assert isinstance(ready, Ready)
        assert (ready.message.destination, ready.message.language) == (SOCIAL, "sf2900")
        assert b"64942212" in ready.message.body
        assert b"27.57.16" in ready.message.body
        assert b"G01" in ready.message.body

    telling(house).run(work)
