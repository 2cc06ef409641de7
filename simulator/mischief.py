"""The "make it misbehave" box: a few kinds of trouble that a person can switch with one press."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from simulator.cloud import Cloud
from simulator.faults import Fault, Faults, Trouble
from simulator.moments import HOUR_MS
from simulator.world import Misbehaviour

_FLIPS_BACK_AFTER_MS: Final = 2 * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Mischief:
    """One button. `is_on` None: a push that happens once and is over."""

    key: str
    press: Callable[[Cloud], None]
    is_on: Callable[[Cloud], bool] | None = None


def _fault(key: str, trouble: Trouble, begin: Callable[[Faults], Fault]) -> Mischief:
    def ours(cloud: Cloud) -> list[Fault]:
        wide = [fault for fault in cloud.faults.active if fault.trouble is trouble]
        return [fault for fault in wide if fault.path is None and fault.did is None]

    def press(cloud: Cloud) -> None:
        active = ours(cloud)
        for fault in active:
            cloud.faults.remove(fault)
        if not active:
            begin(cloud.faults)

    return Mischief(key=key, press=press, is_on=lambda cloud: bool(ours(cloud)))


def _flip(cloud: Cloud) -> None:
    now = cloud.world.misbehaviour
    after = None if now.flips_back_after_ms is not None else _FLIPS_BACK_AFTER_MS
    cloud.world.misbehave(replace(now, flips_back_after_ms=after))


def _wrong(key: str, name: str) -> Mischief:
    """Return the button of something that a maker does wrong with renewal or money."""

    def is_on(cloud: Cloud) -> bool:
        return bool(getattr(cloud.world.misbehaviour, name))

    def press(cloud: Cloud) -> None:
        wrong: dict[str, Any] = {name: not is_on(cloud)}
        cloud.world.misbehave(replace(cloud.world.misbehaviour, **wrong))

    return Mischief(key=key, press=press, is_on=is_on)


def _raise_prices(cloud: Cloud) -> None:
    """Let every plan that renews cost half as much again from its next term on, and say so."""
    world = cloud.world
    world.settle()
    for camera in world.cameras.values():
        plan = camera.plan
        if plan is not None and plan.auto_renew and plan.running(world.now_ms()):
            world.change_price(camera.did, plan.price_at(plan.end_ms) * 3 // 2, told=True)


def _expire_tokens(cloud: Cloud) -> None:
    cloud.sessions.expire()


def _sign_out(cloud: Cloud) -> None:
    cloud.sessions.expire(pass_tokens=True)


def _behave(cloud: Cloud) -> None:
    cloud.faults.clear()
    cloud.world.misbehave(Misbehaviour())


MISCHIEF: Final = (
    _fault(
        "down",
        Trouble.HTTP_STATUS,
        lambda faults: faults.add(Trouble.HTTP_STATUS, status=503),
    ),
    _fault("slow", Trouble.LATENCY, lambda faults: faults.add(Trouble.LATENCY, seconds=3.0)),
    _fault("html", Trouble.HTML, lambda faults: faults.add(Trouble.HTML)),
    Mischief(
        key="flips",
        press=_flip,
        is_on=lambda cloud: cloud.world.misbehaviour.flips_back_after_ms is not None,
    ),
    _wrong("charges", "charges_anyway"),
    _wrong("stays", "flag_stays"),
    _wrong("twice", "charges_twice"),
    _wrong("dearer", "charges_more"),
    Mischief(key="raises", press=_raise_prices),
    _wrong("unpaid", "payments_fail"),
    _fault("cut", Trouble.DROPPED_SEGMENT, lambda faults: faults.add(Trouble.DROPPED_SEGMENT)),
    _fault("drip", Trouble.SLOW_DRIP, lambda faults: faults.add(Trouble.SLOW_DRIP)),
    _fault("gone", Trouble.RECORDING_GONE, lambda faults: faults.add(Trouble.RECORDING_GONE)),
    Mischief(key="tokens", press=_expire_tokens),
    Mischief(key="signed_out", press=_sign_out),
    Mischief(key="normal", press=_behave),
)
