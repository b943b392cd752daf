"""The named functions of Ydelsesindeks rule files, beside the shared ones and those of OIO for times."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.domain.benefit import WRITTEN
from gateway.domain.identifier import Identifier
from gateway.translate.oio import functions as oio
from gateway.translate.oio.effect import Instant, Span, instant, lenient_span, span
from gateway.translate.oio.party import Party, organisation
from gateway.translate.oio.roles import Roles
from gateway.translate.oio.tree import Node
from gateway.translate.rules.functions import logical, own
from gateway.translate.rules.reader import Env, Function, Unfit
from gateway.translate.ydelse import people
from gateway.translate.ydelse.alert import Alerts
from gateway.translate.ydelse.index import Registered

_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_DIGITS = 15  # what a binary fraction holds without a trace


@dataclass(frozen=True, slots=True)
class Context:
    """What the functions know of the grant or payment they are asked about; `Env.message`."""

    registered: Registered
    party: Party


def money(env: Env, text: str) -> dict[str, Any]:
    """An amount (GenerelleDefinitioner.xsd, BeloebType) in kroner. Money.value is what a JSON number can hold; the text
    as it was written stands beside it, so that no digit is ever lost."""
    if not _AMOUNT.fullmatch(text):
        raise Unfit("is no amount")
    made: dict[str, Any] = {"extension": [{"url": WRITTEN, "valueString": text}]}
    if sum(sign.isdigit() for sign in text) <= _DIGITS:
        made["value"] = float(text) if "." in text else int(text)
    return made | {"currency": "DKK"}


def day_or_time(env: Env, text: str) -> str:
    """A `…dato`: a day, although the schema has a dateTime; a time of day that is not midnight is kept. An end that
    never comes (9999-12-31) is nothing. The last day belongs to it (as a national benefit platform documents)."""
    found = _instant(env, text)
    if found is None:
        return ""
    local = found.at.astimezone(env.timezone)
    midnight = (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return local.date().isoformat() if midnight else found.fhir()


def _instant(env: Env, text: str) -> Instant | None:
    try:
        return instant(text, env.timezone)
    except ValueError:
        raise Unfit("is not a point in time") from None


def key_of(benefit: Node) -> str:
    """Which benefit of its grant a BevilgetYdelse is: its Id, or else its class or name."""
    return (
        benefit.said("Id")
        or benefit.said("Ydelse", "Klassifikation", "BrugervendtNoegle")
        or benefit.said("Ydelse", "Ydelsesnavn")
        or benefit.said("Navn")
    )


def benefit_key(env: Env, benefit: Node) -> str:
    """The key of a benefit inside its source: the grant's UUID and the benefit's Id."""
    return f"{env.message.registered.index.said('UUIDIdentifikator')}#{key_of(benefit)}"


def paid_key(env: Env, relation: Node) -> str:
    """The key of the benefit that was paid; a payment that names none stands by itself."""
    reference = relation.first("BevilgetYdelseRef")
    if reference is not None and (uuid := reference.said("UUIDIdentifikator")):
        return f"{uuid}#{reference.said('BevilgetYdelseId')}"
    return payment_number(env, relation)


def payment_number(env: Env, relation: Node) -> str:
    """What tells one amount of a payment from another: the payment's UUID and the place of the amount in it."""
    told: Registered = env.message.registered
    place = relation.said("Indeks") or _ordinal(told, relation)
    return f"{told.index.said('UUIDIdentifikator')}#{place}"


def only_gross(env: Env, relation: Node) -> str:
    """The gross amount of a payment that is for this benefit alone."""
    told: Registered = env.message.registered
    alone = len(told.relations.each("OekonomiskYdelseEffektueringRelation")) == 1
    return told.registration.said("AttributListe", "Egenskaber", "SamletBruttobeloeb") if alone else ""


def account(env: Env, benefit: Node) -> str:
    """The literal reference to a benefit's Account."""
    return f"Account/{env.ids('Account', own(env, 'Account', benefit_key(env, benefit)))}"


def lower(env: Env, text: str) -> str:
    """In small letters."""
    return text.lower()


def _ordinal(told: Registered, relation: Node) -> str:
    amounts = told.relations.each("OekonomiskYdelseEffektueringRelation")
    return str(next((number for number, one in enumerate(amounts, 1) if one is relation), 0))


def party(env: Env, relation: Node) -> list[dict[str, str]]:
    """The citizen's Identifiers, best first."""
    found: Party = env.message.party
    return [{"system": one.system, "value": one.value} for one in found.numbers]


def party_key(env: Env, relation: Node) -> str:
    """The citizen's key."""
    return str(env.message.party.identifier.key)


def party_name(env: Env, relation: Node) -> str:
    """The citizen's name as the index has it."""
    return str(env.message.party.name)


def case_reference(env: Env, relation: Node) -> str:
    """The UUID of the case that a grant rests on, "" for another reference."""
    return relation.said("ReferenceID", "UUIDIdentifikator")


def granted_period(env: Env, benefit: Node) -> dict[str, str]:
    """From when to when a benefit is granted: its own days, else those of the grant."""
    own = (benefit.said("BevilgetYdelseStartdato"), benefit.said("BevilgetYdelseSlutdato"))
    whole = env.message.registered.registration.first("AttributListe", "Egenskaber")
    of_grant = (whole.said("Bevillingstartdato"), whole.said("Bevillingslutdato")) if whole else ("", "")
    return _days(env, *(mine or theirs for mine, theirs in zip(own, of_grant, strict=True)))


def plan_period(env: Env, plan: Node) -> dict[str, str]:
    """From when to when amounts of a plan are paid."""
    return _days(env, plan.said("EffektueringsplanStartdato"), plan.said("EffektueringsplanSlutdato"))


def paid_period(env: Env, relation: Node) -> dict[str, str]:
    """The time that an amount was paid for: its own days, else those of the payment."""
    whole = env.message.registered.registration.first("AttributListe", "Egenskaber") or Node("", "")
    start = relation.said("YdelsesperiodeStartdato") or whole.said("Startdato")
    return _days(env, start, relation.said("YdelsesperiodeSlutdato") or whole.said("Slutdato"))


def _days(env: Env, start: str, end: str) -> dict[str, str]:
    told = {"start": day_or_time(env, start) if start else "", "end": day_or_time(env, end) if end else ""}
    return {edge: text for edge, text in told.items() if text}


def _within(env: Env, effect: Span, days: dict[str, str]) -> dict[str, str]:
    """The effect cut to the days; both FHIR ends included."""
    told = effect.period()
    starts = [one for one in (told.get("start"), days.get("start")) if one]
    ends = [one for one in (told.get("end"), days.get("end")) if one]
    made = {
        "start": max(starts, key=lambda text: _at(env, text), default=""),
        "end": min(ends, key=lambda text: _at(env, text, end=True), default=""),
    }
    return {edge: text for edge, text in made.items() if text}


def _at(env: Env, text: str, *, end: bool = False) -> datetime:
    found = instant(text, env.timezone)
    at = found.at if found else datetime.max.replace(tzinfo=UTC)
    return at + timedelta(days=1) if end and len(text) == 10 else at


def _reference(env: Env, kind: str, found: Identifier | None, display: str) -> dict[str, Any] | None:
    return logical(env, kind, found.system, found.value, display) if found else logical(env, kind, display=display)


def state(env: Env, states: list[Node]) -> str:
    """Account.status by the state in force: active, inactive; active where none is told, as 6.0.STS-0 has no element
    for it."""
    told = {text for text, _ in _states(env, states)}
    return "inactive" if told and "Aktiv" not in told else "active"


def _states(env: Env, lists: list[Node]) -> list[tuple[str, Node]]:
    """The state codes in force, each with the element that holds it. The schema names the codes
    (BevillingIndeksStatusKodeType) and no element, so any element of TilstandListe is looked at."""
    moment = env.message.registered.moment
    found = [
        (part.text, holder) for one in lists for holder in one.walk() for part in holder.parts if part.text in _STATES
    ]
    return [(code, holder) for code, holder in found if lenient_span(holder, env.timezone).covers(moment)]


_STATES = ("Aktiv", "Inaktiv", "Passiv")


def of_language(roles: Roles, alerts: Alerts) -> Mapping[str, Function]:
    """The functions of a grant or payment, for a table of roles and one of alerts."""

    def actor(env: Env, relation: Node) -> dict[str, Any] | None:
        """An actor as a Reference by identifier: an authority by CVR, a unit or person by UUID."""
        kind = "Practitioner" if roles.type_of(relation) == "Bruger" else "Organization"
        unit = organisation(relation.first("ReferenceID"))
        whole = roles.of(relation) == "Ejer" or roles.type_of(relation) == "Organisation" or unit is None
        number = people.number_of(relation) if whole else None
        return _reference(env, kind, number or unit, relation.said("FuldtNavn"))

    def owner(env: Env, actors: list[Node]) -> dict[str, Any] | None:
        """The authority that answers for the benefit, with the name that the index has for it."""
        found = people.owning(actors, roles)
        if found is None:
            return None
        named = people.number_of(found) or organisation(found.first("ReferenceID"))
        return _reference(env, "Organization", named, found.said("FuldtNavn"))

    def alert(env: Env, benefit: Node) -> dict[str, Any] | None:
        """That the benefit is reduced or stopped, as the table tells; nothing while it is whole."""
        registration = env.message.registered.registration
        states = _states(env, registration.each("TilstandListe"))
        whole = registration.said("AttributListe", "Egenskaber", "Begrundelse")
        return alerts.told(benefit, [code for code, _ in states], (benefit.said("Begrundelse"), whole), env.on)

    def spoken_period(env: Env, benefit: Node) -> dict[str, str]:
        """The time that an entry of a benefit speaks of: its effect (Virkning), within the days it is granted, and
        where a state tells of a stop, within that state's."""
        holders = [benefit]
        if alerts.of_class(benefit, env.on) is None:
            states = _states(env, env.message.registered.registration.each("TilstandListe"))
            holders += [holder for code, holder in states if alerts.of_state(code, env.on)]
        days = granted_period(env, benefit)
        for holder in holders:
            try:
                days = _within(env, span(holder, env.timezone), days)
            except ValueError:
                raise Unfit("has a Virkning that cannot be read") from None
        return days

    def paid_alert(env: Env, relation: Node) -> str:
        """That an amount was paid as a reduced or stopped benefit, by what its class is called."""
        return alerts.of_words(relation.said("Klassifikationsbeskrivelse"), env.on)

    by_node: dict[str, tuple[Callable[..., Any], str]] = {
        "party": (party, "Identifier*"),
        "party_key": (party_key, "key"),
        "party_name": (party_name, "string"),
        "account": (account, "string"),
        "only_gross": (only_gross, "string"),
        "benefit_key": (benefit_key, "key"),
        "paid_key": (paid_key, "key"),
        "payment_number": (payment_number, "string"),
        "case_reference": (case_reference, "string"),
        "granted_period": (granted_period, "Period"),
        "plan_period": (plan_period, "Period"),
        "paid_period": (paid_period, "Period"),
        "spoken_period": (spoken_period, "Period"),
        "actor": (actor, "Reference"),
        "alert": (alert, "CodeableConcept"),
        "paid_alert": (paid_alert, "code"),
    }
    return {
        "moment": Function(oio.moment, gives="moment"),
        "datetime": Function(oio.date_time, gives="dateTime"),
        "day": Function(day_or_time, gives="dateTime"),
        "kle": Function(oio.kle, gives="code"),
        "lower": Function(lower, alone=True),
        "money": Function(money, gives="Money"),
        "state": Function(state, takes="nodes", gives="code", codes=frozenset({"active", "inactive"}), always=True),
        "owner": Function(owner, takes="nodes", gives="Reference"),
        **{name: Function(call, takes="node", gives=gives) for name, (call, gives) in by_node.items()},
    }
