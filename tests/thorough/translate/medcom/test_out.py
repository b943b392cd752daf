"""Notifications that go out: they keep MedCom's rules, and read again they tell the same facts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.cli.together import folded
from gateway.domain.encounter import LEAVE
from gateway.domain.resource import ids
from gateway.domain.statement import Act, Verb
from gateway.errors import MissingField, NoCitizen, RuleBroken
from gateway.translate.fhir import parse, write_json, write_xml
from gateway.translate.fhir.message import Message
from gateway.translate.fhir.structure import structure
from gateway.translate.medcom.lifecycle import Lifecycle, read
from gateway.translate.medcom.out.course import notices
from gateway.translate.medcom.out.notice import Envelope, Notice, Said, notice
from gateway.translate.medcom.out.party import party
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from tests.acceptance.notified import course
from tests.acceptance.test_notified import came, seen
from tests.translate.medcom.notices import (
    BACK,
    CPR,
    END,
    HOSPITAL,
    LEFT,
    MEDCOM,
    OTHER_HOSPITAL,
    PROJECT,
    SOURCE,
    START,
    raw,
    resource,
    utc,
)  # fmt: skip
from tests.translate.medcom.notices import notice as given

Json = dict[str, Any]
Write = Callable[[Json], bytes]
SOR = "urn:oid:1.2.208.176.1.1"
TEAM = "953741000016009"
EPISODE = "3f0b2c4e-5d6a-4b7c-8d9e-0a1b2c3d4e5f"
SENT = utc("2025-03-16T08:00:00+01:00")


def _tables() -> tuple[Lifecycle, Any]:
    problems = Problems()
    table = read(PROJECT / "mappings/medcom/lifecycle.csv", "lifecycle.csv", problems)
    codes = Codes.read(PROJECT / "mappings/codes", problems)
    assert not problems.found
    return table, codes.tables["locations"]


TABLE, LOCATIONS = _tables()


def who(sor: str, name: str = "") -> Any:
    return party({"identifier": {"system": SOR, "value": sor}, "display": name}, LOCATIONS, "x")


ENVELOPE = Envelope(who(HOSPITAL), who(TEAM), who(HOSPITAL), SENT)
PATIENT: Json = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:x", "value": "7"}, {"system": CPR, "value": "2509479989"}],
    "name": [{"use": "official", "family": "Havmand", "given": ["Ellinor", "B."]}],
}


def stay(status: str = "in-progress", kind: str = "IMP", *, end: str = "", leave: Json | None = None) -> Json:
    return {
        "resourceType": "Encounter",
        "id": "0123456789abcdef0123456789abcdef",
        "status": status,
        "class": {"code": kind},
        "period": {"start": START} | ({"end": end} if end else {}),
        "extension": [{"url": LEAVE, "valuePeriod": leave}] if leave else [],
        "episodeOfCare": [{"identifier": {"system": f"https://sor2.sum.dsdn.dk/#id={HOSPITAL}", "value": EPISODE}}],
    }


def after(*activities: str) -> Envelope:
    said = [Said(f"m{number}", activity, SENT) for number, activity in enumerate(activities)]
    chain = [replace(one, before=said[at - 1].id if at else "", role="revision" if at else "")
             for at, one in enumerate(said)]  # fmt: skip
    return replace(ENVELOPE, earlier=tuple(chain))


STIN, STAA, STOR, SLOR = "admit-inpatient", "admit-emergency", "start-leave-inpatient", "end-leave-inpatient"
OUT = "discharge-inpatient-home"
GONE, AGAIN = {"start": LEFT}, {"start": LEFT, "end": BACK}

# code, the stay after it, the chain before it, act, verb, when (None: that of the cancellation)
TYPES: list[tuple[str, Json, Envelope, Act, Verb, str | None]] = [
    ("STAA", stay(kind="EMER"), ENVELOPE, Act.START, Verb.ASSERT, START),
    ("RE_STAA", stay(kind="EMER"), after(STAA), Act.START, Verb.CORRECT, START),
    ("AN_STAA", stay("entered-in-error", "EMER"), after(STAA), Act.START, Verb.WITHDRAW, START),
    ("STIN", stay(), ENVELOPE, Act.START, Verb.ASSERT, START),
    ("RE_STIN", stay(), after(STIN), Act.START, Verb.CORRECT, START),
    ("AN_STIN", stay("entered-in-error"), after(STIN), Act.START, Verb.WITHDRAW, START),
    ("STOR", stay("onleave", leave=GONE), after(STIN), Act.LEAVE, Verb.ASSERT, LEFT),
    ("RE_STOR", stay("onleave", leave=GONE), after(STIN, STOR), Act.LEAVE, Verb.CORRECT, LEFT),
    ("AN_STOR", stay(), after(STIN, STOR), Act.LEAVE, Verb.WITHDRAW, None),
    ("SLOR", stay(leave=AGAIN), after(STIN, STOR), Act.RETURN, Verb.ASSERT, BACK),
    ("RE_SLOR", stay(leave=AGAIN), after(STIN, STOR, SLOR), Act.RETURN, Verb.CORRECT, BACK),
    ("AN_SLOR", stay("onleave", leave=GONE), after(STIN, STOR, SLOR), Act.RETURN, Verb.WITHDRAW, LEFT),
    ("SLHJ", stay("finished", end=END), after(STIN), Act.END, Verb.ASSERT, END),
    ("SLHJ", stay("finished", "EMER", end=END), after(STAA), Act.END, Verb.ASSERT, END),
    ("RE_SLHJ", stay("finished", end=END), after(STIN, OUT), Act.END, Verb.CORRECT, END),
    ("RE_SLHJ", stay("finished", "EMER", end=END), after(STAA, OUT), Act.END, Verb.CORRECT, END),
    ("AN_SLHJ", stay(), after(STIN, OUT), Act.END, Verb.WITHDRAW, None),
    ("AN_SLHJ", stay(kind="EMER"), after(STAA, OUT), Act.END, Verb.WITHDRAW, None),
    ("MORS", stay("finished", end=END), after(STIN), Act.DIE, Verb.ASSERT, END),
    ("MORS", stay("finished", end=END), after(STIN, STOR), Act.DIE, Verb.ASSERT, END),
    ("MORS", stay("finished", end=END), ENVELOPE, Act.DIE, Verb.ASSERT, END),
    ("RE_MORS", stay("finished", end=END), after(STIN, STIN), Act.DIE, Verb.CORRECT, END),
    ("AN_MORS", stay(), after(STIN, STIN), Act.DIE, Verb.WITHDRAW, None),
    ("AN_MORS", stay("onleave", leave=GONE), after(STIN, STOR, STOR), Act.DIE, Verb.WITHDRAW, None),
]


def test_every_type_is_here() -> None:
    codes = {one.code for one in (*TABLE.activities.values(), *TABLE.death.values())}
    assert {code for code, *_ in TYPES} == codes
    assert len(codes) == 18


@pytest.mark.parametrize("write", [write_json, write_xml])
@pytest.mark.parametrize(("code", "told", "envelope", "act", "verb", "when"), TYPES)
def test_out_and_in_again(
    code: str, told: Json, envelope: Envelope, act: Act, verb: Verb, when: str | None, write: Write
) -> None:
    made = notice(code, told, PATIENT, envelope, TABLE)
    translation = MEDCOM.translate(write(made.bundle))
    patient, encounter, *_ = translation.statements
    assert (translation.event, translation.message_id) == (code, made.said.id)
    assert (encounter.act, encounter.verb) == (act, verb)
    assert encounter.happened == (utc(when) if when else SENT)
    assert encounter.corrects == ("" if verb is Verb.ASSERT else envelope.earlier[-1].id)
    assert encounter.key == f"episode|{EPISODE.replace('-', '')}"
    assert encounter.body["class"]["code"] == told["class"]["code"]
    assert encounter.body["period"]["start"] == START
    assert encounter.body["serviceProvider"]["identifier"]["value"] == HOSPITAL
    assert patient.key == f"{CPR}|2509479989"
    assert patient.body["name"] == PATIENT["name"]
    agrees = [note for note in encounter.notes if not note.startswith("the time of what is cancelled")]
    assert agrees == [], "status, class and end agree with what is told"


@pytest.mark.parametrize(("code", "told", "envelope", "act", "verb", "when"), TYPES)
def test_what_medcom_asks_for(
    code: str, told: Json, envelope: Envelope, act: Act, verb: Verb, when: str | None
) -> None:
    """What MedCom asks: both numbers, narratives, one Provenance per message, the status of the table."""
    bundle = notice(code, told, PATIENT, envelope, TABLE).bundle
    message = Message(bundle)
    assert structure(bundle) == []
    assert message.header["focus"] == [{"reference": f"Encounter/{resource(bundle, 'Encounter')['id']}"}]
    for one in message.resources():
        assert one["text"]["div"].startswith('<div xmlns="http://www.w3.org/1999/xhtml"><p>')
        assert one["meta"]["profile"][0].startswith("http://medcomfhir.dk/ig/")
    for one in message.roots["Organization"]:
        assert {number["system"] for number in one["identifier"]} == {SOR, "https://www.gs1.org/gln"}
    chain = message.roots["Provenance"]
    assert len(chain) == len(envelope.earlier) + 1
    assert chain[-1]["target"] == [{"reference": f"MessageHeader/{message.header['id']}"}]
    assert [("entity" in one) for one in chain] == [at > 0 for at in range(len(chain))]
    removal = verb is Verb.WITHDRAW
    if envelope.earlier:
        assert chain[-1]["entity"][0]["role"] == ("removal" if removal else "revision")
    encounter = resource(bundle, "Encounter")
    assert encounter["status"] == told["status"]
    assert ("end" in encounter["period"]) == (told["status"] == "finished")
    assert encounter["status"] != "onleave" or encounter["extension"][0]["valuePeriod"]["start"] == LEFT
    forbidden = {"type", "serviceType", "participant", "diagnosis", "hospitalization", "location", "statusHistory"}
    assert not forbidden & encounter.keys()
    deceased = {Act.DIE: not removal}.get(act)
    assert resource(bundle, "Patient").get("deceasedBoolean") is deceased


def test_a_library_of_others_reads_it() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fhir.resources.R4B.bundle import Bundle

    for code, told, envelope, *_ in TYPES:
        Bundle.model_validate_json(write_json(notice(code, told, PATIENT, envelope, TABLE).bundle))


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ("2025-03-10", "2025-03-10T00:00:00+01:00"),
        ("2025-07-10T08:00:00Z", "2025-07-10T10:00:00+02:00"),
        ("2024-02-29T23:30:00-02:00", "2024-03-01T02:30:00+01:00"),
    ],
)
def test_times_have_a_time_and_the_danish_zone(known: str, told: str) -> None:
    bundle = notice("STIN", stay() | {"period": {"start": known}}, PATIENT, ENVELOPE, TABLE).bundle
    assert resource(bundle, "Encounter")["period"]["start"] == told


def test_told_twice_it_is_one_message() -> None:
    first, again = (notice("STIN", stay(), PATIENT, ENVELOPE, TABLE) for _ in range(2))
    assert first == again
    other = notice("STIN", stay() | {"period": {"start": LEFT}}, PATIENT, ENVELOPE, TABLE)
    assert other.said.id != first.said.id


def test_the_report_of_admission_is_asked_for() -> None:
    made = notice("STIN", stay(), PATIENT, replace(ENVELOPE, report=True), TABLE)
    task = MEDCOM.translate(write_json(made.bundle)).statements[2]
    assert (task.act, task.body["input"][0]["valueReference"]["identifier"]["value"]) == (Act.ASK, HOSPITAL)


def test_a_provider_of_its_own_and_a_stay_without_an_episode() -> None:
    envelope = replace(ENVELOPE, provider=who(OTHER_HOSPITAL, "Afsnit 4 <psykiatri> & co"))
    bundle = notice("STIN", stay() | {"episodeOfCare": []}, PATIENT, envelope, TABLE).bundle
    encounter = MEDCOM.translate(write_xml(bundle)).statements[1]
    assert encounter.body["serviceProvider"]["display"] == "Afsnit 4 <psykiatri> & co"
    assert encounter.key == "episode|0123456789abcdef0123456789abcdef"
    assert "&lt;psykiatri&gt; &amp; co" in resource(bundle, "Organization", 2)["text"]["div"]


def test_hostile_names_stay_texts() -> None:
    name = {"family": "<script>alert(1)</script>\x0b\u202e", "given": ["&amp;", "]]>"]}
    bundle = notice("STIN", stay(), PATIENT | {"name": [name]}, ENVELOPE, TABLE).bundle
    assert "<script>" not in resource(bundle, "Patient")["text"]["div"]
    assert structure(parse(write_json(bundle))) == []
    said = MEDCOM.translate(write_json(bundle)).statements[0]
    assert said.body["name"][0]["given"] == ["&amp;", "]]>"]


def test_protected_name_and_address() -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    hidden = PATIENT | {"meta": {"security": [label]}, "address": [{"line": ["Hemmelig Vej 1"]}]}
    bundle = notice("STIN", stay(), hidden, ENVELOPE, TABLE).bundle
    assert resource(bundle, "Patient")["meta"]["security"] == [label]
    assert b"Hemmelig" not in write_json(bundle)


@pytest.mark.parametrize(
    ("code", "told", "patient", "error", "where"),
    [
        ("STIN", stay(kind="EMER"), PATIENT, RuleBroken, "Encounter.class"),
        ("STIN", stay(kind="AMB"), PATIENT, RuleBroken, "Encounter.class"),
        ("MORS", stay(kind="AMB", end=END), PATIENT, RuleBroken, "Encounter.class"),
        ("STIN", stay() | {"period": {}}, PATIENT, MissingField, "Encounter.period.start"),
        ("SLHJ", stay("finished"), PATIENT, MissingField, "Encounter.period.end"),
        ("STOR", stay("onleave"), PATIENT, MissingField, "Encounter.extension.start"),
        ("SLOR", stay(leave=GONE), PATIENT, MissingField, "Encounter.extension.end"),
        ("STIN", stay() | {"episodeOfCare": [], "id": "x"}, PATIENT, MissingField, "Encounter.episodeOfCare"),
        ("STIN", stay(), PATIENT | {"identifier": PATIENT["identifier"][:1]}, NoCitizen, "Patient.identifier"),
    ],
)
def test_what_cannot_be_told(code: str, told: Json, patient: Json, error: type[Exception], where: str) -> None:
    with pytest.raises(error) as caught:
        notice(code, told, patient, ENVELOPE, TABLE)
    assert getattr(caught.value, "where", "") == where


@pytest.mark.parametrize(
    "reference",
    [
        {},
        {"identifier": {"system": "http://cvr.dk", "value": "64942212"}},
        {"identifier": {"system": SOR, "value": "1"}},
    ],
)
def test_a_party_needs_both_numbers(reference: Json) -> None:
    with pytest.raises(MissingField) as caught:
        party(reference, LOCATIONS, "Encounter.serviceProvider")
    assert caught.value.where == "Encounter.serviceProvider.identifier"


def again(bodies: dict[str, Json], written: list[Notice], write: Write) -> dict[str, Json]:
    translations = [MEDCOM.translate(write(one.bundle)) for one in written]
    made = folded(translations, ids(b"secret"), {SOURCE.id: SOURCE})
    return {one.kind: one.body for one in made}


@pytest.mark.parametrize("seed", range(30))
def test_a_whole_stay_out_and_in_again(seed: int) -> None:
    """Stays of every shape: leaves, deaths, corrections, cancellations. What they have become is told in order."""
    told, _ = course(seed)
    bodies = came([bundle for _, _, bundle in told.sent])
    died = bodies["Patient"].get("deceasedBoolean", False)
    envelope = replace(ENVELOPE, provider=party(bodies["Encounter"]["serviceProvider"], LOCATIONS, ""))
    written = notices(bodies["Encounter"], bodies["Patient"], envelope, TABLE, died=died)
    for write in (write_json, write_xml):
        back = again(bodies, written, write)
        assert seen(back) == seen(bodies)
        for name in ("class", "episodeOfCare", "serviceProvider", "statusHistory"):
            left, right = (one["Encounter"].get(name) for one in (back, bodies))
            assert (left, name) == (right, name)


def test_what_was_only_expected_is_not_notified() -> None:
    for status in ("planned", "cancelled", "unknown"):
        assert notices(stay(status), PATIENT, ENVELOPE, TABLE) == []


def test_official_stays_out_and_in_again() -> None:
    """One stay of two leaves, as notified."""
    bundle = given()
    bodies = came([bundle])
    two = bodies["Encounter"] | {
        "extension": [{"url": LEAVE, "valuePeriod": one} for one in (AGAIN, {"start": "2025-03-14T10:00:00+01:00"})],
        "status": "onleave",
    }
    written = notices(two, bodies["Patient"], ENVELOPE, TABLE)
    assert [one.code for one in written] == ["STIN", "STOR", "SLOR", "STOR"]
    assert again(bodies, written, write_json)["Encounter"]["status"] == "onleave"
    assert raw(bundle) != write_json(written[0].bundle)
