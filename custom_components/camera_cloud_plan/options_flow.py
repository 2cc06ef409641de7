"""The options: what is read, who is told of what, who bills, what it costs, the rest.

Home Assistant lets administrators in only (`OptionManagerFlowIndexView` and
`OptionManagerFlowResourceView` in its `config` component).
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import UnitOfTime
from homeassistant.data_entry_flow import section
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TemplateSelector,
    TextSelector,
    TextSelectorConfig,
)
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .agenda.calendar_view import GOOD_FOR, async_calendar_url
from .charge_options import (
    alert_fields,
    alert_options,
    alert_problem,
    kept_fields,
    kept_wishes,
    price_fields,
    price_problem,
    price_row,
)
from .choices import CONF_CAMERAS, by_name, camera_field, is_own, many, one, voice_fields
from .cloud.errors import CloudError
from .cloud.renewal_request import DefinitionError, RenewalRequest, parse
from .const import (
    BILLED_BY_DEFAULT,
    BILLED_BY_UNKNOWN,
    CONF_ADDED_AT,
    CONF_BILLED_BY,
    CONF_BY_SWITCH,
    CONF_CAMERAS_EXCLUDED,
    CONF_DEFINITION,
    CONF_EXPORT_AT_ONCE,
    CONF_EXPORT_FOLDER,
    CONF_EXPORT_PAUSE,
    CONF_GATEWAY,
    CONF_NOTIFY,
    CONF_POLL_HOURS,
    CONF_REGIONS,
    CONF_RENEWAL_REQUEST,
    CONF_SHOW_SHARED,
    CONF_SOURCE,
    CONF_TARIFFS,
    DEFAULT_EXPORT_AT_ONCE,
    DEFAULT_EXPORT_PAUSE,
    DOMAIN,
    MAX_EXPORT_AT_ONCE,
    MAX_EXPORT_PAUSE,
    MAX_POLL_HOURS,
    MIN_POLL_HOURS,
    NOTIFY_HERE,
)
from .coordinator import CloudPlanConfigEntry
from .dashboard.make import async_dashboard_text
from .definition_files import FOLDER, definition_files, read_definition
from .plan import Camera, Channel, Wish, channels_sold_in, clock
from .saving.folder import default_root, export_folder
from .telling.sender import async_ways_to_tell
from .typed.plans import is_typed
from .words import counted, spoken, translated

CONF_FILE: Final = "file"
CONF_PASTED: Final = "pasted"
CONF_MODE: Final = "mode"
CONF_PLAN: Final = "plan"
CONF_TEXT: Final = "text"
CONF_YAML: Final = "yaml"

# Where a definition that was pasted comes from.
PASTED: Final = "pasted"

_GUIDED: Final = "guided"
_BY_SWITCH: Final = "by_switch"
_AS_IT_IS: Final = "as_it_is"

_DASHBOARDS: Final = "/config/lovelace/dashboards"
_GUIDE: Final = (
    "https://github.com/camera-cloud-plan/camera-cloud-plan/blob/main/docs/renewal-request.md"
)


class CloudPlanOptionsFlow(OptionsFlowWithReload):
    """What can be changed about an account that is set up."""

    config_entry: CloudPlanConfigEntry

    def __init__(self) -> None:
        """Start with nothing looked up."""
        self._offered: list[Camera] = []
        # The definition that waits for its administrator's word.
        self._request: dict[str, Any] = {}
        # The plan whose price is asked.
        self._plan = ""

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what shall be changed."""
        options = ["general", "people", "alerts", "kept", "prices"]
        options += ["billing", "recordings", "calendar_file", "dashboard", "direct", "voice"]
        if is_typed(self.config_entry):
            # What a typed plan costs and who bills it is said of each.
            options = ["people", "alerts", "kept", "calendar_file", "dashboard", "voice"]
        return self.async_show_menu(step_id="init", menu_options=options)

    # --- What is read ---

    async def async_step_general(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose how often the cloud is asked, and which cameras are shown."""
        if user_input is not None:
            return self._save(self._reading_options(user_input))
        options = self.config_entry.options
        problem = await self._list_cameras()
        hours = NumberSelector(
            NumberSelectorConfig(
                min=MIN_POLL_HOURS,
                max=MAX_POLL_HOURS,
                step=1,
                unit_of_measurement=UnitOfTime.HOURS,
                mode=NumberSelectorMode.SLIDER,
            )
        )
        fields: dict[vol.Marker, object] = {
            vol.Required(CONF_POLL_HOURS, default=options[CONF_POLL_HOURS]): hours,
        }
        if self._offered:
            fields |= camera_field(self._offered, options[CONF_CAMERAS_EXCLUDED])
        shared = vol.Required(CONF_SHOW_SHARED, default=options[CONF_SHOW_SHARED])
        fields[shared] = BooleanSelector()
        return self.async_show_form(
            step_id="general",
            data_schema=vol.Schema(fields),
            errors={"base": problem} if problem else None,
        )

    async def _list_cameras(self) -> str | None:
        """Ask which cameras there are to choose from; return what keeps some from view.

        Those that are left out can only be named by the maker: while it cannot be asked,
        they stay left out.
        """
        if not self._is_loaded:
            return "not_loaded"
        runtime = self.config_entry.runtime_data
        try:
            cameras: Iterable[Camera] = await runtime.provider.list_cameras()
            problem = None
        except CloudError:
            cameras = [plan.camera for plan in runtime.coordinator.data.cameras.values()]
            problem = "cameras_unreadable"
        shared_too = self.config_entry.options[CONF_SHOW_SHARED]
        self._offered = by_name(camera for camera in cameras if shared_too or is_own(camera))
        return problem

    def _reading_options(self, user_input: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was chosen; a camera that was not offered stays as it was."""
        offered = {camera.camera_id for camera in self._offered}
        chosen = {*user_input.get(CONF_CAMERAS, ())}
        before = {*self.config_entry.options[CONF_CAMERAS_EXCLUDED]}
        return {
            CONF_POLL_HOURS: int(user_input[CONF_POLL_HOURS]),
            CONF_SHOW_SHARED: user_input[CONF_SHOW_SHARED],
            CONF_CAMERAS_EXCLUDED: sorted(before - offered | offered - chosen),
        }

    # --- Who is told ---

    async def async_step_people(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose where people are told what happens; nowhere is a choice too."""
        if user_input is not None:
            return self._save({CONF_NOTIFY: user_input[CONF_NOTIFY]})
        told = self.config_entry.options.get(CONF_NOTIFY, [NOTIFY_HERE])
        names = {NOTIFY_HERE: await self._word("notify", NOTIFY_HERE)}
        names |= async_ways_to_tell(self.hass)
        # One that is not there just now is not dropped by looking at the options.
        names |= {target: target for target in told if target not in names}
        choices = [SelectOptionDict(value=target, label=name) for target, name in names.items()]
        schema = vol.Schema({vol.Required(CONF_NOTIFY, default=[*told]): many(choices)})
        return self.async_show_form(step_id="people", data_schema=schema)

    async def _word(self, key: str, option: str) -> str:
        """Return what an option is called in Home Assistant's language."""
        words = await async_get_translations(
            self.hass, self.hass.config.language, "selector", {DOMAIN}
        )
        return words[f"component.{DOMAIN}.selector.{key}.options.{option}"]

    # --- What they are told of ---

    async def async_step_alerts(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose whether and when people are told of coming charges, and by which rules."""
        problem = None
        if user_input is not None:
            problem = alert_problem(user_input)
            if problem is None:
                return self._save(alert_options(user_input))
        fields = alert_fields(self.config_entry.options, self.hass.config.currency)
        schema = vol.Schema(fields)
        if user_input is not None:
            schema = self.add_suggested_values_to_schema(schema, user_input)
        return self.async_show_form(
            step_id="alerts",
            data_schema=schema,
            errors=dict((problem,)) if problem else None,
        )

    async def async_step_kept(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose which plans are kept, and so not brought up: for good, or this time."""
        if not self._is_loaded:
            return self.async_abort(reason="not_loaded")
        coordinator = self.config_entry.runtime_data.coordinator
        desk = coordinator.alerts
        kept = {camera_id: desk.kept(camera_id) for camera_id in desk.keepable()}
        if not kept:
            return self.async_abort(reason="no_plans_to_keep")
        problem = None
        if user_input is not None:
            try:
                await desk.async_keep(kept_wishes(kept, user_input))
            except HomeAssistantError:
                problem = "keep_not_saved"
            else:
                return self._save({})
        names = {camera_id: coordinator.display_name(camera_id) for camera_id in kept}
        return self.async_show_form(
            step_id="kept",
            data_schema=vol.Schema(kept_fields(kept, names)),
            errors={"base": problem} if problem else None,
        )

    # --- The calendar elsewhere ---

    async def async_step_calendar_file(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Give a link to the account's calendar as a file."""
        if not self._is_loaded:
            return self.async_abort(reason="not_loaded")
        if user_input is not None:
            return self._save({})
        url = async_calendar_url(self.hass, self.config_entry)
        label = translated(self.hass, "common.calendar_file_link")
        return self.async_show_form(
            step_id="calendar_file",
            data_schema=vol.Schema({}),
            description_placeholders={
                # A plain link to this address the frontend takes for one of its own pages.
                "link": f'<a href="{url}" target="_blank">{label}</a>',
                "minutes": str(GOOD_FOR // timedelta(minutes=1)),
            },
        )

    # --- A dashboard ---

    async def async_step_dashboard(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show a dashboard of all accounts as text to copy, and where it goes."""
        if user_input is not None:
            return self._save({})
        # An editor of code has a button that copies all of it. Folded away, it leaves the
        # steps in view.
        text = vol.Optional(CONF_YAML, default=await async_dashboard_text(self.hass))
        folded = section(vol.Schema({text: TemplateSelector()}), {"collapsed": True})
        return self.async_show_form(
            step_id="dashboard",
            data_schema=vol.Schema({vol.Required(CONF_TEXT): folded}),
            description_placeholders={"dashboards": _DASHBOARDS},
        )

    # --- What voice may do ---

    async def async_step_voice(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose whether voice answers questions, and whether it may begin a cancellation."""
        if user_input is not None:
            return self._save(user_input)
        schema = vol.Schema(voice_fields(self.config_entry.options))
        return self.async_show_form(step_id="voice", data_schema=schema)

    # --- What plans cost ---

    async def async_step_prices(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose which plan's price is asked; the only one needs no choice."""
        names = self._plan_names()
        if not names:
            return self.async_abort(reason="no_plan_names")
        if user_input is not None or len(names) == 1:
            self._plan = user_input[CONF_PLAN] if user_input else names[0]
            return await self.async_step_price()
        choice = SelectSelector(SelectSelectorConfig(options=names, mode=SelectSelectorMode.LIST))
        schema = vol.Schema({vol.Required(CONF_PLAN): choice})
        return self.async_show_form(step_id="prices", data_schema=schema)

    async def async_step_price(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what one plan costs, wherever it is booked; nothing is a choice too."""
        tariffs: Mapping[str, Any] = self.config_entry.options.get(CONF_TARIFFS, {})
        problem = None
        if user_input is not None:
            problem = price_problem(user_input)
            if problem is None:
                others = {name: row for name, row in tariffs.items() if name != self._plan}
                row = price_row(user_input)
                return self._save({CONF_TARIFFS: {**others, self._plan: row} if row else others})
        said = price_row(user_input) if user_input else tariffs.get(self._plan, {})
        return self.async_show_form(
            step_id="price",
            data_schema=vol.Schema(price_fields(said, self.hass.config.currency)),
            errors={"base": problem} if problem else None,
            description_placeholders={"plan": self._plan},
        )

    def _plan_names(self) -> list[str]:
        """Return the names of the account's plans whose price the owner may say."""
        names = {*self.config_entry.options.get(CONF_TARIFFS, {})}
        if self._is_loaded:
            names |= {
                plan.reading.name
                for plan in self.config_entry.runtime_data.coordinator.data.cameras.values()
                if plan.is_own and plan.reading and plan.reading.name and not plan.reading.typed
            }
        return sorted(names, key=str.casefold)

    # --- Who bills ---

    async def async_step_billing(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose who bills all plans of the account, in place of what was said singly."""
        before: Mapping[str, str] = self.config_entry.options.get(CONF_BILLED_BY, {})
        if user_input is not None:
            choice = user_input[CONF_BILLED_BY]
            return self._save(
                {} if choice == _AS_IT_IS else {CONF_BILLED_BY: {BILLED_BY_DEFAULT: choice}}
            )
        offered = [*(channel.value for channel in self._sellers()), BILLED_BY_UNKNOWN]
        is_one_for_all = before.keys() == {BILLED_BY_DEFAULT}
        now = before.get(BILLED_BY_DEFAULT) if is_one_for_all else None
        field = vol.Required(CONF_BILLED_BY, default=now if now in offered else _AS_IT_IS)
        schema = vol.Schema({field: one([*offered, _AS_IT_IS], CONF_BILLED_BY)})
        return self.async_show_form(step_id="billing", data_schema=schema)

    def _sellers(self) -> Iterable[Channel]:
        """Return who sells plans in the regions of the account's cameras, each once."""
        regions: Iterable[str] = self.config_entry.options[CONF_REGIONS]
        if self._is_loaded:
            plans = self.config_entry.runtime_data.coordinator.data.cameras.values()
            regions = {plan.camera.region for plan in plans if plan.is_own} or regions
        return dict.fromkeys(
            channel for region in sorted(regions) for channel in channels_sold_in(region)
        )

    # --- How recordings are saved ---

    async def async_step_recordings(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose how fast recordings are saved, and where."""
        problem = None
        if user_input is not None:
            folder = user_input.get(CONF_EXPORT_FOLDER, "").strip() or None
            try:
                await self.hass.async_add_executor_job(export_folder, self.hass, folder)
            except ServiceValidationError:
                problem = "folder_not_allowed"
            else:
                return self._save(
                    {
                        CONF_EXPORT_AT_ONCE: int(user_input[CONF_EXPORT_AT_ONCE]),
                        CONF_EXPORT_PAUSE: float(user_input[CONF_EXPORT_PAUSE]),
                        CONF_EXPORT_FOLDER: folder,
                    }
                )
        shown = user_input or self.config_entry.options
        at_once = NumberSelector(
            NumberSelectorConfig(
                min=1, max=MAX_EXPORT_AT_ONCE, step=1, mode=NumberSelectorMode.SLIDER
            )
        )
        pause = NumberSelector(
            NumberSelectorConfig(
                min=0,
                max=MAX_EXPORT_PAUSE,
                step=0.5,
                unit_of_measurement=UnitOfTime.SECONDS,
                mode=NumberSelectorMode.BOX,
            )
        )
        chosen_at_once = shown.get(CONF_EXPORT_AT_ONCE, DEFAULT_EXPORT_AT_ONCE)
        chosen_pause = shown.get(CONF_EXPORT_PAUSE, DEFAULT_EXPORT_PAUSE)
        fields: dict[vol.Marker, object] = {
            vol.Required(CONF_EXPORT_AT_ONCE, default=chosen_at_once): at_once,
            vol.Required(CONF_EXPORT_PAUSE, default=chosen_pause): pause,
            _optional(CONF_EXPORT_FOLDER, shown): TextSelector(),
        }
        return self.async_show_form(
            step_id="recordings",
            data_schema=vol.Schema(fields),
            errors={CONF_EXPORT_FOLDER: problem} if problem else None,
            description_placeholders={"folder": str(default_root(self.hass) / DOMAIN)},
        )

    # --- The direct way ---

    async def async_step_direct(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say how the definition did that is there; without one ask for it."""
        request = self.config_entry.options.get(CONF_RENEWAL_REQUEST)
        if request is None:
            return await self.async_step_definition(user_input)
        record = None
        if self._is_loaded:
            record = self.config_entry.runtime_data.coordinator.casework.definition
        words = {
            **await self._words_of(request),
            "added": self._spoken(request[CONF_ADDED_AT]),
            "worked": self._worked(record.worked) if record else "",
        }
        step_id = "direct"
        if record and record.failed_at:
            step_id = "direct_failed"
            words["failed"] = spoken(self.hass, record.failed_at)
        return self.async_show_menu(
            step_id=step_id,
            menu_options=["mode", "definition", "remove"],
            description_placeholders=words,
        )

    # One step under two names: whether it is marked as not working.
    async_step_direct_failed = async_step_direct

    async def async_step_definition(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take a definition, from a file or pasted, if it passes every check."""
        if user_input is None:
            return await self._show_definition({})
        name, text = user_input.get(CONF_FILE), user_input.get(CONF_PASTED, "").strip()
        if bool(name) == bool(text):
            return await self._show_definition(user_input, "one_of_two")
        try:
            request = await self.hass.async_add_executor_job(self._parse, name, text)
        except OSError, UnicodeDecodeError:
            return await self._show_definition(user_input, "file_unreadable")
        except DefinitionError as err:
            return await self._show_definition(user_input, err.reason, err.where)
        if request.gateway_only and not self.config_entry.data[CONF_GATEWAY]:
            return await self._show_definition(user_input, "gateway_only")
        self._request = {
            CONF_DEFINITION: request.as_dict(),
            CONF_SOURCE: name or PASTED,
            CONF_ADDED_AT: clock.now().isoformat(),
            CONF_BY_SWITCH: False,
        }
        return await self._show_mode()

    async def async_step_mode(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask who may send it, the requests themselves in view; then keep it."""
        self._request = self._request or {**self.config_entry.options[CONF_RENEWAL_REQUEST]}
        if user_input is None:
            return await self._show_mode()
        by_switch = user_input[CONF_MODE] == _BY_SWITCH
        return self._save({CONF_RENEWAL_REQUEST: {**self._request, CONF_BY_SWITCH: by_switch}})

    async def async_step_remove(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take the definition out."""
        options = dict(self.config_entry.options)
        options.pop(CONF_RENEWAL_REQUEST, None)
        return self.async_create_entry(data=options)

    def _parse(self, name: str | None, text: str) -> RenewalRequest:
        """Read and check a definition; blocks."""
        return parse(read_definition(self.hass.config.config_dir, name) if name else text)

    async def _show_definition(
        self, typed: Mapping[str, Any], problem: str | None = None, where: str = ""
    ) -> ConfigFlowResult:
        names = await self.hass.async_add_executor_job(
            definition_files, self.hass.config.config_dir
        )
        fields: dict[vol.Marker, object] = {}
        if names:
            fields[_optional(CONF_FILE, typed)] = SelectSelector(
                SelectSelectorConfig(options=names, mode=SelectSelectorMode.DROPDOWN)
            )
        fields[_optional(CONF_PASTED, typed)] = TextSelector(TextSelectorConfig(multiline=True))
        return self.async_show_form(
            step_id="definition",
            data_schema=vol.Schema(fields),
            errors={"base": problem} if problem else None,
            description_placeholders={"folder": f"{FOLDER}/", "guide": _GUIDE, "where": where},
        )

    async def _show_mode(self) -> ConfigFlowResult:
        mode = _BY_SWITCH if self._request[CONF_BY_SWITCH] else _GUIDED
        field = vol.Required(CONF_MODE, default=mode)
        return self.async_show_form(
            step_id="mode",
            data_schema=vol.Schema({field: one([_GUIDED, _BY_SWITCH], CONF_MODE)}),
            description_placeholders=await self._words_of(self._request),
        )

    async def _words_of(self, request: Mapping[str, Any]) -> dict[str, str]:
        """Return where a definition comes from, and what it sends where."""
        templates = {wish: request[CONF_DEFINITION].get(wish) for wish in Wish}
        source = request[CONF_SOURCE]
        return {
            "source": await self._word(CONF_SOURCE, PASTED) if source == PASTED else source,
            "requests": "\n".join(
                f"- `{wish}`: `{template['method']} https://{template['host']}{template['path']}`"
                for wish, template in templates.items()
                if template
            ),
        }

    # --- What the steps are made of ---

    @property
    def _is_loaded(self) -> bool:
        return self.config_entry.state is ConfigEntryState.LOADED

    def _save(self, changed: Mapping[str, Any]) -> ConfigFlowResult:
        return self.async_create_entry(data={**self.config_entry.options, **changed})

    def _worked(self, times: int) -> str:
        key = "common.guide_worked"
        return counted(self.hass, key, times) if times else translated(self.hass, f"{key}_never")

    def _spoken(self, moment: str) -> str:
        return spoken(self.hass, dt_util.parse_datetime(moment, raise_on_error=True))


def _optional(name: str, typed: Mapping[str, Any]) -> vol.Optional:
    """Return an optional field that shows what was typed before."""
    return vol.Optional(name, description={"suggested_value": typed.get(name)})
