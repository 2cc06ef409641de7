"""The data file: whole, sourced, and without any call that spends, deletes or switches."""

import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.camera_cloud_plan.cloud import xiaomi
from custom_components.camera_cloud_plan.cloud.xiaomi.endpoints import HostKind, endpoints
from custom_components.camera_cloud_plan.cloud.xiaomi.gateway import is_safe_for_secrets
from custom_components.camera_cloud_plan.cloud.xiaomi.passport import account_url

_DATA: dict[str, Any] = json.loads(
    Path(xiaomi.__file__).with_name("endpoints.json").read_text(encoding="utf-8")
)


def test_regions_are_the_same_in_data_and_code() -> None:
    assert tuple(_DATA["regions"]) == xiaomi.REGIONS


@pytest.mark.parametrize("call", _DATA["calls"].values(), ids=_DATA["calls"])
def test_every_call_names_its_source(call: dict[str, Any]) -> None:
    assert call["source"]


@pytest.mark.parametrize("call", _DATA["calls"].values(), ids=_DATA["calls"])
def test_no_call_spends_signs_deletes_or_switches(call: dict[str, Any]) -> None:
    path = call["path"].lower()
    forbidden = ("pay", "sign/", "mipay", "deductsign", "put", "del", "addfree", "buy", "markread")
    assert not [word for word in forbidden if word in path]
    # A camera host is only ever read from.
    assert call["method"] == "GET" or call["host"] == "api"


@pytest.mark.parametrize("region", xiaomi.REGIONS)
@pytest.mark.parametrize("kind", list(HostKind))
def test_every_host_may_have_secrets(kind: HostKind, region: str) -> None:
    for host in endpoints().hosts_of(kind, region):
        assert is_safe_for_secrets(account_url("/").with_host(host), None)


def test_camera_hosts_in_their_order() -> None:
    assert endpoints().hosts_of(HostKind.CAMERA, "sg") == (
        "sg.business.smartcamera.api.io.mi.com",
        "sg.app.business.smartcamera.api.io.mi.com",
    )
    assert endpoints().hosts_of(HostKind.CAMERA, "cn")[0] == "business.smartcamera.api.io.mi.com"


def test_processor_hosts_in_their_order() -> None:
    assert endpoints().hosts_of(HostKind.PROCESSOR, "de") == (
        "de.processor.smartcamera.api.io.mi.com",
        "de.app.processor.smartcamera.api.io.mi.com",
    )


def test_every_rule_about_recordings_names_its_source() -> None:
    rules = _DATA["recordings"]
    named = {name for name in rules if not name.endswith("_source")}
    assert {f"{name}_source" for name in named} == rules.keys() - named
    assert all(rules[f"{name}_source"] for name in named)


def test_a_page_has_its_regions_prefix() -> None:
    assert endpoints().page_host("camera.api.io.mi.com", "cn") == "camera.api.io.mi.com"
    assert endpoints().page_host("camera.api.io.mi.com", "sg") == "sg.camera.api.io.mi.com"


def test_is_read_once() -> None:
    xiaomi.preload()
    assert endpoints() is endpoints()
