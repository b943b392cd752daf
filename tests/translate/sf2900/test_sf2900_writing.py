"""A journal entry as SF2900 hands it over."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import etree

from gateway.domain.identifier import CPR, CVR, SOR, X_ECPR, Identifier
from gateway.domain.journal import JournalEntry
from gateway.errors import MissingField, NoCitizen
from gateway.translate import xml
from gateway.translate.oio.party import PERSON_ID
from gateway.translate.sf2900 import names
from gateway.translate.sf2900.writing import written

ENTRY = JournalEntry(
    id="0c6f4f7e-2c0d-4b51-9d35-0a3d6f1c2b11",
    form="note",
    title="Ophold på Bispebjerg Hospital er afsluttet",
    text="Opholdet sluttede 01.03.2026 kl. 10.00.\nUdskrevet til: herberg.",
    written=datetime(2026, 3, 1, 9, tzinfo=UTC),
    citizen=Identifier(CPR, "2505544849"),
    authority=Identifier(CVR, "11259979"),
    authority_name="Frederiksberg Kommune",
    author=Identifier(SOR, "265161000016000"),
    author_name="Bispebjerg Hospital",
    case="7d1e0c3a-92b5-4f60-8c1d-3a4b5c6d7e8f",
    subject="27.57.16",
    facet="G01",
    citizen_name="Ingrid Prøve",
)


def said(raw: bytes) -> dict[str, str]:
    return {xml.local(one.tag): one.text for one in xml.parse(raw).iter() if one.text}


def test_routed_by_authority_subject_and_facet() -> None:
    found = said(written(ENTRY))
    assert found[names.AUTHORITY] == "11259979"
    assert (found[names.SUBJECT], found[names.FACET]) == ("27.57.16", "G01")
    assert (found[names.ID], found[names.CASE]) == (ENTRY.id, ENTRY.case)
    assert found["Titel"] == ENTRY.title
    assert base64.b64decode(found["Notat"]).decode() == ENTRY.text
    assert found[names.SENSITIVITY] == "FOELSOMME_PERSONOPLYSNINGER"
    assert said(written(replace(ENTRY, sensitivity="VIP_SAGER")))[names.SENSITIVITY] == "VIP_SAGER"
    assert names.CORRECTS not in found
    assert said(written(replace(ENTRY, corrects=ENTRY.case)))[names.CORRECTS] == ENTRY.case
    assert etree.QName(xml.parse(written(replace(ENTRY, form="document")))[-1]).localname == names.DOCUMENT


def test_the_same_entry_is_the_same_bytes() -> None:
    assert written(ENTRY) == written(replace(ENTRY))


@pytest.mark.parametrize(
    ("number", "urn"),
    [
        (Identifier(CPR, "2505544849"), "urn:oio:cpr-nr:2505544849"),
        (Identifier(PERSON_ID, "1234567"), "urn:oio:us:personid:1234567"),
        (Identifier(X_ECPR, "0703921VJ5"), "urn:oio:fuldtnavn:Ingrid Prøve"),
    ],
)
def test_the_citizen_is_a_urn_of_a_kind_that_there_is(number: Identifier, urn: str) -> None:
    assert urn in said(written(replace(ENTRY, citizen=number))).values()


def test_a_name_alone_finds_nobody() -> None:
    stranger = replace(ENTRY, citizen=Identifier(X_ECPR, "0703921VJ5"))
    assert "0703921VJ5" in said(written(stranger)).values(), "the number is not lost"
    with pytest.raises(NoCitizen):
        written(replace(stranger, case=""))
    with pytest.raises(NoCitizen):
        written(replace(stranger, citizen_name=""))


@pytest.mark.parametrize("missing", ["id", "subject", "facet", "title", "text"])
def test_what_is_missing_is_named(missing: str) -> None:
    with pytest.raises(MissingField) as told:
        written(replace(ENTRY, **{missing: ""}))
    assert told.value.where == f"entry.{missing}"
