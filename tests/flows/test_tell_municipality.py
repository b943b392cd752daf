"""A municipality is told of a discharge: once, by consent and law as they are when it goes out, and on record."""

from __future__ import annotations

import asyncio
import base64
import re
from datetime import timedelta

import pytest

from gateway.errors import Refused, TooLarge
from gateway.flows.disclose import Ready, Withheld, disclosed
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive
from gateway.flows.record_consent import record_consent
from gateway.flows.replay import replay
from gateway.flows.tell_municipality import tell_municipalities
from gateway.translate.oio.tree import read
from tests.flows.conftest import House, caller
from tests.flows.messages import CPR, adt, case
from tests.flows.test_looks import consent
from tests.flows.told import DISCHARGE, GOAL, SOCIAL, a01, a03, a13, at, exports, goal, heard, telling, told, waiting

CASE = ("oio", case())


def text_of(ready: Ready | Withheld) -> tuple[str, str]:
    """Title and text of what goes out."""
    assert isinstance(ready, Ready), ready
    said = {node.name: node.text for node in read(ready.message.body).walk() if node.text}
    return said["Titel"], base64.b64decode(said["Notat"]).decode()


async def consented(gateway: Gateway, patient: str, **provision: object) -> str:
    """A consent to case work, written; its id."""
    served = await record_consent(gateway, caller("social"), consent(patient, **provision))
    return str(re.search(rb'"id":"([0-9a-f]{32})"', served.body)[1].decode())  # type: ignore[index]


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


def test_a_cancelled_discharge_is_told_as_a_correction_and_the_next_one_as_new(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        await heard(gateway, a03())
        (first,) = await told(gateway)
        await heard(gateway, a13())
        (second,) = await told(gateway)
        title, text = text_of(second)
        assert title.startswith("Rettelse")
        assert "gælder ikke" in text
        assert isinstance(first, Ready)
        assert isinstance(second, Ready)
        assert first.message.message_id.encode() in second.message.body
        await heard(gateway, a03(4, at(-10)))
        (third,) = await told(gateway)
        assert not text_of(third)[0].startswith("Rettelse")
        await heard(gateway, a03(5, at(-9)))
        (fourth,) = await told(gateway)
        assert text_of(fourth)[0].startswith("Rettelse"), "another end is a correction"
        ids = {one.message.message_id for one in (first, second, third, fourth) if isinstance(one, Ready)}
        assert len(ids) == 4

    telling(house).run(work)


@pytest.mark.parametrize("event", ["A11", "A23"])
def test_a_stay_that_was_an_error_is_told_as_a_correction(house: House, event: str) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        await heard(gateway, a03())
        (first,) = await told(gateway)
        assert isinstance(first, Ready)
        await heard(gateway, ("hl7v2", adt(event, 3, at(-20))))
        (second,) = await told(gateway)
        assert text_of(second)[0].startswith("Rettelse")
        assert isinstance(second, Ready)
        assert first.message.message_id.encode() in second.message.body

    telling(house).run(work)


def test_what_is_cancelled_before_it_went_out_is_never_told(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        await heard(gateway, a03())
        await tell_municipalities(gateway)
        await heard(gateway, a13())
        first, second = await told(gateway)
        assert first == Withheld("It has changed since; a later notice tells how it is")
        assert second == Withheld("There is nothing to correct: the destination was told nothing of it")
        assert await exports(gateway) == []

    telling(house).run(work)


def test_the_order_in_which_messages_come_changes_nothing(house: House) -> None:
    """The cancellation comes before what it cancels: the stay goes on, and nobody is told."""

    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE)
        await consented(gateway, patient)
        await heard(gateway, a13(), a03(), a01())
        assert [one for one in await told(gateway) if isinstance(one, Ready)] == []

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


def test_a_case_that_becomes_known_after_the_discharge_is_told_of_it(house: House) -> None:
    """The order of arrival does not matter: the case was open while the citizen was in hospital."""

    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, ("oio", case(owner="11259979")), a01())
        await record_consent(gateway, caller("frederiksberg"), consent(patient))
        await heard(gateway, a03())
        assert await told(gateway) == []
        mine = case().replace(b"5B0C9D2E", b"6C0C9D2E")
        await heard(gateway, ("oio", mine))
        (ready,) = await told(gateway)
        assert isinstance(ready, Ready)
        assert b"6c0c9d2e" in ready.message.body
        await heard(gateway, ("oio", mine.replace(b"2025-03-10T09:15", b"2025-04-10T09:15")))
        assert await told(gateway) == []

    telling(house).run(work)


def test_a_case_that_was_opened_after_the_discharge_is_not(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, ("oio", case(owner="11259979")), a01())
        await record_consent(gateway, caller("frederiksberg"), consent(patient))
        await heard(gateway, a03())
        day = (gateway.clock() - timedelta(hours=3)).strftime("%Y-%m-%d").encode()
        later = re.sub(rb"2025-0[123]-\d\d", day, case().replace(b"5B0C9D2E", b"6C0C9D2E"))
        await heard(gateway, ("oio", re.sub(rb"T00:00:00\+01:00", b"T09:00:00+01:00", later)))
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

    telling(house).run(before)
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


def test_a_goal_is_told_as_a_document_and_again_when_it_changes(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        await heard(gateway, goal())
        (first,) = await told(gateway)
        assert isinstance(first, Ready)
        assert first.message.language == "fasit"
        await heard(gateway, goal(), goal(8))
        assert await told(gateway) == []
        await heard(gateway, goal(9, "Eget hus", act="UP", hour=-3))
        (second,) = await told(gateway)
        assert isinstance(second, Ready)
        content = next(node.text for node in read(second.message.body).walk() if node.name == "IndholdTekst")
        assert "Eget hus" in base64.b64decode(content).decode()
        assert first.message.message_id.encode() in second.message.body, "it names what it corrects"
        await heard(gateway, goal(10, "Eget hus", act="DE", hour=-2))
        (third,) = await told(gateway)
        assert isinstance(third, Ready)
        assert "gælder ikke".encode() in third.message.body

    telling(house, GOAL).run(work)


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


def test_an_old_discharge_is_not_told_when_it_is_spoken_of_again(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        house.clock.ahead += timedelta(days=20)
        await heard(gateway, a03())
        assert await told(gateway) == []

    telling(house).run(work)


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


def test_a_case_that_was_closed_meanwhile_is_not_told(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        await heard(gateway, a03())
        await tell_municipalities(gateway)
        closed = case().replace(b"<sag:FremdriftStatusKode>Afgjort", b"<sag:FremdriftStatusKode>Afsluttet")
        closed = closed.replace(b"2025-03-10T09:15", b"2025-04-10T09:15")
        await heard(gateway, ("oio", closed))
        (answer,) = await told(gateway)
        assert answer == Withheld("The case was closed before it was told")

    telling(house).run(work)


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
