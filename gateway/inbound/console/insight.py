"""Borgerens egen indsigt: who has looked at me, in plain words; on the screen, on paper, with a proof to take along.

Three come here: the citizen, whoever acts for the citizen (each by the citizen's own system), and an auditor who
answers a citizen on paper. All see the same list (flows/own_insight.py). What has no word is told in general words.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from gateway.domain.insight import NAME, ORGANISATION, READERS, kept_parts
from gateway.domain.record import AccessRecord, Decision
from gateway.errors import BadRequest, NotFound
from gateway.flows import own_insight
from gateway.flows.own_insight import MOST, PAGE, Entry, Insight
from gateway.inbound.console.frame import Here
from gateway.inbound.console.overrides import day_or_time

MINE = "mine"
"""In the address, instead of what an auditor's session holds: the session's own citizen."""

_FILES = {"proof": "bevis", "minlog2": "minlog2"}


@dataclass(frozen=True, slots=True)
class OnPaper:
    """For whom an auditor prints a list: Patient ids, and who reads it."""

    people: tuple[str, ...]
    reader: str


async def front(here: Here) -> Response:
    """GET /console/insight: the citizen's list; for an auditor the form that asks whose."""
    if here.caller.role == "auditor":
        return here.page("insight_paper.html", readers=READERS, wrong="", reader="")
    return await _list(here, MINE, (), READERS[0])


async def ask(here: Here) -> Response:
    """POST /console/insight (citizen, reader): whose list an auditor prints. The number is sent once, and not kept."""
    form = here.form
    try:
        people = await own_insight.on_paper(here.gateway, here.caller, form.get("citizen", ""), form.get("reader", ""))
    except BadRequest:
        wrong, reader = here.t("insight.nobody"), form.get("reader", "")
        return here.page("insight_paper.html", 400, readers=READERS, wrong=wrong, reader=reader)
    return here.go(f"/console/insight/{here.visit.hold(OnPaper(people, form['reader']))}")


async def show(here: Here) -> Response:
    """GET /console/insight/{id}: the list; with `all` on one page, to be printed."""
    held = _held(here)
    return await _list(here, here.request.path_params["id"], held.people, held.reader)


async def take(here: Here) -> Response:
    """GET /console/insight/{id}/{file}: the whole list as a file, `proof` or `minlog2`."""
    held, file = _held(here), here.request.path_params["file"]
    if file not in _FILES:
        raise NotFound
    give = own_insight.proof if file == "proof" else own_insight.statements
    content = await give(here.gateway, here.caller, held.people, held.reader)
    named = f"faellesplan-indsigt-{_FILES[file]}-{here.gateway.clock():%Y%m%d}.json"
    headers = {"Content-Disposition": f'attachment; filename="{named}"'}
    return Response(content, media_type="application/json", headers=headers)


def _held(here: Here) -> OnPaper:
    """What the id in the address stands for. Raises NotFound."""
    key = here.request.path_params["id"]
    if here.caller.role != "auditor":
        if key != MINE:
            raise NotFound
        return OnPaper((), READERS[0])
    found = here.visit.held.get(key)
    if not isinstance(found, OnPaper):
        raise NotFound
    return found


async def _list(here: Here, key: str, people: tuple[str, ...], reader: str) -> Response:
    query = here.request.query_params
    whole = query.get("all") == "yes"
    after = "" if whole else query.get("after", "")
    found = await own_insight.own_list(here.gateway, here.caller, people, reader, after, MOST if whole else PAGE)
    return here.page(
        "insight.html", key=key, rows=[_row(here, one) for one in found.entries], whole=whole, after=after,
        following=found.following, known=bool(found.asker.people), paper=here.caller.role == "auditor",
        about=", ".join(found.asker.people), heading=_heading(here, found), gone=found.gone,
        gone_before=here.moment(found.gone_before) if found.gone_before else "", laws=_laws(here, found),
        now=here.moment(here.gateway.clock()), origin=here.gateway.log_key.origin, vkey=here.gateway.log_key.vkey,
    )  # fmt: skip


def _heading(here: Here, found: Insight) -> str:
    """For whom the list is, told as such."""
    if found.asker.right:
        return here.t("insight.acting", who=here.caller.user_name, right=found.asker.right.display)
    return ""


def _laws(here: Here, found: Insight) -> list[str]:
    """The laws by which something on this page is kept back."""
    return sorted({here.t.law(row.law) for one in found.entries for row in one.kept})


def _row(here: Here, entry: Entry) -> dict[str, object]:
    record, parts = entry.record, kept_parts(entry.kept)
    organisation = record.organisation_name or record.organisation.rpartition("|")[2]
    return {
        "number": entry.number, "when": here.moment(record.time), "who": _who(here, entry), "role": _role(here, entry),
        "organisation": here.t("insight.kept_organisation") if ORGANISATION in parts else organisation,
        "why": _why(here, entry), "what": _what(here, record),
        "decision": record.decision.value, "how": _how(here, record), "override": _override(here, entry),
    }  # fmt: skip


def _who(here: Here, entry: Entry) -> str:
    record = entry.record
    if NAME in kept_parts(entry.kept) and entry.by in ("person", "representative"):
        return here.t("insight.kept_name")
    if entry.by == "self":
        return here.t("insight.yourself")
    if entry.by == "representative":
        return here.t("insight.for_you", who=record.user_name or record.user.rpartition("|")[2])
    if entry.by == "system":
        return here.t("insight.system", name=record.client_name or record.client or here.t("insight.gateway"))
    return record.user_name or record.user.rpartition("|")[2]


def _role(here: Here, entry: Entry) -> str:
    """The role, where a person of somewhere looked: in a word where it is one of ours."""
    return here.t.word("role", entry.record.user_role) if entry.by == "person" else ""


def _what(here: Here, record: AccessRecord) -> str:
    """What was done, in a sentence without codes."""
    did = _worded(here, "did", record.operation) or _worded(here, "did", record.interaction)
    thing = _worded(here, "thing", record.kind) or here.t("insight.something")
    return (did or here.t("insight.did_something")).replace("{thing}", thing)


def _worded(here: Here, table: str, code: str) -> str:
    """The word for a code; "" where there is none."""
    word = here.t.word(table, code)
    return "" if word == code else word


def _why(here: Here, entry: Entry) -> str:
    """The purposes in words. What systems exchange by themselves has none."""
    words = (_worded(here, "purpose", one) or here.t("insight.other", code=one) for one in entry.record.purposes)
    return ", ".join(words) or here.t("insight.exchange" if entry.by == "system" else "insight.no_purpose")


def _how(here: Here, record: AccessRecord) -> str:
    """How it went: shown, partly, stopped, by override."""
    if record.decision is Decision.FILTERED:
        return here.t("insight.filtered", count=record.withheld_count)
    if record.decision is Decision.PERMIT and record.outcome != "0":
        return here.t("insight.failed")
    return here.t(f"insight.{record.decision.value}")


def _override(here: Here, entry: Entry) -> tuple[str, ...]:
    """Of an override: the reason, and whether the citizen was told."""
    record = entry.record
    if record.decision is not Decision.OVERRIDE:
        return ()
    code = here.reason(record.override_code, record.time)
    said = f"{code}: {record.override_reason}" if record.override_reason else code
    told = entry.told
    if told and told.when:
        how = here.t("insight.kept_how") if NAME in kept_parts(entry.kept) else told.how  # it may name who told
        became: str = here.t("insight.was_told", when=here.moment(day_or_time(told.when)), how=how)
    elif told and told.why_not:
        became = here.t("insight.not_told")
    else:
        became = here.t("insight.to_be_told", due=here.moment(entry.due)) if entry.due else ""
    return tuple(filter(None, (here.t("insight.reason", said=said), became)))
