"""Operations on one object: Opret is read, what Laes and List answer too; what nothing public defines is refused."""

from __future__ import annotations

import uuid as uuids
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from gateway.errors import GatewayError, MissingField, UnknownMessage
from gateway.translate.fasit.writing import DOCUMENT, SAGDOK
from gateway.translate.oio import Oio
from tests.translate.oio.building import START, case, document, index, states, uuid, wrapped
from tests.translate.oio.cases import UUID, said

NOW = datetime(2026, 6, 1, tzinfo=UTC)
_DRIVER = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x">
<xs:import namespace="urn:oio:sts:sagdok:sag:6" schemaLocation="SagOperationer.xsd"/>
<xs:import namespace="urn:oio:sts:sagdok:sagindeks:6" schemaLocation="SagIndeksOperationer.xsd"/>
<xs:import namespace="urn:oio:sts:sagdok:dokumentindeks:6" schemaLocation="DokumentIndeksOperationer.xsd"/>
</xs:schema>"""


@pytest.fixture(scope="module")
def xsd(examples: Path) -> etree.XMLSchema:
    folder = examples / "municipal" / "xsd" / "sagdokumentindeks-6.0.STS-0"
    return etree.XMLSchema(etree.fromstring(_DRIVER, base_url=f"{folder}/driver.xsd"))


def lists(of: str, prefix: str) -> str:
    """What stands in a registration behind its times."""
    inner = of.partition(f"<{prefix}:AttributListe>")[2].partition(f"</{prefix}:Registrering>")[0]
    return f"<{prefix}:AttributListe>{inner}"


def number_of(oio: Oio, raw: bytes) -> str:
    """The UUID by which its case is known."""
    return said(oio.translate(raw), "CarePlan").key.rpartition("|")[2]


CREATED = wrapped(lists(case(), "sag"), name="sag:OpretInput")
DOCUMENTED = wrapped(lists(document(uuid(30)), "di"), name="di:OpretInput")


def picture(number: str = UUID) -> str:
    registration = "<sag:Registrering>" + case().partition("<sag:Registrering>")[2].removesuffix("</sag:Sag>")
    return (
        f"<sag:FiltreretOejebliksbillede><sag:ObjektType><sd:UUIDIdentifikator>{number}</sd:UUIDIdentifikator>"
        f"</sag:ObjektType>{registration}</sag:FiltreretOejebliksbillede>"
    )


def test_opret_is_a_case_with_a_number_of_our_own(oio: Oio, xsd: etree.XMLSchema) -> None:
    assert xsd.validate(etree.fromstring(CREATED)), xsd.error_log
    made = oio.translate(CREATED)
    plan = said(made, "CarePlan")
    assert (made.event, made.sent) == ("Opret", datetime(2025, 1, 31, 23, tzinfo=UTC)), "its newest effect"
    assert plan.body["status"] == "active"
    (official,) = [one["value"] for one in plan.body["identifier"] if one["use"] == "official"]
    assert uuids.UUID(official).version == 5
    assert said(oio.translate(CREATED), "CarePlan").key == plan.key


def test_another_owner_or_key_is_another_case(oio: Oio) -> None:
    one = number_of(oio, CREATED)
    other = number_of(oio, CREATED.replace(b">K-1<", b">K-2<"))
    moved = number_of(oio, CREATED.replace(b">64942212<", b">11259979<"))
    assert len({one, other, moved}) == 3


def test_the_answer_tells_the_number(oio: Oio, xsd: etree.XMLSchema) -> None:
    for raw in (CREATED, CREATED.replace(b"BrugervendtNoegle>K-1<", b"BrugervendtNoegle><"), DOCUMENTED):
        for answer in (oio.accept(raw, NOW), oio.refuse(raw, MissingField(), NOW)):
            assert xsd.validate(etree.fromstring(answer)), xsd.error_log
    root = etree.fromstring(oio.accept(CREATED, NOW))
    assert etree.QName(root).localname == "OpretOutput"
    number = root.findtext("{*}UUIDIdentifikator")
    assert number == number_of(oio, CREATED)
    assert etree.fromstring(oio.refuse(CREATED, MissingField(), NOW)).find("{*}UUIDIdentifikator") is None


def test_what_names_itself_in_no_way_or_never_begins_is_refused(oio: Oio) -> None:
    nameless = CREATED.replace(b"<sag:BrugervendtNoegle>K-1</sag:BrugervendtNoegle>", b"")
    with pytest.raises(MissingField) as caught:
        oio.translate(nameless)
    assert caught.value.where == "OpretInput/AttributListe/Egenskaber/BrugervendtNoegle"
    with pytest.raises(MissingField) as caught:
        oio.translate(CREATED.replace(b"TidsstempelDatoTid", b"Ukendt"))
    assert caught.value.where.endswith("Egenskaber/Virkning")


def test_a_document_by_opret_needs_its_case(oio: Oio, xsd: etree.XMLSchema) -> None:
    """It names no citizen: whoever knows its number can tell, and a new one nobody knows."""
    assert xsd.validate(etree.fromstring(DOCUMENTED)), xsd.error_log
    with pytest.raises(GatewayError) as caught:
        oio.translate(DOCUMENTED)
    assert caught.value.status == 422


def test_what_the_index_answers_is_read(oio: Oio) -> None:
    retur = "<sd:StandardRetur><sd:StatusKode>20</sd:StatusKode></sd:StandardRetur>"
    whole = oio.translate(
        wrapped(case(), name="sdi:ImporterSagDokumentIndeksInput").replace(b"sag:Sag>", b"sdi:SagIndeks>")
    )
    for name in ("sag:LaesOutput", "sag:ListOutput"):
        found = oio.translate(wrapped(retur, picture(), name=name))
        assert [one.body for one in found.statements] == [one.body for one in whole.statements]
    with pytest.raises(MissingField):
        oio.translate(wrapped(retur, name="sag:LaesOutput"))


@pytest.mark.parametrize("name", ["RetInput", "PassiverInput", "KasserInput"])
def test_what_nothing_public_defines_is_refused_and_says_what_to_send(oio: Oio, name: str) -> None:
    raw = wrapped(f"<sd:UUIDIdentifikator>{UUID}</sd:UUIDIdentifikator>", name=f"sag:{name}")
    with pytest.raises(UnknownMessage) as caught:
        oio.translate(raw)
    assert caught.value.where == name
    assert "Input" in caught.value.hint
    assert etree.fromstring(oio.refuse(raw, caught.value, NOW)).findtext("{*}StatusKode") == "44"


def test_the_old_document_is_refused_by_name(oio: Oio) -> None:
    raw = (
        f'<dok:OpretInput xmlns:dok="{DOCUMENT}" xmlns:sd="{SAGDOK}">'
        "<dok:RelationListe><dok:Parter/></dok:RelationListe></dok:OpretInput>"
    )
    with pytest.raises(UnknownMessage, match=r"OIO Dokument 2\.0\.0"):
        oio.translate(raw.encode())


def test_a_later_state_comes_by_update(oio: Oio) -> None:
    """The number that the answer told is what an update names it by."""
    number = number_of(oio, CREATED)
    known = oio.translate(CREATED)
    one = (
        f"<sdi:OpdaterSagIndeks><sd:UUIDIdentifikator>{number}</sd:UUIDIdentifikator><sag:TilstandListe>"
        f"{states(('Afsluttet', START, ''))}</sag:TilstandListe>"
        "<sdi:Tidspunkt>2025-04-01T08:00:00+02:00</sdi:Tidspunkt></sdi:OpdaterSagIndeks>"
    )
    with pytest.raises(GatewayError) as caught:
        oio.translate(wrapped(one, name="sdi:OpdaterSagDokumentIndeksInput"))
    assert any(key[2] == said(known, "CarePlan").key for key in caught.value.asked)  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", ["Passiveret", "Slettet"])
def test_a_life_cycle_that_is_no_state_is_told(oio: Oio, code: str) -> None:
    """SF1470's guide has Importeret alone since 1.7; read as a state it would close cases that go on."""
    plain, marked = (wrapped(*index(case())).replace(b"Importeret", one.encode()) for one in ("Importeret", code))
    assert [one.body for one in oio.translate(marked).statements] == [
        one.body for one in oio.translate(plain).statements
    ]
    places = [one.where for one in oio.translate(marked).findings]
    assert places == ["ImporterSagDokumentIndeksInput/SagIndeks/Registrering/LivscyklusKode"]
    assert oio.translate(plain).findings == ()


@pytest.mark.parametrize("wrapper", ["Dokument", "ImportInput", "OpretInput"])
def test_an_oio_dokument_2_0_0_is_refused_as_such_in_any_wrapper(oio: Oio, wrapper: str) -> None:
    owner = "<Ejer><ReferenceID><URNIdentifikator>urn:oio:cvr-nr:64942212</URNIdentifikator></ReferenceID></Ejer>"
    lists = f"<RelationListe>{owner}</RelationListe>"
    whole = f"<Dokument><UUIDIdentifikator>{UUID}</UUIDIdentifikator><Registrering>{lists}</Registrering></Dokument>"
    inner = lists if wrapper == "OpretInput" else whole
    raw = inner if wrapper == "Dokument" else f"<{wrapper}>{inner}</{wrapper}>"
    with pytest.raises(UnknownMessage, match=r"2\.0\.0"):
        oio.translate(raw.encode())
