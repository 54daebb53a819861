"""bundle.part: what an export that has not ended yet has written, so that it can go on."""

from msgspec import DecodeError, Struct, json

from audit.bundles import contents
from audit.bundles.contents import Contents, EventFile
from audit.bundles.errors import BundleError
from audit.bundles.folder import Folder

NAME = "bundle.part"
LONGEST = 64 * 1024 * 1024


class Plan(Struct, frozen=True):
    """The contents of a bundle that is not finished, without files, and the text of its checkpoint."""

    contents: Contents
    checkpoint: str


class Written(Struct, frozen=True):
    """A file of events that was written, and the ids that were given out in it."""

    file: EventFile
    given_ids: dict[str, int]


class Unfinished:
    """Remember in the folder of a bundle which files were written; only these are trusted later."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def plan(self) -> Plan | None:
        """Return what an export before this one was to write, if that has not ended."""
        lines = self._lines()
        try:
            return json.decode(lines[0], type=Plan) if lines else None
        except (DecodeError, UnicodeDecodeError) as error:
            raise BundleError(f"{self._folder.path / NAME} is damaged: {error}") from error

    def begin(self, plan: Plan) -> dict[str, Written]:
        """Return the files that were written already, by name; raises BundleError for another bundle."""
        begun = self.plan()
        if begun == plan:
            return self._written()
        self._check_free(plan, begun)
        self._folder.put(NAME, json.encode(plan) + b"\n")
        return {}

    def add(self, written: Written) -> None:
        """Remember that a file is there."""
        self._folder.append(NAME, json.encode(written) + b"\n")

    def end(self) -> None:
        """Forget: the bundle is complete."""
        self._folder.remove(NAME)

    def _check_free(self, plan: Plan, begun: Plan | None) -> None:
        complete = self._folder.read(contents.NAME, LONGEST)
        there = begun.contents if begun else Contents.parse(complete) if complete else None
        path = self._folder.path
        if there is None:
            if not self._folder.is_empty(but={f"{NAME}.partial"}):
                raise BundleError(f"{path} is not empty, and no bundle: name a new folder")
        elif begun is not None or not plan.contents.same_part(there):
            state = "another unfinished bundle" if begun else "another bundle"
            raise BundleError(
                f"{path} holds {state}, of positions {there.first} to {there.last}: name a new folder"
            )

    def _written(self) -> dict[str, Written]:
        found = {}
        for line in self._lines()[1:]:
            try:
                written = json.decode(line, type=Written)
            except (DecodeError, UnicodeDecodeError):
                # Cut short when the export was.
                continue
            if self._folder.sha256(written.file.name) == written.file.sha256:
                found[written.file.name] = written
        return found

    def _lines(self) -> list[bytes]:
        return (self._folder.read(NAME, LONGEST) or b"").splitlines()
