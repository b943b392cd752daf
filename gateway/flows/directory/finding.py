"""What the store can look up of a search of the directory, and the keys that it finds by. The rest is only tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.domain.directory import KINDS, number_key
from gateway.domain.searching.beyond import Question
from gateway.domain.searching.matching import split
from gateway.domain.searching.matching.texts import folded
from gateway.domain.searching.matching.tokens import HL7
from gateway.domain.searching.parameter import Parameter
from gateway.domain.searching.world import literal
from gateway.flows.parts import Gateway
from gateway.store import directory
from gateway.store.directory import Narrow

Body = dict[str, Any]
_ANYWHERE = ("_content", "_text", "phonetic")  # words that may stand anywhere, or be written otherwise
_HAS = "_has:"


class Inner(NamedTuple):
    """What is known of a chain before anything is looked up: names that answer it, and the places of the wants that
    tell the others."""

    names: frozenset[str] = frozenset()
    of: tuple[int, ...] = ()


def narrowed(
    gateway: Gateway, kind: str, params: Sequence[tuple[str, str]], inner: Mapping[Question, Inner]
) -> Iterator[Narrow]:
    """The parameters that can be looked up. `inner` are the chains among them."""
    served = gateway.search.get(kind, {})
    for name, value in params:
        plain, _, modifier = name.partition(":")
        first, dot, rest = name.partition(".")
        if name.startswith(_HAS):
            asked = [told for one, told in inner.items() if (_asked_back(one), one.asked.value) == (name, value)]
            names = frozenset().union(*(one.names for one in asked))
            yield Narrow("", names=tuple(sorted(names)), of=tuple(place for one in asked for place in one.of))
        elif dot and (parameter := served.get(first.partition(":")[0])):
            yield from _chained(parameter, first, rest, value, inner)
        elif plain in served and "\\" not in value and value:
            yield from _plainly(served[plain], modifier, split(value, ","), gateway.here.url)


def _asked_back(question: Question) -> str:
    through = question.through.name if question.through else ""
    return f"{_HAS}{question.asked.kind}:{through}:{question.asked.name}"


def _chained(
    parameter: Parameter, first: str, rest: str, value: str, inner: Mapping[Question, Inner]
) -> Iterator[Narrow]:
    kinds = {first.partition(":")[2]} if ":" in first else set(parameter.targets)
    asked = {
        one: told
        for one, told in inner.items()
        if one.asked.kind in kinds and (one.asked.name, one.asked.value) == (rest, value)
    }
    led = [told for one, told in asked.items() if one.through is None]
    names = frozenset().union(*(one.names for one in led))
    if asked and kinds & set(KINDS):
        ids = {f"={name.partition('/')[2]}" for name in names if "|" not in name}
        of = tuple(place for one in led for place in one.of)
        yield Narrow(parameter.name, exact=tuple(sorted(names | ids)), of=of)


def _plainly(parameter: Parameter, modifier: str, values: Sequence[str], own: str) -> Iterator[Narrow]:
    """A system alone is not looked up: no key holds it."""
    name, kind = parameter.name, parameter.kind
    whole = not any(one.endswith("|") for one in values)
    if kind == "token" and not modifier and whole:
        exact = tuple(map(_token, values))
        yield Narrow(name, exact=exact, many=name != "identifier" and any(one.startswith("=") for one in exact))
    elif kind == "reference" and not modifier:
        yield Narrow(name, exact=tuple(dict.fromkeys(key for one in values for key in _named(one, own))))
    elif kind == "reference" and modifier == "identifier" and whole and all("|" in one for one in values):
        yield Narrow(name, exact=tuple(map(_token, values)))
    elif kind == "string" and not modifier and name not in _ANYWHERE:
        begins = [text[: directory.LONGEST] for one in values for text in (one.casefold(), folded(one))]
        yield Narrow(name, begins=tuple(dict.fromkeys(begins)))


def _named(value: str, own: str) -> Iterator[str]:
    """What a reference is found by, however it is written: by this gateway's URL and with a version too."""
    kind, identity = literal(value, own)
    if kind:
        yield f"{kind}/{identity}"
    yield value if "/" in value and not kind else f"={identity or value}"


def _token(value: str) -> str:
    """A code without a system has that of its binding, which is one of HL7's: those are found by the code alone."""
    system, bar, code = value.rpartition("|")
    return number_key(system, code) if bar and system and not system.startswith(HL7) else f"={code}"


def keys(served: Mapping[str, Parameter], body: Body) -> Iterator[tuple[str, str]]:
    """What a resource is found by: (parameter, value), spelled as `narrowed` asks."""
    for name, parameter in served.items():
        if name in _ANYWHERE:
            continue
        for item in parameter.extract(body):
            for value in _KEYS.get(parameter.kind, _none)(item):
                yield name, value


def _none(_: Any) -> Iterator[str]:
    return iter(())


def _tokens(item: Any) -> Iterator[str]:
    if isinstance(item, bool):
        yield "=true" if item else "=false"
    elif isinstance(item, str):
        yield f"={item}"
    elif isinstance(item, dict):
        for one in item.get("coding", [item]):
            code = str(one.get("code", one.get("value", "")))
            yield f"={code}"
            if one.get("system"):
                yield number_key(str(one["system"]), code)


def _references(item: Any) -> Iterator[str]:
    if isinstance(item, dict):
        literal, number = str(item.get("reference", "")), item.get("identifier")
        if literal:
            yield from (literal, f"={literal.rpartition('/')[2]}")
        if isinstance(number, dict) and "value" in number:
            yield number_key(str(number.get("system", "")), str(number["value"]))


def _texts(item: Any) -> Iterator[str]:
    if isinstance(item, str):
        yield from {item.casefold(), folded(item)}
    elif isinstance(item, dict | list):
        for one in item.values() if isinstance(item, dict) else item:
            yield from _texts(one)


_KEYS = {"token": _tokens, "reference": _references, "string": _texts}
