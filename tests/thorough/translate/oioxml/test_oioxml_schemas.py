"""MedCom's own schemas as judge of what goes out, and of the letters that the other tests are made of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.errors import GatewayError, MissingField, Unavailable, UnknownEvent, UnknownSource
from gateway.translate.oioxml.language import OioXml
from gateway.translate.oioxml.out.correspondence import letters
from gateway.translate.oioxml.out.parties import Party
from gateway.translate.oioxml.out.report import answer
from tests.thorough.translate.oioxml.conftest import MAPPINGS
from tests.translate.oioxml.letters import NS_2006, correspondence, enveloped, stay_letter, written
from tests.translate.oioxml.test_oioxml_out import MESSAGE, PATIENT, TABLES
from tests.translate.oioxml.test_oioxml_report import HOSPITAL, TASK

Schemas = dict[str, etree.XMLSchema]
NOW = datetime(2025, 3, 16, 13, 20, tzinfo=UTC)


def check(schemas: Schemas, raw: bytes) -> None:
    root = etree.fromstring(raw)
    schemas[str(etree.QName(root).namespace)].assertValid(root)


LETTERS = [
    written(enveloped(stay_letter("Admission", "2025-03-12", "21:15"))),
    written(enveloped(stay_letter("Discharge", "2025-03-12", "21:15", code="uoplyst"))),
    written(enveloped(correspondence(), namespace=NS_2006)),
]


@pytest.mark.parametrize("raw", LETTERS)
def test_the_letters_of_these_tests_are_valid(schemas: Schemas, raw: bytes) -> None:
    check(schemas, raw)


@pytest.mark.parametrize("name", ["correspondence", "moved-not-discharged"])
def test_the_examples_beside_the_rules_are_valid(schemas: Schemas, name: str) -> None:
    check(schemas, (MAPPINGS / "oioxml" / "examples" / f"{name}.xml").read_bytes())


ERRORS = [None, MissingField(where="A/B", hint="C."), UnknownEvent(), UnknownSource(), Unavailable()]


@pytest.mark.parametrize("raw", LETTERS)
@pytest.mark.parametrize("error", ERRORS)
def test_every_receipt_is_valid(oioxml: OioXml, schemas: Schemas, raw: bytes, error: GatewayError | None) -> None:
    check(schemas, oioxml.accept(raw, NOW) if error is None else oioxml.refuse(raw, error, NOW))


def test_the_receipt_of_several_letters_is_valid(oioxml: OioXml, schemas: Schemas) -> None:
    letters = [stay_letter("Admission", "2025-03-12", "21:15", number=f"B{number}") for number in range(3)]
    batch = oioxml.batch(written(enveloped("".join(letters))))
    assert batch is not None
    answers = [oioxml.accept(batch.messages[0], NOW), oioxml.refuse(batch.messages[1], UnknownEvent(), NOW), b""]
    check(schemas, batch.answer(answers, NOW))


@given(names=st.lists(st.text(max_size=60), max_size=8), name=st.text(max_size=60))
def test_every_answer_to_an_admission_is_valid(schemas: Schemas, names: list[str], name: str) -> None:
    participants = [{"member": {"display": one}, "role": [{"text": one}]} for one in names]
    parts = [{"resourceType": "CareTeam", "id": "t", "status": "active", "participant": participants}]
    city = Party("5790002508226", "0101", "kommunenummer", (name, "Afdeling"))
    check(schemas, answer(TASK, parts, PATIENT, city, HOSPITAL, NOW).body)


TEXT = st.text(max_size=200)
UNIT = {"system": "http://www.gs1.org/gln", "value": "5790000120400"}
WHO = st.fixed_dictionaries({"identifier": st.just(UNIT)}, optional={"display": TEXT})


@given(
    texts=st.lists(TEXT, min_size=1, max_size=14),
    sender=WHO,
    receiver=WHO,
    topic=TEXT,
    name=st.fixed_dictionaries({"family": TEXT, "given": st.lists(TEXT, max_size=3)}),
    address=st.fixed_dictionaries({"line": st.lists(TEXT, max_size=3), "city": TEXT, "postalCode": TEXT}),
    titles=st.lists(TEXT, max_size=12),
    priority=st.sampled_from(["asap", "routine", ""]),
)
def test_every_correspondence_that_goes_out_is_valid(  # type: ignore[no-untyped-def]
    oioxml, schemas, texts, sender, receiver, topic, name, address, titles, priority
) -> None:
    files = [{"contentAttachment": {"contentType": "image/png", "title": title, "size": 5}} for title in titles]
    message = MESSAGE | {
        "sender": sender, "recipient": [receiver], "topic": {"text": topic}, "priority": priority,
        "payload": [{"contentString": text} for text in texts] + files,
    }  # fmt: skip
    raw = letters(message, PATIENT | {"name": [name], "address": [address]}, TABLES, NOW)[0].body
    check(schemas, raw)
    oioxml.translate(raw)
