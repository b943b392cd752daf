"""A whole stay as the notifications that tell of it, in their order: read again they give the same stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway.domain.encounter import LEAVE
from gateway.domain.statement import Body
from gateway.translate.medcom.lifecycle import Lifecycle
from gateway.translate.medcom.out.notice import Envelope, Notice, notice

NOTIFIED = frozenset({"IMP", "EMER"})
"""Encounter.class of the stays that hospitals notify municipalities of."""


def notices(stay: Body, patient: Body, envelope: Envelope, table: Lifecycle, *, died: bool = False) -> list[Notice]:
    """The notifications of one stay; none where it only was expected. With `died` it ended with the citizen's death.

    Raises as `notice` does.
    """
    found: list[Notice] = []
    for code, then in _steps(stay, died=died):
        chain = tuple(one.said for one in found)
        asks = envelope.report and not found
        found.append(notice(code, then, patient, replace(envelope, earlier=chain, report=asks), table))
    return found


def _steps(stay: Body, *, died: bool) -> Iterator[tuple[str, Body]]:
    """Codes, each with the stay as it was then."""
    status, acute = stay.get("status"), stay.get("class", {}).get("code") == "EMER"
    if status not in ("in-progress", "onleave", "finished", "entered-in-error"):
        return
    period, end = stay.get("period", {}), stay.get("period", {}).get("end")
    begun = stay | {"status": "in-progress", "period": {name: at for name, at in period.items() if name == "start"}}
    yield "STAA" if acute else "STIN", _with_leave(begun, None)
    if status == "entered-in-error":
        yield "AN_STAA" if acute else "AN_STIN", _with_leave(begun, None)
        return
    for leave in [one["valuePeriod"] for one in stay.get("extension", ()) if one.get("url") == LEAVE]:
        if "start" in leave:
            yield "STOR", _with_leave(begun, {"start": leave["start"]}) | {"status": "onleave"}
        if "start" in leave and "end" in leave and leave["end"] != end:
            yield "SLOR", _with_leave(begun, leave)
    if status == "finished":
        yield "MORS" if died else "SLHJ", stay


def _with_leave(stay: Body, leave: Body | None) -> Body:
    others = [one for one in stay.get("extension", ()) if one.get("url") != LEAVE]
    return stay | {"extension": [*others, *([{"url": LEAVE, "valuePeriod": leave}] if leave else [])]}
