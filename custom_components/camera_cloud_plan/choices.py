"""Choices that more than one dialogue offers."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from .const import CONF_VOICE_ANSWERS, CONF_VOICE_CANCELS
from .plan import Camera, Ownership

CONF_CAMERAS: Final = "cameras"

_LIST_LIMIT: Final = 30


def camera_field(cameras: Iterable[Camera], excluded: Collection[str]) -> dict[vol.Marker, object]:
    """Return the field to choose cameras with; all but the excluded are ticked."""
    options = [
        SelectOptionDict(value=camera.camera_id, label=f"{camera.name} ({camera.model})")
        for camera in cameras
    ]
    ticked = [option["value"] for option in options if option["value"] not in excluded]
    return {vol.Required(CONF_CAMERAS, default=ticked): many(options)}


def many(options: list[SelectOptionDict]) -> SelectSelector:
    """Return a choice of several: ticks in a list while it fits a page."""
    mode = SelectSelectorMode.LIST if len(options) <= _LIST_LIMIT else SelectSelectorMode.DROPDOWN
    return SelectSelector(SelectSelectorConfig(options=options, multiple=True, mode=mode))


def one(options: list[str], translation_key: str) -> SelectSelector:
    """Return a choice of one, shown as a list; its words are the translations of that key."""
    return SelectSelector(
        SelectSelectorConfig(
            options=options, translation_key=translation_key, mode=SelectSelectorMode.LIST
        )
    )


def voice_fields(said: Mapping[str, Any]) -> dict[vol.Marker, object]:
    """Return the fields about what voice may do, with what was said before."""
    answers, cancels = said.get(CONF_VOICE_ANSWERS, True), said.get(CONF_VOICE_CANCELS, False)
    return {
        vol.Required(CONF_VOICE_ANSWERS, default=answers): BooleanSelector(),
        vol.Required(CONF_VOICE_CANCELS, default=cancels): BooleanSelector(),
    }


def is_own(camera: Camera) -> bool:
    """Return whether a camera may be the account's own; only one known as shared is not."""
    return camera.ownership is not Ownership.SHARED


def by_name(cameras: Iterable[Camera]) -> list[Camera]:
    """Return cameras in the order in which a person looks for them."""
    return sorted(cameras, key=lambda camera: camera.name.casefold())
