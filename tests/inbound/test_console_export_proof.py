"""An auditor's export is checked away from here: by `gateway verify-log`, and by docs/verify_export.py alone."""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway import settings
from gateway.cli import verify_log
from gateway.errors import SettingsError
from gateway.flows.export_looks import SHAPES
from tests.conftest import fresh_database
from tests.inbound.http_world import Http, http, run
from tests.inbound.test_console_export import order
from tests.inbound.test_console_frame import WORKERS, work
from tests.inbound.test_console_search import looks

DOCS = Path(__file__).parents[2] / "docs"
FILES = ("content", "proofs", "manifest")
OTHER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


@dataclass(slots=True)
class Taken:
    """The files of one export of each shape, as a browser saves them, and the log's key."""

    folder: Path
    manifests: dict[str, Path]
    vkey: str


@pytest.fixture(scope="module")
def taken(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    found = Taken(tmp_path_factory.mktemp("exports"), {}, "")

    async def take(url: str) -> None:
        async with http(url, *WORKERS) as here:
            await looks(here)
            await work(here)
            for shape in SHAPES:
                found.manifests[shape] = await _saved(here, await order(here, shape), found.folder)
            found.vkey = here.gateway.log_key.vkey

    with fresh_database(postgres) as url:
        run(lambda: take(url))
    return found


async def _saved(here: Http, number: str, folder: Path) -> Path:
    for name in FILES:
        answer = await here.web.get(f"/console/exports/{number}/{name}")
        path = folder / answer.headers["content-disposition"].partition('filename="')[2].rstrip('"')
        path.write_bytes(answer.content)
    return path


def command(*words: object) -> int:
    parser = argparse.ArgumentParser()
    verify_log.arguments(parser)
    return verify_log.run(parser.parse_args([*map(str, words)]), settings.read())


def alone(*words: object) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(DOCS / "verify_export.py"), *map(str, words)]
    return subprocess.run(program, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_export_of_every_shape_is_right_as_it_was_taken(
    taken: Taken, shape: str, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = taken.manifests[shape]
    assert command(manifest, "--key", taken.vkey) == 0
    told = capsys.readouterr().out
    assert f"records as {shape}, of a log that had " in told
    assert "Nothing was changed, removed or put in" in told
    assert command(manifest, "--key", OTHER_KEY) == 1
    assert "RE-SIGNED: the manifest is not signed by the key of this log" in capsys.readouterr().out
    done = alone(manifest, "--key", taken.vkey)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Nothing was changed, removed or put in.\n")


@pytest.mark.parametrize("file", FILES)
def test_one_byte_changed_in_any_of_its_files_is_told_with_the_file(
    taken: Taken, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for shape, manifest in taken.manifests.items():
        for one in taken.folder.glob(f"*-{shape}-*"):
            shutil.copy(one, tmp_path)
        (spoiled,) = tmp_path.glob(f"*-{shape}-*.{file}.*")
        right = spoiled.read_bytes()
        for at in (0, len(right) - 1, *random.Random(shape).sample(range(len(right)), 25)):
            spoiled.write_bytes(right[:at] + bytes([right[at] ^ 1]) + right[at + 1 :])
            assert command(tmp_path / manifest.name, "--key", taken.vkey) == 1, (spoiled.name, at)
            told = capsys.readouterr().out
            assert {"content": "the file with the content", "proofs": "proofs", "manifest": "manifest"}[file] in told
        done = alone(tmp_path / manifest.name, "--key", taken.vkey)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.endswith("This is NOT the export that was signed.\n")


def test_a_record_that_was_left_out_or_put_in_is_told(
    taken: Taken, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for one in taken.folder.glob("*-csv-*"):
        shutil.copy(one, tmp_path)
    manifest = tmp_path / taken.manifests["csv"].name
    (content,) = tmp_path.glob("*.content.csv")
    lines = content.read_bytes().splitlines(keepends=True)
    content.write_bytes(b"".join(lines[:2] + lines[3:]))
    assert command(manifest, "--key", taken.vkey, "--json") == 1
    (fault,) = json.loads(capsys.readouterr().out)["faults"]
    assert fault["text"].endswith("it differs from the proofs at record 2 of it")


def test_what_is_missing_is_told_with_what_to_do(taken: Taken, tmp_path: Path) -> None:
    manifest = taken.manifests["ndjson"]
    with pytest.raises(SettingsError, match="Give --key: the page Status and /log/keys tell it"):
        command(manifest)
    with pytest.raises(SettingsError, match="--checkpoint can be compared with an export of the whole log"):
        command(manifest, "--key", taken.vkey, "--checkpoint", manifest)
    content = next(taken.folder.glob("*-ndjson-*.content.ndjson"))
    assert command(content, "--key", taken.vkey) == 0, "any of the three may be named"
    shutil.copy(manifest, tmp_path)
    with pytest.raises(SettingsError, match=r"No such file or directory\) at .*The three files lie in one folder"):
        command(tmp_path / manifest.name, "--key", taken.vkey)
    done = alone(tmp_path / manifest.name, "--key", taken.vkey)
    assert done.returncode == 2
    assert "cannot be read: No such file or directory" in done.stderr
    assert alone(DOCS / "log.md", "--key", taken.vkey).returncode == 2
