"""The dialogues: setting up, signing in again, changing, options.

All of them talk to the simulated cloud over real sockets. Whatever goes wrong, the same
dialogue must go on to its end; every step that is shown must have its words.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http import HTTPStatus
import json
from pathlib import Path
import re
from typing import Any
from unittest.mock import patch

from aiohttp import ClientSession, web
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData, section
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import voluptuous as vol

from custom_components.camera_cloud_plan.cloud.renewal_request import DefinitionFlaw, parse
from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.definition_files import read_definition
from custom_components.camera_cloud_plan.plan import Channel, channels_sold_in
from simulator.faults import Trouble
from simulator.server import RunningSimulator
from simulator.world import World
from simulator.worldfile import load_world
from tests.integration.conftest import EntryMaker, set_up
from tests.integration.saving import media_folder

MEI = "2300410071"  # six cameras in the mainland, and one that Grandma shares
BERLIN = "6400520082"
GRANDMA = "2300740104"
HALL = "1074000401"
STUDY = "1051000106"

OFFER = "/longPolling/loginUrl"
HOMES = "/app/v2/homeroom/gethome_merged"
SIGN_IN = "/pass/serviceLogin"

INTEGRATION = Path(__file__).parents[2] / "custom_components" / DOMAIN
WORDS = json.loads((INTEGRATION / "translations" / "en.json").read_text(encoding="utf-8"))


@pytest.fixture
def world() -> World:
    """Return the two homes, one of whose cameras is shared."""
    return load_world("two_homes")


@pytest.fixture
def setting_up() -> Iterator[Any]:
    """Keep entries from being really set up; the dialogue is what is looked at."""
    with patch(f"custom_components.{DOMAIN}.async_setup_entry", return_value=True) as set_up:
        yield set_up


class Dialogue:
    """A dialogue as the frontend leads it; checks the words of every step on the way."""

    def __init__(self, hass: HomeAssistant, sim: RunningSimulator) -> None:
        self.hass = hass
        self.sim = sim
        self.section = "config"
        self.result: Any = None

    @property
    def manager(self) -> Any:
        entries = self.hass.config_entries
        return entries.flow if self.section == "config" else entries.options

    @property
    def step(self) -> str:
        return str(self.result.get("step_id") or self.result["type"])

    @property
    def error(self) -> str | None:
        return (self.result.get("errors") or {}).get("base")

    @property
    def words(self) -> dict[str, str]:
        placeholders: dict[str, str] = self.result["description_placeholders"]
        return placeholders

    def took(self, result: Any) -> Any:
        self.result = result
        check_words(self.section, result)
        return result

    async def start(self) -> Any:
        """Begin, and choose to sign in."""
        self.took(await self.manager.async_init(DOMAIN, context={"source": SOURCE_USER}))
        assert self.result["menu_options"] == ["plan", "xiaomi"]
        return await self.choose("xiaomi")

    async def answer(self, **fields: Any) -> Any:
        return await self._configure(fields)

    async def reopen(self) -> Any:
        """Close the window and come back to the same dialogue."""
        return await self._configure(None)

    async def _configure(self, fields: dict[str, Any] | None) -> Any:
        self.took(await self.manager.async_configure(self.result["flow_id"], fields))
        if self.result["type"] in {FlowResultType.ABORT, FlowResultType.CREATE_ENTRY}:
            await self.hass.async_block_till_done()
        return self.result

    async def choose(self, option: str) -> Any:
        return await self.answer(next_step_id=option)

    async def to_link(self) -> Any:
        await self.start()
        return await self.answer(advanced={"gateway": self.sim.base_url})

    def approve(self, user_id: str = MEI) -> None:
        tickets = self.sim.sessions.tickets
        tickets.approve(next(tickets.waiting()).key, user_id)

    def deny(self) -> None:
        tickets = self.sim.sessions.tickets
        tickets.deny(next(tickets.waiting()).key)

    async def polled(self) -> None:
        """Wait until the long poll has its answer."""
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def pass_progress(self) -> Any:
        """Wait like the frontend while progress is shown."""
        while self.result["type"] is FlowResultType.SHOW_PROGRESS:
            await self.hass.async_block_till_done(wait_background_tasks=True)
            await self.reopen()
        return self.result

    async def approved(self, user_id: str = MEI) -> Any:
        """Approve the link that is shown, say so, and wait for what comes of it."""
        assert self.step == "link"
        self.approve(user_id)
        await self.answer()
        return await self.pass_progress()

    async def assert_closing_ends(self, name: str) -> None:
        """Close the window for good; what runs beside the dialogue has to end with it."""
        running = {task for task in asyncio.all_tasks() if f"{DOMAIN} {name}" in task.get_name()}
        assert len(running) == 1
        self.manager.async_abort(self.result["flow_id"])
        _, left = await asyncio.wait(running, timeout=5)
        assert not left

    async def finish(self) -> Any:
        """Go on from wherever it stands, as an owner who agrees to everything would."""
        while self.result["type"] is FlowResultType.FORM:
            if self.step == "link":
                await self.approved()
            elif self.step == "xiaomi":
                await self.answer(advanced={"gateway": self.sim.base_url})
            elif self.step == "gateway":
                await self.answer(gateway=self.sim.base_url)
            else:
                schema = self.result["data_schema"]
                await self.answer(**(schema({}) if schema else {}))
            await self.pass_progress()
        return self.result


def check_words(category: str, result: Any) -> None:
    """Fail if a step lacks a title, a field's words, or a value for a gap in them."""
    words = WORDS[category]
    placeholders = (result.get("description_placeholders") or {}).keys()
    match result["type"]:
        case FlowResultType.FORM | FlowResultType.MENU:
            step = words["step"][result["step_id"]]
            used = [step["title"], step.get("description", "")]
            if result["type"] is FlowResultType.FORM:
                used.append(step["submit"])
                used += field_words(step, result["data_schema"])
                used += [words["error"][key] for key in (result["errors"] or {}).values()]
            else:
                used += [step["menu_options"][option] for option in result["menu_options"]]
                used += [
                    step["menu_option_descriptions"][option] for option in result["menu_options"]
                ]
        case FlowResultType.SHOW_PROGRESS:
            title = words["step"][result["step_id"]]["title"]
            used = [title, words["progress"][result["progress_action"]]]
        case FlowResultType.ABORT if "translation_domain" not in result:
            used = [words["abort"][result["reason"]]]
        case _:
            used = []
    for text in used:
        assert set(re.findall(r"{(\w+)}", text)) <= placeholders, text


def field_words(step: dict[str, Any], schema: vol.Schema | None) -> list[str]:
    """Return the words of a form's fields; each needs a name and a description."""
    used = []
    for marker, field in (schema.schema if schema else {}).items():
        if isinstance(field, section):
            inner = step["sections"][marker.schema]
            used += [inner["name"], inner["description"], *field_words(inner, field.schema)]
        else:
            used += [step["data"][marker.schema], step["data_description"][marker.schema]]
    return used


def options_of(result: Any, field: str) -> dict[str, str]:
    """Return what a field offers: labels by value."""
    schema = result["data_schema"].schema
    return {option["value"]: option["label"] for option in schema[field].config["options"]}


def ticked(result: Any, field: str) -> list[str]:
    """Return what a field has chosen already."""
    marker = next(marker for marker in result["data_schema"].schema if marker.schema == field)
    return list(marker.default())


@pytest.fixture
def dialogue(hass: HomeAssistant, sim: RunningSimulator, setting_up: Any) -> Dialogue:
    return Dialogue(hass, sim)


@pytest.fixture
async def entry(make_entry: EntryMaker) -> MockConfigEntry:
    """Make the mainland account's entry, with Study left out; not loaded."""
    return await make_entry(MEI, regions=["cn"], cameras_excluded=[STUDY])


# --- Setting up ---


async def test_link_then_regions_then_cameras(dialogue: Dialogue, hass: HomeAssistant) -> None:
    """The whole way: what is shown, what is ticked, what is kept."""
    assert (await dialogue.start())["step_id"] == "xiaomi"
    link = await dialogue.answer(advanced={"gateway": dialogue.sim.base_url})
    assert dialogue.step == "link"
    address = dialogue.words["url"]
    assert address.startswith(f"{dialogue.sim.base_url}/")
    assert link["data_schema"].schema["qr"].config["data"] == address
    assert re.fullmatch(r"\d\d:\d\d", dialogue.words["until"])

    assert (await dialogue.answer())["type"] is FlowResultType.SHOW_PROGRESS
    assert dialogue.result["progress_action"] == "waiting"
    assert dialogue.words["url"] == address
    dialogue.approve()
    regions = await dialogue.pass_progress()

    assert dialogue.step == "regions"
    assert dialogue.error is None
    labels = options_of(regions, "regions")
    assert set(labels) == {"cn", "de", "i2", "ru", "sg", "us"}
    assert next(iter(labels)) == "cn"
    assert labels["cn"] == "Mainland China (7)"
    assert labels["de"] == "Europe (0)"
    assert ticked(regions, "regions") == ["cn"]

    cameras = await dialogue.answer(regions=["cn"])
    assert dialogue.step == "cameras"
    own = options_of(cameras, "cameras")
    assert [label.partition(" (")[0] for label in own.values()] == [
        "Balcony",
        "Front door",
        "Garage",
        "Living room",
        "Nursery",
        "Study",
    ]
    assert HALL not in own
    assert ticked(cameras, "cameras") == list(own)

    done = await dialogue.answer(
        cameras=[camera for camera in own if camera != STUDY], show_shared=True
    )
    assert dialogue.step == "voice"
    done = await dialogue.answer(voice_answers=True, voice_cancels=True)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["title"] == "Xiaomi (…0071)"
    assert done["result"].unique_id == f"xiaomi_{MEI}"
    credentials = done["data"].pop("credentials")
    assert done["data"] == {
        "maker": "xiaomi",
        "account": "…0071",
        "gateway": dialogue.sim.base_url,
    }
    assert credentials["user_id"] == MEI
    assert credentials["pass_token"]
    assert "password" not in json.dumps(credentials)
    assert done["options"] == {
        "regions": ["cn"],
        "cameras_excluded": [STUDY],
        "poll_hours": 6,
        "show_shared": True,
        "voice_answers": True,
        "voice_cancels": True,
    }


async def test_an_approval_before_the_button_is_not_missed(dialogue: Dialogue) -> None:
    """The poll runs from the moment the link is shown: no waiting page is seen."""
    await dialogue.to_link()
    dialogue.approve()
    await dialogue.polled()
    await dialogue.answer()
    assert dialogue.result["progress_action"] == "looking"
    await dialogue.pass_progress()
    assert dialogue.step == "regions"


async def test_a_reopened_dialogue_stands_where_it_was(dialogue: Dialogue) -> None:
    """Coming back shows the same step, and the same link: it may be half approved."""
    await dialogue.to_link()
    address = dialogue.words["url"]
    await dialogue.reopen()
    assert dialogue.step == "link"
    assert dialogue.words["url"] == address
    await dialogue.approved()
    await dialogue.reopen()
    assert dialogue.step == "regions"
    await dialogue.answer(regions=["cn"])
    await dialogue.reopen()
    assert dialogue.step == "cameras"
    assert (await dialogue.finish())["type"] is FlowResultType.CREATE_ENTRY


async def test_a_closed_dialogue_stops_waiting_for_its_link(dialogue: Dialogue) -> None:
    await dialogue.to_link()
    await dialogue.assert_closing_ends("sign-in")


async def test_a_dialogue_closed_during_the_search_stops_it(dialogue: Dialogue) -> None:
    dialogue.sim.faults.add(Trouble.LATENCY, host="api", seconds=60)
    await dialogue.to_link()
    dialogue.approve()
    await dialogue.polled()
    await dialogue.answer()
    assert dialogue.step == "looking"
    await dialogue.assert_closing_ends("search")


async def test_regions_are_named_in_home_assistants_language(
    dialogue: Dialogue, hass: HomeAssistant
) -> None:
    hass.config.language = "zh-Hans"
    await dialogue.to_link()
    await dialogue.approved()
    assert options_of(dialogue.result, "regions")["cn"] == "中国大陆 (7)"


@pytest.mark.parametrize("pressed_first", [False, True])
@pytest.mark.parametrize("how", ["denied", "expired"])
async def test_a_link_that_ends_is_followed_by_a_fresh_one(
    dialogue: Dialogue, how: str, pressed_first: bool
) -> None:
    await dialogue.to_link()
    first = dialogue.words["url"]
    if pressed_first:
        await dialogue.answer()
    if how == "denied":
        dialogue.deny()
    else:
        dialogue.sim.sessions.tickets.expire()
    if not pressed_first:
        await dialogue.polled()
        await dialogue.answer()
    await dialogue.pass_progress()
    assert (dialogue.step, dialogue.error) == ("link", "link_expired")
    assert dialogue.words["url"] != first
    assert (await dialogue.finish())["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("trouble", "params", "error", "words"),
    [
        (Trouble.DROPPED, {}, "unreachable", {"host": "127.0.0.1"}),
        (
            Trouble.HTTP_STATUS,
            {"status": 502},
            "not_served",
            {"host": "account.xiaomi.com", "status": "502"},
        ),
        (Trouble.HTTP_STATUS, {"status": 403}, "not_let_in", {"host": "account.xiaomi.com"}),
        (Trouble.HTTP_STATUS, {"status": 429}, "rate_limited", {"minutes": "15"}),
        (
            Trouble.HTTP_STATUS,
            {"status": 429, "retry_after": 90},
            "rate_limited",
            {"minutes": "2"},
        ),
        (Trouble.ACCOUNT_CODE, {"code": 70016}, "refused", {}),
        (Trouble.ACCOUNT_CODE, {"code": 87001}, "verification_needed", {}),
    ],
)
async def test_no_link_to_be_had(
    dialogue: Dialogue,
    trouble: Trouble,
    params: dict[str, int],
    error: str,
    words: dict[str, str],
) -> None:
    """The form comes back, says what to do, and keeps the gateway that was typed."""
    fault = dialogue.sim.faults.add(trouble, params, host="account", path=OFFER)
    await dialogue.to_link()
    assert (dialogue.step, dialogue.error) == ("xiaomi", error)
    assert dialogue.words == words
    folded = dialogue.result["data_schema"].schema["advanced"]
    assert folded.options == {"collapsed": False}
    (gateway,) = folded.schema.schema
    assert gateway.description == {"suggested_value": dialogue.sim.base_url}
    dialogue.sim.faults.remove(fault)
    assert (await dialogue.finish())["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("trouble", "params", "error"),
    [
        (Trouble.STS_REFUSED, {}, "refused"),
        (Trouble.STS_WITHOUT_TOKEN, {}, "unexpected_answer"),
        (Trouble.FOREIGN_REDIRECT, {}, "unexpected_answer"),
        (Trouble.ACCOUNT_CODE, {"code": 70016}, "refused"),
        (Trouble.ACCOUNT_CODE, {"code": 87001}, "verification_needed"),
    ],
)
async def test_an_approved_link_that_leads_to_no_session(
    dialogue: Dialogue, trouble: Trouble, params: dict[str, int], error: str
) -> None:
    """Half a sign-in is none: back to the start, with words."""
    await dialogue.to_link()
    fault = dialogue.sim.faults.add(trouble, params, host="account")
    await dialogue.approved()
    assert (dialogue.step, dialogue.error) == ("xiaomi", error)
    dialogue.sim.faults.remove(fault)
    assert (await dialogue.finish())["type"] is FlowResultType.CREATE_ENTRY


async def test_a_page_instead_of_an_answer(dialogue: Dialogue) -> None:
    """A web page where JSON should be wants the owner's eyes: a link to the maker's page."""
    fault = dialogue.sim.faults.add(Trouble.HTML, host="account", path=OFFER)
    await dialogue.to_link()
    assert dialogue.step == "confirm_in_browser"
    assert dialogue.words["url"] == "https://account.xiaomi.com/"
    await dialogue.reopen()
    assert dialogue.step == "confirm_in_browser"
    dialogue.sim.faults.remove(fault)
    assert (await dialogue.finish())["type"] is FlowResultType.CREATE_ENTRY


async def test_the_maker_wants_something_confirmed(dialogue: Dialogue) -> None:
    """Its own page is offered; after that a fresh link goes on."""
    fault = dialogue.sim.faults.add(Trouble.VERIFICATION_NEEDED, host="account")
    await dialogue.to_link()
    await dialogue.approved()
    assert dialogue.step == "confirm_in_browser"
    assert dialogue.words["url"].startswith("https://account.xiaomi.com/")
    dialogue.sim.faults.remove(fault)
    await dialogue.answer()
    assert (dialogue.step, dialogue.error) == ("link", None)
    assert (await dialogue.finish())["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("http://192.168.1.10:8080", "gateway_not_encrypted"),
        ("http://localhost:8080", "gateway_not_encrypted"),
        ("ftp://127.0.0.1", "gateway_not_an_address"),
        ("https://proxy.example/path", "gateway_not_an_address"),
        ("proxy", "gateway_not_an_address"),
    ],
)
async def test_what_cannot_be_a_gateway(dialogue: Dialogue, typed: str, error: str) -> None:
    await dialogue.start()
    await dialogue.answer(advanced={"gateway": typed})
    assert (dialogue.step, dialogue.error) == ("xiaomi", error)
    assert dialogue.sim.requests.counts == {}
    assert (await dialogue.finish())["type"] is FlowResultType.CREATE_ENTRY


async def test_without_a_gateway_the_maker_itself_is_asked(dialogue: Dialogue) -> None:
    """Names are not resolved in tests: that it tries is told by the host that it names."""
    await dialogue.start()
    folded = dialogue.result["data_schema"].schema["advanced"]
    assert folded.options == {"collapsed": True}
    with patch("aiohttp.resolver.AsyncResolver.resolve", side_effect=OSError):
        await dialogue.answer(advanced={})
    assert (dialogue.step, dialogue.error) == ("xiaomi", "unreachable")
    assert dialogue.words == {"host": "account.xiaomi.com"}
    assert dialogue.sim.requests.counts == {}
    assert (await dialogue.finish())["type"] is FlowResultType.CREATE_ENTRY


async def test_the_same_account_twice(dialogue: Dialogue, entry: MockConfigEntry) -> None:
    await dialogue.to_link()
    await dialogue.approved()
    assert dialogue.result["type"] is FlowResultType.ABORT
    assert dialogue.result["reason"] == "already_configured"


async def test_a_dialogue_that_was_left_is_no_obstacle(
    dialogue: Dialogue, hass: HomeAssistant
) -> None:
    """The same account can be set up in another window; the first dialogue then ends."""
    await dialogue.to_link()
    await dialogue.approved()
    assert dialogue.step == "regions"
    other = Dialogue(hass, dialogue.sim)
    await other.to_link()
    await other.approved()
    assert (await other.finish())["type"] is FlowResultType.CREATE_ENTRY
    assert hass.config_entries.flow.async_progress() == []


async def test_another_account_beside_the_first(
    dialogue: Dialogue, entry: MockConfigEntry, hass: HomeAssistant
) -> None:
    await dialogue.to_link()
    await dialogue.approved(BERLIN)
    assert ticked(dialogue.result, "regions") == ["de"]
    done = await dialogue.finish()
    assert done["options"]["regions"] == ["de"]
    assert len(hass.config_entries.async_entries(DOMAIN)) == 2


async def test_an_account_with_nothing_shared_is_not_asked_about_sharing(
    dialogue: Dialogue,
) -> None:
    await dialogue.to_link()
    await dialogue.approved(BERLIN)
    await dialogue.answer(regions=["de"])
    assert list(dialogue.result["data_schema"].schema) == ["cameras"]
    done = await dialogue.finish()
    assert done["options"]["show_shared"] is False


async def test_an_account_with_nothing_of_its_own(dialogue: Dialogue) -> None:
    """What others share is all there is to ask about."""
    world = dialogue.sim.world
    for camera in [camera for camera in world.cameras.values() if camera.owner == MEI]:
        world.remove_device(camera.did)
    await dialogue.to_link()
    await dialogue.approved()
    assert ticked(dialogue.result, "regions") == ["cn"]
    await dialogue.answer(regions=["cn"])
    assert list(dialogue.result["data_schema"].schema) == ["show_shared"]
    await dialogue.answer(show_shared=True)
    done = await dialogue.finish()
    assert done["options"]["show_shared"] is True
    # What nobody said: voice answers, and begins nothing.
    assert done["options"]["voice_answers"] is True
    assert done["options"]["voice_cancels"] is False
    assert done["options"]["cameras_excluded"] == []


# --- The search ---


async def test_no_camera_anywhere(dialogue: Dialogue) -> None:
    """It is said, and one may go on: cameras can come later. At least one region is asked."""
    fault = dialogue.sim.faults.add(Trouble.NO_DEVICES, host="api")
    await dialogue.to_link()
    await dialogue.approved()
    assert (dialogue.step, dialogue.error) == ("regions", "no_cameras")
    assert ticked(dialogue.result, "regions") == []
    await dialogue.answer(regions=[])
    assert (dialogue.step, dialogue.error) == ("regions", "no_region")
    dialogue.sim.faults.remove(fault)
    await dialogue.answer(regions=["sg"])
    assert dialogue.step == "voice"
    done = await dialogue.finish()
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["options"]["regions"] == ["sg"]
    assert done["options"]["cameras_excluded"] == []


@asynccontextmanager
async def gateway_without(sim: RunningSimulator, *hosts: str) -> AsyncIterator[str]:
    """Run an owner's gateway in front of the cloud that cannot reach some hosts."""

    async def forward(request: web.Request) -> web.Response:
        if request.headers["Host"].startswith(hosts):
            return web.Response(status=502)
        headers = request.headers.copy()
        async with session.request(
            request.method,
            f"{behind}{request.raw_path}",
            headers=headers,
            data=await request.read(),
            allow_redirects=False,
        ) as answer:
            return web.Response(
                status=answer.status, body=await answer.read(), headers=answer.headers
            )

    behind = sim.base_url
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", forward)
    runner = web.AppRunner(app, max_line_size=16_000)
    async with ClientSession(auto_decompress=False) as session:
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


async def test_a_region_that_cannot_be_asked_is_named(dialogue: Dialogue) -> None:
    """The others are chosen from, and it may be ticked all the same."""
    async with gateway_without(dialogue.sim, "sg.", "i2.") as gateway:
        dialogue.sim.cloud.base_url = gateway
        await dialogue.start()
        await dialogue.answer(advanced={"gateway": gateway})
        await dialogue.approved()
        assert (dialogue.step, dialogue.error) == ("regions", "regions_failed")
        named = set(dialogue.words["regions"].split(", "))
        assert named == {"India", "Singapore and most other countries"}
        assert ticked(dialogue.result, "regions") == ["cn"]
        await dialogue.answer(regions=["cn", "sg"])
        done = await dialogue.finish()
    assert done["options"]["regions"] == ["cn", "sg"]


@pytest.mark.parametrize(
    ("trouble", "params", "error"),
    [
        (Trouble.DROPPED, {}, "unreachable"),
        (Trouble.HTTP_STATUS, {"status": 503}, "not_served"),
        (Trouble.HTTP_STATUS, {"status": 429, "retry_after": 60}, "rate_limited"),
        (Trouble.HTML, {}, "unexpected_answer"),
        (Trouble.GARBAGE_CIPHER, {}, "unexpected_answer"),
        (Trouble.API_ERROR, {}, "api_error"),
        (Trouble.INVALID_SIGNATURE, {}, "signature_refused"),
        (Trouble.CLOCK_SKEW, {"seconds": 400.4 * 86400}, "clock_is_off"),
    ],
)
async def test_no_region_answers(
    dialogue: Dialogue, trouble: Trouble, params: dict[str, float], error: str
) -> None:
    """The sign-in is not lost: only the question is asked again."""
    fault = dialogue.sim.faults.add(trouble, params, host="api")
    await dialogue.to_link()
    await dialogue.approved()
    assert (dialogue.step, dialogue.error) == ("look_again", error)
    assert dialogue.words.get("days") == ("400" if error == "clock_is_off" else None)
    await dialogue.reopen()
    assert dialogue.step == "look_again"
    dialogue.sim.faults.remove(fault)
    await dialogue.answer()
    await dialogue.pass_progress()
    assert (dialogue.step, dialogue.error) == ("regions", None)
    assert (await dialogue.finish())["type"] is FlowResultType.CREATE_ENTRY


async def test_a_session_that_ends_during_the_search_is_renewed(dialogue: Dialogue) -> None:
    """What is kept is the renewed one."""
    dialogue.sim.faults.add(Trouble.DROPPED, host="api", count=6)
    await dialogue.to_link()
    await dialogue.approved()
    while dialogue.step != "look_again":
        await dialogue.answer()
        await dialogue.pass_progress()
    dialogue.sim.faults.clear()
    dialogue.sim.sessions.expire()
    await dialogue.answer()
    await dialogue.pass_progress()
    assert dialogue.step == "regions"
    done = await dialogue.finish()
    token = done["data"]["credentials"]["session"]["service_token"]
    kept = dialogue.sim.sessions.service_token(token)
    assert kept is not None
    assert kept.expires_at > dialogue.sim.sessions.now()


# --- Signing in again ---


async def start_reauth(dialogue: Dialogue, entry: MockConfigEntry) -> None:
    dialogue.took(await entry.start_reauth_flow(dialogue.hass))
    assert dialogue.step == "reauth_confirm"
    assert dialogue.words["name"] == entry.title


async def test_signing_in_again(
    dialogue: Dialogue, entry: MockConfigEntry, hass: HomeAssistant
) -> None:
    """The account, its device id and its options stay; only the token is new."""
    before, options = entry.data["credentials"], dict(entry.options)
    await start_reauth(dialogue, entry)
    await dialogue.reopen()
    assert dialogue.step == "reauth_confirm"
    await dialogue.answer()
    await dialogue.approved()
    assert dialogue.result["reason"] == "signed_in_again"
    await hass.async_block_till_done()
    after = entry.data["credentials"]
    assert after["pass_token"] != before["pass_token"]
    assert after["device_id"] == before["device_id"]
    assert entry.data["gateway"] == dialogue.sim.base_url
    assert dict(entry.options) == options


async def test_signing_in_again_with_another_account(
    dialogue: Dialogue, entry: MockConfigEntry
) -> None:
    """Nothing is changed, and the next try may go well."""
    before = dict(entry.data)
    await start_reauth(dialogue, entry)
    await dialogue.answer()
    await dialogue.approved(GRANDMA)
    assert dialogue.result["reason"] == "wrong_account"
    assert dict(entry.data) == before


async def test_signing_in_again_recovers(dialogue: Dialogue, entry: MockConfigEntry) -> None:
    fault = dialogue.sim.faults.add(Trouble.DROPPED, host="account", path=OFFER)
    await start_reauth(dialogue, entry)
    await dialogue.answer()
    assert (dialogue.step, dialogue.error) == ("reauth_confirm", "unreachable")
    assert dialogue.words["name"] == entry.title
    dialogue.sim.faults.remove(fault)
    await dialogue.answer()
    dialogue.deny()
    await dialogue.answer()
    await dialogue.pass_progress()
    assert (dialogue.step, dialogue.error) == ("link", "link_expired")
    assert (await dialogue.finish())["reason"] == "signed_in_again"


async def test_signing_in_again_with_damaged_credentials(
    dialogue: Dialogue, entry: MockConfigEntry, hass: HomeAssistant
) -> None:
    hass.config_entries.async_update_entry(entry, data={**entry.data, "credentials": {}})
    await start_reauth(dialogue, entry)
    await dialogue.answer()
    await dialogue.approved()
    assert dialogue.result["reason"] == "signed_in_again"
    assert entry.data["credentials"]["user_id"] == MEI


# --- Changing ---


async def start_reconfigure(dialogue: Dialogue, entry: MockConfigEntry, option: str) -> None:
    dialogue.took(await entry.start_reconfigure_flow(dialogue.hass))
    assert dialogue.result["type"] is FlowResultType.MENU
    await dialogue.choose(option)


async def test_changing_the_regions(
    dialogue: Dialogue, entry: MockConfigEntry, hass: HomeAssistant
) -> None:
    await start_reconfigure(dialogue, entry, "look")
    await dialogue.pass_progress()
    assert ticked(dialogue.result, "regions") == ["cn"]
    await dialogue.answer(regions=["cn", "de"])
    assert dialogue.result["reason"] == "changed"
    assert entry.options["regions"] == ["cn", "de"]
    assert entry.options["cameras_excluded"] == [STUDY]


async def test_changing_the_regions_when_signed_out(
    dialogue: Dialogue, entry: MockConfigEntry
) -> None:
    """A link comes in between, says why, and must lead to the same account."""
    dialogue.sim.sessions.expire(pass_tokens=True)
    before = entry.data["credentials"]
    await start_reconfigure(dialogue, entry, "look")
    await dialogue.pass_progress()
    assert (dialogue.step, dialogue.error) == ("link", "signed_out")
    assert (await dialogue.finish())["reason"] == "changed"
    assert entry.data["credentials"]["pass_token"] != before["pass_token"]


async def test_changing_the_regions_when_a_page_wants_to_be_read(
    dialogue: Dialogue, entry: MockConfigEntry
) -> None:
    """The page comes first, then a link."""
    dialogue.sim.sessions.expire()
    fault = dialogue.sim.faults.add(Trouble.HTML, host="account", path=SIGN_IN)
    await start_reconfigure(dialogue, entry, "look")
    await dialogue.pass_progress()
    assert dialogue.step == "confirm_in_browser"
    dialogue.sim.faults.remove(fault)
    assert (await dialogue.finish())["reason"] == "changed"


async def test_changing_the_regions_when_renewal_is_not_to_be_had(
    dialogue: Dialogue, entry: MockConfigEntry
) -> None:
    """An account host that is away is no reason to sign in again."""
    dialogue.sim.sessions.expire()
    fault = dialogue.sim.faults.add(Trouble.DROPPED, host="account")
    await start_reconfigure(dialogue, entry, "look")
    await dialogue.pass_progress()
    assert (dialogue.step, dialogue.error) == ("look_again", "unreachable")
    dialogue.sim.faults.remove(fault)
    assert (await dialogue.finish())["reason"] == "changed"


async def test_changing_the_regions_with_damaged_credentials(
    dialogue: Dialogue, entry: MockConfigEntry, hass: HomeAssistant
) -> None:
    hass.config_entries.async_update_entry(entry, data={**entry.data, "credentials": {}})
    await start_reconfigure(dialogue, entry, "look")
    assert dialogue.step == "link"
    assert (await dialogue.finish())["reason"] == "changed"
    assert entry.data["credentials"]["user_id"] == MEI


async def test_signing_in_though_nothing_forces_it(
    dialogue: Dialogue, entry: MockConfigEntry
) -> None:
    before = entry.data["credentials"]
    await start_reconfigure(dialogue, entry, "sign_in")
    assert dialogue.step == "sign_in"
    assert (await dialogue.finish())["reason"] == "changed"
    assert entry.data["credentials"]["pass_token"] != before["pass_token"]
    assert entry.options["regions"] == ["cn"]


async def test_signing_in_to_another_account_while_changing(
    dialogue: Dialogue, entry: MockConfigEntry
) -> None:
    before = dict(entry.data)
    await start_reconfigure(dialogue, entry, "sign_in")
    await dialogue.answer()
    await dialogue.approved(GRANDMA)
    assert dialogue.result["reason"] == "wrong_account"
    assert dict(entry.data) == before


async def test_changing_the_gateway(dialogue: Dialogue, entry: MockConfigEntry) -> None:
    """It is kept once the account was reached through it, not before."""
    await start_reconfigure(dialogue, entry, "gateway")
    (gateway,) = dialogue.result["data_schema"].schema
    assert gateway.description == {"suggested_value": dialogue.sim.base_url}
    await dialogue.answer(gateway="http://proxy.example")
    assert (dialogue.step, dialogue.error) == ("gateway", "gateway_not_encrypted")
    await dialogue.answer(gateway="http://127.0.0.1:9")
    await dialogue.pass_progress()
    assert (dialogue.step, dialogue.error) == ("gateway", "unreachable")
    assert entry.data["gateway"] == dialogue.sim.base_url
    async with gateway_without(dialogue.sim) as other:
        await dialogue.answer(gateway=f"{other}/")
        await dialogue.pass_progress()
        await dialogue.finish()
    assert dialogue.result["reason"] == "changed"
    assert entry.data["gateway"] == other


# --- Options ---


@pytest.fixture
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Load that entry."""
    await set_up(hass, entry)
    return entry


async def start_options(
    hass: HomeAssistant, sim: RunningSimulator, entry: MockConfigEntry, *choices: str
) -> Dialogue:
    """Open the options, and go down the menus."""
    dialogue = Dialogue(hass, sim)
    dialogue.section = "options"
    dialogue.took(await hass.config_entries.options.async_init(entry.entry_id))
    for choice in choices:
        assert dialogue.result["type"] is FlowResultType.MENU
        await dialogue.choose(choice)
    return dialogue


async def test_options(hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry) -> None:
    """How often, which cameras; what is shared can be chosen from once it is shown."""
    dialogue = await start_options(hass, sim, loaded, "general")
    assert dialogue.error is None
    assert dialogue.result["data_schema"]({})["poll_hours"] == 6
    offered = options_of(dialogue.result, "cameras")
    assert len(offered) == 6
    assert set(ticked(dialogue.result, "cameras")) == set(offered) - {STUDY}
    done = await dialogue.answer(poll_hours=12, cameras=[STUDY], show_shared=True)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert dict(loaded.options) == {
        "regions": ["cn"],
        "poll_hours": 12,
        "cameras_excluded": sorted(set(offered) - {STUDY}),
        "show_shared": True,
        "export_pause": 0,
    }
    assert isinstance(loaded.options["poll_hours"], int)
    assert set(loaded.runtime_data.coordinator.data.cameras) == {STUDY, HALL}

    dialogue = await start_options(hass, sim, loaded, "general")
    assert set(options_of(dialogue.result, "cameras")) == {*offered, HALL}


@pytest.mark.parametrize("hours", [0, 25])
async def test_options_outside_the_range(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry, hours: int
) -> None:
    dialogue = await start_options(hass, sim, loaded, "general")
    with pytest.raises(InvalidData):
        await dialogue.answer(poll_hours=hours, cameras=[], show_shared=False)
    done = await dialogue.answer(poll_hours=1, cameras=[], show_shared=False)
    assert done["type"] is FlowResultType.CREATE_ENTRY


async def test_options_while_the_cloud_is_away(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry
) -> None:
    """Those that are left out cannot be named then, and stay left out."""
    sim.faults.add(Trouble.DROPPED, host="api")
    dialogue = await start_options(hass, sim, loaded, "general")
    assert dialogue.error == "cameras_unreadable"
    offered = set(options_of(dialogue.result, "cameras"))
    assert STUDY not in offered
    balcony = next(iter(offered))
    sim.faults.clear()
    await dialogue.answer(poll_hours=6, cameras=[*(offered - {balcony})], show_shared=False)
    assert loaded.options["cameras_excluded"] == sorted([STUDY, balcony])


async def test_options_of_an_entry_that_is_not_loaded(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry
) -> None:
    await hass.config_entries.async_unload(loaded.entry_id)
    dialogue = await start_options(hass, sim, loaded, "general")
    assert dialogue.error == "not_loaded"
    assert list(dialogue.result["data_schema"].schema) == ["poll_hours", "show_shared"]
    await dialogue.answer(poll_hours=3, show_shared=False)
    assert loaded.options["poll_hours"] == 3
    assert loaded.options["cameras_excluded"] == [STUDY]


async def test_options_are_for_administrators(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    assert await async_setup_component(hass, "config", {})
    page = "/api/config/config_entries/options/flow"
    other = await hass_client(hass_read_only_access_token)
    refused = await other.post(page, json={"handler": loaded.entry_id})
    assert refused.status == HTTPStatus.UNAUTHORIZED
    administrator = await hass_client()
    shown = await (await administrator.post(page, json={"handler": loaded.entry_id})).json()
    refused = await other.post(f"{page}/{shown['flow_id']}", json={"next_step_id": "direct"})
    assert refused.status == HTTPStatus.UNAUTHORIZED


# --- Options: who is told ---


async def test_who_is_told(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry
) -> None:
    """Home Assistant itself until told otherwise; notify entities and phones beside it."""
    phone = MockConfigEntry(domain="mobile_app", title="Mum", data={"device_name": "Mei's phone"})
    phone.add_to_hass(hass)
    hass.services.async_register("notify", "mobile_app_mei_s_phone", lambda _: None)
    hass.services.async_register("notify", "mobile_app_tablet", lambda _: None)
    hass.services.async_register("notify", "send_message", lambda _: None)
    registry = er.async_get(hass)
    own = registry.async_get_or_create(
        "notify", "mobile_app", "1", config_entry=phone, suggested_object_id="mei_s_phone"
    )
    hass.states.async_set(own.entity_id, "unknown", {"friendly_name": "Mei's phone"})
    hass.states.async_set("notify.kitchen", "unknown", {"friendly_name": "Kitchen display"})

    dialogue = await start_options(hass, sim, loaded, "people")
    assert options_of(dialogue.result, "notify") == {
        "persistent_notification": "Home Assistant's own notifications",
        "notify.mobile_app_mei_s_phone": "Mum",
        "notify.mobile_app_tablet": "notify.mobile_app_tablet",
        "notify.kitchen": "Kitchen display",
    }
    assert ticked(dialogue.result, "notify") == ["persistent_notification"]
    before = dict(loaded.options)
    chosen = ["notify.mobile_app_mei_s_phone", "notify.kitchen"]
    await dialogue.answer(notify=chosen)
    assert dict(loaded.options) == {**before, "notify": chosen}

    # What is not there just now stays chosen.
    hass.states.async_remove("notify.kitchen")
    dialogue = await start_options(hass, sim, loaded, "people")
    assert options_of(dialogue.result, "notify")["notify.kitchen"] == "notify.kitchen"
    assert ticked(dialogue.result, "notify") == chosen
    await dialogue.answer(notify=[])
    assert loaded.options["notify"] == []


async def test_who_is_told_in_home_assistants_language(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry
) -> None:
    hass.config.language = "zh-Hans"
    dialogue = await start_options(hass, sim, loaded, "people")
    here = options_of(dialogue.result, "notify")["persistent_notification"]
    assert here == "Home Assistant 自带的通知"


# --- Options: who bills ---


async def offered_sellers(
    hass: HomeAssistant, sim: RunningSimulator, entry: MockConfigEntry
) -> tuple[list[str], str]:
    """Return who is offered as billing, and who is chosen."""
    dialogue = await start_options(hass, sim, entry, "billing")
    ((field, selector),) = dialogue.result["data_schema"].schema.items()
    return selector.config["options"], field.default()


async def test_who_bills(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry
) -> None:
    """One answer for all, in place of what was said of single cameras."""
    sellers = ["mi_pay", "wechat_pay", "alipay", "apple", "unknown", "as_it_is"]
    assert await offered_sellers(hass, sim, loaded) == (sellers, "as_it_is")
    dialogue = await start_options(hass, sim, loaded, "billing")
    await dialogue.answer(billed_by="as_it_is")
    assert "billed_by" not in loaded.options

    dialogue = await start_options(hass, sim, loaded, "billing")
    await dialogue.answer(billed_by="alipay")
    await hass.async_block_till_done()
    coordinator = loaded.runtime_data.coordinator
    assert {plan.channel for plan in coordinator.data.cameras.values()} == {Channel.ALIPAY}
    assert await offered_sellers(hass, sim, loaded) == (sellers, "alipay")

    one = next(iter(coordinator.data.cameras))
    await coordinator.async_set_billed_by(Channel.APPLE, one)
    assert (await offered_sellers(hass, sim, loaded))[1] == "as_it_is"
    dialogue = await start_options(hass, sim, loaded, "billing")
    await dialogue.answer(billed_by="as_it_is")
    assert coordinator.billed_by(one) is Channel.APPLE

    dialogue = await start_options(hass, sim, loaded, "billing")
    await dialogue.answer(billed_by="unknown")
    await hass.async_block_till_done()
    coordinator = loaded.runtime_data.coordinator
    assert coordinator.billed_by(one) is None
    assert coordinator.is_billing_known(one)


async def test_who_bills_outside_the_mainland(
    hass: HomeAssistant, sim: RunningSimulator, make_entry: EntryMaker
) -> None:
    """Only who sells where the cameras are; while that is not known, in the regions asked."""
    entry = await make_entry(BERLIN, regions=["cn", "de"])
    everyone = ["mi_pay", "wechat_pay", "alipay", "apple", "google_play", "unknown", "as_it_is"]
    assert (await offered_sellers(hass, sim, entry))[0] == everyone
    await set_up(hass, entry)
    stores = ["google_play", "apple", "unknown", "as_it_is"]
    assert (await offered_sellers(hass, sim, entry))[0] == stores


def test_everyone_who_bills_has_a_name() -> None:
    regions = ("cn", "de", "typed")
    sold = {channel.value for region in regions for channel in channels_sold_in(region)}
    named = set(WORDS["selector"]["billed_by"]["options"])
    assert named == {*sold, "unknown", "as_it_is", Channel.SELLER_UNKNOWN.value}
    assert set(WORDS["entity"]["select"]["billed_by"]["state"]) == {*sold, "not_known"}


# --- Options: the direct way ---

DEFINITION = (Path(__file__).parents[2] / "simulator" / "renewal_request.json").read_text(
    encoding="utf-8"
)


@pytest.fixture
def configuration(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return a configuration folder of this test's own."""
    hass.config.config_dir = str(tmp_path)
    return tmp_path


@pytest.fixture
def folder(configuration: Path) -> Path:
    """Return the folder for definitions, with the simulated maker's in it."""
    folder = configuration / DOMAIN
    folder.mkdir(exist_ok=True)  # ledgers lie there too
    (folder / "simulated.json").write_text(DEFINITION, encoding="utf-8")
    return folder


@pytest.mark.usefixtures("configuration")
async def test_a_pasted_definition(
    hass: HomeAssistant,
    sim: RunningSimulator,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It is shown what is sent where; the guided screen is the default."""
    freezer.move_to("2026-11-22T12:00:00+00:00")
    dialogue = await start_options(hass, sim, loaded, "direct")
    assert dialogue.step == "definition"
    assert list(dialogue.result["data_schema"].schema) == ["pasted"]
    assert dialogue.words["folder"] == "camera_cloud_plan/"
    await dialogue.answer(pasted=f"\n{DEFINITION}\n")
    assert (dialogue.step, dialogue.error) == ("mode", None)
    assert dialogue.words["source"] == "pasted text"
    address = "POST https://camera.api.io.mi.com/simulated/cloud-plan/renewal"
    assert dialogue.words["requests"] == f"- `off`: `{address}`\n- `on`: `{address}`"
    assert "renewal_request" not in loaded.options
    await dialogue.answer(**dialogue.result["data_schema"]({}))
    await hass.async_block_till_done()
    kept = loaded.options["renewal_request"]
    assert kept == {
        "definition": parse(DEFINITION).as_dict(),
        "source": "pasted",
        "added_at": "2026-11-22T12:00:00+00:00",
        "by_switch": False,
    }
    definition = loaded.runtime_data.coordinator.casework.definition
    assert definition is not None
    assert (definition.by_switch, definition.has_on, definition.worked) == (False, True, 0)


async def test_a_definition_from_a_file(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry, folder: Path
) -> None:
    (folder / "notes.txt").write_text("not offered", encoding="utf-8")
    (folder / "folder.json").mkdir()
    dialogue = await start_options(hass, sim, loaded, "direct")
    files = dialogue.result["data_schema"].schema["file"].config["options"]
    assert files == ["simulated.json"]
    await dialogue.answer(file="simulated.json")
    assert dialogue.words["source"] == "simulated.json"
    await dialogue.answer(mode="by_switch")
    await hass.async_block_till_done()
    kept = loaded.options["renewal_request"]
    assert (kept["source"], kept["by_switch"]) == ("simulated.json", True)


async def test_no_file_outside_the_folder_is_read(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry, folder: Path
) -> None:
    """A link to somewhere else is not offered, nor followed if it appears meanwhile."""
    outside = folder.parent / "secrets.json"
    outside.write_text(DEFINITION, encoding="utf-8")
    (folder / "link.json").symlink_to(outside)
    (folder / "inside.json").symlink_to(folder / "simulated.json")
    dialogue = await start_options(hass, sim, loaded, "direct")
    files = dialogue.result["data_schema"].schema["file"].config["options"]
    assert files == ["inside.json", "simulated.json"]
    for way_out in ("../secrets.json", "link.json"):
        with pytest.raises(InvalidData):
            await dialogue.answer(file=way_out)
        with pytest.raises(OSError):  # noqa: PT011 - nothing of it may be told
            read_definition(str(folder.parent), way_out)
    (folder / "simulated.json").unlink()
    (folder / "simulated.json").symlink_to(outside)
    await dialogue.answer(file="simulated.json")
    assert (dialogue.step, dialogue.error) == ("definition", "file_unreadable")
    assert list(dialogue.result["data_schema"].schema) == ["pasted"]


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"\xff\xfe", "file_unreadable"), (b" " * 100_000, "too_large"), (b"{", "not_json")],
)
async def test_a_file_that_is_no_definition(
    hass: HomeAssistant,
    sim: RunningSimulator,
    loaded: MockConfigEntry,
    folder: Path,
    content: bytes,
    error: str,
) -> None:
    (folder / "odd.json").write_bytes(content)
    dialogue = await start_options(hass, sim, loaded, "direct")
    await dialogue.answer(file="odd.json")
    assert (dialogue.step, dialogue.error) == ("definition", error)
    await dialogue.answer(file="simulated.json")
    assert (dialogue.step, dialogue.error) == ("mode", None)


async def test_a_file_and_a_text_are_too_much(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry, folder: Path
) -> None:
    """What was typed is still there to be put right."""
    dialogue = await start_options(hass, sim, loaded, "direct")
    await dialogue.answer()
    assert dialogue.error == "one_of_two"
    await dialogue.answer(file="simulated.json", pasted="{}")
    assert dialogue.error == "one_of_two"
    typed = {
        marker.schema: marker.description["suggested_value"]
        for marker in dialogue.result["data_schema"].schema
    }
    assert typed == {"file": "simulated.json", "pasted": "{}"}


@pytest.mark.usefixtures("configuration")
async def test_a_flaw_is_named_with_its_place(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry
) -> None:
    flawed = json.loads(DEFINITION)
    flawed["off"]["path"] = "/cloud/order/create"
    dialogue = await start_options(hass, sim, loaded, "direct")
    await dialogue.answer(pasted=json.dumps(flawed))
    assert dialogue.error == "denied_word"
    assert dialogue.words["where"] == "$.off.path"
    assert "order" not in json.dumps(dialogue.words)
    assert "renewal_request" not in loaded.options


@pytest.mark.usefixtures("configuration")
async def test_a_definition_for_gateways_only(
    hass: HomeAssistant, sim: RunningSimulator, entry: MockConfigEntry
) -> None:
    """The simulated maker's is for nobody who asks the maker itself."""
    hass.config_entries.async_update_entry(entry, data={**entry.data, "gateway": None})
    dialogue = await start_options(hass, sim, entry, "direct")
    await dialogue.answer(pasted=DEFINITION)
    assert (dialogue.step, dialogue.error) == ("definition", "gateway_only")


def test_every_flaw_has_words() -> None:
    """Words that say where, but for a text of which nothing can be pointed at."""
    for flaw in DefinitionFlaw:
        text = WORDS["options"]["error"][flaw]
        assert ("{where}" in text) is (flaw is not DefinitionFlaw.NOT_JSON), flaw


async def keep_definition(
    hass: HomeAssistant, sim: RunningSimulator, entry: MockConfigEntry
) -> None:
    dialogue = await start_options(hass, sim, entry, "direct")
    await dialogue.answer(file="simulated.json")
    await dialogue.answer(mode="guided")
    await hass.async_block_till_done()


async def test_a_definition_that_is_there(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry, folder: Path
) -> None:
    """Who may send it can be changed, another put in its place, and it can be taken out."""
    await keep_definition(hass, sim, loaded)
    before = dict(loaded.options["renewal_request"])
    dialogue = await start_options(hass, sim, loaded, "direct")
    assert dialogue.step == "direct"
    assert dialogue.words["source"] == "simulated.json"
    assert dialogue.words["worked"] == "It has not been used so far."
    assert re.fullmatch(r"\w{3} \d{1,2} \w{3}, \d\d:\d\d", dialogue.words["added"])
    await dialogue.choose("mode")
    assert dialogue.result["data_schema"]({}) == {"mode": "guided"}
    await dialogue.answer(mode="by_switch")
    await hass.async_block_till_done()
    assert loaded.options["renewal_request"] == {**before, "by_switch": True}
    dialogue = await start_options(hass, sim, loaded, "direct", "mode")
    assert dialogue.result["data_schema"]({}) == {"mode": "by_switch"}

    dialogue = await start_options(hass, sim, loaded, "direct", "definition")
    await dialogue.answer(pasted=DEFINITION)
    assert dialogue.result["data_schema"]({}) == {"mode": "guided"}
    await dialogue.answer(mode="guided")
    await hass.async_block_till_done()
    assert loaded.options["renewal_request"]["source"] == "pasted"

    dialogue = await start_options(hass, sim, loaded, "direct", "remove")
    await hass.async_block_till_done()
    assert "renewal_request" not in loaded.options
    assert loaded.runtime_data.coordinator.casework.definition is None


async def test_a_definition_of_an_entry_that_is_not_loaded(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry, folder: Path
) -> None:
    """How often it worked is not known then."""
    await keep_definition(hass, sim, loaded)
    await hass.config_entries.async_unload(loaded.entry_id)
    dialogue = await start_options(hass, sim, loaded, "direct")
    assert not dialogue.words["worked"]


async def test_a_definition_that_does_not_work(
    hass: HomeAssistant,
    sim: RunningSimulator,
    loaded: MockConfigEntry,
    folder: Path,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The mark is shown; saving the same definition anew clears it."""
    await keep_definition(hass, sim, loaded)
    coordinator = loaded.runtime_data.coordinator
    freezer.tick(60)
    await coordinator.cases.async_request_failed(parse(DEFINITION).digest)
    dialogue = await start_options(hass, sim, loaded, "direct")
    assert dialogue.step == "direct_failed"
    assert re.fullmatch(r"\w{3} \d{1,2} \w{3}, \d\d:\d\d", dialogue.words["failed"])
    freezer.tick(60)
    await dialogue.choose("definition")
    await dialogue.answer(file="simulated.json")
    await dialogue.answer(mode="guided")
    await hass.async_block_till_done()
    dialogue = await start_options(hass, sim, loaded, "direct")
    assert dialogue.step == "direct"


async def test_how_recordings_are_saved(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry, tmp_path: Path
) -> None:
    """How fast, and where; a folder that may not be written to is refused at once."""
    media = media_folder(hass, tmp_path)
    dialogue = await start_options(hass, sim, loaded, "recordings")
    assert dialogue.result["data_schema"]({}) == {"export_at_once": 1, "export_pause": 0.0}
    assert dialogue.words["folder"] == str(media / DOMAIN)
    await dialogue.answer(export_at_once=4, export_pause=0, export_folder="/etc")
    assert dialogue.result["errors"] == {"export_folder": "folder_not_allowed"}
    done = await dialogue.answer(export_at_once=4, export_pause=0, export_folder=" kept ")
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert {key: value for key, value in loaded.options.items() if key.startswith("export_")} == {
        "export_at_once": 4,
        "export_pause": 0.0,
        "export_folder": "kept",
    }
    assert isinstance(loaded.options["export_at_once"], int)

    dialogue = await start_options(hass, sim, loaded, "recordings")
    await dialogue.answer(export_at_once=1, export_pause=2.5)
    assert loaded.options["export_folder"] is None


@pytest.mark.parametrize("change", [{"export_at_once": 5}, {"export_pause": 61}])
async def test_haste_has_its_bounds(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry, change: dict[str, int]
) -> None:
    dialogue = await start_options(hass, sim, loaded, "recordings")
    with pytest.raises(InvalidData):
        await dialogue.answer(**{"export_at_once": 1, "export_pause": 1, **change})
