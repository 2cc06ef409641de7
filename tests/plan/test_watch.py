"""What is noticed of a camera: once per occurrence, and only what was read."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.camera_cloud_plan.codec import decode, encode
from custom_components.camera_cloud_plan.plan import (
    Activity,
    Channel,
    Finding,
    Notice,
    PlanView,
    Renewal,
    Service,
    Standing,
    Watch,
)
from tests.plan.readings import (
    DAY,
    ENDS,
    HOUR,
    MAKERS,
    MINUTE,
    NOW,
    STORES,
    TERM,
    TICK,
    camera,
    reading,
)

OFFLINE_AFTER = 72 * HOUR
ENDED = (Service.EXPIRED, Service.NEVER_BOUGHT)


def at(
    after: timedelta,
    flag: bool | None = True,
    *,
    online: bool | None = True,
    uploads: bool | None = None,
    service: Service = Service.ACTIVE,
    ends: datetime | None = ENDS,
) -> PlanView:
    """Return what is read of a camera so long after `NOW`."""
    return PlanView(
        camera=camera(online=online),
        reading=reading(NOW + after, flag, uploads=uploads, service=service, ends=ends),
        channel=Channel.MI_PAY,
    )


ON, OFF, UNKNOWN = at(HOUR), at(HOUR, flag=False), at(HOUR, flag=None)
NOT_UNDERSTOOD = at(HOUR, flag=None, service=Service.UNKNOWN, ends=None)


def watched(
    *views: PlanView, watch: Watch | None = None, wanted_on: bool = False
) -> tuple[Watch, list[Activity]]:
    """Show a watch readings, each at its moment, through its stored form; return what it found."""
    watch = watch or Watch()
    found: list[Activity] = []
    for view in views:
        watch, findings = watch.seen(view, view.reading.read_at, wanted_on=wanted_on)
        found += [finding.activity for finding in findings]
        watch = decode(Watch, encode(watch))
    return watch, found


def standing(watch: Watch) -> list[Notice]:
    return list(watch.standing())


# --- Renewal ---


def test_the_first_reading_is_no_news() -> None:
    for view in (ON, OFF, UNKNOWN, NOT_UNDERSTOOD):
        watch, found = watched(view)
        assert found == []
        assert standing(watch) == []


def test_back_on_is_found_once_and_stands_until_it_is_off() -> None:
    watch, found = watched(OFF, ON, ON)
    assert found == [Activity.RENEWAL_SWITCHED_ON]
    assert standing(watch) == [Notice.RENEWAL_BACK_ON]
    off, found = watched(OFF, watch=watch)
    assert found == [Activity.RENEWAL_SWITCHED_OFF]
    assert standing(off) == []
    again, found = watched(ON, watch=off)
    assert found == [Activity.RENEWAL_SWITCHED_ON]
    assert standing(again) == [Notice.RENEWAL_BACK_ON]


def test_what_was_noted_no_longer_stands_until_it_happens_anew() -> None:
    watch, _ = watched(OFF, ON)
    noted = decode(Watch, encode(watch.noted(Notice.RENEWAL_BACK_ON)))
    assert standing(noted) == []
    still, found = watched(ON, UNKNOWN, ON, watch=noted)
    assert (standing(still), found) == ([], [])
    anew, _ = watched(OFF, ON, watch=still)
    assert standing(anew) == [Notice.RENEWAL_BACK_ON]


def test_what_does_not_stand_cannot_be_noted() -> None:
    assert Watch().noted(Notice.UPLOAD_OFF) == Watch()


def test_what_its_owner_wanted_is_found_but_needs_no_notice() -> None:
    watch, found = watched(OFF, ON, wanted_on=True)
    assert found == [Activity.RENEWAL_SWITCHED_ON]
    assert standing(watch) == []


@pytest.mark.parametrize("between", [UNKNOWN, NOT_UNDERSTOOD])
def test_not_known_in_between_hides_no_change_and_makes_none(between: PlanView) -> None:
    assert watched(OFF, between, ON)[1] == [Activity.RENEWAL_SWITCHED_ON]
    assert watched(ON, between, OFF)[1] == [Activity.RENEWAL_SWITCHED_OFF]
    assert watched(ON, between, ON)[1] == []
    assert watched(OFF, between, OFF)[1] == []


@pytest.mark.parametrize("between", [UNKNOWN, NOT_UNDERSTOOD])
def test_not_known_ends_no_notice_and_tells_nothing_twice(between: PlanView) -> None:
    watch, _ = watched(
        OFF, at(HOUR, online=False), at(HOUR + OFFLINE_AFTER, online=False, uploads=False)
    )
    assert standing(watch) == list(Notice)
    since = {notice: watch.notices[notice].since for notice in Notice}
    offline = replace(between, camera=camera(online=False))
    on = at(HOUR + OFFLINE_AFTER + MINUTE, online=False, uploads=False)
    after, found = watched(offline, on, watch=watch)
    assert standing(after) == list(Notice)
    assert found == []
    assert {notice: after.notices[notice].since for notice in Notice} == since


@pytest.mark.parametrize("service", ENDED)
def test_with_the_plan_every_notice_goes(service: Service) -> None:
    watch, _ = watched(
        OFF, at(HOUR, online=False), at(HOUR + OFFLINE_AFTER, online=False, uploads=False)
    )
    assert standing(watch) == list(Notice)
    ended = at(100 * HOUR, online=False, uploads=False, service=service)
    assert standing(watched(ended, watch=watch)[0]) == []


@pytest.mark.parametrize("service", ENDED)
def test_a_plan_that_is_bought_again_did_not_turn_itself_on(service: Service) -> None:
    ended = at(2 * HOUR, flag=False, service=service, ends=None)
    watch, found = watched(OFF, ended, ON)
    assert found == []
    assert standing(watch) == []


@pytest.mark.parametrize("channel", STORES)
def test_where_the_maker_cannot_say_off_nothing_came_back_on(channel: Channel) -> None:
    off, on = (replace(view, channel=channel) for view in (OFF, ON))
    assert watched(off, on, off)[1] == []


# --- A new term ---


def test_a_term_that_moved_forward_is_renewed_once() -> None:
    later = at(2 * HOUR, ends=ENDS + TERM)
    watch, _ = watched(ON)
    _, findings = watch.seen(later, NOW + 2 * HOUR)
    assert findings == (Finding(activity=Activity.RENEWED, old_end=ENDS, new_end=ENDS + TERM),)
    assert watched(ON, later, later)[1] == [Activity.RENEWED]
    assert watched(ON, later, at(3 * HOUR, ends=ENDS + 2 * TERM))[1] == [Activity.RENEWED] * 2


@pytest.mark.parametrize("moved", [timedelta(0), TICK, 12 * HOUR - TICK, -TICK, -TERM])
def test_a_correction_is_no_new_term(moved: timedelta) -> None:
    assert watched(ON, at(2 * HOUR, ends=ENDS + moved))[1] == []


def test_an_old_end_between_two_new_ones_makes_no_second_term() -> None:
    new = at(2 * HOUR, ends=ENDS + TERM)
    assert watched(ON, new, ON, new, ON, new)[1] == [Activity.RENEWED]


def test_a_shorter_plan_renews_too() -> None:
    yearly, monthly = at(HOUR, ends=ENDS + 12 * TERM), at(2 * HOUR)
    assert watched(yearly, monthly, at(3 * HOUR, ends=ENDS + TERM))[1] == [Activity.RENEWED]


@pytest.mark.parametrize(
    "between", [at(2 * HOUR, ends=None), NOT_UNDERSTOOD, at(2 * HOUR, service=Service.EXPIRED)]
)
def test_an_end_that_was_not_read_in_between_hides_no_new_term(between: PlanView) -> None:
    assert watched(ON, between, at(3 * HOUR, ends=ENDS + TERM))[1] == [Activity.RENEWED]


def test_renewed_and_switched_on_are_two_findings() -> None:
    assert watched(OFF, at(2 * HOUR, ends=ENDS + TERM))[1] == [
        Activity.RENEWED,
        Activity.RENEWAL_SWITCHED_ON,
    ]


# --- Offline ---


@pytest.mark.parametrize("flag", [True, None])
@pytest.mark.parametrize(
    ("after", "told"), [(OFFLINE_AFTER - MINUTE, False), (OFFLINE_AFTER, True)]
)
def test_offline_for_three_days_while_it_renews_or_may(
    flag: bool | None, after: timedelta, told: bool
) -> None:
    went, stays = (at(moment, flag, online=False) for moment in (timedelta(0), after))
    watch, found = watched(went, stays)
    assert found == [Activity.CAMERA_OFFLINE] * told
    assert standing(watch) == [Notice.CAMERA_OFFLINE] * told
    assert watched(at(after + MINUTE, flag, online=False), watch=watch)[1] == (
        [] if told else [Activity.CAMERA_OFFLINE]
    )


def test_offline_is_no_loss_where_nothing_renews() -> None:
    for views in (
        [at(timedelta(0), flag=False, online=False), at(80 * HOUR, flag=False, online=False)],
        [at(timedelta(0), service=s, online=False) for s in ENDED]
        + [at(80 * HOUR, service=s, online=False) for s in ENDED],
    ):
        assert watched(*views)[1] == []


def test_back_online_ends_it_and_counts_anew() -> None:
    offline = at(timedelta(0), online=False)
    watch, _ = watched(offline, at(72 * HOUR, online=False))
    online, found = watched(at(73 * HOUR), watch=watch)
    assert (standing(online), found) == ([], [])
    gone = [at(after, online=False) for after in (74 * HOUR, 146 * HOUR - TICK, 146 * HOUR)]
    again, found = watched(*gone, watch=online)
    assert found == [Activity.CAMERA_OFFLINE]
    assert standing(again) == [Notice.CAMERA_OFFLINE]


def test_online_for_a_moment_begins_anew() -> None:
    went, on, off = at(timedelta(0), online=False), at(71 * HOUR), at(71.5 * HOUR, online=False)
    assert watched(went, on, off, at(72 * HOUR, online=False))[1] == []


def test_not_said_whether_it_is_online_neither_begins_nor_ends_it() -> None:
    went = at(timedelta(0), online=False)
    silent, found = watched(went, at(80 * HOUR, online=None))
    assert (standing(silent), found) == ([], [])
    told, found = watched(at(81 * HOUR, online=False), watch=silent)
    assert found == [Activity.CAMERA_OFFLINE]
    assert watched(at(82 * HOUR, online=None), at(83 * HOUR, online=False), watch=told)[1] == []
    assert watched(at(timedelta(0), online=None), at(80 * HOUR, online=None))[1] == []


def test_a_clock_set_back_makes_no_camera_offline_for_long() -> None:
    ahead = 400 * DAY
    watch, found = watched(at(ahead, online=False), at(timedelta(0), online=False))
    assert found == []
    assert watch.offline_since == NOW
    assert watched(at(72 * HOUR - TICK, online=False), watch=watch)[1] == []
    assert watched(at(72 * HOUR, online=False), watch=watch)[1] == [Activity.CAMERA_OFFLINE]


def test_a_clock_set_back_ends_no_notice() -> None:
    watch, _ = watched(at(timedelta(0), online=False), at(72 * HOUR, online=False))
    back, found = watched(at(HOUR, online=False), at(73 * HOUR, online=False), watch=watch)
    assert found == []
    assert standing(back) == [Notice.CAMERA_OFFLINE]


# --- Upload ---


def test_upload_off_while_it_renews_is_told_once() -> None:
    off = at(HOUR, uploads=False)
    watch, found = watched(ON, off, off)
    assert found == [Activity.UPLOAD_OFF]
    assert standing(watch) == [Notice.UPLOAD_OFF]
    # Not asked for lately: what stood goes on standing.
    unasked, found = watched(ON, ON, watch=watch)
    assert (standing(unasked), found) == ([Notice.UPLOAD_OFF], [])
    on, found = watched(at(2 * HOUR, uploads=True), watch=unasked)
    assert (standing(on), found) == ([], [])
    assert watched(off, watch=on)[1] == [Activity.UPLOAD_OFF]


@pytest.mark.parametrize("flag", [False, None])
def test_upload_off_is_no_mistake_where_it_is_not_known_to_renew(flag: bool | None) -> None:
    watch, found = watched(at(HOUR, flag, uploads=False))
    assert (standing(watch), found) == ([], [])


def test_upload_that_was_never_asked_for_is_not_off() -> None:
    assert watched(ON, ON)[1] == []


# --- Any history ---

READINGS = st.builds(
    at,
    st.timedeltas(min_value=timedelta(0), max_value=20 * DAY),
    st.sampled_from((True, False, None)),
    online=st.sampled_from((True, False, None)),
    uploads=st.sampled_from((True, False, None)),
    service=st.sampled_from((Service.ACTIVE, Service.ACTIVE, *Service)),
    ends=st.sampled_from((ENDS, ENDS + TERM, None)),
)
CHANNELS = st.sampled_from((*MAKERS, Channel.GOOGLE_PLAY))
VIEWS = st.builds(lambda view, channel: replace(view, channel=channel), READINGS, CHANNELS)


@given(view=VIEWS, moments=st.lists(st.integers(0, 2000), max_size=20))
def test_a_steady_history_is_silent(view: PlanView, moments: Sequence[int]) -> None:
    """Nothing changes but the clock: at most what stands from the first is told, once."""
    watch, first = watched(view)
    later: list[Activity] = []
    for minutes in sorted(moments):
        watch, findings = watch.seen(view, view.reading.read_at + minutes * HOUR)
        later += [finding.activity for finding in findings]
    assert set(first) <= {Activity.UPLOAD_OFF}
    assert set(later) <= {Activity.CAMERA_OFFLINE}
    assert len(later) <= 1
    if view.camera.online is not False:
        assert later == []


def _may_be(view: PlanView, activity: Activity) -> bool:
    """Return whether a reading by itself bears a finding out."""
    runs = view.reading.service is Service.ACTIVE
    match activity:
        case Activity.RENEWAL_SWITCHED_ON:
            return runs and view.renewal is Renewal.ON
        case Activity.RENEWAL_SWITCHED_OFF:
            return runs and view.renewal is Renewal.OFF
        case Activity.RENEWED:
            return runs and view.reading.ends_at == ENDS + TERM
        case Activity.CAMERA_OFFLINE:
            return runs and view.camera.online is False and view.renewal is not Renewal.OFF
        case _:
            return runs and view.reading.uploads is False and view.renewal is Renewal.ON


@given(st.lists(VIEWS, max_size=30), st.data())
def test_whatever_is_read_each_finding_is_borne_out_and_alternates(
    views: list[PlanView], data: st.DataObject
) -> None:
    watch, switched, renewed = Watch(), list[Activity](), 0
    for view in views:
        before = watch
        watch, findings = watch.seen(view, view.reading.read_at)
        found = [finding.activity for finding in findings]
        assert len(set(found)) == len(found)
        assert all(_may_be(view, activity) for activity in found)
        for activity in found:
            if activity in (Activity.RENEWAL_SWITCHED_ON, Activity.RENEWAL_SWITCHED_OFF):
                # A plan that ended meanwhile begins a new story.
                assert switched[-1:] != [activity]
                switched.append(activity)
        if watch.renewal is None:
            switched.clear()
        renewed += found.count(Activity.RENEWED)
        # The same reading again is no news.
        again, findings = watch.seen(view, view.reading.read_at)
        assert (again, findings) == (watch, ())
        # What stood and stands on is the very same.
        for notice in before.notices.keys() & watch.notices.keys():
            assert watch.notices[notice] == before.notices[notice]
        assert all(isinstance(one, Standing) for one in watch.notices.values())
        if data.draw(st.booleans()):
            watch = decode(Watch, encode(watch))
    # There are but two ends in these histories.
    assert renewed <= 1
