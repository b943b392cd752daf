"""What the guide demands of a case: refused with its place, or only noted where an installation says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.resource import ids
from gateway.errors import GatewayError, MissingField, NoCitizen, RuleBroken, WrongType
from gateway.translate.oio import Oio
from gateway.translate.rules.problems import MappingError
from gateway.translate.rules.sources import Sources
from tests.translate.installation import mappings
from tests.translate.oio.building import (
    BEGUN,
    OBLIGATORY,
    START,
    Relation,
    actor,
    case,
    index,
    klass,
    note,
    party,
    states,
    uuid,
    wrapped,
)
from tests.translate.oio.cases import CITIZEN

PLACE = "ImporterSagDokumentIndeksInput/SagIndeks/Registrering"
LATER = "2025-02-01T00:00:00+01:00"


def without(role: str) -> list[Relation]:
    return [one for one in OBLIGATORY if one.role != role]


def built(*more: Relation, told: list[Relation] | None = None, progress: str = "") -> bytes:
    return wrapped(*index(case(*more, told=told, progress=progress)))


UNMET: dict[str, tuple[bytes, type[GatewayError], str]] = {
    "no owner": (built(told=without("Ejer")), MissingField, "/RelationListe/Sagsaktoer[Ejer]"),
    "an owner without number": (
        built(actor("Ejer", "Organisation", uuid(1), "København"), told=without("Ejer")),
        MissingField, "/RelationListe/Sagsaktoer[2]",
    ),
    "two owners": (
        built(actor("Ejer", "Organisation", uuid(7), "Frederiksberg", "11259979")), RuleBroken,
        "/RelationListe/Sagsaktoer[3]",
    ),
    "no class": (built(told=without("PrimaerKlasse")), MissingField, "/RelationListe/Sagsklasse[PrimaerKlasse]"),
    "a class that is no KLE number": (
        built(klass("PrimaerKlasse", "Herberg", "x", uuid(3)), told=without("PrimaerKlasse")), WrongType,
        "/RelationListe/Sagsklasse[2]/LokalUdvidelseListe/SagsklasseLokalUdvidelse/BrugervendtNoegle",
    ),
    "an action as its subject": (
        built(klass("PrimaerKlasse", "G01", "Generelle sager", uuid(3)), told=without("PrimaerKlasse")), WrongType,
        "/RelationListe/Sagsklasse[2]/LokalUdvidelseListe/SagsklasseLokalUdvidelse/BrugervendtNoegle",
    ),
    "no primary party": (built(told=without("PrimaerPart")), MissingField, "/RelationListe/Sagspart[PrimaerPart]"),
    "two primary parties": (
        built(party("PrimaerPart", "urn:oio:cpr-nr:2509479989", "En anden")), RuleBroken, "/RelationListe/Sagspart[2]",
    ),
    "a company": (
        built(party("PrimaerPart", "urn:oio:cvr-nr:25313763", "ApS"), told=without("PrimaerPart")), WrongType,
        "/RelationListe/Sagspart/ReferenceID",
    ),
    "a party by UUID": (
        built(party("PrimaerPart", uuid(8), "Gerda"), told=without("PrimaerPart")), NoCitizen,
        "/RelationListe/Sagspart/ReferenceID",
    ),
    "two notes of one number": (
        built(note("1", "Samtale", b"a"), note("1", "Opkald", b"b")), RuleBroken,
        "/RelationListe/Journalpost[2]/Indeks",
    ),
    "no state": (built(progress=" "), MissingField, "/TilstandListe/Fremdrift"),
    "no Opstaaet": (built(progress=states(("Oplyst", START, ""))), MissingField, "/TilstandListe/Fremdrift"),
    "states out of order": (
        built(progress=states(("Afgjort", START, ""), ("Opstaaet", LATER, ""))), RuleBroken,
        "/TilstandListe/Fremdrift[1]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", UNMET)
def test_what_is_unmet_is_refused_with_its_place(oio: Oio, what: str) -> None:
    raw, error, place = UNMET[what]
    with pytest.raises(error) as caught:
        oio.translate(raw)
    assert caught.value.where == PLACE + place
    assert type(caught.value) is error
    told = oio.refuse(raw, caught.value, datetime(2026, 1, 1, tzinfo=UTC)).decode()
    assert place.split("[")[0] in told
    assert "0108589995" not in told


@pytest.mark.parametrize("what", ["no Opstaaet", "states out of order", "two owners", "two primary parties"])
def test_an_installation_may_take_what_the_guide_does_not(lenient: Oio, what: str) -> None:
    raw, _, place = UNMET[what]
    found = lenient.translate(raw)
    assert PLACE + place in [one.where for one in found.findings]
    assert found.statements


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Oio:
    return _with_demands(tmp_path_factory.mktemp("lenient"), lambda text: text.replace(",refuse,", ",note,"))


def _with_demands(folder: Path, edit: Callable[[str], str]) -> Oio:
    own = mappings(folder, "oio")
    file = own / "oio" / "demands.csv"
    file.write_text(edit(file.read_text("utf-8")), "utf-8")
    return Oio(own, Sources.read(own), ids(b"test"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("opstaaet,refuse", "opstaet,refuse", "opstaaet"),
        ("opstaaet,refuse", "opstaaet,ignore", "refuse or note"),
        ("demand,unmet,why", "demand,why", "header"),
    ],
)
def test_a_mistake_in_the_table_is_told_with_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(MappingError) as caught:
        _with_demands(tmp_path, lambda text: text.replace(old, new, 1))
    assert "mappings/oio/demands.csv:" in str(caught.value)
    assert told in str(caught.value)


def test_an_owner_that_followed_another_is_one_at_a_time(oio: Oio) -> None:
    before = actor("Ejer", "Organisation", uuid(7), "Frederiksberg", "11259979", end=LATER)
    now = actor("Ejer", "Organisation", uuid(1), "København", "64942212", start=LATER)
    assert oio.translate(built(before, now, told=without("Ejer"))).source.id == "koebenhavn-sag"


def test_an_effect_that_ends_before_it_begins_is_noted(oio: Oio) -> None:
    found = oio.translate(built(actor("PrimaerBehandler", "Bruger", uuid(9), "X", start=LATER, end=START)))
    assert [one.where for one in found.findings] == [f"{PLACE}/RelationListe/Sagsaktoer[3]/Virkning"]


def test_an_effect_that_never_began_counts_as_open(oio: Oio) -> None:
    raw = built().replace(
        f"<sd:FraTidspunkt><sd:TidsstempelDatoTid>{START}</sd:TidsstempelDatoTid></sd:FraTidspunkt>".encode(),
        b"<sd:FraTidspunkt><sd:GraenseIndikator>true</sd:GraenseIndikator></sd:FraTidspunkt>",
    )
    found = oio.translate(raw)
    assert f"{PLACE}/TilstandListe/Fremdrift[1]/Virkning/FraTidspunkt" in [one.where for one in found.findings]
    assert found.statements


def test_a_time_that_cannot_be_read_is_noted_and_narrows_on(oio: Oio) -> None:
    raw = built(progress=states(*BEGUN)).replace(START.encode(), b"i januar", 1)
    found = oio.translate(raw)
    assert any("cannot be read" in one.text for one in found.findings)
    assert found.statements


def test_what_is_true_of_states_does_not_rest_on_their_order_in_the_list(oio: Oio) -> None:
    raw = built(progress=states(*reversed(BEGUN)))
    assert not oio.translate(raw).findings


def test_registrations_from_when_a_case_was_about_another_are_not_this_citizens(oio: Oio) -> None:
    """A wrong CPR number was corrected: the history that comes along is about a stranger."""
    text = case()
    inner = text.partition("<sag:Registrering>")[2].partition("</sag:Registrering>")[0]
    before = inner.replace(CITIZEN, "urn:oio:cpr-nr:2509479989").replace("2025-03-10T09", "2025-02-10T09")
    both = f"<sag:Registrering>{before}</sag:Registrering><sag:Registrering>"
    found = oio.translate(wrapped(*index(text.replace("<sag:Registrering>", both, 1))))
    assert [one.value for one in found.citizen] == [CITIZEN.rpartition(":")[2]]
    assert "2509479989" not in str(found.statements)
    assert len([one for one in found.statements if one.kind == "CarePlan"]) == 1
    assert [one.where for one in found.findings] == [f"{PLACE}[1]"]


def test_notes_of_one_number_one_after_the_other_or_told_twice_are_no_two_notes(oio: Oio) -> None:
    """Of a note that was written anew the old version has ended."""
    before, now = note("1", "Samtale", b"a", end=LATER), note("1", "Samtale", b"b", start=LATER)
    for listed in ((before, now), (now, before), (now, now)):
        found = oio.translate(built(*listed))
        assert not [one for one in found.findings if "Indeks" in one.where]
        assert len({one.key for one in found.statements if one.kind == "DocumentReference"}) == 1


@pytest.mark.parametrize(
    ("spans", "clash"),
    [
        ("a1-9 a2-3 b5-6", "b5-6"), ("a1-9 b9- c-1", ""), ("a1-9 a2-3 a4-5", ""), ("b1-3 a2-9 b4-5", "a2-9 b4-5"),
        ("a- b-", "b-"), ("a-5 a3- b6-7", "b6-7"), ("a1-8 b8-9 a2-9", "b8-9"), ("a5-1 b1-9", ""),
    ],
)  # fmt: skip
def test_notes_that_are_true_at_one_time_clash_however_many_lie_between(lenient: Oio, spans: str, clash: str) -> None:
    """What it says, from which month, to which."""
    posts = []
    for span in spans.split():
        start, _, end = (f"2025-0{one}-01T00:00:00+01:00" if one else "" for one in span[1:].partition("-"))
        posts.append(note("1", span[0], b"x", start=start, end=end))
    whole = lenient.translate(built(*posts))
    places = [one.where for one in whole.findings if one.where.endswith("/Indeks")]
    numbers = [spans.split().index(one) + 1 for one in clash.split()]
    assert sorted(places) == sorted(f"{PLACE}/RelationListe/Journalpost[{one}]/Indeks" for one in numbers)


def test_thousands_of_notes_of_one_number_are_looked_through_once(lenient: Oio) -> None:
    took = []
    for times in (250, 2000):
        raw = built(*[note("1", "Samtale", b"x")] * times)
        began = time.process_time()
        lenient.translate(raw)
        took.append(time.process_time() - began)
    assert took[1] < 24 * took[0] + 0.1


def test_where_an_installation_takes_it_that_one_is_lost_is_told(lenient: Oio) -> None:
    raw, _, place = UNMET["two notes of one number"]
    assert PLACE + place in [one.where for one in lenient.translate(raw).findings]
