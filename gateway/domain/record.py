"""The access record: one reader (or sender), one citizen, one time; permitted, filtered, refused and overridden.

The record is written before the answer is spoken and never changed. Its bytes are canonical JSON, and the log's
tree holds SHA-256(salt || bytes): the body may be deleted when its time has run out, and the tree stays whole.

No CPR enters a record. The citizen stands in it by Patient id; free text and queries are masked when a record is
made; an acting person named by a CPR is refused, because only a pseudonym (`person_key`) can be searched and shown.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any, ClassVar

from gateway.domain.identifier import CPR
from gateway.domain.resource import Ids
from gateway.errors import Unreadable

SALT_BYTES = 16
MASK = "xxxxxxxxxx"
PERSON = "https://faellesplan.dk/id/person"


class Decision(StrEnum):
    """What was decided."""

    PERMIT = "permit"
    FILTERED = "filtered"  # permitted, and something was withheld
    DENY = "deny"
    OVERRIDE = "override"  # værdispring: permitted against a denial, with a reason


class Outcome(StrEnum):
    """FHIR R4 audit-event-outcome: 4 answered with an HTTP 4xx or AE, 8 with a 5xx or AR."""

    SUCCESS = "0"
    MINOR = "4"
    SERIOUS = "8"


class BadRecord(Unreadable):
    """These bytes are no access record."""


@dataclass(slots=True, unsafe_hash=True)
class AccessRecord:
    """One look-up of one citizen. Empty means: not known or not so. Nobody changes one; it is not frozen since every
    look makes one, which takes twice as long then.

    `interaction` is a FHIR R4 restful-interaction (read, vread, search-type, create, update, delete, operation …)
    or one of ours: `token`, `login`, `logout`, `import` (a message came in), `export`, `notify` (something went out).
    Identifier keys are `system|value`. `resources` are literal references with version, `Goal/9f…/_history/3`.
    `withheld` counts hidden resources per rule; `rules` are the policy rows that decided.
    """

    time: datetime  # UTC
    interaction: str
    decision: Decision
    citizen: str = ""  # Patient id; empty where no citizen was touched or found
    kind: str = ""  # FHIR resource type that was asked for
    resources: tuple[str, ...] = ()
    operation: str = ""  # name of a $operation
    user: str = ""  # identifier key of the acting person
    user_name: str = ""
    user_role: str = ""
    user_authorisation: str = ""  # autorisations-id
    on_behalf_of: str = ""  # identifier key of the responsible person
    organisation: str = ""  # identifier key: SOR, CVR, municipality code …
    organisation_name: str = ""
    sector: str = ""  # region | municipality | other
    client: str = ""  # id of the registered system
    client_name: str = ""
    client_version: str = ""
    client_owner: str = ""
    address: str = ""  # where the call came from
    purposes: tuple[str, ...] = ()  # v3-ActReason codes
    basis: tuple[str, ...] = ()  # law that the decision rests on
    consents: tuple[str, ...] = ()  # Consent ids that decided
    rules: tuple[str, ...] = ()
    override_code: str = ""
    override_reason: str = ""
    withheld: tuple[tuple[str, int], ...] = ()  # (rule, how many)
    outcome: Outcome = Outcome.SUCCESS
    outcome_text: str = ""
    trace: str = ""
    token: str = ""  # jti of the access token
    messages: tuple[str, ...] = ()  # Bundle.id, MessageHeader.id, MSH-10, envelope ids
    query: str = ""  # "GET /fhir/Goal?…"
    v: ClassVar[int] = 1  # version of this form, in the bytes

    def __post_init__(self) -> None:
        if self.time.tzinfo is not UTC:
            if self.time.tzinfo is None:
                raise ValueError("the time of an access record needs a zone")
            self.time = self.time.astimezone(UTC)
        if _to_mask("\n".join(_free(self))):
            for name in _FREE:
                setattr(self, name, masked(getattr(self, name)))
        if _CPR in self.user or _CPR in self.on_behalf_of or _CPR in self.citizen:
            raise ValueError("a person in an access record is never named by CPR; use person_key")

    @property
    def withheld_count(self) -> int:
        """How many resources were withheld."""
        return sum(count for _, count in self.withheld)

    def of(self, citizen: str) -> AccessRecord:
        """The same look-up of another citizen: one record each when several are touched."""
        return replace(self, citizen=citizen)

    def to_bytes(self) -> bytes:
        """Canonical JSON: keys sorted, empty fields left out, no blanks, UTF-8. Equal records are equal bytes."""
        start, client, what, who_for, where, token, user = _steady(_steady_values(self))
        told = (
            f"{{{start}{_text('citizen', self.citizen)}{client}{_texts('consents', self.consents)}{what}"
            f"{_texts('messages', self.messages)}{who_for}{_text('query', self.query)}"
            f"{_texts('resources', self.resources)}{where}{_text('time', _told(self.time))}{token}"
            f"{_text('trace', self.trace)}{user}{_withheld(self.withheld)}}}"
        )
        return told.encode(errors="replace")  # half a surrogate pair in a query must not stop the record


_CPR = f"{CPR}|"
_FREE = ("query", "override_reason", "outcome_text", "trace", "user_name", "user_role", "user_authorisation")
_free = attrgetter(*_FREE)
_LISTS = frozenset({"resources", "purposes", "basis", "consents", "rules", "messages"})
_TYPES = {"time": datetime.fromisoformat, "decision": Decision, "outcome": Outcome}
# Fields that are the same in many records, in the order of their names and in the runs that the others leave: what they
# come to is worked out once. Every look is told so, and its words take longer to find than to say.
_RUNS = (
    ("address", "basis"),
    ("client", "client_name", "client_owner", "client_version"),
    ("decision", "interaction", "kind"),
    ("on_behalf_of", "operation", "organisation", "organisation_name", "outcome", "outcome_text", "override_code",
     "override_reason", "purposes"),
    ("rules", "sector"),
    ("token",),
    ("user", "user_authorisation", "user_name", "user_role", "v"),
)  # fmt: skip
_steady_values = attrgetter(*[name for run in _RUNS for name in run])
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


@lru_cache(maxsize=4096)
def _steady(values: tuple[Any, ...]) -> tuple[str, ...]:
    """Each run as JSON, with a comma behind it but for the last."""
    left = iter(values)
    runs = [[(name, next(left)) for name in run] for run in _RUNS]
    told = ["".join([f'"{name}":{_encode(value)},' for name, value in run if value]) for run in runs]
    return (*told[:-1], told[-1][:-1])


def _told(time: datetime) -> str:
    return time.isoformat(timespec="microseconds")[:-6] + "Z"


def _text(name: str, value: str) -> str:
    return f'"{name}":{encode_basestring(value)},' if value else ""


def _texts(name: str, values: tuple[str, ...]) -> str:
    return f'"{name}":[{",".join(map(encode_basestring, values))}],' if values else ""


def _withheld(values: tuple[tuple[str, int], ...]) -> str:
    return f',"withheld":{_encode(values)}' if values else ""


def from_bytes(raw: bytes) -> AccessRecord:
    """Read a record back. Raises BadRecord unless these are exactly the bytes that `to_bytes` writes."""
    try:
        told = json.loads(raw)
        if told.pop("v") != AccessRecord.v:
            raise BadRecord("The record is of another version")
        record = AccessRecord(**{name: _value(name, value) for name, value in told.items()})
        same = record.to_bytes() == raw
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadRecord from None
    if not same:
        raise BadRecord("The record is not in its canonical form")
    return record


def _value(name: str, value: Any) -> Any:
    if name == "withheld":
        return tuple((str(rule), int(count)) for rule, count in value)
    if name in _LISTS:
        return tuple(str(item) for item in value)
    if not isinstance(value, str):
        raise TypeError
    return _TYPES.get(name, str)(value)


def leaf(record: bytes, salt: bytes) -> bytes:
    """What the tree holds of a record: SHA-256(salt || record), 32 bytes. Without the salt nobody can guess it.

    The salt always has 16 bytes, so no byte can move from one to the other.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has 16 bytes")
    return sha256(salt + record).digest()


_CPR_LIKE = r"\d{6}(?:[-+ ./_\u2010-\u2015]|(?:%[0-9A-Fa-f]{2}){1,3})?\d{4}"
_TEN_DIGITS = re.compile(_CPR_LIKE)
# A resource id or a UUID is no CPR, whatever digits it holds: they are matched first and kept.
_SENSITIVE = re.compile(
    r"(?P<keep>(?<![0-9A-Za-z])(?:[0-9a-f]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?![0-9A-Za-z]))"
    r"|(?P<name>(?:^|(?<=[?&;.:\s]))identifier(?::[\w-]{1,40})?=)(?P<value>[^&\s]*)"
    rf"|(?:(?<!\d)|(?<=%[0-9A-Fa-f]{{2}})){_CPR_LIKE}(?!\d)"
)


def _to_mask(text: str) -> bool:
    """Whether there may be anything to mask: what is masked holds one of these. Most texts do not, and are not gone
    through."""
    return "identifier" in text or _TEN_DIGITS.search(text) is not None


def masked(text: str) -> str:
    """The text without anything that looks like a CPR, and without the values of `identifier` search parameters.

    >>> masked("GET /fhir/Patient?identifier=urn:oid:1.2.208.176.1.2|2512489996&_count=1")
    'GET /fhir/Patient?identifier=xxxxxxxxxx&_count=1'
    """
    return _SENSITIVE.sub(_mask, text) if _to_mask(text) else text


def _mask(found: re.Match[str]) -> str:
    return found["keep"] or (found["name"] or "") + MASK


@lru_cache(maxsize=4096)  # the same people look again and again
def person_key(key: str, ids: Ids) -> str:
    """The key by which a person stands in records: a CPR, also one that is not told to be one, becomes a keyed
    pseudonym; anything else stays.

    The auditor's search for a person by CPR asks for the same pseudonym.
    """
    if key.startswith(_CPR):
        return f"{PERSON}|{ids('Person', key)}"
    if masked(key) == key:
        return key
    return f"{PERSON}|{ids('Person', _CPR + re.sub(r'[^0-9]', '', key.rpartition('|')[2]))}"
