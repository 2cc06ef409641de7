"""Keeping foreign web pages from posting to the simulator on a person's own machine."""

from aiohttp import web
from yarl import URL


def refuse_foreign(request: web.Request) -> None:
    """Refuse a request that a page of another origin makes a browser send.

    Browsers name the origin of every POST; other programs name none and are let in. That the
    `Host` is a loopback name was checked before the request came here.

    Raises:
        web.HTTPForbidden: when the origin is not the simulator's own.

    """
    origin = request.headers.get("Origin")
    if origin is None:
        foreign = request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}
    else:
        foreign = origin == "null" or URL(origin).authority != request.host
    if foreign:
        raise web.HTTPForbidden(text="This form belongs to another site.\n")
