"""A phone is told of a charge, and its buttons work, in a real Home Assistant.

By the three blueprints, as an owner sets them up, and by the integration itself.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from demo.accounts import choose
from demo.entities import AUTO_RENEWAL, CANCELLATION, NEXT_CHARGE, Device, devices
from demo.home_assistant import HomeAssistant
from demo.house import DEFINITION
from tests.e2e.later import HouseInTime, add_accounts, cameras, check, house_in_time, issues, until
from tests.e2e.phone import Phone
from tests.e2e.small_world import did_of, small_world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

GATE: Final = "Gate"
SHED: Final = "Shed"
BERLIN: Final = ZoneInfo("Europe/Berlin")
# Long enough for an automation to be set up, short enough to wait for.
SOON: Final = timedelta(seconds=6)
FAR: Final = {"end": "+40d"}
NO_QUIET: Final = {"quiet_from": "12:00:00", "quiet_until": "12:00:00"}


async def test_the_blueprints_tell_a_phone_and_its_buttons_do_what_they_say(
    tmp_path: Path,
) -> None:
    world = small_world(mei={GATE: {}, SHED: {"auto_renew": False, "end": "+9d"}})
    async with house_in_time(tmp_path, world) as house, house.at(0) as home:
        title = (await add_accounts(house, home, "mei"))["mei"]
        # Even where the switch may send a request, no button of a reminder does.
        await choose(home, title, "direct", {"file": DEFINITION, "mode": "by_switch"})
        async with Phone.registered(home, "Meis phone") as phone:
            await _is_reminded(house, home, phone)
            await _is_told_of_renewal(house, home, phone)
            await _reviews(house, home, phone)
        assert await _requests(house) == {}


async def test_the_digest_tells_a_phone_and_its_buttons_do_what_they_say(tmp_path: Path) -> None:
    world = small_world(mei={GATE: FAR}, jun={SHED: FAR})
    async with house_in_time(tmp_path, world) as house, house.at(0) as home:
        titles = await add_accounts(house, home, "mei", "jun")
        await choose(home, titles["jun"], "direct", {"file": DEFINITION, "mode": "by_switch"})
        async with Phone.registered(home, "Meis phone") as phone:
            for title in titles.values():
                await choose(home, title, "people", {"notify": [f"notify.{phone.action}"]})
                # Without quiet hours: what comes up is told at once, whatever the time is.
                await choose(home, title, "alerts", {})
            gate, shed = await _camera(home, GATE), await _camera(home, SHED)

            await _ends(house, home, gate, "+4d")
            digest = await phone.message_about(GATE)
            assert digest["title"].startswith("Plan charge coming: Gate")
            assert digest["data"]["url"] == gate.page
            await phone.press(digest, "Keep")
            await phone.message("Kept: Gate")
            assert await _kept(home, gate.entities[NEXT_CHARGE]) == "charge"

            await _ends(house, home, shed, "+7d")
            digest = await phone.message_about(SHED)
            await phone.press(digest, "Tomorrow")
            answer = await phone.message("Tomorrow again: Shed")
            assert answer["message"].startswith("You hear of it again on ")
            assert await issues(home) == {}
            await phone.press(digest, "Show me how")
            step = await phone.message("One step left: Shed")
            assert step["data"]["url"] == "/config/repairs"
            assert [*await issues(home)] == [SHED]
            states = await home.states()
            assert states[shed.entities[CANCELLATION]]["state"] == "waiting_for_you"
        assert await _requests(house) == {}


async def _ends(house: HouseInTime, home: HomeAssistant, camera: Device, end: str) -> None:
    """Have a camera's plan end at a moment, and see that."""
    await house.control.patch(f"camera/{did_of(camera.name)}", {"plan": {"end": end}})
    await check(home, [camera])


async def _is_reminded(house: HouseInTime, home: HomeAssistant, phone: Phone) -> None:
    gate = await _camera(home, GATE)
    sensor = gate.entities[NEXT_CHARGE]
    earliest = datetime.fromisoformat((await home.states())[sensor]["state"])
    seconds = round((earliest - house.now() - SOON).total_seconds())
    lead = f"-{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    inputs = {"next_charge": sensor, "lead": lead, "phones": [phone.device_id], **NO_QUIET}
    await home.automate("Reminder", "charge_reminder", inputs)

    reminder = await phone.message("Gate: a plan charge is coming")
    assert reminder["data"]["url"] == gate.page
    await phone.press(reminder, "Show me how")
    steps = await phone.message("Gate: how to stop its plan")
    assert steps["message"].startswith("1. Mi Home: the camera")
    await phone.press(reminder, "Keep")
    assert await until(lambda: _kept(home, sensor), lambda kept: kept == "charge") == "charge"
    states = await home.states()
    assert states[gate.entities[AUTO_RENEWAL]]["state"] == "on"
    assert states[gate.entities[CANCELLATION]]["state"] == "none"
    assert await issues(home) == {}
    assert await phone.is_quiet()


async def _is_told_of_renewal(house: HouseInTime, home: HomeAssistant, phone: Phone) -> None:
    shed = await _camera(home, SHED)
    account = next(device for device in await devices(home) if not device.is_camera)
    inputs = {"activity": [account.entities["activity"]], "phones": [phone.device_id]}
    await home.automate("Renewal", "renewal_switched_on", inputs)
    await house.control.post(f"camera/{did_of(SHED)}/renewal", {"on": True})
    await check(home, [shed])
    message = await phone.message("Shed: renewal is on")
    assert message["data"]["url"] == shed.page


async def _reviews(house: HouseInTime, home: HomeAssistant, phone: Phone) -> None:
    at = (house.now() + SOON).astimezone(BERLIN)
    inputs = {"day": at.day, "at": f"{at:%H:%M:%S}", "phones": [phone.device_id]}
    await home.automate("Review", "monthly_review", inputs)
    message = await phone.message("Camera plans: 2 renew")
    lines = message["message"].splitlines()
    assert lines[0] == "Set to renew:"
    assert [line.partition(":")[0] for line in lines[1:3]] == ["• Gate", "• Shed"]
    assert "Amount unknown for 2" in lines


async def _camera(home: HomeAssistant, name: str) -> Device:
    async def find() -> Device | None:
        camera = (await cameras(home)).get(name)
        states = await home.states()
        is_there = camera and states.get(camera.entities.get(AUTO_RENEWAL, ""), {}).get("state")
        return camera if is_there in {"on", "off"} else None

    found = await until(find, bool)  # the options load the account anew
    assert found
    return found


async def _kept(home: HomeAssistant, sensor: str) -> Any:
    return (await home.states())[sensor]["attributes"].get("kept")


async def _requests(house: HouseInTime) -> dict[str, int]:
    sent: dict[str, int] = (await house.control.get("requests"))["renewal_requests"]
    return sent
