"""What our cameras go by: names of devices, of their areas and floors, and aliases of them all."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
import re
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
)

from ..coordinator import CloudPlanCoordinator
from ..devices import async_registered_cameras
from ..snapshot import CameraPlan

# What the agent drops from what was said where it stands at the edge of a word (`hassil.util`).
_PUNCTUATION: Final = "。,，?¿？؟!¡！;；:：’…—–―."
_AT_AN_EDGE: Final = re.compile(rf"(?<!\S)[{_PUNCTUATION}]+|[{_PUNCTUATION}]+(?!\S)")
_NO_WORD: Final = re.compile(r"[^\w]+")
_SPACES: Final = re.compile(r"\s+")
# Nobody says a name that has more signs; the maker's may have any number.
_MOST: Final = 100
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
# What people leave out of a name, or say behind any.
_A_CAMERA: Final = re.compile(r" ?(?:(?:security )?camera|\bcam|摄像头|摄像机|监控)$")


@dataclass(frozen=True, slots=True)
class Target:
    """A camera, and the account that it belongs to."""

    coordinator: CloudPlanCoordinator
    camera_id: str

    @property
    def plan(self) -> CameraPlan | None:
        """The camera as last read; `None` once it is gone."""
        return self.coordinator.data.cameras.get(self.camera_id)

    @property
    def name(self) -> str:
        """What people call it."""
        return self.coordinator.display_name(self.camera_id)


@dataclass(frozen=True, slots=True)
class Directory:
    """All cameras, and those that each spoken form stands for: by their own name, or by a place.

    A place is an area or a floor. Forms are in lower case.
    """

    cameras: tuple[Target, ...]
    called: Mapping[str, tuple[Target, ...]]
    located: Mapping[str, tuple[Target, ...]]
    areas: Mapping[Target, str]

    @property
    def forms(self) -> tuple[str, ...]:
        """Every form."""
        return tuple({**self.called, **self.located})

    def named(self, form: str | None) -> tuple[Target, ...]:
        """Return the cameras that a form stands for; all, where none was named.

        A camera's own name goes before that of a place.
        """
        if form is None:
            return self.cameras
        return self.called.get(form) or self.located.get(form, ())

    def is_place(self, form: str | None) -> bool:
        """Return whether a form stands for a place rather than for cameras of that name."""
        return form is not None and form not in self.called and form in self.located


@callback
def async_directory(hass: HomeAssistant, coordinators: Iterable[CloudPlanCoordinator]) -> Directory:
    """Return what the cameras of these accounts go by now."""
    cameras: list[Target] = []
    called: dict[str, list[Target]] = defaultdict(list)
    shortly: dict[str, list[Target]] = defaultdict(list)
    located: dict[str, list[Target]] = defaultdict(list)
    where: dict[Target, str] = {}
    for coordinator in coordinators:
        registered = async_registered_cameras(hass, coordinator.config_entry)
        for camera_id in coordinator.data.cameras:
            target = Target(coordinator, camera_id)
            device_id = registered.get(camera_id)
            area = _area(hass, device_id)
            cameras.append(target)
            for form in _forms(target.name, *_aliases(hass, device_id)):
                called[form].append(target)
                shortly[_A_CAMERA.sub("", form)].append(target)
            if area:
                where[target] = area.name
                for form in _forms(*_places(hass, area)):
                    located[form].append(target)
    for form, targets in shortly.items():
        if form and form not in called and form not in located:
            called[form] = targets
    _tell_apart(called, where)
    return Directory(
        cameras=tuple(cameras), called=_unique(called), located=_unique(located), areas=where
    )


def _unique(found: Mapping[str, list[Target]]) -> dict[str, tuple[Target, ...]]:
    return {form: tuple(dict.fromkeys(targets)) for form, targets in found.items()}


def _area(hass: HomeAssistant, device_id: str | None) -> ar.AreaEntry | None:
    device = dr.async_get(hass).async_get(device_id) if device_id else None
    return ar.async_get(hass).async_get_area(device.area_id) if device and device.area_id else None


def _places(hass: HomeAssistant, area: ar.AreaEntry) -> Iterator[str]:
    """Yield what people call an area, and the floor that it is on."""
    yield from (area.name, *area.aliases)
    floor = fr.async_get(hass).async_get_floor(area.floor_id) if area.floor_id else None
    if floor:
        yield from (floor.name, *floor.aliases)


def _aliases(hass: HomeAssistant, device_id: str | None) -> Iterator[str]:
    """Yield the aliases that people gave a camera's entities."""
    if device_id is None:
        return
    for entity in er.async_entries_for_device(
        er.async_get(hass), device_id, include_disabled_entities=True
    ):
        # Beside people's words there may be a mark for the entity's own name.
        yield from (alias for alias in entity.aliases if isinstance(alias, str))


def _tell_apart(called: dict[str, list[Target]], where: Mapping[Target, str]) -> None:
    """Add, for cameras of the same name, the name together with where each is."""
    for form, targets in [*called.items()]:
        if len({*targets}) == 1:
            continue
        for target in targets:
            for place in _forms(where.get(target, "")):
                for both in (
                    f"{form} in the {place}",
                    f"{place} {form}",
                    f"{place}{form}",
                    f"{place}的{form}",
                ):
                    called[both].append(target)


def _forms(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(form for name in names for form in spoken_forms(name)))


def spoken_forms(name: str) -> tuple[str, ...]:
    """Return what people may say or type for a name: as it is written, and without its signs.

    In Chinese there are no spaces either, however it is written. None for what is too long.
    """
    written = _SPACES.sub(" ", _AT_AN_EDGE.sub("", name)).strip().casefold()
    bare = _SPACES.sub(" ", _NO_WORD.sub(" ", name)).strip().casefold()
    joined = bare.replace(" ", "") if _CHINESE.search(bare) else bare
    return tuple(form for form in dict.fromkeys((written, bare, joined)) if 0 < len(form) <= _MOST)
