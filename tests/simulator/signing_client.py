"""A small signing client, written from the facts and sharing no code with simulator or product.

RC4 is done in pure Python here, so that even the cipher comes from elsewhere. Every part of a
call can be bent, to see that the simulator refuses what a server would refuse.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import gzip
import hashlib
import json
import os
import time
from urllib.parse import urlencode

import aiohttp

from simulator.server import RunningSimulator
from simulator.sessions import Credentials


def rc4(key: bytes) -> Callable[[bytes], bytes]:
    """Return a running RC4 cipher with 1024 bytes dropped."""
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0

    def update(data: bytes) -> bytes:
        nonlocal i, j
        out = bytearray()
        for byte in data:
            i = (i + 1) % 256
            j = (j + state[i]) % 256
            state[i], state[j] = state[j], state[i]
            out.append(byte ^ state[(state[i] + state[j]) % 256])
        return bytes(out)

    update(bytes(1024))
    return update


def sha1(*parts: str) -> str:
    """Return base64 SHA-1 of parts joined by `&`."""
    return base64.b64encode(
        hashlib.sha1("&".join(parts).encode(), usedforsecurity=False).digest()
    ).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `json` is None where the body was no JSON, sealed or not."""

    status: int
    sealed: bool
    json: dict[str, object] | None
    text: str
    headers: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class SigningClient:
    """Signs calls with given credentials; every field bends one part of them."""

    http: aiohttp.ClientSession
    simulator: RunningSimulator
    credentials: Credentials
    continuous: bool = False
    # Seconds by which this client's clock is off.
    clock_offset: float = 0.0
    signed_method: str | None = None
    signed_path: str | None = None
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"MIOT-ENCRYPT-ALGORITHM": "ENCRYPT-RC4"}
    )
    # Cookies to change; None takes one out.
    cookies: Mapping[str, str | None] = field(default_factory=dict)
    # Signed fields to change after signing; None takes one out.
    tampered: Mapping[str, str | None] = field(default_factory=dict)

    async def call(
        self, method: str, host: str, path: str, data: object, *, query: bool | None = None
    ) -> Answer:
        """Make one call; `query` tells where its fields go (default: as the method has it)."""
        fields, key = self._fields(method, path, data)
        in_query = method == "GET" if query is None else query
        url = f"{self.simulator.base_url}{path}"
        if in_query:
            url += "?" + urlencode(fields)
        async with self.http.request(
            method,
            url,
            data=None if in_query else fields,
            headers={"Host": host, "Cookie": self._cookie(), **self.headers},
            allow_redirects=False,
        ) as response:
            text = await response.text()
            headers = dict(response.headers)
        if text.lstrip().startswith(("{", "[")):
            return Answer(
                status=response.status,
                sealed=False,
                json=json.loads(text),
                text=text,
                headers=headers,
            )
        return Answer(
            status=response.status,
            sealed=True,
            json=self._unseal(key, text),
            text=text,
            headers=headers,
        )

    def _fields(self, method: str, path: str, data: object) -> tuple[dict[str, str], bytes]:
        minutes = int((time.time() + self.clock_offset) // 60)
        nonce = os.urandom(8) + minutes.to_bytes(4)
        key = hashlib.sha256(base64.b64decode(self.credentials.ssecurity) + nonce).digest()
        key_text = base64.b64encode(key).decode()
        verb = self.signed_method or method
        signed_path = self.signed_path or (path[4:] if path.startswith("/app/") else path)
        plain = json.dumps(data, separators=(",", ":"))
        digest = sha1(verb, signed_path, f"data={plain}", key_text)
        first = rc4(key)
        second = first if self.continuous else rc4(key)
        sealed = base64.b64encode(first(plain.encode())).decode()
        sealed_digest = base64.b64encode(second(digest.encode())).decode()
        fields: dict[str, str | None] = {
            "data": sealed,
            "rc4_hash__": sealed_digest,
            "signature": sha1(
                verb, signed_path, f"data={sealed}", f"rc4_hash__={sealed_digest}", key_text
            ),
            "_nonce": base64.b64encode(nonce).decode(),
            **self.tampered,
        }
        return {name: value for name, value in fields.items() if value is not None}, key

    def _cookie(self) -> str:
        cookies: dict[str, str | None] = {
            "userId": self.credentials.user_id,
            "serviceToken": self.credentials.service_token,
            "yetAnotherServiceToken": self.credentials.service_token,
            "locale": "en_GB",
            **self.cookies,
        }
        return "; ".join(f"{name}={value}" for name, value in cookies.items() if value is not None)

    @staticmethod
    def _unseal(key: bytes, text: str) -> dict[str, object] | None:
        try:
            body = rc4(key)(base64.b64decode(text))
            if body[:2] == b"\x1f\x8b":
                body = gzip.decompress(body)
            decoded: dict[str, object] = json.loads(body)
        except ValueError:
            return None
        return decoded
