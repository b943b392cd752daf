"""Delete: a source takes back what it wrote. http://hl7.org/fhir/R4/http.html#delete

What was written stays in history, marked as entered in error; whoever could see it is told that it is gone.
"""

from __future__ import annotations

import secrets

from gateway.domain.caller import Caller
from gateway.domain.statement import Act, Statement, Verb
from gateway.domain.written import origin_of
from gateway.errors import Gone, NotAllowed
from gateway.flows.parts import Gateway
from gateway.flows.writing.asked import Standing, Word, Work
from gateway.flows.writing.standing import after, as_word, check_version, writable


async def withdraw(gateway: Gateway, caller: Caller, work: Work) -> Word | Standing:
    """The word that takes it back; Standing where that was done before. Raises as `writable` does, Conflict for another
    version than If-Match names, NotAllowed for a Patient."""
    asked = work.asked
    try:
        standing = await writable(gateway, caller, work)
    except Gone:
        return Standing(asked.kind, asked.identity)
    if asked.kind == "Patient":
        raise NotAllowed(
            "A Patient is not deleted: what is told of the citizen refers to it", hint="Delete that first.",
            allowed="GET, HEAD, PATCH, PUT",
        )  # fmt: skip
    check = check_version(standing.found, asked)
    assert standing.own is not None  # noqa: S101 - for mypy: who handles a task does not delete it
    now, own = gateway.clock(), standing.own
    origin = origin_of(secrets.token_hex(8))
    said = Statement(asked.kind, own.key, Act.STATE, Verb.WITHDRAW, now, now, {}, own.source, origin)
    return as_word(standing, after(standing, said), check)
