"""An HTTP session for the tests that go the whole way."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from custom_components.camera_cloud_plan.cloud.xiaomi import footage


@pytest.fixture
async def http(
    socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[aiohttp.ClientSession]:
    """Return an HTTP session as the integration makes it, whose retries take no time."""
    monkeypatch.setattr(footage, "BACKOFF", 0.001)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session
