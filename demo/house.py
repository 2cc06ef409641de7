"""The demo's Home Assistant configuration folder, seeded so that nothing has to be asked.

An `http:` block in YAML would make Home Assistant restart itself after five minutes
unless a person confirms it, so the server's settings are seeded in its storage.
Onboarding counts as done; there is one user, the owner, who signs in from loopback
without a page. Integrations are listed one by one: the default set would look for
devices on the network and for Home Assistant's own cloud.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
import json
import os
from pathlib import Path
import shutil
from typing import Any, Final
from uuid import uuid4

from .ports import LOOPBACK
from .process import REPOSITORY
from .words import Language

_CONFIGURATION: Final = """\
homeassistant:
  auth_providers:
    - type: trusted_networks
      trusted_networks:
        - {loopback}/32
      allow_bypass_login: true
  media_dirs:
    local: {media}
frontend:
config:
conversation:
assist_pipeline:
media_source:
stream:
history:
logbook:
my:
calendar:
mobile_app:
automation: !include automations.yaml
logger:
  default: info
"""
"""The integrations of a default installation that need no network and no hardware, and
media in the folder itself, wherever this machine would have it.
"""

_OURS: Final = (
    Path("custom_components", "camera_cloud_plan"),
    Path("blueprints", "automation", "camera_cloud_plan"),
)
_MARK: Final = ".camera-cloud-plan-demo"
_ONBOARDING_STEPS: Final = ("user", "core_config", "analytics", "integration")


DEFINITION: Final = "simulated_maker.json"
"""The file with the simulated maker's own renewal request, in the integration's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the seeded Home Assistant is told about itself.

    `time_zone` is an IANA name; `default_panel` the path of the first page shown.
    """

    port: int
    language: Language
    time_zone: str
    default_panel: str


class NotOursError(Exception):
    """The folder holds something that was not made by a demo, so it is left alone."""


def build(folder: Path, house: House) -> None:
    """Write a fresh configuration folder, replacing one of an earlier demo.

    Raises `NotOursError` where there is any other folder that is not empty.
    """
    if folder.exists():
        if any(folder.iterdir()) and not (folder / _MARK).exists():
            raise NotOursError(f"{folder} is not empty and not of an earlier demo")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / _MARK).touch()
    media = folder / "media"
    media.mkdir()
    configuration = _CONFIGURATION.format(loopback=LOOPBACK, media=json.dumps(str(media)))
    (folder / "configuration.yaml").write_text(configuration, encoding="utf-8")
    (folder / "automations.yaml").write_text("[]\n", encoding="utf-8")
    _link_repository(folder)
    _lay_out_definition(folder)
    owner = uuid4().hex
    for seed in (
        _auth(owner),
        _onboarding(),
        _http(house.port),
        _core(house),
        _frontend_language(owner, house.language),
        _frontend_panel(house.default_panel),
    ):
        _write_seed(folder, seed)


def _link_repository(folder: Path) -> None:
    """Make the integration and its blueprints in this repository the folder's own.

    Nothing above them is linked: Home Assistant writes blueprints of its own beside them.
    """
    for ours in _OURS:
        link = folder / ours
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(REPOSITORY / ours, target_is_directory=True)


def _lay_out_definition(folder: Path) -> None:
    """Put the simulated maker's own renewal request where the options look for such files."""
    definitions = folder / "camera_cloud_plan"
    definitions.mkdir()
    shutil.copy(REPOSITORY / "simulator" / "renewal_request.json", definitions / DEFINITION)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seed:
    key: str
    version: int
    minor_version: int = 1
    data: Mapping[str, Any]


def _write_seed(folder: Path, seed: _Seed) -> None:
    storage = folder / ".storage"
    storage.mkdir(exist_ok=True)
    path = storage / seed.key
    path.write_text(
        json.dumps(
            {
                "version": seed.version,
                "minor_version": seed.minor_version,
                "key": seed.key,
                "data": seed.data,
            }
        ),
        encoding="utf-8",
    )
    path.chmod(0o600)


def _auth(owner: str) -> _Seed:
    return _Seed(
        key="auth",
        version=1,
        data={
            "users": [
                {
                    "id": owner,
                    "group_ids": ["system-admin"],
                    "is_owner": True,
                    "is_active": True,
                    "name": "Demo",
                    "system_generated": False,
                    "local_only": True,
                }
            ],
            "groups": [
                {"id": "system-admin", "name": "Administrators"},
                {"id": "system-users", "name": "Users"},
                {"id": "system-read-only", "name": "Read Only"},
            ],
            "credentials": [
                {
                    "id": uuid4().hex,
                    "user_id": owner,
                    "auth_provider_type": "trusted_networks",
                    "auth_provider_id": None,
                    "data": {"user_id": owner},
                }
            ],
            "refresh_tokens": [],
        },
    )


def _onboarding() -> _Seed:
    return _Seed(key="onboarding", version=4, data={"done": list(_ONBOARDING_STEPS)})


def _http(port: int) -> _Seed:
    # The layout of 2026.10; 2026.11 migrates it. Settled ("stable"), nothing pending.
    return _Seed(
        key="http",
        version=2,
        minor_version=2,
        data={
            "stable": {
                "server_port": port,
                "server_host": [LOOPBACK],
                "cors_allowed_origins": ["https://cast.home-assistant.io"],
                "login_attempts_threshold": -1,
                "ip_ban_enabled": True,
                "ssl_profile": "modern",
                "use_x_frame_options": True,
                "created_at": datetime.now(UTC).isoformat(),
                "error": None,
                "error_message": None,
            },
            "pending": None,
            "yaml_migration_done": True,
        },
    )


def _core(house: House) -> _Seed:
    return _Seed(
        key="core.config",
        version=1,
        minor_version=4,
        data={
            "latitude": 31.2304,
            "longitude": 121.4737,
            "elevation": 4,
            "unit_system_v2": "metric",
            "location_name": "Camera Cloud Plan",
            "time_zone": house.time_zone,
            "external_url": None,
            "internal_url": None,
            "currency": "CNY",
            "country": "CN",
            "language": house.language.value,
            "radius": 100,
        },
    )


def _frontend_language(owner: str, language: Language) -> _Seed:
    return _Seed(
        key=f"frontend.user_data_{owner}",
        version=1,
        data={
            "language": {
                "language": language.value,
                "number_format": "language",
                "time_format": "language",
                "date_format": "language",
                "time_zone": "server",
                "first_weekday": "language",
            },
        },
    )


def _frontend_panel(path: str) -> _Seed:
    return _Seed(key="frontend.system_data", version=1, data={"core": {"default_panel": path}})


def machine_time_zone() -> str:
    """Return this machine's time zone, so that the demo's times match the clock on the wall."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if named and (Path("/usr/share/zoneinfo") / named).is_file():
        return named
    zone = Path("/etc/localtime")
    if zone.is_symlink() and "zoneinfo/" in (target := str(zone.resolve())):
        return target.partition("zoneinfo/")[2]
    return "UTC"
