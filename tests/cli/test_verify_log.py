"""verify-log and export-log as commands, and the stand-alone page that does the same with the library's tools alone."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway import settings
from gateway.cli import export_log, forget_log, verify_log
from gateway.domain import list_proof
from gateway.domain.checkpoint import COSIGNATURE, parse_note
from gateway.domain.log_lines import entry_told
from gateway.domain.record import AccessRecord
from gateway.domain.witness import cosign
from gateway.errors import GatewayError
from gateway.store import integrating, keys, log, migrate
from gateway.store.embedded import EmbeddedPostgres
from gateway.store.log_lists import lists_of
from tests.domain.written_log import OTHERS, OURS, START, Log, body, forged, remade
from tests.store.log_stories import record

ALONE = Path(__file__).parent.parent.parent / "docs" / "verify_log.py"
LIST = ALONE.with_name("verify_list.py")
VKEY = str(OURS.key)


def written(tmp_path: Path, lines: list[bytes], name: str = "export.ndjson") -> Path:
    path = tmp_path / name
    path.write_bytes(b"".join(lines))
    return path


def main(arguments: list[str]) -> int:
    """One command as the program runs it, without loading all the others."""
    module = {"verify-log": verify_log, "export-log": export_log, "forget-log": forget_log}[arguments[0]]
    parser = argparse.ArgumentParser()
    module.arguments(parser)
    try:
        return module.run(parser.parse_args(arguments[1:]), settings.read())
    except GatewayError as error:
        sys.stderr.write(error.told())
        return 1


def alone(*arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", str(ALONE), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def both(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """The command's verdict, after the page has agreed with it."""
    status = main(["verify-log", *map(str, arguments)])
    assert alone(*arguments)[0] == status
    return status, capsys.readouterr().out


def test_a_right_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    honest = Log()
    path = written(tmp_path, honest.export())
    kept = tmp_path / "kept"
    kept.write_text(honest.notes[2], encoding="utf-8")
    status, told = both(capsys, path, "--key", VKEY, "--checkpoint", kept)
    assert (status, told.splitlines()[-1]) == (0, "Nothing was changed, removed, swapped or put in.")
    status, told = both(capsys, path)
    assert status == 0
    assert "came from the export itself" in told


def tampered() -> dict[str, list[bytes]]:
    """One export for each way to tamper."""
    honest, told = Log(), {}
    records = honest.records()
    lines = honest.export()
    told["changed"] = [line.replace(b"permit", b"permiT") if b'"index": 7' in line else line for line in lines]
    told["removed"] = [line for line in lines if b'"index": 7' not in line]
    told["swapped"] = honest.as_database_would([*records[:6], records[7], records[6], *records[8:]])
    told["truncated"] = lines[:-4]
    told["inserted"] = honest.as_database_would([*records[:6], forged(honest, 6, START), *records[6:]])
    told["re-signed"] = Log(signer=OTHERS).export()
    told["unreadable"] = [*lines[:6], b"{\n", *lines[7:]]
    rewritten = [remade(r, body(9, START)) if r["index"] == 7 else r for r in records]
    told["between 5 and 11"] = honest.as_database_would(rewritten)
    told["not signed"] = [*lines, json.dumps(forged(honest, 15, START)).encode() + b"\n"]
    return told


@pytest.mark.parametrize("name", list(tampered()))
def test_every_kind_of_tampering_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    status, told = both(capsys, written(tmp_path, tampered()[name]), "--key", VKEY)
    assert status == 1
    assert name in told.lower()
    assert "NOT" in told


def test_rolled_back_needs_a_kept_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    honest = Log()
    at = honest.lines.index({"checkpoint": honest.notes[3]})
    path = written(tmp_path, honest.export(honest.lines[: at + 1], newest=honest.notes[3]))
    kept = tmp_path / "kept"
    kept.write_text(honest.notes[4], encoding="utf-8")
    assert both(capsys, path, "--key", VKEY)[0] == 0
    status, told = both(capsys, path, "--key", VKEY, "--checkpoint", kept)
    assert status == 1
    assert "rolled back" in told
    anew = written(tmp_path, Log((3, 1, 7, 4)).export(), "anew")
    kept.write_text(honest.notes[1], encoding="utf-8")
    assert both(capsys, anew, "--key", VKEY, "--checkpoint", kept)[0] == 1


def test_for_a_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, tampered()["changed"])
    assert main(["verify-log", str(path), "--key", VKEY, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert told["faults"] == [{"kind": "changed", "text": "the content of record 7 was changed", "first": 7, "last": 7}]
    assert (told["records"], told["size"]) == (15, 15)


def test_retention(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    honest = Log()
    for line in honest.records()[:4]:
        line.update(body=None, salt=None)
    path = written(tmp_path, honest.export())
    assert main(["verify-log", str(path), "--key", VKEY]) == 1
    assert main(["verify-log", str(path), "--key", VKEY, "--kept-since", "2026-03-02"]) == 0
    assert alone(path, "--key", VKEY)[0] == 0
    assert "4 of them without content" in capsys.readouterr().out


def test_words_that_make_no_sense(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = [["--tolerance", text] for text in ("much", "nan", "inf", "1e30")]
    many += [["--kept-since", text] for text in ("today", "2026-02-30")]
    for arguments in ([], [str(tmp_path / "x"), "--live"], *([str(tmp_path / "x"), *one] for one in many)):
        with pytest.raises(SystemExit) as ended:
            main(["verify-log", *arguments])
        assert ended.value.code == 2
    assert main(["verify-log", str(tmp_path / "absent")]) == 1
    assert main(["verify-log", str(tmp_path / "absent"), "--key", "nonsense"]) == 1
    assert main(["verify-log", str(written(tmp_path, [])), "--checkpoint", str(tmp_path / "absent")]) == 1
    assert main(["verify-log", str(written(tmp_path, []))]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_the_page_is_short() -> None:
    for page in (ALONE, LIST):
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 200
        imported = re.findall(
            r"^(?:from|import) ([a-z_]+)\b(?=$|\.| import)", page.read_text(encoding="utf-8"), re.MULTILINE
        )
        assert set(imported) - set(sys.stdlib_module_names) <= {"cryptography", "verify_log"}


# --- witnesses and lists -------------------------------------------------------------------------------------------


def witnessed(lines: list[bytes], at: int, *, wrong: bool = False) -> tuple[list[bytes], str]:
    """The export with its `at`th checkpoint cosigned, and the witness's key."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
    witness = keys.LogKey("municipality.example/witness", private, COSIGNATURE)
    told = [json.loads(line) for line in lines]
    one = [line for line in told if "checkpoint" in line][at]
    note = parse_note(one["checkpoint"])
    sign = (lambda message: bytes(64)) if wrong else witness.sign
    one["checkpoint"] += cosign(note, witness.public, sign, START)
    return [json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in told], witness.vkey


def test_cosignatures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines, witness = witnessed(Log().export(), 3)
    path = written(tmp_path, lines)
    status, told = both(capsys, path, "--key", VKEY, "--witness", witness)
    assert status == 0
    assert "Witnessed by municipality.example/witness up to 12 records." in told
    status, told = both(capsys, written(tmp_path, Log().export(), "alone"), "--key", VKEY, "--witness", witness)
    assert status == 1
    assert "NOT-WITNESSED" in told
    forged, _ = witnessed(Log().export(), 3, wrong=True)
    status, told = both(capsys, written(tmp_path, forged, "forged"), "--key", VKEY, "--witness", witness)
    assert status == 1
    assert "changed after it was signed" in told


def test_one_citizens_list(settled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command and the page agree about a right list, an empty one, and every way to spoil one."""
    key = keys.load(tmp_path / "data" / "log-key.pem", "log.example.dk")

    async def take() -> tuple[bytes, bytes]:
        connection = await asyncpg.connect(settled)
        try:
            await log.append(connection, [record(n, citizen="a" * 32, time=datetime.now(UTC)) for n in range(4)])
            await integrating.integrate(connection, key, lambda: datetime.now(UTC))
            found = [await lists_of(connection, [one * 32]) for one in "af"]
        finally:
            await connection.close()
        return tuple(  # type: ignore[return-value]
            list_proof.written(
                key.vkey, one.newest.note,
                [list_proof.Told(told.citizen, [entry_told(*e) for e in told.entries], told.path, told.beside)
                 for told in one.lists], one.tree,
            )
            for one in found if one
        )  # fmt: skip

    right, nobody = asyncio.run(take())

    def verdict(raw: bytes, *arguments: str) -> int:
        path = written(tmp_path, [raw], "list.json")
        status = main(["verify-log", str(path), *arguments])
        done = subprocess.run(
            [sys.executable, str(LIST), str(path), *arguments], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (status, "")
        return status

    assert verdict(right, "--key", key.vkey) == 0
    assert verdict(nobody) == 0
    assert "4 entries, 0 of them without content" in capsys.readouterr().out
    assert verdict(right, "--key", VKEY) == 1
    for wrong, status in ((False, 0), (True, 1)):
        cosigned, witness = witnessed([right], 0, wrong=wrong)
        assert verdict(cosigned[0], "--key", key.vkey, "--witness", witness) == status
    assert verdict(right, "--key", key.vkey, "--witness", witness) == 1, "nobody has witnessed it"
    assert "NOT-WITNESSED: municipality.example/witness has witnessed nothing of it" in capsys.readouterr().out
    idle = ["verify-log", str(tmp_path / "list.json"), "--kept-since", "2026-01-01"]
    assert main(idle) == 1, "what is not looked at is refused"
    assert "--kept-since can be compared with an export of the whole log" in capsys.readouterr().err
    for spoil in SPOILED:
        told = json.loads(right)
        spoil(told)
        assert verdict(json.dumps(told, separators=(",", ":")).encode(), "--key", key.vkey) == 1, spoil
    told = json.loads(nobody)
    told["lists"][0]["citizen"] = "a" * 32
    assert verdict(json.dumps(told, separators=(",", ":")).encode(), "--key", key.vkey) == 1, "there were looks"


SPOILED: tuple[Callable[[dict[str, Any]], object], ...] = (
    lambda told: told["lists"][0]["entries"].pop(),
    lambda told: told["lists"][0]["entries"].pop(0),
    lambda told: told["lists"][0]["entries"].reverse(),
    lambda told: told["lists"][0]["entries"].append(told["lists"][0]["entries"][0] | {"index": 0}),
    lambda told: told["lists"][0]["entries"][0].update(body=told["lists"][0]["entries"][0]["body"].replace("e", "a")),
    lambda told: told["lists"][0].update(citizen="f" * 32),
    lambda told: told["lists"][0].update(path=[]),
    lambda told: told["tree"].pop(),
    lambda told: told.update(checkpoint=told["checkpoint"].replace("log.example.dk", "log.example.se")),
)


# --- with a database -----------------------------------------------------------------------------------------------


@pytest.fixture
def settled(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with a signed log, and settings that name it."""
    monkeypatch.setenv("GATEWAY_DATABASE_URL", database_url)
    monkeypatch.setenv("GATEWAY_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("GATEWAY_LOG_ORIGIN", "log.example.dk")
    key = keys.load_or_make(tmp_path / "data" / "log-key.pem", "log.example.dk")

    async def fill() -> None:
        connection = await asyncpg.connect(database_url)
        for start in (0, 5):
            await log.append(connection, [record(i, time=datetime.now(UTC)) for i in range(start, start + 5)])
            await integrating.integrate(connection, key, lambda: datetime.now(UTC))
        await connection.close()

    asyncio.run(fill())
    return database_url


def execute(url: str, *statements: str) -> Any:
    async def told() -> Any:
        connection = await asyncpg.connect(url)
        for sql in statements[:-1]:
            await connection.execute(sql)
        value = await connection.fetchval(statements[-1])
        await connection.close()
        return value

    return asyncio.run(told())


def test_the_database_itself(settled: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify-log", "--live"]) == 0
    capsys.readouterr()
    execute(
        settled,
        "ALTER TABLE access_record DISABLE TRIGGER USER",
        "UPDATE access_record SET citizen = 'somebody else' WHERE id = 3",
        "DELETE FROM access_record WHERE id = 8",
    )
    assert main(["verify-log", "--live", "--json"]) == 1
    assert [f["kind"] for f in json.loads(capsys.readouterr().out)["faults"]] == ["removed", "changed"]


def test_an_export_is_verified_and_is_on_record(
    settled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "export.ndjson"
    assert main(["export-log", str(path)]) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert both(capsys, path)[0] == 0
    found = execute(settled, "SELECT convert_from(body, 'UTF8') FROM access_record ORDER BY id DESC LIMIT 1")
    assert json.loads(found)["interaction"] == "export"
    assert main(["export-log", str(path)]) == 1, "an export is never overwritten"
    assert not path.with_name("export.ndjson.part").exists()
    assert main(["export-log", str(tmp_path / "absent" / "x")]) == 1


def test_contents_whose_time_is_over(settled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What forget-log removes is missed by nobody who verifies: the log says itself that it went."""
    key = keys.load(tmp_path / "data" / "log-key.pem", "log.example.dk")
    now = datetime.now(UTC)

    async def more(*records: AccessRecord) -> None:
        connection = await asyncpg.connect(settled)
        await log.append(connection, records)
        await integrating.integrate(connection, key, lambda: datetime.now(UTC))
        await connection.close()

    asyncio.run(more(*(record(n, time=now - timedelta(days=400 - n)) for n in range(4))))
    day = (now - timedelta(days=397, hours=12)).date().isoformat()
    assert main(["forget-log", "--before", (now + timedelta(days=1)).date().isoformat()]) == 1, (
        "younger than half a year"
    )
    assert main(["forget-log", "--before", day]) == 0
    assert "were deleted; their proofs stay." in capsys.readouterr().out
    asyncio.run(more())
    left = int(execute(settled, "SELECT count(*) FROM access_record WHERE recorded_at < now() - interval '300 days'"))
    assert 1 <= left <= 2
    assert main(["verify-log", "--live", "--tolerance", "99999999"]) == 0
    assert "were deleted when their time was over" in capsys.readouterr().out


def test_an_export_to_the_standard_output(settled: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["export-log", "-"]) == 0
    assert json.loads(capfdbinary.readouterr().out.splitlines()[0])["origin"] == "log.example.dk"


def test_without_its_key_there_is_nothing_to_check_with(settled: str, tmp_path: Path) -> None:
    (tmp_path / "data" / "log-key.pem").unlink()
    assert main(["verify-log", "--live"]) == 1
    assert main(["export-log", str(tmp_path / "x")]) == 1
    assert not list(tmp_path.glob("x*"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that the user of the embedded PostgreSQL can reach; pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="fp-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_beside_a_running_gateway_and_without_one(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded server of a gateway that runs goes on running; one that was started for the command does not."""
    monkeypatch.delenv("GATEWAY_DATABASE_URL", raising=False)
    monkeypatch.setenv("GATEWAY_DATA_FOLDER", str(open_folder))
    key = keys.load_or_make(open_folder / "log-key.pem", settings.Settings().log_origin)
    server = EmbeddedPostgres(open_folder / "postgres", durable=False)
    url = server.start()
    try:
        asyncio.run(migrate.upgrade(url))

        async def sign() -> None:
            connection = await asyncpg.connect(url)
            await integrating.integrate(connection, key, lambda: datetime.now(UTC))
            await connection.close()

        asyncio.run(sign())
        assert main(["verify-log", "--live"]) == 0
        assert execute(url, "SELECT 1") == 1, "still there"
    finally:
        server.stop()
    assert main(["verify-log", "--live"]) == 0
    again = EmbeddedPostgres(open_folder / "postgres", durable=False)
    again.start()
    assert not again.adopted, "nothing was left running"
    again.stop()
