"""A joint plan on a terminal: what one reader sees, in Danish words."""

from __future__ import annotations

from typing import Any

_STATUS = {
    "planned": "planlagt", "in-progress": "i gang", "onleave": "på orlov", "finished": "afsluttet",
    "entered-in-error": "fejlregistreret", "active": "aktiv", "completed": "afsluttet", "draft": "udkast",
    "not-started": "ikke begyndt", "on-hold": "på pause", "cancelled": "annulleret", "unknown": "ukendt",
    "stopped": "stoppet", "scheduled": "aftalt", "revoked": "tilbagekaldt",
}  # fmt: skip
_NOTHING = "  (intet)"


def plan_lines(bundle: dict[str, Any]) -> list[str]:
    """The joint plan's interventions, goals, conditions, stays and team, a line each."""
    parts = [entry["resource"] for entry in bundle.get("entry", [])]
    plan, team = parts[0], parts[1]
    lines = [f"  Indsats   {_activity(one['detail'])}" for one in plan.get("activity", [])]
    lines += [f"  Mål       {_text(goal.get('description', {}))}" for goal in _of(parts, "Goal")]
    lines += [f"  Tilstand  {_text(one.get('code', {}))}" for one in _of(parts, "Condition")]
    lines += [f"  Ophold    {_stay(stay)}" for stay in _of(parts, "Encounter") if "class" in stay]
    names = {f"RelatedPerson/{one['id']}": _name(one) for one in _of(parts, "RelatedPerson")}
    lines += [f"  Team      {_member(one, names)}" for one in team.get("participant", [])]
    return lines or [_NOTHING]


def _of(parts: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [part for part in parts if part["resourceType"] == kind]


def _activity(detail: dict[str, Any]) -> str:
    what = detail.get("description") or _text(detail.get("code", {}))
    return f"{what} ({_STATUS.get(detail['status'], detail['status'])})"


def _stay(stay: dict[str, Any]) -> str:
    period = stay.get("period", {})
    provider = stay.get("serviceProvider", {})
    where = provider.get("display") or provider.get("identifier", {}).get("value", "")
    leaves = sum(e["url"].endswith("/leave-period") for e in stay.get("extension", []))
    told = f", {leaves} orlov" if leaves else ""
    until = f" til {_minute(period['end'])}" if "end" in period else ""
    return f"{_STATUS[stay['status']]} fra {_minute(period.get('start', ''))}{until}{told} {where}".rstrip()


def _member(participant: dict[str, Any], names: dict[str, str]) -> str:
    who = participant.get("member", {})
    name = who.get("display") or names.get(who.get("reference", ""), "pårørende")
    roles = ", ".join(filter(None, (_text(role) for role in participant.get("role", []))))
    until = participant.get("period", {}).get("end")
    return f"{name}: {roles}" + (f" (til {until[:10]})" if until else "")


def _name(person: dict[str, Any]) -> str:
    first: dict[str, Any] = next(iter(person.get("name", [])), {})
    return str(first.get("text") or " ".join([*first.get("given", []), first.get("family", "")]).strip() or "pårørende")


def _text(concept: dict[str, Any]) -> str:
    displays = (c.get("display") or c.get("code", "") for c in concept.get("coding", []))
    return str(concept.get("text") or next(iter(displays), ""))


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")
