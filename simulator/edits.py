"""Edits of a running world, in the terms of world files."""

from collections.abc import Mapping

from simulator import billing
from simulator.errors import WorldError
from simulator.fields import Fields, mapping
from simulator.plans import Plan
from simulator.spelling import Entry, device_entry, plan_entry
from simulator.world import Camera, World
from simulator.worldfile import read_camera


def add_camera(world: World, entry: object) -> Camera:
    """Add a camera from a world file's entry.

    Raises:
        WorldError: when something in the entry is wrong, or its `did` is taken.

    """
    camera = read_camera(Fields(entry, ""), world)
    if camera.did in world.devices:
        raise WorldError("did", f"{camera.did} is there already")
    world.put_device(camera)
    return camera


def edit_camera(world: World, did: str, changes: object) -> Camera:
    """Change some fields of a camera; `plan` and `free_tier` may hold some of theirs only.

    What hangs on a changed field and is not given itself is derived anew, as when a world is
    loaded: from `end` the start and the anchor day, from `auto_renew` or `channel` the flag. A
    flag that lags behind the truth waits anew when its delay is changed.

    Raises:
        KeyError: when there is no such camera.
        WorldError: when a change makes no sense; the camera then stays as it was.

    """
    camera = world.camera(did)
    entry = device_entry(camera, world)
    for key, change in Fields(changes, "").items():
        if key == "did" and change != did:
            raise WorldError("did", "cannot be changed")
        if key == "plan" and isinstance(change, Mapping) and camera.plan is not None:
            entry[key] = _merged_plan(plan_entry(camera.plan), mapping(change))
        elif key == "free_tier" and isinstance(change, Mapping):
            entry[key] = mapping(entry[key]) | mapping(change)
        else:
            entry[key] = change
    _keep_presence_in_step(entry, mapping(changes), world.now_ms())
    edited = read_camera(Fields(entry, ""), world)
    if camera.plan is not None and edited.plan is not None and _waits_anew(changes, edited.plan):
        billing.await_flag(edited.plan, world.now_ms())
    world.put_device(edited)
    return edited


def _keep_presence_in_step(entry: Entry, changes: Entry, now_ms: int) -> None:
    """Derive of `online` and `offline_since` the one that an edit leaves out."""
    if "offline_since" in changes and "online" not in changes:
        del entry["online"]
    elif "online" in changes and "offline_since" not in changes:
        since = entry["offline_since"]
        entry["offline_since"] = None if changes["online"] else now_ms if since is None else since


def _waits_anew(changes: object, plan: Plan) -> bool:
    match changes:
        case {"plan": Mapping() as changed}:
            lags = plan.shown_auto_renew is not plan.auto_renew
            return lags and "flag_delay" in changed and "flag_follows" not in changed
    return False


def _merged_plan(entry: Entry, changes: Entry) -> Entry:
    derived: set[str] = set()
    if "end" in changes:
        derived |= {"start", "anchor_day"}
    if changes.keys() & {"auto_renew", "channel"} and entry["shown_auto_renew"] is not None:
        derived |= {"shown_auto_renew", "flag_follows"}
    kept = {key: value for key, value in entry.items() if key not in derived}
    return kept | changes
