"""Foelsomhed: how sensitive a case or document is. Mandatory, and never lower than what anybody said of it."""

from __future__ import annotations

from gateway.domain.journal import SENSITIVE
from gateway.domain.limits import SENSITIVITY, SENSITIVITY_URL
from gateway.domain.security_label import CONFIDENTIALITY
from gateway.domain.statement import Body
from gateway.errors import UnknownCode
from gateway.translate.oio.write.tables import Tables

UNJUDGED = SENSITIVE
"""Of what nobody has judged: health, criminal matters, considerable social problems are as sensitive."""


def is_milder(one: str, other: str) -> bool:
    """Whether more people may read what is of the first sensitivity than what is of the other."""
    return SENSITIVITY.index(one) < SENSITIVITY.index(other)


def of(resource: Body, tables: Tables, least: str = SENSITIVITY[0]) -> str:
    """The highest of what the case system said, of the resource's confidentiality and of `least`. A resource of which
    nobody said anything is taken for sensitive, and so is a label that OIO has no word for. Raises UnknownCode."""
    said = [one.get("valueCode", "") for one in resource.get("extension", []) if one.get("url") == SENSITIVITY_URL]
    if any(one not in SENSITIVITY for one in said):
        raise UnknownCode(
            "OIO has no such sensitivity.", where=f"{resource['resourceType']}.extension[oio-sensitivity]"
        )
    labels = [one for one in resource.get("meta", {}).get("security", []) if one.get("system") == CONFIDENTIALITY]
    said += [tables.codes.get(one.get("code", ""), UNJUDGED) for one in labels]
    return max([*(said or [UNJUDGED]), least], key=SENSITIVITY.index)
