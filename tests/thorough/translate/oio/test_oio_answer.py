"""Answers in SF1470's own words, valid against its XSD, safe on any bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.errors import (
    Contradiction,
    GatewayError,
    MissingField,
    Unavailable,
    UnknownMessage,
    UnknownSource,
    Unreadable,
    WrongType,
)  # fmt: skip
from gateway.translate.oio import Oio
from tests.translate.oio.building import OLD, UNKNOWN, actor, case, document, index, uuid, wrapped
from tests.translate.oio.cases import PROJECT, SAG, UUID, imported, states, updated

FIXTURES = sorted((PROJECT / "fixtures" / "messages" / "oio").glob("*.xml"))
NOW = datetime(2025, 3, 10, 9, tzinfo=UTC)
SD = "{urn:oio:sagdok:3.0.0}"
_DRIVER = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x">
<xs:import namespace="urn:oio:sts:sagdok:sagdokumentindeks:6" schemaLocation="SagDokumentIndeksOperationer.xsd"/>
<xs:import namespace="urn:oio:sts:sagdok:sag:6" schemaLocation="SagOperationer.xsd"/>
<xs:import namespace="urn:oio:sts:sagdok:sagindeks:6" schemaLocation="SagIndeksOperationer.xsd"/></xs:schema>"""


@pytest.fixture(scope="module")
def xsd(examples: Path) -> etree.XMLSchema:
    folder = examples / "municipal" / "xsd" / "sagdokumentindeks-6.0.STS-0"
    if not folder.is_dir():
        pytest.skip("the XSDs are not there")
    return etree.XMLSchema(etree.fromstring(_DRIVER, base_url=f"{folder}/driver.xsd"))


@pytest.mark.parametrize(
    "raw",
    [SAG.encode(), imported(SAG), updated(), *(f.read_bytes() for f in FIXTURES)],
    ids=["sag", "importer", "opdater", *(f.stem for f in FIXTURES)],
)
def test_what_we_read_in_tests_is_valid(xsd: etree.XMLSchema, raw: bytes) -> None:
    assert xsd.validate(etree.fromstring(raw)), xsd.error_log


def test_the_states_of_the_tests_are_valid(xsd: etree.XMLSchema) -> None:
    made = states(("Opstaaet", "2025-01-14T00:00:00", ""), ("Afsluttet", "2025-02-01T00:00:00", "2025-03-01T00:00:00"))
    assert made.count("<sag:Fremdrift>") == 2


@pytest.mark.parametrize("raw", [SAG.encode(), imported(SAG), imported(SAG, SAG), imported(), updated(), b"garbage"])
def test_answers_are_valid(xsd: etree.XMLSchema, oio: Oio, raw: bytes) -> None:
    for reply in (oio.accept(raw, NOW), oio.accept(raw, NOW, note="n"), oio.refuse(raw, WrongType(), NOW)):
        assert xsd.validate(etree.fromstring(reply)), xsd.error_log


def test_a_case_is_answered_by_its_uuid(oio: Oio) -> None:
    root = etree.fromstring(oio.accept(imported(SAG), NOW, note="gemt"))
    line = root.find(f"{SD}UnikRetur")
    assert root.tag == "{urn:oio:sts:sagdok:sagdokumentindeks:6}ImporterSagDokumentIndeksOutput"
    assert [part.text for part in line] == ["20", "OK", "gemt", "Sag", UUID]  # type: ignore[union-attr]


def test_documents_updates_removals_and_the_old_version_are_answered_in_kind(xsd: etree.XMLSchema, oio: Oio) -> None:
    raw = wrapped(*index(case()), document(uuid(30)))
    root = etree.fromstring(oio.accept(raw, NOW))
    assert xsd.validate(root), xsd.error_log
    assert [(line.findtext(f"{SD}Type"), line.findtext(f"{SD}UUIDIdentifikator")) for line in root] == [
        ("Sag", UUID), ("Dokument", uuid(30)),
    ]  # fmt: skip
    removal = f"<sdi:SagUuid><sd:UUIDIdentifikator>{UUID}</sd:UUIDIdentifikator></sdi:SagUuid>"
    gone = etree.fromstring(oio.accept(wrapped(removal, name="sdi:FjernSagDokumentIndeksInput"), NOW))
    assert xsd.validate(gone), xsd.error_log
    assert gone.tag.endswith("}FjernSagDokumentIndeksOutput")
    old = etree.fromstring(oio.accept(wrapped(*index(case()), version=OLD), NOW))
    assert old.tag == "{urn:oio:sts:sagdok:sagdokumentindeks:1.2.4.0}ImporterSagDokumentIndeksOutput"


def test_what_was_found_in_a_case_that_was_taken_is_told(xsd: etree.XMLSchema, oio: Oio) -> None:
    many = [actor(UNKNOWN, "Bruger", uuid(n), "N", index=str(n)) for n in range(25)]
    raw = wrapped(*index(case(*many)))
    root = etree.fromstring(oio.accept_with(raw, oio.translate(raw).findings, NOW))
    assert xsd.validate(root), xsd.error_log
    told = root.findtext(f".//{SD}DetaljeretFejlbesked", "")
    assert told.startswith(
        "ImporterSagDokumentIndeksInput/SagIndeks/Registrering/RelationListe/Sagsaktoer[3]: its role"
    )
    assert told.endswith("And 5 more.")


def test_nothing_but_a_uuid_is_repeated(oio: Oio) -> None:
    raw = imported(SAG).replace(UUID.upper().encode(), b"0108589995")
    assert b"0108589995" not in oio.refuse(raw, WrongType(), NOW)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WrongType(), "40"), (MissingField(), "40"), (Unreadable(), "40"), (UnknownSource(), "41"),
        (UnknownMessage(), "44"), (Contradiction(), "49"), (Unavailable(), "50"), (GatewayError(), "50"),
    ],
)  # fmt: skip
def test_status_codes(oio: Oio, error: GatewayError, code: str) -> None:
    root = etree.fromstring(oio.refuse(b"", error, NOW))
    assert root.tag == f"{SD}StandardRetur"
    assert root.findtext(f"{SD}StatusKode") == code


def test_a_refusal_tells_the_place(oio: Oio) -> None:
    reply = oio.refuse(SAG.encode(), MissingField(where="Sag/Registrering", hint="Send it."), NOW)
    assert "at Sag/Registrering. Send it." in etree.fromstring(reply).findtext(f"{SD}FejlbeskedTekst", "")


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(oio: Oio, raw: bytes) -> None:
    assert etree.fromstring(oio.accept(raw, NOW)) is not None
    assert etree.fromstring(oio.refuse(raw, Unreadable(), NOW)) is not None
