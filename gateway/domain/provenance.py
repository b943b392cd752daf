"""Provenance, derived: of every version of every resource who said it, when it happened and when it came, and in which
message. FHIR R4 Provenance (6.3).

Nobody writes one: it is made from the statements that arrived with the version. Its id is made of its target's, so it
stays what it is, and may be told to nobody who may not see that version.

Who said it is a fact about the citizen of its own: that a psychiatric hospital told of an address, and when, tells of a
stay there. What is said of a Patient is everybody's, so of it the speakers are named to themselves and to the citizen
alone; of all else those whose words the resource is made of are named, not whoever made a new version of it by the way
(two people who became one). The number of a message may be made of all that is in it, and is theirs and the citizen's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.source import Source
from gateway.domain.statement import Body, Statement, Verb

_ID = re.compile(r"([A-Z][A-Za-z]+)\.([A-Za-z0-9-]{1,40})\.([1-9]\d{0,8})", re.ASCII)
_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_ACT = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a resource: what a Provenance is about."""

    kind: str
    id: str
    number: int

    @property
    def provenance(self) -> str:
        """The id of its Provenance."""
        return f"{self.kind}.{self.id}.{self.number}"

    @property
    def reference(self) -> str:
        """`Goal/1/_history/2`"""
        return f"{self.kind}/{self.id}/_history/{self.number}"


@dataclass(frozen=True, slots=True)
class Told:
    """What arrived with a version: the statements, and the id and source of the message they came in ("" for none).
    `tellers` are the sources whose words the resource is made of."""

    received: datetime
    statements: tuple[Statement, ...]
    message: str = ""
    source: str = ""
    tellers: frozenset[str] = frozenset()


def target_of(identity: str) -> Version | None:
    """The version that a Provenance with this id is about; None for what is no such id.

    >>> target_of("Goal.9f.2").reference
    'Goal/9f/_history/2'
    """
    found = _ID.fullmatch(identity)
    return Version(found[1], found[2], int(found[3])) if found else None


def provenance(
    version: Version, told: Told, sources: Mapping[str, Source], own: Collection[str] | None, *, whole: bool = True
) -> Body:
    """The Provenance of a version, for one reader. `own` are the sources of the reader's own legal world, None for the
    citizen's own eyes. Not `whole`: parts of the resource are withheld because of a protected address, so who said it
    is told by its sector alone."""
    named = {one.source for one in told.statements} or {told.source}
    ours = own is None or named <= set(own)
    open_ = ours or (version.kind != "Patient" and named <= told.tellers)
    said = told.statements if open_ else ()
    names = list(dict.fromkeys(one.source for one in said)) or ([told.source] if told.source and open_ else [])
    speakers = [sources[name] for name in names if name in sources]
    body: Body = {
        "resourceType": "Provenance",
        "id": version.provenance,
        "meta": {"versionId": "1", "lastUpdated": _time(told.received)},
        "target": [{"reference": version.reference}],
        "recorded": _time(told.received),
        "activity": {"coding": [{"system": _ACT, "code": _act(version, said)}]},
        "agent": [agent for one in speakers for agent in _agents(one, whole=whole)] or [_agent("author", "unknown")],
    }
    if said:
        body["occurredDateTime"] = _time(max(one.happened for one in said))
    if told.message and whole and ours:
        number = {"identifier": {"value": told.message}}
        body["entity"] = [{"role": "source", "what": number}]
    return body


def _act(version: Version, said: Sequence[Statement]) -> str:
    """CREATE, UPDATE, or NULLIFY where the source took it back."""
    if any(one.verb is Verb.WITHDRAW for one in said):
        return "NULLIFY"
    return "CREATE" if version.number == 1 else "UPDATE"


def _agents(source: Source, *, whole: bool) -> list[Body]:
    """The organisation that says it, and the system through which it does."""
    if not whole:
        return [_agent("author", source.sector)]
    number = {"system": source.organisation.system, "value": source.organisation.value}
    author = _agent("author", source.name)
    author["who"] = {"type": "Organization", "identifier": number, "display": source.name}
    system = _agent("transmitter", source.id)
    system["who"]["type"] = "Device"
    return [author, system]


def _agent(code: str, display: str) -> Body:
    return {"type": {"coding": [{"system": _AGENT, "code": code}]}, "who": {"display": display}}


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
