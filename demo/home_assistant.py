"""A client of the demo's own Home Assistant: what its frontend would ask, and no more."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, Self

import aiohttp

_PATIENCE: Final = 30.0
_BAD_REQUEST: Final = 400
_GUIDES: Final = "/api/repairs/issues/fix"
type Json = dict[str, Any]


class RefusedError(Exception):
    """Home Assistant answered with an error; its text is the message."""


class ConnectionLostError(Exception):
    """Home Assistant closed the connection: it stops or starts again."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("Home Assistant closed the connection")


class HomeAssistant:
    """One signed-in connection: REST for flows, WebSocket for everything else.

    Signs in as a browser on this machine would: by the trusted-network provider.
    """

    def __init__(self, base_url: str, http: aiohttp.ClientSession) -> None:
        """Take the address without a trailing slash; use `connect`."""
        self.base_url = base_url
        self.events: asyncio.Queue[Json] = asyncio.Queue()
        self._http = http
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._last_id = 0
        self._token = ""

    @classmethod
    async def connect(cls, base_url: str, http: aiohttp.ClientSession) -> Self:
        """Sign in and open the WebSocket.

        Raises `aiohttp.ClientError` while nothing listens, `RefusedError` when the
        sign-in needs a person.
        """
        self = cls(base_url, http)
        await self._sign_in()
        socket = await http.ws_connect(
            f"{base_url}/api/websocket",
            max_msg_size=0,
            heartbeat=_PATIENCE,
            timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
        )
        await socket.receive_json(timeout=_PATIENCE)
        await socket.send_json({"type": "auth", "access_token": self._token})
        answer = await socket.receive_json(timeout=_PATIENCE)
        if answer["type"] != "auth_ok":
            raise RefusedError(answer.get("message", "not signed in"))
        self._socket = socket
        self._reader = asyncio.create_task(self._read(socket))
        return self

    async def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader

    async def command(self, kind: str, **fields: object) -> Any:
        """Send a WebSocket command and return its result.

        Raises `RefusedError`, or `ConnectionLostError` when no answer will come.
        """
        if self._socket is None or self._socket.closed:
            raise ConnectionLostError
        self._last_id += 1
        number = self._last_id
        self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send_json({"id": number, "type": kind, **fields})
            async with asyncio.timeout(_PATIENCE):
                answer = await self._answers[number]
        except TimeoutError as error:
            message = f"{kind}: no answer within {_PATIENCE:.0f} s"
            raise RefusedError(message) from error
        except ConnectionResetError as error:
            raise ConnectionLostError from error
        finally:
            del self._answers[number]
        if not answer["success"]:
            raise RefusedError(f"{kind}: {answer['error']['message']}")
        return answer["result"]

    async def subscribe(self, *event_types: str) -> None:
        """Have events of these types put into `events` from now on."""
        for event_type in event_types:
            await self.command("subscribe_events", event_type=event_type)

    async def states(self) -> dict[str, Json]:
        """Return every state by entity id."""
        return {state["entity_id"]: state for state in await self.command("get_states")}

    async def calendar(self, entity_id: str, start: datetime, end: datetime) -> list[Json]:
        """Return the events of a calendar that touch a span (UTC)."""
        span = {"start": start.isoformat(), "end": end.isoformat()}
        url = f"{self.base_url}/api/calendars/{entity_id}"
        async with self._http.get(url, params=span, headers=self._headers()) as answer:
            events: list[Json] = await _json(answer)
            return events

    async def is_running(self) -> bool:
        """Return whether the start is over."""
        return bool((await self.command("get_config"))["state"] == "RUNNING")

    async def call(self, domain: str, service: str, **data: object) -> None:
        """Call an action; raises `RefusedError` with the text a person would see."""
        await self.command("call_service", domain=domain, service=service, service_data=data)

    async def answered(self, domain: str, service: str, **data: object) -> Json:
        """Call an action and return what it answers; raises `RefusedError`."""
        called = await self.command(
            "call_service",
            domain=domain,
            service=service,
            service_data=data,
            return_response=True,
        )
        answer: Json = called["response"]
        return answer

    async def start_flow(self, handler: str, *, options: bool = False) -> Json:
        """Start a config flow, or the options' of a config entry; return its first step."""
        return await self._post(_flows(options=options), {"handler": handler})

    async def answer_flow(
        self, flow_id: str, answer: Mapping[str, object], *, options: bool = False
    ) -> Json:
        """Submit one step of a flow and return the next."""
        return await self._post(f"{_flows(options=options)}/{flow_id}", answer)

    async def flow(self, flow_id: str) -> Json:
        """Return the step at which a config flow stands."""
        return await self._get(f"{_flows(options=False)}/{flow_id}")

    async def automate(self, name: str, blueprint: str, inputs: Mapping[str, object]) -> None:
        """Set an automation up that uses a blueprint of ours, as its editor does.

        Returns once it listens: the editor's own answer comes before that.
        """
        path = f"camera_cloud_plan/{blueprint}.yaml"
        body = {"alias": name, "use_blueprint": {"path": path, "input": inputs}}
        await self._post(f"/api/config/automation/config/{blueprint}", body)
        await self.call("automation", "reload", id=blueprint)

    async def register_phone(self, phone: Mapping[str, object]) -> Json:
        """Register a phone with the app; return what the app is told then."""
        return await self._post("/api/mobile_app/registrations", phone)

    async def open_guide(self, domain: str, issue_id: str) -> Json:
        """Open the guide that Repairs offers about an issue and return its first step."""
        return await self._post(_GUIDES, {"handler": domain, "issue_id": issue_id})

    async def answer_guide(self, flow_id: str, answer: Mapping[str, object]) -> Json:
        """Submit one step of a guide and return the next."""
        return await self._post(f"{_GUIDES}/{flow_id}", answer)

    async def guide(self, flow_id: str) -> Json:
        """Return the step at which a guide stands."""
        return await self._get(f"{_GUIDES}/{flow_id}")

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            # Several messages may come in one frame.
            messages = frame.json()
            for message in messages if isinstance(messages, list) else [messages]:
                if message["type"] == "event":
                    self.events.put_nowait(message["event"])
                elif (answer := self._answers.get(message["id"])) and not answer.done():
                    answer.set_result(message)
        self.events.shutdown()
        for answer in self._answers.values():
            with suppress(asyncio.InvalidStateError):
                answer.set_exception(ConnectionLostError())

    async def _sign_in(self) -> None:
        client_id = f"{self.base_url}/"
        step = await self._post(
            "/auth/login_flow",
            {
                "client_id": client_id,
                "handler": ["trusted_networks", None],
                "redirect_uri": client_id,
            },
        )
        if step["type"] != "create_entry":
            message = f"signing in stopped at {step.get('step_id', step['type'])}"
            raise RefusedError(message)
        form = {
            "grant_type": "authorization_code",
            "code": step["result"],
            "client_id": client_id,
        }
        async with self._http.post(f"{self.base_url}/auth/token", data=form) as answer:
            self._token = (await _json(answer))["access_token"]

    async def _post(self, path: str, body: Mapping[str, object]) -> Json:
        url = self.base_url + path
        async with self._http.post(url, json=body, headers=self._headers()) as answer:
            content: Json = await _json(answer)
            return content

    async def _get(self, path: str) -> Json:
        async with self._http.get(self.base_url + path, headers=self._headers()) as answer:
            content: Json = await _json(answer)
            return content

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}


def _flows(*, options: bool) -> str:
    return f"/api/config/config_entries/{'options/' if options else ''}flow"


async def _json(answer: aiohttp.ClientResponse) -> Any:
    if answer.status >= _BAD_REQUEST:
        raise RefusedError(f"{answer.url.path}: {answer.status} {await answer.text()}")
    return await answer.json()
