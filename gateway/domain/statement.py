"""A statement: what one source said about one thing, true from one time, received at another.

Everything that arrives becomes statements; a resource is the fold of its statements (docs/decisions).
The order of arrival never matters: `happened` and `recorded` order them, and `origin` breaks ties.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Body = dict[str, Any]


class Verb(StrEnum):
    """What a statement does to what was said before."""

    ASSERT = "assert"
    CORRECT = "correct"
    WITHDRAW = "withdraw"


class Act(StrEnum):
    """What is stated. All but OUTSIDE_STAYS are told of a stay."""

    STATE = "state"  # a snapshot of the elements that the source names
    REPORT = "report"  # a snapshot by a profile that cannot tell everything: what it cannot tell stays (KL reports)
    MEMBER = "member"  # one participant of a care team
    IDENTITY = "identity"  # two identities are one person (HL7 v2 A40)
    PLAN = "plan"  # a stay is expected (A05, A14)
    START = "start"  # the stay begins (A01, A04; STIN, STAA)
    MOVE = "move"  # another place (A02)
    LEAVE = "leave"  # the citizen goes home for a while (A21; STOR)
    RETURN = "return"  # and comes back (A22; SLOR)
    END = "end"  # discharged (A03; SLHJ)
    DIE = "die"  # died (PID-30; MORS)
    UPDATE = "update"  # other facts about the stay, never its status (A08)
    CHANGE = "change"  # the visit goes on in another class (A06, A07)
    EXPECT_MOVE = "expect-move"  # another place is reserved (A15)
    EXPECT_END = "expect-end"  # the discharge is planned (A16)
    ATTEND = "attend"  # another doctor attends (A54)
    DELETE = "delete"  # the whole visit was an error (A23)
    CLOSE = "close"  # a person closes a stay whose discharge never came (MedCom R.BR7)
    ASK = "ask"  # the hospital asks for a report of admission (STIN, STAA with reportOfAdmission)
    ANSWER = "answer"  # the municipality has sent it (XDIS16)
    REVISE = "revise"  # some elements of a problem, goal or pathway; the others stay (PRB, GOL, PTH)
    MENTION = "mention"  # the same, where it only fills what nobody told (action code UC)
    PAY = "pay"  # an amount was paid of a benefit
    HANDLE = "handle"  # what becomes of a task, told by the one who has to do it
    TIE = "tie"  # one thing refers to another: a goal to its problem, a pathway to its goals
    REGISTER = "register"  # a case or document as a whole, in parts that are true at their own times (OIO)
    AMEND = "amend"  # only those parts of it that changed


OUTSIDE_STAYS = frozenset(
    {Act.STATE, Act.REPORT, Act.MEMBER, Act.IDENTITY, Act.REVISE, Act.MENTION, Act.TIE, Act.PAY, Act.HANDLE}
    | {Act.REGISTER, Act.AMEND}
)
"""Acts that tell nothing of a stay."""


@dataclass(slots=True)
class Statement:
    """One source's word about one object. Nobody changes one; it is not frozen since that takes five times as long to
    make, and every message makes several.

    `kind` is the FHIR resource type that the object becomes; `key` names the object inside its kind and is
    scoped by the authority that gave the number, so two senders' equal numbers stay apart. `body` holds FHIR
    elements (JSON values). `cleared` lists top-level elements that the source said are empty (HL7 v2 `""`).
    All times are UTC with a zone.
    """

    kind: str
    key: str
    act: Act
    verb: Verb
    happened: datetime
    recorded: datetime
    body: Body
    source: str  # id of the source, mappings/sources
    origin: str  # "<message id>/<ordinal>": stable for the same content
    aliases: tuple[str, ...] = ()  # other keys of the same object (several episode ids)
    cleared: tuple[str, ...] = ()
    corrects: str = ""  # message id that CORRECT and WITHDRAW aim at, when the source tells it
    notes: tuple[str, ...] = field(default=())  # disagreements seen in the message, in words without values

    @property
    def order(self) -> tuple[datetime, datetime, str]:
        """The place among statements of one object: when it happened, when it was registered, its origin."""
        return (self.happened, self.recorded, self.origin)
