"""A house whose time a test moves: the maker's clock by itself, Home Assistant's across restarts.

Home Assistant's timers wait in real time, so it is killed and started again later, under a
wall clock that is as far ahead as the simulated maker's.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import sys
import time
from typing import Final

import aiohttp
import pytest

from demo.accounts import DOMAIN, add_account
from demo.entities import AUTO_RENEWAL, EXPORT, Device, devices
from demo.home_assistant import HomeAssistant, Json, RefusedError
from demo.house import House, build
from demo.maker import Maker
from demo.ports import free_port
from demo.stage import RunningHome, home_assistant, simulator
from demo.words import Language
from tests.e2e.lanes import in_lane

SHIFTED: Final = Path(__file__).with_name("shifted_hass.py")
PATIENCE: Final = 20.0
ENDS_WITHIN: Final = 180.0
"""How long an export of a camera of the demo may take, in seconds."""
_HOUR_MINUTES: Final = 60
_SLOW: Final = 10.0  # seconds that the maker takes for an answer that nobody will hear
_PORT: Final = in_lane(8553)
_MAKER_PORT: Final = in_lane(8573)
_FINAL_WRITE: Final = "homeassistant_final_write"


class Control:
    """The control interface of the simulated maker."""

    def __init__(self, maker: Maker, http: aiohttp.ClientSession) -> None:
        """Take the running simulator."""
        self._url = f"{maker.base_url}/_control"
        self._http = http

    async def get(self, path: str) -> Json:
        """Ask."""
        return await self._ask("GET", path)

    async def post(self, path: str, body: object = None) -> Json:
        """Tell."""
        return await self._ask("POST", path, body)

    async def patch(self, path: str, body: object) -> Json:
        """Change."""
        return await self._ask("PATCH", path, body)

    async def delete(self, path: str) -> Json:
        """Take back."""
        return await self._ask("DELETE", path)

    async def _ask(self, method: str, path: str, body: object = None) -> Json:
        async with self._http.request(method, f"{self._url}/{path}", json=body) as answer:
            answer.raise_for_status()
            content: Json = await answer.json()
            return content


class HouseInTime:
    """One Home Assistant and one simulated maker, both at the same hour."""

    def __init__(
        self, folder: Path, maker: Maker, http: aiohttp.ClientSession, port: int = _PORT
    ) -> None:
        """Build the configuration folder, for a running maker; use `house_in_time`."""
        port = free_port(port)
        building = House(
            port=port, language=Language.EN, time_zone="Europe/Berlin", default_panel="home"
        )
        build(folder, building)
        self.folder = folder
        self.log = folder.with_name(f"{folder.name}.log")
        self.maker = maker
        self.control = Control(maker, http)
        self._port = port
        self._http = http
        self.started_at = datetime.now(UTC)
        self._minutes = 0
        self._running: RunningHome | None = None

    def another(self, folder: Path) -> HouseInTime:
        """Build another house for the same maker, beside this one."""
        return HouseInTime(folder, self.maker, self._http, self._port + 1)

    @asynccontextmanager
    async def at(self, hours: float, *, maker_answers: bool = True) -> AsyncIterator[HomeAssistant]:
        """Start Home Assistant so many hours after the beginning; kill it at the end."""
        minutes = round(hours * _HOUR_MINUTES)
        await self.control.post("advance", {"minutes": minutes - self._minutes})
        self._minutes = minutes
        await self.let_maker_answer()
        if not maker_answers:
            await self.control.post("faults", {"trouble": "dropped"})
        # A session does not live as long as these gaps.
        await self.control.post("sessions/expire")
        self.started_at = self.now()
        shifted = (sys.executable, SHIFTED, str(minutes / _HOUR_MINUTES))
        async with home_assistant(
            self.folder, port=self._port, output=self.log, http=self._http, program=shifted
        ) as running:
            self._running = running
            try:
                yield running.home
            finally:
                await running.kill()

    def now(self) -> datetime:
        """Return the moment that it is in the house, UTC."""
        return datetime.now(UTC) + timedelta(minutes=self._minutes)

    async def kill(self) -> None:
        """Kill Home Assistant, as a power cut would."""
        assert self._running
        await self._running.kill()

    @asynccontextmanager
    async def slow_maker(self, path: str | None = None) -> AsyncIterator[None]:
        """Have the maker take its time, so that a kill comes before its answer.

        For every answer, or for those of one path only.
        """
        fault = {"trouble": "latency", "path": path, "params": {"seconds": _SLOW}}
        await self.control.post("faults", fault)
        try:
            yield
        finally:
            await self.let_maker_answer()

    async def let_maker_answer(self) -> None:
        """Have the maker answer at once, and by its own clock, which is at the hour."""
        await self.control.delete("faults")
        if self._minutes:
            fault = {"trouble": "clock_skew", "params": {"seconds": self._minutes * 60.0}}
            await self.control.post("faults", fault)

    def case_file(self, camera_id: str) -> Path:
        """Return the file that holds a camera's case."""
        return next(
            file
            for file in (self.folder / ".storage").glob(f"{DOMAIN}.*.cases")
            if camera_id in _stored(file)["cases"]
        )

    def cases(self) -> dict[str, Json]:
        """Return every case on disk, by the camera's id."""
        files = (self.folder / ".storage").glob(f"{DOMAIN}.*.cases")
        return {key: case for file in files for key, case in _stored(file)["cases"].items()}


def _stored(file: Path) -> Json:
    data: Json = json.loads(file.read_text(encoding="utf-8"))["data"]
    return data


@asynccontextmanager
async def house_in_time(folder: Path, world: Mapping[str, object]) -> AsyncIterator[HouseInTime]:
    """Run the maker of a world (a world file's content) and build a house for it in a folder."""
    file = folder / "world.json"
    file.write_text(json.dumps(world), encoding="utf-8")
    async with (
        aiohttp.ClientSession() as http,
        simulator(
            str(file),
            port=free_port(_MAKER_PORT),
            language=Language.EN,
            output=folder / "maker.log",
            http=http,
            ageing=False,
        ) as maker,
    ):
        yield HouseInTime(folder / "config", maker, http)


async def add_accounts(house: HouseInTime, home: HomeAssistant, *keys: str) -> dict[str, str]:
    """Sign accounts in by their keys in the world; return their entries' titles."""
    known = {account.key: account for account in await house.maker.accounts()}
    return {key: await add_account(home, house.maker, known[key]) for key in keys}


async def cameras(home: HomeAssistant) -> dict[str, Device]:
    """Return the devices of all cameras by their name."""
    return {device.name: device for device in await devices(home) if device.is_camera}


async def press_off(home: HomeAssistant, camera: Device) -> str:
    """Press a switch off; return the words in which it says that it is not off yet."""
    with pytest.raises(RefusedError) as refused:
        await home.call("switch", "turn_off", entity_id=camera.entities[AUTO_RENEWAL])
    return str(refused.value)


async def act(
    home: HomeAssistant, action: str, *targets: Device, **data: object
) -> dict[str, Json]:
    """Call an action of ours for cameras; return its rows by the camera's name."""
    answer = await home.command(
        "call_service",
        domain=DOMAIN,
        service=action,
        service_data=data,
        target={"device_id": [camera.device_id for camera in targets]},
        return_response=True,
    )
    return {row["camera"]: row for row in answer["response"]["plans"]}


async def check(home: HomeAssistant, checked: Collection[Device]) -> dict[str, Json]:
    """Have cameras read now, by the action; return its rows by the camera's name."""
    return await act(home, "check_renewal", *checked)


# --- Repairs ---

# What an owner answers who has switched renewal off in the maker's app.
_DONE_IN_MI_HOME: Final[Mapping[str, Mapping[str, object]]] = {
    "seller": {"next_step_id": "billed_by_mi_pay"},
    "decide": {"next_step_id": "steps"},
    "mi_home": {},
}


async def issues(home: HomeAssistant) -> dict[str, Json]:
    """Return what Repairs shows of the integration, by the camera that it is about."""
    listed = (await home.command("repairs/list_issues"))["issues"]
    return {
        issue["translation_placeholders"]["camera"]: issue
        for issue in listed
        if issue["domain"] == DOMAIN
    }


async def open_guide(home: HomeAssistant, camera: str) -> Json:
    """Open the guide about a camera and return its first step."""
    return await home.open_guide(DOMAIN, (await issues(home))[camera]["issue_id"])


async def say_done(home: HomeAssistant, camera: str) -> Json:
    """Go through a camera's guide up to "I have done it"; return the step that follows."""
    step = await open_guide(home, camera)
    while answer := _DONE_IN_MI_HOME.get(step.get("step_id", "")):
        step = await home.answer_guide(step["flow_id"], answer)
    assert step["step_id"] == "mi_home", step
    return await home.answer_guide(step["flow_id"], {})


async def end_of_guide(home: HomeAssistant, step: Json) -> Json:
    """Wait for what the maker answers; return the step that says it."""
    async with asyncio.timeout(PATIENCE):
        while step["type"] == "progress":
            await asyncio.sleep(0.1)
            step = await home.guide(step["flow_id"])
    return step


# --- The disk, and the clock ---


async def write(house: HouseInTime, home: HomeAssistant) -> None:
    """Have Home Assistant write what it learned, as it does after a while.

    The cases that follow are not waited for: they must be there at once.
    """
    storage = house.folder / ".storage"
    known = {entity["id"]: entity for entity in await home.command("config/entity_registry/list")}

    def is_written() -> bool:
        if not any(storage.glob(f"{DOMAIN}.*.last_good")):
            return False
        entries, registry = storage / "core.config_entries", storage / "core.entity_registry"
        if not registry.exists() or DOMAIN not in entries.read_text(encoding="utf-8"):
            return False
        written = {entity["id"]: entity for entity in _stored(registry)["entities"]}
        return written.keys() >= known.keys() and all(
            written[key]["disabled_by"] == entity["disabled_by"] for key, entity in known.items()
        )

    await home.command("fire_event", event_type=_FINAL_WRITE)
    async with asyncio.timeout(PATIENCE):
        while True:
            if await asyncio.to_thread(is_written):
                return
            await asyncio.sleep(0.1)


async def until[T](look: Callable[[], Awaitable[T]], right: Callable[[T], bool]) -> T:
    """Look until what is seen is right; return what was seen last, right or not."""
    deadline = time.monotonic() + PATIENCE
    while True:
        seen = await look()
        if right(seen) or time.monotonic() > deadline:
            return seen
        await asyncio.sleep(0.2)


async def exports(home: HomeAssistant) -> list[Json]:
    """Return what the accounts show of their exports."""
    states = await home.states()
    found = [device.entities[EXPORT] for device in await devices(home) if EXPORT in device.entities]
    return [states[entity_id] for entity_id in found]


async def until_idle(home: HomeAssistant) -> None:
    """Wait until nothing is being saved, and nothing lacks."""
    async with asyncio.timeout(ENDS_WITHIN):
        while (states := {each["state"] for each in await exports(home)}) != {"idle"}:
            assert "problem" not in states
            await asyncio.sleep(0.2)
