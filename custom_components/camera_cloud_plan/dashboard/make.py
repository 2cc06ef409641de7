"""Makes a dashboard of the accounts that there are: for the action, and for the options to show."""

from collections.abc import Collection

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from ..const import DOMAIN
from ..coordinator import CloudPlanConfigEntry
from .cards import Builder
from .found import FoundAccount, async_find
from .parts import Card
from .texts import async_texts
from .yaml import as_yaml


async def async_dashboard_text(hass: HomeAssistant) -> str:
    """Return a dashboard of all accounts as text, in Home Assistant's language.

    Raises `ServiceValidationError` where there is no account.
    """
    return as_yaml(await async_make(hass, accounts_found(hass), hass.config.language))


async def async_make(hass: HomeAssistant, found: list[FoundAccount], language: str) -> Card:
    """Return a dashboard of accounts, as data."""
    return Builder(found, await async_texts(hass, language)).dashboard()


def accounts_found(
    hass: HomeAssistant, chosen: Collection[str] | None = None
) -> list[FoundAccount]:
    """Return the accounts that are there, or those of them that are chosen by entry id.

    Raises `ServiceValidationError` where there is none.
    """
    entries: list[CloudPlanConfigEntry] = hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=False
    )
    found = async_find(
        hass, [entry for entry in entries if chosen is None or entry.entry_id in chosen]
    )
    if not found:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_account")
    return found
