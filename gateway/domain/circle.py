"""The circle of a caller: the citizens of whom the sources of its own legal world have told."""

from __future__ import annotations

from gateway.domain.caller import Caller
from gateway.domain.policy import Policy


def sources_of_world(caller: Caller, policy: Policy) -> frozenset[str]:
    """The sources of the caller's own legal world: those it sends as, and those of its organisation in its role. None
    under an override: an override is of one citizen, who is named."""
    if caller.override is not None:
        return frozenset()
    mine = (caller.organisation.key, caller.role)
    return frozenset({*caller.sends, *(source for source, of in policy.owners.items() if mine in of)})
