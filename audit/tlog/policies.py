"""Policies: the logs that are trusted, and the witnesses a checkpoint needs (https://c2sp.org/tlog-policy)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from audit.tlog.checkpoints import Checkpoint
from audit.tlog.notes import COSIGNATURE, ED25519, Note, NoteError, VerifierKey

NONE = "none"
_ALLOWED = re.compile(r"[\t\n -~\x80-\U0010ffff]*")
_SPACE = re.compile(r"[ \t]+")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class PolicyError(ValueError):
    """A policy is malformed, or a checkpoint does not satisfy it."""


@dataclass(frozen=True)
class Group:
    """Some members, of which `needed` must have witnessed a checkpoint."""

    needed: int
    members: Sequence["VerifierKey | Group"]

    def accepts(self, cosigners: Sequence[VerifierKey]) -> bool:
        """Say whether enough members are among the keys that have cosigned, or are such groups."""
        witnessed = (
            each.accepts(cosigners) if isinstance(each, Group) else each in cosigners
            for each in self.members
        )
        return sum(witnessed) >= self.needed


@dataclass(frozen=True)
class Policy:
    """The keys of the logs and of the witnesses that are known, and the quorum."""

    logs: Sequence[VerifierKey]
    witnesses: Mapping[str, VerifierKey]
    quorum: Group

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """Return the policy of a file; raises PolicyError, which names the line."""
        parser = _Parser()
        if not _ALLOWED.fullmatch(text):
            raise PolicyError("a policy has no control characters but tabs and line feeds")
        for number, line in enumerate(text.split("\n"), 1):
            words = _SPACE.split(line.strip(" \t"))
            if words[0] and not words[0].startswith("#"):
                try:
                    parser.take(words)
                except (PolicyError, NoteError) as error:
                    raise PolicyError(f"line {number} of the policy: {error}") from None
        if parser.quorum is None:
            raise PolicyError("the policy has no quorum line")
        return cls(parser.logs, parser.witnesses, parser.quorum)

    def check(self, note: Note) -> None:
        """Raise PolicyError unless a known log signed the checkpoint, and the quorum cosigned it.

        Without any log in the policy the caller has to know the log's key by itself.
        """
        try:
            signers = note.signers(self.logs)
            cosigners = note.signers(self.witnesses.values())
            origin = Checkpoint.parse(note.text).origin
        except NoteError as error:
            raise PolicyError(str(error)) from None
        if self.logs and origin not in {each.name for each in signers}:
            raise PolicyError("the checkpoint is not signed by a log of the policy")
        try:
            reached = self.quorum.accepts(cosigners)
        except RecursionError:
            raise PolicyError("the groups of the policy are nested too deeply") from None
        if not reached:
            names = [name for name, key in self.witnesses.items() if key in cosigners]
            found = f"only {', '.join(names)}" if names else "nobody"
            raise PolicyError(f"the quorum of the policy is not reached: {found} has cosigned")


class _Parser:
    """Takes the lines of a policy, in their order."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, VerifierKey] = {}
        self.quorum: Group | None = None
        self._groups: dict[str, Group] = {}
        self._members: list[str] = []

    def take(self, words: list[str]) -> None:
        """Take the words of a line; raises PolicyError or NoteError."""
        match words:
            case ["log", key] | ["log", key, _]:
                self.logs.append(_another(key, ED25519, self.logs))
            case ["witness", name, key] | ["witness", name, key, _]:
                known = self.witnesses.values()
                self.witnesses[self._new(name)] = _another(key, COSIGNATURE, known)
            case ["group", name, needed, *members] if members:
                self._groups[self._new(name)] = self._group(needed, members)
            case ["quorum", name] if self.quorum is None:
                self.quorum = Group(0, ()) if name == NONE else Group(1, [self._defined(name)])
            case ["quorum", _]:
                raise PolicyError("there is a quorum already")
            case _:
                raise PolicyError("this is no log, witness, group or quorum with all its words")

    def _group(self, needed: str, names: list[str]) -> Group:
        members = [self._defined(name) for name in names]
        self._members += names
        if len(set(self._members)) < len(self._members):
            raise PolicyError("a name is a member of one group at most, and once")
        number = {"any": "1", "all": str(len(names))}.get(needed, needed)
        if not _NUMBER.fullmatch(number) or int(number) > len(names):
            raise PolicyError(f"a group needs any, all, or a number from 1 to {len(names)}")
        return Group(int(number), members)

    def _defined(self, name: str) -> VerifierKey | Group:
        found = self.witnesses.get(name) or self._groups.get(name)
        if found is None:
            raise PolicyError(f"{name} is not defined on a line before")
        return found

    def _new(self, name: str) -> str:
        if name == NONE or name in self.witnesses or name in self._groups:
            raise PolicyError(f"{name} is defined already")
        return name


def _another(text: str, kind: int, known: Iterable[VerifierKey]) -> VerifierKey:
    """Return a key; raises PolicyError if it is of another type, or its public key is known already."""
    key = VerifierKey.parse(text)
    if key.kind != kind:
        raise PolicyError(f"the key here is of type {kind:02x}")
    if key.public in {each.public for each in known}:
        raise PolicyError("this key is in the policy already")
    return key
