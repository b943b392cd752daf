"""The kinds of failure, each told in the caller's own language.

A class docstring is the default text. `where` names the place in the input (`PID-3`, `Bundle.entry[2]`,
`mappings/hl7v2/patient.yaml:14`), `hint` says what to do. None of the three may hold a value from the
message: texts travel in acknowledgements, OperationOutcomes and logs.

| attribute | language |
|---|---|
| `status` | HTTP status |
| `issue` | FHIR R4 IssueType (http://hl7.org/fhir/R4/valueset-issue-type.html) |
| `ack` | HL7 v2 table 0008: AE something is wrong inside it, AR rejected before it was looked into; may succeed later |
| `condition` | HL7 v2 table 0357 |
| `transient` | MedCom `transient-error` instead of `fatal-error` |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Fault(NamedTuple):
    """One of several things that are wrong with a content; `issue` is its FHIR IssueType."""

    where: str
    text: str
    issue: str


class GatewayError(Exception):
    """Something went wrong inside the gateway."""

    status = 500
    issue = "exception"
    ack = "AR"
    condition = "207"
    transient = True
    faults: tuple[Fault, ...] = ()
    """What else is wrong, where a caller is told of all of it at once."""

    def __init__(self, text: str = "", *, where: str = "", hint: str = "") -> None:
        self.text = text or (type(self).__doc__ or "").strip().splitlines()[0]
        self.where = where
        self.hint = hint
        super().__init__(self.told())

    def told(self) -> str:
        """One sentence for a person: what, where, what to do."""
        place = f" at {self.where}" if self.where else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.text.rstrip('.')}{place}.{hint}"

    def seen_from(self, place: Callable[[str], str]) -> None:
        """Every place in it as `place` gives it: where the content stands in something larger."""
        self.where = place(self.where)
        self.faults = tuple(one._replace(where=place(one.where)) for one in self.faults)


class Refused(GatewayError):
    """The content cannot be accepted; the same content will be refused again."""

    status = 422
    issue = "processing"
    ack = "AE"
    condition = "102"
    transient = False


class Unreadable(Refused):
    """The bytes do not form a message of this language."""

    status = 400
    issue = "structure"


class WrongCharset(Unreadable):
    """The bytes are not in the character set that the message declares."""


class TooLarge(Refused):
    """The message is larger than this gateway accepts."""

    status = 413
    issue = "too-long"
    ack = "AR"  # rejected unread, as an unsupported type is; nothing is wrong with its content
    condition = "207"


class SegmentOrder(Refused):
    """A segment is missing or stands in the wrong place."""

    issue = "structure"
    condition = "100"


class MissingField(Refused):
    """A required field is empty."""

    issue = "required"
    condition = "101"


class WrongType(Refused):
    """A field does not hold the data type that the standard gives it."""

    issue = "value"


class UnknownCode(Refused):
    """A code is not in the table that this field must come from."""

    issue = "code-invalid"
    condition = "103"


class NoCitizen(MissingField):
    """The message names no identifier that can stand for a citizen."""


class NamedByNumber(NoCitizen):
    """The message names what it is about by number alone, and nothing of that number is known here.

    `asked` are the things it may mean, as (source id, kind, key): whoever knows one of them can tell the citizen.
    """

    status = 404
    issue = "not-found"

    def __init__(
        self, text: str = "", *, where: str = "", hint: str = "", asked: tuple[tuple[str, str, str], ...] = ()
    ) -> None:
        self.asked = asked
        super().__init__(text, where=where, hint=hint)


class RuleBroken(Refused):
    """A rule of the message's profile is broken."""

    issue = "invariant"

    @classmethod
    def of(cls, faults: Sequence[Fault], hint: str = "") -> RuleBroken:
        """All of these at once: the first is told by those that can tell one alone."""
        first, *others = faults
        error = cls(first.text, where=first.where, hint=hint)
        error.issue, error.faults = first.issue, tuple(others)
        return error


class Contradiction(Refused):
    """The message reuses an id for other content."""

    issue = "duplicate"
    condition = "205"


class UnknownMessage(GatewayError):
    """This message type is not received here."""

    status = 422
    issue = "not-supported"
    ack = "AR"
    condition = "200"
    transient = False


class UnknownEvent(UnknownMessage):
    """This event is not received here."""

    condition = "201"


class UnknownProcessing(UnknownMessage):
    """Messages with this processing id are not received from this source."""

    condition = "202"


class UnknownVersion(UnknownMessage):
    """This version is not received here."""

    condition = "203"


class UnknownSource(GatewayError):
    """The sender is not registered as a source."""

    status = 403
    issue = "forbidden"
    ack = "AR"
    condition = "204"
    transient = False


class BadRequest(Refused):
    """The request cannot be understood."""

    status = 400
    issue = "invalid"


class Unauthenticated(GatewayError):
    """A valid access token is needed."""

    status = 401
    issue = "login"
    transient = False


class Forbidden(GatewayError):
    """The caller's registration does not allow this."""

    status = 403
    issue = "forbidden"
    transient = False


class NotFound(GatewayError):
    """There is nothing here that this caller may see."""

    status = 404
    issue = "not-found"
    ack = "AE"
    condition = "204"
    transient = False


class NotAllowed(GatewayError):
    """This interaction is not offered here.

    `allowed` are the methods that are (RFC 9110 15.5.6).
    """

    status = 405
    issue = "not-supported"
    transient = False
    allowed = "GET, HEAD"

    def __init__(self, text: str = "", *, where: str = "", hint: str = "", allowed: str = "") -> None:
        self.allowed = allowed or self.allowed
        super().__init__(text, where=where, hint=hint)


class Conflict(GatewayError):
    """The resource has changed since it was read: read it again, and name the version that it has now."""

    status = 412
    issue = "conflict"
    ack = "AE"
    transient = False


class Gone(GatewayError):
    """It was deleted by whoever wrote it; its former versions are kept."""

    status = 410
    issue = "deleted"
    transient = False


class NeedsVersion(GatewayError):
    """An update names the version that it changes."""

    status = 428
    issue = "required"
    transient = False


class SeveralMatch(Conflict):
    """Several resources match the condition."""

    issue = "multiple-matches"


class Unavailable(GatewayError):
    """The store cannot be reached; nothing was lost, send again."""

    status = 503
    issue = "transient"


class TooMany(GatewayError):
    """The caller has made more calls than it may."""

    status = 429
    issue = "throttled"

    def __init__(self, text: str = "", *, where: str = "", hint: str = "", seconds: int = 1) -> None:
        self.seconds = seconds  # to wait
        super().__init__(text, where=where, hint=hint or f"Wait {seconds} s.")


class SettingsError(GatewayError):
    """A setting or a mapping is wrong; the gateway does not start."""
