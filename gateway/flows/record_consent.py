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
from gateway.domain.intake import Change
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.domain.source import Source
from gateway.domain.statement import Act, Body, Statement, Verb
from gateway.errors import Conflict, Forbidden, NotFound, Unavailable
from gateway.flows.keeping import About, keep
from gateway.flows.looking import NOTHING, look, record_of, served
from gateway.flows.parts import Gateway, Served
from gateway.store import intake, resources
from gateway.translate.fhir.consent import checked_consent


async def record_consent(
    gateway: Gateway, caller: Caller, raw: bytes, identity: str = "", if_match: str = ""
) -> Served:
    """Keep one Consent and give it back as it stands. `identity` updates that Consent, `if_match` its version.

    Raises Refused with the place for a Consent that cannot decide, NotFound for a citizen this caller may not see.
    """
    source = _source(gateway, caller)
    body = checked_consent(raw, identity)
    patient = body.pop("patient")["reference"].rpartition("/")[2]
    citizen = await _citizen(gateway, caller, patient)
    key = await _key(gateway, source, identity, if_match, patient)
    await _keep(gateway, caller, source, citizen, _statement(gateway, source, key, body), raw)
    found = await resources.find(gateway.database, "Consent", gateway.ids("Consent", key))
    if found is None:
        raise Unavailable
    seen = await look(gateway, caller, [found.sealed], found.ground, found.person)
    if not seen.permitted:
        return Served(b"", str(found.sealed.version), found.sealed.updated, created=not identity)
    shown = served(*seen.permitted[0])
    location = f"{gateway.public_url}/fhir/Consent/{found.sealed.facts.id}/_history/{found.sealed.version}"
    return Served(shown.body, shown.version, shown.updated, location=location, created=not identity)


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


async def _key(gateway: Gateway, source: Source, identity: str, if_match: str, patient: str) -> str:
    """The key of a new Consent, or of the one to update: which must be this citizen's and of this version."""
    if not identity:
        return f"{source.id}|Consent|{secrets.token_hex(16)}"
    key, version = await resources.key_of(gateway.database, "Consent", identity, patient, gateway.ids)
    if not key:
        raise NotFound
    if not key.startswith(f"{source.id}|"):
        raise Forbidden("Another source wrote this Consent", hint="Record a new one; a denial overrides a permit.")
    if if_match and if_match.removeprefix("W/").strip('"') != str(version):
        raise Conflict
    return key


def _statement(gateway: Gateway, source: Source, key: str, body: Body) -> Statement:
    now: datetime = gateway.clock()
    verb = Verb.WITHDRAW if body.get("status") == "entered-in-error" else Verb.ASSERT
    return Statement("Consent", key, Act.STATE, verb, now, now, body, source.id, f"{secrets.token_hex(8)}/0")


async def _keep(
    gateway: Gateway, caller: Caller, source: Source, citizen: Identifier, said: Statement, raw: bytes
) -> None:
    seen_before = gateway.fingerprint(said.origin.encode())
    arrival = intake.Arrival("fhir-rest", source.id, said.origin, "Consent", seen_before, said.recorded, raw, b"")
    written = record_of(gateway, caller, "create", "Consent", "", NOTHING)

    def record(change: Change) -> AccessRecord:
        named = f"Consent/{gateway.ids('Consent', said.key)}"
        return replace(
            written.of(change.citizen), decision=Decision.PERMIT, outcome=Outcome.SUCCESS, resources=(named,)
        )

    await keep(gateway, arrival, About((citizen,), (), (said,)), record)
