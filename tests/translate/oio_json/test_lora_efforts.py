"""LoRa JSON, Indsats: an effort tied to its case."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.domain.identifier import CPR as CPR_SYSTEM
from gateway.domain.identifier import Identifier
from gateway.domain.plan import compose, is_intervention
from gateway.errors import MissingField, NamedByNumber, RuleBroken, UnknownCode, UnknownSource
from gateway.translate.languages import Known
from gateway.translate.oio.lora import OioJson
from tests.translate.oio_json.objects import (
    CASE,
    CPR,
    EFFORT,
    UNIT,
    case,
    effect,
    effort,
    folded,
    raw,
    state,
    to,
    told_as,
)

NOW = datetime(2025, 3, 1, 9, tzinfo=UTC)


def test_an_effort_is_an_intervention_of_its_case(lora: OioJson) -> None:
    made = folded(lora, effort(), case())
    bodies = {one["identifier"][0]["value"]: one for one in made["CarePlan"]}
    body = bodies[EFFORT]
    assert (body["title"], body["status"], body["intent"]) == ("Hjemmebesøg", "active", "order")
    assert body["period"] == {"start": "2025-02-01T12:00:00+00:00", "end": "2025-08-01T12:00:00+00:00"}
    assert body["basedOn"] == [{"reference": f"CarePlan/{bodies[CASE]['id']}"}]
    assert body["category"][0]["coding"][0] == {
        "system": "https://data.gov.dk/id/classification/KLE",
        "code": "27.36.12",
        "display": "Socialpædagogisk bistand",
    }
    assert body["subject"] == bodies[CASE]["subject"]
    assert {one.get("type") for one in body["supportingInfo"]} == {None, "Consent"}
    team = next(t for t in made["CareTeam"] if {"reference": f"CareTeam/{t['id']}"} in body["careTeam"])
    assert [m["member"]["type"] for m in team["participant"]] == ["Organization", "Practitioner"]
    assert is_intervention(body)
    joint, _ = compose([*made["CarePlan"], *made["CareTeam"]], made["Patient"][0]["id"], NOW)
    assert [one["detail"]["description"] for one in joint["activity"]] == ["Hjemmebesøg"]  # the case carries it


@pytest.mark.parametrize(
    ("code", "status", "intent"),
    [
        ("Uoplyst", "draft", "proposal"), ("Visiteret", "active", "order"), ("Disponeret", "active", "order"),
        ("Leveret", "completed", "order"), ("Vurderet", "completed", "order"),
    ],
)  # fmt: skip
def test_all_five_states(lora: OioJson, code: str, status: str, intent: str) -> None:
    (body,) = folded(lora, effort(tilstande__indsatsfremdrift=[state(code)]))["CarePlan"]
    assert (body["status"], body["intent"]) == (status, intent)
    (told,) = told_as(body, "oio-state")
    assert told["extension"][0]["valueCode"] == code


def test_of_several_states_the_furthest_that_is_in_force(lora: OioJson) -> None:
    states = [
        state("Uoplyst", "2025-01-01", "2025-01-10"),
        state("Visiteret", "2025-01-10"),
        state("Disponeret", "2025-01-12"),
        state("Leveret", "2031-01-01"),
        state("", "2025-01-15"),
    ]
    for order in (states, states[::-1], states[2:] + states[:2]):
        told = effort(tilstande__indsatsfremdrift=list(order), fratidspunkt="2025-02-01 00:00:00")
        (body,) = folded(lora, told)["CarePlan"]
        assert body["status"] == "active"
        assert len(told_as(body, "oio-state")) == 4
    with pytest.raises(UnknownCode) as error:
        lora.translate(raw(effort(tilstande__indsatsfremdrift=[state("Planlagt")])))
    assert error.value.where == "tilstande.indsatsfremdrift[0].fremdrift"


def test_an_update_keeps_what_it_does_not_tell(lora: OioJson) -> None:
    first = effort(fratidspunkt="2025-01-14 10:00:00+01")
    change = {
        "uuid": EFFORT,
        "livscykluskode": "Rettet",
        "fratidspunkt": "2025-03-01 10:00:00+01",
        "tilstande": {"indsatsfremdrift": [state("Leveret", "2025-03-01 00:00:00")]},
    }
    known = {
        ("koebenhavn-sag", "CarePlan", f"koebenhavn-sag|CarePlan|{EFFORT}"): Known(Identifier(CPR_SYSTEM, CPR), NOW)
    }
    made = folded(lora, first, change, known=known)
    assert made == folded(lora, first, change, change, first, known=known)
    (body,) = made["CarePlan"]
    assert (body["status"], body["title"]) == ("completed", "Hjemmebesøg")
    with pytest.raises(NamedByNumber):
        lora.translate(raw(change))


def test_taken_out_and_told_again(lora: OioJson) -> None:
    first, again = effort(fratidspunkt="2025-01-14 10:00:00+01"), effort(fratidspunkt="2025-05-14 10:00:00+01")
    gone = {"uuid": EFFORT, "livscykluskode": "Slettet", "attributter": {"indsatsegenskaber": []}}
    known = {
        ("koebenhavn-sag", "CarePlan", f"koebenhavn-sag|CarePlan|{EFFORT}"): Known(Identifier(CPR_SYSTEM, CPR), NOW)
    }
    assert lora.translate_known(raw(gone), known).event == "Fjern"
    assert folded(lora, first, gone, known=known)["CarePlan"][0]["status"] == "entered-in-error"
    assert folded(lora, first, gone, again, known=known)["CarePlan"][0]["status"] == "active"


def test_the_case_tells_whose_an_effort_is_that_does_not_say_so(lora: OioJson) -> None:
    told = effort(relationer__indsatsmodtager=None, relationer__indsatsaktoer=to(uuid=UNIT, objekttype="Bruger"))
    with pytest.raises(NamedByNumber) as error:
        lora.translate(raw(told))
    key = ("koebenhavn-sag", "CarePlan", f"koebenhavn-sag|CarePlan|{CASE}")
    assert key in error.value.asked
    found = lora.translate_known(raw(told), {key: Known(Identifier(CPR_SYSTEM, CPR), NOW)})
    assert found.source.id == "koebenhavn-sag"
    assert found.citizen == (Identifier(CPR_SYSTEM, CPR),)


def test_what_is_wrong_is_told_in_the_words_of_json(lora: OioJson) -> None:
    two = to(urn=f"urn:oio:cpr-nr:{CPR}") + to(urn="urn:oio:cpr-nr:2512489996")
    stranger = to(urn="urn:oio:cvr-nr:12345678")
    for told, kind, where in (
        (effort(relationer__indsatsmodtager=two), RuleBroken, "relationer.indsatsmodtager[1]"),
        (effort(relationer__indsatsaktoer=stranger), UnknownSource, "relationer.indsatsaktoer[0]"),
        (effort(tilstande=None), MissingField, "tilstande.indsatsfremdrift"),
        ({"results": [[effort(), case()]]}, RuleBroken, "results[0][0]"),
    ):
        with pytest.raises(kind) as error:
            lora.translate(raw(told))
        assert error.value.where == where
        assert CPR not in error.value.told()


def test_a_receiver_of_before_is_not_the_citizen(lora: OioJson) -> None:
    receivers = [
        {"urn": "urn:oio:cpr-nr:2512489996", "virkning": effect("2024-01-01", "2025-01-01")},
        {"urn": f"urn:oio:cpr-nr:{CPR}", "virkning": effect("2025-01-01")},
    ]
    found = lora.translate(raw(effort(relationer__indsatsmodtager=receivers)))
    assert [one.value for one in found.citizen] == [CPR]


def test_who_works_on_an_effort_is_as_sensitive_as_the_effort(lora: OioJson) -> None:
    told = effort(relationer__indsatstype=to(urn="urn:oio:kle:27.51.04"))
    told["attributter"]["indsatsegenskaber"][0]["foelsomhed"] = "VIP_SAGER"
    made = folded(lora, told)
    for body in (made["CarePlan"][0], made["CareTeam"][0]):
        assert body["category"][0]["coding"][0]["code"] == "27.51.04"
        assert [one["code"] for one in body["meta"]["security"]] == ["V"]
    silent = folded(lora, effort())
    assert [one["code"] for one in silent["CareTeam"][0]["meta"]["security"]] == ["R"]
