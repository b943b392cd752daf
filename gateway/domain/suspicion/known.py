"""What is known of a citizen that the detection may use: made from the resources there are, and no content of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime

from gateway.domain.identifier import normal
from gateway.domain.resource import Facts
from gateway.domain.security_label import PROTECTED_ADDRESS
from gateway.domain.statement import Body
from gateway.domain.suspicion.consented import consented
from gateway.domain.suspicion.look import Citizen, Tie
from gateway.domain.team import memberships
from gateway.domain.when import BEGINNING, END, instant, last_instant

KINDS = ("Patient", "RelatedPerson", "Encounter", "EpisodeOfCare", "CarePlan", "CareTeam", "Appointment", "Consent")
"""The resources that tell who a citizen is and who has to do with the citizen."""

Person = Callable[[str], str]
"""Identifier key → how the person stands in the access log."""
Key = Callable[[str], str]
"""A text → a keyed hash of it."""
Organisations = Callable[[str], Collection[tuple[str, str]]]
"""Source id → whose own it is: identifier keys, each with a role, "" for any."""

_NEVER = ("entered-in-error", "cancelled", "noshow")  # it does not take place: a tie until that became known
_OVER = ("finished", "completed", "revoked", "inactive", "fulfilled")


def citizen_of(
    identity: str, there: Iterable[tuple[Facts, Body]], person: Person, key: Key, whose: Organisations, *,
    known: Collection[str] = (),
) -> Citizen:  # fmt: skip
    """One citizen, from all resources of KINDS. `known` are the persons whom everybody has heard of."""
    bodies = list(there)
    patients = [(facts, body) for facts, body in bodies if facts.kind == "Patient"]
    kin = [body for facts, body in bodies if facts.kind == "RelatedPerson"]
    numbers = {one for _, body in patients for one in _persons(body, person)}
    named = next((one for _, body in patients for one in _names(body)), ("", ""))
    return Citizen(
        identity,
        person=min(numbers, default=""),
        family=named[0],
        name=named[1],
        addresses=frozenset(key(one) for _, body in patients for one in _addresses(body)),
        relatives=frozenset(one for body in kin for one in _persons(body, person)),
        relatives_names=frozenset(name for body in kin for _, name in _names(body)),
        ties=tuple(tie for facts, body in bodies for tie in _ties(facts, body, whose)),
        protected=any(PROTECTED_ADDRESS in facts.labels for facts, _ in patients),
        known=not numbers.isdisjoint(known),
    )


def address_of(line: str, code: str) -> str:
    """An address in one spelling: letters and digits of the line, and the postal code; "" where either is missing."""
    plain = "".join(one for one in line.casefold() if one.isalnum())
    return f"{plain} {code.strip()}" if plain and code.strip() else ""


def _persons(body: Body, person: Person) -> Iterator[str]:
    for one in body.get("identifier", []):
        if one.get("system") and one.get("value"):
            yield person(normal(str(one["system"]), str(one["value"])).key)


def _names(body: Body) -> Iterator[tuple[str, str]]:
    """Family name, and the whole name."""
    for one in body.get("name", []):
        family = str(one.get("family", "")).casefold()
        whole = " ".join([*map(str, one.get("given", [])), family]).casefold() or str(one.get("text", "")).casefold()
        if whole:
            yield family or whole.rpartition(" ")[2], whole


def _addresses(body: Body) -> Iterator[str]:
    for one in body.get("address", []):
        told = address_of(" ".join(map(str, one.get("line", []))), str(one.get("postalCode", "")))
        if told:
            yield told


def _ties(facts: Facts, body: Body, whose: Organisations) -> Iterator[Tie]:
    if facts.kind in ("Patient", "RelatedPerson"):
        return
    if facts.kind == "Consent":
        yield from consented(body, facts.updated)
        return
    begins, ends = _span(facts, body)
    if facts.kind == "CareTeam":
        for one in memberships(body):
            yield Tie(one.member, "", one.start or begins, one.end or ends)  # an organisation that takes part
            yield Tie("", one.member, one.start or begins, one.end or ends)
    owners = {one for source in (facts.source, *facts.sources) for one in whose(source)}
    for organisation, role in sorted({(_provider(body), ""), *owners}):
        if organisation:
            yield Tie(organisation, "", begins, ends, role)


def _provider(body: Body) -> str:
    """The identifier key of the house where it is, "" where none is told."""
    told = body.get("serviceProvider") or body.get("managingOrganization")
    number = told.get("identifier", {}) if isinstance(told, dict) else {}
    return normal(str(number["system"]), str(number["value"])).key if {"system", "value"} <= number.keys() else ""


def _span(facts: Facts, body: Body) -> tuple[datetime, datetime]:
    """From when until when it holds, by its period; an appointment from when it was made to its end. What is over and
    does not tell since when, is so since that became known."""
    period = body.get("period", {})
    if facts.kind == "Appointment":
        period = {"start": body.get("created"), "end": body.get("end", body.get("start"))}
    start, end = period.get("start"), period.get("end")
    begins = instant(str(start)) if start else min(facts.clinical, default=BEGINNING)
    told, known = body.get("status"), facts.updated or END
    ends = last_instant(str(end)) if end else known if told in _OVER else END
    return begins, min(ends, known) if told in _NEVER else ends
