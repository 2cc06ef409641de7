"""The demo as a person starts it: a process of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
import os
from pathlib import Path
import re
import signal
import socket
import sys

import aiohttp
import psutil
import pytest

from demo.entities import devices
from demo.home_assistant import ConnectionLostError, HomeAssistant
from demo.ports import is_free
from demo.stage import connected
from tests.e2e.lanes import in_lane

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
CAMERAS = 14
PORT, MAKER_PORT = in_lane(8423), in_lane(8433)
_HOME = re.compile(r"^  Home Assistant +http://127\.0\.0\.1:(\d+)/", re.MULTILINE)
_MAKER = re.compile(r"^  The simulated maker +http://127\.0\.0\.1:(\d+)/", re.MULTILINE)


class Demo:
    """A demo that runs, and what it has printed so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Take the process."""
        self.process = process
        self.printed = ""

    async def until(self, words: str) -> None:
        """Read until it has printed these words."""
        assert self.process.stdout
        while words not in self.printed:
            line = await self.process.stdout.readline()
            assert line, f"it ended before {words!r}:\n{self.printed}"
            self.printed += line.decode()

    async def ended(self) -> int:
        """Read to the end and return the exit status."""
        assert self.process.stdout
        self.printed += (await self.process.stdout.read()).decode()
        return await self.process.wait()

    def family(self) -> list[psutil.Process]:
        """Return it and the processes that it started."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def port(self, pattern: re.Pattern[str]) -> int:
        """Return the port of an address that it printed."""
        found = pattern.search(self.printed)
        assert found, self.printed
        return int(found[1])


@asynccontextmanager
async def demo(python: str, *arguments: str, **environment: str) -> AsyncIterator[Demo]:
    """Start the demo; whatever a test does, nothing of it is left running."""
    process = await asyncio.create_subprocess_exec(
        *(python, "-m", "demo", "--port", str(PORT), "--maker-port", str(MAKER_PORT)),
        *arguments,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    running = Demo(process)
    try:
        yield running
    finally:
        if process.returncode is None:
            for left in running.family():
                left.kill()
            await running.ended()


@pytest.mark.smoke
async def test_check_finds_every_camera_as_the_world_implies(hass_python: str) -> None:
    async with demo(hass_python, "--check") as running, asyncio.timeout(200):
        status = await running.ended()
    assert status == 0, running.printed
    assert running.printed.count("as expected") == CAMERAS
    assert f"{CAMERAS} cameras, 0 not as the world implies; 0 other things wrong." in (
        running.printed
    )


async def test_it_speaks_chinese_moves_to_free_ports_restarts_and_ends_on_ctrl_c() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", PORT))
        taken.listen()
        async with demo(sys.executable, LANG="zh_CN.UTF-8", LC_ALL="") as running:
            await running.until("Stop with Ctrl-C.")
            port, maker_port = running.port(_HOME), running.port(_MAKER)
            assert port == PORT + 1
            await _answers_in_chinese(f"http://127.0.0.1:{port}")
            await _restart(f"http://127.0.0.1:{port}")
            family = running.family()
            running.process.send_signal(signal.SIGINT)
            assert await running.ended() == 0
    assert "小梅" in running.printed
    assert not any(process.is_running() for process in family)
    assert is_free(port)
    assert is_free(maker_port)


async def test_nothing_is_left_when_it_is_killed() -> None:
    async with demo(sys.executable) as running:
        await running.until("Signing in")
        family = running.family()
        assert len(family) > 2
        running.process.kill()
        _, alive = await asyncio.to_thread(psutil.wait_procs, family, timeout=30)
        assert not alive


async def _answers_in_chinese(base_url: str) -> None:
    """See that its own assistant speaks Chinese and can be asked at once, with nothing set up."""
    async with aiohttp.ClientSession() as http:
        home = await HomeAssistant.connect(base_url, http)
        listed = await home.command("assist_pipeline/pipeline/list")
        assert [each["conversation_language"] for each in listed["pipelines"]] == ["zh-CN"]
        answer = await home.command("conversation/process", text="下次什么时候扣费？")
        assert "婴儿房的试用将转为付费" in answer["response"]["speech"]["plain"]["speech"]
        await home.close()


async def _restart(base_url: str) -> None:
    """Restart Home Assistant as its settings page would, and see it come back with all."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(120):
        home = await HomeAssistant.connect(base_url, http)
        before = await _plan_states(home)
        assert before
        with suppress(ConnectionLostError):
            await home.call("homeassistant", "restart")
            while True:
                await home.is_running()
                await asyncio.sleep(0.1)
        await home.close()
        again = None
        while again is None:
            await asyncio.sleep(0.1)
            again = await connected(base_url, http)
        assert await _plan_states(again) == before
        await again.close()


async def _plan_states(home: HomeAssistant) -> dict[str, str]:
    states = await home.states()
    return {
        entity_id: states[entity_id]["state"]
        for device in await devices(home)
        if device.is_camera
        for entity_id in device.entities.values()
    }
