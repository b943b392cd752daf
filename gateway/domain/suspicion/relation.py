"""Whether anything spoke for a look when it happened."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.domain.suspicion.look import Citizen, Look, Tie


def ties_of(look: Look, citizen: Citizen) -> list[Tie]:
    """What ties whoever looked to the citizen, at whatever time: a place of the own, or one of the organisation."""
    return [
        tie for tie in citizen.ties
        if (tie.member == look.user if tie.member else tie.organisation == look.organisation and _same(tie, look))
    ]  # fmt: skip


def _same(tie: Tie, look: Look) -> bool:
    """Of the same legal world, where both are told."""
    return not (tie.role and look.world) or tie.role == look.world


def is_related(look: Look, citizen: Citizen, before: timedelta, after: timedelta) -> bool:
    """Whether a tie held at the time: letters are read some time before a stay and written some time after it."""
    at = _later(look.at, before)
    return any(tie.begins <= at and look.at <= _later(tie.ends, after) for tie in ties_of(look, citizen))


def ended(look: Look, citizen: Citizen) -> datetime | None:
    """When the last tie had ended that there was before the look; None where there was none, or one still holds."""
    past = [tie for tie in ties_of(look, citizen) if tie.begins <= look.at]
    if not past or any(tie.ends > look.at for tie in past):
        return None
    return max(tie.ends for tie in past)


def _later(moment: datetime, span: timedelta) -> datetime:
    """Open ends are the last moment there is."""
    try:
        return moment + span
    except OverflowError:
        return moment
