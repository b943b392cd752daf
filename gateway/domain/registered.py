"""Fold of what case systems register part by part (OIO): each part has its own time in which it is true.

A statement's body is `{"by": number, "parts": [part, …]}`: `by` is the case or document that was registered, and each
part is

| name | what |
|---|---|
| slot | which part it is: its kind, and for relations the composite key of role, type and index |
| what | what it is about: the number that a relation leads to, the code of a state |
| body | the FHIR elements that it gives; lists of several parts are joined |
| keep | `one`: of the slot the one that holds, else the last that began · `now`: while it holds · `ahead`: until it has
ended · `all`: always |
| from, to | when it is true, `to` not included; UTC as `2025-01-14T00:00:00.000000`, absent where it is open |
| period, before | the same as FHIR Period, and the last instant before `from` in its spelling |
| state | of a state: how far it is in the life of the thing, and whether it ends it |

Act.REGISTER tells the whole: all that was told by the same `by` before is gone. Act.AMEND tells what changed: a part
takes its slot's place from the time on from which it is true, and a relation to the same thing is the same relation,
with a new end perhaps. Verb.WITHDRAW takes all out until it is registered anew. What two tell of one thing (a document
and the case it lies on) stands side by side; the thing's own word goes before the other's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.domain.limits import SENSITIVITY, SENSITIVITY_URL
from gateway.domain.resource import Ids, Resource
from gateway.domain.security_label import CONFIDENTIALITY
from gateway.domain.snapshot import in_error
from gateway.domain.source import Source
from gateway.domain.statement import Act, Body, Statement, Verb
from gateway.domain.when import instant, last_instant

REGISTERING = frozenset({Act.REGISTER, Act.AMEND})
Part = dict[str, Any]
States = Mapping[str, tuple[int, Body]]
"""Of each state of a case or effort how far it is in its life, and what it means for the plan (status, intent)."""

_STATE = "Fremdrift"
STATE = "https://faellesplan.dk/fhir/StructureDefinition/oio-state"
_LIFE = {"CarePlan": "completed", "CareTeam": "inactive"}
"""Types that last as long as the case, and their status once it is over."""
_DEFAULTS: dict[str, Body] = {
    "CarePlan": {"status": "unknown", "intent": "plan"},
    "DocumentReference": {"status": "current", "content": [{"attachment": {}}]},
}
_RESTRICTED = {"system": CONFIDENTIALITY, "code": "R"}
_SENSITIVE = {"url": SENSITIVITY_URL, "valueCode": SENSITIVITY[2]}


def moment_text(moment: datetime) -> str:
    """A moment as parts tell it: in UTC, so that texts sort as moments do."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def told_in_parts(said: Sequence[Statement]) -> bool:
    """Whether a case or document tells it, part by part: a grant tells of its benefit as a whole. What takes it from
    another citizen (domain/moved.py) is written alike for both."""
    return any(one.act in REGISTERING and one.verb is Verb.ASSERT and "parts" in one.body for one in said)


def fold_registered(
    kind: str, key: str, said: Sequence[Statement], ids: Ids, sources: Mapping[str, Source]
) -> Resource | None:
    """The resource that these statements, in order, make together. None for an alert where there is nothing to alert
    to: the case is about something else, or nothing is decided of it yet."""
    tellers: dict[str, _Teller] = {}
    for one in said:
        tellers.setdefault(one.body["by"], _Teller()).hear(one)
    own = next((teller for by, teller in tellers.items() if key.endswith(by)), None)
    standing = [tellers[by] for by in sorted(tellers, key=lambda by: (key.endswith(by), by)) if not tellers[by].gone]
    withdrawn = not standing or (own is not None and own.gone)
    body = Body()
    for teller in standing or tellers.values():
        body = _over(body, teller.told(kind))
    if kind == "DocumentReference" and not body:
        withdrawn = True  # it lay on its case for a time that is over, and nobody else tells of it
    if kind == "Flag":
        if (period := _decided(body)) is None:
            return None
        body |= {"period": period} if period else {}
        if "start" in period and instant(period["start"]) > max(one.happened for one in said):
            body["status"] = "active"  # decided and not begun: that is when something can be done about it
    body = _DEFAULTS.get(kind, {}) | body
    _restrict(body)
    if withdrawn:
        body = in_error(kind, body)
    last = said[-1]
    return Resource(kind, ids(kind, key), body, last.source, sources[last.source].sector, withdrawn, last.notes)


def as_of(plan: Body, at: datetime, states: States) -> Body:
    """A case or effort as it stands at a time: what is stored of it was judged when it was last registered, and a state
    that was registered ahead has begun since. One that is over stays over."""
    told = _states_in(plan)
    if not told or plan.get("status") in ("completed", "revoked", "entered-in-error"):
        return plan
    holding = [states[code] for code, period in told if code in states and _within(period, at)]
    return plan | max(holding, key=lambda one: one[0])[1] if holding else plan


def _states_in(body: Body) -> list[tuple[str, Body]]:
    """(state, period) of each that is told; "" and no period where a part is not told: whoever writes a plan by REST
    may write the extension in any shape."""
    told = [
        {part.get("url"): part for part in one.get("extension", ())}
        for one in body.get("extension", ())
        if one.get("url") == STATE
    ]
    return [(one.get("state", {}).get("valueCode", ""), one.get("period", {}).get("valuePeriod", {})) for one in told]


def _within(period: Body, at: datetime) -> bool:
    begun = "start" not in period or instant(period["start"]) <= at
    return begun and ("end" not in period or at < last_instant(period["end"]))


def _decided(flag: Body) -> Body | None:
    """For how long a case that reduces or stops a benefit has decided so; None while nothing is decided. Some systems
    never send the state that ends a case: the decision itself ends then."""
    times = [period for _, period in _states_in(flag)]
    if "code" not in flag or not times:
        return None
    period = {"start": min(time["start"] for time in times)} if all("start" in time for time in times) else {}
    return period | ({"end": max(time["end"] for time in times)} if all("end" in time for time in times) else {})


class _Teller:
    """What one case or document tells of the thing: the parts that stand, as of its last registration."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.moment = ""
        self.gone = False

    def hear(self, one: Statement) -> None:
        if one.verb is Verb.WITHDRAW:
            self.gone = True
            return
        parts: list[Part] = one.body["parts"]
        if one.act is Act.REGISTER:
            self.parts, self.gone = parts, False
        else:
            self.parts = _amended(self.parts, parts)
        self.moment = moment_text(one.happened)

    def told(self, kind: str) -> Body:
        body = Body()
        seen: set[str] = set()
        for part in self._chosen():
            _join(body, part["body"], part.get("period"), seen, "")
        if kind in _LIFE:
            _last(kind, body, self.parts, self.moment)
        return body

    def _chosen(self) -> Iterator[Part]:
        rivals: dict[str, list[Part]] = {}
        for part in self.parts:
            if part.get("keep") == "one" or part["slot"] == _STATE:
                rivals.setdefault(part["slot"], []).append(part)
        best = {slot: _best(parts, self.moment) for slot, parts in rivals.items()}
        for part in self.parts:
            if part["slot"] in best:
                if part is best[part["slot"]]:
                    yield part
                elif part["slot"] == _STATE:
                    yield part | {"body": _listed(part["body"])}
            elif part.get("keep") == "all" or _holds(part, self.moment) or _ahead(part, self.moment):
                yield part


def _ahead(part: Part, moment: str) -> bool:
    return part.get("keep") == "ahead" and ("to" not in part or moment < part["to"])


def _listed(body: Body) -> Body:
    """Of a state that is not the present one what belongs to the history."""
    return {name: value for name, value in body.items() if isinstance(value, list)}


def _holds(part: Part, moment: str) -> bool:
    return bool(part.get("from", "") <= moment and ("to" not in part or moment < part["to"]))


def _best(rivals: Sequence[Part], moment: str) -> Part:
    """Of those that hold, the most advanced state, or what began last; else of those that have begun; else what comes
    first. The order in which they are told says nothing."""
    holding = [part for part in rivals if _holds(part, moment)]
    begun = [part for part in rivals if part.get("from", "") <= moment]
    if holding or begun:
        return max(holding or begun, key=lambda part: (_rank(part), part.get("from", "")))
    return min(rivals, key=lambda part: (_rank(part), part.get("from", "")))


def _rank(part: Part) -> int:
    return int(part["state"][0]) if "state" in part else 0


def _amended(before: Sequence[Part], told: Sequence[Part]) -> list[Part]:
    """What still stands of the parts before, cut where one that is told takes their place, and what is told."""
    slots: dict[str, list[Part]] = {}
    for part in before:
        slots.setdefault(part["slot"], []).append(part)
    new = [_going_on(part, slots.get(part["slot"], ())) for part in told]
    places: dict[str, list[Part]] = {}
    for part in new:
        places.setdefault(part["slot"], []).append(part)
    order = {slot: place for place, slot in enumerate([*slots, *(slot for slot in places if slot not in slots)])}
    kept = (_left(part, places.get(part["slot"], ())) for part in before)
    return sorted([*(part for part in kept if part), *new], key=lambda part: order[part["slot"]])


def _going_on(new: Part, before: Sequence[Part]) -> Part:
    """A part that tells of the same thing as one before, at one time with it or right after it, is the same part: it is
    true from when that was."""
    for old in before:
        if _same(old, new) and old.get("from", "") < new.get("from", ""):
            edges = {"end": new.get("period", {}).get("end"), "start": old.get("period", {}).get("start")}
            new = {name: value for name, value in new.items() if name not in ("from", "before", "period")}
            new |= {name: old[name] for name in ("from", "before") if name in old}
            new["period"] = {edge: said for edge, said in edges.items() if said}
    return new


def _same(old: Part, new: Part) -> bool:
    meet = old.get("from", "") <= new.get("to", "~") and new.get("from", "") <= old.get("to", "~")
    return bool(meet and old.get("what") and old.get("what") == new.get("what"))


def _left(old: Part, new: Sequence[Part]) -> Part | None:
    """What is left of a part when others come into its slot; None when nothing is."""
    for one in new:
        start = one.get("from", "")
        if _same(old, one) or start <= old.get("from", ""):
            if one.get("to", "~") > old.get("from", "") or _same(old, one):
                return None
        elif start < old.get("to", "~"):
            begun = old.get("period", {}).get("start")
            old = old | {"to": start, "period": {"end": one["before"]} | ({"start": begun} if begun else {})}
    return old


def _join(body: Body, told: Body, period: Body | None, seen: set[str], place: str) -> None:
    """What is told besides what stands; what was `seen` at its place in a list is not said twice."""
    for name, new in told.items():
        value: Any = new
        if period and name in ("participant", "extension"):
            value = [_dated(one, period) for one in new]
        if isinstance(value, list):
            there = body.setdefault(name, [])
            for one in value:
                key = f"{place}{name}{one}"
                if key not in seen:
                    seen.add(key)
                    there.append(one)
        elif isinstance(value, dict):
            body[name] = dict(body.get(name, {}))
            _join(body[name], value, None, seen, f"{place}{name}.")
        else:
            body[name] = value


def _dated(item: Body, period: Body) -> Body:
    """A member, or an extension with a period, that is true as long as its part is: another may have cut that short."""
    if "member" in item:
        return item | {"period": period}
    inner = item.get("extension", ())
    if not any(one.get("url") == "period" for one in inner):
        return item
    redated = [one | {"valuePeriod": period} if one.get("url") == "period" else one for one in inner]
    return item | {"extension": redated}


def _over(before: Body, own: Body) -> Body:
    """One teller's word with another's over it: lists are the later one's alone where it has any."""
    return before | own


def _last(kind: str, body: Body, parts: Sequence[Part], moment: str) -> None:
    """How long the case lasts: from its first state until one that ends it, or until its states or properties are
    valid no longer. Some systems never send the state that ends a case."""
    states = [part for part in parts if "state" in part]
    starts = [part for part in states if "start" in part.get("period", {})]
    first = min(starts, key=lambda part: part["from"], default=None)
    period = {"start": first["period"]["start"]} if first else {}
    ends = [
        (part["from"], part["before"]) for part in states if part["state"][1] and "to" not in part and "from" in part
    ]
    for group in (states, [part for part in parts if part["slot"] == "Egenskaber"]):
        if group and all("to" in part for part in group):
            final = max(group, key=lambda part: part["to"])
            if "end" in final.get("period", {}):
                ends.append((final["to"], final["period"]["end"]))
    if ends:
        over, period["end"] = min(ends)
        if first and over <= first["from"]:
            period["end"] = period["start"]  # it was over as it began: its last instant would lie before that
        if over <= moment:
            body["status"] = _LIFE[kind]
    if period:
        body["period"] = period | body.get("period", {})  # an effort tells its own


def _restrict(body: Body) -> None:
    """Without a word on how sensitive it is nobody may take it for harmless."""
    meta = body.get("meta", {})
    labels = meta.get("security", [])
    if not any(label.get("system") == CONFIDENTIALITY for label in labels):
        body["meta"] = meta | {"security": [*labels, _RESTRICTED]}
    extensions = body.get("extension", [])
    if not any(one.get("url") == SENSITIVITY_URL for one in extensions):
        body["extension"] = [*extensions, _SENSITIVE]
