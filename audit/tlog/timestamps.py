"""Time stamps of RFC 3161: an authority signs the hash of a checkpoint, and the time."""

from hashlib import sha256
from importlib.util import find_spec

from audit.tlog.addresses import checked
from audit.tlog.anchors import AnchorError
from audit.tlog.posting import post

GRANTED = (0, 1)
"""The statuses of an answer with a stamp (RFC 3161, 2.4.2)."""
QUERY = "application/timestamp-query"
SHA256 = "2.16.840.1.101.3.4.2.1"


def check_address(url: str) -> None:
    """Raise ValueError unless an address can be asked for stamps, by the extra `timestamps`."""
    checked(url)
    if find_spec("rfc3161_client") is None:
        raise ValueError("it needs the extra `timestamps`: pip install 'kitledger[timestamps]'")


def stamp(url: str, stamped: bytes) -> bytes:
    """Have bytes stamped, and return the authority's token; raises AnchorError.

    The stamp is of these bytes and was made for this request. Whether its certificate is to be trusted is for
    those to say who verify it.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

    request = TimestampRequestBuilder(stamped, HashAlgorithm.SHA256).build()
    answer = post(url, request.as_bytes(), QUERY).required()
    try:
        response = decode_timestamp_response(answer)
        if response.status not in GRANTED:
            raise AnchorError(f"it refused: {_reasons(response.status, response.status_string)}")
        stamp = response.tst_info
        imprint = stamp.message_imprint
        found = (imprint.hash_algorithm.dotted_string, imprint.message, stamp.nonce)
        token = response.time_stamp_token()
    except ValueError:
        raise AnchorError("its answer is not a time stamp") from None
    if found != (SHA256, sha256(stamped).digest(), request.nonce):
        raise AnchorError("its stamp is of something else")
    return token


def _reasons(status: int, reasons: list[str]) -> str:
    text = "; ".join([f"status {status}", *reasons])[:200]
    return "".join(each if each.isprintable() else " " for each in text)
