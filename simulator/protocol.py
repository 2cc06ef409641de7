"""Request signing and the cipher of the simulated cloud, seen from the server's side.

Written from the facts alone and independent of the integration's client, so that a mistake in
one cannot hide in the other. Facts used:

* nonce = base64 of 8 random bytes and the minutes since the epoch, big-endian;
* signed nonce = SHA-256 of the decoded ssecurity and the decoded nonce;
* sign path = URL path, less a leading `/app` where it starts with `/app/`;
* RC4 is keyed with the 32 bytes of the signed nonce, its first 1024 key-stream bytes dropped;
* `rc4_hash__` covers the plain values, `signature` the encrypted ones;
* two ways of encrypting live side by side: a fresh cipher for each value, or one cipher running
  on over the values in the order of their keys. Both are accepted;
* answers use a fresh cipher with the same signed nonce, over gzip where the client asked for it.

Inferred: that a real server checks `rc4_hash__` at all, and how old a nonce may be.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
import gzip
import hashlib
import hmac
import json

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher

# How far the minutes in a nonce may be from the server's own clock, either way (minutes).
NONCE_TOLERANCE_MINUTES = 5

_NONCE_RANDOM_BYTES = 8
_DROPPED_KEY_STREAM = bytes(1024)
_HMAC_BYTES = 32
_UNSIGNED_FIELDS = frozenset({"signature", "_nonce", "ssecurity"})
_HASH_FIELD = "rc4_hash__"


class Flaw(StrEnum):
    """What was wrong with a signed request; for tests and the request log, never on the wire."""

    MISSING_FIELD = "missing field"
    MALFORMED_NONCE = "malformed nonce"
    STALE_NONCE = "stale nonce"
    WRONG_SIGNATURE = "wrong signature"
    WRONG_HASH = "wrong rc4_hash__"
    NOT_ENCRYPTED = "not encrypted"
    MALFORMED_DATA = "malformed data"


class SignatureRefusedError(Exception):
    """A request whose signature, nonce or cipher does not hold."""

    def __init__(self, flaw: Flaw) -> None:
        """Remember which check failed."""
        super().__init__(flaw.value)
        self.flaw = flaw


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRequest:
    """A request that passed every check.

    `data` is the decoded JSON object of the field `data`; `key` the signed nonce, with which the
    answer is sealed; `encrypted` whether the answer has to be (false for plain HMAC calls).
    """

    data: Mapping[str, object]
    key: bytes
    encrypted: bool


def sign_path(path: str) -> str:
    """Return the part of a URL path that is signed."""
    return path.removeprefix("/app") if path.startswith("/app/") else path


def nonce_minutes(nonce: str) -> int:
    """Return the minutes since the epoch that a nonce carries.

    Raises:
        SignatureRefusedError: when it is not base64 or too short to carry any.

    """
    try:
        decoded = base64.b64decode(nonce, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureRefusedError(Flaw.MALFORMED_NONCE) from error
    if len(decoded) <= _NONCE_RANDOM_BYTES:
        raise SignatureRefusedError(Flaw.MALFORMED_NONCE)
    return int.from_bytes(decoded[_NONCE_RANDOM_BYTES:])


def signed_nonce(ssecurity: str, nonce: str) -> bytes:
    """Return the 32 key bytes of one request; both arguments are base64 text."""
    return hashlib.sha256(base64.b64decode(ssecurity) + base64.b64decode(nonce)).digest()


def key_stream(key: bytes) -> Callable[[bytes], bytes]:
    """Return an RC4 cipher as a function, its first 1024 bytes already dropped.

    Calls share one running key stream; encrypting and deciphering are the same.
    """
    # The algorithm is the maker's; nothing here is meant to be secret.
    update = Cipher(ARC4(key), mode=None).encryptor().update
    update(_DROPPED_KEY_STREAM)
    return update


def signature(method: str, path: str, fields: Mapping[str, str], key: bytes) -> str:
    """Return base64 SHA-1 of method, sign path, the sorted fields and the signed nonce."""
    parts = [method.upper(), sign_path(path)]
    parts += [f"{name}={fields[name]}" for name in sorted(fields)]
    parts.append(base64.b64encode(key).decode())
    return _base64(hashlib.sha1("&".join(parts).encode(), usedforsecurity=False).digest())


def hmac_signature(path: str, fields: Mapping[str, str], nonce: str, key: bytes) -> str:
    """Return the signature of the plain, unencrypted kind of call (API hosts, POST)."""
    parts = [sign_path(path), base64.b64encode(key).decode(), nonce]
    parts += [f"{name}={fields[name]}" for name in sorted(fields)]
    return _base64(hmac.digest(key, "&".join(parts).encode(), "sha256"))


def client_sign(login_nonce: int, ssecurity: str) -> str:
    """Return the `clientSign` that goes with a sign-in's login nonce and ssecurity."""
    text = f"nonce={login_nonce}&{ssecurity}"
    return _base64(hashlib.sha1(text.encode(), usedforsecurity=False).digest())


def open_request(
    *,
    method: str,
    path: str,
    fields: Mapping[str, str],
    ssecurity: str,
    now: float,
) -> OpenedRequest:
    """Check and decipher the fields of a signed request.

    `now` is the server's own time in epoch seconds. A call without `rc4_hash__` is taken for the
    plain HMAC kind.

    Raises:
        SignatureRefusedError: with the check that failed.

    """
    try:
        nonce, claimed = fields["_nonce"], fields["signature"]
        fields["data"]
    except KeyError as error:
        raise SignatureRefusedError(Flaw.MISSING_FIELD) from error
    if abs(nonce_minutes(nonce) - int(now // 60)) > NONCE_TOLERANCE_MINUTES:
        raise SignatureRefusedError(Flaw.STALE_NONCE)
    key = signed_nonce(ssecurity, nonce)
    signed = {name: value for name, value in fields.items() if name not in _UNSIGNED_FIELDS}
    encrypted = _HASH_FIELD in signed
    expected = (
        signature(method, path, signed, key)
        if encrypted
        else hmac_signature(path, signed, nonce, key)
    )
    if not hmac.compare_digest(expected.encode(), claimed.encode()):
        raise SignatureRefusedError(Flaw.WRONG_SIGNATURE)
    plain = _decipher(method, path, signed, key) if encrypted else signed
    try:
        data = json.loads(plain["data"])
    except ValueError as error:
        raise SignatureRefusedError(Flaw.MALFORMED_DATA) from error
    if not isinstance(data, dict):
        raise SignatureRefusedError(Flaw.MALFORMED_DATA)
    return OpenedRequest(data=data, key=key, encrypted=encrypted)


def seal(key: bytes, body: bytes, *, compress: bool = False) -> str:
    """Return an answer's body as it goes over the wire: base64 of RC4, of gzip where asked."""
    return _base64(key_stream(key)(gzip.compress(body, mtime=0) if compress else body))


def _decipher(method: str, path: str, fields: Mapping[str, str], key: bytes) -> dict[str, str]:
    """Return the plain values, whichever of the two ways they were encrypted.

    The way is told by the hash inside: it fits the plain values under the right one only.
    """
    try:
        raw = {name: base64.b64decode(fields[name], validate=True) for name in sorted(fields)}
    except (binascii.Error, ValueError) as error:
        raise SignatureRefusedError(Flaw.NOT_ENCRYPTED) from error
    for candidate in (_fresh(raw, key), _continuous(raw, key)):
        try:
            plain = {name: value.decode() for name, value in candidate}
        except UnicodeDecodeError:
            continue
        claimed = plain.pop(_HASH_FIELD)
        if hmac.compare_digest(signature(method, path, plain, key).encode(), claimed.encode()):
            return plain
    raise SignatureRefusedError(Flaw.WRONG_HASH)


def _fresh(values: Mapping[str, bytes], key: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the values deciphered with a fresh cipher each."""
    for name, value in values.items():
        yield name, key_stream(key)(value)


def _continuous(values: Mapping[str, bytes], key: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the values deciphered with one cipher that runs on."""
    update = key_stream(key)
    for name, value in values.items():
        yield name, update(value)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
