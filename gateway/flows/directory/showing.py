"""Who may see what of the directory: everybody everything, but for what tells where a shelter is.

Staff and place of a shelter are decided about like an address that is protected: who may see no such address is told
what everybody is told of what is not there. A source sees what it wrote itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.decide import Denial, decide_all
from gateway.domain.directory import shelter
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.domain.redact import redact
from gateway.domain.when import DANISH
from gateway.flows.covering import covers_body
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway, Served
from gateway.store import wire
from gateway.store.directory import Entry


@dataclass(frozen=True, slots=True)
class Shown:
    """What one caller may see of some entries, in their order, and which rules hide the others."""

    bodies: tuple[dict[str, Any], ...]
    entries: tuple[Entry, ...]
    hidden: tuple[Denial, ...] = ()


def shown(gateway: Gateway, caller: Caller, entries: Sequence[Entry]) -> Shown:
    """Decide about each: only what tells of a shelter is asked about."""
    closed = [one for one in entries if one.protected and one.source not in caller.sends]
    facts = [shelter(one.kind, one.id, gateway.sources.get(one.source)) for one in closed]
    permits, denials = decide_all(caller, facts, (), gateway.policy, gateway.clock()) if facts else ([], [])
    redactions = {(one.kind, one.id): one.redactions for one in permits}
    denied = {(one.kind, one.id) for one in denials}
    left = [one for one in entries if (one.kind, one.id) not in denied]
    pairs = [(redact(whole(one), redactions.get((one.kind, one.id), ())), one) for one in left]
    if caller.narrowed:
        pairs = [(body, one) for body, one in pairs if covers_body(gateway, caller, body)]
    return Shown(tuple(body for body, _ in pairs), tuple(one for _, one in pairs), tuple(denials))


def allowed(gateway: Gateway, caller: Caller) -> list[str]:
    """The sources whose shelters this caller may see: for lists, which are never cut first and filtered then."""
    facts = [shelter("Location", one.id, one) for one in gateway.sources.values() if one.id not in caller.sends]
    permits, _ = decide_all(caller, facts, (), gateway.policy, gateway.clock())
    return [*caller.sends, *(one.id for one in permits)]


def whole(entry: Entry) -> dict[str, Any]:
    """The resource with its version and time in `meta`."""
    body: dict[str, Any] = wire.decode(entry.body)
    meta = {"versionId": str(entry.version), "lastUpdated": entry.updated.isoformat(timespec="milliseconds")}
    return body | {"meta": meta | body.get("meta", {})}


def reference(body: dict[str, Any]) -> str:
    """`Location/1/_history/2`, as the record of a look names it."""
    return f"{body['resourceType']}/{body['id']}/_history/{body['meta'].get('versionId', '1')}"


async def record(
    gateway: Gateway, caller: Caller, interaction: str, kind: str, query: str, told: Shown, *, text: str = ""
) -> None:
    """Put a look or a write on record; it touches no citizen. Durable before anything is said."""
    await on_record(gateway, recorded(gateway, caller, interaction, kind, query, told, text=text))


def recorded(
    gateway: Gateway, caller: Caller, interaction: str, kind: str, query: str, told: Shown, *, text: str = ""
) -> AccessRecord:
    """The record of a look or a write."""
    hidden = Counter(denial.rule for denial in told.hidden)
    seen = bool(told.bodies)
    decision = (Decision.FILTERED if hidden else Decision.PERMIT) if seen or not hidden else Decision.DENY
    return replace(
        record_of(gateway, caller, interaction, kind, "", NOTHING, query=query),
        decision=Decision.DENY if text else decision,
        resources=tuple(map(reference, told.bodies)),
        withheld=tuple(sorted(hidden.items())),
        outcome=Outcome.SUCCESS if seen and not text else Outcome.MINOR,
        outcome_text=text,
    )


def served(gateway: Gateway, body: dict[str, Any], updated: datetime | None = None) -> Served:
    """One of them with what its headers need. Those of the tables have no versions to go back to."""
    version = str(body["meta"].get("versionId", ""))
    place = f"{gateway.public_url}/fhir/{body['resourceType']}/{body['id']}/_history/{version}" if updated else ""
    return Served(wire.encode(body), version, updated, weak=updated is None, location=place)


def of_tables(gateway: Gateway, caller: Caller, kind: str) -> list[dict[str, Any]]:
    """What tables tell, as it is today, as far as the token's scopes cover it."""
    bodies = gateway.registry.bodies(today(gateway)) if kind == "Organization" else []
    return [one for one in bodies if covers_body(gateway, caller, one)] if caller.narrowed else bodies


def of_table(gateway: Gateway, caller: Caller, name: str) -> dict[str, Any] | None:
    """One that tables tell, by `Organization/<id>` or by the key of an identifier."""
    kind, _, identity = name.partition("/")
    day = today(gateway)
    found = gateway.registry.named(name, day) if "|" in name else None
    found = gateway.registry.find(identity, day) if kind == "Organization" and not found else found
    return found if found and (not caller.narrowed or covers_body(gateway, caller, found)) else None


def today(gateway: Gateway) -> Any:
    """The day in Denmark, by which tables hold."""
    return gateway.clock().astimezone(DANISH).date()
