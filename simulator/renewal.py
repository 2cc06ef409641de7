"""The web host's own request for switching renewal, as the simulated maker's page would send it.

Facts: the maker's pages about plans are at `camera.api.io.mi.com` and take the session from the
cookies `serviceToken` (URL-encoded) and `userId`, without a signature.

Everything else is **made up**, and named so that nobody takes it for Xiaomi's: which request the
real page sends is not publicly known. The path says `simulated`, and `renewal_request.json` beside
this module describes the request in the terms that a client of it reads.

It asks for what the owner's page asks for: a plan whose page wants the password is refused here,
because this request has no place for one, and after some renewals it wants `confirmed=1`.
"""

from collections.abc import Mapping
from enum import IntEnum
import gzip
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from simulator import answers, effects
from simulator.answers import ExpiredShape
from simulator.cloud import Cloud
from simulator.faults import Stage, Trouble
from simulator.hosts import COUNTRIES, Host
from simulator.sessions import ServiceToken
from simulator.signed import token_of
from simulator.world import Camera

PATH: Final = "/simulated/cloud-plan/renewal"
DEFINITION: Final = Path(__file__).parent / "renewal_request.json"
# Faults under which a request does nothing; under all others it does what it asks for.
_NOT_CARRIED_OUT: Final = frozenset({Trouble.ACCEPTED_NO_EFFECT, Trouble.API_ERROR})


class Refusal(IntEnum):
    """Why a request was not carried out: its `code`."""

    NOT_UNDERSTOOD = 4000
    PASSWORD_NEEDED = 4001
    CONFIRMATION_NEEDED = 4002
    BILLED_BY_STORE = 4003
    PLAN_ENDED = 4004
    ALREADY_SO = 4005
    NOT_ALLOWED = 4006


async def note(request: web.Request, cloud: Cloud) -> None:
    """Count a request by its camera as it arrives, before anything can happen to it."""
    if request.path == PATH and (did := (await _form(request)).get("did")):
        cloud.requests.renewals[did] += 1


async def serve(request: web.Request, cloud: Cloud, host: Host) -> web.Response:
    """Answer one request to the web host."""
    if request.path != PATH:
        return answers.NOT_FOUND.response()
    if request.method != "POST":
        return answers.METHOD_NOT_ALLOWED.response()
    token = _token(request, cloud)
    if token is None or token.expires_at <= cloud.sessions.now():
        shape = None if token is None else token.shape
        return answers.EXPIRED[shape or ExpiredShape.CODE_3_200].response()
    form = await _form(request)
    did = form.get("did")
    struck = cloud.faults.take(Stage.OPENED, host.kind, PATH, did)
    if (early := await effects.early_answer(request, struck)) is not None:
        return early
    struck = cloud.faults.take(Stage.CONTENT, host.kind, PATH, did)
    idle = any(fault.trouble in _NOT_CARRIED_OUT for fault in struck)
    refusal = None if idle else _carry_out(form, cloud, host.region, token.user_id)
    body = _answer(refusal, cloud.world.now_ms())
    for fault in struck:
        body = effects.spoil_flat(body, fault)
    struck = cloud.faults.take(Stage.SEALING, host.kind, PATH, did)
    if any(fault.trouble is Trouble.LOST_ANSWER for fault in struck):
        return effects.drop(request)
    text = effects.damage(answers.encode(body).decode(), struck).encode()
    if effects.compresses(struck):
        text = gzip.compress(text)
    return web.Response(body=text, content_type="application/json")


def _token(request: web.Request, cloud: Cloud) -> ServiceToken | None:
    """Return the session of a request, good or expired; its cookies may be URL-encoded or bare."""
    cookies = {name: unquote(value) for name, value in request.cookies.items()}
    return token_of(cookies, cloud) if "userId" in cookies else None


def _carry_out(form: Mapping[str, str], cloud: Cloud, region: str, user_id: str) -> Refusal | None:
    """Do what a form asks for, as far as the account `user_id` may; `None`: it is done."""
    world = cloud.world
    wanted, did = form.get("renewal"), form.get("did", "")
    if wanted not in {"on", "off"} or form.get("region") != COUNTRIES[region]:
        return Refusal.NOT_UNDERSTOOD
    camera = world.camera(did) if did in world.cameras else None
    if camera is None or camera.region != region:
        return Refusal.NOT_ALLOWED
    if camera.owner != user_id or form.get("user") != user_id:
        return Refusal.NOT_ALLOWED
    refusal = _refusal(camera, world.now_ms(), form, on=wanted == "on")
    if refusal is None:
        world.switch_renewal(did, on=wanted == "on")
    return refusal


def _refusal(camera: Camera, now_ms: int, form: Mapping[str, str], *, on: bool) -> Refusal | None:
    """Return why the owner's wish about a camera's renewal is not carried out, if so."""
    plan = camera.plan
    if plan is None or not plan.running(now_ms):
        return Refusal.PLAN_ENDED
    if plan.store_billed:
        return Refusal.BILLED_BY_STORE
    if plan.auto_renew == on:
        return Refusal.ALREADY_SO
    if plan.asks_password:
        return Refusal.PASSWORD_NEEDED
    if not on and camera.asks_twice and form.get("confirmed") != "1":
        return Refusal.CONFIRMATION_NEEDED
    return None


def _answer(refusal: Refusal | None, now_ms: int) -> dict[str, object]:
    if refusal is None:
        return {"code": 0, "result": "ok", "ts": now_ms}
    message = refusal.name.lower().replace("_", " ")
    return {"code": int(refusal), "result": "error", "message": message, "ts": now_ms}


async def _form(request: web.Request) -> Mapping[str, str]:
    return {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
