"""References: by type and id, by this gateway's URL, by identifier, and canonical URLs. R4 3.1.1.4.11."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.domain.searching.matching import tokens
from gateway.domain.searching.matching.texts import unescaped
from gateway.domain.searching.world import literal


def make(name: str, modifier: str, value: str, own: str = "") -> Callable[[Any], bool]:
    """`id`, `Type/id`, `own URL/Type/id`, any URL; with `:Type` only of that type, with `:identifier` by a token of
    the logical reference. Versions are ignored on both sides. `:below` is of a canonical URL: any version that begins
    with the one that is asked for. (That of a hierarchy of resources is in hops.py.)"""
    if modifier == "identifier":
        token = tokens.make(name, "", value)
        return lambda item: isinstance(item, dict) and "identifier" in item and token(item["identifier"])
    plain = unescaped(value)
    if modifier == "below":
        return lambda item: _of_version(_url(item), plain)
    kind, identity = literal(plain, own)
    if modifier:
        if kind and kind != modifier:
            return lambda item: False
        kind, identity = modifier, identity or plain
    if kind:
        return lambda item: literal(item, own) == (kind, identity) and isinstance(item, dict)
    if "/" in plain or ":" in plain:  # the URL of something elsewhere, or of a definition
        return lambda item: _url(item) == plain or _url(item).partition("|")[0] == plain
    return lambda item: isinstance(item, dict) and literal(item, own)[1] == plain


def _of_version(held: str, wanted: str) -> bool:
    url, _, version = wanted.partition("|")
    its, _, its_version = held.partition("|")
    return its == url and (not version or its_version == version or its_version.startswith(f"{version}."))


def _url(item: Any) -> str:
    return str(item.get("reference", "")) if isinstance(item, dict) else str(item)
