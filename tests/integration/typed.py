"""What the tests of typed plans share: the dialogue in which one is typed in, and its account."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.typed.plans import async_local_entry
from tests.integration.test_config_flow import check_words

# Four fields that suffice.
DOORBELL: dict[str, Any] = {
    "name": "Doorbell",
    "ends_on": "2026-12-03",
    "term": "1 month",
    "renews": "yes",
}

# What the form suggests.
VOICE: dict[str, Any] = {"voice_answers": True, "voice_cancels": False}


def typing(plan: dict[str, Any]) -> dict[str, Any]:
    """Return what the form sends for a plan; what is folded away there goes into its section."""
    front = ("name", "ends_on", "term", "renews", "price", "currency")
    plan = {key: value for key, value in plan.items() if value is not None}
    return {
        **{key: value for key, value in plan.items() if key in front},
        "more": {key: value for key, value in plan.items() if key not in front},
    }


async def type_in(hass: HomeAssistant, **plan: Any) -> Any:
    """Type a plan in, as a person does who begins without signing in; return how that ended.

    With the first plan the dialogue ends as any set-up does, with what voice may do.
    """
    flow = hass.config_entries.flow
    result: Any = await flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["menu_options"] == ["plan", "xiaomi"]
    check_words("config", result)
    result = await flow.async_configure(result["flow_id"], {"next_step_id": "plan"})
    assert result["step_id"] == "plan"
    check_words("config", result)
    result = await flow.async_configure(result["flow_id"], typing({**DOORBELL, **plan}))
    check_words("config", result)
    if result.get("step_id") == "voice":
        result = await flow.async_configure(result["flow_id"], VOICE)
    await hass.async_block_till_done(wait_background_tasks=True)
    check_words("config", result)
    return result


async def typed_in(hass: HomeAssistant, **plan: Any) -> str:
    """Type a plan in and return its id."""
    before = {*(local(hass).subentries if async_local_entry(hass) else ())}
    result = await type_in(hass, **plan)
    assert result["type"] in {FlowResultType.CREATE_ENTRY, FlowResultType.ABORT}, result
    (plan_id,) = {*local(hass).subentries} - before
    return plan_id


def local(hass: HomeAssistant) -> ConfigEntry[Any]:
    """Return the account of the typed plans."""
    entry = async_local_entry(hass)
    assert entry is not None
    return entry
