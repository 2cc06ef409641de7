"""Setting up: a typed plan, or an account of a maker.

For an account a link is approved in the maker's own app, then regions and cameras chosen.

No password is asked for. The link's long poll runs from the moment the link is shown, so
that an approval is never missed; closing the dialogue ends it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import Any, Final, override

from aiohttp import ClientSession, DummyCookieJar
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowResult,
    ConfigSubentryFlow,
)
from homeassistant.core import callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.selector import (
    BooleanSelector,
    QrCodeSelector,
    QrCodeSelectorConfig,
    QrErrorCorrectionLevel,
    SelectOptionDict,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .choices import CONF_CAMERAS, by_name, camera_field, is_own, many
from .cloud.errors import (
    ApiError,
    BrowserNeededError,
    CaptchaNeededError,
    CloudError,
    CodeNeededError,
    RateLimitedError,
    SignatureRefusedError,
    SignInNeededError,
    UnreachableError,
)
from .cloud.sign_in import LinkExpired, LinkOffered
from .cloud.xiaomi import (
    REGIONS,
    DamagedCredentialsError,
    GatewayError,
    LinkSignIn,
    NotEncryptedError,
    XiaomiCloud,
    XiaomiCredentials,
    preload,
    validate_gateway,
)
from .connect import maker_locale, mask
from .const import (
    CONF_ACCOUNT,
    CONF_CAMERAS_EXCLUDED,
    CONF_CREDENTIALS,
    CONF_GATEWAY,
    CONF_MAKER,
    CONF_POLL_HOURS,
    CONF_REGIONS,
    CONF_SHOW_SHARED,
    CONF_VOICE_ANSWERS,
    CONF_VOICE_CANCELS,
    DEFAULT_POLL_HOURS,
    DOMAIN,
    ENTRY_MINOR_VERSION,
    ENTRY_VERSION,
    MAKER_XIAOMI,
)
from .failures import why_unreachable
from .options_flow import CloudPlanOptionsFlow
from .plan import Camera, clock
from .typed.flow import TypedPlansFlow
from .typed.plans import SUBENTRY_PLAN, is_typed
from .typed.subentry import PlanSubentryFlow
from .words import listed

CONF_ADVANCED: Final = "advanced"
CONF_QR: Final = "qr"

_ACCOUNT_PAGE: Final = "https://account.xiaomi.com"
_QR_SCALE: Final = 5

# What a person is told to wait where the maker asks to wait and names no time.
_PATIENCE: Final = timedelta(minutes=15)

# A clock that is off by less, in seconds, is corrected by the maker's own.
_CORRECTED: Final = 86_400

type _Found = Mapping[str, tuple[Camera, ...] | CloudError]


@dataclass(frozen=True, slots=True)
class _Problem:
    """What went wrong: an error's translation key, and the words for its gaps."""

    key: str
    words: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: CloudError) -> _Problem:
        """Return the problem that tells a person what to do about an error."""
        key, words = "unexpected_answer", dict[str, str]()
        match error:
            case UnreachableError():
                key, words = why_unreachable(error)
            case RateLimitedError(retry_after=seconds):
                wait = _PATIENCE.total_seconds() if seconds is None else seconds
                key, words = "rate_limited", {"minutes": str(ceil(wait / 60))}
            case CaptchaNeededError() | CodeNeededError():
                key = "verification_needed"
            case SignInNeededError():
                key = "refused"
            case SignatureRefusedError(clock_offset=float() | int() as offset) if (
                abs(offset) > _CORRECTED
            ):
                # Its words are about many days.
                days = max(2, round(abs(offset) / _CORRECTED))
                key, words = "clock_is_off", {"days": str(days)}
            case SignatureRefusedError():
                key = "signature_refused"
            case ApiError(code=code):
                key, words = "api_error", {"code": str(code)}
        return cls(key, words)


class CloudPlanConfigFlow(TypedPlansFlow, domain=DOMAIN):
    """Type a plan in, or sign in to a maker's account and choose what to read of it."""

    VERSION = ENTRY_VERSION
    MINOR_VERSION = ENTRY_MINOR_VERSION

    _offer: LinkOffered
    _offered_until: str
    _approval: asyncio.Task[XiaomiCredentials | LinkExpired]
    _page: str
    _search: asyncio.Task[_Found]
    _found: _Found

    def __init__(self) -> None:
        """Start with nothing known."""
        # The form to come back to when a request fails.
        self._door = "xiaomi"
        # What becomes the entry's data.
        self._data: dict[str, Any] = {CONF_MAKER: MAKER_XIAOMI, CONF_GATEWAY: None}
        self._gateway_text = ""
        self._session: ClientSession | None = None
        self._credentials: XiaomiCredentials | None = None
        self._regions: list[str] = []
        # Which cameras were chosen, where there were any.
        self._chosen: Mapping[str, Any] = {}
        self._releases: list[Callable[[], object]] = []

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> CloudPlanOptionsFlow:
        """Return the options' dialogue."""
        return CloudPlanOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return what can be added to an entry: plans, to the local account."""
        return {SUBENTRY_PLAN: PlanSubentryFlow} if is_typed(config_entry) else {}

    @callback
    @override
    def async_remove(self) -> None:
        """End what still runs: the dialogue was closed or has done its work."""
        for release in self._releases:
            release()

    # Where a dialogue starts: setting up, signing in again, changing.

    @override
    async def async_step_user(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask whether to sign in at all; a typed plan needs no account."""
        return self.async_show_menu(step_id="user", menu_options=["plan", "xiaomi"])

    async def async_step_xiaomi(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say what signing in means, and take the gateway if there is one."""
        if user_input is None:
            return self._show_door()
        if problem := self._take_gateway(user_input[CONF_ADVANCED]):
            return self._show_door(problem)
        return await self._offer_link()

    async def async_step_reauth(self, _entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Start signing in again to an account that is set up."""
        self._door = "reauth_confirm"
        self._read_entry(self._get_reauth_entry())
        return self._show_door()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say why signing in again is needed."""
        return self._show_door() if user_input is None else await self._offer_link()

    async def async_step_reconfigure(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what shall be changed."""
        if is_typed(self._get_reconfigure_entry()):
            return self._show_tables()
        self._read_entry(self._get_reconfigure_entry())
        return self.async_show_menu(
            step_id="reconfigure", menu_options=["look", "sign_in", "gateway"]
        )

    async def async_step_sign_in(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Sign in again although nothing forces it."""
        self._door = "sign_in"
        return self._show_door() if user_input is None else await self._offer_link()

    async def async_step_gateway(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the gateway; the account is asked through it before it is kept."""
        self._door = "gateway"
        if user_input is None:
            return self._show_door()
        if problem := self._take_gateway(user_input):
            return self._show_door(problem)
        return await self._look()

    # The link: offered, waited for, approved.

    async def async_step_link(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Go on once the link is approved; a reopened dialogue shows the same link again."""
        if self._approval.done():
            return await self.async_step_signed_in()
        return self._show_link() if user_input is None else await self.async_step_waiting()

    async def async_step_waiting(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Wait until the link is approved, denied or out of time."""
        if self._approval.done():
            return self.async_show_progress_done(next_step_id="signed_in")
        return self.async_show_progress(
            step_id="waiting",
            progress_action="waiting",
            progress_task=self._approval,
            description_placeholders=self._link_words(),
        )

    async def async_step_signed_in(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take what the link led to."""
        try:
            outcome = self._approval.result()
        except CloudError as error:
            return self._show_failure(error)
        if isinstance(outcome, LinkExpired):
            return await self._offer_link(_Problem("link_expired"))
        return await self._accept(outcome)

    async def async_step_confirm_in_browser(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer a fresh link once something was confirmed on the maker's own page."""
        return self._show_page() if user_input is None else await self._offer_link()

    # The search: every region is asked once which cameras it holds.

    async def async_step_look(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Look for cameras again, to change which regions are read."""
        self._door = "look_again"
        return await self._look()

    async def async_step_look_again(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask once more after the search failed."""
        return self._show_door() if user_input is None else await self._look()

    async def async_step_looking(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Wait for the regions' answers."""
        if self._search.done():
            return self.async_show_progress_done(next_step_id="found")
        return self.async_show_progress(
            step_id="looking", progress_action="looking", progress_task=self._search
        )

    async def async_step_found(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take what the search led to."""
        try:
            self._found = self._search.result()
        except BrowserNeededError as error:
            return self._show_failure(error)
        except SignInNeededError:
            return await self._offer_link(_Problem("signed_out"))
        failures = [error for error in self._found.values() if isinstance(error, CloudError)]
        if len(failures) == len(self._found):
            return self._show_failure(failures[0])
        return await self.async_step_regions()

    # The choices.

    async def async_step_regions(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose which regions are read; those that hold cameras are ticked."""
        if user_input is None:
            return await self._show_regions()
        self._regions = user_input[CONF_REGIONS]
        if not self._regions:
            return await self._show_regions(_Problem("no_region"))
        if self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            return self.async_update_reload_and_abort(
                entry,
                data=self._data,
                options={**entry.options, CONF_REGIONS: self._regions},
                reason="changed",
            )
        if not self._cameras():
            return self._show_voice()
        return self._show_cameras()

    async def async_step_cameras(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose which cameras are shown; the account's own are ticked."""
        if user_input is None:
            return self._show_cameras()
        self._chosen = user_input
        return self._show_voice()

    @override
    async def async_step_voice(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose what voice may do."""
        if user_input is None or self._first:
            return await super().async_step_voice(user_input)
        return self._create(user_input)

    # What the steps above are made of.

    def _read_entry(self, entry: ConfigEntry) -> None:
        """Start from what an entry holds; damaged credentials count as none."""
        self._data = dict(entry.data)
        self._gateway_text = entry.data[CONF_GATEWAY] or ""
        self._regions = entry.options[CONF_REGIONS]
        with suppress(DamagedCredentialsError):
            self._credentials = XiaomiCredentials.from_dict(entry.data[CONF_CREDENTIALS])

    def _take_gateway(self, user_input: Mapping[str, Any]) -> _Problem | None:
        """Keep the gateway in its normal form, or return what is wrong with it."""
        self._gateway_text = text = user_input.get(CONF_GATEWAY, "").strip()
        try:
            self._data[CONF_GATEWAY] = validate_gateway(text) if text else None
        except NotEncryptedError:
            return _Problem("gateway_not_encrypted")
        except GatewayError:
            return _Problem("gateway_not_an_address")
        return None

    async def _connect(self) -> ClientSession:
        """Return this dialogue's own session, released when the dialogue goes."""
        if self._session is None:
            await self.hass.async_add_executor_job(preload)
            self._session = async_create_clientsession(
                self.hass, auto_cleanup=False, cookie_jar=DummyCookieJar()
            )
            self._releases.append(self._session.detach)
        return self._session

    async def _offer_link(self, problem: _Problem | None = None) -> ConfigFlowResult:
        """Get a fresh link, show it and start waiting for its approval."""
        sign_in = LinkSignIn(
            await self._connect(),
            gateway=self._data[CONF_GATEWAY],
            device_id=self._credentials.device_id if self._credentials else None,
            locale=maker_locale(self.hass),
        )
        try:
            self._offer = await sign_in.start()
        except CloudError as error:
            return self._show_failure(error)
        until = dt_util.as_local(clock.now() + timedelta(seconds=self._offer.valid_for))
        self._offered_until = f"{until:%H:%M}"
        self._approval = self._run(sign_in.wait(), "sign-in")
        return self._show_link(problem)

    async def _accept(self, credentials: XiaomiCredentials) -> ConfigFlowResult:
        """Go on with a signed-in account, if it is one that this dialogue may have."""
        self._keep(credentials)
        self._data[CONF_ACCOUNT] = mask(credentials.user_id)
        # A dialogue whose window was closed must not stand in the way of the next one.
        await self.async_set_unique_id(
            f"{MAKER_XIAOMI}_{credentials.user_id}", raise_on_progress=False
        )
        if self.source == SOURCE_REAUTH:
            self._abort_if_unique_id_mismatch(reason="wrong_account")
            return self.async_update_reload_and_abort(
                self._get_reauth_entry(), data=self._data, reason="signed_in_again"
            )
        if self.source == SOURCE_RECONFIGURE:
            self._abort_if_unique_id_mismatch(reason="wrong_account")
        else:
            self._abort_if_unique_id_configured()
        self._door = "look_again"
        return await self._look()

    async def _look(self) -> ConfigFlowResult:
        """Start asking every region for its cameras; without an account sign in first."""
        if self._credentials is None:
            return await self._offer_link()
        cloud = XiaomiCloud(
            await self._connect(),
            self._credentials,
            gateway=self._data[CONF_GATEWAY],
            on_renewed=self._keep,
            locale=maker_locale(self.hass),
        )
        self._search = self._run(cloud.cameras_by_region(), "search")
        return await self.async_step_looking()

    def _run[R](self, work: Coroutine[Any, Any, R], name: str) -> asyncio.Task[R]:
        """Run something beside the dialogue that ends with it at the latest."""
        task = self.hass.async_create_background_task(work, f"{DOMAIN} {name}")
        self._releases.append(task.cancel)
        return task

    @callback
    def _keep(self, credentials: XiaomiCredentials) -> None:
        """Keep what was signed in or renewed."""
        self._credentials = credentials
        self._data[CONF_CREDENTIALS] = credentials.as_dict()

    def _cameras(self) -> list[Camera]:
        """Return the cameras found in the chosen regions, each once, by name."""
        found = {
            camera.camera_id: camera
            for region in self._regions
            if not isinstance(cameras := self._found[region], CloudError)
            for camera in cameras
        }
        return by_name(found.values())

    async def _region_names(self) -> dict[str, str]:
        """Return the regions' names in Home Assistant's language."""
        words = await async_get_translations(
            self.hass, self.hass.config.language, "selector", {DOMAIN}
        )
        return {
            region: words[f"component.{DOMAIN}.selector.region.options.{region}"]
            for region in REGIONS
        }

    # How a dialogue ends.

    def _create(self, voice: Mapping[str, Any]) -> ConfigFlowResult:
        """Create the entry of a new account."""
        chosen = self._chosen
        own = {camera.camera_id for camera in self._cameras() if is_own(camera)}
        return self.async_create_entry(
            title=f"Xiaomi ({self._data[CONF_ACCOUNT]})",
            data=self._data,
            options={
                CONF_REGIONS: self._regions,
                CONF_CAMERAS_EXCLUDED: sorted(own - {*chosen.get(CONF_CAMERAS, own)}),
                CONF_POLL_HOURS: DEFAULT_POLL_HOURS,
                CONF_SHOW_SHARED: chosen.get(CONF_SHOW_SHARED, False),
                CONF_VOICE_ANSWERS: voice[CONF_VOICE_ANSWERS],
                CONF_VOICE_CANCELS: voice[CONF_VOICE_CANCELS],
            },
        )

    # What is shown.

    def _show_failure(self, error: CloudError) -> ConfigFlowResult:
        """Show what went wrong, where it can be tried again."""
        if isinstance(error, BrowserNeededError):
            self._page = error.url or _ACCOUNT_PAGE
            return self._show_page()
        return self._show_door(_Problem.of(error))

    def _show_door(self, problem: _Problem | None = None) -> ConfigFlowResult:
        """Show the form that this dialogue started from or has to come back to."""
        gateway = vol.Schema(
            {
                vol.Optional(
                    CONF_GATEWAY, description={"suggested_value": self._gateway_text}
                ): TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
            }
        )
        folded = section(gateway, {"collapsed": not self._gateway_text})
        schemas = {"xiaomi": vol.Schema({vol.Required(CONF_ADVANCED): folded}), "gateway": gateway}
        return self._form(self._door, schemas.get(self._door), problem)

    def _show_link(self, problem: _Problem | None = None) -> ConfigFlowResult:
        """Show the link, and below it the same as a QR code."""
        code = QrCodeSelector(
            QrCodeSelectorConfig(
                data=self._offer.url,
                scale=_QR_SCALE,
                error_correction_level=QrErrorCorrectionLevel.MEDIUM,
            )
        )
        schema = vol.Schema({vol.Optional(CONF_QR): code})
        return self._form("link", schema, problem, self._link_words())

    def _link_words(self) -> dict[str, str]:
        return {"url": self._offer.url, "until": self._offered_until}

    def _show_page(self) -> ConfigFlowResult:
        """Send the owner to the maker's own page."""
        return self._form("confirm_in_browser", words={"url": self._page})

    async def _show_regions(self, problem: _Problem | None = None) -> ConfigFlowResult:
        """Show the regions with the number of cameras found in each."""
        names = await self._region_names()
        counts = {
            region: 0 if isinstance(cameras, CloudError) else len(cameras)
            for region, cameras in self._found.items()
        }
        ticked = self._regions or [region for region in names if counts[region]]
        options = [
            SelectOptionDict(value=region, label=f"{names[region]} ({counts[region]})")
            for region in sorted(names, key=lambda region: not counts[region])
        ]
        schema = vol.Schema(
            {vol.Required(CONF_REGIONS, default=ticked): many(options)},
        )
        return self._form("regions", schema, problem or self._region_problem(names))

    def _region_problem(self, names: Mapping[str, str]) -> _Problem | None:
        """Return what the owner should know before choosing regions."""
        failed = [
            names[region] for region, found in self._found.items() if isinstance(found, CloudError)
        ]
        if failed:
            return _Problem("regions_failed", {"regions": listed(self.hass, failed)})
        return None if any(self._found.values()) else _Problem("no_cameras")

    def _show_cameras(self) -> ConfigFlowResult:
        """Show the account's own cameras, and whether those of others shall be shown too."""
        cameras = self._cameras()
        own = [camera for camera in cameras if is_own(camera)]
        fields: dict[vol.Marker, object] = {}
        if own:
            fields |= camera_field(own, excluded=())
        if len(own) < len(cameras):
            fields[vol.Required(CONF_SHOW_SHARED, default=False)] = BooleanSelector()
        return self._form("cameras", vol.Schema(fields))

    def _form(
        self,
        step_id: str,
        schema: vol.Schema | None = None,
        problem: _Problem | None = None,
        words: Mapping[str, str] | None = None,
    ) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step_id,
            data_schema=schema,
            errors={"base": problem.key} if problem else None,
            description_placeholders={**(words or {}), **(problem.words if problem else {})},
        )
