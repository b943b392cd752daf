"""Links to the next page: sealed, for one caller alone, for an hour. Every page is decided about anew.

A link carries the request and the place where the page ended, so nothing is kept here. A page goes on behind that
place: what does not change between two pages is shown exactly once; what changes may be met again at its new place, or
not any more; what is new is met where it stands behind the place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from gateway.domain.caller import Caller
from gateway.domain.searching.order import Place
from gateway.errors import BadRequest, Gone, NotFound
from gateway.flows.parts import Gateway
from gateway.store import links, wire

PAGE = "_page"
OF_ANSWER = ("_format", "_pretty")
"""Parameters about the answer's form, not its content: a link asks for the next page in the same."""
LASTS = timedelta(hours=1)

Params = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Position:
    """Where in which request a page begins; `place` is None for the first. `who` are the Patient ids of those who were
    found by their numbers, so that no link holds a number. `form` is how the answer is to be written."""

    params: Params
    place: Place | None = None
    who: tuple[str, ...] = ()
    form: Params = ()


def opened(gateway: Gateway, caller: Caller, what: str, params: Params) -> Position:
    """The request itself, or that of a link. `what` is the type or operation that the link must be of. Raises NotFound
    for a link that is not this caller's or was changed, Gone for one that is too old."""
    form = tuple(one for one in params if one[0] == OF_ANSWER[0] or one == (OF_ANSWER[1], "true"))
    params = [one for one in params if one[0] not in OF_ANSWER]
    told = [value for name, value in params if name == PAGE]
    if not told:
        return Position(params, form=form)
    if len(params) > 1:
        raise BadRequest("A link to a page takes no further parameters", where=PAGE, hint="Use it as it was given.")
    content = links.unseal(gateway.secret, bound(caller, what), told[0])
    if content is None:
        raise NotFound("There is no such page for this caller")
    until, carried, place, who = wire.decode(content)
    if gateway.clock().timestamp() > until:
        raise Gone("This link to a page is too old", hint="Begin the search again.")
    return Position([(name, value) for name, value in carried], place, tuple(who), form)


def onwards(gateway: Gateway, caller: Caller, what: str, path: str, position: Position, place: Place) -> str:
    """The URL of the page behind a place."""
    until = int((gateway.clock() + LASTS).timestamp())
    carried = wire.encode((until, list(position.params), place, position.who))
    token = links.seal(gateway.secret, bound(caller, what), carried)
    return f"{gateway.public_url}/fhir/{path}?{urlencode([(PAGE, token), *position.form], safe='/')}"


def bound(caller: Caller, what: str) -> bytes:
    """Whom a link is for: the system, its organisation and role, the person and whom they act for, and why."""
    who = (caller.client, caller.organisation.key, caller.role, caller.user, caller.on_behalf_of)
    return wire.encode((what, who, sorted(caller.purposes)))
