"""A caller in one call: the same, with its trace and its address."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime

from gateway.domain.caller import Caller, Override
from gateway.domain.identifier import CVR, Identifier
from gateway.domain.limits import CaseAccess


def test_a_call_changes_nothing_but_where_it_came_from() -> None:
    caller = Caller(
        client="c", client_name="C", organisation=Identifier(CVR, "64942212"), organisation_name="O", sector="s",
        role="r", scopes=("system/*.rs",), sends=("src",), purposes=("TREAT",), user="u", user_name="U",
        user_role="ur", member_of=("m",), override=Override("code", "text", datetime(2026, 3, 2, tzinfo=UTC)),
        on_behalf_of="b", cases=(CaseAccess("*", ("*",), 1),), rights=("controller",), client_version="1",
        user_authorisation="a", token="t",
    )  # fmt: skip
    told = {one.name: getattr(caller, one.name) for one in fields(caller)}
    assert [name for name, value in told.items() if not value] == ["trace", "address"]
    assert caller.calling("a trace", "an address") == replace(caller, trace="a trace", address="an address")
