"""How many processors a process may use: by its affinity, and by the quotas of containers."""

import os
from pathlib import Path

import pytest

from receiver.processors import processors
from receiver.settings import Settings

ALL = len(os.sched_getaffinity(0))
VERSION_2 = "0::{}\n"
VERSION_1 = "5:memory:/elsewhere\n4:cpu,cpuacct:{}\n"


def machine(root: Path, groups: str, **files: str) -> Path:
    """Make what /proc and /sys say: the groups of the process, and files by their paths."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for path, content in files.items():
        file = root / "sys/fs/cgroup" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return root


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine have 96 processors."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(96)))


def test_without_quotas_the_affinity_counts(tmp_path: Path) -> None:
    assert processors(tmp_path) == ALL
    assert 1 <= processors() <= ALL


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("quota", "counted"),
    [("200000 100000", 2), ("150000 100000", 2), ("50000 100000", 1), ("max 100000", 96), ("", 96)],
)
def test_a_quota_of_version_2_counts(tmp_path: Path, quota: str, counted: int) -> None:
    root = machine(tmp_path, VERSION_2.format("/"), **{"cpu.max": quota})
    assert processors(root) == counted


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
@pytest.mark.parametrize(("quota", "counted"), [("300000", 3), ("1000", 1), ("-1", 96), ("0", 96)])
def test_a_quota_of_version_1_counts(tmp_path: Path, mount: str, quota: str, counted: int) -> None:
    files = {f"{mount}/cpu.cfs_quota_us": quota, f"{mount}/cpu.cfs_period_us": "100000"}
    root = machine(tmp_path, VERSION_1.format("/docker/f00"), **files)
    assert processors(root) == counted


@pytest.mark.usefixtures("many")
def test_the_least_quota_of_all_groups_above_counts(tmp_path: Path) -> None:
    files = {
        "system.slice/cpu.max": "400000 100000",
        "system.slice/kitledger.service/cpu.max": "600000 100000",
    }
    root = machine(tmp_path, VERSION_2.format("/system.slice/kitledger.service"), **files)
    assert processors(root) == 4


@pytest.mark.usefixtures("many")
def test_the_quota_of_another_group_does_not_count(tmp_path: Path) -> None:
    files = {"other.slice/cpu.max": "400000 100000"}
    root = machine(tmp_path, VERSION_2.format("/../system.slice"), **files)
    assert processors(root) == 96


@pytest.mark.parametrize("number", [1, 2, 64, 65, 96, 1024])
def test_the_default_number_of_workers_passes_its_own_check(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr("receiver.settings.processors", lambda: number)

    default = Settings.from_environment({}).workers

    assert default == min(number, 64)
    assert Settings.from_environment({"WEB_CONCURRENCY": str(default)}).workers == default
