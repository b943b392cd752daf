"""Ydelsesindeks that is damaged, contradicts itself or means harm: a declared error with a place. And the schemas."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.errors import (
    GatewayError,
    MissingField,
    NoCitizen,
    RuleBroken,
    UnknownCode,
    UnknownMessage,
    UnknownSource,
    Unreadable,
    WrongType,
)
from gateway.translate.conformance import Profiles
from gateway.translate.door import door_of
from gateway.translate.ydelse import Ydelse
from tests.translate.invariants import broken
from tests.translate.ydelse.folding import folded, of
from tests.translate.ydelse.making import (
    COPENHAGEN,
    CPR,
    GRANT,
    OTHER_GRANT,
    OWNER,
    REDUCED,
    actor,
    amount,
    benefit,
    granted,
    imported,
    paid,
    party,
    plan,
    registered,
    wrapped,
)

NOW = datetime(2025, 5, 2, tzinfo=UTC)
EXAMPLE = Path(__file__).parents[4] / "mappings" / "ydelse" / "examples" / "reduced.xml"
UNKNOWN_ROLE = "3f0b7e4a-92f5-4d8f-8a4e-0d9d1c6a7b55"


def grant(**more: str) -> bytes:
    return imported(granted(registered(**more)))


@pytest.mark.parametrize(
    ("raw", "kind", "where"),
    [
        (b"", Unreadable, ""),
        (b"<a", Unreadable, ""),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", Unreadable, "line 1"),
        (b"<a>" * 20_000 + b"</a>" * 20_000, Unreadable, ""),
        (b'<Sag xmlns="urn:oio:sts:ydelse:x"/>', UnknownMessage, "line 1"),
        (wrapped("FjernInput", f"<sd:UUIDIdentifikator>{GRANT}</sd:UUIDIdentifikator>"), UnknownMessage, "FjernInput"),
        (wrapped("ImporterYdelseIndeksInput"), MissingField, "ImporterYdelseIndeksInput"),
        (grant(parties=""), MissingField, "Bevillingspart"),
        (grant(parties=party("urn:oio:cvr-nr:12345678")), WrongType, "Bevillingspart"),
        (grant(parties=party("urn:oio:cpr-nr:12")), WrongType, "Bevillingspart"),
        (grant(parties=party("urn:oio:fuldtnavn:Gerda")), NoCitizen, "Bevillingspart"),
        (grant(parties=party("urn:oio:cpr-nr:0000000000")), NoCitizen, "Bevillingspart"),
        (grant(parties=party(role="") + party("urn:oio:cpr-nr:2512489996", role="")), RuleBroken, "Bevillingspart[2]"),
        (grant(actors=""), MissingField, "[Ejer]"),
        (grant(actors=actor(cvr="")), MissingField, "[Ejer]"),
        (grant(actors=actor("12345678")), UnknownSource, "RelationListe"),
        (grant(actors=actor(role=UNKNOWN_ROLE) + actor("11259979", UNKNOWN_ROLE)), RuleBroken, "[Ejer]"),
        (grant(sensitivity="HEMMELIG"), UnknownCode, "Egenskaber/Foelsomhed"),
        (grant(at="i går"), WrongType, "Tidspunkt"),
        (imported(granted(registered(benefit(plans=plan("12.550,00"))))), WrongType, "Ydelsesbeloeb"),
        (imported(granted(registered(benefit(plans=plan("1e9"))))), WrongType, "Ydelsesbeloeb"),
        (imported(granted(), granted(registered(parties=party("urn:oio:cpr-nr:2512489996")), uuid=OTHER_GRANT)),
         RuleBroken, "Bevillingspart"),
    ],
)  # fmt: skip
def test_declared_errors(ydelse: Ydelse, raw: bytes, kind: type[GatewayError], where: str) -> None:
    with pytest.raises(kind) as error:
        ydelse.translate(raw)
    assert where in error.value.where
    assert CPR not in error.value.told()
    answer = etree.fromstring(ydelse.refuse(raw, error.value, NOW))
    assert answer.findtext(".//{*}StatusKode") != "20"
    assert answer.findtext(".//{*}FejlbeskedTekst") == error.value.told()


def test_roles_that_nobody_knows_do_not_matter_where_one_can_be_meant(ydelse: Ydelse) -> None:
    raw = grant(
        parties=party(role=UNKNOWN_ROLE) + party("urn:oio:cvr-nr:12345678", role=UNKNOWN_ROLE),
        actors=actor(role=UNKNOWN_ROLE) + actor(role=UNKNOWN_ROLE),
    )
    found = ydelse.translate(raw)
    assert (found.source.id, found.citizen[0].value) == ("koebenhavn-ydelse", CPR)
    told = party(role=UNKNOWN_ROLE) + party("urn:oio:cpr-nr:2512489996")
    assert ydelse.translate(grant(parties=told)).citizen[0].value == "2512489996", "the known role tells"


@pytest.mark.parametrize(
    ("urn", "value"),
    [("urn:oio:us:personid:1234567", "1234567"), ("urn:oio:udk:borgerid:123456789012", "123456789012"),
     ("urn:oio:us:borgerid:123456789012", "123456789012"), ("urn:oio:cpr-nr:010858-9995", CPR)],
)  # fmt: skip
def test_citizens_without_cpr_and_other_spellings(ydelse: Ydelse, urn: str, value: str) -> None:
    assert ydelse.translate(grant(parties=party(urn))).citizen[0].value == value


def test_an_update_must_repeat_everything(ydelse: Ydelse) -> None:
    lists = registered(benefit(REDUCED)).partition("</sd:LivscyklusKode>")[2].partition("</bi:Registrering>")[0]
    inner = (
        f"<sd:UUIDIdentifikator>{GRANT}</sd:UUIDIdentifikator>{lists}<yi:Tidspunkt>2025-05-02T09:00:00</yi:Tidspunkt>"
    )
    raw = wrapped("OpdaterYdelseIndeksInput", f"<yi:OpdaterBevillingIndeks>{inner}</yi:OpdaterBevillingIndeks>")
    assert ydelse.translate(raw).event == "Opdater"
    assert len(of("Flag", folded(ydelse, raw))) == 1
    answer = etree.fromstring(ydelse.accept(raw, NOW))
    assert etree.QName(answer).localname == "OpdaterYdelseIndeksOutput"
    part = inner.replace("AttributListe>", "Andet>")
    broken = wrapped("OpdaterYdelseIndeksInput", f"<yi:OpdaterBevillingIndeks>{part}</yi:OpdaterBevillingIndeks>")
    with pytest.raises(MissingField) as error:
        ydelse.translate(broken)
    assert error.value.where.endswith("AttributListe")


def test_a_soap_body_of_two_messages_is_refused(ydelse: Ydelse) -> None:
    one = imported().decode().partition("?>\n")[2]
    with pytest.raises(RuleBroken):
        ydelse.translate(f"<Envelope><Body>{one}{one}</Body></Envelope>".encode())


@pytest.mark.parametrize("wrapper", ["{}", "<Envelope><Header>x</Header><Body>{}</Body></Envelope>"])
def test_every_way_in_which_it_comes(ydelse: Ydelse, wrapper: str) -> None:
    one = granted(registered(benefit(REDUCED)))
    inner = one.removeprefix("<yi:BevillingIndeks>").removesuffix("</yi:BevillingIndeks>")
    registration = inner.partition("</sd:UUIDIdentifikator>")[2].removesuffix("</bi:BevillingIndeks>")
    uuid = f"<sd:UUIDIdentifikator>{GRANT}</sd:UUIDIdentifikator>"
    told = f"<yi:ObjektType>{uuid}</yi:ObjektType>{registration}"
    picture = f"<yi:FiltreretOejebliksbillede>{told}</yi:FiltreretOejebliksbillede>"
    bodies = {
        "ImporterYdelseIndeksInput": one, "ImportInput": inner, "RegistreringBesked": uuid + registration,
        "LaesOutput": picture, "ListOutput": picture,
        "FremsoegYdelseIndeksOutput": picture.replace("Filtreret", "BevillingFiltreret"),
    }  # fmt: skip
    keys = set()
    for name, body in bodies.items():
        raw = wrapped(name, body).decode().partition("?>\n")[2]
        sent = wrapper.format(raw).encode()
        assert door_of(sent) == "ydelse"
        keys.add(tuple(sorted({s.key for s in ydelse.translate(sent).statements})))
    assert len(keys) == 1


def test_its_own_door_and_not_that_of_cases() -> None:
    assert door_of(imported()) == "ydelse"
    assert door_of(b'<Registrering xmlns="urn:oio:sts:sagdok:sag:6">') == "oio"


def test_a_stamp_of_the_index_is_no_new_content(ydelse: Ydelse) -> None:
    raw = imported()
    stamped = raw.replace(
        b"<bi:AttributListe>", b"<gd:StsTidspunkt>2025-03-01T10:00:00Z</gd:StsTidspunkt><bi:AttributListe>"
    )
    assert ydelse.translate(raw).fingerprint == ydelse.translate(stamped).fingerprint
    assert ydelse.translate(raw).fingerprint != ydelse.translate(grant(reason="Ny")).fingerprint


def test_what_no_rule_reads_is_told_with_a_reason(ydelse: Ydelse) -> None:
    told = ydelse.explain(EXAMPLE.read_bytes())
    assert told.rows
    assert [row.field for row in told.unread if row.reason == "unread"] == []


def test_a_large_document_is_read_in_time(ydelse: Ydelse) -> None:
    payments = [paid(amount(number="1"), uuid=f"b1d2c7f4-3b0f-4d53-8a42-{number:012}") for number in range(500)]
    assert len(ydelse.translate(imported(*payments)).statements) == 1500


# Our own messages are valid by the schemas, so that what is tested here can be sent.


def schema(examples: Any) -> etree.XMLSchema:
    folder = examples / "municipal" / "xsd" / "ydelsesindeks-6.0.STS-0"
    return etree.XMLSchema(etree.parse(str(folder / "YdelseIndeksOperationer.xsd")))


def test_our_messages_are_valid(examples: Any) -> None:
    found = schema(examples)
    messages = {
        "example": EXAMPLE.read_bytes(),
        "grant": imported(),
        "reduced": grant(reason="Sanktion"),
        "paid": imported(paid(amount(), amount(number="2", start="", grant=""))),
        "both": imported(granted(registered(benefit(REDUCED, end="2025-12-31T00:00:00+01:00", plans=plan()))), paid()),
    }
    for name, raw in messages.items():
        found.validate(etree.fromstring(raw))
        assert not found.error_log, f"{name}: {found.error_log}"
    assert OWNER in messages["grant"].decode()
    assert COPENHAGEN in messages["paid"].decode()


def test_our_answers_are_valid(examples: Any, ydelse: Ydelse) -> None:
    found = schema(examples)
    for answer in (ydelse.accept(imported(), NOW), ydelse.refuse(imported(), UnknownSource(), NOW)):
        found.validate(etree.fromstring(answer))
        assert not found.error_log, found.error_log


PROFILES = Profiles.read()


@pytest.mark.parametrize(
    "raw",
    [
        EXAMPLE.read_bytes(),
        imported(granted(registered(benefit(plans=plan("12550.00")))), paid(amount("100.00"))),
        imported(granted(registered(benefit("K1", reason="Sanktion"), sensitivity=""))),
        imported(paid(amount("1" * 30))),
    ],
)
def test_what_is_made_conforms(ydelse: Ydelse, raw: bytes) -> None:
    for one in folded(ydelse, raw):
        body = {name: value for name, value in one.body.items() if value}  # meta is completed when it is stored
        assert [*PROFILES.check(body), *broken(PROFILES, body)] == []
