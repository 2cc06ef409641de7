"""Media: the saved recordings by camera and day, with their pictures.

Beside the built-in media folder, where the same files lie under their names: here they have
pictures, times and what happened, and are found in whatever folder they were saved.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final, override

from homeassistant.components.http.auth import async_sign_path
from homeassistant.components.media_player.const import MediaClass, MediaType
from homeassistant.components.media_player.errors import BrowseError
from homeassistant.components.media_source import (
    BrowseMediaSource,
    MediaSource,
    MediaSourceItem,
    PlayMedia,
    Unresolvable,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .export.library import SavedClip, clips, find, shelves
from .saving.media_view import async_roots, recording_url
from .words import listed, spoken_day

# Addresses to play are good for so long, and for the length of the clip besides.
_GOOD_FOR: Final = timedelta(minutes=15)


async def async_get_media_source(hass: HomeAssistant) -> MediaSource:
    """Return the source of saved recordings."""
    words = await _async_words(hass)
    return SavedRecordings(hass, words["media_source"])


class SavedRecordings(MediaSource):
    """Root, camera, day, clip: an identifier is the names of these, one below the other."""

    def __init__(self, hass: HomeAssistant, name: str) -> None:
        """Take the name under which it shows up."""
        super().__init__(DOMAIN)
        self.hass = hass
        self.name: str = name

    @override
    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        """Return what is at a place; raises `BrowseError` where nothing is."""
        match item.identifier.split("/") if item.identifier else []:
            case []:
                return await self._async_cameras()
            case [root, camera]:
                return await self._async_days(root, camera)
            case [root, camera, day]:
                return await self._async_clips(root, camera, day)
        raise _nothing_here(BrowseError)

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Return where a clip can be played, for a while; raises `Unresolvable`."""
        match (item.identifier or "").split("/"):
            case [key, camera, day, name] if root := async_roots(self.hass).get(key):
                job = self.hass.async_add_executor_job
                path = await job(find, root, camera, day, name)
                saved = await job(clips, root, camera)
                found = next((clip for clip in saved if (clip.day, clip.name) == (day, name)), None)
                if path is not None and found is not None:
                    good_for = _GOOD_FOR + timedelta(seconds=2 * (found.seconds or 0))
                    url = recording_url((key, camera, day, name))
                    signed = async_sign_path(self.hass, url, good_for)
                    return PlayMedia(signed, found.mime_type, path=path)
        raise _nothing_here(Unresolvable)

    async def _async_cameras(self) -> BrowseMediaSource:
        children = []
        for key, root in async_roots(self.hass).items():
            found = await self.hass.async_add_executor_job(shelves, root)
            children += [_folder(f"{key}/{shelf.folder}", shelf.name) for shelf in found]
        return _folder("", self.name or DOMAIN, children)

    async def _async_days(self, root: str, camera: str) -> BrowseMediaSource:
        name, found = await self._async_shelf(root, camera)
        days = dict.fromkeys(clip.day for clip in found)
        children = [_folder(f"{root}/{camera}/{day}", self._spoken(day)) for day in days]
        return _folder(f"{root}/{camera}", name, children)

    async def _async_clips(self, root: str, camera: str, day: str) -> BrowseMediaSource:
        name, found = await self._async_shelf(root, camera)
        words = await _async_words(self.hass)
        children = [
            _clip([root, camera, day], clip, _title(self.hass, clip, words))
            for clip in found
            if clip.day == day
        ]
        if not children:
            raise _nothing_here(BrowseError)
        title = f"{name} · {self._spoken(day)}"
        return _folder(f"{root}/{camera}/{day}", title, children, MediaClass.VIDEO)

    async def _async_shelf(self, root: str, camera: str) -> tuple[str, list[SavedClip]]:
        """Return what a camera was called, and what was saved of it."""
        path = async_roots(self.hass).get(root, "")
        found = await self.hass.async_add_executor_job(shelves, path)
        name = next((shelf.name for shelf in found if shelf.folder == camera), None)
        if name is None:
            raise _nothing_here(BrowseError)
        return name, await self.hass.async_add_executor_job(clips, path, camera)

    def _spoken(self, day: str) -> str:
        return spoken_day(self.hass, date.fromisoformat(day))


def _nothing_here[E: (BrowseError, Unresolvable)](kind: type[E]) -> E:
    return kind(translation_domain=DOMAIN, translation_key="nothing_saved_here")


def _folder(
    identifier: str,
    title: str,
    children: list[BrowseMediaSource] | None = None,
    of: MediaClass = MediaClass.DIRECTORY,
) -> BrowseMediaSource:
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=identifier,
        media_class=MediaClass.DIRECTORY,
        media_content_type=MediaType.VIDEO,
        title=title,
        can_play=False,
        can_expand=True,
        children_media_class=of,
        children=children,
    )


def _clip(place: list[str], clip: SavedClip, title: str) -> BrowseMediaSource:
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier="/".join([*place, clip.name]),
        media_class=MediaClass.VIDEO,
        media_content_type=clip.mime_type,
        title=title,
        can_play=True,
        can_expand=False,
        thumbnail=recording_url([*place, clip.picture]) if clip.picture else None,
    )


def _title(hass: HomeAssistant, clip: SavedClip, words: Mapping[str, str]) -> str:
    """Return when it was, what happened, how long it is: what is known of that.

    In this order, because a phone cuts off the end.
    """
    local: datetime = dt_util.as_local(clip.created_at)
    kinds = [words.get(f"recording_event_{kind.lower()}", kind) for kind in clip.kinds]
    minutes, seconds = divmod(round(clip.seconds or 0), 60)
    length = f"{minutes}:{seconds:02}" if clip.seconds else ""
    part = words["media_part"].format(number=clip.part) if clip.part else ""
    return " · ".join(filter(None, (f"{local:%H:%M:%S}", part, listed(hass, kinds), length)))


async def _async_words(hass: HomeAssistant) -> Mapping[str, str]:
    words = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    start = f"component.{DOMAIN}.common."
    return {key.removeprefix(start): text for key, text in words.items()}
