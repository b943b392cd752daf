"""The official HospitalNotification samples: their facts come out right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.domain.citizen import Person
from gateway.domain.fold import fold
from gateway.domain.resource import ids
from gateway.domain.statement import Act, Verb
from gateway.errors import MissingField
from gateway.translate.fhir import parse, write_xml
from gateway.translate.translation import Translation
from tests.translate.medcom.notices import MEDCOM, SOURCE, utc

ADMISSION = "b9b4818e-02de-4cc4-b418-d20cbc399006"

# name: code, act, verb, when, who is corrected
FACTS: dict[str, tuple[str, Act, Verb, str, str]] = {
    "STIN_A": ("STIN", Act.START, Verb.ASSERT, "2023-03-01T12:00:00+01:00", ""),
    "STAA_D": ("STAA", Act.START, Verb.ASSERT, "2023-02-28T10:00:04+01:00", ""),
    "STIN_F": ("STIN", Act.START, Verb.ASSERT, "2023-03-01T12:00:00+01:00", ""),
    "STOR_F": ("STOR", Act.LEAVE, Verb.ASSERT, "2023-03-03T14:00:10+01:00", ""),
    "STIN_H": ("STIN", Act.START, Verb.ASSERT, "2023-03-01T12:00:00+01:00", ""),
    "SLHJ_H": ("SLHJ", Act.END, Verb.ASSERT, "2023-03-07T09:45:30+01:00", ""),
    "STIN_K": ("STIN", Act.START, Verb.ASSERT, "2023-03-01T12:00:00+01:00", ""),
    "MORS_K": ("MORS", Act.DIE, Verb.ASSERT, "2023-03-04T07:00:00+01:00", ""),
    "STIN_N": ("STIN", Act.START, Verb.ASSERT, "2023-03-01T12:00:00+01:00", ""),
    "AN_STIN_N": ("AN_STIN", Act.START, Verb.WITHDRAW, "2023-03-01T13:00:00+01:00", ADMISSION),
    "STIN_O": ("STIN", Act.START, Verb.ASSERT, "2023-03-01T12:00:00+01:00", ""),
    "RE_STIN_O": ("RE_STIN", Act.START, Verb.CORRECT, "2023-03-01T08:00:00+01:00", ADMISSION),
    "TEK_DUB": ("STIN", Act.START, Verb.ASSERT, "2023-03-01T12:00:00+01:00", ""),
    "TEK_ID_LOCAL": ("STIN", Act.START, Verb.ASSERT, "2023-03-01T12:00:00+01:00", ""),
}  # fmt: skip


def sample(examples: Path, name: str) -> bytes:
    return (examples / "hospital/hospitalnotification" / f"HospitalNotification_Ex_{name}.json").read_bytes()


@pytest.mark.parametrize("name", FACTS)
def test_the_facts(examples: Path, name: str) -> None:
    code, act, verb, when, corrects = FACTS[name]
    translation = MEDCOM.translate(sample(examples, name))
    patient, encounter, *asked = translation.statements
    assert [one.kind for one in asked] == (["Task"] if b"reportOfAdmissionExtension" in sample(examples, name) else [])
    assert translation.event == code
    assert (encounter.act, encounter.verb, encounter.happened, encounter.corrects) == (act, verb, utc(when), corrects)
    assert patient.key == "urn:oid:1.2.208.176.1.2|2509479989"
    assert encounter.body["serviceProvider"]["identifier"]["value"] == "265161000016000"


def test_one_message_in_json_and_xml(examples: Path) -> None:
    for name in FACTS:
        text = sample(examples, name)
        assert MEDCOM.translate(write_xml(parse(text))) == MEDCOM.translate(text)


def test_the_message_without_event_and_class_is_refused(examples: Path) -> None:
    with pytest.raises(MissingField) as caught:
        MEDCOM.translate(sample(examples, "TEK_FCC"))
    assert caught.value.where == "Bundle.entry[0].resource.eventCoding.code"


def test_one_header_id_for_many_stays(examples: Path) -> None:
    """STIN_A, TEK_DUB and TEK_ID_LOCAL share theirs, so do five other admissions: nobody's stay is lost."""
    groups = [("STIN_A", "TEK_DUB", "TEK_ID_LOCAL"), ("STIN_F", "STIN_H", "STIN_K", "STIN_N", "STIN_O")]
    for names in groups:
        found: list[Translation] = [MEDCOM.translate(sample(examples, name)) for name in names]
        assert len({one.message_id for one in found}) == 1
        assert len({one.fingerprint for one in found}) == len(names)
        assert len({one.statements[1].key for one in found}) == len(names)
        assert len({s.origin for one in found for s in one.statements}) == 3 * len(names)


def test_messages_of_one_stay_share_its_key(examples: Path) -> None:
    """Encounter.id differs in each of them."""
    for pair in (("STIN_F", "STOR_F"), ("STIN_H", "SLHJ_H"), ("STIN_K", "MORS_K"), ("STIN_N", "AN_STIN_N")):
        assert len({MEDCOM.translate(sample(examples, name)).statements[1].key for name in pair}) == 1


def test_death_under_another_class_ends_the_stay(examples: Path) -> None:
    """STIN_K is IMP, MORS_K is EMER: the episode and the provider tell that it is one stay."""
    said = [s for name in ("MORS_K", "STIN_K") for s in MEDCOM.translate(sample(examples, name)).statements]
    key = said[0].key
    (stay,) = (r for r in fold(said, Person(key, (key,)), ids(b"secret"), {SOURCE.id: SOURCE}) if r.kind == "Encounter")
    assert (stay.body["status"], stay.body["class"]["code"]) == ("finished", "IMP")
    assert stay.body["period"]["end"] == "2023-03-04T07:00:00+01:00"


def test_a_copy_with_a_new_envelope_is_the_same(examples: Path) -> None:
    text = sample(examples, "TEK_DUB")
    bundle: dict[str, Any] = parse(text)
    bundle |= {"id": "new-envelope", "timestamp": "2023-03-01T12:31:00+01:00"}
    assert MEDCOM.translate(write_xml(bundle)).fingerprint == MEDCOM.translate(text).fingerprint
