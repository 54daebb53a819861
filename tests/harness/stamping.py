"""A stamping authority of RFC 3161, which is `openssl ts`, and its certificates."""

import subprocess
import threading
from pathlib import Path

from tests.harness.answering import Reply

SETTINGS = """
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[stamps]
serial = serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""
REPLY = "application/timestamp-reply"


class StampingAuthority:
    """Answer time stamp requests, by a certificate of an authority of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        (folder / "settings").write_text(SETTINGS)
        (folder / "serial").write_text("01\n")
        self._run(
            "req -x509 -newkey ed25519 -nodes -config settings -extensions ca -days 7"
            " -keyout ca.key -out ca.pem -subj /CN=CA"
        )
        self._run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out tsa.key")
        self._run("req -new -key tsa.key -config settings -out tsa.csr -subj /CN=TSA")
        self._run(
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -extfile settings -extensions tsa"
            " -days 7 -out tsa.pem"
        )

    @property
    def certificate(self) -> Path:
        """Return the certificate that those trust who trust the stamps."""
        return self._folder / "ca.pem"

    def __call__(self, _: str, query: bytes) -> Reply:
        """Answer a POST."""
        with self._lock:
            (self._folder / "query").write_bytes(query)
            self._run(
                "ts -reply -config settings -section stamps -queryfile query -signer tsa.pem"
                " -inkey tsa.key -out reply"
            )
            return Reply(200, (self._folder / "reply").read_bytes(), REPLY)

    def verify(self, stamp: bytes, stamped: bytes) -> str:
        """Return what `openssl ts -verify` says of the stamp of some bytes."""
        (self._folder / "stamp").write_bytes(stamp)
        (self._folder / "stamped").write_bytes(stamped)
        return self._run("ts -verify -token_in -in stamp -data stamped -CAfile ca.pem", check=False)

    def _run(self, command: str, *, check: bool = True) -> str:
        done = subprocess.run(
            ["openssl", *command.split()],
            check=False,
            cwd=self._folder,
            capture_output=True,
            text=True,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout + done.stderr


def as_response(token: bytes) -> bytes:
    """Return the answer that a token came in, as some libraries want it: granted, and the token."""
    content = b"\x30\x03\x02\x01\x00" + token
    return b"\x30\x82" + len(content).to_bytes(2, "big") + content
