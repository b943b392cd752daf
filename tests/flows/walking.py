"""Callers without a token, and Bundles taken apart: for tests of flows that answer in pages."""

from __future__ import annotations

import json
from typing import Any

from gateway.domain.caller import Caller
from tests.attack.world import CAST


def caller_of(name: str) -> Caller:
    """A member of the cast, for its first purpose, with every scope that it has."""
    client = next(one for one in CAST if one.id == name)
    return Caller(
        client=client.id, client_name=client.name, organisation=client.organisation,
        organisation_name=client.organisation_name, sector=client.sector, role=client.role, user="urn:test:staff|1",
        user_name="", user_role="", purposes=client.purposes[:1], scopes=tuple(map(str, client.scopes)),
        sends=client.sends,
    )  # fmt: skip


def entries(body: bytes) -> tuple[list[dict[str, Any]], str]:
    """The resources of a Bundle, and the token of its next page."""
    bundle = json.loads(body)
    links = {one["relation"]: one["url"] for one in bundle["link"]}
    return [one["resource"] for one in bundle.get("entry", [])], links.get("next", "").partition("_page=")[2]
