"""Saved recordings in Media: by camera and day, playable, with pictures, and nothing else."""

from pathlib import Path
from typing import Any

from homeassistant.components.media_player.errors import BrowseError
from homeassistant.components.media_source import MediaSource, MediaSourceItem, Unresolvable
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.export import Order
from custom_components.camera_cloud_plan.media_source import async_get_media_source
from custom_components.camera_cloud_plan.plan import clock
from tests.export.test_library import DAY, STEM, lay_out, saved_line

from .test_coordinator import RENEWING

SOURCE = f"media-source://{DOMAIN}"


def _item(hass: HomeAssistant, identifier: str) -> MediaSourceItem:
    return MediaSourceItem(hass, DOMAIN, identifier, None)


async def _source(hass: HomeAssistant) -> MediaSource:
    return await async_get_media_source(hass)


async def _cameras(hass: HomeAssistant) -> dict[str, str]:
    """Return the cameras at the top of the source: identifiers by title."""
    top = await (await _source(hass)).async_browse_media(_item(hass, ""))
    return {
        child.title: child.media_content_id.removeprefix(f"{SOURCE}/")
        for child in top.children or ()
    }


async def _root(hass: HomeAssistant) -> str:
    """Return the name that stands for the folder of exports."""
    return (await _cameras(hass))["Front door"].partition("/")[0]


def _order(folder: str) -> Order:
    return Order(job_id="1", camera_id=RENEWING, asked_at=clock.now(), folder=folder)


@pytest.fixture
async def folder(hass: HomeAssistant, tmp_path: Path, loaded: MockConfigEntry) -> Path:
    """Return the folder for exports, where one clip of the front door is."""
    hass.config.media_dirs = {"local": str(tmp_path)}
    await hass.config.async_set_time_zone("Europe/Berlin")
    root = tmp_path / DOMAIN
    lay_out(root, saved_line("a", f"{STEM}.mp4"))
    assert await async_setup_component(hass, "media_source", {})
    return root


async def browse(client: Any, content_id: str) -> dict[str, Any]:
    """Return a place in Media as the frontend gets it."""
    await client.send_json_auto_id(
        {"type": "media_source/browse_media", "media_content_id": content_id}
    )
    answer = await client.receive_json()
    assert answer["success"], answer
    found: dict[str, Any] = answer["result"]
    return found


async def walk(client: Any) -> tuple[list[str], dict[str, Any]]:
    """Go down to the only clip; return the titles on the way, and the clip."""
    place, titles = await browse(client, SOURCE), []
    while True:
        titles.append(place["title"])
        (child,) = place["children"]
        if not child["can_expand"]:
            return titles, child
        place = await browse(client, child["media_content_id"])


async def test_from_the_root_to_a_clip(
    hass: HomeAssistant, folder: Path, hass_ws_client: WebSocketGenerator
) -> None:
    titles, clip = await walk(await hass_ws_client(hass))
    assert titles == ["Saved recordings", "Front door", "Front door · Tue 24 Nov"]
    assert clip["title"] == "07:31:05 · Person · 0:12"
    assert (clip["media_class"], clip["media_content_type"]) == ("video", "video/mp4")
    assert clip["can_play"]


async def test_in_chinese(
    hass: HomeAssistant,
    tmp_path: Path,
    loaded: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    hass.config.language = "zh-Hans"
    hass.config.media_dirs = {"local": str(tmp_path)}
    await hass.config.async_set_time_zone("Asia/Shanghai")
    lay_out(tmp_path / DOMAIN, saved_line("a", f"{STEM}.mp4"), camera="门口")
    assert await async_setup_component(hass, "media_source", {})
    titles, clip = await walk(await hass_ws_client(hass))
    assert titles == ["已保存的录像", "门口", "门口 · 11月24日（周二）"]
    assert clip["title"] == "14:31:05 · 有人 · 0:12"


async def test_a_clip_plays_by_a_signed_address_and_its_picture_shows(
    hass: HomeAssistant,
    folder: Path,
    hass_ws_client: WebSocketGenerator,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    client = await hass_ws_client(hass)
    _titles, clip = await walk(client)
    await client.send_json_auto_id(
        {"type": "media_source/resolve_media", "media_content_id": clip["media_content_id"]}
    )
    resolved = (await client.receive_json())["result"]
    assert resolved["mime_type"] == "video/mp4"

    anybody, owner = await hass_client_no_auth(), await hass_client()
    answer = await anybody.get(resolved["url"], headers={"Range": "bytes=1-"})
    assert (answer.status, await answer.read()) == (206, b"p4")
    # The signature opens this address and no other; without one, only whoever is signed in.
    signature = resolved["url"].partition("?")[2]
    assert (await anybody.get(f"{clip['thumbnail']}?{signature}")).status == 401
    assert (await anybody.get(clip["thumbnail"])).status == 401
    picture = await owner.get(clip["thumbnail"])
    assert (picture.status, picture.content_type) == (200, "image/jpeg")
    assert await picture.read() == b"jpg"


@pytest.mark.parametrize(
    "names", ["nowhere", "{root}/No such", "{root}/Front door/2020-01-01", "{root}/a/b/c/d/e"]
)
async def test_places_that_are_not_there(hass: HomeAssistant, folder: Path, names: str) -> None:
    source = await _source(hass)
    root = await _root(hass)
    with pytest.raises(BrowseError) as raised:
        await source.async_browse_media(_item(hass, names.format(root=root)))
    assert raised.value.translation_key == "nothing_saved_here"


async def test_what_is_not_there_cannot_be_played(
    hass: HomeAssistant, folder: Path, hass_client: ClientSessionGenerator
) -> None:
    source = await _source(hass)
    root = await _root(hass)
    for names in (
        root,
        f"{root}/Front door/{DAY}/other.mp4",
        f"{root}/Front door/{DAY}/{STEM}.jpg",
        f"elsewhere/Front door/{DAY}/{STEM}.mp4",
    ):
        with pytest.raises(Unresolvable):
            await source.async_resolve_media(_item(hass, names))
    with pytest.raises(Unresolvable):
        await source.async_resolve_media(
            MediaSourceItem.from_uri(hass, f"media-source://{DOMAIN}", None)
        )
    client = await hass_client()
    for path in (
        f"elsewhere/Front door/{DAY}/{STEM}.mp4",
        f"{root}/Front door/{DAY}/manifest.jsonl",
        f"{root}/Front door/..%2F..%2Fconfig/{STEM}.mp4",
        f"{root}/..%2F{DOMAIN}/{DAY}/{STEM}.mp4",
    ):
        answer = await client.get(f"/api/{DOMAIN}/recordings/{path}")
        # Home Assistant's own filter refuses some before they come here.
        assert answer.status in {400, 404}, path


async def test_recordings_saved_elsewhere_are_found_too(
    hass: HomeAssistant, folder: Path, loaded: MockConfigEntry, tmp_path: Path
) -> None:
    """Where an account's last export went, or one that is under way goes."""
    elsewhere = tmp_path / "disk"
    lay_out(elsewhere, saved_line("b", f"{STEM}.mp4"), camera="Garage")
    desk = loaded.runtime_data.coordinator.exports
    assert [*await _cameras(hass)] == ["Front door"]
    await desk._book.async_add(_order(str(elsewhere)))
    assert sorted(await _cameras(hass)) == ["Front door", "Garage"]
