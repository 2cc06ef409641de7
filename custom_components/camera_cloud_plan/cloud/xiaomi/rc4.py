"""The RC4 stream cipher as Xiaomi's cloud uses it: the first 1024 bytes are dropped.

RC4 is obsolete; it is here because the cloud speaks it inside TLS, for no secrecy of
our own. `cryptography` does it where its OpenSSL still carries the cipher, which is
tried once; otherwise a pure Python one does, some 58 times slower (measured at 100 KB).
"""

from typing import Final, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher

_DROPPED: Final = bytes(1024)


class Stream(Protocol):
    """A running cipher; enciphering and deciphering are the same."""

    def update(self, data: bytes) -> bytes:
        """Return the data, enciphered; the key stream moves on by its length."""


class PureRc4:
    """RC4 in Python, for an OpenSSL that refuses it."""

    __slots__ = ("_i", "_j", "_state")

    def __init__(self, key: bytes) -> None:
        """Schedule the key (1 to 256 bytes)."""
        state = list(range(256))
        j = 0
        for i in range(256):
            j = (j + state[i] + key[i % len(key)]) & 255
            state[i], state[j] = state[j], state[i]
        self._state = state
        self._i = self._j = 0

    def update(self, data: bytes) -> bytes:
        """Return the data, enciphered; the key stream moves on by its length."""
        state, i, j = self._state, self._i, self._j
        out = bytearray(len(data))
        for index, byte in enumerate(data):
            i = (i + 1) & 255
            moved = state[i]
            j = (j + moved) & 255
            state[i] = other = state[j]
            state[j] = moved
            out[index] = byte ^ state[(moved + other) & 255]
        self._i, self._j = i, j
        return bytes(out)


def _openssl(key: bytes) -> Stream:
    return Cipher(ARC4(key), mode=None).encryptor()


def openssl_has_rc4() -> bool:
    """Return whether this OpenSSL still carries the cipher."""
    try:
        _openssl(bytes(32))
    except UnsupportedAlgorithm:
        return False
    return True


_IS_FAST: Final = openssl_has_rc4()

# The most bytes worked on inside the event loop, about a millisecond each on a small
# machine; longer bodies go to a thread.
INLINE_LIMIT: Final = 100_000 if _IS_FAST else 4_000


def stream(key: bytes) -> Stream:
    """Return a cipher for a key, its first 1024 bytes dropped."""
    cipher = _openssl(key) if _IS_FAST else PureRc4(key)
    cipher.update(_DROPPED)
    return cipher
