"""The signed, encrypted calls that the API and camera hosts have in common.

A call goes through these gates, in an order that no public source tells: path, method, cookies,
service token, signature, content. Each gate answers in plain JSON; only what a handler says is
encrypted, and of that neither playlists nor pictures.

Cookies (facts): `serviceToken` with `userId` or `cUserId`, or both; `yetAnotherServiceToken`, if
sent, carries the same value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Protocol

from aiohttp import web

from simulator import answers, effects
from simulator.answers import ExpiredShape, PlainAnswer
from simulator.cloud import Cloud, Refusal
from simulator.faults import Stage
from simulator.hosts import Host
from simulator.names import Language, Names, language_of
from simulator.protocol import Flaw, OpenedRequest, SignatureRefusedError, open_request, seal
from simulator.sessions import ServiceToken
from simulator.world import Camera


class CallRefusedError(Exception):
    """An error of one call only; it reaches the client encrypted, as `code` and a text."""

    def __init__(self, text: str, code: int = answers.CALL_REFUSED) -> None:
        """Name the code and the text."""
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that passed the gates, as a handler sees it."""

    cloud: Cloud
    region: str
    user_id: str
    language: Language
    data: Mapping[str, object]
    # The secret of its session, with which some bytes are enciphered.
    ssecurity: str = field(repr=False)

    def name(self, names: Names) -> str:
        """Return a name in the world's language, or else in that of the request."""
        return names.text(self.cloud.world.language or self.language)

    def text(self, field: str) -> str:
        """Return a field of `data` that holds an id, whether as text or as a number.

        Raises:
            CallRefusedError: when it is not there.

        """
        value = self.data.get(field)
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            reason = f"parameter {field} is missing"
            raise CallRefusedError(reason)
        return str(value)


# What a handler returns goes into the envelope, unless it is a response itself: a playlist or a
# picture, which are not sealed. One that has to wait for something returns an awaitable.
type Handler = Callable[[Call], object]


class Envelope(Protocol):
    """Wraps what a handler returned, or an error's code and text, as one kind of host does."""

    def __call__(
        self, cloud: Cloud, content: object, code: int = 0, text: str | None = None, /
    ) -> dict[str, object]:
        """Return the whole JSON object of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """What one kind of host serves, and how it says no.

    `expired` and `unknown_token` are the shapes seen at this kind of host. `plain_calls`: it also
    takes the unencrypted HMAC kind of call. `announced_only`: it takes an encrypted call only
    under the header that announces it (inferred for the camera hosts).
    """

    method: str
    handlers: Mapping[str, Handler]
    envelope: Envelope
    expired: ExpiredShape
    unknown_token: ExpiredShape
    plain_calls: bool
    announced_only: bool


def camera_answer(
    cloud: Cloud, content: object, code: int = 0, text: str | None = None, /
) -> dict[str, object]:
    """Wrap an answer as the camera hosts do."""
    return answers.camera_envelope(
        content, now_ms=cloud.world.now_ms(), code=code, description=text or "成功"
    )


def camera_of(call: Call) -> Camera:
    """Return the camera that a call is about.

    Raises:
        CallRefusedError: when the account does not see it in this region.

    """
    camera = seen_camera(call, call.text("did"))
    if camera is None:
        reason = "no permission"
        raise CallRefusedError(reason)
    return camera


def seen_camera(call: Call, did: str) -> Camera | None:
    """Return a camera, if the account sees it in this region."""
    world = call.cloud.world
    camera = world.cameras.get(did)
    if camera is None or camera.region != call.region or camera.permit_level(call.user_id) is None:
        return None
    return world.camera(did)


class _RefusedError(Exception):
    """A request that does not get past a gate."""

    def __init__(self, answer: PlainAnswer) -> None:
        super().__init__(answer.status)
        self.answer = answer


async def serve(
    request: web.Request, cloud: Cloud, host: Host, surface: Surface, now: float
) -> web.Response:
    """Answer one request to an API or camera host; `now` is the server's time (epoch seconds)."""
    try:
        handler = _handler(request, surface)
        token = _token(request, cloud, surface)
        opened = await _open(request, surface, token, now)
    except _RefusedError as error:
        return error.answer.response()
    except SignatureRefusedError as error:
        cloud.requests.refusals.append(Refusal(host=host.name, path=request.path, flaw=error.flaw))
        return answers.INVALID_SIGNATURE.response()
    did = opened.data.get("did")
    did = did if isinstance(did, str) else None
    struck = cloud.faults.take(Stage.OPENED, host.kind, request.path, did)
    if (early := await effects.early_answer(request, struck)) is not None:
        return early
    call = Call(
        cloud=cloud,
        region=host.region,
        user_id=token.user_id,
        language=language_of(request.cookies.get("locale")),
        data=opened.data,
        ssecurity=token.ssecurity,
    )
    spoiling = cloud.faults.take(Stage.CONTENT, host.kind, request.path, did)
    try:
        content = handler(call)
        if isawaitable(content):
            content = await content
        if isinstance(content, web.Response) and not spoiling:
            return content
        body = surface.envelope(cloud, content)
    except CallRefusedError as error:
        body = surface.envelope(cloud, None, error.code, error.text)
    for fault in spoiling:
        body = effects.spoil(body, fault)
    text = answers.encode(body)
    if not opened.encrypted:
        return web.Response(body=text, content_type="application/json")
    sealing = cloud.faults.take(Stage.SEALING, host.kind, request.path, did)
    asked = request.headers.get("miot-accept-encoding", "").upper() == "GZIP"
    sealed = seal(opened.key, text, compress=asked or effects.compresses(sealing))
    return web.Response(text=effects.damage(sealed, sealing), content_type="text/plain")


def _handler(request: web.Request, surface: Surface) -> Handler:
    """Return what serves a request's path.

    Raises:
        _RefusedError: when nothing does, or not by this method.

    """
    handler = surface.handlers.get(request.path)
    if handler is None:
        raise _RefusedError(answers.NOT_FOUND)
    if request.method != surface.method:
        raise _RefusedError(answers.METHOD_NOT_ALLOWED)
    return handler


def token_of(cookies: Mapping[str, str], cloud: Cloud) -> ServiceToken | None:
    """Return the service token in a request's cookies, good or expired.

    `None` when there is none that was ever given out, or when the other cookies do not fit it.
    """
    value = cookies.get("serviceToken", "")
    token = cloud.sessions.service_token(value)
    account = None if token is None else cloud.world.accounts.get(token.user_id)
    if account is None or cookies.get("yetAnotherServiceToken", value) != value:
        return None
    ids = {"userId": account.user_id, "cUserId": account.c_user_id}
    sent = {name: cookies[name] for name in ids if name in cookies}
    fits = bool(sent) and all(ids[name] == value for name, value in sent.items())
    return token if fits else None


def _token(request: web.Request, cloud: Cloud, surface: Surface) -> ServiceToken:
    """Return the service token of a request.

    Raises:
        _RefusedError: when there is none that is good and fits the other cookies.

    """
    token = token_of(request.cookies, cloud)
    if token is None:
        raise _RefusedError(answers.EXPIRED[surface.unknown_token])
    if token.expires_at <= cloud.sessions.now():
        raise _RefusedError(answers.EXPIRED[token.shape or surface.expired])
    return token


async def _open(
    request: web.Request, surface: Surface, token: ServiceToken, now: float
) -> OpenedRequest:
    """Return the deciphered call.

    The fields of a POST may also come in its query: one public client does that and is let in.

    Raises:
        SignatureRefusedError: when a check fails.

    """
    fields = dict(request.query)
    if request.method == "POST":
        form = await request.post()
        fields |= {name: value for name, value in form.items() if isinstance(value, str)}
    announced = request.headers.get("MIOT-ENCRYPT-ALGORITHM") == "ENCRYPT-RC4"
    if surface.announced_only and not announced:
        raise SignatureRefusedError(Flaw.NOT_ENCRYPTED)
    opened = open_request(
        method=request.method,
        path=request.path,
        fields=fields,
        ssecurity=token.ssecurity,
        now=now,
    )
    if not opened.encrypted and not surface.plain_calls:
        raise SignatureRefusedError(Flaw.NOT_ENCRYPTED)
    return opened
