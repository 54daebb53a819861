"""Posting to services that may be down, slow, or hostile: answers are short, and there in time."""

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from audit.tlog.anchors import AnchorError

if TYPE_CHECKING:
    from ssl import SSLContext

OK = 200
ANSWER_SECONDS = 15.0
ANSWER_BYTES = 64 * 1024
LONGEST_QUOTE = 200


class Answer(NamedTuple):
    """An answer of HTTP."""

    status: int
    body: bytes

    def required(self) -> bytes:
        """Return the body of a 200; raises AnchorError for another answer."""
        if self.status != OK:
            raise AnchorError(str(self))
        return self.body

    def __str__(self) -> str:
        """Return its status and the begin of its body, for people."""
        text = self.body[:LONGEST_QUOTE].decode("ascii", "replace")
        shown = "".join(each if each.isprintable() else " " for each in text).strip()
        return f"it answered {self.status} {shown}".strip()


def post(url: str, body: bytes, content_type: str) -> Answer:
    """Post some bytes and return the answer; raises AnchorError without a whole one of at most 64 KiB."""
    # Here, since every process that reads the settings imports this module, and few post.
    import asyncio

    import httpx

    try:
        return asyncio.run(_post(url, body, content_type))
    except TimeoutError:
        raise AnchorError(f"it gave no whole answer within {ANSWER_SECONDS:.0f} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise AnchorError(f"it gave no answer: {reason}") from error


async def _post(url: str, body: bytes, content_type: str) -> Answer:
    import asyncio

    import httpx

    headers = {"Content-Type": content_type, "Accept-Encoding": "identity"}
    # A limit for the whole: those of the client begin anew with each byte that comes.
    async with (
        asyncio.timeout(ANSWER_SECONDS),
        httpx.AsyncClient(timeout=ANSWER_SECONDS, verify=_authorities()) as client,
        client.stream("POST", url, content=body, headers=headers) as response,
    ):
        found = b""
        async for part in response.aiter_raw():
            found += part
            if len(found) > ANSWER_BYTES:
                raise AnchorError(f"its answer has more than {ANSWER_BYTES // 1024} KiB")
        return Answer(response.status_code, found)


@cache
def _authorities() -> "SSLContext":
    import httpx

    return httpx.create_ssl_context()
