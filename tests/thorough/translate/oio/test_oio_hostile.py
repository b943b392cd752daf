"""Whatever comes: a translation, or an error with a place and without a value."""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.errors import GatewayError, Unreadable
from gateway.translate.oio import Oio
from gateway.translate.translation import Translation
from tests.translate.oio.building import OWNER, UNKNOWN, actor, case, index, note, uuid, wrapped
from tests.translate.oio.cases import SAG, imported, said

_TREE = etree.fromstring(SAG.encode())
_ELEMENTS = len(list(_TREE.iter()))
_SECRETS = ("0108589995", "Lauenborg")


def outcome(oio: Oio, raw: bytes) -> Translation | GatewayError:
    """What `translate` does; anything but these two fails the test."""
    try:
        return oio.translate(raw)
    except GatewayError as error:
        found = error
    assert not any(secret in found.told() for secret in _SECRETS)
    return found


@pytest.mark.parametrize(
    "raw",
    [
        b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><Sag>&b;</Sag>',
        b'<!DOCTYPE s SYSTEM "http://attacker.invalid/s.dtd"><Sag/>',
        b"<Sag>" * 300,
        b"<Sag>" + b"<Registrering>" * 250 + b"</Registrering>" * 250 + b"</Sag>",
        b"<Sag/>",
        b"<Sag><UUIDIdentifikator/></Sag>",
        b"<Sag>" * 20_000 + b"</Sag>" * 20_000,
        b"<SagUuid>" * 20_000,
        b"<FjernSagDokumentIndeksInput/>",
        b"<FjernSagDokumentIndeksInput><SoegUdtryk/></FjernSagDokumentIndeksInput>",
        b"<FjernSagDokumentIndeksInput><SagUuid/></FjernSagDokumentIndeksInput>",
        b"<OpdaterSagDokumentIndeksInput><OpdaterSagIndeks/></OpdaterSagDokumentIndeksInput>",
        b"<ImporterSagDokumentIndeksInput><DokumentIndeks/></ImporterSagDokumentIndeksInput>",
        b"<DokumentIndeks><UUIDIdentifikator>x</UUIDIdentifikator><Registrering/></DokumentIndeks>",
        b"<Envelope/>",
        b"<Envelope><Body/></Envelope>",
        b"<Sag><Registrering/></Sag>",
        b"",
    ],
)
def test_hostile_documents(oio: Oio, raw: bytes) -> None:
    assert isinstance(outcome(oio, raw), GatewayError)


def test_wide_documents_take_no_time(oio: Oio) -> None:
    states = "<sag:Fremdrift/>" * 20_000
    raw = SAG.replace("<sag:TilstandListe>", "<sag:TilstandListe>" + states).encode()
    assert isinstance(outcome(oio, raw), Translation)


@pytest.mark.parametrize("kind", ["actors", "notes", "registrations"])
def test_many_of_one_thing_take_no_more_than_their_number(oio: Oio, kind: str) -> None:
    """Counted, not timed: four times as many are read and folded in about four times the steps."""

    def steps(number: int) -> int:
        many = range(number)
        made = {
            "actors": lambda: case(*[actor(UNKNOWN, "Bruger", uuid(n), "N", OWNER, index=str(n)) for n in many]),
            "notes": lambda: case(*[note(str(n), "Notat", b"x") for n in many]),
            "registrations": lambda: case().replace(
                "</sag:Registrering>", "</sag:Registrering>" + _registration() * number, 1
            ),
        }[kind]()  # fmt: skip
        raw = wrapped(*index(made))
        oio.translate(raw)
        seen = 0

        def count(frame: object, event: str, arg: object) -> None:
            nonlocal seen
            seen += 1

        sys.setprofile(count)
        try:
            found = oio.translate(raw)
            said(found, "CarePlan")
            said(found, "CareTeam")
        finally:
            sys.setprofile(None)
        return seen

    assert steps(80) < 6 * steps(20)


def _registration() -> str:
    text = case()
    inner = text.partition("<sag:Registrering>")[2].partition("</sag:Registrering>")[0]
    return f"<sag:Registrering>{inner}</sag:Registrering>"


@given(st.binary(max_size=300))
def test_any_bytes(oio: Oio, raw: bytes) -> None:
    assert isinstance(outcome(oio, raw), (Translation, GatewayError))


@given(st.integers(0, len(SAG.encode()) - 1), st.integers(0, 40), st.binary(max_size=6))
def test_any_damage(oio: Oio, at: int, cut: int, put: bytes) -> None:
    raw = SAG.encode()
    outcome(oio, raw[:at] + put + raw[at + cut :])


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, _ELEMENTS - 1), st.sampled_from(["remove", "empty", "double", "text"]), st.text(max_size=12))
def test_any_element_gone_empty_twice_or_changed(oio: Oio, place: int, change: str, text: str) -> None:
    root = etree.fromstring(SAG.encode())
    element = list(root.iter())[place]
    parent = element.getparent()
    if change == "remove" and parent is not None:
        parent.remove(element)
    elif change == "double" and parent is not None:
        parent.insert(parent.index(element), etree.fromstring(etree.tostring(element)))
    elif change == "text":
        try:
            element.text = text
        except ValueError:  # control characters cannot stand in XML
            element.text = "x"
    else:
        del element[:]
        element.text = None
    outcome(oio, etree.tostring(root))


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00", "9999-12-30T23:59:59", "2025-03-10T24:00:00", "2025-13-40"])
def test_times_at_the_edge_of_the_calendar(oio: Oio, moment: str) -> None:
    outcome(oio, SAG.replace("2025-01-14T00:00:00+01:00", moment).encode())
    outcome(oio, SAG.replace("2025-03-10T09:15:00+01:00", moment).encode())


def test_an_unreadable_message_is_told_by_line(oio: Oio) -> None:
    with pytest.raises(Unreadable) as caught:
        oio.translate(SAG.replace("</sag:Titel>", "").encode())
    assert caught.value.where.startswith("line ")


def test_an_empty_import_is_an_error(oio: Oio) -> None:
    assert isinstance(outcome(oio, imported()), GatewayError)
