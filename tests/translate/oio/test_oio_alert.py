"""A case whose KLE subject says that a benefit is reduced or stopped is an alert, for as long as it is decided so."""

from __future__ import annotations

import functools
import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.citizen import people
from gateway.domain.fold import fold
from gateway.domain.plan import alerts_at
from gateway.domain.resource import ids
from gateway.domain.source import Source
from gateway.domain.statement import Statement
from gateway.errors import UnknownCode
from gateway.translate.languages import Known
from gateway.translate.oio import Oio
from tests.translate.oio.building import BEGUN, OBLIGATORY, START, case, index, klass, states, uuid, wrapped
from tests.translate.oio.cases import UUID

DECIDED, OVER, LATER = "2025-02-01T00:00:00+01:00", "2025-06-01T00:00:00+02:00", "2025-07-01T00:00:00+02:00"
REDUCED, STOPPED, OTHER = "32.24.06", "32.24.07", "32.24.04"
CLOSED = [BEGUN[0], ("Afgjort", DECIDED, OVER), ("Afsluttet", OVER, "")]


def told(subject: str = REDUCED, *rows: tuple[str, str, str], moment: str = "2025-03-10T09:15:00+01:00") -> bytes:
    listed = [one for one in OBLIGATORY if one.role != "PrimaerKlasse"]
    listed.append(klass("PrimaerKlasse", subject, "Kontanthjælp", uuid(3)))
    return wrapped(*index(case(told=listed, progress=states(*(rows or BEGUN)), moment=moment)))


def update(*rows: tuple[str, str, str], moment: str = "2025-06-02T08:00:00+02:00", subject: str = "") -> bytes:
    mended = klass("PrimaerKlasse", subject, "Emne", uuid(4)).text("sag") if subject else ""
    one = (
        f"<sdi:OpdaterSagIndeks><sd:UUIDIdentifikator>{UUID}</sd:UUIDIdentifikator><sag:TilstandListe>{states(*rows)}"
        f"</sag:TilstandListe><sag:RelationListe>{mended}</sag:RelationListe><sdi:Tidspunkt>{moment}</sdi:Tidspunkt>"
        "</sdi:OpdaterSagIndeks>"
    )
    return wrapped(one, name="sdi:OpdaterSagDokumentIndeksInput")


def removal() -> bytes:
    one = f"<sdi:SagUuid><sd:UUIDIdentifikator>{UUID}</sd:UUIDIdentifikator></sdi:SagUuid>"
    return wrapped(one, name="sdi:FjernSagDokumentIndeksInput")


def said(oio: Oio, *messages: bytes) -> list[Statement]:
    """What these say, each knowing what those before it told."""
    found: list[Statement] = []
    known: dict[tuple[str, str, str], Known] = {}
    for raw in messages:
        translation = oio.translate_known(raw, known)
        found += translation.statements
        for one in translation.statements:
            if one.kind == "CarePlan":
                known[one.source, one.kind, one.key] = Known(translation.citizen[0], one.happened, one.recorded)
    return found


@functools.cache
def about(oio: Oio) -> tuple[str, Source]:
    """The key of the citizen of these cases, and the source of them all."""
    translation = oio.translate(told())
    return translation.citizen[0].key, translation.source


def alerts(statements: list[Statement], oio: Oio) -> list[dict[str, Any]]:
    key, source = about(oio)
    made = fold(statements, people({key: [key]}, [])[key], ids(b"test"), {source.id: source})
    return [one.body for one in made if one.kind == "Flag"]


@pytest.mark.parametrize(("subject", "code"), [(REDUCED, "reduced"), (STOPPED, "stopped")])
def test_a_decided_reduction_or_stop_is_an_alert(oio: Oio, subject: str, code: str) -> None:
    (flag,) = alerts(said(oio, told(subject)), oio)
    assert (flag["status"], flag["code"]["coding"][0]["code"], flag["period"]) == ("active", code, {"start": DECIDED})
    assert flag["author"]["identifier"]["value"] == "64942212"
    assert [one["coding"][0]["code"] for one in flag["category"]] == ["benefit", subject]
    assert flag["extension"][0]["valueCode"] == "FOELSOMME_PERSONOPLYSNINGER"


def test_another_case_is_none(oio: Oio) -> None:
    assert alerts(said(oio, told(OTHER)), oio) == []
    (word,) = [one for one in said(oio, told("27.51.04")) if one.kind == "Flag"]
    assert word.body["parts"] == []
    assert alerts([word], oio) == []


@pytest.mark.parametrize("code", ["Opstaaet", "Oplyst"])
def test_what_is_not_decided_is_none(oio: Oio, code: str) -> None:
    rows = [("Opstaaet", START, DECIDED), ("Oplyst", DECIDED, "")] if code == "Oplyst" else [("Opstaaet", START, "")]
    assert alerts(said(oio, told(REDUCED, *rows)), oio) == []


def test_a_closed_case_alerts_no_more(oio: Oio) -> None:
    (flag,) = alerts(said(oio, told(REDUCED, *CLOSED, moment="2025-06-02T09:15:00+02:00")), oio)
    assert flag["status"] == "inactive"
    assert flag["period"] == {"start": DECIDED, "end": "2025-05-31T23:59:59+02:00"}


def test_a_system_that_never_closes_ends_the_decision(oio: Oio) -> None:
    rows = [BEGUN[0], ("Afgjort", DECIDED, OVER)]
    (flag,) = alerts(said(oio, told(REDUCED, *rows)), oio)
    assert flag["period"]["end"] == "2025-05-31T23:59:59+02:00"


@pytest.mark.parametrize(("end", "told_end"), [(OVER, {"end": "2025-05-31T23:59:59+02:00"}), ("", {})])
def test_decided_twice_it_is_from_the_first_to_the_last(oio: Oio, end: str, told_end: dict[str, str]) -> None:
    opened, again = "2025-03-01T00:00:00+01:00", "2025-04-01T00:00:00+02:00"
    rows = [BEGUN[0], ("Afgjort", DECIDED, opened), ("Opstaaet", opened, again), ("Afgjort", again, end)]
    for one in (rows, [*rows[2:], *rows[:2]]):
        (flag,) = alerts(said(oio, told(REDUCED, *one)), oio)
        assert flag["period"] == {"start": DECIDED} | told_end


def test_an_update_of_the_state_alone_reaches_the_alert(oio: Oio) -> None:
    """It does not say what the case is about."""
    statements = said(oio, told(), update(("Afsluttet", OVER, "")))
    (flag,) = alerts(statements, oio)
    assert flag["status"] == "inactive"


def test_an_update_of_another_case_makes_no_alert(oio: Oio) -> None:
    assert alerts(said(oio, told(OTHER), update(("Afsluttet", OVER, ""))), oio) == []


def test_it_goes_with_its_case(oio: Oio) -> None:
    (flag,) = alerts(said(oio, told(), removal()), oio)
    assert flag["status"] == "entered-in-error"
    assert alerts(said(oio, told(OTHER), removal()), oio) == []


@pytest.mark.parametrize("mended", [OTHER, "27.51.04", "15.20.00"])
@pytest.mark.parametrize("subject", [REDUCED, STOPPED])
def test_a_case_that_turns_out_to_be_of_another_subject_is_none(oio: Oio, subject: str, mended: str) -> None:
    """Whichever of the two words comes first."""
    later = told(mended, moment="2025-03-11T09:15:00+01:00")
    statements = said(oio, told(subject), later)
    assert alerts(statements, oio) == alerts(statements[::-1], oio) == []
    assert alerts(said(oio, later), oio) == []


@pytest.mark.parametrize("mended", [OTHER, "27.51.04"])
def test_an_update_may_tell_another_subject(oio: Oio, mended: str) -> None:
    """It goes without a finding: that a case alerts to nothing is nothing to tell its sender."""
    changed = update(subject=mended)
    statements = said(oio, told(), changed)
    assert alerts(statements, oio) == alerts(statements[::-1], oio) == []
    back = said(oio, told(), update(("Afsluttet", OVER, ""), subject=mended), update(subject=REDUCED, moment=LATER))
    (flag,) = alerts(back, oio)
    assert flag["status"] == "inactive", "the update of another subject told the state too"
    assert alerts(back[::-1], oio) == [flag]
    first = oio.translate(told())
    known = {
        (one.source, one.kind, one.key): Known(first.citizen[0], one.happened, one.recorded) for one in first.statements
    }
    assert not [one for one in oio.translate_known(changed, known).findings if "benefit-alert" in one.text]


@pytest.mark.parametrize("code", [REDUCED, STOPPED])
def test_an_update_of_the_subject_alone_makes_a_decided_case_alert_at_once(oio: Oio, code: str) -> None:
    """The state was told with the case; whichever of the two words comes first."""
    statements = said(oio, told(OTHER), update(subject=code))
    (flag,) = alerts(statements, oio)
    assert (flag["status"], flag["code"]["coding"][0]["code"]) == (
        "active",
        "reduced" if code == REDUCED else "stopped",
    )
    assert (flag["period"], flag["author"]["identifier"]["value"]) == ({"start": DECIDED}, "64942212")
    assert flag["extension"][0]["valueCode"] == "FOELSOMME_PERSONOPLYSNINGER"
    assert alerts(statements[::-1], oio) == [flag]
    mended = said(oio, told(OTHER), update(subject=code), update(subject=OTHER, moment=LATER))
    assert alerts(mended, oio) == alerts(mended[::-1], oio) == []
    ended = said(oio, told(OTHER), update(("Afsluttet", OVER, "")), update(subject=code, moment=LATER))
    assert [one["status"] for one in alerts(ended, oio)] == ["inactive"]


def test_the_order_of_arrival_never_matters(oio: Oio) -> None:
    mended = told("27.51.04", moment="2025-06-20T08:00:00Z")
    again = told(STOPPED, moment="2025-07-01T08:00:00Z")
    statements = said(oio, told(), update(("Afsluttet", OVER, "")), removal(), mended, again)
    once = alerts(statements, oio)
    assert once[0]["code"]["coding"][0]["code"] == "stopped"
    origins = list(dict.fromkeys(one.origin.rpartition("/")[0] for one in statements))
    for some in itertools.permutations(origins):
        mixed = [one for origin in some for one in statements if one.origin.startswith(f"{origin}/")]
        assert alerts(mixed, oio) == once


@pytest.mark.parametrize(
    "message", [told(REDUCED, *BEGUN, ("Vedtaget", DECIDED, "")), update(("Vedtaget", DECIDED, ""))]
)
def test_a_state_that_is_in_no_table_is_told_from_the_table_of_cases(oio: Oio, message: bytes) -> None:
    """An alert has a table of states too; who reads the refusal has a case with a wrong state and no alert."""
    before = said_known(oio)
    with pytest.raises(UnknownCode) as caught:
        oio.translate_known(message, before)
    assert caught.value.hint.startswith("Table oio-fremdrift, rule mappings/oio/careplan.yaml:")


def said_known(oio: Oio) -> dict[tuple[str, str, str], Known]:
    """What is known of the case once it has begun."""
    found = oio.translate(told())
    one = next(one for one in found.statements if one.kind == "CarePlan")
    return {(one.source, one.kind, one.key): Known(found.citizen[0], one.happened, one.recorded)}


def test_a_decision_that_was_registered_ahead_alerts_before_it_begins(oio: Oio) -> None:
    """That is when something can be done about it: it was no alert, and never became one."""
    ahead = "2025-09-01T00:00:00+02:00"
    (flag,) = alerts(said(oio, told(REDUCED, ("Opstaaet", START, ahead), ("Afgjort", ahead, ""))), oio)
    assert (flag["status"], flag["period"]) == ("active", {"start": ahead})
    both = [dict(flag, resourceType="Flag")]
    assert all(alerts_at(one, datetime(2025, month, 1, tzinfo=UTC)) for one in both for month in (4, 10))
