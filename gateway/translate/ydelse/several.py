"""Grants and payments of several citizens in one message: each citizen's are received by themselves, as cases are
(translate/oio/several.py). What names no citizen goes alone, so that its refusal keeps nobody else's out."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from gateway.errors import GatewayError
from gateway.translate import xml
from gateway.translate.oio.roles import Roles
from gateway.translate.oio.several import Several, apart
from gateway.translate.oio.tree import Node
from gateway.translate.oio.walk import of_element
from gateway.translate.ydelse import index, people
from gateway.translate.ydelse.functions import key_of
from gateway.translate.ydelse.shape import GRANT, PAYMENT

_WRAPPER = re.compile(rb"<(?:[\w.-]+:)?(?:Importer|Opdater)YdelseIndeksInput\b")
_WRAPPERS = ("{*}ImporterYdelseIndeksInput", "{*}OpdaterYdelseIndeksInput")
_PARTY = re.compile(rb"</(?:[\w.-]+:)?(?:Bevillingspart|OekonomiskEffektueringPart)\s*>")
_NAMES = frozenset({GRANT, PAYMENT, f"Opdater{GRANT}", f"Opdater{PAYMENT}"})


def several(raw: bytes, roles: Roles, zone: ZoneInfo) -> Several | None:
    """The messages in one that tells of several citizens; None for every other, and for what cannot be read: then it is
    refused as it is."""
    if not _WRAPPER.search(raw) or len(_PARTY.findall(raw)) < 2:
        return None
    try:
        wrapper = next(xml.parse(raw).iter(*_WRAPPERS), None)
    except GatewayError:
        return None
    if wrapper is None:
        return None
    things = [child for child in wrapper if xml.local(child.tag) in _NAMES]
    keys = [_whose(of_element(thing), roles, zone) or f"alone {number}" for number, thing in enumerate(things)]
    return apart(wrapper, things, keys)


def _whose(thing: Node, roles: Roles, zone: ZoneInfo) -> str:
    """The citizen whom the newest registration of a grant or payment names; "" where none is told."""
    try:
        told = [one for entry in index.find(thing) for one in index.registered(entry, key_of, zone)]
        return people.citizen(max(told, key=lambda one: one.moment), roles).identifier.key
    except GatewayError:
        return ""
