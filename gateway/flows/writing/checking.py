"""The content of a write: validated beside the doors, its labels compared with those before."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.domain.anonymous import is_anonymous
from gateway.domain.caller import LOWER_LABELS, Caller
from gateway.domain.labels import kept
from gateway.domain.security_label import CONFIDENTIALITY, CONFIDENTIALITY_RANK, label_of
from gateway.errors import RuleBroken
from gateway.flows.beside import beside
from gateway.flows.writing.asked import Asked, Json
from gateway.translate.fhir.given import given


async def checked(asked: Asked, resource: Json | None = None) -> Json:
    """The elements of the resource that is asked for (or of `resource`, what a patch made of it). Raises what is wrong
    with it, with the place."""
    told = asked.body if resource is None else resource
    if asked.criteria is not None and asked.identity:  # who updates by a condition need not know the id
        told = {"id": asked.identity, **told}
    body: Json = await beside(given, told, asked.kind, asked.identity)
    if is_anonymous(asked.kind, body):
        raise RuleBroken(
            "Anonymous treatment (serviceloven § 101 a) is no part of the plan", where=asked.kind, hint="Leave it out."
        )
    return body


def label(caller: Caller, asked: Asked, body: Json, before: Iterable[str], computed: Iterable[str] = ()) -> str:
    """Settle the labels in `body`: none of those `before` is lowered without right and reason. `computed` are those
    that the tables gave to the resource as it stands: who sends back what was read does not say them. Gives the reason
    where labels are lowered, else ""."""
    meta = body.get("meta", {})
    old, told = frozenset(before), {label_of(one): one for one in meta.get("security", [])}
    after = {name for name in told if name in old or name not in computed}
    settled = kept(old, _sound(after), LOWER_LABELS in caller.rights and bool(asked.reason))
    named = {name: one for name, one in told.items() if name in settled.labels}
    rest = sorted(settled.labels - named.keys())
    labels = [*named.values(), *({"system": s, "code": c} for s, _, c in (name.rpartition("|") for name in rest))]
    meta = {name: value for name, value in meta.items() if name != "security"} | (
        {"security": labels} if labels else {}
    )
    body.pop("meta", None)
    if meta:
        body["meta"] = meta
    return asked.reason if settled.lowered else ""


def _sound(labels: Iterable[str]) -> set[str]:
    """Without confidentialities below normal: a client may raise what the tables say, never lower it."""
    normal = CONFIDENTIALITY_RANK["N"]
    split = ((name, *name.rpartition("|")[::2]) for name in labels)
    return {
        name
        for name, system, code in split
        if system != CONFIDENTIALITY or CONFIDENTIALITY_RANK.get(code, normal) >= normal
    }
