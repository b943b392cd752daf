"""How consents decide: docs/samtykke.md tells it in Danish, tests/**/domain/consent line by line.

What the access alone decides (who, when, what for) is worked out once, in `Evaluation`; what is left for each
resource are the filters on data. `_judge` walks one branch: the deepest matching provision decides, branches and
consents combine by deny overrides.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter

from gateway.domain.consent.ask import ACTIONS, BREAK_GLASS, TREATMENT, Ask, Asked, is_known, purposes_of
from gateway.domain.consent.codes import MAYBE, NO, YES
from gateway.domain.consent.compiled import CompiledConsent
from gateway.domain.consent.provision import Provision
from gateway.domain.consent.units import Units
from gateway.domain.consent.verdict import Verdict, Word
from gateway.domain.lately import Lately
from gateway.domain.resource import Facts
from gateway.domain.security_label import UNREAD, counting

Same = Mapping[str, frozenset[str]]
"""Patient id → every reference and identifier key that is this citizen (after merges, several)."""

# What a provision, a consent or all consents come to, weakest first; the highest decides.
_NOTHING, _VOID, _LIMITED, _PERMIT, _CONFINED, _DENY, _PERMIT_BTG, _DENY_BTG = range(8)
_WORD = {
    _NOTHING: Word.SILENT, _VOID: Word.SILENT, _PERMIT: Word.PERMIT, _CONFINED: Word.DENY, _DENY: Word.DENY,
    _PERMIT_BTG: Word.PERMIT, _DENY_BTG: Word.DENY,
}  # fmt: skip


_Outcome = tuple[int, int, Provision | None]
"""Rank, number of the rule (domain/consent), and the provision that decided."""

_SILENT: _Outcome = (_NOTHING, 8, None)
_NO_LABELS: frozenset[str] = frozenset()
_ALL = (YES, YES)


@dataclass(slots=True)
class _Live:
    """A provision that this access touches. `level` is how well; `plain` that no filter on data is below; `units` is
    what its own filters go by."""

    provision: Provision
    level: int
    plain: bool
    exceptions: tuple[_Live, ...]
    units: Units


def evaluate(consents: Iterable[CompiledConsent], ask: Ask, facts: Facts, same: Same | None = None) -> Verdict:
    """What the consents say about this access to this resource, every purpose and every citizen in it considered."""
    return Evaluation(consents, ask, same).verdict(facts)


def prepared(consents: Iterable[CompiledConsent], ask: Ask, same: Same | None = None) -> Evaluation:
    """The evaluation for an asker, made once for the same consents, as long as nothing begins or ends in them.

    What is remembered hangs on the very consents: one that was changed or withdrawn is another one, and finds nothing.
    """
    listed = tuple(consents)
    if same:
        return Evaluation(listed, ask, same)
    return _again(listed, begun(listed, ask.now), ask)


def begun(consents: tuple[CompiledConsent, ...], now: datetime) -> int:
    """How much has begun or ended in these consents by now: while it is the same they say the same."""
    return bisect_right(_moments(consents), now)


@lru_cache(maxsize=4096)
def _again(consents: tuple[CompiledConsent, ...], _since: int, ask: Ask) -> Evaluation:
    return Evaluation(consents, ask)


@lru_cache(maxsize=4096)
def _moments(consents: tuple[CompiledConsent, ...]) -> list[datetime]:
    return sorted(frozenset().union(*(one.moments for one in consents)))


class Evaluation:
    """One asker before one set of consents: prepared once, asked about many resources."""

    def __init__(self, consents: Iterable[CompiledConsent], ask: Ask, same: Same | None = None) -> None:
        self._ask = ask
        self._same = same or {}
        self._all = tuple(consents)
        self._asked = Asked(ask)
        reached, now = self._asked.wide, ask.now
        self._consents = [
            c
            for c in self._all
            if c.provision is not None
            and (c.reach is None or not c.reach.isdisjoint(reached))
            and (c.given is None or c.given <= now)
        ]
        self._consents.sort(key=_id)
        self._benches: dict[tuple[str, str], _Bench] = {}
        self.purposes = purposes_of(ask.purposes)

    def verdict(self, facts: Facts) -> Verdict:
        """The verdict for all purposes together: every one must be permitted (rule 9)."""
        if not self.purposes:
            return Verdict(Word.DENY, 9)
        return _all([self.verdict_for(purpose, facts) for purpose in self.purposes], 9)

    def verdict_for(self, purpose: str, facts: Facts) -> Verdict:
        """The verdict for one purpose (`system|code`): every citizen in the resource must permit (13)."""
        if self._ask.action not in ACTIONS:
            return Verdict(Word.DENY, 11)
        if not is_known(purpose) and not self._named(purpose):
            return Verdict(Word.DENY, 9)
        if not facts.citizens:
            return self._bench(purpose, facts.citizen).verdict(facts)
        citizens = dict.fromkeys((*facts.citizens, facts.citizen))
        return _all([self._bench(purpose, citizen).verdict(facts) for citizen in citizens], 13)

    def _named(self, purpose: str) -> bool:
        """A purpose of somebody's own code system is known where a consent names it."""
        code_system = purpose.rpartition("|")[0]
        return code_system not in _V3 and any(
            _names(c.provision, purpose) for c in self._all if c.in_force(self._ask.now)
        )

    def _bench(self, purpose: str, citizen: str) -> _Bench:
        key = (purpose, citizen)
        if key not in self._benches:
            own = {f"Patient/{citizen}", *self._same.get(citizen, ())}
            said = [c for c in self._consents if not own.isdisjoint(c.patients)]
            self._asked.purpose = purpose
            self._benches[key] = _Bench(said, self._ask, self._asked)
        return self._benches[key]


_id = attrgetter("id")
_V3 = frozenset({BREAK_GLASS.rpartition("|")[0]})


def _names(provision: Provision | None, purpose: str) -> bool:
    if provision is None:
        return False
    own = provision.purposes is not None and purpose in provision.purposes.values
    return own or any(_names(child, purpose) for child in provision.exceptions)


def _all(verdicts: list[Verdict], rule: int) -> Verdict:
    """One deny denies, silence asks the policy table, and a permit needs all of them."""
    for word in (Word.DENY, Word.SILENT):
        for verdict in verdicts:
            if verdict.word is word:
                return verdict if len(verdicts) == 1 or verdict.consent else Verdict(word, rule)
    return verdicts[0]


class _Bench:
    """The consents of one citizen, reduced to what one asker and one purpose leave open."""

    __slots__ = ("_alike", "_always", "_breaks_glass", "_open", "_restricted", "_said")

    def __init__(self, consents: list[CompiledConsent], ask: Ask, asked: Asked) -> None:
        purpose = asked.purpose
        self._breaks_glass = purpose == BREAK_GLASS
        # § 44: health data of the region, for other purposes than treatment, to anybody outside it
        self._restricted = purpose not in TREATMENT and ask.sector not in ("", "region")
        self._always = [(_SILENT, ""), (_SILENT, "")]  # what holds for all data; the second for the region's
        self._open: list[tuple[_Live, str, bool]] = []
        self._alike = True
        self._said: Lately[tuple[object, ...], Verdict] = Lately(64)  # of data that is alike to all of them
        must_name = not is_known(purpose)
        for consent in consents:
            root = consent.provision
            if root is None or (root.named is not None and purpose not in root.named):
                continue
            live = _live_root(root, asked, must_name)
            if live is None:
                continue
            void = self._restricted and not consent.passes_44(ask.now)
            if live.plain:
                self._settle(live, consent.id, void)
            else:
                self._open.append((live, consent.id, void))
                self._alike = self._alike and root.alike

    def _settle(self, live: _Live, consent: str, void: bool) -> None:
        """What is the same for all data is worked out once."""
        for from_region in (False, True):
            outcome = _of_consent(live, _NO_FACTS, frozenset(), self._breaks_glass, void and from_region)
            if outcome[0] > self._always[from_region][0][0]:
                self._always[from_region] = (outcome, consent)

    def verdict(self, facts: Facts) -> Verdict:
        """What these consents say about one resource."""
        if not (self._open and self._alike):
            return self._verdict(facts)
        key = (facts.kind, facts.data_class, facts.sector, facts.labels, facts.codes)
        return self._said.get(key) or self._said.keep(key, self._verdict(facts))

    def _verdict(self, facts: Facts) -> Verdict:
        from_region = self._restricted and facts.sector != "municipality"
        best, by = self._always[from_region]
        if self._open:
            labels = counting(facts.labels)
            strongest = _DENY_BTG if self._breaks_glass else _DENY
            for live, consent, void in self._open:
                if best[0] >= strongest:
                    break
                outcome = _of_consent(live, facts, labels, self._breaks_glass, void and from_region)
                if outcome[0] > best[0]:
                    best, by = outcome, consent
        rank, rule, provision = best
        if provision is None:
            return _SAYS_NOTHING
        names = provision.names if rank in (_PERMIT, _PERMIT_BTG) else frozenset()
        return Verdict(_WORD[rank], rule, by, provision.path, names, rank in (_PERMIT_BTG, _DENY_BTG))


_NO_FACTS = Facts("", "", "", "", "", "")
_SAYS_NOTHING = Verdict(Word.SILENT, 8)


def _live_root(root: Provision, asked: Asked, must_name: bool) -> _Live | None:
    """The root, and the exceptions that count within its period, actors and actions (rule 3)."""
    purpose = _purpose(root, asked, must_name)
    exceptions = root.exceptions
    if not (purpose or exceptions):
        return None
    exact, wide = _ALL if root.open else root.about(asked)
    if not wide:
        return None
    scope = wide if root.denies else exact
    if not exceptions:
        level = scope & purpose
        return _Live(root, level, root.plain, (), asked.units) if level else None
    return _with_exceptions(root, asked, scope & purpose, scope, wide, must_name)


def _live(provision: Provision, asked: Asked, gate: int, wide_gate: int, must_name: bool) -> _Live | None:
    """An exception under its parent; gates are how well the parent matches as a permit and as a deny names people."""
    purpose = _purpose(provision, asked, must_name)
    if not purpose:
        return None
    if provision.follows:
        exact = gate
        wide = wide_gate & purpose
    else:
        exact, wide = provision.about(asked)
        wide = wide_gate & purpose & wide
    if not wide:
        return None
    level = wide if provision.denies else gate & wide & exact
    if not provision.exceptions:
        return _Live(provision, level, provision.plain, (), asked.units) if level else None
    return _with_exceptions(provision, asked, level, level, wide, must_name)


def _with_exceptions(
    provision: Provision, asked: Asked, level: int, gate: int, wide: int, must_name: bool
) -> _Live | None:
    live: tuple[_Live, ...] = ()
    if provision.exceptions:
        below = [_live(child, asked, gate, wide, must_name) for child in provision.exceptions]
        live = tuple([one for one in below if one is not None])
    if not level and not live:
        return None
    plain = provision.plain or (not provision.filters and provision.labels is None and all(one.plain for one in live))
    return _Live(provision, level, plain, live, asked.units)


def _purpose(provision: Provision, asked: Asked, must_name: bool) -> int:
    """No purposes named is all purposes, but for a permit only those that v3-ActReason knows."""
    named = provision.purposes
    if named is None:
        return NO if must_name and not provision.denies else YES
    return YES if asked.purpose in named.values else MAYBE if named.vague else NO


def _of_consent(live: _Live, facts: Facts, labels: frozenset[str], breaks_glass: bool, void: bool) -> _Outcome:
    """What one consent comes to. `void`: it lacks the form of § 44, so it can only deny."""
    if live.exceptions:
        outcome = _judge(live, facts, labels, breaks_glass, _NO_LABELS, not void, True)
    else:
        match = _match(live, facts, labels)
        outcome = _own(live, match, labels, breaks_glass, _NO_LABELS, not void, True)
    if outcome[0] == _LIMITED:
        return (_CONFINED, 7, outcome[2])
    return (_VOID, 15, outcome[2]) if void and outcome[0] == _VOID else outcome


def _judge(
    live: _Live, facts: Facts, labels: frozenset[str], breaks_glass: bool, covered: frozenset[str] | None, sure: bool,
    is_root: bool,
) -> _Outcome:  # fmt: skip
    """The outcome of the branches through one provision. `labels` are those of the resource that count.

    `covered` are the labels that the permits above cover together, None when they cover all (rule 5).
    `sure` is False below something that is not understood, or under a consent that lacks the form of § 44.
    """
    provision = live.provision
    match = _match(live, facts, labels)
    if not is_root and not match:
        return (_LIMITED, 7, provision) if live.level and provision.limits else _SILENT
    best = _SILENT
    if live.exceptions:
        within = covered
        if provision.says == "permit" and live.level == match == YES and sure:
            within = None if covered is None or provision.labels is None else covered | provision.labels.values
        sure_below = sure and (is_root or match == YES)
        for child in live.exceptions:
            outcome = _judge(child, facts, labels, breaks_glass, within, sure_below, False)
            if outcome[0] > best[0]:
                best = outcome
        if best[0] >= _PERMIT:
            return best
    own = _own(live, match, labels, breaks_glass, covered, sure, is_root)
    return own if own[0] >= best[0] else best


def _match(live: _Live, facts: Facts, labels: frozenset[str]) -> int:
    """How well the filters on data match."""
    provision = live.provision
    match = YES if provision.labels is None else _touch(provision, facts, labels)
    for fits in provision.filters:
        if not match:
            return NO
        match &= fits(facts, live.units)
    return match


def _touch(provision: Provision, facts: Facts, counting_: frozenset[str]) -> int:
    """How well the label filter meets the resource's labels. A deny hits an unlabelled resource, and one that nobody
    could look into; a permit does not."""
    labels = provision.labels
    if labels is None:
        return YES
    if provision.denies:
        met = not counting_ or UNREAD in counting_ or not labels.values.isdisjoint(facts.labels)
    else:
        met = not labels.values.isdisjoint(counting_)
    return YES if met else MAYBE if labels.vague else NO


def _own(
    live: _Live, match: int, labels: frozenset[str], breaks_glass: bool, covered: frozenset[str] | None, sure: bool,
    is_root: bool,
) -> _Outcome:  # fmt: skip
    """What the provision itself says, where no exception below it decides. `match` is how well its data filters do:
    data that a permit may cover or may not is not covered."""
    provision, level = live.provision, live.level
    if not level or not provision.says:
        return _SILENT
    named = breaks_glass and provision.breaks_glass
    if provision.denies:
        level &= match
        if not level:
            return (_LIMITED, 7, provision) if provision.limits else _SILENT
        return (_DENY_BTG if named else _DENY, 11 if level == MAYBE else 2 if is_root else 4, provision)
    if match < YES or not _covers(provision, labels, covered):
        return (_LIMITED, 7, provision)
    if level == MAYBE or not sure:
        return (_VOID, 11, provision)
    return (_PERMIT_BTG, 10, provision) if named else (_PERMIT, 2 if is_root else 4, provision)


def _covers(provision: Provision, labels: frozenset[str], covered: frozenset[str] | None) -> bool:
    """Whether this permit and those above it cover every label that counts (rule 5)."""
    own = provision.labels
    if own is None or covered is None:
        return True
    return bool(labels) and labels <= (covered | own.values if covered else own.values)
