"""A wish about renewal goes from word to proof by what was done and read, and nothing else."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from custom_components.camera_cloud_plan.plan import (
    Activity,
    Answer,
    Case,
    CaseState,
    Channel,
    NewTerm,
    Ownership,
    PlanView,
    Proof,
    Renewal,
    Service,
    Wish,
    activities,
    default_channel,
    trust_rule,
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
    read,
    reading,
)

OPENED = Case(camera_id="1", opened_at=NOW, term_ends_at=ENDS)
TURNING_ON = Case(camera_id="1", opened_at=NOW, wish=Wish.ON)
FLAGS = (True, False, None)
ENDED = (Service.EXPIRED, Service.NEVER_BOUGHT)
# The first moment at which Mi Pay may charge the running term.
EARLIEST = ENDS - 72 * HOUR


def seen(case: Case, *views: PlanView) -> Case:
    """Show a case readings, each at the moment it is made."""
    for view in views:
        case = case.seen(view, view.reading.read_at)
    return case


def confirmed_off(at: datetime = NOW + HOUR) -> Case:
    return seen(OPENED.done(NOW), read(at, flag=False))


# --- From the wish to the maker's word ---


def test_begins_with_the_owner() -> None:
    assert OPENED.state is CaseState.WAITING_FOR_YOU
    assert OPENED.is_open
    assert OPENED.acted_at is None


@pytest.mark.parametrize("channel", MAKERS)
def test_off_as_the_maker_says_it_confirms(channel: Channel) -> None:
    confirmed = seen(OPENED.done(NOW), read(NOW + HOUR, flag=False, channel=channel))
    assert confirmed.state is CaseState.CONFIRMED
    assert (confirmed.confirmed_at, confirmed.proof) == (NOW + HOUR, Proof.READ)
    assert confirmed.checks == 1
    assert confirmed.contrary == 0
    assert not confirmed.is_open


def test_off_confirms_also_before_the_owner_says_so() -> None:
    assert seen(OPENED, read(NOW + HOUR, flag=False)).state is CaseState.CONFIRMED


@pytest.mark.parametrize("after", [timedelta(0), -TICK, -HOUR])
def test_a_reading_from_before_confirms_nothing(after: timedelta) -> None:
    assert OPENED.seen(read(NOW + after, flag=False), NOW + HOUR) == OPENED


def test_the_same_reading_counts_once_and_an_older_one_not_at_all() -> None:
    once = seen(OPENED, read(NOW + HOUR))
    assert once.checks == 1
    assert once.seen(read(NOW + HOUR, flag=False), NOW + 2 * HOUR) == once
    assert once.seen(read(NOW + HOUR / 2, flag=False), NOW + 2 * HOUR) == once


@pytest.mark.parametrize(("flag", "contrary"), [(True, 2), (None, 0)])
def test_still_on_or_not_said_goes_on_checking(flag: bool | None, contrary: int) -> None:
    checked = seen(OPENED.done(NOW), read(NOW + HOUR, flag), read(NOW + 2 * HOUR, flag))
    assert checked.state is CaseState.CHECKING
    assert (checked.checks, checked.contrary) == (2, contrary)
    assert checked.last_check_at == NOW + 2 * HOUR
    assert checked.last_said is (Renewal.ON if flag else Renewal.UNKNOWN)
    assert checked.is_open


def test_witnesses_that_disagree_confirm_nothing() -> None:
    disagreeing = seen(OPENED.done(NOW), read(NOW + HOUR, flag=False, second=True))
    assert disagreeing.disagreed
    assert disagreeing.state is CaseState.CHECKING
    assert disagreeing.last_said is Renewal.UNKNOWN
    agreeing = seen(disagreeing, read(NOW + 2 * HOUR, flag=False, second=False))
    assert not agreeing.disagreed
    assert agreeing.state is CaseState.CONFIRMED


@pytest.mark.parametrize("service", [s for s in Service if s is not Service.ACTIVE])
@pytest.mark.parametrize("flag", FLAGS)
def test_a_plan_that_does_not_run_confirms_nothing_by_its_flag(
    service: Service, flag: bool | None
) -> None:
    checked = seen(OPENED.done(NOW), read(NOW + HOUR, flag, service=service))
    assert checked.state is CaseState.CHECKING


def test_what_is_done_about_a_decided_wish_changes_nothing() -> None:
    confirmed = confirmed_off()
    assert confirmed.done(NOW + 2 * HOUR) == confirmed


@pytest.mark.parametrize(
    ("ownership", "owned"),
    [(Ownership.OWNER, True), (Ownership.SHARED, False), (Ownership.UNKNOWN, False)],
)
def test_only_an_owner_holds_plans(ownership: Ownership, owned: bool) -> None:
    assert replace(camera(), ownership=ownership).is_owned is owned


def test_saving_first_is_remembered() -> None:
    assert OPENED.saving_first(wanted=True).save_first
    assert not OPENED.saving_first(wanted=True).saving_first(wanted=False).save_first


# --- A request that was sent for the owner ---


@pytest.mark.parametrize(
    ("answer", "state", "may_send"),
    [
        (Answer.UNKNOWN, CaseState.CHECKING, False),
        (Answer.ACCEPTED, CaseState.CHECKING, False),
        (Answer.REFUSED, CaseState.WAITING_FOR_YOU, True),
        (Answer.NOT_SENT, CaseState.WAITING_FOR_YOU, True),
    ],
)
def test_what_a_request_that_was_answered_so_means(
    answer: Answer, state: CaseState, may_send: bool
) -> None:
    case = OPENED.sending("d", NOW + MINUTE).answered(answer, "word")
    assert case.state is state
    assert case.may_send is may_send
    assert case.request is not None
    assert (case.request.definition, case.request.meaning) == ("d", "word")
    assert case.acted_at == (None if may_send else NOW + MINUTE)


def test_a_request_of_which_nothing_is_known_may_have_been_sent() -> None:
    assert OPENED.may_send
    sending = OPENED.sending("d", NOW + MINUTE)
    assert sending.request is not None
    assert sending.request.answer is Answer.UNKNOWN
    assert not sending.may_send
    # Not an accepted answer either: only the maker's flag confirms.
    assert sending.answered(Answer.ACCEPTED).is_open


def test_no_reading_makes_a_request_go_out_again() -> None:
    sent = OPENED.sending("d", NOW + MINUTE).answered(Answer.UNKNOWN)
    for hours in range(1, 100):
        sent = seen(sent, read(NOW + hours * HOUR)).escalated(None, NOW + hours * HOUR)
        assert not sent.may_send


def test_nothing_is_sent_about_a_decided_wish() -> None:
    assert not confirmed_off().may_send


def test_an_answer_without_a_request_changes_nothing() -> None:
    assert OPENED.answered(Answer.ACCEPTED) == OPENED


def test_a_refused_request_takes_no_escalation_back_and_makes_no_new_one() -> None:
    escalated = OPENED.done(NOW).escalated(None, NOW + 72 * HOUR)
    assert escalated.state is CaseState.NOT_EFFECTIVE
    now = NOW + 73 * HOUR
    sending = escalated.sending("d", now)
    assert sending.state is CaseState.CHECKING
    refused = sending.answered(Answer.REFUSED)
    assert refused.state is CaseState.NOT_EFFECTIVE
    assert refused.escalated(None, now + TICK) == refused
    # One that may have worked is given its time.
    accepted = sending.answered(Answer.ACCEPTED)
    assert accepted.state is CaseState.CHECKING
    assert accepted.next_escalation(None) == now + 72 * HOUR


# --- When it is looked ---


def looks(case: Case, channel: Channel = Channel.MI_PAY) -> list[timedelta]:
    """Follow the schedule with a flag that stays on; return each look, counted from `NOW`."""
    moments = []
    while (moment := case.next_check(read(NOW, channel=channel).charge)) is not None:
        moments.append(moment - NOW)
        # A look takes a moment.
        case = seen(case, read(moment + TICK, channel=channel))
        assert case.last_check_at == moment + TICK
    return moments


FIXED = [timedelta(0), 15 * MINUTE, 2 * HOUR, 8 * HOUR, 24 * HOUR, 72 * HOUR]


def test_the_schedule_after_the_wish() -> None:
    charge = EARLIEST - NOW
    assert looks(OPENED) == [
        *FIXED,
        charge - 24 * HOUR,
        charge - 6 * HOUR,
        charge - HOUR,
        ENDS + 3 * DAY - NOW,
    ]


def test_without_a_charge_in_sight_only_the_fixed_looks_are_made() -> None:
    case, moments = OPENED, []
    while (moment := case.next_check(None)) is not None:
        moments.append(moment - NOW)
        case = seen(case, read(moment + TICK, ends=None))
    assert moments == FIXED


def test_the_schedule_begins_anew_with_what_was_done_last() -> None:
    case = seen(OPENED, read(NOW + HOUR))
    done = case.done(NOW + 5 * HOUR)
    assert done.next_check(None) == NOW + 5 * HOUR
    looked = seen(done, read(NOW + 5 * HOUR + TICK))
    assert looked.next_check(None) == NOW + 5 * HOUR + 15 * MINUTE
    sent = looked.sending("d", NOW + 9 * HOUR).answered(Answer.ACCEPTED)
    assert sent.next_check(None) == NOW + 9 * HOUR
    # A request that was refused changes nothing about when to look.
    refused = looked.sending("d", NOW + 9 * HOUR).answered(Answer.REFUSED)
    assert refused.next_check(None) == looked.next_check(None)


def test_near_the_charge_fixed_and_counted_back_looks_mix() -> None:
    case = replace(OPENED, opened_at=EARLIEST - 7 * HOUR)
    assert [EARLIEST - (NOW + moment) for moment in looks(case)][:6] == [
        7 * HOUR,
        7 * HOUR - 15 * MINUTE,
        6 * HOUR,
        5 * HOUR,
        HOUR,
        -HOUR,
    ]


def test_inside_the_charge_window_it_counts_back_from_the_latest() -> None:
    case = replace(OPENED, opened_at=EARLIEST + HOUR)
    moments = looks(case)
    for before in (24 * HOUR, 6 * HOUR, HOUR):
        assert ENDS - before - NOW in moments


def test_so_close_that_nothing_can_be_counted_back_the_fixed_looks_remain() -> None:
    case = replace(OPENED, opened_at=ENDS - 30 * MINUTE)
    opened = case.opened_at - NOW
    assert looks(case) == [
        *(opened + after for after in FIXED),
        ENDS + 3 * DAY - NOW,
    ]


def test_what_fell_due_while_nobody_looked_is_due_at_once() -> None:
    case = seen(OPENED, read(NOW + MINUTE))
    assert case.next_check(None) == NOW + 15 * MINUTE
    # One look a day later makes up for all that fell due.
    assert seen(case, read(NOW + DAY)).next_check(None) == NOW + 72 * HOUR


def test_a_decided_wish_is_left_to_the_polls() -> None:
    assert confirmed_off().next_check(read(NOW).charge) is None
    assert confirmed_off().next_escalation(read(NOW).charge) is None


# --- When it speaks up ---


def escalate_all(case: Case, *, until: datetime, ends: datetime = ENDS) -> list[datetime]:
    """Return when a wish that has no effect is told of."""
    told = []
    charge = read(NOW, ends=ends).charge
    while (due := case.next_escalation(charge)) is not None and due <= until:
        # Not a moment earlier.
        assert case.escalated(charge, due - TICK) == case
        after = case.escalated(charge, due)
        assert after.escalated_at == due
        if list(activities(case, after)):
            told.append(due)
        case = after
    return told


def test_speaks_up_after_three_days_and_before_the_charge_three_times_at_most() -> None:
    assert escalate_all(OPENED.done(NOW), until=ENDS) == [
        NOW + 72 * HOUR,
        EARLIEST - 24 * HOUR,
        EARLIEST - 6 * HOUR,
    ]


def test_speaks_up_before_the_charge_where_that_comes_first() -> None:
    case = replace(OPENED, opened_at=EARLIEST - 20 * HOUR)
    assert escalate_all(case, until=ENDS) == [
        EARLIEST - 6 * HOUR,
        EARLIEST - HOUR,
        EARLIEST + 52 * HOUR,
    ]


def test_speaks_up_again_after_the_step_was_done_again() -> None:
    once = OPENED.done(NOW).escalated(None, NOW + 72 * HOUR)
    assert once.state is CaseState.NOT_EFFECTIVE
    redone = once.done(NOW + 80 * HOUR)
    assert redone.state is CaseState.CHECKING
    assert redone.next_escalation(None) == NOW + 152 * HOUR
    twice = redone.escalated(None, NOW + 152 * HOUR)
    assert twice.state is CaseState.NOT_EFFECTIVE
    assert twice.escalations == 2


def test_doing_it_over_and_over_makes_no_more_than_three() -> None:
    case, told, now = OPENED, 0, NOW
    for _ in range(6):
        case = case.done(now)
        now += 72 * HOUR
        after = case.escalated(None, now)
        # The state is told truly also when nothing more is said.
        assert after.state is CaseState.NOT_EFFECTIVE
        told += len(list(activities(case, after)))
        case = after
    assert told == 3


def test_what_fell_due_several_times_is_said_once() -> None:
    charge = read(NOW).charge
    late = OPENED.escalated(charge, EARLIEST)
    assert late.escalations == 1
    assert late.escalated(charge, EARLIEST + HOUR) == late


def test_a_new_term_is_spoken_of_anew() -> None:
    silent = OPENED
    for moment in (NOW + 72 * HOUR, EARLIEST - 24 * HOUR, EARLIEST - 6 * HOUR):
        silent = silent.escalated(read(NOW).charge, moment)
    assert silent.escalations == 3
    renewed = seen(silent, read(ENDS + HOUR, ends=ENDS + TERM))
    # Nobody did anything: the wish goes on, about the new term, and still without effect.
    assert renewed.is_open
    assert renewed.term_ends_at == ENDS + TERM
    assert renewed.escalations == 0
    assert renewed.state is CaseState.NOT_EFFECTIVE
    assert escalate_all(renewed, until=ENDS + TERM, ends=ENDS + TERM) == [
        EARLIEST + TERM - before for before in (24 * HOUR, 6 * HOUR, HOUR)
    ]


@pytest.mark.parametrize("acted", [True, False])
def test_with_nothing_done_it_is_a_reminder(acted: bool) -> None:
    case = OPENED.done(NOW) if acted else OPENED
    told = list(activities(case, case.escalated(None, NOW + 72 * HOUR)))
    assert told == [
        Activity.CANCELLATION_NOT_EFFECTIVE if acted else Activity.CANCELLATION_REMINDER
    ]


def test_a_plan_that_ended_after_the_step_is_not_said_to_renew() -> None:
    case = seen(
        replace(OPENED, opened_at=ENDS - HOUR).done(ENDS - HOUR),
        read(ENDS - HOUR + TICK),
        read(ENDS + HOUR, service=Service.EXPIRED),
    )
    assert case.next_escalation(None) is None
    # Where nothing was done, a late charge is still warned about; so is one that runs on.
    assert replace(case, done_at=None, first_done_at=None).next_escalation(None) is not None
    runs_on = seen(case, read(ENDS + 2 * HOUR))
    assert runs_on.next_escalation(None) == ENDS + 71 * HOUR


# --- Where the maker cannot see who bills ---


@pytest.mark.parametrize("channel", STORES)
@pytest.mark.parametrize("flag", [False, None])
def test_done_where_the_maker_cannot_see_it(channel: Channel, flag: bool | None) -> None:
    waiting = seen(OPENED, read(NOW + HOUR, flag, channel=channel))
    assert waiting.state is CaseState.WAITING_FOR_YOU
    charge = read(NOW, flag, channel=channel).charge
    # While nothing was done it is reminded of, and goes on waiting.
    reminded = waiting.escalated(charge, NOW + 72 * HOUR)
    assert list(activities(waiting, reminded)) == [Activity.CANCELLATION_REMINDER]
    assert reminded.state is CaseState.WAITING_FOR_YOU
    done = reminded.done(NOW + 73 * HOUR)
    assert done.state is CaseState.DONE_NOT_READABLE
    assert done.next_escalation(charge) is None
    assert done.escalated(charge, ENDS) == done
    assert done.is_open


@pytest.mark.parametrize("channel", STORES)
def test_on_is_on_whoever_bills(channel: Channel) -> None:
    case = seen(OPENED.done(NOW), read(NOW + HOUR, channel=channel))
    assert case.state is CaseState.CHECKING
    assert case.contrary == 1
    escalated = case.escalated(read(NOW, channel=channel).charge, NOW + 72 * HOUR)
    assert escalated.state is CaseState.NOT_EFFECTIVE
    gone = seen(escalated, read(NOW + 73 * HOUR, flag=False, channel=channel))
    assert gone.state is CaseState.DONE_NOT_READABLE


@pytest.mark.parametrize("service", ENDED)
@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("acted", [True, False])
def test_confirmed_when_it_ended_and_nothing_followed(
    service: Service, channel: Channel, acted: bool
) -> None:
    watched_until = ENDS + trust_rule(channel).watched_after_end
    case = OPENED.done(NOW) if acted else OPENED
    early = seen(case, read(watched_until, None, service=service, ends=None, channel=channel))
    assert early.is_open
    late = seen(
        early, read(watched_until + TICK, None, service=service, ends=None, channel=channel)
    )
    assert late.state is CaseState.CONFIRMED
    assert late.proof is Proof.NO_NEW_TERM


@pytest.mark.parametrize("service", [Service.ACTIVE, Service.UNKNOWN])
def test_not_confirmed_by_time_alone(service: Service) -> None:
    late = ENDS + 90 * DAY
    for flag in FLAGS:
        view = read(late, flag, service=service, channel=Channel.GOOGLE_PLAY)
        assert seen(OPENED.done(NOW), view).is_open


def test_a_term_whose_end_was_never_read_confirms_nothing() -> None:
    case = replace(OPENED, term_ends_at=None).done(NOW)
    late = read(ENDS + 90 * DAY, None, service=Service.EXPIRED, ends=None)
    assert seen(case, late).is_open
    # Its end may be read afterwards, too.
    ended = seen(case, read(ENDS + 90 * DAY, None, service=Service.EXPIRED))
    assert ended.proof is Proof.NO_NEW_TERM


def test_a_new_term_that_came_and_went_unseen_is_no_confirmation() -> None:
    back = ENDS + TERM + 10 * DAY
    expired = read(back, None, service=Service.EXPIRED, ends=ENDS + TERM)
    case = seen(OPENED.done(NOW), read(NOW + HOUR, None), expired)
    assert case.state is CaseState.CHARGED_AFTER
    assert case.renewed == NewTerm(old_end=ENDS, new_end=ENDS + TERM, seen_at=back)


def test_the_makers_word_is_taken_back_when_it_turns_out_that_a_store_bills() -> None:
    case = confirmed_off()
    told_otherwise = seen(case, read(NOW + 2 * HOUR, flag=False, channel=Channel.APPLE))
    assert told_otherwise.state is CaseState.DONE_NOT_READABLE
    assert told_otherwise.proof is None
    ended = ENDS + 17 * DAY
    late = read(ended, flag=False, service=Service.EXPIRED, channel=Channel.APPLE)
    assert seen(told_otherwise, late).proof is Proof.NO_NEW_TERM


@pytest.mark.parametrize("region", ["cn", "de", "sg"])
@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("acted", [True, False])
def test_channel_by_region_by_flag(
    region: str, channel: Channel, flag: bool | None, acted: bool
) -> None:
    at = NOW + HOUR
    view = PlanView(camera=camera(region), reading=reading(at, flag), channel=channel)
    case = seen(OPENED.done(NOW) if acted else OPENED, view)
    if channel in STORES:
        assert view.renewal is not Renewal.OFF
        assert case.is_open
        assert not case.readable
    is_off = channel in MAKERS and flag is False
    assert (case.state is CaseState.CONFIRMED) is is_off
    assert (view.charge is None) is is_off
    if view.charge:
        assert view.charge.possible is (flag is not True)
        assert view.charge.earliest < ENDS
        may_still_act = case.next_escalation(view.charge)
        seen_as_done = acted and channel in STORES and not flag
        assert (may_still_act is None) is seen_as_done


@pytest.mark.parametrize("region", ["de", "sg"])
def test_outside_the_mainland_false_is_never_off_by_default(region: str) -> None:
    channel = default_channel(region)
    assert seen(OPENED, read(NOW + HOUR, flag=False, channel=channel)).is_open


# --- A new term ---


def test_renewed_after_it_was_done_in_time() -> None:
    case = seen(OPENED.done(NOW), read(ENDS, ends=ENDS + TERM))
    assert case.state is CaseState.CHARGED_AFTER
    assert case.renewed == NewTerm(old_end=ENDS, new_end=ENDS + TERM, seen_at=ENDS)
    assert not case.is_open
    assert seen(case, read(ENDS + HOUR, flag=False, ends=ENDS + TERM)) == case


def test_renewed_after_it_was_confirmed() -> None:
    for at in (NOW + HOUR, EARLIEST + HOUR):
        case = seen(seen(OPENED, read(at, flag=False)), read(ENDS, ends=ENDS + TERM))
        assert case.state is CaseState.CHARGED_AFTER


def test_renewed_after_no_new_term_had_followed_for_long() -> None:
    ended = read(ENDS + 4 * DAY, service=Service.NEVER_BOUGHT, ends=None)
    case = seen(OPENED, ended, read(ENDS + 5 * DAY, ends=ENDS + TERM))
    assert case.state is CaseState.CHARGED_AFTER


def test_a_term_that_had_come_and_gone_before_it_was_confirmed_accuses_nobody() -> None:
    back = ENDS + TERM + 10 * DAY
    without_end = read(back, None, service=Service.EXPIRED, ends=None)
    confirmed = seen(OPENED, without_end)
    assert confirmed.proof is Proof.NO_NEW_TERM
    with_end = read(back + HOUR, None, service=Service.EXPIRED, ends=ENDS + TERM)
    assert seen(confirmed, with_end).state is CaseState.CONFIRMED
    # Where something was done before, it was renewed all the same.
    done = seen(OPENED.done(NOW), without_end, with_end)
    assert done.state is CaseState.CHARGED_AFTER


def test_renewed_inside_the_charge_window_after_a_reading_showed_the_old_term() -> None:
    done = replace(OPENED, opened_at=EARLIEST + HOUR).done(EARLIEST + HOUR)
    old = read(EARLIEST + 2 * HOUR)
    new = read(EARLIEST + 3 * HOUR, ends=ENDS + TERM)
    assert seen(done, old, new).state is CaseState.CHARGED_AFTER
    # Without that reading it is too close to tell, and nobody is accused.
    open_case = seen(done, new)
    assert open_case.state is CaseState.CHECKING
    assert open_case.term_ends_at == ENDS + TERM


@pytest.mark.parametrize(
    "blind",
    [
        read(EARLIEST + 2 * HOUR, ends=None),
        read(EARLIEST + 2 * HOUR, service=Service.UNKNOWN, ends=None),
        read(EARLIEST + 2 * HOUR, service=Service.NEVER_BOUGHT, ends=None),
    ],
)
def test_a_reading_without_the_old_term_proves_nothing_about_it(blind: PlanView) -> None:
    done = replace(OPENED, opened_at=EARLIEST + HOUR).done(EARLIEST + HOUR)
    assert seen(done, blind, read(EARLIEST + 3 * HOUR, ends=ENDS + TERM)).is_open


def test_off_read_without_a_term_is_no_proof_of_which_came_first() -> None:
    confirmed = seen(
        replace(OPENED, opened_at=EARLIEST + HOUR), read(EARLIEST + 2 * HOUR, flag=False, ends=None)
    )
    assert confirmed.state is CaseState.CONFIRMED
    later = seen(confirmed, read(EARLIEST + 3 * HOUR, flag=False, ends=ENDS + TERM))
    assert later.state is CaseState.CONFIRMED
    assert later.term_ends_at == ENDS + TERM


def test_doing_it_again_after_the_charge_does_not_hide_that_it_was_done_before() -> None:
    case = seen(OPENED.done(NOW).done(EARLIEST + HOUR), read(EARLIEST + 2 * HOUR, ends=ENDS + TERM))
    assert case.state is CaseState.CHARGED_AFTER
    # Also of one kept by a release that remembered the last time only.
    earlier = replace(OPENED, done_at=NOW).done(EARLIEST + HOUR)
    assert earlier.first_done_at == NOW


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer.ACCEPTED, CaseState.CHARGED_AFTER),
        (Answer.UNKNOWN, CaseState.CHARGED_AFTER),
        (Answer.REFUSED, CaseState.WAITING_FOR_YOU),
        (Answer.NOT_SENT, CaseState.WAITING_FOR_YOU),
    ],
)
def test_a_request_counts_as_done_where_it_may_have_worked(
    answer: Answer, state: CaseState
) -> None:
    case = OPENED.sending("d", NOW + HOUR).answered(answer)
    assert seen(case, read(ENDS, ends=ENDS + TERM)).state is state


def test_renewed_before_anything_was_done() -> None:
    renewed = seen(OPENED, read(ENDS, ends=ENDS + TERM))
    assert renewed.state is CaseState.WAITING_FOR_YOU
    assert renewed.term_ends_at == ENDS + TERM
    # From then on the wish is about the new term.
    again = seen(renewed.done(ENDS + HOUR), read(ENDS + TERM, ends=ENDS + 2 * TERM))
    assert again.renewed == NewTerm(
        old_end=ENDS + TERM, new_end=ENDS + 2 * TERM, seen_at=ENDS + TERM
    )


@pytest.mark.parametrize("moved", [TICK, 12 * HOUR - TICK, -HOUR, -TERM])
def test_an_end_that_is_corrected_is_no_new_term(moved: timedelta) -> None:
    case = seen(OPENED.done(NOW), read(NOW + HOUR, ends=ENDS + moved))
    assert case.renewed is None
    assert case.term_ends_at == max(ENDS, ENDS + moved)
    # Nor is one that goes back and forth.
    assert seen(case, read(NOW + 2 * HOUR)).renewed is None


def test_half_a_day_more_is_a_new_term() -> None:
    assert seen(OPENED.done(NOW), read(NOW + HOUR, ends=ENDS + 12 * HOUR)).renewed is not None


def test_the_first_end_that_is_read_is_the_term_of_the_wish() -> None:
    case = replace(OPENED, term_ends_at=None).done(NOW)
    with_term = seen(case, read(NOW + HOUR, ends=None), read(NOW + 2 * HOUR))
    assert with_term.term_ends_at == ENDS
    assert with_term.renewed is None


# --- On again ---


@pytest.mark.parametrize("acted", [True, False])
def test_on_again_after_it_was_confirmed_off(acted: bool) -> None:
    case = OPENED.done(NOW) if acted else OPENED
    confirmed = seen(case, read(NOW + HOUR, flag=False))
    back = seen(confirmed, read(NOW + 48 * HOUR))
    assert back.state is CaseState.NOT_EFFECTIVE
    assert back.back_on_at == NOW + 48 * HOUR
    assert (back.confirmed_at, back.proof) == (None, None)
    assert list(activities(confirmed, back)) == [Activity.RENEWAL_BACK_ON]
    # It is looked at by the schedule again, from then on.
    assert back.next_check(None) == NOW + 48 * HOUR + 15 * MINUTE
    assert back.next_escalation(None) == NOW + 120 * HOUR
    off_again = seen(back.done(NOW + 49 * HOUR), read(NOW + 50 * HOUR, flag=False))
    assert off_again.state is CaseState.CONFIRMED


@pytest.mark.parametrize("again", [read(NOW + DAY, None), read(NOW + DAY, flag=False, second=True)])
def test_what_is_not_on_takes_no_confirmation_back(again: PlanView) -> None:
    case = seen(confirmed_off(), again)
    assert case.state is CaseState.CONFIRMED
    assert case.confirmed_at == NOW + HOUR
    assert case.last_check_at == NOW + DAY


@pytest.mark.parametrize("at", [NOW + 48 * HOUR, EARLIEST + HOUR])
@pytest.mark.parametrize("case", [OPENED, OPENED.done(NOW)])
def test_on_again_and_charged(case: Case, at: datetime) -> None:
    back = seen(case, read(NOW + HOUR, flag=False), read(at))
    assert seen(back, read(ENDS, ends=ENDS + TERM)).state is CaseState.CHARGED_AFTER


# --- The clock ---


def moments(case: Case) -> Iterable[datetime]:
    sent = case.request.at if case.request else None
    every = (
        case.opened_at,
        case.term_seen_at,
        case.done_at,
        case.first_done_at,
        sent,
        case.last_check_at,
        case.escalated_at,
        case.confirmed_at,
        case.back_on_at,
    )
    return (moment for moment in every if moment)


def test_a_clock_that_was_ahead_leaves_nothing_in_the_future() -> None:
    ahead = NOW + 400 * DAY
    case = replace(OPENED, opened_at=ahead).done(ahead).sending("d", ahead)
    case = case.answered(Answer.ACCEPTED)
    case = replace(seen(case, read(ahead + HOUR)), escalated_at=ahead, back_on_at=ahead)
    set_right = case.seen(read(NOW), NOW)
    assert all(moment <= NOW for moment in moments(set_right))
    # And the schedule runs from now on.
    assert set_right.next_check(None) == NOW + 15 * MINUTE
    assert set_right.next_escalation(None) == NOW + 72 * HOUR
    assert seen(set_right, read(NOW + HOUR, flag=False)).state is CaseState.CONFIRMED


def test_a_reading_from_ahead_of_the_clock_confirms_nothing() -> None:
    """It may be older than the wish: read before the clock was set back."""
    assert OPENED.seen(read(NOW + 2 * HOUR, flag=False), NOW + HOUR) == OPENED


@pytest.mark.parametrize("again", ["done", "sent"])
def test_what_is_done_after_the_clock_was_set_back_is_the_last_thing_done(again: str) -> None:
    case = seen(OPENED.done(NOW + 5 * HOUR), read(NOW + 6 * HOUR))
    later = NOW + 2 * HOUR
    after = case.done(later) if again == "done" else case.sending("d", later)
    assert after.acted_at == later
    assert after.next_check(None) == later + 15 * MINUTE
    assert seen(after, read(later + MINUTE, flag=False)).state is CaseState.CONFIRMED


def test_a_clock_set_back_accuses_nobody() -> None:
    """Done after the charge; by the clock of the reading it was long before."""
    done = OPENED.done(EARLIEST + HOUR)
    set_back = done.seen(read(NOW + HOUR, ends=ENDS + TERM), NOW + HOUR)
    assert set_back.term_ends_at == ENDS + TERM
    assert set_back.renewed is None


def test_a_clock_set_forward_makes_everything_due_once() -> None:
    charge = read(NOW).charge
    jumped = OPENED.done(NOW).escalated(charge, NOW + 400 * DAY)
    assert jumped.escalations == 1
    assert jumped.next_escalation(charge) is None


# --- The wish for "on" ---


def test_turning_on_is_confirmed_by_on() -> None:
    done = seen(TURNING_ON.done(NOW), read(NOW + MINUTE, flag=False))
    assert done.state is CaseState.CHECKING
    assert done.contrary == 1
    on = seen(done, read(NOW + HOUR))
    assert on.state is CaseState.CONFIRMED
    assert on.proof is Proof.READ
    assert seen(on, read(ENDS, ends=ENDS + TERM)).state is CaseState.CONFIRMED


@pytest.mark.parametrize("channel", STORES)
def test_turning_on_at_a_store_is_confirmed_by_on_only(channel: Channel) -> None:
    done = seen(TURNING_ON.done(NOW), read(NOW + HOUR, flag=False, channel=channel))
    assert done.state is CaseState.CHECKING
    assert seen(done, read(NOW + 2 * HOUR, channel=channel)).state is CaseState.CONFIRMED


def test_turning_on_speaks_up_after_three_days_and_hears_of_no_charge() -> None:
    charge = read(NOW).charge
    assert TURNING_ON.next_escalation(charge) == NOW + 72 * HOUR
    late = TURNING_ON.escalated(charge, NOW + 72 * HOUR)
    assert list(activities(TURNING_ON, late)) == [Activity.TURN_ON_NOT_EFFECTIVE]
    assert late.next_escalation(charge) is None


@pytest.mark.parametrize("service", ENDED)
def test_turning_on_is_never_confirmed_by_an_end(service: Service) -> None:
    ended = read(ENDS + 90 * DAY, service=service)
    case = seen(TURNING_ON.done(NOW), ended)
    assert case.is_open
    # What has ended cannot be switched on: there is nothing left to watch.
    assert case.is_over(ended, ENDS + 90 * DAY)


def test_turning_on_is_kept_a_day_after_it_was_confirmed() -> None:
    on = seen(TURNING_ON, read(NOW + HOUR))
    assert not on.is_over(read(NOW + HOUR), NOW + 25 * HOUR - TICK)
    assert on.is_over(read(NOW + HOUR), NOW + 25 * HOUR)


@pytest.mark.parametrize("view", [None, read(NOW), read(NOW, service=Service.UNKNOWN)])
def test_turning_on_goes_on_while_the_plan_may_run(view: PlanView | None) -> None:
    assert not TURNING_ON.is_over(view, NOW + 90 * DAY)


# --- When it is over ---


def test_a_confirmed_off_is_watched_until_no_charge_can_come() -> None:
    confirmed = confirmed_off()
    for at, service in (
        (NOW + 2 * HOUR, Service.ACTIVE),
        (ENDS + 90 * DAY, Service.ACTIVE),
        (ENDS + 3 * DAY, Service.EXPIRED),
        (ENDS + 90 * DAY, Service.UNKNOWN),
    ):
        view = read(at, flag=False, service=service)
        assert not seen(confirmed, view).is_over(view, at)
    assert not confirmed.is_over(None, ENDS + 90 * DAY)
    ended = read(ENDS + 3 * DAY + TICK, flag=False, service=Service.EXPIRED)
    assert seen(confirmed, ended).is_over(ended, ended.reading.read_at)


def test_one_confirmed_by_its_end_is_kept_a_day() -> None:
    at = ENDS + 4 * DAY
    ended = read(at, service=Service.EXPIRED)
    confirmed = seen(OPENED, ended)
    assert not confirmed.is_over(ended, at + DAY - TICK)
    assert confirmed.is_over(ended, at + DAY)


@pytest.mark.parametrize(
    "case",
    [
        OPENED,
        OPENED.done(NOW),
        OPENED.done(NOW).escalated(None, NOW + 72 * HOUR),
        seen(OPENED.done(NOW), read(ENDS, ends=ENDS + TERM)),
    ],
    ids=lambda case: str(case.state),
)
def test_what_is_not_confirmed_is_never_over(case: Case) -> None:
    late = ENDS + 10 * TERM
    for service in Service:
        assert not case.is_over(read(late, service=service), late)


# --- What is told ---


def told(*versions: Case | None) -> list[Activity]:
    """Return what is told when a case goes from one version to the next."""
    pairs = zip((None, *versions), versions, strict=False)
    return [activity for before, after in pairs for activity in activities(before, after)]


def test_each_thing_is_told_once() -> None:
    done = OPENED.done(NOW + HOUR)
    looked = seen(done, read(NOW + 2 * HOUR))
    escalated = looked.escalated(None, NOW + 73 * HOUR)
    redone = escalated.done(NOW + 74 * HOUR)
    confirmed = seen(redone, read(NOW + 75 * HOUR, flag=False))
    still = seen(confirmed, read(NOW + 76 * HOUR, flag=False))
    back = seen(still, read(NOW + 77 * HOUR))
    sending = back.sending("d", NOW + 78 * HOUR)
    answered = sending.answered(Answer.ACCEPTED)
    charged = seen(answered, read(ENDS, ends=ENDS + TERM))
    history = (OPENED, done, looked, escalated, redone, confirmed, still, back)
    assert told(*history, sending, answered, charged, None) == [
        Activity.CANCELLATION_OPENED,
        Activity.CANCELLATION_STEP_DONE,
        Activity.CANCELLATION_NOT_EFFECTIVE,
        Activity.CANCELLATION_STEP_DONE,
        Activity.CANCELLATION_CONFIRMED,
        Activity.RENEWAL_BACK_ON,
        Activity.CANCELLATION_REQUEST_SENT,
        Activity.RENEWED_AFTER_CANCELLING,
    ]
    # A version that is told twice tells nothing.
    for case in (*history, sending, answered, charged):
        assert told(case, case)[1:] == told(case)[1:]


def test_the_same_in_the_other_direction() -> None:
    sending = TURNING_ON.sending("d", NOW + MINUTE)
    refused = sending.answered(Answer.REFUSED)
    done = refused.done(NOW + HOUR)
    on = seen(done, read(NOW + 2 * HOUR))
    assert told(TURNING_ON, sending, refused, done, on, None) == [
        Activity.TURN_ON_OPENED,
        Activity.TURN_ON_REQUEST_SENT,
        Activity.TURN_ON_STEP_DONE,
        Activity.TURN_ON_CONFIRMED,
    ]


@pytest.mark.parametrize(
    ("case", "activity"),
    [
        (OPENED, Activity.CANCELLATION_WITHDRAWN),
        (OPENED.done(NOW), Activity.CANCELLATION_WITHDRAWN),
        (TURNING_ON, Activity.TURN_ON_WITHDRAWN),
    ],
)
def test_an_open_case_that_goes_was_withdrawn(case: Case, activity: Activity) -> None:
    assert list(activities(case, None)) == [activity]


def test_a_decided_case_goes_silently() -> None:
    assert list(activities(confirmed_off(), None)) == []
    assert list(activities(seen(OPENED.done(NOW), read(ENDS, ends=ENDS + TERM)), None)) == []
    assert list(activities(None, None)) == []


def test_the_opposite_wish_withdraws_the_one_before() -> None:
    assert list(activities(OPENED, TURNING_ON)) == [
        Activity.CANCELLATION_WITHDRAWN,
        Activity.TURN_ON_OPENED,
    ]
    assert list(activities(confirmed_off(), TURNING_ON)) == [Activity.TURN_ON_OPENED]


def test_a_request_that_never_left_was_not_sent() -> None:
    sending = OPENED.sending("d", NOW + MINUTE)
    assert list(activities(OPENED, sending.answered(Answer.NOT_SENT))) == []
    for answer in (Answer.ACCEPTED, Answer.REFUSED, Answer.UNKNOWN):
        assert list(activities(OPENED, sending.answered(answer))) == [
            Activity.CANCELLATION_REQUEST_SENT
        ]


def test_a_clock_set_back_tells_nothing() -> None:
    case = seen(OPENED.done(NOW + HOUR), read(NOW + 2 * HOUR))
    set_back = case.clamped(NOW - DAY)
    assert set_back != case
    assert list(activities(case, set_back)) == []
