"""What no rule reads is told: in what `gateway explain` lists, and as a finding where it may matter."""

from __future__ import annotations

import pytest

from gateway.translate.languages import Known
from gateway.translate.oio import Oio
from gateway.translate.oio.lora import OioJson
from gateway.translate.ydelse import Ydelse
from tests.translate.oio.building import case, index, note, wrapped
from tests.translate.oio.cases import SAG, UUID
from tests.translate.oio_json.objects import UNIT, effect, effort, raw
from tests.translate.oio_json.objects import case as lora_case
from tests.translate.ydelse.making import benefit
from tests.translate.ydelse.test_grants import grant

STRANGE = "<sdi:Fremtid><sdi:Tekst>ny i en senere version</sdi:Tekst></sdi:Fremtid>"


def told(language: Oio | Ydelse, raw: bytes) -> tuple[list[str], dict[str, str]]:
    """The places of findings that say that nothing reads them, and what explain lists as unread."""
    places = [one.where for one in language.translate(raw).findings if "nothing reads" in one.text]
    return places, {one.field: one.reason for one in language.explain(raw).unread}


def test_an_unknown_element_beside_a_case(oio: Oio) -> None:
    places, unread = told(oio, wrapped(*index(case()), STRANGE))
    assert places == ["ImporterSagDokumentIndeksInput/Fremtid"]
    assert unread["ImporterSagDokumentIndeksInput/Fremtid"] == "unread"
    assert told(oio, wrapped(*index(case()), "<sdi:Fremtid/>"))[0] == []


def test_around_an_answer_and_in_its_picture(oio: Oio) -> None:
    inner = case()
    registration = inner[inner.index("<sag:Registrering>") : inner.rindex("</sag:Sag>")]
    picture = (
        f"<sdi:SagFiltreretOejebliksbillede><sag:ObjektType><sd:UUIDIdentifikator>{UUID}</sd:UUIDIdentifikator>"
        f"</sag:ObjektType>{registration}{STRANGE}</sdi:SagFiltreretOejebliksbillede>"
    )
    returned = "<sd:StandardRetur><sd:StatusKode>20</sd:StatusKode></sd:StandardRetur><sdi:Antal>1</sdi:Antal>"
    places, unread = told(oio, wrapped(returned, picture, STRANGE, name="sdi:FremsoegSagDokumentIndeksOutput"))
    assert places == [
        "FremsoegSagDokumentIndeksOutput/SagFiltreretOejebliksbillede/Fremtid",
        "FremsoegSagDokumentIndeksOutput/Fremtid",
    ]
    assert unread["FremsoegSagDokumentIndeksOutput/StandardRetur"] == "how the index answered"


def test_the_header_of_an_envelope_is_known(oio: Oio) -> None:
    inner = wrapped(*index(case())).decode()
    soap = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><t>1</t></s:Header><s:Body>'
    places, unread = told(oio, f"{soap}{inner}</s:Body></s:Envelope>".encode())
    assert places == []
    assert unread["Envelope/Header"].startswith("about the call")


@pytest.mark.parametrize(
    ("around", "place"),
    [
        ("sag:RelationListe", "Sag/Registrering/RelationListe/Sagsbevaring"),
        ("sag:TilstandListe", "Sag/Registrering/TilstandListe/Sagsbevaring"),
        ("sag:AttributListe", "Sag/Registrering/AttributListe/Sagsbevaring"),
    ],
)
def test_an_unknown_property_state_or_relation(oio: Oio, around: str, place: str) -> None:
    strange = "<sag:Sagsbevaring><sag:Kode>1</sag:Kode></sag:Sagsbevaring>"
    places, unread = told(oio, SAG.replace(f"</{around}>", f"{strange}</{around}>").encode())
    assert places == [place]
    assert unread[f"{place.removeprefix('Sag/')}/Kode"] == "unread"


@pytest.mark.parametrize(("close", "place"), [("</sag:Registrering>", "Sag/Registrering/Ny"), ("</sag:Sag>", "Sag/Ny")])
def test_an_unknown_element_of_a_case_or_a_registration(oio: Oio, close: str, place: str) -> None:
    places, unread = told(oio, SAG.replace(close, f"<sag:Ny><sag:Kode>1</sag:Kode></sag:Ny>{close}").encode())
    assert places == [place]
    assert unread[f"{place.removeprefix('Sag/')}/Kode"] == "unread"


def test_nothing_is_said_of_what_is_read(oio: Oio) -> None:
    for sent in (SAG.encode(), wrapped(*index(case(note("1", "Samtale", b"Tekst"))))):
        assert told(oio, sent)[0] == []


def test_a_removal_that_asks_for_more_than_is_done(oio: Oio) -> None:
    whole = oio.translate(wrapped(*index(case())))
    (source,) = {one.source for one in whole.statements}
    known = {
        (source, "CarePlan", one.key): Known(whole.citizen[0], one.happened, one.recorded)
        for one in whole.statements
        if one.kind == "CarePlan"
    }
    named = f"<sdi:SagUuid><sd:UUIDIdentifikator>{UUID}</sd:UUIDIdentifikator></sdi:SagUuid>"
    for also, count in (("true", 1), ("false", 0)):
        raw = wrapped(
            f"{named}<sdi:FjernOgsaaYdelse>{also}</sdi:FjernOgsaaYdelse>", name="sdi:FjernSagDokumentIndeksInput"
        )
        found = [one.text for one in oio.translate_known(raw, known).findings]
        assert len([text for text in found if "benefits are not taken out" in text]) == count


def test_an_unknown_element_beside_a_grant(ydelse: Ydelse) -> None:
    raw = grant(benefit()).decode()
    at = raw.rindex("</")
    places, unread = told(ydelse, f"{raw[:at]}<Fremtid>ny</Fremtid>{raw[at:]}".encode())
    assert places == ["ImporterYdelseIndeksInput/Fremtid"]
    assert unread[places[0]] == "unread"


def test_an_unknown_property_of_a_grant(ydelse: Ydelse) -> None:
    raw = grant(benefit()).decode()
    close = next(one for one in ("</bi:AttributListe>", "</AttributListe>") if one in raw)
    places, _ = told(ydelse, raw.replace(close, f"<Fremtid>ny</Fremtid>{close}").encode())
    assert [one.rpartition("/")[2] for one in places] == ["Fremtid"]


def test_lora_tells_of_relations_that_it_does_not_know(lora: OioJson) -> None:
    told = lora_case(relationer__bevaring=[{"uuid": UNIT, "virkning": effect("2025-01-14")}])
    places = [one.where for one in lora.translate(raw(told)).findings if "nothing reads" in one.text]
    assert [one.rpartition(".")[2] for one in places] == ["bevaring"]


def test_lora_tells_of_what_stands_beside_its_lists(lora: OioJson) -> None:
    found = lora.translate(raw(lora_case(nytfelt={"a": "b"}))).findings
    assert [one.where.rpartition(".")[2] for one in found if "nothing reads" in one.text] == ["nytfelt"]


def test_an_effort_tells_of_relations_that_it_does_not_know(lora: OioJson) -> None:
    strange = [{"uuid": UNIT, "virkning": effect("2025-01-14")}]
    found = lora.translate(raw(effort(relationer__bevaring=strange))).findings
    assert [one.where for one in found if "nothing reads" in one.text] == ["relationer.bevaring"]
