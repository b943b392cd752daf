"""Record consent: a citizen's word, written down by a sector. Consent, objection and withdrawal alike.

FHIR R4 create and update of Consent. A write is a statement of the sector that made it, like any message: a PUT
with status `inactive` withdraws, at once for the next request.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from gateway.domain.caller import Caller
from gateway.domain.identifier import Identifier
from gateway.domain.intake import Change, Known
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.domain.source import Source
from gateway.domain.statement import Act, Body, Statement, Verb
from gateway.errors import Conflict, Forbidden, GatewayError, NotFound, Unavailable
from gateway.flows.keeping import About, keep
from gateway.flows.looking import NOTHING, look, on_record, record_of, served
from gateway.flows.parts import Gateway, Served
from gateway.store import intake, resources
from gateway.translate.fhir.consent import checked_consent


async def record_consent(
    gateway: Gateway, caller: Caller, raw: bytes, identity: str = "", if_match: str = ""
) -> Served:
    """Keep one Consent and give it back as it stands. `identity` updates that Consent, `if_match` its version.

    Raises Refused with the place for a Consent that cannot decide, NotFound for a citizen this caller may not see,
    Conflict for another version. A refused write is on record like a refused look.
    """
    try:
        key = await _written(gateway, caller, raw, identity, if_match)
    except Unavailable:
        raise
    except GatewayError:
        interaction = "update" if identity else "create"
        await on_record(gateway, record_of(gateway, caller, interaction, "Consent", "", NOTHING))
        raise
    return await _shown(gateway, caller, gateway.ids("Consent", key), created=not identity)


async def _written(gateway: Gateway, caller: Caller, raw: bytes, identity: str, if_match: str) -> str:
    """The key of the Consent once it is durable."""
    source = _source(gateway, caller)
    body = checked_consent(raw, identity)
    patient = body.pop("patient")["reference"].rpartition("/")[2]
    citizen = await _citizen(gateway, caller, patient)
    key = await _key(gateway, source, identity, patient)
    said = _statement(gateway, source, key, body)
    await _keep(gateway, caller, source, citizen, said, raw, if_match)
    return key


async def _shown(gateway: Gateway, caller: Caller, identity: str, *, created: bool) -> Served:
    """The Consent as its writer may see it; where it is at least, when the writer may not."""
    found = await resources.find(gateway.database, "Consent", identity)
    if found is None:
        raise Unavailable
    seen = await look(gateway, caller, [found.sealed], found.ground, found.person)
    shown = served(*seen.permitted[0]) if seen.permitted else Served(b"", str(found.sealed.version))
    location = f"{gateway.public_url}/fhir/Consent/{identity}/_history/{found.sealed.version}"
    return replace(shown, location=location, created=created)


def _source(gateway: Gateway, caller: Caller) -> Source:
    """The source in whose name this client writes: the first that it is registered for."""
    named = [gateway.sources[name] for name in caller.sends if name in gateway.sources]
    if not named:
        raise Forbidden("This client is not registered to write as any source", hint="Register it (sends).")
    return named[0]


async def _citizen(gateway: Gateway, caller: Caller, patient: str) -> Identifier:
    """The identity of a citizen whom this caller may see. The look at the Patient decides, like any look."""
    found = await resources.find(gateway.database, "Patient", patient)
    seen = await look(gateway, caller, [found.sealed], found.ground, found.person) if found else NOTHING
    if not seen.permitted:
        raise NotFound
    return await resources.identity_of(gateway.database, patient, gateway.ids)


async def _key(gateway: Gateway, source: Source, identity: str, patient: str) -> str:
    """The key of a new Consent, or of the one to update: which must be this citizen's and this source's."""
    if not identity:
        return f"{source.id}|Consent|{secrets.token_hex(16)}"
    key = await resources.key_of(gateway.database, "Consent", identity, patient, gateway.ids)
    if not key:
        raise NotFound
    if not key.startswith(f"{source.id}|"):
        raise Forbidden("Another source wrote this Consent", hint="Record a new one; a denial overrides a permit.")
    return key


def _statement(gateway: Gateway, source: Source, key: str, body: Body) -> Statement:
    now: datetime = gateway.clock()
    verb = Verb.WITHDRAW if body.get("status") == "entered-in-error" else Verb.ASSERT
    return Statement("Consent", key, Act.STATE, verb, now, now, body, source.id, f"{secrets.token_hex(8)}/0")


async def _keep(
    gateway: Gateway, caller: Caller, source: Source, citizen: Identifier, said: Statement, raw: bytes, if_match: str
) -> None:
    seen_before = gateway.fingerprint(said.origin.encode())
    arrival = intake.Arrival("fhir-rest", source.id, said.origin, "Consent", seen_before, said.recorded, raw, b"")
    written = record_of(gateway, caller, "create", "Consent", "", NOTHING)
    named = gateway.ids("Consent", said.key)

    def record(change: Change) -> AccessRecord:
        there = (f"Consent/{named}",)
        return replace(written.of(change.citizen), decision=Decision.PERMIT, outcome=Outcome.SUCCESS, resources=there)

    def check(known: Known) -> None:
        _, version = known.resources.get(("Consent", named), (b"", 0))
        if if_match and if_match.removeprefix("W/").strip('"') != str(version):
            raise Conflict

    await keep(gateway, arrival, About((citizen,), (), (said,)), record, check=check)
