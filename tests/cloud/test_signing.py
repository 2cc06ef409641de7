"""Signing and the cipher, by vectors computed with independent implementations."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime
import gzip
import json
import os
from pathlib import Path
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from hypothesis import given, strategies as st
import pytest

from custom_components.camera_cloud_plan.cloud.xiaomi import rc4, signing

_FILE = json.loads(Path(__file__).with_name("signing_vectors.json").read_text(encoding="utf-8"))
_VECTORS: list[dict[str, Any]] = _FILE["vectors"]
_SSECURITY: str = _FILE["inputs"]["ssecurity"]
_NONCE = "gSNFZ4mrze8Bx3mQ"


def _of_kind(kind: str) -> list[Any]:
    return [pytest.param(v, id=v["id"]) for v in _VECTORS if v["kind"] == kind]


def test_every_kind_of_vector_is_used() -> None:
    elsewhere = {
        "password_hash",  # no password is known here
        "hmac_sha256",  # the plain kind of call, which camera hosts do not take
        "response_passthrough",  # see the tests of answers
    }
    used = {"nonce", "signed_nonce", "client_sign", "rc4", "response"}
    assert {vector["kind"] for vector in _VECTORS} == used | elsewhere


@pytest.mark.parametrize("vector", _of_kind("nonce"))
def test_nonce(vector: dict[str, Any]) -> None:
    moment = datetime.fromtimestamp(vector["input"]["unix_time"], UTC)
    random = bytes.fromhex(vector["input"]["random_hex"])
    assert signing.make_nonce(moment, random) == vector["expected"]


def test_nonces_differ_within_a_minute() -> None:
    moment = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert len({signing.make_nonce(moment) for _ in range(50)}) == 50


@pytest.mark.parametrize("year", [1, 1969, 1970, 9999])
def test_a_clock_far_off_still_makes_a_nonce(year: int) -> None:
    nonce = b64decode(signing.make_nonce(datetime(year, 1, 2, tzinfo=UTC)))
    assert len(nonce) == 12


@pytest.mark.parametrize("vector", _of_kind("signed_nonce"))
def test_signed_nonce(vector: dict[str, Any]) -> None:
    key = signing.signed_nonce(vector["input"]["ssecurity"], vector["input"]["nonce"])
    assert b64encode(key).decode() == vector["expected"]


@pytest.mark.parametrize("vector", _of_kind("client_sign"))
def test_client_sign(vector: dict[str, Any]) -> None:
    given_ = vector["input"]
    assert signing.client_sign(given_["login_nonce"], given_["ssecurity"]) == vector["expected"]


@pytest.mark.parametrize("one_cipher", [False, True])
@pytest.mark.parametrize("vector", _of_kind("rc4"))
def test_signed_parameters(vector: dict[str, Any], one_cipher: bool) -> None:
    given_ = vector["input"]
    path = urlsplit(given_["url"]).path
    assert signing.sign_path(path) == given_["sign_path"]
    expected = (vector["continuous_cipher_variant"] if one_cipher else vector)["expected"]
    assert expected == signing.signed_parameters(
        given_["method"],
        path,
        given_["params"],
        ssecurity=given_["ssecurity"],
        nonce=given_["nonce"],
        one_cipher=one_cipher,
    )


@pytest.mark.parametrize(
    "vector",
    [p for p in _of_kind("rc4") if "disagreeing_implementations" in p.values[0]],
)
def test_does_not_sign_the_path_that_a_known_mistake_signs(vector: dict[str, Any]) -> None:
    path = urlsplit(vector["input"]["url"]).path
    mistaken = {row["signed_path_used"] for row in vector["disagreeing_implementations"].values()}
    assert signing.sign_path(path) not in mistaken


@pytest.mark.parametrize(
    ("path", "signed"),
    [
        ("/app/v2/x", "/v2/x"),
        ("/app/app/x", "/app/x"),
        ("/common/app/vip/status", "/common/app/vip/status"),
        ("/application/x", "/application/x"),
        ("/app", "/app"),
    ],
)
def test_sign_path(path: str, signed: str) -> None:
    assert signing.sign_path(path) == signed


@pytest.mark.parametrize("vector", _of_kind("response"))
def test_opens_an_answer(vector: dict[str, Any]) -> None:
    given_ = vector["input"]
    opened = signing.open_sealed(
        given_["body"], ssecurity=given_["ssecurity"], nonce=given_["nonce"]
    )
    assert opened == json.loads(vector["expected"])


def _seal(data: bytes) -> str:
    return b64encode(rc4.stream(signing.signed_nonce(_SSECURITY, _NONCE)).update(data)).decode()


def _open(body: str) -> object:
    return signing.open_sealed(body, ssecurity=_SSECURITY, nonce=_NONCE)


def test_opens_gzip_inside() -> None:
    packed = gzip.compress(json.dumps({"说明": "云存" * 500}).encode())
    assert _open(_seal(packed)) == {"说明": "云存" * 500}


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (_seal(b'{"code":0}')[:-3], "not base64"),
        ("{not base64}", "not base64"),
        ("云", "not base64"),
        (_seal(b'{"code":0'), "no JSON inside"),
        (_seal(b"\xff\xfe{"), "no JSON inside"),
        (_seal(b"[" * 100_000), "no JSON inside"),
        (_seal(b"1" * 5000), "no JSON inside"),
        (_seal(gzip.compress(b'{"code":0}')[:-9]), "broken gzip inside"),
        (_seal(b"\x1f\x8bnothing of the kind"), "broken gzip inside"),
    ],
)
def test_refuses_what_is_no_answer(body: str, what: str) -> None:
    with pytest.raises(signing.CannotOpenError, match=f"^{what}$"):
        _open(body)


def test_does_not_unpack_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "MAX_OPENED_BYTES", 1000)
    assert _open(_seal(gzip.compress(b" " * 990 + b"{}"))) == {}
    with pytest.raises(signing.CannotOpenError, match="broken gzip inside"):
        _open(_seal(gzip.compress(b" " * 1000 + b"{}")))


@given(st.binary(max_size=4096))
def test_no_bytes_at_all_make_opening_fail_otherwise(data: bytes) -> None:
    try:
        opened = _open(_seal(data))
    except signing.CannotOpenError:
        return
    assert opened == json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)


@pytest.mark.parametrize(
    ("key", "stream"),
    [
        # RFC 6229: the key stream of a 128 and a 256 bit key at offset 1024.
        ("0102030405060708090a0b0c0d0e0f10", "bdf0324e6083dcc6d3cedd3ca8c53c16"),
        (
            "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
            "7fec5bfd9f9b89ce6548309092d7e958",
        ),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_rc4(monkeypatch: pytest.MonkeyPatch, key: str, stream: str, fast: bool) -> None:
    monkeypatch.setattr(rc4, "_IS_FAST", fast)
    assert rc4.stream(bytes.fromhex(key)).update(bytes(16)).hex() == stream


@given(st.binary(min_size=1, max_size=256), st.lists(st.binary(max_size=64), max_size=5))
def test_both_ciphers_agree(key: bytes, pieces: list[bytes]) -> None:
    pure = rc4.PureRc4(key)
    whole = b"".join(pieces)
    assert b"".join(pure.update(piece) for piece in pieces) == rc4.PureRc4(key).update(whole)
    if len(key) in {16, 32}:
        fast, slow = rc4.stream(key), rc4.PureRc4(key)
        slow.update(bytes(1024))
        assert fast.update(whole) == slow.update(whole)


def test_an_openssl_without_the_cipher_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(key: bytes) -> rc4.Stream:
        raise UnsupportedAlgorithm(f"no cipher for {len(key)} bytes")

    assert rc4.openssl_has_rc4()
    monkeypatch.setattr(rc4, "_openssl", refuse)
    assert not rc4.openssl_has_rc4()


_ALONE = """
import json, sys, types
# The folder of the integration without its own first module, which is Home Assistant's.
package = types.ModuleType("custom_components.camera_cloud_plan")
package.__path__ = ["custom_components/camera_cloud_plan"]
sys.modules[package.__name__] = package
from custom_components.camera_cloud_plan.cloud.xiaomi import XiaomiCloud, rc4, signing
given = json.load(sys.stdin)
opened = signing.open_sealed(given["body"], ssecurity=given["ssecurity"], nonce=given["nonce"])
json.dump([rc4.INLINE_LIMIT, opened, "homeassistant" in sys.modules], sys.stdout)
"""


def test_works_without_home_assistant_where_openssl_refuses_the_cipher() -> None:
    vector = next(v for v in _VECTORS if v["kind"] == "response")
    done = subprocess.run(  # noqa: S603 - this very Python, with a program of our own
        [sys.executable, "-c", _ALONE],
        input=json.dumps(vector["input"]),
        env={**os.environ, "CRYPTOGRAPHY_OPENSSL_NO_LEGACY": "1"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    limit, opened, home_assistant = json.loads(done.stdout)
    assert limit < rc4.INLINE_LIMIT
    assert opened == json.loads(vector["expected"])
    assert not home_assistant
