"""Søg: the auditor's search of the log. What is searched for is entered once and then lives in the session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from gateway.domain.record import AccessRecord, Decision, masked
from gateway.errors import BadRequest, NotFound
from gateway.flows.export_looks import SHAPES
from gateway.flows.find_looks import FIELDS, Asked, Look, Looks, find_looks, people_of, understood, who_of
from gateway.flows.saved_searches import delete, opened, save, saved
from gateway.inbound.console.frame import Here
from gateway.inbound.console.timeline import timeline

PURPOSES = (
    "TREAT",
    "ETREAT",
    "COC",
    "CAREMGT",
    "ELIGDTRM",
    "HPAYMT",
    "HCOMPL",
    "PATRQT",
    "BTG",
    "HOPERAT",
    "HSYSADMIN",
)
"""Those that are met every day; `purposes` adds what registered systems may give besides."""
INTERACTIONS = ("read", "vread", "search-type", "operation", "create", "update", "patch", "delete", "history-instance",
                "history-type", "import", "export", "notify", "token", "login", "logout")  # fmt: skip


def purposes(here: Here) -> tuple[str, ...]:
    """The purposes that a form offers."""
    given = {purpose for client in here.inbound.clients for purpose in client.purposes}
    return (*PURPOSES, *sorted(given.difference(PURPOSES)))


@dataclass(frozen=True, slots=True)
class Running:
    """A search of this session, as the page tells it: the words of its fields without the citizen's number."""

    asked: Asked
    told: tuple[tuple[str, str], ...]


async def form(here: Here) -> Response:
    """GET /console/search: the form, and the saved searches."""
    return await _form(here, {}, {})


async def start(here: Here) -> Response:
    """POST /console/search: what was entered becomes a search of this session."""
    try:
        asked = await understood(here.gateway, here.form)
    except BadRequest as error:
        return await _form(here, here.form, {error.where: here.t("search.not_a_day")}, 400)
    shown = tuple((name, here.form[name]) for name in FIELDS if here.form.get(name) and name not in _NUMBERS)
    return here.go(f"/console/search/{here.visit.hold(Running(asked, shown + _someone(here, asked)))}")


_NUMBERS = ("citizen", "user", "behalf")  # who is searched for stays in the session


def _someone(here: Here, asked: Asked) -> tuple[tuple[str, str], ...]:
    """Of whom a number was entered, that it was; a name as it was entered."""
    entered = here.t("search.entered")
    given = [(name, here.form[name]) for name in _NUMBERS if here.form.get(name)]
    return tuple((name, entered if name == "citizen" or masked(text) != text else text) for name, text in given)


async def results(here: Here) -> Response:
    """GET /console/search/{id}: a page of what was found, and who looked when."""
    current = running(here)
    after = here.request.query_params.get("after", "")
    looks = await find_looks(here.gateway, here.caller, current.asked, after)
    return here.page("results.html", **_shown(here, current, looks, after))


async def keep(here: Here) -> Response:
    """POST /console/search/{id}/save: the search under a name, for this auditor."""
    try:
        await save(here.gateway, here.caller, here.form.get("name", ""), running(here).asked)
    except BadRequest:
        looks = await find_looks(here.gateway, here.caller, running(here).asked)
        return here.page("results.html", 400, **_shown(here, running(here), looks, "", here.t("results.bad_name")))
    return here.go("/console/search")


async def run_saved(here: Here) -> Response:
    """POST /console/saved (number, act): a saved search once more, or no more."""
    number = here.form.get("number", "")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise NotFound
    if here.form.get("act") == "delete":
        await delete(here.gateway, here.caller, int(number))
        return here.go("/console/search")
    found = await opened(here.gateway, here.caller, int(number))
    return here.go(f"/console/search/{here.visit.hold(Running(found.asked, (('name', found.name),)))}")


async def _form(here: Here, given: object, wrong: object, status: int = 200) -> Response:
    return here.page(
        "search.html", status, given=given, wrong=wrong, purposes=purposes(here), interactions=INTERACTIONS,
        decisions=tuple(Decision), saved=await saved(here.gateway, here.caller),
    )  # fmt: skip


def running(here: Here) -> Running:
    """The search of this session whose id stands in the address. Raises NotFound."""
    found = here.visit.held.get(here.request.path_params["id"])
    if not isinstance(found, Running):
        raise NotFound
    return found


def _shown(here: Here, current: Running, looks: Looks, after: str, wrong: str = "") -> dict[str, Any]:
    return {
        "search": here.request.path_params["id"], "told": current.told, "rows": [_row(here, one) for one in looks.page],
        "following": looks.following, "after": after, "picture": timeline(looks.pictured, here.t), "wrong": wrong,
        "gone": here.t("results.gone", day=here.moment(looks.gone)) if looks.gone else "",
        "pictured": len(looks.pictured), "shapes": SHAPES, "citizen": bool(current.asked.citizens),
    }  # fmt: skip


def _row(here: Here, found: Look) -> dict[str, object]:
    record = found.record
    return {
        "id": found.id, "when": here.moment(record.time), "who": people_of([record])[who_of(record)],
        "role": here.t.word("role", record.user_role), "organisation": record.organisation_name or record.organisation,
        "purpose": ", ".join(here.t.word("purpose", code) for code in record.purposes),
        "what": _what(here, record), "kind": "" if record.operation else record.kind,
        "decision": record.decision.value, "shown": len(record.resources), "withheld": record.withheld_count,
    }  # fmt: skip


def _what(here: Here, record: AccessRecord) -> str:
    """An operation by its own word; where it has none, what kind of call it was, and its name."""
    named = here.t.known.get(f"interaction.{record.operation}", "")
    return named or f"{here.t.word('interaction', record.interaction)} {record.operation}".strip()
