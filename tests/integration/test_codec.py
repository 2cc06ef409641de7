"""What is stored comes back as it was; what does not fit is refused, not guessed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.camera_cloud_plan.codec import DecodeError, decode, encode
from custom_components.camera_cloud_plan.plan import (
    Answer,
    Camera,
    Case,
    Channel,
    FreeTier,
    NewTerm,
    Notice,
    Ownership,
    PlanReading,
    Proof,
    Renewal,
    SentRequest,
    Service,
    Standing,
    Watch,
    Wish,
    Witness,
)
from custom_components.camera_cloud_plan.snapshot import AccountSnapshot, CameraPlan, Failure

_moments = st.datetimes(timezones=st.just(UTC))
_texts = st.text(max_size=20)
_flags = st.none() | st.booleans()
_numbers = st.none() | st.integers()
_witnesses = st.builds(Witness, source=_texts, says=_flags, seen_at=_moments)
_readings = st.builds(
    PlanReading,
    read_at=_moments,
    service=st.sampled_from(Service),
    name=st.none() | _texts,
    trial=st.booleans(),
    starts_at=st.none() | _moments,
    ends_at=st.none() | _moments,
    renewal=st.none() | _witnesses,
    second_witness=st.none() | _witnesses,
    reachable=_flags,
    retention_days=_numbers,
    free_tier=st.none() | st.builds(FreeTier, clips=st.booleans(), until=st.none() | _moments),
    storage_used_mb=_numbers,
    uploads=_flags,
)
_cameras = st.builds(
    Camera,
    camera_id=_texts,
    name=_texts,
    maker=_texts,
    model=_texts,
    region=_texts,
    ownership=st.sampled_from(Ownership),
    mac=st.none() | _texts,
    firmware=st.none() | _texts,
    online=_flags,
    supports_plans=_flags,
)
_plans = st.builds(
    CameraPlan,
    camera=_cameras,
    channel=st.sampled_from(Channel),
    reading=st.none() | _readings,
    failure=st.none() | st.sampled_from(Failure),
    left_at=st.none() | _moments,
)
_maybe_moments = st.none() | _moments
_cases = st.builds(
    Case,
    camera_id=_texts,
    opened_at=_moments,
    wish=st.sampled_from(Wish),
    term_ends_at=_maybe_moments,
    term_seen_at=_maybe_moments,
    done_at=_maybe_moments,
    first_done_at=_maybe_moments,
    request=st.none()
    | st.builds(
        SentRequest,
        definition=_texts,
        at=_moments,
        answer=st.sampled_from(Answer),
        meaning=st.none() | _texts,
    ),
    checks=st.integers(),
    contrary=st.integers(),
    last_check_at=_maybe_moments,
    last_said=st.none() | st.sampled_from(Renewal),
    disagreed=st.booleans(),
    readable=st.booleans(),
    escalated_at=_maybe_moments,
    escalations=st.integers(),
    confirmed_at=_maybe_moments,
    proof=st.none() | st.sampled_from(Proof),
    renewed=st.none() | st.builds(NewTerm, old_end=_moments, new_end=_moments, seen_at=_moments),
    back_on_at=_maybe_moments,
    save_first=st.booleans(),
)
_watches = st.builds(
    Watch,
    renewal=st.none() | st.sampled_from(Renewal),
    ends_at=_maybe_moments,
    renewed_until=_maybe_moments,
    offline_since=_maybe_moments,
    notices=st.dictionaries(
        st.sampled_from([notice.value for notice in Notice]),
        st.builds(Standing, since=_moments, noted=st.booleans()),
    ),
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _texts,
    lambda inner: st.lists(inner) | st.dictionaries(_texts, inner),
    max_leaves=20,
)


@given(st.builds(AccountSnapshot, read_at=_moments, cameras=st.dictionaries(_texts, _plans)))
def test_a_snapshot_comes_back_as_it_was(snapshot: AccountSnapshot) -> None:
    assert decode(AccountSnapshot, encode(snapshot)) == snapshot


@given(_cases)
def test_a_case_comes_back_as_it_was(case: Case) -> None:
    assert decode(Case, encode(case)) == case


@given(_watches)
def test_a_watch_comes_back_as_it_was(watch: Watch) -> None:
    assert decode(Watch, encode(watch)) == watch


@pytest.mark.parametrize("kind", [AccountSnapshot, CameraPlan, Case, Watch])
@given(data=_json)
def test_nothing_but_a_typed_error_comes_of_damage(kind: type[Any], data: object) -> None:
    try:
        decoded = decode(kind, data)
    except DecodeError:
        return
    assert isinstance(decoded, kind)


@pytest.mark.parametrize(
    "damage",
    [
        {"opened_at": "soon"},
        {"opened_at": "2026-11-22T12:00:00"},
        {"checks": "3"},
        {"checks": True},
        {"readable": 1},
        {"last_said": "perhaps"},
        {"camera_id": None},
        {"wish": "neither"},
        {"request": {"definition": "d"}},
        {"renewed": []},
    ],
)
def test_a_field_of_another_type_is_refused(damage: dict[str, object]) -> None:
    whole = encode(Case(camera_id="1", opened_at=datetime(2026, 11, 22, tzinfo=UTC)))
    with pytest.raises(DecodeError):
        decode(Case, {**whole, **damage})


def test_what_cannot_be_stored_is_said_when_storing() -> None:
    @dataclass
    class Odd:
        value: object

    with pytest.raises(TypeError, match="set"):
        encode(Odd({1}))
