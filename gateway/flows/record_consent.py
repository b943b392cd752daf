"""Record consent: a citizen's word, written down by a sector. Consent, objection and withdrawal alike.

FHIR R4 create and update of Consent. A write is a statement of the sector that made it, like any message: a PUT
with status `inactive` withdraws, at once for the next request.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

from gateway.domain.caller import Caller
from gateway.domain.identifier import Identifier
from gateway.domain.intake import Change, Known
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.domain.source import Source
from gateway.domain.statement import Act, Body, Statement, Verb
from gateway.errors import Conflict, Forbidden, GatewayError, NotFound, Unavailable
from gateway.flows.keeping import About, keep
from gateway.flows.looking import NOTHING, location_of, look_at_one, on_record, record_of, served
from gateway.flows.parts import Gateway, Served
from gateway.store import intake, resources
from gateway.translate.fhir.consent import checked_consent

_TICK = timedelta(microseconds=1)


async def record_consent(
    gateway: Gateway, caller: Caller, raw: bytes, identity: str = "", if_match: str = ""
) -> Served:
    """Keep one Consent and give it back as it stands. `identity` updates that Consent, `if_match` its version.

    Raises Refused with the place for a Consent that cannot decide, NotFound for a citizen or a Consent that this caller
    may not see, Conflict for another version. A refused write is on record like a refused look.
    """
    written = record_of(gateway, caller, "update" if identity else "create", "Consent", "", NOTHING)
    written = replace(written, query=f"PUT Consent/{identity}" if identity else "POST Consent")
    try:
        source = _source(gateway, caller)
        body = checked_consent(raw, identity)
        found = await resources.find(gateway.database, "Patient", body.pop("patient")["reference"].rpartition("/")[2])
        patient = found.sealed.facts.citizen if found else ""
        written = written.of(patient)
        if not (await look_at_one(gateway, gateway.database, caller, found)).permitted:
            raise NotFound
        said = await _statement(gateway, caller, source, identity, patient, body)
        citizen = await resources.identity_of(gateway.database, patient, gateway.ids)
        await _keep(gateway, written, citizen, said, raw, if_match)
    except Unavailable:
        raise
    except GatewayError:
        await on_record(gateway, written)
        raise
    return await _shown(gateway, caller, gateway.ids("Consent", said.key), created=not identity)


async def _shown(gateway: Gateway, caller: Caller, identity: str, *, created: bool) -> Served:
    """The Consent as its writer may see it; where it is at least, when the writer may not."""
    found = await resources.find(gateway.database, "Consent", identity)
    if found is None:
        raise Unavailable
    seen = await look_at_one(gateway, gateway.database, caller, found)
    location = location_of(gateway, found.sealed)
    shown = served(gateway, seen) if seen.permitted else Served(b"", str(found.sealed.version), location=location)
    return replace(shown, created=created)


def _source(gateway: Gateway, caller: Caller) -> Source:
    """The source in whose name this client writes: the first that it is registered for."""
    named = [gateway.sources[name] for name in caller.sends if name in gateway.sources]
    if not named:
        raise Forbidden("This client is not registered to write as any source", hint="Register it (sends).")
    return named[0]


async def _statement(
    gateway: Gateway, caller: Caller, source: Source, identity: str, patient: str, body: Body
) -> Statement:
    """What is said now about a new Consent, or about the one to update. It comes after all that was said before, also
    where another clock was ahead: a withdrawal withdraws."""
    key, now = f"{source.id}|Consent|{secrets.token_hex(16)}", gateway.clock()
    if identity:
        before = await resources.said_of(gateway.database, "Consent", identity, patient, gateway.ids)
        key = before[0].key if before else ""
        await _check_writable(gateway, caller, source, identity, key)
        now = max(now, *(one.happened + _TICK for one in before))
    verb = Verb.WITHDRAW if body.get("status") == "entered-in-error" else Verb.ASSERT
    return Statement("Consent", key, Act.STATE, verb, now, now, body, source.id, f"{secrets.token_hex(8)}/0")


async def _check_writable(gateway: Gateway, caller: Caller, source: Source, identity: str, key: str) -> None:
    """A Consent is changed by the source that wrote it, even where it hides itself from it. Of somebody else's is only
    told what the caller may see: that it is there."""
    if key.startswith(f"{source.id}|"):
        return
    found = await resources.find(gateway.database, "Consent", identity) if key else None
    if (await look_at_one(gateway, gateway.database, caller, found)).permitted:
        raise Forbidden("Another source wrote this Consent", hint="Record a new one; a denial overrides a permit.")
    raise NotFound


async def _keep(
    gateway: Gateway, written: AccessRecord, citizen: Identifier, said: Statement, raw: bytes, if_match: str
) -> None:
    seen_before = gateway.fingerprint(said.origin.encode())
    now = gateway.clock()
    arrival = intake.Arrival("fhir-rest", said.source, said.origin, "Consent", seen_before, now, raw, b"")
    named = gateway.ids("Consent", said.key)

    def record(change: Change) -> AccessRecord:
        there = (f"Consent/{named}",)
        return replace(written.of(change.citizen), decision=Decision.PERMIT, outcome=Outcome.SUCCESS, resources=there)

    def check(known: Known) -> None:
        _, version = known.resources.get(("Consent", named), (b"", 0))
        if if_match and if_match.removeprefix("W/").strip('"') != str(version):
            raise Conflict

    await keep(gateway, arrival, About((citizen,), (), (said,)), record, check=check)
