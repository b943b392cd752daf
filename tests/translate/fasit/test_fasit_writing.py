"""A journal entry as FASIT takes it: an OIO document."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from gateway.domain.identifier import X_ECPR, Identifier
from gateway.errors import MissingField, NoCitizen
from gateway.translate import xml
from gateway.translate.fasit.writing import DOCUMENT, written
from tests.translate.sf2900.test_sf2900_writing import ENTRY as NOTE
from tests.translate.sf2900.test_sf2900_writing import said

ENTRY = replace(NOTE, form="document")


def test_a_document_of_one_citizen_in_one_case() -> None:
    raw = written(ENTRY)
    assert xml.parse(raw).tag == f"{{{DOCUMENT}}}OpretInput"
    found = said(raw)
    assert base64.b64decode(found["IndholdTekst"]).decode() == ENTRY.text
    assert (found["MimetypeTekst"], found["BrevDato"]) == ("text/plain", "2026-03-01")
    assert found["Foelsomhed"] == "FOELSOMME_PERSONOPLYSNINGER"
    assert found["UUIDIdentifikator"] == ENTRY.case
    assert "urn:oio:cpr-nr:2505544849" in raw.decode()
    assert raw == written(replace(ENTRY)), "the same entry is the same bytes"


def test_it_is_open_to_the_future_and_never_till_a_day() -> None:
    assert b"9999" not in written(ENTRY)
    assert said(written(ENTRY))["GraenseIndikator"] == "true"


@pytest.mark.parametrize("missing", ["id", "title", "text"])
def test_what_is_missing_is_named(missing: str) -> None:
    with pytest.raises(MissingField) as told:
        written(replace(ENTRY, **{missing: ""}))
    assert told.value.where == f"entry.{missing}"


def test_notes_and_citizens_without_a_number_are_refused() -> None:
    with pytest.raises(MissingField, match="cannot be handed over"):
        written(NOTE)
    with pytest.raises(NoCitizen):
        written(replace(ENTRY, citizen=Identifier(X_ECPR, "0703921VJ5")))
