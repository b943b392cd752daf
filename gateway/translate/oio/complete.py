"""What a case must hold beyond being well-formed: only what the guide itself demands (SF1470 sag guide).

mappings/oio/demands.csv says of each demand whether a case that does not meet it is refused or only noted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.errors import GatewayError, MissingField, RuleBroken, WrongType
from gateway.translate.oio.case import Registered
from gateway.translate.oio.effect import EARLY, UNREADABLE, Effect, effect_of, lenient_span
from gateway.translate.oio.notes import number
from gateway.translate.oio.parts import LIFE
from gateway.translate.oio.party import Party, beside, identity_text
from gateway.translate.oio.roles import OTHER, Roles
from gateway.translate.oio.shape import REGISTERED
from gateway.translate.oio.tree import BESIDE, Node
from gateway.translate.rules.lines import lines
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.reader import Unfit
from gateway.translate.translation import Finding

Demands = Mapping[str, bool]
"""Each demand, and whether a case that does not meet it is refused."""

DEMANDS = (
    "kle-subject",
    "opstaaet",
    "opstaaet-first",
    "one-owner",
    "one-primary-party",
    "begins-before-it-ends",
    "readable-times",
    "begins",
    "index",
    "notes-apart",
)
_SEVERAL = ("Sagsaktoer", "Sagspart")
_NUMBERED = frozenset({"AndreBehandlere", "SekundaerPart"})
_COLUMNS = ("demand", "unmet", "why")
_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_NO_STATE = ("Passiveret", "Slettet")  # the guide has had Importeret alone since 1.7, the schema these too
_NOTE = ("JournalpostEgenskaber", "JournalnotatEgenskaber")
_RELATIONS = ("Sagsaktoer", "Sagspart", "Sagsklasse", "Sagsrelation", "Dokumentaktoer", "Dokumentpart")


def read(path: Path, problems: Problems) -> Demands:
    """The table in a file; every fault is noted with its line."""
    name = f"mappings/{path.parent.name}/{path.name}"
    demands = dict.fromkeys(DEMANDS, True)
    for line in lines(path, name, _COLUMNS, problems):
        demand, unmet = line.one("demand", DEMANDS), line.cells["unmet"]
        if unmet not in ("refuse", "note"):
            problems.add(line.mark, "unmet must be refuse or note")
        else:
            demands[demand] = unmet == "refuse"
    return demands


class Completeness:
    """The checks of one installation."""

    def __init__(self, roles: Roles, demands: Demands) -> None:
        self._roles = roles
        self._demands = demands

    def check(self, found: Registered, timezone: ZoneInfo) -> Iterator[Finding]:
        """What a case does not meet but is only noted. Raises MissingField, RuleBroken for what is refused."""
        states = [] if found.is_document else found.states
        if found.whole and not found.is_document and not any(code for _, code in states):
            place = f"{found.registration.place}/TilstandListe/Fremdrift"
            raise MissingField("The case has no state.", where=place)
        for demand, error in self._unmet(found, states, timezone):
            if self._demands[demand]:
                raise error
            yield Finding(error.where, error.text.rstrip("."))

    def _unmet(
        self, found: Registered, states: Sequence[tuple[Node, str]], timezone: ZoneInfo
    ) -> Iterator[tuple[str, GatewayError]]:
        if not found.is_document:
            yield from _classes(found)
            yield from _states(found, states, timezone)
            yield from _notes(found, timezone)
        yield from self._two(found, timezone, "Ejer", "one-owner", "The case has two owners.")
        yield from self._two(found, timezone, "PrimaerPart", "one-primary-party", "The case has two primary parties.")
        for node in found.relations(*_SEVERAL):
            if self._roles.of(node) in _NUMBERED and not node.said("Indeks"):
                text = "There may be several of this role, so each needs an Indeks."
                yield "index", MissingField(text, where=f"{node.place}/Indeks")
        for node in holders(found.registration):
            effect = effect_of(node, timezone)
            if effect.fault or not effect.begins:
                yield from _faulty(node, effect)

    def _two(
        self, found: Registered, timezone: ZoneInfo, role: str, demand: str, text: str
    ) -> Iterator[tuple[str, GatewayError]]:
        """Two of what there is one of, both in force when the case was registered."""
        names = ("Sagsaktoer", "Dokumentaktoer") if role == "Ejer" else ("Sagspart", "Dokumentpart")
        ones = found.relations(*names, role=role)
        in_force = [node for node in ones if lenient_span(node, timezone).covers(found.moment)] if len(ones) > 1 else []
        for node in in_force[1:]:
            if identity_text(node) != identity_text(in_force[0]):
                yield demand, RuleBroken(text, where=node.place, hint="End the one before the other begins.")

    def noticed(self, found: Registered, citizen: Party | None) -> Iterator[Finding]:
        """What was read otherwise than it was written."""
        if citizen and citizen.name_only:
            yield Finding(
                citizen.place, "the citizen has no number; the case's own stands for them", severity="information"
            )
        if found.registration.said("LivscyklusKode") in _NO_STATE:
            text = "it is marked as deleted or passive, which is no state: it stands until it is taken out or ends"
            yield Finding(f"{found.registration.place}/LivscyklusKode", text)
        if found.whole and not any(_sensitivities(found)):
            place = (found.registration.first("AttributListe") or found.registration).place
            yield Finding(place, "Foelsomhed is missing; the case is treated as restricted")
        for node in found.relations(*_RELATIONS, role=OTHER):
            yield Finding(node.place, "its role is not in mappings/oio/roles.csv; it is kept by the role's number")
        for post in found.relations("Journalpost"):
            if _is_cut_off(found, post):
                yield Finding(post.place, "the note is larger than the index takes; only its title came along")


def _is_cut_off(found: Registered, post: Node) -> bool:
    try:
        return found.note(post.said("JournalpostEgenskaber", "JournalnotatEgenskaber", "Notat")).cut_off
    except Unfit:
        return False


def _faulty(node: Node, effect: Effect) -> Iterator[tuple[str, GatewayError]]:
    if effect.fault == UNREADABLE:
        text = "A time of the effect cannot be read; it counts as open."
        yield "readable-times", WrongType(text, where=f"{node.place}/Virkning")
        return
    if not effect.begins and node.has("Virkning", "FraTidspunkt", "GraenseIndikator"):
        yield "begins", RuleBroken("The effect never began.", where=f"{node.place}/Virkning/FraTidspunkt")
    if effect.fault == EARLY:
        place = f"{node.place}/Virkning"
        yield "begins-before-it-ends", RuleBroken("The effect ends before it begins.", where=place)


def holders(registration: Node) -> list[Node]:
    """Every property, state and relation: what has a Virkning of its own."""
    found: list[Node] = []
    for name in REGISTERED:
        lists = registration.each(name)
        beside = [inner for one in lists for inner in one.parts if inner.name == BESIDE]
        for one in beside + lists:
            found += [part for part in one.parts if part.name != BESIDE]
    return found


def _states(
    found: Registered, told: Sequence[tuple[Node, str]], timezone: ZoneInfo
) -> Iterator[tuple[str, GatewayError]]:
    """On import all earlier states come along, and Opstaaet, with which every case begins, is never missing."""
    states = [(node, code, effect_of(node, timezone).part.get("from", "")) for node, code in told if code in LIFE]
    first = [start for _, code, start in states if code == LIFE[0]]
    if found.whole and states and not first:
        place = f"{found.registration.place}/TilstandListe/Fremdrift"
        yield "opstaaet", MissingField("The state Opstaaet is missing.", where=place, hint="Tell all earlier states.")
    begun = min(first, default="")  # none where one of them has no beginning
    for node, _, start in states:
        if start and start < begun:
            yield "opstaaet-first", RuleBroken("A state begins before Opstaaet.", where=node.place)


def _classes(found: Registered) -> Iterator[tuple[str, GatewayError]]:
    """Without a KLE subject nobody can tell what kind of data it is."""
    classes = found.relations("Sagsklasse", role="PrimaerKlasse")
    if found.whole and not any(beside(node, "BrugervendtNoegle") for node in classes):
        where = f"{found.registration.place}/RelationListe/Sagsklasse[PrimaerKlasse]"
        yield "kle-subject", MissingField("The case has no KLE subject.", where=where)


def _notes(found: Registered, timezone: ZoneInfo) -> Iterator[tuple[str, GatewayError]]:
    """A note is named by its number in the case: of two that have one at a time one would be lost."""
    told: dict[str, list[Node]] = {}
    for post in found.relations("Journalpost"):
        if post.has(*_NOTE):
            told.setdefault(number(post, ""), []).append(post)
    for several in told.values():
        for post in _clashing(several, timezone) if len(several) > 1 else ():
            hint = "Number them apart, or end the one before the other begins."
            yield "notes-apart", RuleBroken("Two notes have one Indeks.", where=f"{post.place}/Indeks", hint=hint)


@dataclass(slots=True)
class _Said:
    """What a note says, from when until when; nothing at no time, before any is known."""

    start: datetime = _EARLIEST
    end: datetime = _EARLIEST
    words: tuple[str, str] | None = None

    def clashes(self, other: _Said) -> bool:
        """Whether both are true at some time and say two things."""
        return self.words != other.words and self.start < other.end and other.start < self.end


def _clashing(posts: Iterable[Node], timezone: ZoneInfo) -> Iterator[Node]:
    """Each note that begins while one that says something else is true. In the order of their beginnings it is enough
    to know which one ends last, and which does of those that say something else: a case may hold thousands."""
    ordered = sorted(((_said(post, timezone), post) for post in posts), key=lambda pair: pair[0].start)
    last = other = _Said()
    for one, post in ordered:
        if one.clashes(last) or one.clashes(other):
            yield post
        if one.end > last.end:
            last, other = one, (last if one.words != last.words else other)
        elif one.words != last.words and one.end > other.end:
            other = one


def _said(post: Node, timezone: ZoneInfo) -> _Said:
    span = lenient_span(post, timezone)
    words = post.said(*_NOTE, "Titel"), post.said(*_NOTE, "Notat")
    return _Said(span.start.at if span.start else _EARLIEST, span.end.at if span.end else _LATEST, words)


def _sensitivities(found: Registered) -> Iterator[str]:
    attributes = found.registration.first("AttributListe") or Node("AttributListe")
    for path in (("LokalUdvidelseListe", "SagIndeksEgenskaber"), ("Egenskaber",)):
        for one in attributes.each(*path):
            yield one.said("Foelsomhed")
