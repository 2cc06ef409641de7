"""A real Home Assistant, cut off in the middle and started again later by the wall clock."""

import asyncio
from pathlib import Path
import sys

import aiohttp
import pytest

from demo.accounts import add_account
from demo.entities import AUTO_RENEWAL, DAYS_REMAINING, Device, devices
from demo.home_assistant import HomeAssistant, Json, RefusedError
from demo.house import House, build
from demo.ports import free_port
from demo.stage import home_assistant, simulator
from demo.words import Language

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SHIFTED = Path(__file__).with_name("shifted_hass.py")
HOURS_LATER = 80
DAYS_SHOWN, DAYS_SHOWN_LATER = "5", "2"  # of the 116 hours left, 36 are left by then


async def test_a_cancellation_and_the_last_good_data_outlive_a_power_cut_and_an_outage(
    tmp_path: Path,
) -> None:
    port = free_port(8523)
    maker_port = free_port(8524, taken=frozenset({port}))
    folder, log = tmp_path / "config", tmp_path / "home-assistant.log"
    build(
        folder,
        House(port=port, language=Language.EN, time_zone="Europe/Berlin", default_panel="home"),
    )
    async with aiohttp.ClientSession() as http:
        async with (
            simulator(
                "two_homes",
                port=maker_port,
                language=Language.EN,
                output=tmp_path / "simulator.log",
                http=http,
            ) as maker,
            home_assistant(folder, port=port, output=log, http=http) as running,
        ):
            account = next(a for a in await maker.accounts() if a.key == "cn")
            await add_account(running.home, maker, account)
            front_door = await _front_door(running.home)
            await _wait_for(running.home, front_door, DAYS_REMAINING, DAYS_SHOWN)
            await _write(running.home, folder)
            with pytest.raises(RefusedError, match="Not off yet"):
                await running.home.call(
                    "switch", "turn_off", entity_id=front_door.entities[AUTO_RENEWAL]
                )
            await running.kill()

        # The maker is gone too now, and it is eighty hours later by the clock on the wall.
        later = (sys.executable, SHIFTED, str(HOURS_LATER))
        async with home_assistant(
            folder, port=port, output=log, http=http, program=later
        ) as running:
            front_door = await _front_door(running.home)
            days = await _wait_for(running.home, front_door, DAYS_REMAINING, DAYS_SHOWN_LATER)
            assert days["attributes"]["as_of"]
            switch = (await running.home.states())[front_door.entities[AUTO_RENEWAL]]
            assert switch["state"] == "on"
            assert switch["attributes"]["assumed_state"] is True
            issues = (await running.home.command("repairs/list_issues"))["issues"]
            ours = [i["translation_key"] for i in issues if i["domain"] == "camera_cloud_plan"]
            assert ours == ["plan_cancellation"]


async def _write(home: HomeAssistant, folder: Path) -> None:
    """Have Home Assistant write to disk what it learned, as it does after a while.

    The cancellation that follows is not waited for: it must be there at once.
    """
    await home.command("fire_event", event_type="homeassistant_final_write")
    async with asyncio.timeout(60):
        while True:
            if await asyncio.to_thread(_is_written, folder / ".storage"):
                return
            await asyncio.sleep(0.1)


def _is_written(storage: Path) -> bool:
    devices_file, entries_file = storage / "core.device_registry", storage / "core.config_entries"
    return (
        any(storage.glob("camera_cloud_plan.*.last_good"))
        and "camera_cloud_plan" in entries_file.read_text(encoding="utf-8")
        and "Front door" in devices_file.read_text(encoding="utf-8")
    )


async def _front_door(home: HomeAssistant) -> Device:
    return next(device for device in await devices(home) if device.name == "Front door")


async def _wait_for(home: HomeAssistant, device: Device, what: str, state: str) -> Json:
    async with asyncio.timeout(30):
        while True:
            shown = (await home.states()).get(device.entities[what])
            if shown and shown["state"] == state:
                return shown
            await asyncio.sleep(0.1)
