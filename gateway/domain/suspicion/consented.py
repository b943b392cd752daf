"""Whom the citizen has let in: a consent ties those whom it names for as long as it holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gateway.domain.consent import compile_consent, in_this_gateway
from gateway.domain.consent.ask import as_organisation
from gateway.domain.consent.provision import Provision
from gateway.domain.statement import Body
from gateway.domain.suspicion.look import Tie
from gateway.domain.when import END

(_AS_ORGANISATION,) = as_organisation([""])  # how a key begins that is meant as a house's alone
_WAS = ("inactive", "entered-in-error")  # it held until that became known


def consented(body: Body, known: datetime | None) -> Iterator[Tie]:
    """The ties of a Consent (R4), each of a provision that permits and says whom. `known` is when it was last told of.
    What is not understood of it ties nobody, and nobody in particular is not tied."""
    status = body.get("status")
    if status != "active" and status not in _WAS:
        return
    consent = compile_consent(body | {"status": "active"}, resolve=in_this_gateway)
    if consent.provision is not None and consent.given is not None:
        until = END if status == "active" else known or END
        yield from _permitted(consent.provision, consent.given, until)


def _permitted(provision: Provision, begins: datetime, ends: datetime) -> Iterator[Tie]:
    """An exception holds within its provision, and its own time."""
    if provision.within is not None:
        begins, ends = max(begins, provision.within.low), min(ends, provision.within.high)
    if not provision.clear or begins >= ends:
        return
    who = provision.actors
    if provision.says == "permit" and who is not None:
        for key in sorted(who.exact | who.units):
            house = key.removeprefix(_AS_ORGANISATION)
            yield Tie(house, "", begins, ends)
            if house == key:  # a number alone may be a person's
                yield Tie("", key, begins, ends)
        for one in who.legal:
            houses = {key.removeprefix(_AS_ORGANISATION) for key in one.exact | one.units}
            yield from (Tie(house, "", begins, ends, role) for house in sorted(houses) for role in sorted(one.roles))
    for exception in provision.exceptions:
        yield from _permitted(exception, begins, ends)
