"""Statements about stays, short to write: `said(1, "START", at=0)` is message 1, zero hours into the story."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.domain.citizen import Person
from gateway.domain.fold import fold
from gateway.domain.identifier import SOR, Identifier
from gateway.domain.resource import Resource, ids
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
IDS = ids(b"a secret of the tests")
CPR_KEY = "urn:oid:1.2.208.176.1.2|2512489996"
PERSON = Person(CPR_KEY, (CPR_KEY,))
SOURCES = {
    "psyk": Source("psyk", "Psykiatrisk Center", "region", Identifier(SOR, "265161000016000"), "hl7v2", ("SP|REGH",)),
    "kommune": Source(
        "kommune", "Socialforvaltningen", "municipality", Identifier("http://cvr.dk", "64942212"), "kl", ()
    ),
}


def moment(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


def said(
    number: int,
    act: str,
    at: float,
    *,
    verb: Verb = Verb.ASSERT,
    recorded: float | None = None,
    kind: str = "IMP",
    provider: str = "265161000016000",
    key: str = "episode|e1",
    corrects: int = 0,
    aliases: tuple[str, ...] = (),
    cleared: tuple[str, ...] = (),
    **body: Any,
) -> Statement:
    content = {
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": kind},
        "serviceProvider": {"type": "Organization", "identifier": {"system": SOR, "value": provider}},
        **body,
    }
    return Statement(
        "Encounter", key, Act[act], verb, moment(at), moment(number if recorded is None else recorded), content,
        "psyk", f"m{number}/0", aliases=aliases, cleared=cleared, corrects=f"m{corrects}" if corrects else "",
    )  # fmt: skip


def corrected(number: int, act: str, at: float, **more: Any) -> Statement:
    return said(number, act, at, verb=Verb.CORRECT, **more)


def withdrawn(number: int, act: str, at: float, **more: Any) -> Statement:
    return said(number, act, at, verb=Verb.WITHDRAW, **more)


def folded(*statements: Statement) -> list[Resource]:
    return fold(statements, PERSON, IDS, SOURCES)


def stays(*statements: Statement) -> list[dict[str, Any]]:
    """The Encounters, those that began first first."""
    bodies = [r.body for r in folded(*statements) if r.kind == "Encounter"]
    return sorted(bodies, key=lambda b: b.get("period", {}).get("start", ""))


def stay(*statements: Statement) -> dict[str, Any]:
    (only,) = stays(*statements)
    return only


def statuses(body: dict[str, Any]) -> list[str]:
    return [row["status"] for row in body.get("statusHistory", [])]


def leaves(body: dict[str, Any]) -> list[dict[str, str]]:
    return [e["valuePeriod"] for e in body.get("extension", []) if e["url"].endswith("/leave-period")]


def local(hours: float) -> str:
    """A moment as it stands in a body: Danish winter time."""
    return (moment(hours) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S+01:00")


def as_json(statements: Iterable[Statement]) -> str:
    import json

    return json.dumps([r.body for r in folded(*statements)])
