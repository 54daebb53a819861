"""A policy says whose signatures a checkpoint needs."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import verify
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.merkle import EMPTY_ROOT
from audit.tlog.notes import Note, Signature, SignerKey, VerifierKey
from audit.tlog.policies import Policy, PolicyError
from tests.audit.tlog.keys import log_key
from tests.harness.witness import Cosigner

LOG = log_key("lab.example/ledger")
NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
WITNESSES = {name: Cosigner(f"{name}.example") for name in NAMES}
CHECKPOINT = Checkpoint(LOG.name, 0, EMPTY_ROOT)
DEFINED = "\n".join(
    [f"log {LOG.verifier}", *(f"witness {name} {each.vkey}" for name, each in WITNESSES.items())]
)
TWO_LEVELS = f"""# The example of the specification.
{DEFINED}

group X-witnesses 2 X1 X2 X3
group Y-witnesses any Y1 Y2 Y3
group\tX-and-Y  all X-witnesses Y-witnesses
quorum X-and-Y
"""


def cosignature(name: str, text: str) -> Signature:
    """Return the cosignature of a witness."""
    return Signature.parse(WITNESSES[name].cosign(text, 1764387600).rstrip())


def cosigned(*names: str, log: SignerKey = LOG) -> Note:
    """Return the checkpoint, signed by the log and cosigned by some witnesses."""
    note = Note(CHECKPOINT.text, ()).signed([log])
    made = (cosignature(name, note.text) for name in names)
    return Note(note.text, (*note.signatures, *made))


@pytest.mark.parametrize("names", ["X1 X2 Y1", "X1 X3 Y3", "X1 X2 X3 Y1 Y2 Y3"])
def test_a_checkpoint_with_a_quorum_satisfies_the_policy(names: str) -> None:
    Policy.parse(TWO_LEVELS).check(cosigned(*names.split()))


@pytest.mark.parametrize("names", ["", "X1 X2 X3", "X1 Y1 Y2 Y3", "X1 X1 Y1"])
def test_a_checkpoint_without_a_quorum_does_not(names: str) -> None:
    with pytest.raises(PolicyError, match="quorum"):
        Policy.parse(TWO_LEVELS).check(cosigned(*names.split()))


def test_an_unknown_log_does_not_satisfy_the_policy() -> None:
    stranger = SignerKey.generate(LOG.name)
    with pytest.raises(PolicyError, match="not signed by a log"):
        Policy.parse(TWO_LEVELS).check(cosigned("X1", "X2", "Y1", log=stranger))


def test_the_key_of_another_origin_does_not_satisfy_the_policy() -> None:
    other = LOG.renamed("other.example")
    text = f"log {other.verifier}\nquorum none\n"
    with pytest.raises(PolicyError, match="not signed by a log"):
        Policy.parse(text).check(cosigned(log=other))


def test_a_false_cosignature_of_a_known_witness_spoils_the_checkpoint() -> None:
    note = cosigned("X1", "X2", "Y1")
    later = note.text.replace("\n0\n", "\n1\n")
    false = Note(note.text, (*note.signatures, cosignature("X3", later)))
    with pytest.raises(PolicyError, match="does not hold"):
        Policy.parse(TWO_LEVELS).check(false)


def test_no_witness_is_needed_for_the_quorum_none() -> None:
    Policy.parse(f"log {LOG.verifier}\nquorum none").check(cosigned())
    Policy.parse("quorum none").check(cosigned())


def test_one_witness_may_be_the_quorum() -> None:
    policy = Policy.parse(f"{DEFINED}\n  # only one\nquorum Y2 ")
    policy.check(cosigned("Y2"))
    with pytest.raises(PolicyError, match="only X1, X2 has cosigned"):
        policy.check(cosigned("X2", "X1"))


def test_addresses_and_names_beyond_ascii_are_taken() -> None:
    key = WITNESSES["X1"].vkey
    text = f"log {LOG.verifier} https://log.example\nwitness zürich\u2003b {key} http://w\nquorum zürich\u2003b"
    assert Policy.parse(text).witnesses == {"zürich\u2003b": VerifierKey.parse(key)}


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("", "no quorum line"),
        ("quorum X1\nquorum X2", "a quorum already"),
        ("quorum Z1", "Z1 is not defined"),
        ("group g any none\nquorum g", "none is not defined"),
        ("group g any g\nquorum g", "g is not defined"),
        ("group g 0 X1\nquorum g", "from 1 to 1"),
        ("group g 3 X1 X2\nquorum g", "from 1 to 2"),
        ("group g 01 X1 X2\nquorum g", "from 1 to 2"),
        ("group g some X1 X2\nquorum g", "from 1 to 2"),
        ("group g any\nquorum g", "is no log"),
        ("group g any X1 X1\nquorum g", "one group at most"),
        ("group g any X1\ngroup h any X1\nquorum g", "one group at most"),
        ("group X1 any X2\nquorum X1", "X1 is defined already"),
        ("group none any X2\nquorum none", "none is defined already"),
        (f"log {LOG.renamed('b').verifier}\nquorum none", "in the policy already"),
        (f"witness X4 {WITNESSES['X1'].vkey}\nquorum none", "in the policy already"),
        (f"witness X4 {LOG.verifier}\nquorum none", "of type 04"),
        (f"log {WITNESSES['X1'].vkey}\nquorum none", "of type 01"),
        ("witness X4 X4.example+00000000+BBBB\nquorum none", "NAME"),
        ("quorum none more", "is no log"),
        ("quorum none\r", "control characters"),
        ("quorum\x0bnone", "control characters"),
        ("quorum none\x7f", "control characters"),
        ("mirror X1\nquorum none", "is no log"),
    ],
)
def test_a_malformed_policy_is_refused_with_its_line(lines: str, why: str) -> None:
    with pytest.raises(PolicyError, match=why) as refused:
        Policy.parse(f"{DEFINED}\n{lines}\n")
    assert why in {"no quorum line", "control characters"} or "line " in str(refused.value)


@given(
    st.text() | st.text(alphabet="logwitnesgrupqm any0\n").map(lambda text: f"{DEFINED}\n{text}")
)
def test_no_text_is_more_than_refused(text: str) -> None:
    try:
        Policy.parse(text).check(cosigned("X1"))
    except PolicyError:
        return
    assert "quorum" in text


def test_a_key_that_is_no_point_verifies_nothing() -> None:
    key = VerifierKey("w.example", 4, b"\xff" * 32)
    signature = cosignature("X1", CHECKPOINT.text)
    assert not key.verify(signature, CHECKPOINT.text)


DOCS = Path(__file__).parents[3] / "docs"
PRINTED = re.compile(r"```\n((?: *(?:log|witness|group|quorum) [^\n]*\n)+) *```")


@pytest.mark.parametrize("page", ["auditing.md", "operations/proof.md"])
def test_the_policy_that_a_page_prints_is_one(page: str) -> None:
    (policy,) = PRINTED.findall((DOCS / page).read_text())
    assert Policy.parse(policy).logs
    assert verify.Policy(policy.encode()).logs


def test_groups_nested_too_deeply_are_refused_in_one_line() -> None:
    names = ["X1", *(f"group-{each}" for each in range(5000))]
    nested = [f"group {name} 1 {member}" for member, name in pairwise(names)]
    policy = Policy.parse("\n".join([DEFINED, *nested, f"quorum {names[-1]}"]))
    with pytest.raises(PolicyError, match="nested too deeply"):
        policy.check(cosigned("X1"))
