"""The guides about what was noticed, a camera that left, and an account that was removed."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.plan import CaseState
from simulator.edits import edit_camera
from simulator.server import RunningSimulator

from .acts import issue_keys, press_off, standing
from .conftest import EntryMaker, set_up
from .guided import Guide
from .test_coordinator import NOT_RENEWING, RENEWING, coordinator_of, refresh

pytestmark = pytest.mark.usefixtures("repairs")


async def notice(
    hass: HomeAssistant, entry: MockConfigEntry, sim: RunningSimulator, key: str, clock: Clock
) -> str:
    """Let something happen that is noticed; return the camera's id."""
    match key:
        case "renewal_back_on":
            sim.world.switch_renewal(NOT_RENEWING, on=True)
            await refresh(hass, entry)
            return NOT_RENEWING
        case "camera_offline":
            edit_camera(sim.world, RENEWING, {"online": False})
            await refresh(hass, entry)
            clock.tick(timedelta(hours=73))
            await refresh(hass, entry)
        case "upload_off":
            edit_camera(sim.world, RENEWING, {"upload_on": False})
            await refresh(hass, entry)
    return RENEWING


type Clock = FrozenDateTimeFactory

NOTICES = pytest.mark.parametrize("key", ["renewal_back_on", "camera_offline", "upload_off"])


@pytest.fixture
async def uploads_known(
    hass: HomeAssistant, all_entities_enabled: None, make_entry: EntryMaker
) -> MockConfigEntry:
    """Set the mainland account up with the sensors that ask for the upload switch."""
    entry = await make_entry()
    await set_up(hass, entry)
    return entry


@NOTICES
async def test_taking_note_ends_it(
    hass: HomeAssistant,
    uploads_known: MockConfigEntry,
    sim: RunningSimulator,
    freezer: Clock,
    key: str,
) -> None:
    await notice(hass, uploads_known, sim, key, freezer)
    assert issue_keys(hass) == [key]
    guide = await Guide.open(hass, key)
    assert (guide.shows, guide.buttons) == ("choose", ["stop", "fine"])
    if key == "upload_off":
        assert "Pausing the upload does not stop the payment" in guide.said
    await guide.tap("fine")
    assert guide.shows == "abort: taken_note"
    assert not issue_keys(hass)
    await refresh(hass, uploads_known)
    assert not issue_keys(hass)


@NOTICES
async def test_stopping_opens_the_other_guide_and_sends_nothing(
    hass: HomeAssistant,
    uploads_known: MockConfigEntry,
    sim: RunningSimulator,
    freezer: Clock,
    key: str,
) -> None:
    camera_id = await notice(hass, uploads_known, sim, key, freezer)
    guide = await Guide.open(hass, key)
    sim.requests.reset()
    await guide.tap("stop")
    assert guide.shows == "abort: opened"
    assert issue_keys(hass) == ["plan_cancellation"]
    assert standing(uploads_known, camera_id) is CaseState.WAITING_FOR_YOU
    assert not sim.requests.renewals


@pytest.mark.parametrize("then", ["stop", "fine"])
async def test_a_window_left_open_while_it_ended_says_so(
    hass: HomeAssistant,
    uploads_known: MockConfigEntry,
    sim: RunningSimulator,
    freezer: Clock,
    then: str,
) -> None:
    await notice(hass, uploads_known, sim, "upload_off", freezer)
    guide = await Guide.open(hass, "upload_off")
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, uploads_known)
    assert not issue_keys(hass)
    await guide.tap(then)
    assert guide.shows == ("abort: nothing_to_stop" if then == "stop" else "abort: taken_note")
    assert standing(uploads_known) is None


@pytest.mark.parametrize("then", ["stop", "fine"])
async def test_a_window_of_an_account_that_is_not_loaded_ends(
    hass: HomeAssistant,
    uploads_known: MockConfigEntry,
    sim: RunningSimulator,
    freezer: Clock,
    then: str,
) -> None:
    await notice(hass, uploads_known, sim, "upload_off", freezer)
    guide = await Guide.open(hass, "upload_off")
    assert await hass.config_entries.async_unload(uploads_known.entry_id)
    await guide.tap(then)
    assert guide.shows == "abort: not_open"
    assert (await Guide.open(hass, "upload_off")).shows == "abort: not_open"


async def test_what_cannot_be_saved_is_not_begun(
    hass: HomeAssistant,
    uploads_known: MockConfigEntry,
    sim: RunningSimulator,
    freezer: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await notice(hass, uploads_known, sim, "upload_off", freezer)
    guide = await Guide.open(hass, "upload_off")

    async def lose(_data: object) -> None:
        """Write nothing, as a full disk does."""

    monkeypatch.setattr(coordinator_of(uploads_known).cases._store, "async_save", lose)
    await guide.tap("stop")
    assert guide.shows == "abort: not_saved"
    assert standing(uploads_known) is None


# --- A camera that left ---


async def test_taking_note_of_a_camera_that_left_removes_it(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.world.remove_device(RENEWING)
    for _ in range(2):
        await refresh(hass, loaded)
    guide = await Guide.open(hass, "camera_left")
    assert guide.shows == "confirm"
    assert "Removing a camera does not end its plan" in guide.said
    await guide.tap()
    assert guide.shows == "finished: removed"
    assert RENEWING not in coordinator_of(loaded).data.cameras
    assert not issue_keys(hass)


async def test_a_camera_that_came_back_is_not_removed(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.world.remove_device(RENEWING)
    for _ in range(2):
        await refresh(hass, loaded)
    guide = await Guide.open(hass, "camera_left")
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await guide.tap()
    assert guide.shows == "abort: not_open"


# --- An account that was removed ---


@pytest.mark.parametrize("then", ["keep", "end"])
async def test_an_account_removed_with_an_open_cancellation(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    make_entry: EntryMaker,
    then: str,
) -> None:
    await press_off(hass)
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    guide = await Guide.open(hass, "removed_with_open_cancellation")
    assert (guide.shows, guide.buttons) == ("choose", ["keep", "end"])
    assert "**Renewing**" in guide.said
    await guide.tap(then)
    again = await make_entry()
    if then == "keep":
        assert guide.shows == "abort: kept"
        assert issue_keys(hass) == ["removed_with_open_cancellation"]
        await set_up(hass, again)
        assert issue_keys(hass) == ["plan_cancellation"]
        assert standing(again) is CaseState.WAITING_FOR_YOU
    else:
        assert guide.shows == "abort: ended"
        assert not issue_keys(hass)
        await set_up(hass, again)
        assert standing(again) is None


async def test_after_a_restart_without_any_account_the_words_are_still_there(
    hass: HomeAssistant,
) -> None:
    """Nothing of the integration runs then: Home Assistant's own page says what is left."""
    key = "removed_with_open_cancellation"
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{key}_d13ac9e0635f",
        data={"account_key": "d13ac9e0635f"},
        is_fixable=True,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=key,
        translation_placeholders={"account": "Xiaomi (…0011)", "cameras": "Renewing"},
    )
    assert DOMAIN not in hass.config.components
    guide = await Guide.open(hass, key)
    assert guide.shows == "confirm"
    assert "**Renewing**" in guide.said
    assert "goes on if you add the account again" in guide.said
