"""The access record in the shapes that auditors ask for: CSV, the columns of SAPA's audit export, MinLog2.

SAPA's columns are those of KOMBIT's public audit report (Revisionsdata); MinLog2's fields those of NSP's public
delivery description. A shape names no citizen by number: the Patient id stands for the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.domain.record import AccessRecord, Decision
from gateway.domain.when import said_time

CSV_COLUMNS = (
    "id", "time", "decision", "interaction", "kind", "citizen", "user", "user_name", "user_role", "on_behalf_of",
    "organisation", "organisation_name", "sector", "client", "client_name", "purposes", "basis", "consents", "rules",
    "override_code", "override_reason", "resources", "withheld", "outcome", "outcome_text", "trace", "query",
)  # fmt: skip
SAPA_COLUMNS = (
    "Log ID", "Kald ID", "Transaktions ID", "Tidspunkt", "IP Adresse", "Bruger ID", "BrugerNavn",
    "Organisatorisk enhed", "Applikation", "Soegekriterier", "Sags ID", "Part", "Aktoer",
    "Anvendte CVR rettigheder", "Partens bopælskommune",
)  # fmt: skip
_CVR = "http://cvr.dk|"
_CASES = ("CarePlan/", "EpisodeOfCare/")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_row(number: int, record: AccessRecord) -> list[str]:
    """One record under CSV_COLUMNS; lists have blanks between their items, `withheld` is `rule×count`."""
    told = {
        "id": str(number), "time": said_time(record.time),
        "withheld": " ".join(f"{rule}×{count}" for rule, count in record.withheld),
    }  # fmt: skip
    return [told.get(name) or _text(getattr(record, name, "")) for name in CSV_COLUMNS]


def sapa_row(number: int, record: AccessRecord, residence: str = "") -> list[str]:
    """One record under SAPA_COLUMNS. `Soegekriterier` holds the purpose (FormaalType), as SAPA's does. Where a citizen
    lives is content and stands in no record: `residence` is what is told of it otherwise."""
    cases = [one.partition("/_history")[0] for one in record.resources if one.startswith(_CASES)]
    told = (
        str(number), record.trace, record.token or record.trace, said_time(record.time), record.address, record.user,
        record.user_name, record.organisation_name or record.organisation, record.client_name or record.client,
        f"FormaalType={'+'.join(record.purposes)}; {record.query}".strip("; "), " ".join(cases), record.citizen,
        record.on_behalf_of or record.user,
        record.organisation.removeprefix(_CVR) if record.organisation.startswith(_CVR) else "",
        residence,
    )  # fmt: skip
    return [_text(one) for one in told]


def minlog2(number: int, record: AccessRecord, system: str, words: Mapping[str, str]) -> dict[str, Any]:
    """One record as a LogStatement of MinLog2; `system` is this gateway, `words` the Danish of interactions."""
    responsible = record.on_behalf_of or record.user
    destination = {
        "SystemName": record.client_name or record.client,
        "Activity": words.get(record.interaction, record.interaction),
        "Reason": "+".join(record.purposes),
        "Criticality": "vaerdispring" if record.decision is Decision.OVERRIDE else "normal",
        "Addition": record.override_reason or ("afvist" if record.decision is Decision.DENY else ""),
        "FromDateTime": said_time(record.time),
        "ToDateTime": said_time(record.time),
        **_identified("OrganisationId", record.organisation),
        "OrganisationName": record.organisation_name,
        **_identified("PersonIdentifier", responsible),
        "PersonName": record.user_name if responsible == record.user else "",
        "CorrelationId": record.trace,
        **_identified("UserPersonIdentifier", record.user),
        "UserPersonName": record.user_name,
        "UserRole": record.user_role,
    }
    told = {"Source": {"SystemName": system, "CorrelationId": str(number)}, "Destination": destination}
    return {part: {name: value for name, value in fields.items() if value} for part, fields in told.items()}


def _identified(name: str, key: str) -> dict[str, str]:
    system, _, value = key.rpartition("|")
    return {name: value, f"{name}Source": system} if key else {}


def _text(value: Any) -> str:
    """A cell: lists with blanks between, and nothing that a spreadsheet takes for a formula."""
    text = " ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
