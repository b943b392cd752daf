"""Keys: what tells one visit, diagnosis, relative or team member from another. Scoped, so equal numbers stay apart."""

from __future__ import annotations

import hashlib
from typing import Any

from gateway.domain.episode import anywhere
from gateway.translate.hl7v2 import datatypes
from gateway.translate.hl7v2.citizen import linked as other_record
from gateway.translate.hl7v2.naming import assigner, number, parts
from gateway.translate.hl7v2.parse import Repetition
from gateway.translate.rules.reader import Env


def citizen(env: Env, node: Repetition | None) -> str:
    """The citizen's best number, which language.py has found before."""
    return str(env.message.citizen)


def former(env: Env, node: Repetition | None) -> str:
    """The best number of the identity that a merge ends, which language.py has found before; "" where it ends none."""
    return env.message.former


def visit(env: Env, node: Repetition | None) -> str:
    """PV1-19: `system|number`. Without an assigning authority the number is the source's own.

    Without any number it is one of this sender's stays of this citizen; their times tell them apart (domain/stay.py).
    """
    if not env.message.visit:
        found = number(env, node, "visit") if node is not None else None
        env.message.visit = found.key if found else f"{env.source.id}|numberless|{env.message.citizen}"
    return str(env.message.visit)


def episode(env: Env, node: Repetition) -> str:
    """PV1-50 or PV1-54 as a key of the episode, when it is a number that names an episode whoever gave it (a UUID, as
    notifications have it); nothing for a number of the sender's own."""
    return anywhere(node.value(1))


def former_visit(env: Env, node: Repetition) -> str:
    """MRG-5: the number that the visit had before, as the key of the same visit."""
    found = number(env, node, "visit")
    return found.key if found else ""


def linked(env: Env, node: Repetition) -> dict[str, str]:
    """The reference to the Patient of the second PID."""
    return {"reference": f"Patient/{env.ids('Patient', other_record(env.message, env).key)}"}


def diagnosis(env: Env, own: Repetition | None, code: Repetition | None, text: Repetition | None = None) -> str:
    """DG1-20, else the code in DG1-3, else the words in DG1-3 or DG1-4 as a digest, within the visit, or within the
    citizen where the message tells of no visit. The set id DG1-1 counts anew in every message: it is no key."""
    written = (own and own.raw, code and code.raw, text and text.raw)
    known: str | None = env.message.keys.get(written)
    if known is None:
        known = env.message.keys[written] = _diagnosis(env, own, code, text)
    return known


def _diagnosis(env: Env, own: Repetition | None, code: Repetition | None, text: Repetition | None) -> str:
    scope = env.message.visit or f"{env.source.id}|{env.message.citizen}"
    if own is not None:
        found = datatypes.entity(env, own)
        if found:
            return f"{scope}|{found['system']}|{found['value']}"
    if code is not None:
        coding = datatypes.coding(env, code)
        if coding:
            return f"{scope}|{coding.get('system', '')}|{coding['code']}"
    words = _words(code or text)
    return f"{scope}|{_digest(words)}" if words else ""


def condition(
    env: Env, own: Repetition | None, code: Repetition | None, text: Repetition | None = None
) -> dict[str, str] | None:
    """The reference to the Condition of a diagnosis; none where nothing names it, since none is made then."""
    key = diagnosis(env, own, code, text)
    return {"reference": f"Condition/{env.ids('Condition', key)}"} if key else None


def relative(env: Env, own: Repetition | None, employee: Repetition | None, name: Any, relation: Any) -> str:
    """NK1-33 or NK1-12 where it names who gave the number, else name and relationship, within the citizen. Names enter
    the key only as a digest."""
    scope = f"{env.source.id}|{env.message.citizen}"
    for node in (own, employee):
        found = number(env, node, "relative") if node is not None and assigner(env, node, 4) else None
        if found:
            return f"{scope}|{found.key}"
    words = f"{_words(name)}|{_words(relation, 1)}"
    return f"{scope}|{_digest(words)}" if len(words) > 1 else ""


def team(env: Env, node: Any) -> str:
    """The care team that this source tells of this citizen."""
    return f"{env.source.id}|team|{env.message.citizen}"


def member(
    env: Env, own: Repetition | None, role: Repetition | None, person: Repetition | None, unit: Repetition | None = None
) -> str:
    """A stable id of a team member: ROL-1 where it names who gave it, else role and person (or organisation).

    A bare number in ROL-1 is a set id: senders count 1, 2, 3 in every message, so it names nobody.
    """
    if own is not None:
        value, namespace, universal = own.said()[:3]
        if value and (namespace or universal):
            return _digest(f"instance|{namespace}|{universal}|{value}")
    who = person or unit
    if who is None:
        return ""
    made = datatypes.practitioner(env, who) if person else datatypes.organisation(env, who)
    named = (made or {}).get("identifier")
    name = f"{named['system']}|{named['value']}" if named else _words(who)
    return _digest(f"{parts(role, 1)[0] if role else ''}|{name}") if name else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _words(node: Any, most: int = 3) -> str:
    """The first texts of a node, as a part of a key that tolerates another spelling of blanks and capitals."""
    return "^".join(" ".join(text.split()).casefold() for text in parts(node, most)).strip("^")
