"""One gateway in a process of its own, as `gateway serve` runs it, on a durable embedded PostgreSQL in a folder of its
own; and how much memory that process holds, with the keeper of the log that it starts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.cli.playing.cast import Player, register
from gateway.errors import SettingsError
from gateway.settings import PREFIX, Settings

START_SECONDS = 60
_ROOT = Path(__file__).parents[3]
_DOORS = re.compile(
    r"^HTTP  http://(?P<host>[\d.]+):(?P<http>\d+)$.*^MLLP  \S+:(?P<mllp>\d+)$", re.MULTILINE | re.DOTALL
)
_HELD = [re.compile(rf"^{name}:\s+(\d+) kB$", re.MULTILINE) for name in ("VmRSS", "VmHWM")]


@dataclass(frozen=True, slots=True)
class Serving:
    """A gateway that is serving, and whom it knows."""

    pid: int
    host: str
    http_port: int
    mllp_port: int
    players: Mapping[str, Player]
    settings: Settings

    @property
    def url(self) -> str:
        """Where its HTTP doors are."""
        return f"http://{self.host}:{self.http_port}"

    def resident(self, *, peak: bool) -> float | None:
        """The memory that the process and the keeper of the log beside it hold, or have held at most, in MiB; None
        where the system has no /proc that tells it."""
        own = re.compile(rf"^P?Pid:\s+{self.pid}$", re.MULTILINE)  # itself, or whom it has started
        held = [_HELD[peak].search(told) for told in _processes() if own.search(told)]
        return sum(int(one[1]) for one in held if one) / 1024 if any(held) else None


def _processes() -> Iterator[str]:
    """What the system tells of every process that runs."""
    for told in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):  # it has ended meanwhile
            yield told.read_text("ascii", "replace")


@contextmanager
def serving(settings: Settings) -> Iterator[Serving]:
    """Start it and wait until its doors are open. Raises SettingsError with its last words when it does not start."""
    players = register(settings.clients)
    told = settings.data_folder / "serve.log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    own = {
        "DATA_FOLDER": settings.data_folder, "DATABASE_URL": settings.database_url, "HTTP_PORT": 0, "MLLP_PORT": 0,
        "MAPPINGS_FOLDER": settings.mappings_folder,
    }  # fmt: skip
    environment = kept | {PREFIX + name: str(value) for name, value in own.items()}
    with told.open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve"], env=environment, cwd=_ROOT, stdout=log, stderr=log,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        doors = _await_doors(server, told)
        yield Serving(server.pid, doors["host"], int(doors["http"]), int(doors["mllp"]), players, settings)
    finally:
        server.terminate()
        try:
            server.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _await_doors(server: subprocess.Popen[bytes], told: Path) -> Mapping[str, str]:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        found = _DOORS.search(told.read_text(errors="replace"))
        if found:
            return found.groupdict()
        time.sleep(0.05)
    last = told.read_text(errors="replace").strip().splitlines()[-1:]
    raise SettingsError("The gateway to be measured did not start", where=str(told), hint="".join(last))
