"""Voice, through Home Assistant's own agent: who is answered what, and what is never done."""

from datetime import timedelta
import logging
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.homeassistant.exposed_entities import (
    async_expose_entity,
    async_should_expose,
)
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
)
from homeassistant.helpers.llm import LLM_API_ASSIST, LLMContext, ToolInput, async_get_api
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from simulator.server import RunningSimulator
from simulator.world import World
from simulator.worldfile import load_world

from .acts import device_id, direct_way, press_off, restart, settle
from .asked import ask, listen
from .conftest import EntryMaker, entity_id, pass_time, set_up
from .test_coordinator import coordinator_of
from .typed import typed_in

MEI, BERLIN = "2300410071", "6400520082"
FRONT_DOOR, NURSERY, GARAGE, STUDY = (f"10510001{which}" for which in ("01", "03", "05", "06"))
STOP, YES = "stop renewal for the front door", "yes, stop renewal"
NOTHING_AWAITED = "There is nothing to confirm here"
NOT_UNDERSTOOD = "couldn't understand"

pytestmark = pytest.mark.freeze_time("2026-11-22T12:00:00+00:00")


@pytest.fixture
def world() -> World:
    """Return the two homes."""
    return load_world("two_homes")


@pytest.fixture
async def home(hass: HomeAssistant, make_entry: EntryMaker) -> MockConfigEntry:
    """Set up an account of six cameras, whose owner lets voice begin a cancellation."""
    return await home_with(hass, make_entry, voice_cancels=True)


async def home_with(
    hass: HomeAssistant, make_entry: EntryMaker, account: str = MEI, **options: Any
) -> MockConfigEntry:
    await hass.config.async_set_time_zone("Asia/Shanghai")
    await listen(hass)
    entry = await make_entry(account, **options)
    await set_up(hass, entry)
    return entry


def case_state(entry: MockConfigEntry, camera_id: str = FRONT_DOOR) -> str | None:
    case = coordinator_of(entry).cases.get(camera_id)
    return case.state.value if case else None


async def gathered(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let the sentences be built anew."""
    await pass_time(hass, freezer, 2)


# --- Whose sentences ---


async def test_a_sentence_that_names_none_of_ours_is_left_to_others(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    assert await async_setup_component(hass, "intent", {})
    automation = {
        "trigger": {"platform": "conversation", "command": "when is the next charge for {car}"},
        "action": {"set_conversation_response": "The car is charged at night."},
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await settle(hass)
    assert await ask(hass, "when is the next charge for my car") == "The car is charged at night."
    assert "Front door" in await ask(hass, "when do we pay for the front door")
    assert (await ask(hass, "which recordings disappear soon")).startswith("Recordings of Front ")
    assert NOT_UNDERSTOOD in await ask(hass, "when do we pay for the moon")
    assert "20:00" in await ask(hass, "what time is it") or "8:00" in await ask(
        hass, "what time is it"
    )
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


async def test_nothing_is_a_wildcard(hass: HomeAssistant, home: MockConfigEntry) -> None:
    from homeassistant.components.conversation.agent_manager import (  # noqa: PLC0415 - private
        get_agent_manager,
    )

    sentences = get_agent_manager(hass).trigger_sentences
    assert sentences
    assert not [sentence for sentence in sentences if "{" in sentence or "<" in sentence]


async def test_what_is_about_plans_and_makes_no_sense_is_not_understood_in_its_language(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    assert await ask(hass, "keep the front door cancelled") == "I did not understand that."
    assert await ask(hass, "取消front door还剩几天", language="zh-cn") == "我没听懂。"


async def test_its_sentences_go_with_the_account(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    assert await hass.config_entries.async_unload(home.entry_id)
    assert NOT_UNDERSTOOD in await ask(hass, "when is the next charge")


async def test_an_owner_may_not_want_answers(hass: HomeAssistant, make_entry: EntryMaker) -> None:
    await home_with(hass, make_entry, voice_answers=False, voice_cancels=True)
    assert NOT_UNDERSTOOD in await ask(hass, "when is the next charge")


async def test_an_account_from_before_answers_and_begins_nothing(
    hass: HomeAssistant, make_entry: EntryMaker
) -> None:
    entry = await home_with(hass, make_entry)
    assert "Nursery" in await ask(hass, "when is the next charge")
    assert "Configure, Voice" in await ask(hass, STOP, chat="one")
    assert NOTHING_AWAITED in await ask(hass, YES, chat="one")
    assert case_state(entry) is None


# --- Names ---


async def test_places_and_aliases_and_new_names_are_understood(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    floor = fr.async_get(hass).async_create("Top floor", aliases={"under the roof"})
    area = ar.async_get(hass).async_create(
        "Upstairs", aliases={"the first floor", "楼上"}, floor_id=floor.floor_id
    )
    devices = dr.async_get(hass)
    for camera_id in (NURSERY, STUDY):
        devices.async_update_device(device_id(hass, camera_id), area_id=area.id)
    devices.async_update_device(device_id(hass, GARAGE), name_by_user="Car port (old); {left}")
    er.async_get(hass).async_update_entity(
        entity_id(hass, FRONT_DOOR, "next_charge"), aliases=["porch", "大门", "小米 C500 摄像头"]
    )
    await gathered(hass, freezer)
    assert "Nursery" in await ask(hass, "when is the next charge in upstairs")
    assert "Nursery" in await ask(hass, "楼上什么时候扣费", language="zh-cn")
    assert "Which one: Nursery or Study?" in await ask(hass, "is the renewal of upstairs off")
    assert await ask(hass, "do the cameras upstairs renew") == "Nursery is set to renew."
    assert "Nursery" in await ask(hass, "when is the next charge on the top floor")
    assert "Nursery" in await ask(hass, "when do we pay for under the roof")
    fr.async_get(hass).async_update(floor.floor_id, name="Loft", aliases=set())
    await gathered(hass, freezer)
    assert "Nursery" in await ask(hass, "when is the next charge in the loft")
    assert NOT_UNDERSTOOD in await ask(hass, "when do we pay for under the roof")
    assert "Front door" in await ask(hass, "when do we pay for the porch?")
    assert "Front door" in await ask(hass, "大门什么时候扣费", language="zh-cn")
    assert "Front door" in await ask(hass, "小米c500什么时候扣费", language="zh-cn")
    assert "Car port" in await ask(hass, "does the car port old left renew")
    assert NOT_UNDERSTOOD in await ask(hass, "does the garage renew")


async def test_cameras_of_one_name_are_told_apart_by_their_areas(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    devices, areas = dr.async_get(hass), ar.async_get(hass)
    for camera_id, place in ((NURSERY, "Attic"), (STUDY, "Cellar")):
        devices.async_update_device(
            device_id(hass, camera_id), name_by_user="Eye", area_id=areas.async_create(place).id
        )
    await gathered(hass, freezer)
    assert "Which one: Eye in Attic or Eye in Cellar?" in await ask(hass, "does the eye renew")
    assert await ask(hass, "does the eye in the cellar renew") == (
        "No, Eye does not renew. Its plan runs until Tuesday 1 December."
    )


# --- The yes ---


async def test_a_yes_counts_in_its_own_chat_once(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    assert NOTHING_AWAITED in await ask(hass, YES, chat="one")
    assert "Say: yes, stop renewal." in await ask(hass, STOP, chat="one")
    assert case_state(home) is None
    assert NOTHING_AWAITED in await ask(hass, YES, chat="two")
    assert case_state(home) is None
    assert NOT_UNDERSTOOD in await ask(hass, "yes", chat="one")
    said = await ask(hass, YES, chat="one")
    assert said.startswith("I can't switch it off myself.")
    assert case_state(home) == "waiting_for_you"
    assert NOTHING_AWAITED in await ask(hass, YES, chat="one")
    assert (await ask(hass, "is it off yet")).startswith("Not yet: one step is left for Front door")


async def test_what_the_switch_began_is_asked_about_too(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    assert "Front door" not in await ask(hass, "is it off yet")
    await press_off(hass, FRONT_DOOR)
    await gathered(hass, freezer)
    assert (await ask(hass, "is it off yet")).startswith("Not yet: one step is left for Front door")


async def test_a_yes_that_comes_late_does_nothing(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await ask(hass, STOP, chat="one")
    await pass_time(hass, freezer, timedelta(minutes=2).total_seconds())
    assert NOTHING_AWAITED in await ask(hass, YES, chat="one")
    assert case_state(home) is None


async def test_a_yes_is_for_the_act_that_was_asked_last(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    await ask(hass, STOP, chat="one")
    await ask(hass, "keep the plan of the garage", chat="one")
    assert NOTHING_AWAITED in await ask(hass, YES, chat="one")
    assert (await ask(hass, "yes, keep the plan", chat="one")).startswith("Kept.")
    assert case_state(home) is None


async def test_consent_that_was_withdrawn_meanwhile_counts(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    await ask(hass, STOP, chat="one")
    options = {**home.options, "voice_cancels": False}
    hass.config_entries.async_update_entry(home, options=options)
    assert "Configure, Voice" in await ask(hass, YES, chat="one")
    assert case_state(home) is None


async def test_a_yes_is_to_what_was_asked(
    hass: HomeAssistant, home: MockConfigEntry, sim: RunningSimulator
) -> None:
    """Nothing is done by it once its maker says otherwise: off, or in another term."""
    await ask(hass, STOP, chat="one")
    plan = sim.world.camera(FRONT_DOOR).plan
    assert plan is not None
    plan.end_ms += 31 * 86_400_000
    await coordinator_of(home).async_refresh()
    said = await ask(hass, YES, chat="one")
    assert said == (
        "Stop the renewal of Front door? Its plan then runs until Monday 28 December."
        " Say: yes, stop renewal."
    )
    assert case_state(home) is None
    sim.world.switch_renewal(FRONT_DOOR, on=False)
    await coordinator_of(home).async_refresh()
    assert (await ask(hass, YES, chat="one")).startswith("Yes, renewal is off for Front door.")
    assert case_state(home) is None


async def test_a_yes_of_somebody_else_does_nothing(
    hass: HomeAssistant,
    home: MockConfigEntry,
    hass_admin_user: MockUser,
    housemate: MockUser,
) -> None:
    """Nor does one in another language, though chat and act are the same."""
    mine, theirs = (Context(user_id=user.id) for user in (hass_admin_user, housemate))
    await ask(hass, STOP, chat="one", context=mine)
    for context in (theirs, Context()):
        assert NOTHING_AWAITED in await ask(hass, YES, chat="one", context=context)
    in_chinese = await ask(hass, "是的，停止续费", chat="one", context=mine, language="zh-cn")
    assert in_chinese.startswith("这里没有需要确认的。")
    assert case_state(home) is None
    assert "I've sent you" in await ask(hass, YES, chat="one", context=mine)


async def test_a_yes_does_not_outlive_a_restart(hass: HomeAssistant, home: MockConfigEntry) -> None:
    await ask(hass, STOP, chat="one")
    await restart(hass, home)
    assert NOTHING_AWAITED in await ask(hass, YES, chat="one")
    assert case_state(home) is None


# --- Whether it is off ---


async def test_what_was_off_and_renews_again_is_said_so_with_since_when(
    hass: HomeAssistant,
    home: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await press_off(hass, FRONT_DOOR)
    freezer.tick(60)
    sim.world.switch_renewal(FRONT_DOOR, on=False)
    await coordinator_of(home).async_refresh()
    asked = "is the renewal of the front door off"
    assert (await ask(hass, asked)).startswith("Yes, renewal is off for Front door.")
    freezer.tick(timedelta(hours=1))
    sim.world.switch_renewal(FRONT_DOOR, on=True)
    await coordinator_of(home).async_refresh()
    freezer.tick(timedelta(hours=2))
    again = (
        "No. It was off, but Xiaomi says that Front door renews again, first seen at 21:01."
        " What to do now stands in the settings, under Repairs."
    )
    assert await ask(hass, "is it off yet") == again
    assert await ask(hass, asked) == again
    assert await ask(hass, STOP) == again
    assert await ask(hass, "关了吗", language="zh-cn") == (
        "没有。关闭过，但从21点1分起小米显示Front door又会续费了。接下来怎么做，请看设置里的“修复”。"
    )


async def test_what_its_maker_switched_on_again_is_said_so_without_a_case(
    hass: HomeAssistant,
    home: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.tick(60)
    sim.world.switch_renewal(STUDY, on=True)
    await coordinator_of(home).async_refresh()
    assert (await ask(hass, "is the renewal of the study off")).startswith(
        "No. It was off, but Xiaomi says that Study renews again, first seen at 20:01."
    )


async def test_what_nobody_has_read_is_not_called_on(
    hass: HomeAssistant,
    home: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await press_off(hass, FRONT_DOOR)
    sim.faults.add("http_status", status=503)
    await coordinator_of(home).casework.async_done(FRONT_DOOR)
    await pass_time(hass, freezer, timedelta(days=3, hours=1).total_seconds())
    assert case_state(home) == "not_effective"
    assert (await ask(hass, "is it off yet")).startswith(
        "I can't tell for Front door: the step was done, and Xiaomi has not said since"
    )


# --- Who speaks, and what is sent ---


async def test_a_housemate_begins_and_does_not_take_back(
    hass: HomeAssistant, make_entry: EntryMaker, housemate: MockUser, sim: RunningSimulator
) -> None:
    entry = await home_with(
        hass, make_entry, voice_cancels=True, renewal_request=direct_way(by_switch=True)
    )
    context = Context(user_id=housemate.id)
    await ask(hass, STOP, chat="one", context=context)
    assert "the owner of this home" in await ask(hass, YES, chat="one", context=context)
    assert case_state(entry) == "waiting_for_you"
    take_back = "withdraw the cancellation of the front door"
    assert "Only an administrator" in await ask(hass, take_back, chat="one", context=context)
    assert case_state(entry) == "waiting_for_you"


async def test_a_guest_who_may_only_look_begins_nothing(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    group = await hass.auth.async_get_group("system-read-only")
    assert group is not None
    guest = MockUser(groups=[group]).add_to_hass(hass)
    context = Context(user_id=guest.id)
    assert "Front door is set" in await ask(
        hass, "when do we pay for the front door", context=context
    )
    assert "You may not" in await ask(hass, STOP, chat="one", context=context)


async def test_an_administrator_is_told_that_the_step_is_theirs(
    hass: HomeAssistant, home: MockConfigEntry, hass_admin_user: MockUser
) -> None:
    context = Context(user_id=hass_admin_user.id)
    await ask(hass, STOP, chat="one", context=context)
    assert "I've sent you the one step" in await ask(hass, YES, chat="one", context=context)


async def test_where_nobody_is_told_it_is_said_where_the_step_stands(
    hass: HomeAssistant, make_entry: EntryMaker
) -> None:
    await home_with(hass, make_entry, voice_cancels=True, notify=[])
    await ask(hass, STOP, chat="one")
    assert "under Repairs" in await ask(hass, YES, chat="one")


# --- Whose word it is ---


async def test_what_nobody_can_tell_may_be(hass: HomeAssistant, make_entry: EntryMaker) -> None:
    await home_with(hass, make_entry, BERLIN)
    said = await ask(hass, "when do we pay for the berlin hallway")
    assert said.startswith("Berlin hallway may renew ")
    assert "Xiaomi does not show whether it does." in said
    said = await ask(hass, "does the berlin hallway renew")
    assert said.startswith("I don't know whether Berlin hallway renews.")
    assert "A charge may come " in said
    assert "柏林" not in await ask(hass, "哪些摄像头会续费", language="zh-cn")


async def test_a_typed_plan_is_told_as_its_owners_word(hass: HomeAssistant) -> None:
    await hass.config.async_set_time_zone("Asia/Shanghai")
    await listen(hass)
    await typed_in(hass, price=3.5, currency="EUR")
    said = await ask(hass, "when is the next charge for the doorbell")
    assert said.startswith("Doorbell is set to renew ")
    assert "for 3 euros and 50 cents" in said
    assert said.endswith("That is by your own word.")
    assert (await ask(hass, "Doorbell会续费吗", language="zh-cn")).endswith("这是您自己填写的。")
    assert (await ask(hass, "is the doorbell cancelled")).endswith("That is by your own word.")
    assert await ask(hass, "what do the cameras cost a month") == (
        "Doorbell costs 3 euros and 50 cents a month. The price is by your own word."
    )


# --- Age, and what fails ---


async def test_what_is_old_is_told_with_its_age(
    hass: HomeAssistant,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    sim: RunningSimulator,
) -> None:
    lost = "which recordings of the study disappear soon"
    assert (await ask(hass, lost)).startswith("23 recordings of Study disappear soon")
    sim.faults.add("http_status", status=503)
    await pass_time(hass, freezer, timedelta(hours=10).total_seconds())
    assert await ask(hass, lost) == "I could not see what there is of Study."
    said = await ask(hass, "how many days are left for the study")
    assert said.endswith("That was read ten hours ago; Xiaomi could not be asked since.")
    await pass_time(hass, freezer, timedelta(days=8).total_seconds())
    assert (await ask(hass, "does the garage renew")).startswith("I don't know")
    assert await ask(hass, "what do the cameras cost") == (
        "I know of no plan that renews. Not all plans could be read."
    )
    assert "I don't know when its plan ends." in await ask(hass, STOP)


async def test_whatever_fails_there_are_words(
    hass: HomeAssistant, home: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    broken = "custom_components.camera_cloud_plan.voice.answers.Answers.renews"
    with patch(broken, side_effect=ZeroDivisionError):
        said = await ask(hass, "does the study renew")
    assert said == "That did not work, and I don't know why. The log says more."
    assert "Unexpected error answering by voice" in caplog.text
    caplog.clear()


async def test_without_the_private_way_all_else_works(
    hass: HomeAssistant, make_entry: EntryMaker, caplog: pytest.LogCaptureFixture
) -> None:
    changed = "homeassistant.components.conversation.agent_manager.AgentManager.register_trigger"
    with patch(changed, side_effect=TypeError):
        entry = await home_with(hass, make_entry)
        assert NOT_UNDERSTOOD in await ask(hass, "when is the next charge")
        await restart(hass, entry)
    said = [
        record
        for record in caplog.get_records("call")
        if record.levelno == logging.WARNING and "takes no sentences" in record.getMessage()
    ]
    assert len(said) == 1
    caplog.clear()


# --- What assistants see ---


def shown(hass: HomeAssistant, key: str = "next_charge") -> bool:
    return async_should_expose(hass, "conversation", entity_id(hass, FRONT_DOOR, key))


async def consent(hass: HomeAssistant, entry: MockConfigEntry, *, answers: bool) -> None:
    options = {**entry.options, "voice_answers": answers}
    hass.config_entries.async_update_entry(entry, options=options)
    await restart(hass, entry)


async def test_entities_are_shown_as_the_owner_says(
    hass: HomeAssistant, make_entry: EntryMaker
) -> None:
    entry = await home_with(hass, make_entry, voice_answers=True)
    assert shown(hass)
    assert not shown(hass, "auto_renewal")
    await consent(hass, entry, answers=False)
    assert not shown(hass)
    await consent(hass, entry, answers=True)
    assert shown(hass)


async def test_what_people_chose_by_hand_stays(hass: HomeAssistant, make_entry: EntryMaker) -> None:
    entry = await home_with(hass, make_entry, voice_answers=True)
    async_expose_entity(hass, "conversation", entity_id(hass, FRONT_DOOR, "next_charge"), False)
    async_expose_entity(hass, "conversation", entity_id(hass, FRONT_DOOR, "auto_renewal"), True)
    await consent(hass, entry, answers=False)
    await consent(hass, entry, answers=True)
    assert not shown(hass)
    assert shown(hass, "auto_renewal")
    assert shown(hass, "days_remaining")


async def test_where_the_owner_was_not_asked_nothing_is_shown_until_a_yes(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    # Asking is what makes Home Assistant write its own "no" down.
    assert not shown(hass)
    async_expose_entity(hass, "conversation", entity_id(hass, FRONT_DOOR, "plan_status"), True)
    async_expose_entity(hass, "conversation", entity_id(hass, FRONT_DOOR, "plan_status"), False)
    await consent(hass, home, answers=True)
    assert shown(hass)
    assert not shown(hass, "plan_status")


async def test_a_no_that_becomes_a_yes_shows_all_but_what_was_hidden_by_hand(
    hass: HomeAssistant, make_entry: EntryMaker
) -> None:
    entry = await home_with(hass, make_entry, voice_answers=False)
    assert not shown(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    async_expose_entity(hass, "conversation", entity_id(hass, FRONT_DOOR, "plan_status"), True)
    await consent(hass, entry, answers=True)
    assert shown(hass)
    await consent(hass, entry, answers=False)
    assert not shown(hass)
    assert shown(hass, "plan_status")


# --- Language models ---


async def tools(hass: HomeAssistant) -> Any:
    context = LLMContext(
        platform="test", context=Context(), language="en", assistant="conversation", device_id=None
    )
    return await async_get_api(hass, LLM_API_ASSIST, context)


async def test_a_model_reads_what_is_exposed(hass: HomeAssistant, make_entry: EntryMaker) -> None:
    await home_with(hass, make_entry, voice_answers=True)
    async_expose_entity(hass, "conversation", entity_id(hass, GARAGE, "plan_status"), False)
    async_expose_entity(hass, "conversation", entity_id(hass, FRONT_DOOR, "next_charge"), False)
    api = await tools(hass)
    ours = [tool for tool in api.tools if tool.name.startswith("camera_cloud_plan__")]
    assert len(ours) == 3
    assert all(tool.annotations.read_only and tool.annotations.idempotent for tool in ours)
    assert not any(tool.annotations.destructive for tool in ours)
    # Only a list of recordings is asked for at the maker's.
    asking = [tool.name for tool in ours if tool.annotations.open_world]
    assert asking == ["camera_cloud_plan__get_recordings_at_risk"]
    answer = await api.async_call_tool(
        ToolInput(tool_name="camera_cloud_plan__get_plans", tool_args={})
    )
    rows = {row["camera"]: row for row in answer.data["plans"]}
    assert "Garage" not in rows
    assert "next_charge" not in rows["Front door"]
    assert rows["Front door"]["renews"] == "yes"
    assert rows["Study"]["renews"] == "no"
    assert rows["Study"]["days_left"] == 9
    assert rows["Nursery"]["next_charge"]["amount"] == "unknown"
    cost = await api.async_call_tool(
        ToolInput(tool_name="camera_cloud_plan__get_monthly_cost", tool_args={})
    )
    assert cost.data["accounts"][0]["price_unknown"] == 3
    assert cost.data["accounts"][0]["not_read"] == 0
    risk = await api.async_call_tool(
        ToolInput(
            tool_name="camera_cloud_plan__get_recordings_at_risk", tool_args={"camera": "Study"}
        )
    )
    assert risk.data["recordings"][0]["at_risk"] == 23
    assert risk.data["recordings"][0]["listed_at"] == "2026-11-22T20:00+08:00"


async def test_a_model_sees_nothing_where_nothing_is_exposed(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    api = await tools(hass)
    assert not [tool for tool in api.tools if tool.name.startswith("camera_cloud_plan__")]
