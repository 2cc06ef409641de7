"""Sending an owner's renewal request: once, and then saying honestly what is known of it.

Which request it is stands in the owner's definition. That the maker's pages are opened
with the session's cookies, unsigned: source xiaomi_cloud_plan_api 2.1.
"""

from collections.abc import Mapping
import json
from typing import Final
from urllib.parse import urlencode

from yarl import URL

from ...plan import Camera
from ..errors import (
    CloudError,
    NoConnectionError,
    RefusalMeaning,
    RequestNotSentError,
    RequestRefusedError,
    RequestUnansweredError,
)
from ..renewal_request import Body, RequestTemplate
from .client import XiaomiClient
from .endpoints import endpoints
from .transport import Answer

_OK: Final = range(200, 300)
_CLIENT_ERRORS: Final = range(400, 500)

_CONTENT_TYPES: Final = {
    Body.FORM: "application/x-www-form-urlencoded",
    Body.JSON: "application/json",
}


async def send(
    client: XiaomiClient, template: RequestTemplate, camera: Camera, *, user_id: str
) -> None:
    """Send the request for one camera, exactly once. Returns where the maker took it.

    Raises `RequestNotSentError` where there was no session or no connection,
    `RequestRefusedError` where the answer says no, `RequestUnansweredError` otherwise.
    """
    parameters = template.filled(
        camera=camera.camera_id,
        region=endpoints().regions[camera.region].country,
        user=user_id,
    )
    url, body = _written(template, endpoints().page_host(template.host, camera.region), parameters)
    try:
        answer = await client.submit(
            template.method, url, content_type=_CONTENT_TYPES.get(template.body), body=body
        )
    except RequestNotSentError:
        raise
    except NoConnectionError as error:
        raise RequestNotSentError("there was no connection", error) from error
    except CloudError as error:
        raise RequestUnansweredError("the answer did not arrive", error) from error
    _judge(template, answer)


def _written(
    template: RequestTemplate, host: str, parameters: Mapping[str, str | int | bool]
) -> tuple[URL, bytes | None]:
    """Return the address and the body of a request."""
    query, body = "", None
    if template.body is Body.QUERY:
        query = urlencode(parameters)
    elif template.body is Body.FORM:
        body = urlencode(parameters).encode()
    else:
        body = json.dumps(parameters, separators=(",", ":")).encode()
    url = URL.build(scheme="https", host=host, path=template.path, query_string=query, encoded=True)
    return url, body


def _judge(template: RequestTemplate, answer: Answer) -> None:
    """Return where the answer says that the request was taken; raise what it says instead.

    Only an answer of the maker's own words says yes. A status of 4xx says no without
    them; anything else, a redirect among it, says nothing.
    """
    code = template.answer.code_in(_content(answer))
    taken = code is not None and template.answer.accepts(code)
    if answer.status in _OK:
        if code is None:
            raise RequestUnansweredError("the answer is not of the kind that was described")
        if not taken:
            raise RequestRefusedError(template.answer.meaning_of(code))
    elif answer.status in _CLIENT_ERRORS and not taken:
        meaning = RefusalMeaning.OTHER if code is None else template.answer.meaning_of(code)
        if meaning is RefusalMeaning.OTHER and _is_about_session(answer.status):
            meaning = RefusalMeaning.SESSION_EXPIRED
        raise RequestRefusedError(meaning)
    else:
        raise RequestUnansweredError(f"status {answer.status}")


def _is_about_session(status: int) -> bool:
    return status in endpoints().answers.expired_statuses


def _content(answer: Answer) -> object:
    try:
        return json.loads(answer.text)
    except ValueError, RecursionError:
        return None
