"""The doors and phones as data, and that their words are there and can be read."""

from collections.abc import Iterator
from datetime import date

import pytest

from custom_components.camera_cloud_plan.casework.doors import (
    Door,
    DoorKind,
    DoorProof,
    doors_for,
    doors_to_turn_on,
    phone_for,
)
from custom_components.camera_cloud_plan.plan import Channel
from tests.contract.shipped import LANGUAGES, leaves, words

DOORS = tuple({door for channel in Channel for door in doors_for(channel)})
DOORS_ON = tuple({door for channel in Channel for door in doors_to_turn_on(channel)})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("issue", "doors"), [("plan_cancellation", DOORS), ("plan_turn_on", DOORS_ON)]
)
def test_every_door_has_words(language: str, issue: str, doors: tuple[Door, ...]) -> None:
    steps = words(language)["issues"][issue]["fix_flow"]["step"]
    for door in doors:
        step = steps[door.key]
        assert ("{url}" in step["description"]) is (door.kind is DoorKind.LINK)
        assert ("qr" in step.get("data", {})) is (door.kind is DoorKind.LINK)
        assert ("{menus}" in step["description"]) is (door.proof is DoorProof.UNPROVEN)


def test_only_a_link_has_an_address_and_every_door_a_date() -> None:
    for door in DOORS:
        assert (door.url is not None) is (door.kind is DoorKind.LINK)
        assert door.reviewed <= date(2026, 11, 30)


def test_what_is_only_inferred_is_not_called_official() -> None:
    proofs = {door.key: door.proof for door in DOORS}
    assert proofs["mi_home"] is DoorProof.UNPROVEN
    assert proofs["google_play"] is DoorProof.OFFICIAL


def test_a_wallet_ends_a_debit_and_does_not_begin_one() -> None:
    for wallet in (Channel.WECHAT_PAY, Channel.ALIPAY):
        assert [door.key for door in doors_for(wallet)] == [wallet.value]
        assert [door.key for door in doors_to_turn_on(wallet)] == ["mi_home"]


@pytest.mark.parametrize(
    ("region", "channel", "is_known"),
    [
        ("cn", Channel.MI_PAY, True),
        ("CN", Channel.ALIPAY, True),
        ("cn", Channel.APPLE, False),
        ("de", Channel.GOOGLE_PLAY, False),
        ("de", Channel.MI_PAY, False),
    ],
)
def test_a_number_is_given_only_where_its_people_bill(
    region: str, channel: Channel, is_known: bool
) -> None:
    assert (phone_for(region, channel) is not None) is is_known


@pytest.mark.parametrize("language", LANGUAGES)
def test_bold_words_begin_and_end_where_they_should(language: str) -> None:
    """Markdown takes no bold that ends in punctuation before a letter, as Chinese would write."""
    misread = [
        ".".join(path)
        for path, text in leaves(words(language)["issues"])
        if not all(is_read_as_bold(*around) for around in bold_parts(text))
    ]
    assert not misread


def bold_parts(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield each bold part with what stands before and after it."""
    parts = text.split("**")
    assert len(parts) % 2, text
    for index in range(1, len(parts), 2):
        yield parts[index - 1], parts[index], parts[index + 1]


def is_read_as_bold(before: str, bold: str, after: str) -> bool:
    opens = not before[-1:].isalnum() or bold[0].isalnum() or bold[0] == "{"
    closes = not after[:1].isalnum() or bold[-1].isalnum() or bold[-1] == "}"
    return opens and closes
