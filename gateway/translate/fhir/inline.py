"""Paths over FHIR JSON spelled as Python (`Path.inline`): what a rule reads is read without a call.

A tree that rules see has passed the shape check, so R4 itself tells where a list stands, where an object and where a
text, and nothing of it is asked again. Of JSON that is not FHIR nothing is known but that an element may be absent.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.translate.fhir.shape import NUMBERS
from gateway.translate.r4 import ElementFact, facts

Step = tuple[str, str, str]  # name, and the child that must hold this text: ("extension", "url", "http://…")

_NOT_TEXTS = NUMBERS | {"boolean", "decimal"}
_NONE = {"value": "''", "values": "()", "node": "None", "nodes": "()"}


def untyped(steps: Sequence[Step]) -> dict[str, str]:
    """What is absent, and the one text of a single step, is told without a call."""
    name, child, _ = steps[0]
    absent = f"type({{s}}) is dict and {name!r} not in {{s}}"
    found = {mode: f"({none} if {absent} else {{call}})" for mode, none in _NONE.items()}
    if len(steps) == 1 and not child:
        text = f"{{t}} if type({{t}} := {{s}}.get({name!r})) is str else '' if {{t}} is None else {{call}}"
        found["value"] = f"(({text}) if type({{s}}) is dict else {{call}})"
    return found


def typed(steps: Sequence[Step], elements: Sequence[ElementFact], root: str) -> dict[str, str]:
    """The forms of a path over elements of R4. With a `root` it begins at the resources of that type."""
    last = elements[-1]
    kind = last.types[0]
    several = [fact.is_list for fact in elements]
    # 0 and false are values, which takes a look at each; so does a child that is no text, or is to be absent
    if kind in _NOT_TEXTS or not all(map(_tells_text, steps, elements)):
        return {} if root else untyped(steps)
    if any(several[:-1]) or any(child for _, child, _ in steps) or (root and last.is_list):
        found = _walked(steps, several, root)
    elif root:
        found = _first(_chain(steps, "{t}[0]"), _walked(steps, several, root), root)
    else:
        found = _listed(_chain(steps)) if last.is_list else _single(_chain(steps))
    if facts().kind(kind) != "primitive":
        found = {mode: form for mode, form in found.items() if mode.startswith("node")}
    if root:
        return found
    there = f"{steps[0][0]!r} in {{s}}"
    rest = {mode: f"({{call}} if {there} else {none})" for mode, none in _NONE.items() if mode not in found}
    return found | rest | {"there": there}


def _tells_text(step: Step, element: ElementFact) -> bool:
    """Whether what a step selects by, where it does, is a text of its own."""
    _, child, text = step
    kinds = facts().child_types(element.types[0]).get(child, ("",)) if child else ()
    return not child or (text != "" and kinds[0] not in _NOT_TEXTS and facts().kind(kinds[0]) == "primitive")


def rooted(root: str) -> dict[str, str]:
    """The forms of a path that is the resources of a type themselves."""
    return {"nodes": f"[_n for _n in {{s}}.roots.get({root!r}) or () if _n]"}


def _chain(steps: Sequence[Step], start: str = "{s}") -> str:
    """One element inside another, as a value that may be None."""
    *outer, last = [f".get({name!r})" for name, _, _ in steps]
    if not outer:
        return f"{start}{last}"
    there = " and ".join(f"({{t}} := {'{t}' if at else start}{step})" for at, step in enumerate(outer))
    return f"({{t}}{last} if {there} else None)"


def _single(found: str) -> dict[str, str]:
    many = f"([{{t}}] if ({{t}} := {found}) else ())"
    return {"value": f"({found} or '')", "values": many, "node": f"({found} or None)", "nodes": many}


def _listed(found: str) -> dict[str, str]:
    """Of a list nothing is left out in nearly every case; a list in step with another one may hold null."""
    rest = "(_n for _n in {t} or () if _n)"
    many = f"({{t}} if ({{t}} := {found}) and all({{t}}) else [*{rest}])"
    return {
        "value": f"({{t}}[0] if ({{t}} := {found}) and {{t}}[0] else next({rest}, ''))",
        "values": many,
        "node": f"({{t}}[0] if ({{t}} := {found}) and {{t}}[0] else next({rest}, None))",
        "nodes": many,
    }


def _first(found: str, walked: dict[str, str], root: str) -> dict[str, str]:
    """Below resources of a type, of which there is nearly always one, and it has the value."""
    there = f"if ({{t}} := {{s}}.roots.get({root!r})) else"
    single = {mode: f"(({found} or {walked[mode]}) {there} {_NONE[mode]})" for mode in ("value", "node")}
    return walked | single


def _walked(steps: Sequence[Step], several: Sequence[bool], root: str) -> dict[str, str]:
    """Through lists: a comprehension with a clause for every step."""
    clauses, here = "", "{s}"
    if root:
        clauses, here = f" for _0 in {{s}}.roots.get({root!r}) or ()", "_0"
    for at, ((name, child, text), is_list) in enumerate(zip(steps, several, strict=True), 1):
        found = f"{here}.get({name!r})"
        here = f"_{at}"
        clauses += f" for {here} in {f'{found} or ()' if is_list else f'({found},)'} if {here}"
        if child:
            clauses += f" and {here}.get({child!r}) == {_escaped(text)}"
    many = f"[{here}{clauses}]"
    if not root:
        many = f"({many} if {steps[0][0]!r} in {{s}} else ())"
    return {"value": f"({many} or ('',))[0]", "values": many, "node": f"({many} or (None,))[0]", "nodes": many}


def _escaped(text: str) -> str:
    return repr(text).replace("{", "{{").replace("}", "}}")
