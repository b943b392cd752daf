"""Stays that a person closed because their discharge never came (MedCom R.BR7, test M).

The hospital's word goes before it: a discharge or a death that comes after all, and anything that it tells to have
happened later, as then the citizen was still there.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.corrections import Event
from gateway.domain.statement import Act

_CLOSE = Act.CLOSE  # looked up once: reading a member of an enum takes longer than a call
_AFTER_ALL = frozenset({Act.END, Act.DIE})
_NO_STEP = frozenset({Act.CLOSE, Act.UPDATE, Act.ATTEND})


def closed_by_hand(events: list[Event]) -> list[Event]:
    """The events of a stay with its closing as an end, or without it where the hospital's word goes before it."""
    told = [one for one in events if one.act is not _CLOSE]
    if len(told) == len(events):
        return told
    closings = [one for one in events if one.act is Act.CLOSE and one.stands]
    ended = any(one.act in _AFTER_ALL and one.stands for one in told)
    if not closings or ended:
        return told
    last = max(closings, key=lambda one: (one.recorded, one.order))
    if any(one.stands and one.act not in _NO_STEP and one.happened > last.happened for one in told):
        return told
    return sorted([*told, replace(last, act=Act.END)], key=lambda one: one.order)
