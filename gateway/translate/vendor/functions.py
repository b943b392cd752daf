"""The named functions of rules for case systems that are asked (mappings/nexus, mappings/momentum)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from gateway.domain import municipality as municipalities
from gateway.domain.municipality import AREAS, ROLES
from gateway.translate.rules.functions import date_time, moment
from gateway.translate.rules.reader import Env, Function, Unfit

Json = dict[str, Any]

_ANONYMOUS = re.compile(r"(?<!\d)101\s*a\b", re.IGNORECASE)
_SECTION = re.compile(r"(?:§+\s*)?(\d+)\s*([a-zæøå])?\b[.,]?\s*(.*)", re.IGNORECASE)

_BELOW = re.compile(r"(?:stk|nr|litra|pkt|jf)\b|\D*$", re.IGNORECASE)  # subsections, and words behind the paragraph
# What the two laws of mappings/codes/paragraph-kle.csv are called besides.
_LAWS = {
    **dict.fromkeys(("sel", "lov om social service", "lov om social service (serviceloven)"), "Serviceloven"),
    **dict.fromkeys(("sul", "sundl"), "Sundhedsloven"),
}


def past(env: Env, text: str) -> str:
    """The date, when it was reached when this was fetched: what is planned has not happened."""
    return text if moment(env, text) <= env.message.fetched else ""


def coming(env: Env, text: str) -> str:
    """The day, when it had not been reached when this was fetched."""
    return "" if not text or past(env, text) else date_time(env, text)[:10]


def municipality(env: Env, code: str, role: str, area: str, name: str = "", start: str = "") -> Json | None:
    """A municipality that acts, pays or is the residence, in the one shape (domain/municipality.py). These systems
    write 165 for 0165; the fact holds from `start`, or as long as what tells it."""
    if not municipalities.four_digits(code):
        raise Unfit("is no municipality code")
    coding = {"code": code} | ({"display": name} if name else {})
    period = {"start": date_time(env, start)} if start else None
    try:
        return municipalities.extension(role, coding, period, area)
    except ValueError:
        raise Unfit(f"role is one of {', '.join(ROLES)}, area one of {', '.join(AREAS)}") from None


def paragraph(env: Env, section: str, law: str = "") -> str:
    """A law and its paragraph in one spelling: `Serviceloven § 85 a`, also from `§85a`."""
    match = _SECTION.fullmatch(section.strip())
    number = " ".join(part for part in match.groups() if part) if match else section.strip()
    return f"{law.strip()} § {number}".strip() if match else f"{law.strip()} {number}".strip()


def paragraph_alone(env: Env, section: str, law: str = "") -> str:
    """The same without what stands below the paragraph, the law by its own name: `Serviceloven § 85` from `SEL` and
    `§ 85, stk. 1`. Where several paragraphs are named in one text it is that text."""
    match = _SECTION.fullmatch(section.strip())
    if match is None or (match[3] and not _BELOW.match(match[3])):
        return paragraph(env, section, law)
    named = _LAWS.get(" ".join(law.lower().replace(".", "").split()), law)
    return paragraph(env, f"{match[1]} {match[2] or ''}", named)


def anonymous(env: Env, paragraphs: Sequence[Json]) -> str:
    """The section of anonymous treatment (serviceloven § 101 a), where it is one of these, whatever the law is called
    and however the section is written: what is left out wrongly can be told, what was shown cannot be taken back."""
    told = (str(one.get(name) or "") for one in paragraphs for name in ("section", "name"))
    return next((found[0] for text in told if (found := _ANONYMOUS.search(text))), "")


def owner(env: Env, kind: str) -> Json:
    """The municipality whose system this is, by its number."""
    number = env.source.organisation
    return {
        "type": kind,
        "identifier": {"system": number.system, "value": number.value},
        "display": env.source.name,
    }


def text_data(env: Env, text: str) -> str:
    """A text as FHIR keeps it in an attachment: UTF-8 in base64."""
    return base64.b64encode(text.encode()).decode()


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "past": Function(past),
        "coming": Function(coming),
        "municipality": Function(municipality, gives="Extension", arity=(3, 5)),
        "paragraph": Function(paragraph, arity=(1, 2)),
        "paragraph_alone": Function(paragraph_alone, arity=(1, 2)),
        "anonymous": Function(anonymous, takes="nodes"),
        "owner": Function(owner, gives="Reference"),
        "text_data": Function(text_data, gives="base64Binary"),
    }
)
