"""Moving the claim of one holder from one value to another."""

from datetime import datetime

from domain.aggregate import Aggregate
from domain.aggregates.claim import Claim
from domain.errors import Refusal
from domain.stream_repository import StreamRepository


def move_claim(
    repository: StreamRepository,
    before: str | None,
    after: str | None,
    *,
    holder: int,
    otherwise: Refusal,
    now: datetime,
) -> list[Aggregate]:
    """Free the claim `before` and take the claim `after`; return the changed claims, to be saved.

    Raises `otherwise` when another holder has it.
    """
    if before == after:
        return []
    claims: list[Aggregate] = []
    if before is not None:
        freed = repository.load(Claim, before)
        freed.free(now=now)
        claims.append(freed)
    if after is not None:
        taken = repository.load(Claim, after)
        taken.take(holder, now=now, otherwise=otherwise)
        claims.append(taken)
    return claims
