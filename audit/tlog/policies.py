"""Policies: which logs are trusted, and which witnesses must have cosigned (https://c2sp.org/tlog-policy)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from audit.tlog.notes import COSIGNATURE, ED25519, Note, NoteError, VerifierKey

NONE = "none"


class PolicyError(ValueError):
    """A policy is malformed, or a note does not satisfy it."""


@dataclass(frozen=True)
class Group:
    """Names of witnesses and groups, of which so many have to have cosigned."""

    least: int
    members: tuple[str, ...]


@dataclass
class Policy:
    """The keys of logs, the keys of witnesses by name, groups of them, and the name that has to cosign."""

    logs: list[VerifierKey] = field(default_factory=list)
    witnesses: dict[str, VerifierKey] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = ""

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """Return the policy of a text; raises PolicyError, which names the line."""
        policy = cls()
        readers: dict[str, Callable[[list[str]], None]] = {
            "log": policy._add_log,
            "witness": policy._add_witness,
            "group": policy._add_group,
            "quorum": policy._set_quorum,
        }
        for number, line in enumerate(text.split("\n"), 1):
            words = line.replace("\t", " ").split(" ")
            words = [word for word in words if word]
            if not words or words[0].startswith("#"):
                continue
            try:
                readers[words[0]](words[1:])
            except (KeyError, IndexError, NoteError, PolicyError) as error:
                why = error if isinstance(error, ValueError) else "is malformed"
                raise PolicyError(f"line {number} of the policy: {why}") from None
        if not policy.quorum:
            raise PolicyError("the policy has no quorum line")
        return policy

    def check(self, note: Note) -> None:
        """Raise PolicyError unless a known log has signed a note, and the quorum of witnesses."""
        if not note.signers(self.logs):
            raise PolicyError("the checkpoint is not signed by a log of the policy")
        if self.quorum != NONE and not self._has_cosigned(self.quorum, note):
            raise PolicyError(
                f"the checkpoint is not cosigned by {self.quorum}, as the policy asks"
            )

    def _has_cosigned(self, name: str, note: Note) -> bool:
        if name in self.witnesses:
            return bool(note.signers([self.witnesses[name]]))
        group = self.groups[name]
        return sum(self._has_cosigned(each, note) for each in group.members) >= group.least

    def _add_log(self, words: list[str]) -> None:
        self.logs.append(self._key(words[0], ED25519, self.logs))

    def _add_witness(self, words: list[str]) -> None:
        name, text = words[:2]
        key = self._key(text, COSIGNATURE, list(self.witnesses.values()))
        self.witnesses[self._new(name)] = key

    def _add_group(self, words: list[str]) -> None:
        name, least, *members = words
        taken = [member for group in self.groups.values() for member in group.members]
        for member in members:
            if member in taken or members.count(member) > 1 or not self._is_known(member):
                raise PolicyError(f"{member} is not a name above, or is in a group already")
        words_for = {"any": "1", "all": str(len(members))}
        number = words_for.get(least, least)
        if not (number.isascii() and number.isdigit() and 1 <= int(number) <= len(members)):
            raise PolicyError(f"a group of {len(members)} can't need {least}")
        self.groups[self._new(name)] = Group(int(number), tuple(members))

    def _set_quorum(self, words: list[str]) -> None:
        (name,) = words if len(words) == 1 else ("",)
        if self.quorum or not (name == NONE or self._is_known(name)):
            raise PolicyError("there is one quorum, of a name above or none")
        self.quorum = name

    def _is_known(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _new(self, name: str) -> str:
        if name == NONE or self._is_known(name):
            raise PolicyError(f"the name {name} is taken")
        return name

    @staticmethod
    def _key(text: str, kind: int, others: list[VerifierKey]) -> VerifierKey:
        key = VerifierKey.parse(text)
        if key.kind != kind or key.public in [each.public for each in others]:
            raise PolicyError("the key is of another type, or is there already")
        return key
