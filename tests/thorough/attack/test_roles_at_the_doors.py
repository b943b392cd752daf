"""Every role with its own token reads what all sectors told of one citizen, and sees what the law page says: no more,
and what its own legal world wrote."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from gateway.domain.identifier import CPR
from gateway.inbound.rest.kinds import CLINICAL
from tests.attack.test_municipal_worlds import REDUCED, WORK, nursed
from tests.attack.test_non_interference import PSYCHIATRY, goal, ill, relative, team
from tests.attack.twins import CITIZEN
from tests.attack.world import CAST, SARAH, doors, order, plan, stay
from tests.inbound.http_world import run
from tests.thorough.translate.test_law import LAW, READERS

KLE = "https://data.gov.dk/id/classification/KLE"
WORDS = {
    (data_class, sector, role): word
    for data_class, sector, *words in (line.split() for line in LAW.strip().splitlines())
    for role, word in zip(READERS, words, strict=True)
}
# One municipality: what its social authority, its nursing, its jobcenter and its benefit office send.
TELLS = {
    "regionh-psyk-adt": "psyk", "koebenhavn-ffb": "social", "koebenhavn-fsiii": "nursing",
    "koebenhavn-momentum": "jobcenter", "koebenhavn-ydelse": "benefit",
}  # fmt: skip
COPENHAGEN = {"social", "nursing", "jobcenter", "benefit"}


def of_subject(name: str, number: str, text: str) -> dict[str, Any]:
    """A plan by its KLE number."""
    return plan(name, title=text, category=[{"coding": [{"system": KLE, "code": number}]}])


TOLD = (
    ("social", order(
        SARAH, plan("p"), of_subject("h", "27.57.04", "Botilbud"), of_subject("s", "27.51.04", "Behandling"),
        of_subject("c", "27.25.08", "Forebyggelse"), goal("g"), ill("i", "Struktur"), ill("a", "Angst"), team("t"),
        relative("r"),
    )),
    ("psyk", stay(SARAH, more=PSYCHIATRY)), REDUCED, WORK, ("nursing", nursed()),
)  # fmt: skip


def expected(who: str, role: str, facts: dict[str, Any]) -> bool:
    """What the law page says of one resource, with the purpose of this reader's token."""
    data_class, sector, told = facts["data_class"], facts["sector"], {*(facts["sources"] or [facts["source"]])}
    if role == "citizen":
        return True
    word = WORDS.get((data_class, sector, role)) or WORDS[data_class, "shared", role]
    if word == "T":
        return True
    own = who in {TELLS.get(one) for one in told}
    if word == "law":
        return who in COPENHAGEN and not COPENHAGEN.isdisjoint(TELLS.get(one, "") for one in told)
    return word == "own" and own


def test_each_role_sees_what_the_law_page_says(database_url: str) -> None:
    readers = [one for one in (*CAST, CITIZEN) if one.role != "auditor"]

    async def test() -> None:
        async with doors(database_url, *CAST, CITIZEN) as here:
            await here.arrive(*TOLD)
            rows = await here.http.gateway.database.fetch("SELECT kind, id, facts FROM resource")
            told = [(f"{row['kind']}/{row['id']}", json.loads(row["facts"])) for row in rows if row["kind"] in CLINICAL]
            told = [one for one in told if not one[1]["limits"]]  # what case systems say narrows besides
            seen = defaultdict(set)
            for one in readers:
                asks = {"purpose": "PATRQT", "subject_id": f"{CPR}|{SARAH}"} if one.role == "citizen" else {}
                for path, facts in told:
                    answer = await here.get(one.id, path, **asks)
                    may = expected(one.id, one.role, facts)
                    about = (one.id, path, facts["data_class"], facts["sector"], facts["source"])
                    assert answer.status == (200 if may else 404), about
                    seen[one.role] |= {facts["data_class"]} if may else set()
            classes = {facts["data_class"] for _, facts in told}
            assert classes >= {"identity", "stay", "psychiatry", "substance", "social", "housing", "function",
                               "employment", "criminal", "plan"}  # fmt: skip
            assert seen["citizen"] == classes
            assert "employment" in seen["jobcenter"]
            assert seen["nursing"] >= {"psychiatry", "identity", "stay", "plan"}
            assert not seen["ngo"]
            assert (await here.get("auditor", told[0][0])).status == 403

    run(test)
