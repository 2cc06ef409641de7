"""Finding a port to listen on."""

import socket
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_TRIES: Final = 50


class NoPortError(Exception):
    """No port near the wanted one is free."""


def is_free(port: int) -> bool:
    """Return whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still ebbing away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(wanted: int, *, taken: frozenset[int] = frozenset()) -> int:
    """Return the wanted port, or the next one above it that is free and not in `taken`.

    Raises `NoPortError` when fifty ports in a row are in use.
    """
    for port in range(wanted, min(wanted + _TRIES, 65536)):
        if port not in taken and is_free(port):
            return port
    message = f"no free port from {wanted} to {wanted + _TRIES - 1}"
    raise NoPortError(message)
