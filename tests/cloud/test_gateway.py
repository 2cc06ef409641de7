"""What may be a gateway, and where secrets may go."""

import pytest
from yarl import URL

from custom_components.camera_cloud_plan.cloud.xiaomi import (
    GatewayError,
    NotAnAddressError,
    NotEncryptedError,
    validate_gateway,
)
from custom_components.camera_cloud_plan.cloud.xiaomi.gateway import is_safe_for_secrets


@pytest.mark.parametrize(
    ("text", "gateway"),
    [
        ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
        (" http://127.8.9.10/ ", "http://127.8.9.10"),
        ("http://[::1]:8787/", "http://[::1]:8787"),
        ("https://proxy.example", "https://proxy.example"),
        ("https://proxy.example:8443/", "https://proxy.example:8443"),
        ("HTTPS://Proxy.Example", "https://proxy.example"),
        ("https://192.168.1.20:8443", "https://192.168.1.20:8443"),
    ],
)
def test_a_gateway_in_its_normal_form(text: str, gateway: str) -> None:
    assert validate_gateway(text) == gateway
    assert validate_gateway(gateway) == gateway


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:8787",
        "ftp://127.0.0.1",
        "https://",
        "https://user@proxy.example",
        "https://user:word@proxy.example",
        "https://proxy.example/prefix",
        "https://proxy.example/?a=b",
        "https://proxy.example/#part",
        "https://proxy.example:99999",
        "https://proxy.example:0",
        "https://[::1",
        "/path/only",
        "not an address at all",
    ],
)
def test_what_is_no_base_address(text: str) -> None:
    with pytest.raises(NotAnAddressError) as raised:
        validate_gateway(text)
    assert isinstance(raised.value, GatewayError)
    assert not text or text not in str(raised.value)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "proxy.example",
        "192.168.1.20",
        "0.0.0.0",  # noqa: S104 - refused here
        "128.0.0.1",
        "[::]",
        "[::ffff:127.0.0.1]",
        "127.0.0.1.example",
    ],
)
def test_plain_http_is_for_a_literal_loopback_address_only(host: str) -> None:
    with pytest.raises(NotEncryptedError):
        validate_gateway(f"http://{host}:8787")


_GATEWAY = URL("http://127.0.0.1:8787")


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://account.xiaomi.com/pass/serviceLogin", True),
        ("https://sts.api.io.mi.com/sts?auth=1", True),
        ("https://mijia.tech/", True),
        ("http://account.xiaomi.com/", False),
        ("https://xiaomi.com.example/sts", False),
        ("https://notxiaomi.com/", False),
        ("https://account.xiaomi.com.", False),
        ("https://account.xiaomi.com@evil.example/", False),
        ("https://evil.example@account.xiaomi.com/", False),
        ("javascript:alert(1)", False),
        ("//account.xiaomi.com/", False),
        ("/relative", False),
        ("", False),
        ("https:///nohost", False),
    ],
)
def test_where_secrets_may_go(address: str, safe: bool) -> None:
    assert is_safe_for_secrets(URL(address), None) is safe
    assert is_safe_for_secrets(URL(address), _GATEWAY) is safe


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("http://127.0.0.1:8787/approve?ticket=1", True),
        ("http://127.0.0.1:8788/approve", False),
        ("https://127.0.0.1:8787/approve", False),
        ("http://user@127.0.0.1:8787/approve", False),
    ],
)
def test_the_gateway_itself_may_have_them(address: str, safe: bool) -> None:
    assert is_safe_for_secrets(URL(address), _GATEWAY) is safe
    assert not is_safe_for_secrets(URL(address), None)
