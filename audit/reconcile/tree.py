"""The tree of groups at every position, folded from the streams of single groups as they are needed."""

from collections import OrderedDict
from collections.abc import Iterator

from audit.reconcile.log import Log, Stream
from audit.reconcile.versions import Version, timeline
from domain.aggregates.group import Group

GROUPS_KEPT = 50_000
"""How many groups are in memory; the others are folded again."""
FOR_EVER = 2**63


class Tree:
    """The parents that groups had, and the paths that follow from them."""

    def __init__(self) -> None:
        self._parents: OrderedDict[tuple[int, int], list[Version]] = OrderedDict()

    def learn(self, log: Log, stream: Stream) -> list[Version]:
        """Keep the parents of a group, with the positions from and to which it had them."""
        organization, _, group = stream.name.partition("/")[2].partition("/")
        states = stream.states(Group)
        made = ((at, (each.parent_id,)) for at, _, each in states if hasattr(each, "group_id"))
        found = self._parents[int(organization), int(group)] = timeline(made)
        if len(self._parents) > GROUPS_KEPT:
            self._parents.popitem(last=False)
        return found

    def paths(
        self,
        log: Log,
        organization: int,
        group: int,
        since: int = 0,
        until: int | None = None,
        below: tuple[int, ...] = (),
    ) -> Iterator[Version]:
        """Yield a group and those above it, nearest first, for each time within two positions.

        `below` are the groups that lead to this one: a path ends where it would come back to them.
        """
        for parent in self._of(log, organization, group):
            start, end = max(parent.since, since), min(_end(parent.until), _end(until))
            if start >= end:
                continue
            held = None if end == FOR_EVER else end
            (above,) = parent.values
            covered = start
            if above is not None and above not in (*below, group):
                for path in self.paths(log, organization, above, start, held, (*below, group)):
                    if covered < path.since:
                        yield Version(covered, path.since, (group,))
                    covered = _end(path.until)
                    yield path._replace(values=(group, *path.values))
            if covered < end:
                yield Version(covered, held, (group,))

    def _of(self, log: Log, organization: int, group: int) -> list[Version]:
        known = self._parents.get((organization, group))
        if known is None:
            return self.learn(log, log.stream(Group.create_id(organization, group)))
        return known


def _end(until: int | None) -> int:
    return FOR_EVER if until is None else until
