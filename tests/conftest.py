"""What holds for every test in this process: it sends nothing that is not known to be harmless."""

from collections.abc import Iterator

from hypothesis import HealthCheck, settings
import pytest

from tests.contract import sent
from tests.export.keys import derive_at_once

_OWN_SERVER = "own_server"

# How long an example takes says how busy the machine is, nothing about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    """Make the one mark known by which a test may make up addresses."""
    config.addinivalue_line(
        "markers", f"{_OWN_SERVER}: talks to a server of its own, whose addresses are made up"
    )


@pytest.fixture(autouse=True, scope="session")
def keys_at_once() -> None:
    """Let exports lose no time with keys."""
    derive_at_once()


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Leave out what Home Assistant's equipment does by this name: its debug mode of the loop.

    Each callback would carry a traceback, which doubles the time of all tests. Home Assistant
    looks for calls from the wrong thread without it.
    """


@pytest.fixture(autouse=True)
def only_known_requests(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test in which the integration sent anything but reading and signing in.

    And the simulated maker's own request about renewal. Requests that a test makes
    itself, to see the simulated cloud refuse them, are not the integration's.
    """
    sent.watch()
    sent.RECORD.clear()
    yield
    assert not sent.spending(sent.RECORD)
    if request.node.get_closest_marker(_OWN_SERVER) is None:
        assert not sent.unknown(sent.RECORD)
