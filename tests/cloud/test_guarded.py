"""Where footage may be fetched from: by how an address is written, and by where its name leads."""

import asyncio
import socket
from typing import override

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given, strategies as st
import pytest
from yarl import URL

from custom_components.camera_cloud_plan.cloud.errors import ForbiddenAddressError
from custom_components.camera_cloud_plan.cloud.guarded import (
    GuardedResolver,
    is_public_address,
    public_url,
)


@pytest.mark.parametrize(
    "address",
    [
        "https://storage.example.com/a",
        "https://cdn-1.b_c.example.com:443/a/b.ts?Expires=1&Signature=a%2Fb%3D+c",
        "HTTPS://STORAGE.EXAMPLE.COM/",
        "https://xn--fiq228c.xn--fiqs8s/%2e%2e/x",
        "https://storage.example.com./x",
        f"https://storage.example.com/{'x' * 4000}",
    ],
)
def test_public_addresses_stay_as_they_are_written(address: str) -> None:
    url = public_url(address)
    assert url.raw_path_qs in address
    assert url.scheme.lower() == "https"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "x",
        "/ts/1",
        "//storage.example.com/ts/1",
        "http://storage.example.com/",
        "ftp://storage.example.com/",
        "file:///etc/passwd",
        "data:video/mp2t;base64,AAAA",
        "crypto+https://storage.example.com/",
        "concat:https://storage.example.com/a|file:///etc/passwd",
        "https:storage.example.com",
        "https:///storage.example.com",
        "https://",
        "https://storage.example.com:8123/",
        "https://storage.example.com:0/",
        "https://storage.example.com:65536/",
        "https://storage.example.com:/x y",
        "https://user@storage.example.com/",
        "https://user:password@storage.example.com/",
        "https://@storage.example.com/",
        "https://storage.example.com\\@10.0.0.1/",
        "https://10.0.0.1\\.storage.example.com/",
        "https://storage.example.com/\r\nHost: 10.0.0.1",
        "https://storage.example.com/\u2028",
        "https://storäge.example.com/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://8.8.8.8/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.0.0.1.",
        "https://a.0x7f",
        "https://[::1]/",
        "https://[2606:4700::1111]/",
        "https://[::ffff:127.0.0.1]/",
        "https://localhost/",
        "https://LocalHost/",
        "https://a.localhost/",
        "https://localhost./",
        "https://homeassistant/",
        "https://homeassistant.local/",
        "https://nas.LAN./",
        "https://router.home/",
        "https://router.home.arpa/",
        "https://metadata.google.internal/",
        "https://1.0.0.127.in-addr.arpa/",
        "https://x.onion/",
        "https://storage..example.com/",
        "https://-storage.example.com/",
        "https://storage-.example.com/",
        f"https://{'a' * 64}.example.com/",
        f"https://{'a.' * 127}example.com/",
        f"https://storage.example.com/{'x' * 9000}",
    ],
)
@pytest.mark.parametrize("any_port", [False, True])
def test_everything_else_is_refused(address: str, any_port: bool) -> None:
    if any_port and address.startswith("https://storage.example.com:8123"):
        assert public_url(address, any_port=True).port == 8123
        return
    with pytest.raises(ForbiddenAddressError) as raised:
        public_url(address, any_port=any_port)
    assert not address or len(address) < 2 or address not in str(raised.value)


@given(st.text() | st.from_regex(r"https://[!-~]{0,20}/?", fullmatch=True))
def test_whatever_is_written_nothing_private_passes(text: str) -> None:
    try:
        url = public_url(text)
    except ForbiddenAddressError:
        return
    host = url.raw_host or ""
    assert (url.scheme, url.port, url.user) == ("https", 443, None)
    assert host.rstrip(".").rpartition(".")[2][:1].isalpha()
    assert not host.rstrip(".").lower().endswith((".local", ".localhost", ".internal", ".lan"))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_the_addresses_of_the_internet(address: str) -> None:
    assert is_public_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - an address to be refused
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.53",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.31.1",
        "198.18.0.1",
        "224.0.0.251",
        "239.255.255.250",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:192.168.31.1",
        "2002:c0a8:1f01::1",
        "64:ff9b::c0a8:1f01",
        "fd00::1",
        "fe80::1",
        "fe80::1%eth0",
        "ff02::fb",
        "ff0e::1",
        "storage.example.com",
        "",
    ],
)
def test_no_other_address(address: str) -> None:
    assert not is_public_address(address)


class _Leads(AbstractResolver):
    """Leads every name to these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.closed = False

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0
            )
            for address in self.addresses
        ]

    @override
    async def close(self) -> None:
        self.closed = True


async def test_a_name_that_leads_home_is_not_connected_to(socket_enabled: None) -> None:
    """Nor one that leads home among others: any of them may be connected to."""
    connected: list[object] = []
    server = await asyncio.start_server(lambda *each: connected.append(each), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        for addresses in (["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"]):
            resolver = _Leads(*addresses)
            connector = aiohttp.TCPConnector(resolver=GuardedResolver(resolver))
            async with aiohttp.ClientSession(connector=connector) as session:
                with pytest.raises(ForbiddenAddressError) as raised:
                    await session.get(URL(f"http://storage.example.com:{port}/secret-path"))
                # And once more, for what a connector remembers.
                with pytest.raises(ForbiddenAddressError):
                    await session.get(URL(f"http://storage.example.com:{port}/"))
            assert "storage" not in str(raised.value)
            assert not resolver.closed
    assert connected == []


@pytest.mark.parametrize("addresses", [["0.0.0.0"], ["::"], ["0.0.0.0", "::"], []])  # noqa: S104 - what DNS filters answer
async def test_a_name_that_a_filter_blocks_is_none(addresses: list[str]) -> None:
    with pytest.raises(OSError, match="no such name"):
        await GuardedResolver(_Leads(*addresses)).resolve("storage.example.com")
    with pytest.raises(ForbiddenAddressError):
        await GuardedResolver(_Leads("10.0.0.1", *addresses)).resolve("storage.example.com")


async def test_a_name_of_the_internet_is_resolved_as_ever() -> None:
    resolver = _Leads("8.8.8.8", "1.1.1.1")
    found = await GuardedResolver(resolver).resolve("storage.example.com", 443)
    assert [(each["host"], each["port"]) for each in found] == [("8.8.8.8", 443), ("1.1.1.1", 443)]
