"""Play one citizen's story through the real doors, and show what each reader sees.

Starts a gateway with an embedded PostgreSQL in a temporary folder, on free ports. Ends by itself with exit status 0, or
with 1 and the step that did not come out as it should.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import structlog

from gateway.cli.playing import story
from gateway.cli.playing.cast import PARTS, register
from gateway.cli.playing.show import plan_lines
from gateway.cli.serve import Running, running
from gateway.settings import Settings

STORY = Path(__file__).parents[2] / "fixtures" / "stories" / "herberg"


class WentWrong(Exception):
    """A step did not come out as it should; the text says how."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to stay."""
    parser.add_argument("--stay", action="store_true", help="leave the gateway running and print the plan's address")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Play the story in a folder of its own."""
    with _quiet(), tempfile.TemporaryDirectory(prefix="faellesplan-demo-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the embedded PostgreSQL runs as another user where we are root
        return asyncio.run(_play(folder, stay=args.stay))


@contextmanager
def _quiet() -> Iterator[None]:
    """No log lines between the story's own."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        structlog.configure(**before)


async def _play(folder: Path, *, stay: bool) -> int:
    told = story.load(STORY)
    print(f"{told.title}\n{told.about}\n")
    clock = story.clock_from(told.now)  # the consent lapses a year after it was given: the story has its own day
    players = register(folder / "clients", clock)
    settings = Settings(data_folder=folder, http_port=0, mllp_port=0)
    async with running(settings, clock=clock) as here, httpx2.AsyncClient(base_url=here.url) as http:
        doors = story.Doors(http, settings.mllp_host, here.mllp_port, players)
        demo = _Demo(folder, here, doors, told)
        if not await demo.play():
            return 1
        if stay:
            await demo.stay()
    return 0


Step = Callable[[], Awaitable[str]]


@dataclass(slots=True)
class _Demo:
    """The demo while it is running: what is known so far."""

    folder: Path
    here: Running
    doors: story.Doors
    told: story.Story
    citizen: str = ""
    views: dict[str, list[str]] = field(default_factory=dict)

    async def play(self) -> bool:
        """All steps in order; False after the first that went wrong."""
        steps = self._steps()
        begun = time.monotonic()
        for number, (says, step) in enumerate(steps, 1):
            print(f"{number:2}/{len(steps)}  {says} … ", end="", flush=True)
            try:
                result = await step()
            except Exception as wrong:  # noqa: BLE001 - whatever went wrong, the demo says which step it was
                print(f"WRONG\n       {type(wrong).__name__}: {wrong}", file=sys.stderr)
                return False
            print(result)
            for line in self.views.pop("now", []):
                print(f"       {line}")
        print(f"\nAll {len(steps)} steps came out as they should, in {time.monotonic() - begun:.1f} seconds.")
        return True

    def _steps(self) -> list[tuple[str, Step]]:
        by_file = {one.file.stem: one for one in self.told.steps}

        def send(name: str) -> tuple[str, Step]:
            one = by_file[name]
            return one.says, lambda: self._send(one)

        return [
            send("01-sag"),
            send("02-indlagt"),
            send("03-bestilling"),
            ("The social authority before the consent: it sees its own, not the stay", lambda: self._sees("social", 0)),
            send("04-samtykke"),
            ("The same look after the consent", lambda: self._sees("social", 1)),
            send("05-orlov"),
            send("06-retur"),
            send("07-udskrevet"),
            send("08-flyttet"),
            ("… and the late transfer lies in its place", self._late_is_in_place),
            ("The discharge is sent again: same answer, nothing changes", self._repeat),
            ("The nurse looks", lambda: self._sees("nursing", 1)),
            ("The hospital looks", lambda: self._sees("hospital", 1)),
            ("The jobcenter looks, and is refused as if there were nothing", self._refused),
            ("The nurse overrides with a reason (værdispring)", self._override),
            ("The auditor asks who looked", self._audit),
            ("The log is exported and verified", self._verify),
            ("A tampered copy is caught", self._tamper),
        ]

    async def _send(self, step: story.Step) -> str:
        if step.door == "consent" and not self.citizen:
            await self._find()
        told = await story.play(step, self.doors, self.citizen)
        if not told.accepted:
            raise WentWrong(told.answer.decode(errors="replace"))
        return "accepted"

    async def _find(self) -> None:
        self.citizen = self.citizen or await story.find(self.doors, "social", self.told.citizen)
        if not self.citizen:
            raise WentWrong("the citizen cannot be found")

    async def _look(self, reader: str, **acting: Any) -> dict[str, Any]:
        await self._find()
        status, bundle = await story.joint_plan(self.doors, reader, self.citizen, **acting)
        if status != 200:
            raise WentWrong(f"{reader} got {status}")
        return bundle

    async def _sees(self, reader: str, stays: int) -> str:
        bundle = await self._look(reader)
        found = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Encounter"]
        hospital = [one for one in found if "serviceProvider" in one]
        if len(hospital) != stays:
            raise WentWrong(f"{reader} sees {len(hospital)} stays instead of {stays}")
        self.views["now"] = [f"{PARTS[reader]['user']}:", *plan_lines(bundle)]
        return f"{len(bundle['entry'])} resources"

    async def _stay(self) -> dict[str, Any]:
        bundle = await self._look("hospital")
        return next(e["resource"] for e in bundle["entry"] if "serviceProvider" in e["resource"])

    async def _late_is_in_place(self) -> str:
        stay = await self._stay()
        starts = [place["period"]["start"] for place in stay["location"]]
        if stay["status"] != "finished" or len(starts) != 2 or starts != sorted(starts):
            raise WentWrong(f"status {stay['status']}, {len(starts)} places")
        return f"{len(starts)} places, in the order in which they were"

    async def _repeat(self) -> str:
        step = next(one for one in self.told.steps if one.file.stem == "07-udskrevet")
        before = (await self._stay())["meta"]
        first, second = (await story.play(step, self.doors), await story.play(step, self.doors))
        if first.answer != second.answer or (await self._stay())["meta"] != before:
            raise WentWrong("the repeated message changed something")
        return f"still version {before['versionId']}"

    async def _refused(self) -> str:
        status, outcome = await story.joint_plan(self.doors, "jobcenter", self.citizen)
        absent, nothing = await story.joint_plan(self.doors, "jobcenter", "0" * 32)
        if (status, absent) != (404, 404) or outcome != nothing:
            raise WentWrong(f"got {status}")
        return "404, and the same for a citizen who does not exist"

    async def _override(self) -> str:
        reason = {"code": "vital-interest", "text": "Bevidstløs; kontaktperson på herberget skal findes"}
        before = await self._look("nursing")
        after = await self._look("nursing", purpose="BTG", override=reason)
        more = len(after["entry"]) - len(before["entry"])
        if more <= 0:
            raise WentWrong("the override opened nothing")
        self.views["now"] = [f"{PARTS['nursing']['user']}, med værdispring:", *plan_lines(after)]
        return f"{more} more resources, on record with its reason"

    async def _audit(self) -> str:
        token = await self.doors.players["auditor"].token(self.doors.http)
        answer = await self.doors.http.get(
            "/fhir/AuditEvent", params={"patient": self.citizen}, headers={"Authorization": f"Bearer {token}"}
        )
        events = [entry["resource"] for entry in answer.json()["entry"]]
        cpr = self.told.citizen.rpartition("|")[2]
        if cpr in answer.text:
            raise WentWrong("the log holds a CPR")
        refused = sum(event["outcome"] != "0" for event in events)
        overrides = sum("audit-override" in str(event["meta"]) for event in events)
        if not (refused and overrides):
            raise WentWrong(f"{refused} refusals and {overrides} overrides are on record")
        return f"{len(events)} records, {refused} refused, {overrides} by override, no CPR in any"

    async def _verify(self) -> str:
        for _ in range(50):  # the newest records get their place in the tree within a second
            if await self._pending() == 0:
                break
            await asyncio.sleep(0.1)
        await self._command("export-log", str(self.folder / "log.jsonl"))
        status, said = await self._command("verify-log", str(self.folder / "log.jsonl"))
        if status != 0:
            raise WentWrong(said)
        return said.splitlines()[0]

    async def _tamper(self) -> str:
        lines = (self.folder / "log.jsonl").read_bytes().splitlines(keepends=True)
        records = [number for number, line in enumerate(lines) if b'"leaf"' in line]
        del lines[records[len(records) // 2]]
        copy = self.folder / "tampered.jsonl"
        copy.write_bytes(b"".join(lines))
        status, said = await self._command("verify-log", str(copy))
        if status != 1:
            raise WentWrong("the removed record was not noticed")
        return next(line for line in said.splitlines() if line.split(":")[0].isupper())

    async def _pending(self) -> int:
        return int(await self.here.gateway.database.fetchval("SELECT count(*) FROM log_pending"))

    async def _command(self, *words: str) -> tuple[int, str]:
        """A command of ours as an operator runs it."""
        environment = {**os.environ, "GATEWAY_DATA_FOLDER": str(self.folder)}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", *words,
            env=environment, cwd=Path(__file__).parents[2],
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        return int(process.returncode or 0), said.decode(errors="replace")

    async def _ticket(self, player: str, person: str = "", **form: str) -> str:
        token = await self.doors.players[player].token(self.doors.http, person=person)
        answer = await self.doors.http.post("/console/tickets", data=form, headers={"Authorization": f"Bearer {token}"})
        answer.raise_for_status()
        return str(answer.json()["url"])

    async def stay(self) -> None:
        """Leave the doors open, with tickets for the coordinator's page of the plan, the citizen's own list, and the
        pages of auditor, reviewer of overrides and operator."""
        print(f"\nThe joint plan in Danish, good once: {await self._ticket('social', patient=self.citizen)}")
        print(f"The auditors' pages, good once: {await self._ticket('auditor')}")
        print(f"The overrides of home nursing, good once: {await self._ticket('nursing')}")
        print(f"The citizen's own list, good once: {await self._ticket('citizen', self.told.citizen)}")
        print(f"The operators' pages, good once: {await self._ticket('operator')}")
        print(f"HL7 v2 over MLLP: {self.doors.host}:{self.doors.mllp_port}\nStop with Ctrl-C.", flush=True)
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, self.here.stop)
        await self.here.stopped
