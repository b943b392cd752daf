"""What is asked of a write, and what it comes to before it is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from gateway.domain.caller import Caller
from gateway.domain.correspondence import Attached
from gateway.domain.identifier import Identifier
from gateway.domain.intake import Known
from gateway.domain.record import AccessRecord, Decision
from gateway.domain.source import Source
from gateway.domain.statement import Statement
from gateway.errors import GatewayError
from gateway.flows.directory import Effort
from gateway.flows.looking import NOTHING, Seen, record_of
from gateway.flows.parts import Gateway

Json = dict[str, Any]
Criteria = Sequence[tuple[str, str]]
_METHODS = {"create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One write. `interaction` is create, update, patch or delete; `identity` names the resource, or `criteria` the
    search that finds it (for create: that must find none). `change` makes the patched resource of what stands.
    `reason` is why labels are lowered, where they are. `beside` are contents, in base64, that are kept as files however
    short they are."""

    interaction: str
    kind: str
    identity: str = ""
    body: Json = field(default_factory=dict)
    raw: bytes = b""
    if_match: str = ""
    criteria: Criteria | None = None
    change: Callable[[Json], Json] | None = None
    reason: str = ""
    beside: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """As the access record names it: without the values of a condition."""
        place = f"/{self.identity}" if self.identity else ""
        names = names_in(self.criteria) if self.criteria is not None else ""
        return f"{_METHODS[self.interaction]} {self.kind}{place}{names}"


def names_in(criteria: Criteria) -> str:
    """A condition without its values: `?identifier&patient`."""
    return "?" + "&".join(sorted({name for name, _ in criteria}))


@dataclass(frozen=True, slots=True)
class Entry:
    """One write of a transaction: where it stands (`Bundle.entry[2]`), who asks, with the scopes that hold for this
    write, and the name that others refer to it by."""

    place: str
    asked: Asked
    caller: Caller
    name: str = ""

    def placed(self, error: GatewayError) -> GatewayError:
        """The same failure, with its place in the Bundle."""
        error.seen_from(self._inside)
        return error

    def _inside(self, where: str) -> str:
        if where.startswith(self.place):
            return where
        kind, _, rest = where.partition(".")
        return f"{self.place}.resource.{rest}" if kind == self.asked.kind and rest else f"{self.place}.resource"


@dataclass(slots=True)
class Work:
    """A write on its way, with its access record as far as is known whom it is about. `looks` are what its conditions
    looked at."""

    asked: Asked
    record: AccessRecord
    looks: list[AccessRecord] = field(default_factory=list)

    @property
    def others(self) -> list[AccessRecord]:
        """The looks at citizens whom the write is not about, each once: on record whatever comes of it. So is a look by
        override at whomever, which owes the citizen a word."""
        own = ("", self.record.citizen)
        others = (one for one in self.looks if one.citizen not in own or one.decision is Decision.OVERRIDE)
        return list({(one.citizen, one.query): one for one in others}.values())

    def about(self, citizen: str) -> None:
        """From now on it is known to be about this citizen, also when it is refused."""
        self.record = self.record.of(citizen)


def overridden(gateway: Gateway, caller: Caller, work: Work, citizen: str, seen: Seen) -> None:
    """A look of a write at a citizen that an override alone permits is one more of its looks."""
    if any(permit.override for _, permit in seen.permitted):
        work.looks.append(record_of(gateway, caller, "read", "Patient", citizen, seen, query=work.asked.told))


def begun(gateway: Gateway, caller: Caller, asked: Asked) -> Work:
    """The write with its record as it is when it is refused."""
    return Work(asked, record_of(gateway, caller, asked.interaction, asked.kind, "", NOTHING, query=asked.told))


def nothing_to_check(known: Known) -> None:
    """What a word asks of what is known when it is kept, where it asks nothing."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a write comes to: one statement about one citizen (`numbers`, best first), and what must still hold when it
    is kept. `revision` of the citizen is the one at which a condition was looked up, -1 where there was none."""

    source: Source
    citizen: str
    numbers: tuple[Identifier, ...]
    statement: Statement
    identity: str
    created: bool = False
    check: Callable[[Known], None] = nothing_to_check
    revision: int = -1
    reason: str = ""  # why labels are lowered, "" where none is
    files: tuple[Attached, ...] = ()  # that were taken out of it

    @property
    def reference(self) -> str:
        """`Goal/9f…`"""
        return f"{self.statement.kind}/{self.identity}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Nothing is written: this resource stands as it was asked for, in this `version` (0: in whichever stands)."""

    created: ClassVar[bool] = False
    kind: str
    identity: str
    version: int = 0

    @classmethod
    def of(cls, reference: str) -> Standing:
        """The one behind `Goal/9f…`, whichever version stands."""
        kind, _, identity = reference.partition("/")
        return cls(kind, identity)

    @property
    def reference(self) -> str:
        """`Goal/9f…`"""
        return f"{self.kind}/{self.identity}"


@dataclass(slots=True)
class Around:
    """What a write may refer to besides what is there: all that the same transaction makes (`promised`). `citizens` are
    the Patients among that, with their numbers; `places` what the names of entries stand for. `gone` is what it takes
    back, before anything else; `leaned` are the promised ones that were referred to, each with the citizen that it must
    turn out to be about, by all Patient ids; `effort` is what conditions have looked at in the directory."""

    promised: set[str] = field(default_factory=set)
    citizens: dict[str, tuple[Identifier, ...]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    leaned: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    effort: Effort = field(default_factory=Effort)


class Moved(Exception):
    """Somebody wrote about the citizen after a condition was looked up."""
