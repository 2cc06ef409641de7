"""The answer catalogue of the API hosts, shape by shape."""

import json
from pathlib import Path

from hypothesis import given, strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
import pytest

from custom_components.camera_cloud_plan.cloud.errors import (
    CloudError,
    RateLimitedError,
    UnreachableError,
)
from custom_components.camera_cloud_plan.cloud.xiaomi.answers import (
    BadSignature,
    Content,
    Expired,
    Refused,
    Sealed,
    Strange,
    read_answer,
    read_value,
)
from custom_components.camera_cloud_plan.cloud.xiaomi.client import _read_plain, _Seal
from custom_components.camera_cloud_plan.cloud.xiaomi.transport import Answer
from tests.cloud.test_values import JSON

_READINGS = (Content, Expired, BadSignature, Refused, Strange)
_VECTORS = json.loads(Path(__file__).with_name("signing_vectors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (401, '{"code":3,"message":"auth error"}'),
        (200, '{"code":3,"message":"serviceToken expired"}'),
        (401, '{"code":401,"message":"serviceToken invalid"}'),
        (401, "serviceToken invalid"),
        (426, '{"code":0,"message":"SERVICETOKEN_EXPIRED"}'),
        (426, "Upgrade Required"),
        (401, ""),
        (401, "<html>401</html>"),
        (421, ""),
        (200, '{"code":2,"message":"whatever"}'),
        (200, '{"code":"2"}'),
        (200, '{"code":-3,"message":"token expired"}'),
        (200, '{"code":1,"message":"auth err"}'),
        (200, '  {"code":0,"message":"SERVICETOKEN_EXPIRED","data":null}'),
        (400, '{"code":3,"message":"auth error"}'),
        (200, '{"code":1,"description":"serviceToken invalid"}'),
    ],
)
def test_expired(status: int, text: str) -> None:
    assert read_answer(status, text, "data") == Expired()


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (200, '{"code":0,"message":"invalid signature"}'),
        (401, '{"code":0,"message":"Invalid Signature"}'),
        (200, '{"code":3,"message":"invalid signature"}'),
    ],
)
def test_bad_signature(status: int, text: str) -> None:
    assert read_answer(status, text, "data") == BadSignature()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"code":-8,"message":"server busy"}', -8),
        ('{"code":-704042011,"message":"x"}', -704042011),
        ('{"code":"-8"}', -8),
        ('{"code":-8,"data":{"vip":true}}', -8),
        ('{"code":null}', None),
        ('{"code":"broken"}', None),
        ('{"message":"no code at all","data":{}}', None),
        ('{"code":0,"message":"device offline"}', 0),
    ],
)
def test_an_error_of_one_call(text: str, code: int | None) -> None:
    assert read_answer(200, text, "data") == Refused(code)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ('{"code":0,"data":{"vip":true}}', {"vip": True}),
        ('{"code":0,"message":"ok","data":[]}', []),
        ('{"code":"0","result":"ok","data":{"a":1}}', {"a": 1}),
        ('{"code":0,"data":null}', None),
        ('{"code":0,"message":"ok"}', None),
        ('{"code":0,"data":{"message":"invalid signature"}}', {"message": "invalid signature"}),
        # Words count only where there is no content.
        ('{"code":0,"message":"auth err","data":{"a":1}}', {"a": 1}),
    ],
)
def test_content(text: str, content: object) -> None:
    assert read_answer(200, text, "data") == Content(content)


def test_content_is_where_its_host_puts_it() -> None:
    assert read_answer(200, '{"code":0,"result":{"list":[]}}', "result") == Content({"list": []})


@pytest.mark.parametrize(
    ("status", "text", "what"),
    [
        (200, "<!DOCTYPE html><html></html>", "a web page instead of data"),
        (200, "", "an empty answer"),
        (200, " \n", "an empty answer"),
        (200, '{"code":0', "broken JSON"),
        (200, "[" * 100_000, "broken JSON"),
        (200, "[1,2]", "no JSON object"),
        (302, "", "status 302"),
        (404, "Not Found", "status 404"),
    ],
)
def test_strange(status: int, text: str, what: str) -> None:
    assert read_answer(status, text, "data") == Strange(what)


def test_anything_else_is_enciphered() -> None:
    body = next(v["input"]["body"] for v in _VECTORS["vectors"] if v["id"] == "response_plain")
    assert read_answer(200, f"\n{body}\n", "data") == Sealed(body)


def test_a_plain_error_is_never_deciphered() -> None:
    vector = next(v for v in _VECTORS["vectors"] if v["kind"] == "response_passthrough")
    given_ = vector["input"]
    assert read_answer(given_["http_status"], given_["body"], "data") == Expired()


@given(JSON)
def test_every_value_is_one_of_them(value: object) -> None:
    assert isinstance(read_value(value, "data"), _READINGS)


@given(st.integers(min_value=100, max_value=599), st.text(max_size=200))
def test_every_answer_is_one_of_them(status: int, text: str) -> None:
    assert isinstance(read_answer(status, text, "data"), (Sealed, *_READINGS))


@given(JSON)
def test_what_is_strange_is_said_without_content(value: object) -> None:
    reading = read_answer(200, json.dumps({"unlikely": value}), "data")
    assert isinstance(reading, Refused)


def _plain(status: int, body: bytes, told: str | None = None) -> Answer:
    headers = CIMultiDict({} if told is None else {"x-xiaomi-status-code": told})
    return Answer(host="h", status=status, headers=CIMultiDictProxy(headers), body=body)


_SEAL = _Seal(ssecurity="AAAAAAAAAAAAAAAAAAAAAA==", nonce="AAAAAAAAAAAAAAAA", content_key="data")


@pytest.mark.parametrize(
    ("answer", "reading"),
    [
        (_plain(200, b"#EXTM3U"), Content(b"#EXTM3U")),
        (_plain(200, b"#EXTM3U", "200"), Content(b"#EXTM3U")),
        (_plain(200, b"#EXTM3U", "x"), Content(b"#EXTM3U")),
        # What is told counts, not what it looks like.
        (_plain(200, b"#EXTM3U", "500"), UnreachableError),
        (_plain(200, b"#EXTM3U", "404"), Refused(404)),
        (_plain(200, b"", "403"), Refused(403)),
        (_plain(200, b"", "429"), RateLimitedError),
        (_plain(200, b"", "401"), Expired()),
        (_plain(200, b'{"code":3,"message":"auth error"}', "401"), Expired()),
        (_plain(200, b"invalid signature", "401"), BadSignature()),
        (_plain(200, b'{"code":-6,"data":null}', "404"), Refused(404)),
        (_plain(200, b'{"code":-6,"data":null}'), Refused(-6)),
        (_plain(200, b'{"code":3,"message":"serviceToken expired"}'), Expired()),
        (_plain(200, b'{"code":0,"data":{}}'), Strange("not what was asked for")),
        (_plain(200, b"<html>"), Strange("a web page instead of data")),
        (_plain(200, b""), Strange("an empty answer")),
        (_plain(404, b"<html>"), Refused(404)),
        (_plain(410, b"#EXTM3U"), Refused(410)),
        (_plain(302, b""), Strange("status 302")),
        (_plain(403, b"#EXTM3U"), UnreachableError),
        (_plain(503, b"#EXTM3U"), UnreachableError),
        (_plain(429, b"#EXTM3U"), RateLimitedError),
    ],
)
async def test_answers_that_are_not_json(
    answer: Answer, reading: object | type[CloudError]
) -> None:
    def is_good(body: bytes) -> bool:
        return body.startswith(b"#EXTM3U")

    if isinstance(reading, type):
        with pytest.raises(reading):
            await _read_plain(answer, _SEAL, is_good)
    else:
        assert await _read_plain(answer, _SEAL, is_good) == reading
