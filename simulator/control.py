"""The control interface: JSON under `/_control/` on the simulator's own host.

| call | what it does |
|---|---|
| `GET state` | the whole world, orders, faults, misbehaviour, links that wait |
| `POST advance` `{"days": 3, "hours": 1, "minutes": 0}` | lets time pass |
| `POST world` `{"name": …}`, `{"cameras": N, "seed": 0}`, `{"recordings": SPEC}` or `{"world": {…}}` | another world |
| `POST camera` (an entry of a world file) | adds a camera |
| `GET`, `PATCH`, `DELETE camera/<did>` | shows, edits or removes one |
| `POST camera/<did>/renewal` `{"on": false}` | switches renewal as its owner does by hand |
| `POST camera/<did>/price` `{"price": "9.00 CNY", "told": true}` | changes the price from the next term on |
| `GET camera/<did>/recordings` | the recordings that the cloud still holds of it |
| `GET camera/<did>/playlist?fileId=…` | one of them for any player (`storage.player_routes`) |
| `GET`, `DELETE faults`; `POST faults` `{"trouble", "host", "path", "did", "count", "params"}` | |
| `POST misbehaviour` `{"flips_back_after", "charges_anyway", "flag_stays", "charges_twice", "charges_more", "payments_fail", "dids"}` | |
| `DELETE misbehaviour` | |
| `POST sessions/expire` `{"user_id", "service_tokens", "pass_tokens", "shape"}` | all may be left out |
| `POST link/approve` `{"user_id", "ticket"}` | approves a sign-in; without ticket the newest |
| `GET`, `DELETE requests` | request counters |

Moments in answers are epoch ms; edits may use the spellings of world files (`worlds/README.md`).
Mistakes are answered with status 400 and `{"error": …}` and change nothing, an unknown camera with
404, a state that does not fit with 409.
"""

import asyncio
from collections.abc import Awaitable, Callable
import json
from typing import Final

from aiohttp import web

from simulator import billing, fields as read
from simulator.answers import ExpiredShape
from simulator.cloud import Cloud
from simulator.edits import add_camera, edit_camera
from simulator.errors import WorldError
from simulator.faults import Fault, FaultError, Value
from simulator.fields import Fields
from simulator.generate import generate_recordings, generate_world
from simulator.guard import refuse_foreign
from simulator.moments import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from simulator.recordings import Recording, all_recordings
from simulator.sessions import UnknownTicketError
from simulator.spelling import Entry, device_entry, order_entry, spell_names, spell_price
from simulator.world import Camera, Misbehaviour, World
from simulator.worldfile import build_world, load_world, shipped_worlds

PREFIX: Final = "/_control"

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def control_routes(cloud: Cloud) -> list[web.RouteDef]:
    """Return the routes of the control interface."""
    control = _Control(cloud)
    return [
        web.get(f"{PREFIX}/state", _checked(control.state)),
        web.get(f"{PREFIX}/requests", _checked(control.requests)),
        web.delete(f"{PREFIX}/requests", _checked(control.reset_requests)),
        web.post(f"{PREFIX}/advance", _checked(control.advance)),
        web.post(f"{PREFIX}/world", _checked(control.replace_world)),
        web.post(f"{PREFIX}/camera", _checked(control.add_camera)),
        web.get(f"{PREFIX}/camera/{{did}}", _checked(control.camera)),
        web.patch(f"{PREFIX}/camera/{{did}}", _checked(control.edit_camera)),
        web.delete(f"{PREFIX}/camera/{{did}}", _checked(control.remove_camera)),
        web.post(f"{PREFIX}/camera/{{did}}/renewal", _checked(control.switch_renewal)),
        web.post(f"{PREFIX}/camera/{{did}}/price", _checked(control.change_price)),
        web.get(f"{PREFIX}/camera/{{did}}/recordings", _checked(control.recordings)),
        web.get(f"{PREFIX}/faults", _checked(control.faults)),
        web.post(f"{PREFIX}/faults", _checked(control.add_fault)),
        web.delete(f"{PREFIX}/faults", _checked(control.clear_faults)),
        web.post(f"{PREFIX}/misbehaviour", _checked(control.misbehave)),
        web.delete(f"{PREFIX}/misbehaviour", _checked(control.behave)),
        web.post(f"{PREFIX}/sessions/expire", _checked(control.expire_sessions)),
        web.post(f"{PREFIX}/link/approve", _checked(control.approve_link)),
    ]


def _checked(handler: Handler) -> Handler:
    """Answer mistakes in JSON, and refuse posts from foreign pages."""

    async def checked(request: web.Request) -> web.StreamResponse:
        refuse_foreign(request)
        try:
            return await handler(request)
        except (WorldError, FaultError) as err:
            return _mistake(400, str(err))
        except KeyError as err:
            return _mistake(404, f"there is no {err.args[0]}")

    return checked


def _mistake(status: int, reason: str) -> web.Response:
    return web.json_response({"error": reason}, status=status)


async def _body(request: web.Request) -> object:
    """Return the JSON a request carries; none at all stands for an empty object."""
    text = await request.text()
    try:
        return json.loads(text) if text else {}
    except ValueError as err:
        raise WorldError("body", "is not JSON") from err


class _Control:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def state(self, _request: web.Request) -> web.Response:
        world = self._cloud.world
        world.settle()
        return web.json_response(
            {
                "names": spell_names(world.names),
                "now": world.now_ms(),
                "ageing": world.clock.ageing,
                "passed": world.passed_ms,
                "accounts": [
                    {
                        "key": account.key,
                        "user_id": account.user_id,
                        "names": spell_names(account.names),
                        "region": account.region,
                        "signs_in": account.signs_in,
                    }
                    for account in world.accounts.values()
                ],
                "cameras": [camera_state(camera, world) for camera in world.cameras.values()],
                "devices": [
                    device_entry(device, world)
                    for device in world.devices.values()
                    if not isinstance(device, Camera)
                ],
                "orders": [{"did": order.did, **order_entry(order)} for order in world.orders],
                "misbehaviour": _misbehaviour_entry(world.misbehaviour),
                "faults": [_fault_entry(fault) for fault in self._cloud.faults.active],
                "waiting_links": len(list(self._cloud.sessions.tickets.waiting())),
                "requests": self._cloud.requests.total(),
            }
        )

    async def requests(self, _request: web.Request) -> web.Response:
        requests = self._cloud.requests
        return web.json_response(
            {
                "total": requests.total(),
                "counts": [
                    {"host": host, "path": path, "status": status, "count": count}
                    for (host, path, status), count in sorted(requests.counts.items())
                ],
                "renewal_requests": dict(requests.renewals),
                "leaked_cookies": requests.leaked_cookies,
                "refusals": [
                    {"host": refusal.host, "path": refusal.path, "flaw": str(refusal.flaw)}
                    for refusal in requests.refusals
                ],
            }
        )

    async def reset_requests(self, _request: web.Request) -> web.Response:
        self._cloud.requests.reset()
        return web.json_response({})

    async def advance(self, request: web.Request) -> web.Response:
        body = Fields(await _body(request), "")
        ms = sum(
            body.read(unit, read.count, 0) * unit_ms
            for unit, unit_ms in (("days", DAY_MS), ("hours", HOUR_MS), ("minutes", MINUTE_MS))
        )
        body.finish()
        self._cloud.world.advance(ms)
        return web.json_response({"now": self._cloud.world.now_ms(), "advanced": ms})

    async def replace_world(self, request: web.Request) -> web.Response:
        body = Fields(await _body(request), "")
        clock = self._cloud.world.clock
        if "name" in body:
            name = body.read("name", read.one_of(*shipped_worlds()))
            world = await asyncio.to_thread(load_world, name, clock=clock)
        elif "cameras" in body:
            size = body.read("cameras", read.count)
            seed = body.read("seed", read.whole, 0)
            world = build_world(generate_world(size, seed=seed), clock=clock)
        elif "recordings" in body:
            spelled = body.read("recordings", read.text)
            world = build_world(generate_recordings(spelled), clock=clock)
        else:
            world = build_world(body.read("world", read.mapping), clock=clock)
        body.finish()
        for user_id in self._cloud.world.accounts.keys() - world.accounts.keys():
            self._cloud.sessions.expire(user_id=user_id, pass_tokens=True)
        self._cloud.world.become(world)
        return web.json_response({"cameras": len(world.cameras)})

    async def add_camera(self, request: web.Request) -> web.Response:
        world = self._cloud.world
        camera = add_camera(world, await _body(request))
        return web.json_response(camera_state(camera, world), status=201)

    async def camera(self, request: web.Request) -> web.Response:
        world = self._cloud.world
        return web.json_response(camera_state(world.camera(request.match_info["did"]), world))

    async def edit_camera(self, request: web.Request) -> web.Response:
        world = self._cloud.world
        camera = edit_camera(world, request.match_info["did"], await _body(request))
        world.settle(camera.did)
        return web.json_response(camera_state(camera, world))

    async def remove_camera(self, request: web.Request) -> web.Response:
        self._cloud.world.remove_device(request.match_info["did"])
        return web.json_response({})

    async def switch_renewal(self, request: web.Request) -> web.Response:
        body = Fields(await _body(request), "")
        on = body.read("on", read.truth)
        body.finish()
        world, did = self._cloud.world, request.match_info["did"]
        try:
            world.switch_renewal(did, on=on)
        except ValueError as err:
            return _mistake(409, str(err))
        return web.json_response(camera_state(world.camera(did), world))

    async def change_price(self, request: web.Request) -> web.Response:
        body = Fields(await _body(request), "")
        amount, currency = body.read("price", read.price)
        told = body.switch("told", default=True)
        body.finish()
        world, did = self._cloud.world, request.match_info["did"]
        plan = world.camera(did).plan
        if plan is not None and plan.currency != currency:
            raise WorldError("price", "is in another currency than the plan's")
        try:
            world.change_price(did, amount, told=told)
        except ValueError as err:
            return _mistake(409, str(err))
        return web.json_response(camera_state(world.camera(did), world))

    async def recordings(self, request: web.Request) -> web.Response:
        world = self._cloud.world
        camera = world.camera(request.match_info["did"])
        return web.json_response(
            {
                "recordings": [
                    recording_state(recording)
                    for recording in all_recordings(camera, world.now_ms())
                ]
            }
        )

    async def faults(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "active": [_fault_entry(fault) for fault in self._cloud.faults.active],
                "catalogue": [
                    {
                        "trouble": kind.trouble,
                        "names": spell_names(kind.names),
                        "hosts": sorted(kind.hosts),
                        "params": dict(kind.params),
                        "choices": {name: list(some) for name, some in kind.choices.items()},
                    }
                    for kind in self._cloud.faults.catalogue()
                ],
            }
        )

    async def add_fault(self, request: web.Request) -> web.Response:
        body = Fields(await _body(request), "")
        trouble = body.read("trouble", read.text)
        host, path, did = (
            body.read(scope, read.nullable(read.text), None) for scope in ("host", "path", "did")
        )
        count = body.read("count", read.nullable(read.count), None)
        params = body.read("params", read.nullable(_params), None)
        body.finish()
        fault = self._cloud.faults.add(trouble, params, host=host, path=path, did=did, count=count)
        return web.json_response(_fault_entry(fault), status=201)

    async def clear_faults(self, _request: web.Request) -> web.Response:
        self._cloud.faults.clear()
        return web.json_response({})

    async def misbehave(self, request: web.Request) -> web.Response:
        body = Fields(await _body(request), "")
        dids = body.read("dids", read.nullable(read.items), None)
        misbehaviour = Misbehaviour(
            flips_back_after_ms=body.read("flips_back_after", read.nullable(read.duration), None),
            charges_anyway=body.switch("charges_anyway", default=False),
            flag_stays=body.switch("flag_stays", default=False),
            charges_twice=body.switch("charges_twice", default=False),
            charges_more=body.switch("charges_more", default=False),
            payments_fail=body.switch("payments_fail", default=False),
            dids=None if dids is None else frozenset(map(str, dids)),
        )
        body.finish()
        self._cloud.world.misbehave(misbehaviour)
        return web.json_response(_misbehaviour_entry(misbehaviour))

    async def behave(self, _request: web.Request) -> web.Response:
        self._cloud.world.misbehave(Misbehaviour())
        return web.json_response({})

    async def expire_sessions(self, request: web.Request) -> web.Response:
        body = Fields(await _body(request), "")
        user_id = body.read("user_id", read.nullable(read.text), None)
        service_tokens = body.switch("service_tokens", default=True)
        pass_tokens = body.switch("pass_tokens", default=False)
        shape = body.read("shape", read.nullable(read.one_of(*ExpiredShape)), None)
        body.finish()
        expired = self._cloud.sessions.expire(
            user_id=user_id,
            service_tokens=service_tokens,
            pass_tokens=pass_tokens,
            shape=None if shape is None else ExpiredShape(shape),
        )
        return web.json_response({"expired": expired})

    async def approve_link(self, request: web.Request) -> web.Response:
        body = Fields(await _body(request), "")
        user_id = body.read("user_id", read.one_of(*self._cloud.world.accounts))
        ticket = body.read("ticket", read.nullable(read.text), None)
        body.finish()
        tickets = self._cloud.sessions.tickets
        if ticket is None:
            ticket = next((waiting.key for waiting in tickets.waiting()), None)
        if ticket is None:
            return _mistake(409, "no sign-in is waiting")
        try:
            tickets.approve(ticket, user_id)
        except UnknownTicketError:
            return _mistake(409, "this sign-in is not waiting")
        return web.json_response({"ticket": ticket})


def camera_state(camera: Camera, world: World) -> Entry:
    """Return a camera's entry with the next charge the maker means to make; `None`: none."""
    charge = billing.upcoming(camera, world.aged_ms, world.misbehaviour)
    return device_entry(camera, world) | {
        "next_charge": None
        if charge is None
        else {
            "at": charge.at_ms,
            "covers_from": charge.covers_from_ms,
            "covers_to": charge.covers_to_ms,
            "price": spell_price(charge.amount_minor, charge.currency),
            "retry": charge.retry,
            "unwanted": charge.unwanted,
        }
    }


def recording_state(recording: Recording) -> Entry:
    """Return what there is to know of one recording; its length in seconds."""
    group = recording.group
    return {
        "fileId": recording.file_id,
        "kind": group.kind,
        "createTime": recording.created_ms,
        "expireTime": recording.expires_ms,
        "footage": recording.has_footage,
        "length": group.length_ms / SECOND_MS,
        "codec": group.codec,
        "container": group.container,
        "parts": len(group.sizes),
        "events": group.events_per_file if group.event_types else 0,
    }


def _params(value: object) -> dict[str, Value]:
    params: dict[str, Value] = {}
    for name, setting in read.mapping(value).items():
        if not isinstance(setting, str | int | float):
            reason = f"{name} has to be a text or a number"
            raise ValueError(reason)  # noqa: TRY004 - `Fields` turns it into a WorldError
        params[name] = setting
    return params


def _fault_entry(fault: Fault) -> Entry:
    return {
        "trouble": fault.trouble,
        "host": fault.host,
        "path": fault.path,
        "did": fault.did,
        "left": fault.left,
        "params": dict(fault.params),
    }


def _misbehaviour_entry(misbehaviour: Misbehaviour) -> Entry:
    return {
        "flips_back_after_ms": misbehaviour.flips_back_after_ms,
        "charges_anyway": misbehaviour.charges_anyway,
        "flag_stays": misbehaviour.flag_stays,
        "charges_twice": misbehaviour.charges_twice,
        "charges_more": misbehaviour.charges_more,
        "payments_fail": misbehaviour.payments_fail,
        "dids": None if misbehaviour.dids is None else sorted(misbehaviour.dids),
    }
