"""What was fetched of one citizen: bytes to statements. One class for every case system that is asked; what its answers
mean stands in mappings/<system>/<system>.yaml alone.

Everything is a snapshot taken when it was fetched: what is in the newest one stands. What is no longer listed is not
taken back by that: a view may have changed, and a case is over when it says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.domain.identifier import CPR, Identifier, best_first, normal
from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb
from gateway.errors import GatewayError, NoCitizen, RuleBroken, UnknownMessage, UnknownSource
from gateway.translate import r4
from gateway.translate.rules.bound import Made
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.reader import Env
from gateway.translate.rules.ruleset import compiled
from gateway.translate.rules.sources import Sources
from gateway.translate.rules.trace import Explanation
from gateway.translate.translation import Translation
from gateway.translate.vendor import walk
from gateway.translate.vendor.functions import FUNCTIONS
from gateway.translate.vendor.gathered import Gathered, canonical, read
from gateway.translate.vendor.paths import VendorReader

EVENT = "fetched"


@dataclass(frozen=True, slots=True)
class _Work:
    """One document, understood as far as the rules need it."""

    gathered: Gathered
    env: Env


class Vendor:
    """The language of one system; `name` is its folder under mappings/."""

    def __init__(
        self,
        name: str,
        mappings: Path,
        sources: Iterable[Source],
        ids: Ids,
        codes: Codes | None = None,
        facts: r4.Facts | None = None,
    ) -> None:
        """Reads the rules in `mappings`; raises MappingError with everything that is wrong. Of `sources` those of the
        language `name` are known, by the name of their installation."""
        problems = Problems()
        codes = codes or Codes.read(mappings / "codes", problems)
        self.name = name
        self._walks = walk.read(mappings / name, problems)
        steps = frozenset(step for one in self._walks.values() for step in one.names)
        reader = VendorReader(name, FUNCTIONS, steps)
        self._rules = compiled(mappings, reader, codes, facts or r4.facts(), problems)
        problems.check()
        self._sources = Sources(sources)
        self._ids = ids

    def walk_of(self, source: Source) -> walk.Walk:
        """What is fetched of a citizen at this source: the system's own walk, or that of the source's overlay."""
        return self._walks[source.rules]

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements. Raises GatewayError with its place (`grants[3]`)."""
        work = self._understood(raw)
        gathered, source = work.gathered, work.env.source
        made = self._rules.of(source.rules).run(gathered, work.env)
        citizen = _citizen(made, gathered)
        fingerprint = hashlib.sha256(
            b"\n".join([gathered.fetched.isoformat().encode(), gathered.asked.encode(), canonical(gathered.roots)])
        ).digest()
        message_id = fingerprint.hex()[:32]
        return Translation(
            language=self.name,
            source=source,
            message_id=message_id,
            event=EVENT,
            sent=gathered.fetched,
            fingerprint=fingerprint,
            citizen=citizen,
            statements=tuple(
                _statement(one, citizen, work, f"{source.id}:{message_id}/{number}") for number, one in enumerate(made)
            ),
            findings=tuple(work.env.findings),
        )

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """That it was kept; nobody outside reads it."""
        return json.dumps({"accepted": True, "note": note}).encode()

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """Why it was not, without a value of it."""
        told = {"accepted": False, "text": error.text, "where": error.where, "hint": error.hint}
        return json.dumps(told, ensure_ascii=False).encode()

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of what, and what no rule read. Raises as `translate` does."""
        work = self._understood(raw)
        made, found = self._rules.of(work.env.source.rules).trace(work.gathered, work.env)
        _citizen(made, work.gathered)
        return found

    def _understood(self, raw: bytes) -> _Work:
        gathered = read(raw)
        if gathered.vendor != self.name:
            raise UnknownMessage("This was fetched from another system", where="vendor")
        try:
            source = self._sources.find(self.name, gathered.installation)
        except UnknownSource as error:
            raise UnknownSource(where="installation", hint=error.hint) from None
        zone = ZoneInfo(source.timezone)
        return _Work(gathered, Env(source, self._ids, zone, gathered, gathered.fetched.date().isoformat()))


def _citizen(made: Iterable[Made], gathered: Gathered) -> tuple[Identifier, ...]:
    """The numbers of the one citizen it is about, who is the one that was asked for.

    Raises NoCitizen, RuleBroken: a system that mixes two citizens up must not mix them here.
    """
    patients = [one for one in made if one.kind == "Patient"]
    if not patients:
        raise NoCitizen(where="citizen")
    if len(patients) > 1:
        raise RuleBroken("The answer is about more than one citizen.", where="citizen[1]")
    told = [normal(i.get("system", ""), i.get("value", "")) for i in patients[0].body.get("identifier", ())]
    found = best_first(told)
    if normal(CPR, gathered.asked) not in found:
        raise RuleBroken("The system answered with another citizen than the one asked for.", where="citizen[0]")
    return found


def _statement(made: Made, citizen: tuple[Identifier, ...], work: _Work, origin: str) -> Statement:
    fetched = work.gathered.fetched
    return Statement(
        kind=made.kind,
        key=citizen[0].key if made.kind == "Patient" else made.key,
        act=made.act or Act.STATE,
        verb=made.verb or Verb.ASSERT,
        happened=made.happened or fetched,
        recorded=made.recorded or fetched,
        body=made.body,
        source=work.env.source.id,
        origin=origin,
        aliases=made.aliases,
    )
