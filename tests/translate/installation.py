"""The mappings of an installation that has changed one thing."""

from __future__ import annotations

import shutil
from pathlib import Path

MAPPINGS = Path(__file__).parents[2] / "mappings"


def mappings(above: Path, own: str) -> Path:
    """A folder `mappings` whose file or folder `own` is a copy, to be changed (a folder without its examples); all else
    leads to what the gateway comes with: copying three hundred files takes longer than most tests."""
    made = above / "mappings"
    made.mkdir()
    for one in MAPPINGS.iterdir():
        if one.name != own:
            (made / one.name).symlink_to(one)
    if (MAPPINGS / own).is_dir():
        shutil.copytree(MAPPINGS / own, made / own, ignore=shutil.ignore_patterns("examples"))
    else:
        shutil.copyfile(MAPPINGS / own, made / own)
    return made
