"""Random stays told by letters, corrected and cancelled, against what a person would read out of the last letter."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.resource import ids
from gateway.translate.oioxml.language import OioXml
from tests.translate.oioxml.letters import enveloped, folded, stay_letter, the, written

BEGIN = datetime(2025, 3, 1, 8, tzinfo=ZoneInfo("Europe/Copenhagen"))
ENDS = ["udskrevet_til_hjemmet", "udskrevet_til_andet", "uoplyst", "doed"]
MOVES = ["flyttet_til_sygehus", "flyttet_til_sygehusafd"]


class Course:
    """Letters as a ward writes them: one after the other, each correction after what it corrects."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.written = BEGIN
        self.letters: list[str] = []
        self.start = self.end = BEGIN
        self.code = ""  # of the discharge as it stands
        self._admitted()
        self._discharged()

    def _admitted(self) -> None:
        self.start = BEGIN + timedelta(minutes=self.random.randint(0, 300))
        self._write("Admission", self.start, "nytbrev", "indlagt")
        while self.random.random() < 0.4:
            self.start = BEGIN + timedelta(minutes=self.random.randint(0, 300))
            self._write("Admission", self.start, "rettetbrev", "indlagt")

    def _discharged(self) -> None:
        said = "nytbrev"
        while self.random.random() < 0.7:
            if self.code and self.random.random() < 0.3:
                self._write("Discharge", self.end, "annulleretbrev", self.code)
                self.code, said = "", "nytbrev"
                continue
            self.end = BEGIN + timedelta(days=3, minutes=self.random.randint(0, 3000))
            self.code = self.random.choice(ENDS * 2 + MOVES)
            self._write("Discharge", self.end, said, self.code)
            said = "rettetbrev"

    def _write(self, kind: str, at: datetime, said: str, code: str) -> None:
        self.written = max(self.written, at) + timedelta(minutes=self.random.randint(1, 90))
        letter = stay_letter(
            kind, f"{at:%Y-%m-%d}", f"{at:%H:%M}", said=said, code=code, at=f"{self.written:%H:%M:%S}",
            on=f"{self.written:%Y-%m-%d}", number=f"B{len(self.letters)}",
        )  # fmt: skip
        self.letters.append(letter)


@given(seed=st.integers(0, 10**9), order=st.randoms(use_true_random=False))
def test_a_stay_is_what_its_last_letters_say(oioxml: OioXml, seed: int, order: Random) -> None:
    course = Course(Random(seed))
    letters = [*course.letters, *order.choices(course.letters, k=2)]
    order.shuffle(letters)
    bodies = folded([oioxml.translate(written(enveloped(letter))) for letter in letters], ids(b"test"))
    stay = the("Encounter", bodies)
    over = course.code in ENDS
    assert stay["status"] == ("finished" if over else "in-progress")
    assert stay["period"]["start"] == f"{course.start:%Y-%m-%dT%H:%M:00}+01:00"
    assert stay["period"].get("end") == (f"{course.end:%Y-%m-%dT%H:%M:00}+01:00" if over else None)
    assert the("Patient", bodies).get("deceasedBoolean", False) is (course.code == "doed")
