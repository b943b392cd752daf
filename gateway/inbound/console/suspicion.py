"""Mistanke: looks that somebody should ask about, each with its reasons in words; and what came of asking."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from gateway.domain.suspicion.thresholds import SIGNALS, Row
from gateway.errors import BadRequest, Conflict, NotFound
from gateway.flows.suspicion import OUTCOMES, Raised, ask_watch, conclude, listed, opened, times, watched
from gateway.inbound.console.frame import Here
from gateway.inbound.console.texts import Texts

_SOON = timedelta(seconds=15)
_SHOWN = 100  # looks of a finding; a habit rests on more


async def show(here: Here) -> Response:
    """GET /console/suspicion: the open findings, by weight; the thresholds in force. `?concluded` those that are."""
    concluded = "concluded" in here.request.query_params
    found = await listed(here.gateway, here.caller, concluded=concluded, first=here.first)
    state = await watched(here.gateway)
    raise_at = _plain(here.t, here.gateway.suspicion.thresholds.raise_at)
    page = here.page(
        "suspicion.html", concluded=concluded, found=found, rows=[_row(here, one) for one in found.rows], state=state,
        table=[_threshold(here, signal) for signal in SIGNALS], raise_at=raise_at,
    )  # fmt: skip
    if state.waiting:  # each time is on record under every citizen it shows: seldom, where it takes long
        soon = here.gateway.clock() - state.waiting.asked_at < _SOON
        page.headers["Refresh"] = "3" if soon else "30"
    return page


async def look_now(here: Here) -> Response:
    """POST /console/suspicion: have the log looked through."""
    await ask_watch(here.gateway, here.caller)
    return here.go("/console/suspicion")


async def one(here: Here) -> Response:
    """GET /console/suspicion/{id}: one finding, its reasons and the looks that it rests on."""
    return await _one(here)


async def end(here: Here) -> Response:
    """POST /console/suspicion/{id} (outcome, note): what came of asking."""
    try:
        await conclude(
            here.gateway, here.caller, _number(here), here.form.get("outcome", ""), here.form.get("note", "")
        )
    except BadRequest:
        return await _one(here, here.t("suspicion.say_why"), 400)
    except Conflict:
        return await _one(here, here.t("suspicion.was_faster"), 409)
    return here.go(f"/console/suspicion/{_number(here)}")


async def _one(here: Here, wrong: str = "", status: int = 200) -> Response:
    found = await opened(here.gateway, here.caller, _number(here))
    there = await times(here.gateway, found)
    looks = [(number, here.moment(when)) for number, when in there[:_SHOWN]]
    return here.page(
        "finding.html", status, finding=found, row=_row(here, found), outcomes=OUTCOMES, given=here.form, wrong=wrong,
        reasons=[_reason(here, name, why) for name, why in found.reasons.items()], looks=looks,
        more=len(there) - len(looks), gone=len(found.looks) - len(there),
    )  # fmt: skip


def _number(here: Here) -> int:
    text: str = here.request.path_params["id"]
    if not (text.isascii() and text.isdigit() and len(text) < 18 and int(text)):
        raise NotFound
    return int(text)


def _row(here: Here, found: Raised) -> dict[str, object]:
    table = here.gateway.suspicion.thresholds.rows
    alarms = [table[name].alarm for name in found.reasons if name in table and table[name].alarm]
    return {
        "id": found.id, "who": found.user_name or found.user, "organisation": found.organisation,
        "citizen": found.citizen, "weight": _plain(here.t, found.weight), "since": here.moment(found.raised_at),
        "last": here.moment(found.last_at), "alarms": list(dict.fromkeys(alarms)),
        "reasons": [here.t.word("signal", name) for name in found.reasons], "outcome": found.outcome,
        "by": found.concluded_by, "ended": here.moment(found.concluded_at) if found.concluded_at else "",
    }  # fmt: skip


def _reason(here: Here, signal: str, why: str) -> dict[str, str]:
    """What a signal means, how much there was of it, and the threshold by the table."""
    row = here.gateway.suspicion.thresholds.rows.get(signal)
    told = here.t.known.get(f"signal_found.{signal}", "")
    return {
        "name": here.t.word("signal", signal), "found": told.format(count=why) if why else "",
        "threshold": _words(here.t, row) if row else "", "alarm": row.alarm if row else "",
        "weight": _plain(here.t, row.weight) if row else "", "rule": row.rule if row else "",
    }  # fmt: skip


def _threshold(here: Here, signal: str) -> dict[str, str]:
    row = here.gateway.suspicion.thresholds[signal]
    return {
        "name": here.t.word("signal", signal), "threshold": _words(here.t, row), "alarm": row.alarm,
        "weight": _plain(here.t, row.weight), "rule": row.rule,
    }  # fmt: skip


def _words(t: Texts, row: Row) -> str:
    """The threshold of a signal in words; "" where it has none."""
    told = t.known.get(f"threshold.{row.signal}", "")
    values = {"least": row.least, "share": 100 * row.least, "hours": row.hours, "days": row.hours / 24}
    return told.format(**{name: _plain(t, value) for name, value in values.items()})


def _plain(t: Texts, number: float) -> str:
    text = f"{number:.10g}"
    return text.replace(".", ",") if t.language == "da" else text
