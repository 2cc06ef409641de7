"""What an account is kept as: whole or not at all, and never shown."""

from datetime import UTC, datetime
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.camera_cloud_plan.cloud.xiaomi import (
    DamagedCredentialsError,
    XiaomiCredentials,
)
from custom_components.camera_cloud_plan.cloud.xiaomi.credentials import ServiceSession

_SSECURITY = "ABEiM0RVZneImaq7zN3u/w=="
_SESSION = ServiceSession(
    ssecurity=_SSECURITY,
    service_token="a/b+c==",
    issued_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
)
_CREDENTIALS = XiaomiCredentials(
    user_id="2300410071",
    c_user_id="cU5er",
    pass_token="V1:pass/token",
    device_id="aDeviceId",
    session=_SESSION,
)


def test_survives_being_stored() -> None:
    stored = json.loads(json.dumps(_CREDENTIALS.as_dict()))
    assert XiaomiCredentials.from_dict(stored) == _CREDENTIALS


def test_survives_being_stored_without_a_session() -> None:
    bare = XiaomiCredentials(
        user_id="1", c_user_id=None, pass_token="p", device_id="d", session=None
    )
    assert XiaomiCredentials.from_dict(json.loads(json.dumps(bare.as_dict()))) == bare


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r}".format])
@pytest.mark.parametrize("secret", [_CREDENTIALS, _SESSION])
def test_is_never_shown(show: Any, secret: object) -> None:
    shown = show(secret)
    for value in ("2300410071", "cU5er", "V1:pass", "aDeviceId", "a/b+c", _SSECURITY):
        assert value not in shown


@pytest.mark.parametrize("key", ["user_id", "pass_token", "device_id"])
@pytest.mark.parametrize(
    "value", [None, "", 7, "with blank", "with;semicolon", "line\nbreak", "云"]
)
def test_damage_is_told(key: str, value: object) -> None:
    with pytest.raises(DamagedCredentialsError):
        XiaomiCredentials.from_dict({**_CREDENTIALS.as_dict(), key: value})


@pytest.mark.parametrize(
    "damage",
    [
        {"ssecurity": "c2hvcnQ="},
        {"ssecurity": "not base64"},
        {"ssecurity": "云"},
        {"ssecurity": None},
        {"service_token": ""},
        {"service_token": "a\r\nHost: b"},
        {"issued_at": "yesterday"},
        {"issued_at": None},
        {"issued_at": "0001-01-01T00:00:00+23:00"},
    ],
)
def test_a_damaged_session_alone_is_renewed_instead(damage: dict[str, object]) -> None:
    stored: dict[str, Any] = _CREDENTIALS.as_dict()
    stored["session"] |= damage
    read = XiaomiCredentials.from_dict(stored)
    assert read.session is None
    assert read.pass_token == _CREDENTIALS.pass_token


@given(
    st.dictionaries(
        st.sampled_from(sorted(_CREDENTIALS.as_dict())),
        st.none() | st.integers() | st.text() | st.dictionaries(st.text(), st.text()),
    )
)
def test_any_other_damage_is_that_error(damage: dict[str, object]) -> None:
    try:
        read = XiaomiCredentials.from_dict({**_CREDENTIALS.as_dict(), **damage})
    except DamagedCredentialsError:
        return
    assert XiaomiCredentials.from_dict(read.as_dict()) == read


def test_half_a_session_cannot_be_made() -> None:
    for ssecurity, token in (("", "t"), (_SSECURITY, "")):
        with pytest.raises(DamagedCredentialsError):
            ServiceSession(ssecurity=ssecurity, service_token=token, issued_at=datetime.now(UTC))
    with pytest.raises(DamagedCredentialsError):
        ServiceSession(
            ssecurity=_SSECURITY,
            service_token="t",
            issued_at=datetime(2026, 1, 1),  # noqa: DTZ001 - refused here
        )
