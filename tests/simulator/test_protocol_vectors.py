"""The simulator's crypto against vectors that were computed by running public clients."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from simulator.protocol import (
    Flaw,
    SignatureRefusedError,
    client_sign,
    hmac_signature,
    nonce_minutes,
    open_request,
    seal,
    sign_path,
    signature,
    signed_nonce,
)

FILE = json.loads(
    (Path(__file__).parents[1] / "cloud" / "signing_vectors.json").read_text(encoding="utf-8")
)
INPUTS: dict[str, Any] = FILE["inputs"]
VECTORS: dict[str, dict[str, Any]] = {vector["id"]: vector for vector in FILE["vectors"]}
RC4 = [vector for vector in VECTORS.values() if vector["kind"] == "rc4"]
RESPONSES = [vector for vector in VECTORS.values() if vector["kind"] == "response"]
HMAC = [vector for vector in VECTORS.values() if vector["kind"] == "hmac_sha256"]


def ids(vectors: list[dict[str, Any]]) -> list[str]:
    """Name vectors in the test report."""
    return [vector["id"] for vector in vectors]


def path_of(vector: dict[str, Any]) -> str:
    """Return the path of a vector's URL."""
    return str(vector["input"]["url"]).split("/", 3)[3].join(["/", ""])


def test_every_kind_of_vector_is_used() -> None:
    known = {
        "nonce",
        "signed_nonce",
        "password_hash",  # For signing in by password, which is not served yet.
        "client_sign",
        "hmac_sha256",
        "rc4",
        "response",
        "response_passthrough",  # A plain answer; see the tests of the answers.
    }
    assert {vector["kind"] for vector in VECTORS.values()} == known
    assert RC4
    assert RESPONSES
    assert HMAC


def test_nonce_carries_the_minutes() -> None:
    assert nonce_minutes(VECTORS["nonce"]["expected"]) == INPUTS["minutes"]


def test_signed_nonce() -> None:
    vector = VECTORS["signed_nonce"]
    key = signed_nonce(vector["input"]["ssecurity"], vector["input"]["nonce"])
    assert base64.b64encode(key).decode() == vector["expected"]


def test_client_sign() -> None:
    vector = VECTORS["client_sign"]
    given = vector["input"]
    assert client_sign(given["login_nonce"], given["ssecurity"]) == vector["expected"]


@pytest.mark.parametrize("vector", RC4, ids=ids(RC4))
def test_sign_path(vector: dict[str, Any]) -> None:
    assert sign_path(path_of(vector)) == vector["input"]["sign_path"]


@pytest.mark.parametrize("continuous", [False, True], ids=["fresh cipher", "one cipher"])
@pytest.mark.parametrize("vector", RC4, ids=ids(RC4))
def test_rc4_vector_is_accepted(vector: dict[str, Any], continuous: bool) -> None:
    given = vector["input"]
    source = vector["continuous_cipher_variant"] if continuous else vector
    opened = open_request(
        method=given["method"],
        path=path_of(vector),
        fields=source["expected"],
        ssecurity=given["ssecurity"],
        now=INPUTS["unix_time"],
    )
    assert opened.encrypted
    assert opened.data == json.loads(given["params"]["data"])


@pytest.mark.parametrize("vector", RC4, ids=ids(RC4))
def test_rc4_vector_with_a_wrong_sign_path_is_refused(vector: dict[str, Any]) -> None:
    # Signatures that clients with a wrong path rule really make; elsewhere, one for another path.
    wrong = [
        shown["signature"] for shown in vector.get("disagreeing_implementations", {}).values()
    ] or [VECTORS["client_sign"]["expected"]]
    for wrong_signature in wrong:
        with pytest.raises(SignatureRefusedError) as refused:
            open_request(
                method=vector["input"]["method"],
                path=path_of(vector),
                fields=vector["expected"] | {"signature": wrong_signature},
                ssecurity=vector["input"]["ssecurity"],
                now=INPUTS["unix_time"],
            )
        assert refused.value.flaw is Flaw.WRONG_SIGNATURE


@pytest.mark.parametrize("vector", HMAC, ids=ids(HMAC))
def test_hmac_vector_is_accepted(vector: dict[str, Any]) -> None:
    given = vector["input"]
    opened = open_request(
        method=given["method"],
        path=path_of(vector),
        fields=vector["expected"],
        ssecurity=given["ssecurity"],
        now=INPUTS["unix_time"],
    )
    assert not opened.encrypted
    assert opened.data == json.loads(given["data"])
    assert (
        hmac_signature(path_of(vector), {"data": given["data"]}, given["nonce"], opened.key)
        == vector["expected"]["signature"]
    )


@pytest.mark.parametrize("vector", RESPONSES, ids=ids(RESPONSES))
def test_answer_is_sealed_as_clients_read_it(vector: dict[str, Any]) -> None:
    given = vector["input"]
    key = signed_nonce(given["ssecurity"], given["nonce"])
    assert seal(key, vector["expected"].encode()) == given["body"]


@pytest.mark.parametrize(
    ("minutes", "fresh"), [(0, True), (5, True), (-5, True), (6, False), (-6, False)]
)
def test_nonce_may_be_a_few_minutes_off(minutes: int, fresh: bool) -> None:
    vector = VECTORS["rc4_get_camera_vip_status"]

    def opened() -> None:
        open_request(
            method="GET",
            path=path_of(vector),
            fields=vector["expected"],
            ssecurity=INPUTS["ssecurity"],
            now=INPUTS["unix_time"] + 60 * minutes,
        )

    if fresh:
        opened()
        return
    with pytest.raises(SignatureRefusedError) as refused:
        opened()
    assert refused.value.flaw is Flaw.STALE_NONCE


NONCE = VECTORS["nonce"]["expected"]
PATH = "/miot/camera/app/v1/vip/status"


def opened(fields: dict[str, str]) -> None:
    """Open made-up fields, rightly signed."""
    key = signed_nonce(INPUTS["ssecurity"], NONCE)
    signed = (
        signature("GET", PATH, fields, key)
        if "rc4_hash__" in fields
        else hmac_signature(PATH, fields, NONCE, key)
    )
    open_request(
        method="GET",
        path=PATH,
        fields=fields | {"signature": signed, "_nonce": NONCE, "ssecurity": INPUTS["ssecurity"]},
        ssecurity=INPUTS["ssecurity"],
        now=INPUTS["unix_time"],
    )


def sealed(text: str) -> str:
    """Encrypt one value."""
    return seal(signed_nonce(INPUTS["ssecurity"], NONCE), text.encode())


@pytest.mark.parametrize(
    ("fields", "flaw"),
    [
        ({"data": '{"did":"1"}', "rc4_hash__": sealed("hash")}, Flaw.NOT_ENCRYPTED),
        ({"data": sealed("{}"), "rc4_hash__": sealed("hash")}, Flaw.WRONG_HASH),
        ({"data": "////", "rc4_hash__": "////"}, Flaw.WRONG_HASH),
        ({"data": "no json"}, Flaw.MALFORMED_DATA),
        ({"data": "[1]"}, Flaw.MALFORMED_DATA),
    ],
    ids=["not encrypted", "wrong hash", "no text", "no JSON", "no object"],
)
def test_rightly_signed_nonsense_is_refused(fields: dict[str, str], flaw: Flaw) -> None:
    with pytest.raises(SignatureRefusedError) as refused:
        opened(fields)
    assert refused.value.flaw is flaw
