"""Karantæne: messages that could not be understood, what does not go out, and who has fallen silent. No content."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from gateway.domain.record import masked
from gateway.errors import NotFound
from gateway.flows.operating import (
    MOST,
    Held,
    Row,
    deliveries,
    fetched,
    heard,
    notify_again_by,
    quarantine,
    reason_of,
    replay_by,
    send_again_by,
)
from gateway.inbound.console.frame import Here

_LISTED = 100  # rows of what goes out


async def show(here: Here) -> Response:
    """GET /console/quarantine: the lists; `done` and `left` tell how what was tried again went."""
    found = await quarantine(here.gateway, here.caller, here.first)
    out = await deliveries(here.gateway, here.caller)
    asked = here.request.query_params
    stuck, waiting = ([_row(here, one) for one in rows[:_LISTED]] for rows in (out.stuck, out.waiting))
    told = _told(here, asked.get("done", ""), asked.get("left", ""))
    hours = here.gateway.quiet_after.total_seconds() / 3600
    return here.page(
        "quarantine.html", found=found.held, held=[_held(here, one) for one in found.held.rows], all=found.all,
        stuck=stuck, waiting=waiting, hours=f"{hours:g}", told=told,
        more=_left(here, out.stuck), later=_left(here, out.waiting), dead=out.dead[:_LISTED],
        more_dead=_left(here, out.dead), more_unmatched=_left(here, out.unmatched),
        unmatched=[(one, masked(one.answered)) for one in out.unmatched[:_LISTED]],
        sources=await heard(here.gateway, here.caller), fetches=await fetched(here.gateway, here.caller),
    )  # fmt: skip


async def act(here: Here) -> Response:
    """POST /console/quarantine (act, number): try a message again, or all; send or notify once more."""
    number, wish = here.form.get("number", ""), here.form.get("act", "")
    if wish == "all":
        tried = await replay_by(here.gateway, here.caller, first=int(number) if _is_number(number) else 0)
        refused = sum(bool(one.error) for one in tried)
        return _went(here, len(tried) - refused, refused)
    if not _is_number(number):
        raise NotFound
    if wish == "replay":
        tried = await replay_by(here.gateway, here.caller, int(number))
        refused = sum(bool(one.error) for one in tried)
        return _went(here, len(tried) - refused, refused)
    if wish not in ("send", "notify"):
        raise NotFound
    again = send_again_by if wish == "send" else notify_again_by
    done = await again(here.gateway, here.caller, int(number))
    return _went(here, int(done), int(not done))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


def _went(here: Here, done: int, left: int) -> Response:
    return here.go(f"/console/quarantine?done={done}&left={left}")


def _told(here: Here, done: str, left: str) -> str:
    """What became of what was tried again, by the two numbers of the address."""
    if not all(one.isascii() and one.isdigit() and len(one) < 7 for one in (done, left)):
        return ""
    return here.t("quarantine.went", done=int(done), left=int(left))


def _left(here: Here, rows: Sequence[object]) -> str:
    """How many rows are not shown, in words; there may be more than were counted."""
    left = len(rows) - _LISTED
    return here.t("quarantine.more" if len(rows) < MOST else "quarantine.more_at_least", count=left) if left > 0 else ""


def _held(here: Here, one: Held) -> dict[str, object]:
    return {
        "id": one.id, "language": one.language, "sources": ", ".join(one.sources),
        "received": here.moment(one.received),
        "text": one.text, "where": one.where, "hint": one.hint, "rule": one.rule, "until": here.moment(one.until),
    }  # fmt: skip


def _row(here: Here, one: Row) -> dict[str, object]:
    reason = reason_of(one)
    return {
        "id": one.id, "to": one.destination, "language": one.language, "message": one.message_id, "state": one.state,
        "tries": one.tries, "made": here.moment(one.made_at), "due": here.moment(one.due),
        "reason": here.t.word("failure", reason) if reason else "",
    }  # fmt: skip
