"""What came around a case: import, update, envelope, several registrations and cases."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.domain.identifier import Identifier
from gateway.errors import (
    RuleBroken,
    UnknownMessage,
    WrongType,
)
from gateway.translate.oio import Oio
from tests.translate.oio.cases import (
    CITIZEN,
    PROJECT,
    SAG,
    UUID,
    between,
    changed,
    imported,
    said,
    updated,
)

KLE = "https://data.gov.dk/id/classification/KLE"


# --- what came around the case


def test_import_update_and_bare_case_are_read_alike(oio: Oio) -> None:
    bare, wrapped = oio.translate(SAG.encode()), oio.translate(imported(SAG))
    assert [(s.key, s.body) for s in bare.statements] == [(s.key, s.body) for s in wrapped.statements]
    assert bare.fingerprint == wrapped.fingerprint
    assert wrapped.event == "Importer"
    change = oio.translate(updated())
    assert change.event == "Opdater"
    assert said(change, "CarePlan").happened == datetime(2025, 4, 1, 6, tzinfo=UTC)
    assert said(change, "CarePlan").body["title"] == said(bare, "CarePlan").body["title"]


def test_a_soap_envelope_is_looked_through(oio: Oio) -> None:
    inner = imported(SAG).decode().partition("\n")[2]
    soap = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>'
        + inner
        + "</s:Body></s:Envelope>"
    )
    assert oio.translate(soap.encode()).statements == oio.translate(imported(SAG)).statements


def test_a_soap_body_of_two_messages_is_refused(oio: Oio) -> None:
    """The first of them was lost without a word."""
    inner = imported(SAG).decode().partition("\n")[2]
    soap = (
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{inner}{inner}</s:Body></s:Envelope>'
    )
    with pytest.raises(RuleBroken) as error:
        oio.translate(soap.encode())
    assert error.value.where.startswith("Envelope/Body/ImporterSagDokumentIndeksInput")


def test_every_registration_is_a_statement_of_its_own(oio: Oio) -> None:
    registration = "<sag:Registrering>" + between("<sag:Registrering>", "</sag:Registrering>") + "</sag:Registrering>"
    earlier = registration.replace("2025-03-10T09:15:0", "2025-01-20T10:00:0").replace(
        between("<sag:TilstandListe>", "</sag:TilstandListe>"),
        "<sag:Fremdrift><sag:FremdriftStatusKode>Opstaaet</sag:FremdriftStatusKode></sag:Fremdrift>",
    )
    found = oio.translate(changed((registration, earlier + registration)))
    cases = [s for s in found.statements if s.kind == "CarePlan"]
    assert [s.happened.date().isoformat() for s in cases] == ["2025-01-20", "2025-03-10"]
    now, then = said(found, "CarePlan").body, said(replace(found, statements=(cases[0],)), "CarePlan").body
    assert (now["status"], then["status"]) == ("active", "draft")
    assert then["title"] == "Henvendelse om herberg"
    assert len({s.origin for s in found.statements}) == len(found.statements)


def test_several_cases_of_one_citizen_and_never_of_two(oio: Oio) -> None:
    other = SAG.replace(UUID.upper(), "6c1d0e3f-72d5-4f1c-8b6e-1a3c8d4f9b22")
    found = oio.translate(imported(SAG, other))
    assert len({s.key for s in found.statements if s.kind == "CarePlan"}) == 2
    with pytest.raises(RuleBroken):
        oio.translate(imported(SAG, other.replace(CITIZEN, "urn:oio:cpr-nr:2509479989")))
    with pytest.raises(RuleBroken):
        oio.translate(imported(SAG, other.replace("11259979", "64942212")))


def test_the_old_namespaces_mean_the_same(oio: Oio) -> None:
    old = SAG.replace("urn:oio:sts:sagdok:sag:6", "urn:oio:sts:sagdok:sag:1.2.4.0").replace(
        "sagindeks:6", "sagindeks:1.2.4.0"
    )
    assert oio.translate(old.encode()).statements == oio.translate(SAG.encode()).statements


def test_the_same_content_sent_again_is_the_same(oio: Oio) -> None:
    """Indentation, case of UUIDs and the index's own stamp are no content."""
    again = re.sub(r">\s+<", "><", SAG).replace("09:15:04.120", "11:30:00.000")
    first, second = oio.translate(SAG.encode()), oio.translate(again.encode())
    assert (first.fingerprint, first.message_id) == (second.fingerprint, second.message_id)
    assert first.fingerprint != oio.translate(changed(("Afgjort", "Afsluttet"))).fingerprint


@pytest.mark.parametrize("raw", [b"<Bevilling/>", b"<html/>", b"<FjernSagDokumentIndeksOutput/>"])
def test_other_documents_are_not_received_here(oio: Oio, raw: bytes) -> None:
    with pytest.raises(UnknownMessage):
        oio.translate(raw)


def test_printed_times_of_the_guide_are_read(oio: Oio) -> None:
    raw = changed(("2025-03-10T09:15:00+01:00", "2025-03-10 T09:15:00.234+01.00"))
    assert said(oio.translate(raw), "CarePlan").happened == datetime(2025, 3, 10, 8, 15, 0, 234000, tzinfo=UTC)
    with pytest.raises(WrongType) as caught:
        oio.translate(changed(("2025-03-10T09:15:00+01:00", "i går")))
    assert caught.value.where == "Sag/Registrering/Tidspunkt"


def test_the_fixtures_beside_the_case(oio: Oio) -> None:
    folder = PROJECT / "fixtures" / "messages" / "oio"
    imported_case = oio.translate((folder / "importer.xml").read_bytes())
    assert imported_case.source.id == "koebenhavn-sag"
    assert imported_case.citizen == (Identifier("urn:oio:us:personid", "4711008"),)
    assert "fortrolig" not in str(imported_case.statements)
    closing = said(oio.translate((folder / "opdater.xml").read_bytes()), "CarePlan").body
    assert (closing["status"], closing["period"]["end"]) == ("completed", "2025-03-28T23:59:59+01:00")


def test_a_number_that_is_no_uuid_is_told_where_it_stands(oio: Oio) -> None:
    with pytest.raises(WrongType) as told:
        oio.translate(imported(SAG.replace(UUID.upper(), "K-17").replace(UUID, "K-17")))
    assert told.value.where == "ImporterSagDokumentIndeksInput/SagIndeks/UUIDIdentifikator"
