"""What orders and reports have in common: one set of rules, and how a Bundle becomes statements by them.

rewrite.py puts references and URLs into our terms, the rule files of mappings/kl say what becomes of the elements, and
here their results become statements.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from gateway.domain.identifier import CVR, Identifier
from gateway.domain.plan import PROFILE, TEAM_PROFILE
from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb
from gateway.errors import UnknownSource
from gateway.translate import r4
from gateway.translate.fhir.paths import FhirReader
from gateway.translate.kl import urls
from gateway.translate.kl.codings import Codings
from gateway.translate.kl.functions import FUNCTIONS, Context, numbers
from gateway.translate.kl.profile import Profile
from gateway.translate.kl.rewrite import Rewriting, Tables
from gateway.translate.kl.whole import Whole
from gateway.translate.rules.bound import Made
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.reader import Env
from gateway.translate.rules.ruleset import RuleSet, compiled
from gateway.translate.rules.sources import Sources
from gateway.translate.rules.trace import Explanation
from gateway.translate.terms.terms import Terms
from gateway.translate.translation import Finding, Translation

_TYPE = re.compile(r"[A-Z][A-Za-z]{1,40}", re.ASCII)  # anything else that stands there is not repeated
# Read where something points at them, or by the language itself.
_QUIET = frozenset(
    {
        "Bundle", "Patient", "MessageHeader",
        "Organization", "Practitioner", "PractitionerRole", "Location", "Provenance",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Work:
    """One Bundle, understood as far as the rules need it."""

    whole: Whole
    fingerprint: bytes
    message_id: str
    rules: RuleSet
    env: Env

    def explained(self) -> Explanation:
        """Which rule made which element of what, and what no rule read."""
        return self.rules.trace(self.whole.message, self.env)[1]


class Understanding:
    """The rules of mappings/kl and the sources of language kl, read once at start."""

    def __init__(
        self,
        mappings: Path,
        sources: Iterable[Source],
        ids: Ids,
        codes: Codes | None,
        facts: r4.Facts | None,
        terms: Terms | None,
    ) -> None:
        """Raises MappingError with everything that is wrong."""
        problems = Problems()
        codes = codes or Codes.read(mappings / "codes", problems)
        self._rules = compiled(mappings, FhirReader("kl", FUNCTIONS), codes, facts or r4.facts(), problems)
        names = urls.read(mappings / "kl" / "urls.csv", problems)
        terms = terms or Terms.read(mappings, codes, problems)
        self.profile = Profile(terms, problems)
        """What reports are held against."""
        problems.check()
        self._tables = Tables(names, Codings(names, terms), _authorities(codes))
        self._sources = Sources(sources)
        self._ids = ids

    def source(self, senders: Iterable[str], where: str) -> Source:
        """Who sends: KL defines no addressing, so whatever a Bundle tells is tried. Raises UnknownSource."""
        try:
            return self._sources.find("kl", *senders)
        except UnknownSource as error:
            raise UnknownSource(where=where, hint=error.hint) from None

    def work(self, whole: Whole, source: Source, message_id: str, *, told_before: bool = False) -> Work:
        """The Bundle in our terms, rewritten where it stands, with what was found on the way. An empty `message_id` is
        the fingerprint's; `told_before` where it is one of several that speak of the same things."""
        rules = self._rules.of(source.rules)
        fingerprint = _fingerprint(whole, message_id)
        kept = rules.makes - {"Patient"}
        about = numbers(whole.citizen, whole.id_of(whole.citizen), source)
        key = about.citizen[0].key
        rewriting = Rewriting(whole, self._tables, source, self._ids, key, kept, told_before=told_before)
        rewriting.done()
        env = Env(source, self._ids, ZoneInfo(source.timezone), about, whole.sent.date().isoformat())
        env.findings += [
            *_not_kept(whole, kept),
            *_composed(whole),
            *_without_citizen(whole),
            *_dummies(whole, about),
        ]
        env.findings += rewriting.findings
        return Work(whole, fingerprint, message_id or fingerprint.hex(), rules, env)


def _authorities(codes: Codes) -> dict[str, Identifier]:
    """The municipalities by their code: who gave a number is told by CVR in the case systems."""
    table = codes.tables.get("municipality")
    rows = table.rows if table else ()
    return {row.target_code: Identifier(row.source_system, row.source_code) for row in rows if row.source_system == CVR}


def translated(work: Work, event: str, act: Act = Act.STATE) -> Translation:
    """The statements that the rules make; `act` is what they do, where no rule says it."""
    source = work.env.source
    origin = f"{source.id}:{work.message_id}:{work.fingerprint.hex()[:12]}"
    made = work.rules.run(work.whole.message, work.env)
    return Translation(
        language="kl",
        source=source,
        message_id=work.message_id,
        event=event,
        sent=work.whole.sent,
        fingerprint=work.fingerprint,
        citizen=work.env.message.citizen,
        statements=tuple(_statement(one, work, act, f"{origin}/{number}") for number, one in enumerate(made)),
        findings=tuple(work.env.findings),
    )


def _statement(made: Made, work: Work, act: Act, origin: str) -> Statement:
    sent = work.whole.sent
    return Statement(
        made.kind,
        made.key,
        made.act or act,
        made.verb or Verb.ASSERT,
        made.happened or sent,
        made.recorded or sent,
        made.body,
        work.env.source.id,
        origin,
        made.aliases,
    )


def _not_kept(whole: Whole, kept: frozenset[str]) -> Iterator[Finding]:
    strange = whole.message.roots.keys() - kept - _QUIET
    for at, resource in enumerate(whole.message.resources() if strange else ()):
        kind = resource["resourceType"]
        if kind in strange:
            name = kind if _TYPE.fullmatch(kind) else "what has no name of a type"
            yield Finding(f"Bundle.entry[{at}].resource", f"{name} is not kept here", severity="information")


def _composed(whole: Whole) -> Iterator[Finding]:
    """The joint plan and team are composed for each reader; what somebody else was shown is no part of them."""
    for kind, profile in (("CarePlan", PROFILE), ("CareTeam", TEAM_PROFILE)):
        for one in whole.message.roots.get(kind, ()):
            if one.get("meta", {}).get("profile", [""])[0] == profile:
                yield Finding(whole.message.place(one), "what is composed for a reader is never kept")


def _without_citizen(whole: Whole) -> Iterator[Finding]:
    """The fold would make the citizen take part in it."""
    for contact in whole.message.roots.get("Encounter", ()):
        if "subject" not in contact:
            yield Finding(f"{whole.message.place(contact)}.subject", "a contact without the citizen is no Encounter")


def _dummies(whole: Whole, about: Context) -> Iterator[Finding]:
    """A number that stands for nobody is left out, and so is one without a system."""
    told = whole.citizen.get("identifier", [])
    if len(told) > about.told or about.citizen[0].system.startswith("urn:faellesplan:source:"):
        place = f"{whole.message.place(whole.citizen)}.identifier"
        yield Finding(place, "a number that cannot stand for a person is left out")


def _fingerprint(whole: Whole, message_id: str) -> bytes:
    """SHA-256 of the message's id and all resources but the header. A resend under the same id is the same message
    whenever it is sent; under another id it is news: what was said, changed, and said again as at first is not what
    was said first."""
    told = [one for one in whole.message.resources() if one["resourceType"] != "MessageHeader"]
    parts = sorted([orjson.dumps(one, default=str, option=orjson.OPT_SORT_KEYS) for one in told])
    named = message_id or whole.sent.isoformat()
    return hashlib.sha256(b"\n".join([named.encode(), *parts])).digest()
