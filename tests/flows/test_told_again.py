"""What a municipality was told changes, is taken back, or becomes known in another order."""

from __future__ import annotations

import base64
import re
from datetime import timedelta

import pytest

from gateway.flows.disclose import Ready, Withheld
from gateway.flows.parts import Gateway
from gateway.flows.tell_municipality import tell_municipalities
from gateway.translate.oio.walk import read
from tests.flows.conftest import House, caller
from tests.flows.consents import record_consent
from tests.flows.messages import adt, case
from tests.flows.test_looks import consent
from tests.flows.told import (
    CASE,
    GOAL,
    a01,
    a03,
    a13,
    at,
    consented,
    exports,
    goal,
    heard,
    telling,
    text_of,
    told,
)


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


def test_an_old_discharge_is_not_told_when_it_is_spoken_of_again(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await heard(gateway, CASE, a01())
        await consented(gateway, patient)
        house.clock.ahead += timedelta(days=20)
        await heard(gateway, a03())
        assert await told(gateway) == []

    telling(house).run(work)


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
