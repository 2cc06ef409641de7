"""What an owner may hand over as a renewal request definition, and what is refused."""

import base64
from collections.abc import Callable
import copy
from datetime import date
import json
from pathlib import Path
import re
import string
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.camera_cloud_plan.cloud.errors import RefusalMeaning
from custom_components.camera_cloud_plan.cloud.renewal_request import (
    Body,
    DefinitionError,
    DefinitionFlaw,
    Method,
    Placeholder,
    RenewalWitness,
    parse,
    reader,
)
from custom_components.camera_cloud_plan.cloud.renewal_request.deny_list import deny_list
from custom_components.camera_cloud_plan.cloud.xiaomi.endpoints import endpoints
from custom_components.camera_cloud_plan.plan import Wish
from tests.cloud.json_schema import fits

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "simulator" / "renewal_request.json").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "docs" / "renewal-request.schema.json").read_text(encoding="utf-8"))

# Made up: no such request is known of any maker.
JSON_DEFINITION = """{
  "format": 1, "maker": "xiaomi", "about": "Made up for a test.", "seen_on": "2026-02-28",
  "witness": "second_witness",
  "off": {
    "method": "PUT", "host": "app.business.smartcamera.api.io.mi.com",
    "path": "/made/up/v1.2/autoRenew/", "body": "json",
    "parameters": {"deviceId": "{camera}", "autoRenew": false, "reason": 3, "lang": "en-US"},
    "answer": {"code": "success", "accepted": [true]}
  }
}"""


def _data(text: str = SHIPPED) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(text)
    return data


def _changed(change: Callable[[dict[str, Any]], object], text: str = SHIPPED) -> str:
    data = _data(text)
    change(data)
    return json.dumps(data)


def _with_parameter(name: str, value: object, text: str = SHIPPED) -> str:
    return _changed(lambda data: data["off"]["parameters"].update({name: value}), text)


def _with_path(path: str) -> str:
    return _changed(lambda data: data["off"].update(path=path))


def _flaw(text: str) -> tuple[DefinitionFlaw, str]:
    with pytest.raises(DefinitionError) as raised:
        parse(text)
    error = raised.value
    assert str(error) == f"{error.reason} at {error.where}"
    # What was read stays out of the trace too.
    assert error.__cause__ is None
    assert error.__context__ is None
    return error.reason, error.where


# --- Read ---


def test_the_simulated_makers_own() -> None:
    request = parse(SHIPPED)
    assert request.maker == "xiaomi"
    assert request.seen_on == date(2026, 11, 22)
    assert request.gateway_only
    assert request.witness is RenewalWitness.AUTO_RENEWAL
    off, on = request.template(Wish.OFF), request.template(Wish.ON)
    assert off is request.off
    assert on is request.on
    assert on is not None
    assert (off.method, off.body) == (Method.POST, Body.FORM)
    assert off.host == "camera.api.io.mi.com"
    assert off.path == "/simulated/cloud-plan/renewal"
    assert off.filled(camera="1", region="DE", user="2") == {
        "did": "1",
        "region": "DE",
        "user": "2",
        "renewal": "off",
        "confirmed": "1",
    }
    assert on.parameters["renewal"] == "on"
    assert off.answer.accepts("0")
    assert not off.answer.accepts("4005")
    assert off.answer.meaning_of("4005") is RefusalMeaning.ALREADY_SO
    assert off.answer.meaning_of("5000") is RefusalMeaning.OTHER


def test_values_other_than_text_in_json() -> None:
    request = parse(JSON_DEFINITION)
    assert not request.gateway_only
    assert request.template(Wish.ON) is None
    assert request.off.filled(camera="1", region="CN", user="2") == {
        "deviceId": "1",
        "autoRenew": False,
        "reason": 3,
        "lang": "en-US",
    }
    answer = request.off.answer
    assert answer.accepts(str(answer.code_in({"success": True})))
    # True is not 1, for a maker that says both.
    assert not answer.accepts(str(answer.code_in({"success": 1})))


@pytest.mark.parametrize("text", [SHIPPED, JSON_DEFINITION])
def test_what_is_kept_is_read_again_as_the_same(text: str) -> None:
    request = parse(text)
    again = parse(json.dumps(request.as_dict(), indent=4))
    assert again == request
    assert again.digest == request.digest == parse("\ufeff" + text).digest


def test_where_it_was_seen_may_be_an_address() -> None:
    about = "As of https://forum.example/a-thread-about-it/page-123"
    assert parse(_changed(lambda data: data.update(about=about))).about == about


def test_the_digest_tells_definitions_apart() -> None:
    changes: list[Callable[[dict[str, Any]], object]] = [
        lambda _: None,
        lambda data: data.update(about="Another."),
        lambda data: data.pop("on"),
        lambda data: data["off"]["parameters"].update(confirmed="0"),
        lambda data: data["off"]["answer"].update(accepted=["00"]),
    ]
    digests = {parse(_changed(change)).digest for change in changes}
    assert len(digests) == len(changes)
    assert all(set(digest) <= set(string.hexdigits) and len(digest) == 16 for digest in digests)


# --- Refused for its form: the published schema refuses the same ---

FORM: list[tuple[Callable[[dict[str, Any]], object], DefinitionFlaw, str]] = [
    (lambda d: d.pop("maker"), DefinitionFlaw.MISSING, "$.maker"),
    (lambda d: d.pop("off"), DefinitionFlaw.MISSING, "$.off"),
    (lambda d: d["on"].pop("host"), DefinitionFlaw.MISSING, "$.on.host"),
    (lambda d: d["off"]["answer"].pop("code"), DefinitionFlaw.MISSING, "$.off.answer.code"),
    (lambda d: d.update(script="x"), DefinitionFlaw.UNKNOWN_KEY, "$.script"),
    (lambda d: d.update({"x 1": 2}), DefinitionFlaw.UNKNOWN_KEY, "$"),
    (lambda d: d["off"].update(headers={}), DefinitionFlaw.UNKNOWN_KEY, "$.off.headers"),
    (lambda d: d["off"].update(scheme="http"), DefinitionFlaw.UNKNOWN_KEY, "$.off.scheme"),
    (lambda d: d["off"]["answer"].update(x=1), DefinitionFlaw.UNKNOWN_KEY, "$.off.answer.x"),
    (lambda d: d.update(format=2), DefinitionFlaw.UNSUPPORTED_FORMAT, "$.format"),
    (lambda d: d.update(format=True), DefinitionFlaw.UNSUPPORTED_FORMAT, "$.format"),
    (lambda d: d.update(format="1"), DefinitionFlaw.UNSUPPORTED_FORMAT, "$.format"),
    (lambda d: d.update(maker="acme"), DefinitionFlaw.UNKNOWN_MAKER, "$.maker"),
    (lambda d: d.update(maker="../xiaomi"), DefinitionFlaw.UNKNOWN_MAKER, "$.maker"),
    (lambda d: d.update(maker=None), DefinitionFlaw.WRONG_VALUE, "$.maker"),
    (lambda d: d.update(about=""), DefinitionFlaw.WRONG_VALUE, "$.about"),
    (lambda d: d.update(about="x" * 501), DefinitionFlaw.TOO_LARGE, "$.about"),
    (lambda d: d.update(seen_on="22.11.2026"), DefinitionFlaw.WRONG_VALUE, "$.seen_on"),
    (lambda d: d.update(seen_on="20261122"), DefinitionFlaw.WRONG_VALUE, "$.seen_on"),
    (lambda d: d.update(gateway_only="yes"), DefinitionFlaw.WRONG_VALUE, "$.gateway_only"),
    (lambda d: d.update(witness="hope"), DefinitionFlaw.WRONG_VALUE, "$.witness"),
    (lambda d: d.update(off=[]), DefinitionFlaw.WRONG_VALUE, "$.off"),
    (lambda d: d.update(on=None), DefinitionFlaw.WRONG_VALUE, "$.on"),
    (lambda d: d["off"].update(method="DELETE"), DefinitionFlaw.WRONG_VALUE, "$.off.method"),
    (lambda d: d["off"].update(method="post"), DefinitionFlaw.WRONG_VALUE, "$.off.method"),
    (lambda d: d["off"].update(method="GET"), DefinitionFlaw.WRONG_VALUE, "$.off.body"),
    (lambda d: d["off"].update(body="xml"), DefinitionFlaw.WRONG_VALUE, "$.off.body"),
    (lambda d: d["off"].update(parameters=[]), DefinitionFlaw.WRONG_VALUE, "$.off.parameters"),
    (
        lambda d: d["off"]["parameters"].update({f"n{n}": "" for n in range(16)}),
        DefinitionFlaw.TOO_LARGE,
        "$.off.parameters",
    ),
    (
        lambda d: d["off"]["parameters"].update({"a b": "1"}),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.parameters",
    ),
    (
        lambda d: d["off"]["parameters"].update({"": "1"}),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.parameters",
    ),
    (
        lambda d: d["off"]["parameters"].update(x=1),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.parameters.x",
    ),
    (
        lambda d: d["off"]["parameters"].update(x={"y": 1}),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.parameters.x",
    ),
    (
        lambda d: d["off"]["parameters"].update(x='{"did": 1}'),
        DefinitionFlaw.UNKNOWN_PLACEHOLDER,
        "$.off.parameters.x",
    ),
    (
        lambda d: d["off"]["parameters"].update(x="{token}"),
        DefinitionFlaw.UNKNOWN_PLACEHOLDER,
        "$.off.parameters.x",
    ),
    (
        lambda d: d["off"]["parameters"].update(x="id-{camera}"),
        DefinitionFlaw.UNKNOWN_PLACEHOLDER,
        "$.off.parameters.x",
    ),
    (
        lambda d: d["off"]["parameters"].update(x="%70ay"),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.parameters.x",
    ),
    (
        lambda d: d["off"]["parameters"].update(x="ｐａｙ"),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.parameters.x",
    ),
    (
        lambda d: d["off"]["parameters"].update(x="a\r\nHost: b"),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.parameters.x",
    ),
    (
        lambda d: d["off"]["parameters"].update(x="a b " * 20),
        DefinitionFlaw.SECRET_INSIDE,
        "$.off.parameters.x",
    ),
    (
        lambda d: d["off"]["parameters"].update(did="front-door"),
        DefinitionFlaw.NO_CAMERA,
        "$.off.parameters",
    ),
    (
        lambda d: d["off"]["answer"].update(code=""),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.answer.code",
    ),
    (
        lambda d: d["off"]["answer"].update(accepted=0),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.answer.accepted",
    ),
    (
        lambda d: d["off"]["answer"].update(accepted=[]),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.answer.accepted",
    ),
    (
        lambda d: d["off"]["answer"].update(accepted=[None]),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.answer.accepted",
    ),
    (
        lambda d: d["off"]["answer"].update(accepted=["a b"]),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.answer.accepted",
    ),
    (
        lambda d: d["off"]["answer"].update(accepted=list(range(51))),
        DefinitionFlaw.TOO_LARGE,
        "$.off.answer.accepted",
    ),
    (
        lambda d: d["off"]["answer"].update(errors=[]),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.answer.errors",
    ),
    (
        lambda d: d["off"]["answer"]["errors"].update({"9": "whatever"}),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.answer.errors",
    ),
    (
        lambda d: d["off"]["answer"]["errors"].update({"a b": "other"}),
        DefinitionFlaw.WRONG_VALUE,
        "$.off.answer.errors",
    ),
    (
        lambda d: d["off"]["answer"].update(errors={str(n): "other" for n in range(1, 52)}),
        DefinitionFlaw.TOO_LARGE,
        "$.off.answer.errors",
    ),
    *(
        (
            lambda d, host=host: d["off"].update(host=host),
            DefinitionFlaw.FOREIGN_HOST,
            "$.off.host",
        )
        for host in (
            "evil.example",
            "de.camera.api.io.mi.com",
            "camera.api.io.mi.com.evil.example",
            "evil.example/camera.api.io.mi.com",
            "camera.api.io.mi.com@evil.example",
            "camera.api.io.mi.com:8443",
            "CAMERA.API.IO.MI.COM",
            "camera.api.io.mi.com.",
            "http://camera.api.io.mi.com",
            "account.xiaomi.com",
            "",
        )
    ),
    *(
        (lambda d, path=path: d["off"].update(path=path), DefinitionFlaw.UNSAFE_PATH, "$.off.path")
        for path in (
            "",
            "/",
            "a/b",
            "//a/b",
            "/a//b",
            "/a/../b",
            "/a/./b",
            "/a..b",
            "/.a",
            "/a%2fb",
            "/a?b=1",
            "/a#b",
            "/a;b",
            "/a b",
            "/a\\b",
            "/a\n",
            "/а",
            "/{camera}",
            "/" + "a" * 200,
        )
    ),
]


@pytest.mark.parametrize(("change", "flaw", "where"), FORM)
def test_what_has_the_wrong_form(
    change: Callable[[dict[str, Any]], object], flaw: DefinitionFlaw, where: str
) -> None:
    text = _changed(change)
    assert _flaw(text) == (flaw, where)
    assert not fits(json.loads(text), SCHEMA, SCHEMA)


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", DefinitionFlaw.NOT_JSON),
        ("format: 1", DefinitionFlaw.NOT_JSON),
        ("{" * 5000, DefinitionFlaw.NOT_JSON),
        ('{"a":' * 3000, DefinitionFlaw.NOT_JSON),
        ('{"format": NaN}', DefinitionFlaw.NOT_JSON),
        (SHIPPED.replace('"format": 1', '"format": 1, "format": 1'), DefinitionFlaw.NOT_JSON),
        ('{"format": ' + "1" * 5000 + "}", DefinitionFlaw.NOT_JSON),
        ("[]", DefinitionFlaw.WRONG_VALUE),
        ("null", DefinitionFlaw.WRONG_VALUE),
        (SHIPPED + " " * 16384, DefinitionFlaw.TOO_LARGE),
        ("\ud800" * 16385, DefinitionFlaw.TOO_LARGE),
    ],
)
def test_what_is_no_json_object_of_that_size(text: str, flaw: DefinitionFlaw) -> None:
    assert _flaw(text) == (flaw, "$")


# --- Refused for what it says: beyond what a schema can tell ---


@pytest.mark.parametrize(
    ("change", "flaw", "where"),
    [
        (lambda d: d.update(seen_on="2026-02-30"), DefinitionFlaw.WRONG_VALUE, "$.seen_on"),
        (lambda d: d.update(about="two\nlines"), DefinitionFlaw.WRONG_VALUE, "$.about"),
        (
            lambda d: d.update(about="of camera 1051000101"),
            DefinitionFlaw.USE_PLACEHOLDER,
            "$.about",
        ),
        (
            lambda d: d.update(about="with 0123456789abcdef0123"),
            DefinitionFlaw.SECRET_INSIDE,
            "$.about",
        ),
        (
            lambda d: d["off"]["answer"]["errors"].update({"0": "other"}),
            DefinitionFlaw.WRONG_VALUE,
            "$.off.answer.errors",
        ),
        (lambda d: d.update(on=d["off"]), DefinitionFlaw.SAME_REQUESTS, "$.on"),
        (
            lambda d: d.update(on=d["off"] | {"answer": {"code": "x", "accepted": [1]}}),
            DefinitionFlaw.SAME_REQUESTS,
            "$.on",
        ),
        (
            lambda d: d["off"].update(path="/cameras/1051000101/renewal"),
            DefinitionFlaw.USE_PLACEHOLDER,
            "$.off.path",
        ),
        (
            lambda d: d["off"].update(path="/x/8f14e45fceea167a5a36dedd4bea2543"),
            DefinitionFlaw.SECRET_INSIDE,
            "$.off.path",
        ),
        (
            lambda d: d["off"]["parameters"].update(camera="1051000101"),
            DefinitionFlaw.USE_PLACEHOLDER,
            "$.off.parameters.camera",
        ),
        (
            lambda d: d["off"]["parameters"].update({"of1051000101": "1"}),
            DefinitionFlaw.USE_PLACEHOLDER,
            "$.off.parameters",
        ),
    ],
)
def test_what_says_too_much(
    change: Callable[[dict[str, Any]], object], flaw: DefinitionFlaw, where: str
) -> None:
    text = _changed(change)
    assert _flaw(text) == (flaw, where)
    assert fits(json.loads(text), SCHEMA, SCHEMA)


def test_a_long_number_in_json_is_somebodys_id() -> None:
    text = _with_parameter("user", 2300410071, JSON_DEFINITION)
    assert _flaw(text) == (DefinitionFlaw.USE_PLACEHOLDER, "$.off.parameters.user")


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "serviceToken",
        "service_token",
        "yetAnotherServiceToken",
        "passToken",
        "ssecurity",
        "cookie",
        "password",
        "pwd",
        "_nonce",
        "signature",
        "auth",
        "Authorization",
        "sessionId",
        "X-CSRF-Token",
        "clientSecret",
        "apiKey",
        "s.e.c.r.e.t",
    ],
)
def test_a_parameter_with_a_secrets_name(name: str) -> None:
    assert _flaw(_with_parameter(name, "1")) == (
        DefinitionFlaw.SECRET_INSIDE,
        f"$.off.parameters.{name}",
    )


@given(st.binary(min_size=24, max_size=40))
def test_a_value_like_a_token(value: bytes) -> None:
    for spelled in (
        base64.b64encode(value).decode(),
        base64.urlsafe_b64encode(value).decode(),
        value.hex(),
    ):
        if not any(c.isdigit() for c in spelled) or not any(c.isalpha() for c in spelled):
            continue
        flaw, where = _flaw(_with_parameter("x", spelled))
        assert flaw in {DefinitionFlaw.SECRET_INSIDE, DefinitionFlaw.USE_PLACEHOLDER}
        assert where == "$.off.parameters.x"
        # As a name it is not even told where it stands.
        assert _flaw(_with_parameter(spelled, "1"))[1] == "$.off.parameters"


# --- The deny list ---

_EVERY_WORD = [*deny_list().anywhere, *deny_list().edges, *sorted(deny_list().words)]


def _spelled(word: str) -> list[str]:
    """Return a word in every spelling that tells it from its neighbours, or hides it."""
    title = word.title()
    return [
        word,
        word.upper(),
        title,
        f"camera{title}",
        f"{word}Camera",
        f"my{title}Now",
        f"MY{title}",
        f"a_{word}_b",
        f"a-{word}-b",
        f"A_{word.upper()}_B",
        f"a.{word}.b",
        f"{word}2",
        f"v2{word}",
        f"v1{word.upper()}3",
        ".".join(word),
        "-".join(word.upper()),
        word[0] + word[1:].upper(),
    ]


@pytest.mark.parametrize("word", _EVERY_WORD)
def test_a_denied_word_in_no_spelling_and_no_place(word: str) -> None:
    for spelled in _spelled(word):
        if deny_list().names_a_secret(spelled):
            named = DefinitionFlaw.SECRET_INSIDE
        else:
            named = DefinitionFlaw.DENIED_WORD
        assert _flaw(_with_parameter(spelled, "1")) == (named, f"$.off.parameters.{spelled}")
        for text, where in (
            (_with_path(f"/made/{spelled}/up"), "$.off.path"),
            (_with_path(f"/{spelled}"), "$.off.path"),
            (_with_parameter("x", spelled), "$.off.parameters.x"),
            (_with_parameter("x", f"say {spelled} now"), "$.off.parameters.x"),
        ):
            assert _flaw(text) == (DefinitionFlaw.DENIED_WORD, where), spelled


@given(
    st.sampled_from(_EVERY_WORD),
    st.text(string.ascii_lowercase + string.digits, max_size=8),
    st.sampled_from("._-/"),
)
def test_a_denied_word_beside_any_other(word: str, other: str, between: str) -> None:
    assert deny_list().denies(f"{other}{between}{word}")
    assert deny_list().denies(f"{word}{between}{other}")
    assert deny_list().denies(f"{other}{word.title()}")


@pytest.mark.parametrize(
    "path",
    [
        "/miot/camera/app/v2/vip/android/mipaySign",
        "/miot/camera/app/v1/put/cloudSwitch",
        "/common/app/v2/delete/files",
        "/miot/camera/app/v1/alarm/delete",
        "/miot/camera/app/v1/dailyStory/delete",
        "/miot/camera/app/v1/vip/freeface/addFreeface",
        "/p/deductSign/checkParam",
        "/p/deductSignAndPay/x",
        "/miot/camera/web/vip/mipay_sr62m5p7ds/v2/home",
        "/miot/camera/web/vip/v2/home",
        "/vip/createorder",
        "/vip/paynow",
        "/vip/subscribe",
        "/vip/grantTrial",
        "/vip/bind",
        "/device/share",
    ],
)
def test_the_makers_known_and_likely_dangers(path: str) -> None:
    assert _flaw(_with_path(path)) == (DefinitionFlaw.DENIED_WORD, "$.off.path")


@pytest.mark.parametrize(
    "text",
    [
        "/simulated/cloud-plan/renewal",
        "/miot/camera/app/v1/vip/renewal/close",
        "/vip/cancelAutoRenew",
        "/vip/autoRenewSwitch",
        "/subscription/cancel",
        "/subscription/auto_renewal/stop",
        "/api/v2/plans/renewStatus",
        "/display/address/model/design",
        "camera_display",
        "unsubscribe",
        "autoRenew",
        "renewStatus",
        "deviceId",
        "language",
        "cancelReason",
        "too expensive",
        "confirmed",
        "off",
        "",
    ],
)
def test_words_that_harm_nobody(text: str) -> None:
    assert not deny_list().denies(text)


# --- The published schema ---


@pytest.mark.parametrize("text", [SHIPPED, JSON_DEFINITION])
def test_the_schema_takes_what_is_taken(text: str) -> None:
    parse(text)
    assert fits(json.loads(text), SCHEMA, SCHEMA)


def test_the_guides_own_example_is_taken() -> None:
    guide = (ROOT / "docs" / "renewal-request.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    assert parse(example).about.startswith("In one line")
    assert fits(json.loads(example), SCHEMA, SCHEMA)
    for meaning in RefusalMeaning:
        assert f"`{meaning}`" in guide


def test_the_schema_names_the_same_choices_and_limits() -> None:
    request = SCHEMA["$defs"]["request"]["properties"]
    answer = request["answer"]["properties"]
    assert request["method"]["enum"] == [*Method]
    assert request["body"]["enum"] == [*Body]
    assert SCHEMA["$defs"]["value"]["anyOf"][0]["enum"] == [*Placeholder]
    assert SCHEMA["properties"]["witness"]["enum"] == [*RenewalWitness]
    assert answer["errors"]["additionalProperties"]["enum"] == [*RefusalMeaning]
    assert {"xiaomi": set(request["host"]["enum"])} == reader._hosts_by_maker()
    assert request["path"]["maxLength"] == reader.MAX_PATH
    assert request["path"]["pattern"] == f"^{reader._PATH.pattern}$"
    assert request["parameters"]["maxProperties"] == reader.MAX_PARAMETERS
    assert request["parameters"]["propertyNames"]["pattern"] == f"^{reader._NAME.pattern}$"
    assert answer["accepted"]["maxItems"] == reader.MAX_CODES
    assert answer["errors"]["maxProperties"] == reader.MAX_CODES
    assert SCHEMA["$defs"]["word"]["pattern"] == f"^{reader._CODE.pattern}$"


_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2_000_000, 2_000_000),
    st.text(max_size=70),
    st.sampled_from(["{camera}", "{user}", "GET", "query", "json", "on", "auto_renewal", "/a/b"]),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.text("abc", max_size=2), st.text(max_size=3), max_size=2),
)
# What the parser refuses and no schema can tell.
_BEYOND = {
    DefinitionFlaw.DENIED_WORD,
    DefinitionFlaw.SECRET_INSIDE,
    DefinitionFlaw.USE_PLACEHOLDER,
    DefinitionFlaw.SAME_REQUESTS,
}


def _places(value: Any) -> list[tuple[dict[str, Any], str]]:
    if not isinstance(value, dict):
        return []
    return [(value, key) for key in value] + [p for v in value.values() for p in _places(v)]


@given(st.data())
def test_parser_and_schema_agree(data: st.DataObject) -> None:
    """However a definition is bent: what is taken fits, and what does not fit is refused."""
    bent = copy.deepcopy(data.draw(st.sampled_from([_data(), _data(JSON_DEFINITION)])))
    for _ in range(data.draw(st.integers(1, 3))):
        members, key = data.draw(st.sampled_from(_places(bent)))
        act = data.draw(st.sampled_from(["change", "drop", "add"]))
        if act == "drop":
            del members[key]
        else:
            name = key if act == "change" else data.draw(st.text("abco_ .", max_size=4))
            members[name] = data.draw(_ODD)
        if not _places(bent):
            break
    error = _error(json.dumps(bent))
    if not fits(bent, SCHEMA, SCHEMA):
        assert error is not None
    elif error is not None:
        assert error.reason in _BEYOND or error.where == "$.about"


def _error(text: str) -> DefinitionError | None:
    try:
        parse(text)
    except DefinitionError as error:
        return error
    return None


def test_hosts_of_definitions_may_have_secrets() -> None:
    """They are sent the session's cookies: each is under a domain that may be."""
    for hosts in reader._hosts_by_maker().values():
        for region in endpoints().regions:
            assert all(
                endpoints().may_have_secrets(endpoints().page_host(host, region)) for host in hosts
            )
