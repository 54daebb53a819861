"""Checkpoints are stamped as the log signed them, and openssl and an independent library verify that."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from audit.tlog import timestamps
from audit.tlog.anchors import AnchorError, as_signed
from audit.tlog.tables import stamps
from audit.tlog.timestamps import check_address, stamp
from tests.audit.logs import Log
from tests.audit.tlog.anchored import AnchoredLog, watched
from tests.harness.answering import Reply, answering
from tests.harness.effort import effort
from tests.harness.stamping import REPLY, StampingAuthority, as_response

STAMPED = b"test.example/ledger\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> StampingAuthority:
    """Make a stamping authority with certificates of its own."""
    return StampingAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def url(authority: StampingAuthority) -> Iterator[str]:
    """Start the authority."""
    with answering(authority) as started:
        yield started


def test_a_checkpoint_is_stamped_as_the_log_signed_it(
    authority: StampingAuthority, url: str, tmp_path: Path
) -> None:
    log = AnchoredLog(Log(f"sqlite:///{tmp_path}/ledger.db", tmp_path))
    log.record(3)
    with watched(log, tmp_path) as watcher:
        log.confirm(watcher.anchor)
    reached = log.confirm(log.stamps(url))
    checkpoint, note = log.newest
    assert (reached.size, reached.failures) == (checkpoint.size, 0)
    with log.log.storage.reading() as connection:
        [(origin, size, where, token)] = connection.execute(stamps.select()).all()
    assert (origin, size, where) == (checkpoint.origin, checkpoint.size, url)
    stamped = str(as_signed(origin, note)).encode()
    assert stamped != str(note).encode()
    assert "Verification: OK" in authority.verify(token, stamped)
    log.log.close()


def test_openssl_and_a_library_verify_a_stamp(authority: StampingAuthority, url: str) -> None:
    token = stamp(url, STAMPED)
    root = load_pem_x509_certificate(authority.certificate.read_bytes())
    verifier = VerifierBuilder().add_root_certificate(root).build()
    response = decode_timestamp_response(as_response(token))
    assert "Verification: OK" in authority.verify(token, STAMPED)
    assert verifier.verify_message(response, STAMPED)
    assert "Verification: FAILED" in authority.verify(token, STAMPED + b"x")
    with pytest.raises(VerificationError):
        verifier.verify_message(response, STAMPED + b"x")


def test_a_stamp_that_was_made_before_is_not_taken(authority: StampingAuthority) -> None:
    made: list[Reply] = []

    def again(path: str, query: bytes) -> Reply:
        made.append(authority(path, query))
        return made[0]

    with answering(again) as url:
        stamp(url, STAMPED)
        with pytest.raises(AnchorError, match="of something else"):
            stamp(url, STAMPED)
        with pytest.raises(AnchorError, match="of something else"):
            stamp(url, b"other")


LIES: dict[str, tuple[Callable[[bytes], Reply], str]] = {
    "an error": (lambda _: Reply(503, b"later"), "503 later"),
    "nothing": (lambda _: Reply(200, b"", REPLY), "not a time stamp"),
    "a page": (lambda _: Reply(200, b"<html>", REPLY), "not a time stamp"),
    "the question": (lambda query: Reply(200, query, REPLY), "not a time stamp"),
    "a refusal": (
        lambda _: Reply(200, b"\x30\x05\x30\x03\x02\x01\x02", REPLY),
        "refused: status 2",
    ),
    "a grant alone": (
        lambda _: Reply(200, b"\x30\x05\x30\x03\x02\x01\x00", REPLY),
        "not a time stamp",
    ),
    "a huge answer": (lambda _: Reply(200, b"\x30" * 70_000, REPLY), "64 KiB"),
}


@pytest.mark.parametrize("lie", LIES)
def test_any_other_answer_is_a_failure(lie: str) -> None:
    reply, why = LIES[lie]
    with answering(lambda _, query: reply(query)) as url, pytest.raises(AnchorError, match=why):
        stamp(url, STAMPED)


@pytest.fixture(scope="module")
def answer(authority: StampingAuthority, url: str) -> bytes:
    """Give the bytes of an answer."""
    return as_response(stamp(url, STAMPED))


@settings(max_examples=effort(60, 400), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10_000), flip=st.integers(1, 255), cut=st.booleans())
def test_no_answer_is_more_than_refused(answer: bytes, at: int, flip: int, cut: bool) -> None:
    at %= len(answer)
    altered = answer[:at] + (b"" if cut else bytes([answer[at] ^ flip]) + answer[at + 1 :])
    with answering(lambda *_: Reply(200, altered, REPLY)) as url, pytest.raises(AnchorError):
        stamp(url, STAMPED)


@pytest.mark.parametrize("url", ["tsa.example", "http://", "http://tsa.example/#x", "file:///etc"])
def test_a_bad_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        check_address(url)
    check_address("https://user:password@tsa.example:8080/tsr?x=y")


def test_the_extra_has_to_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timestamps, "find_spec", lambda _: None)
    with pytest.raises(ValueError, match="pip install"):
        check_address("https://tsa.example")
