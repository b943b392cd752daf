"""Our cases against KOMBIT's XSDs, which are not ours to ship: what we build is valid, what is not is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from gateway.cli import translate
from gateway.errors import GatewayError
from gateway.translate.oio import Oio
from tests.cli.test_translate import run
from tests.translate.oio.building import (
    BEGUN,
    EVERY_RELATION,
    OLD,
    START,
    V6,
    case,
    document,
    index,
    properties,
    states,
    uuid,
    wrapped,
)
from tests.translate.oio.cases import SAG, UUID, files

REMOVAL = f"<sdi:SagUuid><sd:UUIDIdentifikator>{UUID}</sd:UUIDIdentifikator></sdi:SagUuid>"
CHANGE = (
    f"<sdi:OpdaterSagIndeks><sd:UUIDIdentifikator>{UUID}</sd:UUIDIdentifikator><sag:TilstandListe>"
    f"{states(('Afsluttet', START, ''))}</sag:TilstandListe><sdi:Tidspunkt>2025-04-01T08:00:00+02:00</sdi:Tidspunkt>"
    "</sdi:OpdaterSagIndeks>"
)
OLD_STATES = [*BEGUN, ("Bestilt", "2025-02-10T00:00:00+01:00", ""), ("Udfoert", "2025-03-01T00:00:00+01:00", "")]


@pytest.fixture(scope="module")
def schemas(examples: Path) -> dict[str, etree.XMLSchema]:
    """The whole service in each version: documents, and the elements that stand in extensions."""
    found = {}
    for version, folder in ((V6, "sagdokumentindeks-6.0.STS-0"), (OLD, "old/1.2.STS-4")):
        base = examples / "municipal" / "xsd" / folder
        names = {
            "sagdokumentindeks": "SagDokumentIndeksOperationer",
            "sagindeks": "SagIndeks",
            "dokumentindeks": "DokumentIndeks",
        }
        imports = "".join(
            f'<import namespace="urn:oio:sts:sagdok:{name}:{version}" schemaLocation="{file}.xsd"/>'
            for name, file in names.items()
        )
        text = f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{imports}</schema>'
        found[version] = etree.XMLSchema(etree.fromstring(text, base_url=f"{base}/all.xsd"))
    return found


def valid(schema: etree.XMLSchema, raw: bytes) -> None:
    assert schema.validate(etree.fromstring(raw)), schema.error_log


@pytest.mark.parametrize("version", [V6, OLD])
def test_what_we_build_is_valid_in_both_versions(schemas: dict[str, etree.XMLSchema], version: str) -> None:
    schema = schemas[version]
    progress = states(*(OLD_STATES if version == OLD else BEGUN))
    whole = index(case(*EVERY_RELATION, progress=progress))
    valid(schema, wrapped(*whole, document(uuid(30), version=version), version=version))
    valid(schema, wrapped(CHANGE, version=version, name="sdi:OpdaterSagDokumentIndeksInput"))
    valid(schema, wrapped(REMOVAL, version=version, name="sdi:FjernSagDokumentIndeksInput"))


MESSAGES = files("fixtures/messages/oio/*.xml", "fixtures/stories/*/*.xml", "mappings/oio/examples/*.xml")


@pytest.mark.parametrize("file", MESSAGES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_message_of_ours_is_valid_in_its_version(schemas: dict[str, etree.XMLSchema], file: Path) -> None:
    raw = file.read_bytes()
    valid(schemas[OLD if f":{OLD}".encode() in raw else V6], raw)


@pytest.mark.parametrize("file", MESSAGES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_what_the_command_writes_of_a_case_is_valid(
    schemas: dict[str, etree.XMLSchema], file: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """`gateway translate FILE --to oio`: with the case itself where the message only tells what changed of it, and with
    what the hospital tells in the same story."""
    case_ = [file.with_name("sag.xml")] if file.name == "opdater.xml" else []
    told = [one for one in sorted(file.parent.glob("*.hl7")) if file.parent.parent.name == "stories"]
    assert run(translate, *case_, file, "--to", "oio") == 0
    valid(schemas[V6], capfdbinary.readouterr().out)
    if told and file.name.startswith("01"):
        assert run(translate, file, *told, "--to", "oio") == 0
        valid(schemas[V6], capfdbinary.readouterr().out)


def test_states_of_the_old_version_are_no_states_of_the_new(schemas: dict[str, etree.XMLSchema], oio: Oio) -> None:
    """Both are read: the version of a sender is not what its systems say."""
    raw = wrapped(*index(case(progress=states(*OLD_STATES))))
    assert not schemas[V6].validate(etree.fromstring(raw))
    assert oio.translate(raw).statements


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("<sag:Registrering>", "<sag:Registreringer>", "Sag/Registrering"),
        ("FOELSOMME_PERSONOPLYSNINGER", "HEMMELIGT", "SagIndeksEgenskaber"),
        (">Afgjort<", ">Arkiveret<", "Fremdrift"),
        ("2025-03-10T09:15:00+01:00", "i går", "Sag/Registrering/Tidspunkt"),
        (f"<sd:UUIDIdentifikator>{UUID.upper()}</sd:UUIDIdentifikator>", "", "Sag/UUIDIdentifikator"),
    ],
)
def test_what_the_schema_refuses_is_refused_with_its_place(
    schemas: dict[str, etree.XMLSchema], oio: Oio, old: str, new: str, place: str
) -> None:
    """We ship no XSD: these are our own rules of shape. What is only misplaced or unknown is read past."""
    assert old in SAG
    closing = (old.replace("<", "</"), new.replace("<", "</")) if "Registrering>" in old else (old, new)
    raw = SAG.replace(old, new).replace(*closing).encode()
    assert not schemas[V6].validate(etree.fromstring(raw))
    with pytest.raises(GatewayError) as caught:
        oio.translate(raw)
    assert place in caught.value.where
    assert caught.value.status in (400, 422)


def test_what_is_more_than_the_schema_knows_is_read_past(schemas: dict[str, etree.XMLSchema], oio: Oio) -> None:
    more = SAG.replace("<sag:Titel>", "<sag:NytFelt>værdi</sag:NytFelt><sag:Titel>").encode()
    assert not schemas[V6].validate(etree.fromstring(more))
    first, second = oio.translate(SAG.encode()), oio.translate(more)
    assert [one.body for one in first.statements] == [one.body for one in second.statements]


def test_a_missing_boolean_is_not_false(schemas: dict[str, etree.XMLSchema], oio: Oio) -> None:
    told = properties(more="<sag:AfleveretIndikator>false</sag:AfleveretIndikator>")
    raw = wrapped(*index(case(attributes=told)))
    valid(schemas[V6], raw)
    bodies = [one.body for one in oio.translate(raw).statements]
    assert bodies == [one.body for one in oio.translate(wrapped(*index(case()))).statements]
