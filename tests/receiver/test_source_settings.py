"""The settings of known senders on the command line: what is printed, listed, changed and refused."""

import pytest

from tests.harness.service import Service
from tests.receiver.test_changing_sources import source
from tests.receiver.test_cli import error, here

pytestmark = pytest.mark.one_store
GIVEN = "a signing secret of the sender"
STRIPE_FORM = "t={timestamp},v1={signature}"


@pytest.mark.parametrize(
    ("preset", "says"),
    [
        ("kitledger", ["application/json", "Standard Webhooks"]),
        ("standard-webhooks", ["application/json", "Standard Webhooks"]),
        ("cloudevents", ["structured, binary or batched"]),
        ("github", ["payload URL", "application/json", "secret"]),
        ("shopify", ["JSON", "--secret -"]),
        ("stripe", ["Add endpoint", "--secret -", "whsec_"]),
        ("slack", ["signing secret", "--secret -", "Request URL"]),
    ],
)
def test_adding_a_known_sender_says_what_to_enter_there(
    shell: Service, name: str, preset: str, says: list[str]
) -> None:
    advice, *_, secret = here(shell, "sources", "add", name, "--preset", preset).stdout.splitlines()

    assert [words for words in [f"/webhooks/{name}", *says] if words not in advice] == []
    assert len(secret) >= 32
    assert source(shell, name)["preset"] == preset


@pytest.mark.parametrize("preset", ["shopify", "stripe", "slack"])
def test_a_secret_that_the_sender_made_is_read_from_the_input(
    shell: Service, name: str, preset: str
) -> None:
    added = here(
        shell, "sources", "add", name, "--preset", preset, "--secret", "-", given=GIVEN + "\n"
    )
    assert added.stdout.splitlines()[-1] == GIVEN


def test_a_listed_source_shows_each_of_its_settings(shell: Service, name: str) -> None:
    shell.add_source(name, "--preset", "stripe")

    listed = source(shell, name)

    assert {each: listed[each] for each in ("header", "header_form", "signed", "encoding")} == {
        "header": "Stripe-Signature",
        "header_form": STRIPE_FORM,
        "signed": "{timestamp}.{body}",
        "encoding": "hex",
    }
    assert [listed[f"{each}_from"] for each in ("id", "type", "time", "data")] == [
        "body:/id",
        "body:/type",
        "body:/created",
        "body:/data",
    ]


def test_what_is_given_with_a_preset_takes_the_place_of_its_part(shell: Service, name: str) -> None:
    shell.add_source(name, "--preset", "shopify", "--id-from", "header:X-Shopify-Event-Id")
    added = source(shell, name)
    assert (added["id_from"], added["preset"]) == ("header:X-Shopify-Event-Id", "shopify")


def test_both_names_of_the_header_set_the_same(shell: Service, name: str) -> None:
    shell.add_source(name, "--signature-header", "X-Sig")
    added = source(shell, name)
    assert (added["header"], added["scheme"]) == ("X-Sig", "hmac-sha256")


def test_cloudevents_are_signed_either_way(shell: Service, name: str) -> None:
    shell.add_source(name, "--preset", "cloudevents", "--scheme", "hmac-sha256")
    assert source(shell, name)["scheme"] == "hmac-sha256"


def test_one_part_changes_and_an_empty_one_is_removed(shell: Service, name: str) -> None:
    shell.add_source(name, "--preset", "stripe")
    before = source(shell, name)
    assert before.pop("time_from") == "body:/created"

    shell.here("sources", "set", name, "--time-from", "", "--digest", "sha512")

    assert source(shell, name) == {**before, "digest": "sha512"}


def test_another_preset_takes_the_place_of_all_settings(shell: Service, name: str) -> None:
    shell.add_source(name, "--preset", "stripe")
    shell.here("sources", "set", name, "--preset", "github")
    shell.add_source(f"{name}-2", "--preset", "github")

    its_own = dict.fromkeys(("name", "keys", "created_at"))
    assert source(shell, name) | its_own == source(shell, f"{name}-2") | its_own


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--header-form", "t={timestamp},v1="], "{signature} once"),
        (["--signed", "{body}"], "a time that is not signed"),
        (["--signed", "{nonce}{body}"], "no {nonce}"),
        (["--id-from", "id"], "id-from: a location is"),
        (["--id-from", ""], "lacks id-from"),
    ],
)
def test_a_change_that_does_not_fit_is_one_line_and_changes_nothing(
    shell: Service, name: str, options: list[str], says: str
) -> None:
    shell.add_source(name, "--preset", "stripe")
    before = source(shell, name)

    assert says in error(here(shell, "sources", "set", name, *options))
    assert source(shell, name) == before


def test_a_preset_that_there_is_not_is_answered_with_those_there_are(shell: Service) -> None:
    refused = here(shell, "sources", "add", "any", "--preset", "gitlab")
    assert refused.exit_code == 2
    assert "standard-webhooks" in refused.stderr
