"""The KL FFB order: bytes to statements, and the answer. Made once at start, pure afterwards.

What belongs together: order.py checks the message as a whole, rewrite.py puts references and URLs into our terms, the
rule files of mappings/kl say what becomes of the elements, and here their results become statements. KL defines no
answer; docs/kl-order-answer.md says which is given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from gateway.domain.identifier import Identifier
from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb
from gateway.errors import GatewayError, UnknownSource
from gateway.translate import r4
from gateway.translate.fhir import parse
from gateway.translate.fhir.message import HEADER, Message
from gateway.translate.fhir.paths import FhirReader
from gateway.translate.kl import order as orders
from gateway.translate.kl import urls
from gateway.translate.kl.answer import addressed
from gateway.translate.kl.functions import FUNCTIONS, Context, numbers
from gateway.translate.kl.order import EVENT, Order
from gateway.translate.kl.rewrite import Rewriting
from gateway.translate.medcom import acknowledgement
from gateway.translate.rules.bound import Made
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.reader import Env
from gateway.translate.rules.ruleset import RuleSet, compiled
from gateway.translate.rules.sources import Sources
from gateway.translate.rules.trace import Explanation
from gateway.translate.translation import Finding, Translation

# Read where something points at them, or by the language itself.
_QUIET = frozenset({"MessageHeader", "Organization", "Practitioner", "PractitionerRole", "Location", "Provenance"})


@dataclass(frozen=True, slots=True)
class _Work:
    """One order, understood as far as the rules need it."""

    order: Order
    message: Message
    rules: RuleSet
    env: Env


class Kl:
    """The language of FFB orders, JSON or XML, at `POST /fhir/$process-message`."""

    def __init__(
        self,
        mappings: Path,
        sources: Iterable[Source],
        ids: Ids,
        codes: Codes | None = None,
        facts: r4.Facts | None = None,
    ) -> None:
        """Reads the rules in `mappings`; raises MappingError with everything that is wrong. Of `sources` those of
        language kl are known, by a number or the name of the sending organisation, or by the source endpoint."""
        problems = Problems()
        codes = codes or Codes.read(mappings / "codes", problems)
        self._rules = compiled(mappings, FhirReader("kl", FUNCTIONS), codes, facts or r4.facts(), problems)
        self._urls = urls.read(mappings / "kl" / "urls.csv", problems)
        problems.check()
        self._sources = Sources(sources)
        self._ids = ids

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements. Raises GatewayError with its place (`Bundle.entry[3].resource.subject`)."""
        return self.translate_tree(raw, parse(raw))

    def translate_tree(self, raw: bytes, bundle: dict[str, Any]) -> Translation:
        """As `translate`, of a message that was parsed already."""
        work = self._understood(bundle)
        header, source = work.order.message.header, work.env.source
        fingerprint = _fingerprint(work.order)
        message_id = str(header.get("id") or work.order.message.bundle.get("id") or fingerprint.hex())
        origin = f"{source.id}:{message_id}:{fingerprint.hex()[:12]}"
        made = work.rules.run(work.message, work.env)
        return Translation(
            language="kl",
            source=source,
            message_id=message_id,
            event=EVENT,
            sent=work.order.sent,
            fingerprint=fingerprint,
            citizen=work.env.message.citizen,
            statements=tuple(_statement(one, work, f"{origin}/{number}") for number, one in enumerate(made)),
            findings=tuple(work.env.findings),
        )

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """An Acknowledgement with code ok, in the format of the message. `note` is told as information."""
        return acknowledgement.positive(addressed(raw), now, note)

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """An Acknowledgement with fatal-error or transient-error; an OperationOutcome where it cannot be addressed."""
        return acknowledgement.negative(addressed(raw), error, now)

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of what, and what no rule read. Raises as `translate` does."""
        work = self._understood(parse(raw))
        return work.rules.trace(work.message, work.env)[1]

    def _understood(self, bundle: dict[str, Any]) -> _Work:
        order = orders.check(bundle)
        source = self._source(order)
        rules = self._rules.of(source.rules)
        kept = frozenset(plan.make for plan in rules.plans.values()) - {"Patient"}
        citizen = numbers(order.citizen, order.id_of(order.citizen), source)
        rewriting = Rewriting(order, self._urls, source, self._ids, citizen[0].key, kept)
        message = rewriting.done()
        env = Env(source, self._ids, ZoneInfo(source.timezone), Context(citizen), order.sent.date().isoformat())
        env.findings += [*_not_kept(order, kept), *_dummies(order, citizen), *rewriting.findings]
        return _Work(order, message, rules, env)

    def _source(self, order: Order) -> Source:
        """Who sends: the profile defines no addressing, so whatever the header tells is tried."""
        try:
            return self._sources.find("kl", *order.senders())
        except UnknownSource as error:
            raise UnknownSource(where=f"{HEADER}.source.endpoint", hint=error.hint) from None


def _statement(made: Made, work: _Work, origin: str) -> Statement:
    return Statement(
        kind=made.kind,
        key=made.key,
        act=made.act or Act.STATE,
        verb=made.verb or Verb.ASSERT,
        happened=made.happened or work.order.sent,
        recorded=made.recorded or work.order.sent,
        body=made.body,
        source=work.env.source.id,
        origin=origin,
        aliases=made.aliases,
    )


def _not_kept(order: Order, kept: frozenset[str]) -> Iterator[Finding]:
    for at, resource in enumerate(order.message.resources()):
        kind = resource["resourceType"]
        if kind not in kept | _QUIET | {"Patient"}:
            yield Finding(f"Bundle.entry[{at}].resource", f"{kind} is not kept here", severity="information")


def _dummies(order: Order, citizen: tuple[Identifier, ...]) -> Iterator[Finding]:
    """A number that stands for nobody is left out, and so is one without a system."""
    told = order.citizen.get("identifier", [])
    if len(told) > len(citizen) or citizen[0].system.startswith("urn:faellesplan:source:"):
        place = f"{order.message.place(order.citizen)}.identifier"
        yield Finding(place, "a number that cannot stand for a person is left out")


def _fingerprint(order: Order) -> bytes:
    """SHA-256 of the header's id and all other resources. A resend under the same id is the same message whenever it
    is sent; under another id it is news: what was said, changed, and said again as at first is not what was said first.
    """
    parts = sorted(
        orjson.dumps(resource, default=str, option=orjson.OPT_SORT_KEYS) for resource in order.message.resources()[1:]
    )
    named = str(order.message.header.get("id") or order.sent.isoformat())
    return hashlib.sha256(b"\n".join([named.encode(), *parts])).digest()
