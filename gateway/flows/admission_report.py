"""A hospital that asks gets the municipality's report of admission: of what the hospital may see, and nothing else.

The report is a look like any other: decided as if the hospital looked, for treatment, and on record before a letter of
it stands in the outbox. Who may see no more than that the citizen is known gets an XDIS14: whom to talk to.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.identifier import normal
from gateway.domain.outgoing import Outgoing
from gateway.domain.record import AccessRecord, Decision
from gateway.domain.report import answered, is_open
from gateway.domain.source import Source
from gateway.errors import GatewayError, NoCitizen, Unavailable
from gateway.flows.keeping import About, keep
from gateway.flows.looking import Seen, look, on_record, opened, persons_of, record_of
from gateway.flows.parts import Gateway
from gateway.flows.receive import told
from gateway.store import requests, resources, wire
from gateway.store.intake import Arrival
from gateway.store.requests import Request
from gateway.translate.oioxml.out.correspondence import Written
from gateway.translate.oioxml.out.parties import Party
from gateway.translate.oioxml.out.report import answer, report
from gateway.translate.oioxml.out.resources import ends

LANGUAGE = "oioxml"
OVERDUE = timedelta(days=2)  # a request is due in one day; later the hospital has asked by telephone
_TOLD = frozenset({"CarePlan", "Condition", "Goal"})
_FRAME = frozenset({"Patient", "RelatedPerson"})

Json = dict[str, Any]
log = logging.getLogger("gateway.admission-report")


@dataclass(frozen=True, slots=True)
class _Work:
    """A request that can be answered: `city` sends, `hospital` has a connection."""

    request: Request
    task: Json
    parties: tuple[Party, Party]
    city: Source
    hospital: Source


async def answer_requests(gateway: Gateway, tried: set[tuple[str, int]]) -> int:
    """Answer every request that a municipality here answers by letter. How many. `tried` remembers those of this run
    that cannot be: nobody is looked at again for the same request, and one that fails stops no other. Raises
    Unavailable."""
    if not any(_takes_letters(source) for source in gateway.sources.values()):
        return 0
    sent = 0
    for request in await requests.waiting(gateway.database, gateway.clock() - OVERDUE):
        if (request.id, request.version) in tried:
            continue
        tried.add((request.id, request.version))
        try:
            work = _work(gateway, request)
            sent += await _answer(gateway, work) if work else 0
        except Unavailable:
            tried.discard((request.id, request.version))
            raise
        except GatewayError as error:
            log.warning("a request for a report of admission is not answered: %s", error.told())
        except Exception as bug:  # noqa: BLE001 - a bug must cost one report, not those behind it
            told(bug)
    return sent


def _work(gateway: Gateway, request: Request) -> _Work | None:
    """None for what is no such request, or where its owner or its hospital exchanges no letters with this gateway.

    Raises MissingField where a location number is not known.
    """
    task = wire.decode(request.body)
    if not is_open(task):
        return None
    sources = [source for source in gateway.sources.values() if source.language == LANGUAGE]
    cities = [one for one in sources if one.sector == "municipality" and _named(one, task.get("owner", {}))]
    wanted = [one["valueReference"] for one in task.get("input", ()) if "valueReference" in one]
    asking = [*wanted, task.get("requester", {})]
    lines = [one for one in sources if _takes_letters(one)]
    hospitals = [one for reference in asking for one in lines if _named(one, reference)]
    if not cities or not hospitals:
        return None
    return _Work(request, task, ends(task, gateway.letters), cities[0], hospitals[0])


def _takes_letters(source: Source) -> bool:
    return source.language == LANGUAGE and source.sector == "region" and source.deliver is not None


def _named(source: Source, reference: Json) -> bool:
    number = reference.get("identifier", {})
    found = normal(number.get("system", ""), number.get("value", ""))
    return found == source.organisation or found.value in source.senders


async def _answer(gateway: Gateway, work: _Work) -> int:
    """Decide, record, write, keep: the letter goes into the outbox in the commit that closes the request."""
    citizen, now = work.request.citizen, gateway.clock()
    parts, ground = await resources.parts(gateway.database, citizen)
    caller = _hospital(work)
    seen = _municipal(await look(gateway, caller, parts, ground, persons_of(parts)))
    record = record_of(gateway, caller, "export", "Task", citizen, seen, operation="report-of-admission")
    await on_record(gateway, record)
    letter = _letter(gateway, work, [wire.decode(body) for body in opened(seen)])
    if letter is None:
        return 0
    identity = await resources.identity_of(gateway.database, citizen, gateway.ids)
    done = answered(work.task, now, work.city, letter.id)
    fingerprint = gateway.fingerprint(b"report of admission", work.request.id.encode(), letter.id.encode())
    arrival = Arrival(LANGUAGE, work.city.id, letter.id, "report-of-admission", fingerprint, now, b"", b"")
    going = Outgoing(work.hospital.id, LANGUAGE, letter.id, letter.body, citizen, _asked(work.task))
    closing = _closing(gateway, work, citizen)
    kept = await keep(gateway, arrival, About((identity,), (), (done,)), lambda _: closing, outgoing=lambda _: (going,))
    return int(kept.change is not None)


def _hospital(work: _Work) -> Caller:
    """The hospital that asked, as one that treats the citizen; nobody there is named."""
    asks = work.task["requester"]["identifier"]
    return Caller(
        client=work.hospital.id, client_name=work.hospital.name,
        organisation=normal(asks["system"], asks["value"]),
        organisation_name=work.task["requester"].get("display", work.hospital.name),
        sector="region", role="hospital", user="", user_name="", user_role="", purposes=("TREAT",),
        scopes=("system/*.r",),
    )  # fmt: skip


def _municipal(seen: Seen) -> Seen:
    """The look as far as it is at the municipality's own parts: the hospital's it has itself."""
    own = tuple(one for one in seen.permitted if _tells(one[0].facts.kind, one[0].facts.sector))
    withheld = tuple(one for one in seen.withheld if _tells(one[0].facts.kind, one[0].facts.sector))
    return Seen(own, withheld, seen.hidden)


def _tells(kind: str, sector: str) -> bool:
    return kind in _FRAME or (sector == "municipality" and kind in {*_TOLD, "CareTeam"})


def _letter(gateway: Gateway, work: _Work, bodies: Sequence[Json]) -> Written | None:
    """XDIS16 where there is something to report, else XDIS14; None where the hospital may not even see who it is."""
    patients = [body for body in bodies if body["resourceType"] == "Patient" and body.get("active") is not False]
    if not patients:
        return None
    write = report if any(body["resourceType"] in _TOLD for body in bodies) else answer
    try:
        return write(work.task, bodies, patients[0], *work.parties, gateway.clock())
    except NoCitizen:
        return None


def _asked(task: Json) -> str:
    return str(task["identifier"][0]["value"])


def _closing(gateway: Gateway, work: _Work, citizen: str) -> AccessRecord:
    """What the gateway writes about the citizen is on record like what a source does."""
    return AccessRecord(
        time=gateway.clock(), interaction="update", decision=Decision.PERMIT, citizen=citizen, kind="Task",
        resources=(f"Task/{work.request.id}",), organisation=work.city.organisation.key,
        organisation_name=work.city.name, sector=work.city.sector, client=work.city.id, client_name=work.city.name,
        operation="report-of-admission",
    )  # fmt: skip
