"""Makes the dispute file of a camera: gathers what is known, writes it, and notes that it was made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_translations
from homeassistant.loader import async_get_integration
from homeassistant.util import dt as dt_util

from ..const import CONF_CREDENTIALS, CONF_EXPORT_FOLDER, DOMAIN
from ..coordinator import CloudPlanCoordinator
from ..ledger import Json, Kind, LedgerError, Source
from ..ledger.claim import Claim, FirstPaidTerm
from ..ledger.dispute import (
    Attachment,
    CaseFile,
    Include,
    Law,
    LeakError,
    Mask,
    Package,
    Subject,
    Way,
    Words,
    make_package,
)
from ..plan import Channel, clock, rules_reviewed
from ..saving.paper import read_owners_file, write_paper
from .known import plan_facts
from .rules import background
from .words import not_read

# What is too short to be told from any other text is no secret either.
_SHORTEST_SECRET: Final = 8
# All of it is held in memory, also packed.
_MOST_ATTACHED: Final = 64 << 20
_IDS_OF_THE_ACCOUNT: Final = frozenset({"user_id", "c_user_id"})

LANGUAGES: Final = ("de", "en", "zh-Hans")
"""The languages that a file can be made in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a dispute file is to hold; moments in UTC, `None` for all that there is.

    `attachments` are paths, `folder` is as it was given.
    """

    start: datetime | None = None
    end: datetime | None = None
    include: frozenset[Include] = frozenset()
    attachments: tuple[str, ...] = ()
    language: str | None = None
    folder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A dispute file that was written."""

    path: Path
    package: Package


async def async_words(hass: HomeAssistant, language: str | None) -> Words:
    """Return the texts of a language, Home Assistant's own without one, else English."""
    wanted = language or hass.config.language
    if wanted not in LANGUAGES:
        wanted = "zh-Hans" if wanted.startswith("zh") else wanted.partition("-")[0]
    chosen = wanted if wanted in LANGUAGES else "en"
    texts = await async_get_translations(hass, chosen, "common", [DOMAIN])
    prefix = f"component.{DOMAIN}.common."
    return Words(chosen, {key.removeprefix(prefix): text for key, text in texts.items()})


async def async_make(coordinator: CloudPlanCoordinator, camera_id: str, order: Order) -> Made:
    """Make and write the dispute file of a camera; its ledger says so.

    Raises `ServiceValidationError` for a folder or a file that may not be used, and
    `HomeAssistantError` where the ledger cannot be read or the file not be written.
    """
    hass, desk = coordinator.hass, coordinator.proof
    attached: list[Attachment] = []
    for given in order.attachments:
        content = await hass.async_add_executor_job(read_owners_file, hass, given)
        attached.append(Attachment(name=Path(given).name, content=content))
        if sum(len(of.content) for of in attached) > _MOST_ATTACHED:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="attachments_too_large"
            )
    for of in attached:
        facts: dict[str, Json] = {
            "file": of.name,
            "sha256": of.sha256,
            "bytes": len(of.content),
        }
        await desk.async_append(Kind.ATTACHMENT, facts, camera_id=camera_id, source=Source.OWNER)
    await desk.async_settled()
    maker = _Maker(coordinator, camera_id, order, tuple(attached))
    words = await async_words(hass, order.language)
    version = str((await async_get_integration(hass, DOMAIN)).version)
    try:
        made = await hass.async_add_executor_job(maker.make, words, version)
    except LedgerError as err:
        raise not_read(hass, err) from err
    except LeakError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN, translation_key="package_not_made"
        ) from err
    claim = desk.claims.of(desk.camera_key(camera_id))
    said: dict[str, Json] = {
        "sha256": made.package.sha256,
        "file": made.path.name,
        "claim": claim.key if claim else None,
    }
    await desk.async_append(Kind.DISPUTE_PACKAGE, said, camera_id=camera_id, source=Source.OWNER)
    return made


class _Maker:
    """Makes one file; its `make` blocks and touches nothing that the event loop changes."""

    def __init__(
        self,
        coordinator: CloudPlanCoordinator,
        camera_id: str,
        order: Order,
        attached: tuple[Attachment, ...],
    ) -> None:
        """Take down what is known at this moment."""
        plan = coordinator.known(camera_id)
        if plan is None:
            raise HomeAssistantError(
                translation_domain=DOMAIN, translation_key="no_camera_in_target"
            )
        entry, desk = coordinator.config_entry, coordinator.proof
        self._coordinator = coordinator
        self._plan = plan
        self._order = order
        self._attached = attached
        self._key = desk.camera_key(camera_id)
        self._name = coordinator.display_name(camera_id)
        self._claim: Claim | None = desk.claims.of(self._key)
        self._file = desk.file
        self._now = clock.now()
        self._zone = dt_util.get_default_time_zone()
        others = frozenset(coordinator.data.cameras) - {camera_id}
        stored = entry.data.get(CONF_CREDENTIALS)
        self._hidden = others | frozenset(_account_ids(stored, order.include))
        self._secrets = frozenset(_secrets(stored, order.include)) | {
            other for other in others if len(other) >= _SHORTEST_SECRET
        }
        self._account = entry.title
        self._folder = order.folder or entry.options.get(CONF_EXPORT_FOLDER)

    def make(self, words: Words, version: str) -> Made:
        """Make and write it; raises as `async_make`, but `LedgerError` and `LeakError` too."""
        hass, order = self._coordinator.hass, self._order
        case = CaseFile(
            subject=self._subject(words),
            first=order.start,
            last=order.end,
            made_at=self._now,
            zone=self._zone,
            version=version,
            reviewed=rules_reviewed(),
            lines=self._file.lines(),
            law=self._law,
            mask=Mask(include=order.include, own_id=self._plan.camera.camera_id, ids=self._hidden),
            attachments=self._attached,
        )
        package = make_package(case, words, self._secrets)
        stem = f"dispute_{self._key}_{dt_util.as_local(self._now):%Y-%m-%d_%H%M}"
        path = write_paper(hass, self._folder, stem, ".zip", package.content)
        return Made(path=path, package=package)

    def _law(self, on: datetime, term: FirstPaidTerm) -> Law:
        """Return the rules and ways of the day of a moment."""
        around = background(self._coordinator.hass, self._plan, on, first_paid=term.runs)
        ends = dict(self._claim.deadlines(around.routes, self._zone)) if self._claim else {}
        ways = (
            Way(
                route=route,
                deadlines=tuple((of.key, ends[of.key]) for of in route.deadlines if of.key in ends),
            )
            for route in around.routes
        )
        return Law(cited=around.cited, ways=tuple(ways))

    def _subject(self, words: Words) -> Subject:
        plan = self._plan
        camera, reading = plan.camera, plan.reading
        typed = reading is not None and reading.typed
        maker = words.maker(camera.maker)
        is_brand = plan.channel is Channel.SELLER and bool(maker)
        return Subject(
            key=self._key,
            name=self._name,
            maker=maker,
            seller=maker if is_brand else words.name("dispute_value", plan.channel),
            account=self._account,
            device_id=None if typed else camera.camera_id,
            mac=camera.mac,
            about={
                "model": camera.model or None,
                "firmware": camera.firmware,
                **plan_facts(plan),
                "read_at": reading.read_at.isoformat() if reading else None,
            },
        )


def _account_ids(stored: Any, include: frozenset[Include]) -> Iterator[str]:
    """Yield the maker's ids of the account, unless they may be shown."""
    if Include.ACCOUNT not in include and isinstance(stored, Mapping):
        yield from (str(stored[name]) for name in _IDS_OF_THE_ACCOUNT if stored.get(name))


def _secrets(stored: Any, include: frozenset[Include]) -> Iterator[str]:
    """Yield whatever of the stored credentials must be in no file."""
    if not isinstance(stored, Mapping):
        return
    for name, value in stored.items():
        if isinstance(value, Mapping):
            yield from _secrets(value, include)
            continue
        may_be_shown = name in _IDS_OF_THE_ACCOUNT and Include.ACCOUNT in include
        is_long = isinstance(value, str) and len(value) >= _SHORTEST_SECRET
        if is_long and name != "issued_at" and not may_be_shown:
            yield value
