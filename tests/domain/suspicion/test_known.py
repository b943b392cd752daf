"""What ties people to a citizen: what takes place, until it is over, or until it was known not to take place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.domain.resource import Facts
from gateway.domain.suspicion.known import citizen_of
from gateway.domain.suspicion.look import Tie
from gateway.domain.when import END

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
KNOWN = BEGAN + timedelta(days=9)
HERE = "urn:x|here"


def ties(kind: str, **body: Any) -> tuple[Tie, ...]:
    facts = Facts(
        kind=kind, id="1", citizen="c", sector="municipality", source="s", data_class="social", labels=frozenset(),
        clinical=(BEGAN,), updated=KNOWN,
    )  # fmt: skip
    owners = {"s": {(HERE, "social")}}
    return citizen_of("c", [(facts, body)], str, str, lambda source: owners[source]).ties


@pytest.mark.parametrize(
    ("status", "period", "ends"),
    [
        ("active", {}, END),
        ("completed", {}, KNOWN),
        ("completed", {"end": "2026-03-05T10:00:00Z"}, datetime(2026, 3, 5, 10, tzinfo=UTC)),
        ("revoked", {}, KNOWN),
        ("entered-in-error", {"end": "2027-01-01T00:00:00Z"}, KNOWN),
        ("cancelled", {}, KNOWN),
    ],
)
def test_what_is_over_ties_nobody_for_ever(status: str, period: dict[str, str], ends: datetime) -> None:
    start = {"start": "2026-03-01T00:00:00Z"}
    assert ties("CarePlan", status=status, period=start | period) == (Tie(HERE, "", BEGAN, ends, "social"),)


def test_a_meeting_that_is_cancelled_ties_until_that_was_known() -> None:
    meeting = {"created": "2026-03-01T00:00:00Z", "end": "2026-06-01T00:00:00Z"}
    assert [one.ends for one in ties("Appointment", status="cancelled", **meeting)] == [KNOWN]
    assert [one.ends for one in ties("Appointment", status="booked", **meeting)] > [KNOWN]


SCOPE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]}
RECIPIENT = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}
JOBCENTRE = {
    "coding": [*RECIPIENT["coding"], {"system": "https://faellesplan.dk/fhir/CodeSystem/reader-role", "code": "job"}]
}
GIVEN, LAST = datetime(2026, 3, 1, 23, tzinfo=UTC), datetime(2026, 6, 30, 22, tzinfo=UTC) - timedelta(microseconds=1)


def actor(value: str, role: Any = RECIPIENT) -> dict[str, Any]:
    return {"role": role, "reference": {"identifier": {"system": "urn:x", "value": value}}}


def let_in(status: str = "active", **provision: Any) -> set[Tie]:
    """The ties of a consent of 2 March 2026 that ends with June."""
    told = {"type": "permit", "period": {"end": "2026-06-30"}, "actor": [actor("here")]} | provision
    given = {"patient": {"reference": "Patient/c"}, "dateTime": "2026-03-02", "scope": SCOPE}
    return set(ties("Consent", status=status, provision=told, **given))


def test_a_consent_ties_whom_it_names_while_it_holds() -> None:
    """An organisation or a person: a number does not tell which."""
    assert let_in() == {Tie(HERE, "", GIVEN, LAST), Tie("", HERE, GIVEN, LAST)}
    house = actor("here")
    house["reference"]["type"] = "Organization"
    assert let_in(actor=[house]) == {Tie(HERE, "", GIVEN, LAST)}
    assert let_in(actor=[actor("here", JOBCENTRE)]) == {Tie(HERE, "", GIVEN, LAST, "job")}


def test_a_consent_that_is_taken_back_ties_until_that_was_known() -> None:
    assert {one.ends for one in let_in("inactive")} == {KNOWN}
    assert {one.ends for one in let_in("entered-in-error")} == {KNOWN}


def test_what_lets_nobody_in_ties_nobody() -> None:
    assert let_in(type="deny") == set()
    assert let_in("draft") == let_in("proposed") == let_in("rejected") == set()
    assert let_in(actor=[{"role": RECIPIENT, "reference": {"reference": "Organization/unknown"}}]) == set()
    assert let_in(period={"end": "2026-02-01"}) == set(), "it was over when it was given"
    assert let_in(modifierExtension=[{"url": "urn:x", "valueBoolean": True}]) == set(), "it is not understood"
    everybody = {"type": "permit"}
    assert not ties("Consent", status="active", provision=everybody, dateTime="2026-03-02", scope=SCOPE)


def test_an_exception_of_a_denial_ties_whom_it_lets_in() -> None:
    inner = {"type": "permit", "actor": [actor("there")], "period": {"start": "2026-04-01"}}
    (one, _) = sorted(let_in(type="deny", provision=[inner]), key=lambda tie: tie.member)
    assert (one.organisation, one.begins) == ("urn:x|there", datetime(2026, 3, 31, 22, tzinfo=UTC))
    assert one.ends == LAST, "within the denial that it is an exception of"
