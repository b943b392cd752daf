"""An override (værdispring) owes the citizen a word: the task to tell, kept with the record of the first look.

One override is one user, citizen and day. Its place in the work queue is flows/override_queue.py.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.override import OverrideRecord, task
from gateway.domain.record import Decision, Outcome
from gateway.domain.statement import Act, Statement, Verb
from gateway.domain.written import origin_of
from gateway.errors import Forbidden
from gateway.flows.keeping import About, keep
from gateway.flows.parts import Gateway
from gateway.store import intake, overrides, resources

LANGUAGE = "override"
"""In which these tasks are kept as arrivals."""


async def owe(gateway: Gateway, record: OverrideRecord) -> bool:
    """The task to tell the citizen, durable before anything is shown. True when it came into being now: then the record
    of the look was kept in the same commit. Raises Forbidden where there is no source in whose name it can be
    written."""
    if not record.owing:
        return False
    source = gateway.sources.get(record.teller)
    if source is None:
        await gateway.recorder.put([replace(record, decision=Decision.DENY, outcome=Outcome.MINOR, resources=())])
        raise Forbidden("This client may not override: it is registered to write as no source", hint="Register sends.")
    key = record.key(gateway.ids)
    if await overrides.begin(gateway.database, gateway.ids("Task", key), record):
        return False
    citizen = await resources.identity_of(gateway.database, record.citizen, gateway.ids)
    one = Statement(
        "Task", key, Act.STATE, Verb.ASSERT, record.time, record.time, task(record), source.id, origin_of(record.day)
    )
    seen = gateway.fingerprint(b"override", key.encode())
    arrival = intake.Arrival(LANGUAGE, source.id, record.day, "Task", seen, gateway.clock(), b"", b"")
    kept = await keep(gateway, arrival, About((citizen,), (), (one,)), lambda change: record.of(change.citizen))
    return kept.change is not None
