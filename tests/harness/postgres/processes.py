"""What a cluster's processes are."""

from pathlib import Path


def family(data: Path, cluster_name: str) -> list[int]:
    """Return the ids of the living processes of a cluster: the postmaster and its children."""
    # A child bears its parent's command line until it has set its title. Neither needs a right to
    # read, as the working folder of another account's process would.
    command, title = f"/postgres\0-D\0{data}\0".encode(), f"postgres: {cluster_name}: ".encode()
    return [pid for pid, line in _command_lines() if command in line or line.startswith(title)]


def _command_lines() -> list[tuple[int, bytes]]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            # Empty for a dead process that nobody has waited for.
            found.append((int(file.parent.name), file.read_bytes()))
        except OSError:
            continue
    return found
