"""Signing requests and opening answers: pure functions.

Source: xiaomi_sign_in_and_signing 2.1 and 2.3, confirmed by running several independent
implementations; their values are this module's test vectors. Parameters go by the names
that the wire has.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
import hashlib
import json
import secrets
from typing import Final
import zlib

from . import rc4

_APP: Final = "/app/"
_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31
MAX_OPENED_BYTES: Final = 16 * 2**20


class CannotOpenError(ValueError):
    """An answer is not what the cipher makes: cut off, garbled, or not JSON inside."""


def make_nonce(moment: datetime, random: bytes | None = None) -> str:
    """Return a request nonce: 8 random bytes and the minutes since 1970, in base64.

    `moment` is aware, on the server's clock. `random` is for reproducing a vector.
    """
    minutes = max(0, int(moment.timestamp()) // 60)
    return _text(
        (random or secrets.token_bytes(8))
        + minutes.to_bytes(max(4, (minutes.bit_length() + 7) // 8))
    )


def signed_nonce(ssecurity: str, nonce: str) -> bytes:
    """Return the 32 bytes that key the cipher and go into signatures."""
    return hashlib.sha256(b64decode(ssecurity) + b64decode(nonce)).digest()


def sign_path(path: str) -> str:
    """Return the path that is signed: a leading `/app` falls away, nothing else does."""
    return path.removeprefix(_APP[:-1]) if path.startswith(_APP) else path


def client_sign(login_nonce: int | str, ssecurity: str) -> str:
    """Return the proof that goes with the sign-in's last step."""
    return _text(hashlib.sha1(f"nonce={login_nonce}&{ssecurity}".encode()).digest())  # noqa: S324 - the protocol's


def signed_parameters(
    method: str,
    path: str,
    parameters: Mapping[str, str],
    *,
    ssecurity: str,
    nonce: str,
    one_cipher: bool = False,
) -> dict[str, str]:
    """Return the parameters to send: enciphered, with hash, signature and nonce.

    `one_cipher` lets a single cipher run over all values, as the maker's own app does;
    otherwise each value gets a fresh one, as clients in wide use do. Both are in use
    against live hosts; only the hash and the signature differ.
    """
    key = signed_nonce(ssecurity, nonce)
    digest = _signature(method, path, dict(sorted(parameters.items())), key)
    plain = dict(sorted({**parameters, "rc4_hash__": digest}.items()))
    running = rc4.stream(key)
    sealed = {
        name: _text((running if one_cipher else rc4.stream(key)).update(value.encode()))
        for name, value in plain.items()
    }
    return sealed | {"signature": _signature(method, path, sealed, key), "_nonce": nonce}


def open_sealed(body: str, *, ssecurity: str, nonce: str) -> object:
    """Return the JSON value inside an enciphered answer to the request of that nonce.

    Raises `CannotOpenError`, whose text holds nothing of the answer.
    """
    try:
        sealed = b64decode(body.strip(), validate=True)
    except ValueError:
        raise CannotOpenError("not base64") from None
    opened = rc4.stream(signed_nonce(ssecurity, nonce)).update(sealed)
    try:
        return json.loads((_unzip(opened) if opened.startswith(_GZIP_MAGIC) else opened).decode())
    except zlib.error:
        raise CannotOpenError("broken gzip inside") from None
    except ValueError, RecursionError:  # no UTF-8, no JSON, or JSON beyond all measure
        raise CannotOpenError("no JSON inside") from None


def _unzip(data: bytes) -> bytes:
    unzipper = zlib.decompressobj(_GZIP_WINDOW)
    opened = unzipper.decompress(data, MAX_OPENED_BYTES)
    if not unzipper.eof:
        raise zlib.error("cut off or too long")
    return opened


def _signature(method: str, path: str, parameters: Mapping[str, str], key: bytes) -> str:
    parts = [
        method,
        sign_path(path),
        *(f"{name}={value}" for name, value in parameters.items()),
        _text(key),
    ]
    return _text(hashlib.sha1("&".join(parts).encode()).digest())  # noqa: S324 - the protocol's


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
