"""From the switch to "confirmed", as a person sees it: every screen, in a real browser.

On a desk, and where the maker takes hours to follow, `test_tour` goes that way. The tests
of a language share one stage; each has a camera of its own, or leaves it as it was. What is
read on the way is held against the words that people do not use, and `--pictures FOLDER`
keeps a picture of every screen.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
import time
from typing import Any, Final

from playwright.async_api import APIRequestContext, Browser, BrowserContext, Page, expect
import pytest

from demo.accounts import DOMAIN
from demo.entities import AUTO_RENEWAL, CANCELLATION, devices
from demo.stage import Stage
from tests.e2e.later import until
from tests.e2e.views import PHONE, Dashboard, Diary, Guide, MakersPage, looking, unwanted

pytestmark = [
    pytest.mark.browser,
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="session"),
]

MOST_SCREENS, MOST_TAPS = 3, 5
KITCHEN_DID: Final = "1063000301"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a person reads and presses on the way to "confirmed", in their language."""

    account: str
    camera: str
    toast: str
    entry: str
    show_me: str
    decide: str
    what_stays: str
    go_on: str
    do_it: str
    done: str
    confirmed: str
    close: str
    off: str
    notified: str


def english(camera: str) -> Told:
    """Return the words about one of Mei's cameras."""
    return Told(
        account="Mei, mainland",
        camera=camera,
        toast=f"Not off yet: one step is left for {camera}",
        entry=f"One step left: {camera}",
        show_me="Show me",
        decide=f"Stop renewal for {camera}?",
        what_stays="The plan keeps working until",
        go_on="Continue",
        do_it="Switch it off in Mi Home",
        done="I have done it",
        confirmed="Off. Confirmed by Xiaomi",
        close="Finish",
        off="Off",
        notified=f"Off, confirmed: {camera}",
    )


def chinese(camera: str) -> Told:
    """Return the same in Chinese."""
    return Told(
        account="小梅（大陆）",
        camera=camera,
        toast=f"还没有关闭：{camera} 还差一步",
        entry=f"还差一步：{camera}",
        show_me="去看看",
        decide=f"要关闭 {camera} 的自动续费吗？",
        what_stays="套餐照常用到",
        go_on="继续",
        do_it="请在米家 App 里关闭",
        done="我已经关好了",
        confirmed="已关闭，小米于",
        close="完成",
        off="关闭",
        notified=f"已确认关闭：{camera}",
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Off. Confirmed by Xiaomi. I have cancelled it. Just in time.", []),
        ("The plan was cancelled, press OK", ["cancelled", "OK"]),
        ("Error: no Witness in this case", ["Error", "Witness", "case"]),
        ("我已取消。已关闭。", []),
        ("套餐已取消，请提交签约", ["已取消", "提交", "签约"]),
    ],
)
async def test_words_that_nobody_should_have_to_read_are_found(text: str, found: list[str]) -> None:
    assert unwanted(text) == found


# --- To "confirmed" ---


async def test_off_on_a_phone_is_confirmed_after_three_screens(
    phone: Page, stage: Stage, diary: Diary
) -> None:
    told = english("Balcony")
    await be_guided(await press_off(phone, stage, diary, told), stage, diary, told)


async def test_off_on_a_phone_in_chinese_is_confirmed_after_three_screens(
    browser: Browser, chinese_stage: Stage, diary: Diary
) -> None:
    told = chinese("门口")
    async with looking(browser, PHONE, locale="zh-CN") as context:
        dashboard = await press_off(await context.new_page(), chinese_stage, diary, told)
        await be_guided(dashboard, chinese_stage, diary, told)


async def press_off(page: Page, stage: Stage, diary: Diary, told: Told) -> Dashboard:
    """Press a switch off; see that one step is left, and where."""
    dashboard = Dashboard(page, stage)
    await dashboard.open(told.camera)
    await dashboard.press_toggle(told.camera)
    await expect(dashboard.toast).to_contain_text(told.toast)
    await expect(dashboard.needs_you(told.camera)).to_be_visible()
    await until_notified(stage, told.camera, told.entry)
    await diary.note(page, "toast", dashboard.toast)
    await diary.note(page, "dashboard", page.locator("hui-view"))
    return dashboard


async def be_guided(dashboard: Dashboard, stage: Stage, diary: Diary, told: Told) -> None:
    """Go from "Needs you" to "confirmed" in so many screens and taps; see that nothing is left."""
    page = dashboard.page
    guide = Guide(page, stage, diary)
    show_me = dashboard.needs_you(told.camera).get_by_role("link", name=told.show_me)
    await guide.follow(show_me, told.entry)
    assert told.what_stays in await guide.screen(told.decide)
    await guide.choose(told.go_on)
    await guide.screen(told.do_it)
    await switch_renewal(page.context, stage, told.account, told.camera)
    await guide.press(told.done)
    await guide.finishes_with(told.confirmed)
    await guide.press(told.close)
    assert len(guide.screens) <= MOST_SCREENS
    assert guide.taps <= MOST_TAPS

    await dashboard.open(told.camera)
    await expect(dashboard.renewal(told.camera)).to_have_text(told.off)
    await expect(dashboard.needs_you(told.camera)).to_have_count(0)
    await diary.note(page, "off", page.locator("hui-view"))
    assert await issues(stage, told.camera) == []
    await until_notified(stage, told.camera, told.notified)


# --- Where the maker cannot say it ---


async def test_billed_by_google_is_noted_and_never_shown_as_off(
    phone: Page, stage: Stage, diary: Diary
) -> None:
    dashboard, guide = Dashboard(phone, stage), Guide(phone, stage, diary)
    await dashboard.open()
    await dashboard.press_off("Berlin hallway")
    await expect(dashboard.toast).to_contain_text("Not off yet")
    await guide.open("One step left: Berlin hallway")
    await guide.screen("Who charges you?")
    await guide.choose("Google Play")
    assert "does not show whether it renews" in await guide.screen(
        "Stop renewal for Berlin hallway?"
    )
    await guide.choose("Continue")
    await guide.screen("Cancel in Google Play")
    link = phone.get_by_role("link", name="open Google Play")
    await expect(link).to_have_attribute(
        "href", "https://play.google.com/store/account/subscriptions"
    )
    code = phone.locator("dialog-data-entry-flow ha-qr-code canvas")
    above, below = await link.bounding_box(), await code.bounding_box()
    assert above
    assert below
    assert above["y"] + above["height"] <= below["y"]
    await switch_renewal(phone.context, stage, "Mei, Berlin", "Berlin hallway")
    await guide.press("I have cancelled it")
    said = await guide.ends_with("Noted. Only Google Play can confirm this.")
    assert "I watch until" in said
    assert await state(stage, "Berlin hallway", CANCELLATION) == "done_not_readable"

    await dashboard.open()
    await expect(dashboard.needs_you("Berlin hallway")).to_contain_text("Only the seller can")
    await expect(dashboard.renewal("Berlin hallway")).to_have_text("Unknown")

    # Who bills was asked once, for all of the account.
    await dashboard.press_off("Attic")
    await expect(dashboard.toast).to_contain_text("Not off yet")
    await guide.open("One step left: Attic")
    await guide.screen("Stop renewal for Attic?")
    await guide.choose("Keep the plan")
    await guide.ends_with("Nothing was changed.")


async def test_a_charge_on_its_way_is_said_first_and_a_maker_that_never_follows_at_last(
    page: Page, stage: Stage, diary: Diary
) -> None:
    maker = MakersPage(await page.context.new_page(), stage)
    await maker.misbehave("The interface never follows")
    guide = await pressed_off(page, stage, diary, "Nursery")
    said = await guide.screen("Stop renewal for Nursery?")
    assert said.splitlines()[1].startswith("A charge may already be on its way. Do this now")
    assert "The next charge would come by" in said
    await guide.choose("Continue")
    await guide.screen("Switch it off in Mi Home")
    await maker.switch_renewal("Mei, mainland", "Nursery")
    await guide.press("I have done it")
    assert "A charge for Nursery is possible" in await guide.screen("Xiaomi still says on")

    await maker.misbehave("Maker is down")
    await guide.choose("Check again now")
    assert "What you did stays done." in await guide.ends_with("I could not ask Xiaomi.")
    await guide.press("Close")
    assert [issue["severity"] for issue in await issues(stage, "Nursery")] == ["warning"]

    await maker.misbehave("Maker is down")
    await guide.open("Being checked: Nursery")
    await guide.screen("Xiaomi still says on")
    await guide.choose("Keep the plan after all")
    await guide.ends_with("Nursery is no longer watched for this.")
    assert await issues(stage, "Nursery") == []
    assert await state(stage, "Nursery", AUTO_RENEWAL) == "on"
    await maker.misbehave("Back to normal")
    await maker.switch_renewal("Mei, mainland", "Nursery")
    await maker.page.close()


# --- Changing one's mind, and one's window ---


async def test_it_goes_on_in_another_browser_and_on_withdraws_it(
    page: Page, phone: Page, stage: Stage, diary: Diary
) -> None:
    guide = await pressed_off(page, stage, diary, "Living room")
    await guide.screen("Stop renewal for Living room?")
    await guide.choose("Continue")
    await guide.screen("Switch it off in Mi Home")
    await guide.press("I have done it")
    await guide.screen("Xiaomi still says on")
    await guide.close()

    elsewhere = Guide(phone, stage, diary)
    await elsewhere.open("Being checked: Living room")
    await elsewhere.screen("Xiaomi still says on")

    dashboard = Dashboard(page, stage)
    await dashboard.open()
    await dashboard.press_on("Living room")
    await expect(dashboard.needs_you("Living room")).to_have_count(0)
    await expect(dashboard.renewal("Living room")).to_have_text("On")
    assert await state(stage, "Living room", CANCELLATION) == "none"
    assert await issues(stage, "Living room") == []
    assert await notifications(stage, "Living room") == []

    await elsewhere.choose("Check again now")
    await elsewhere.ends_with("There is nothing left to do here")


async def test_off_again_brings_the_guide_back_and_does_nothing_else(
    page: Page, stage: Stage, diary: Diary
) -> None:
    dashboard = Dashboard(page, stage)
    await dashboard.open()
    await dashboard.press_toggle("Living room")
    await expect(dashboard.toast).to_contain_text("Not off yet")
    since = (await attributes(stage, "Living room", CANCELLATION))["since"]
    (issue,) = await issues(stage, "Living room")
    about = {"domain": DOMAIN, "issue_id": issue["issue_id"]}
    await stage.home.command("repairs/ignore_issue", ignore=True, **about)
    await dashboard.open()
    await dashboard.press_off("Living room")
    await expect(dashboard.toast).to_contain_text("Not off yet: one step is left for Living room")
    assert (await attributes(stage, "Living room", CANCELLATION))["since"] == since
    guide = Guide(page, stage, diary)
    await guide.open("One step left: Living room")
    await guide.screen("Stop renewal for Living room?")
    await guide.choose("Keep the plan")
    await guide.ends_with("Nothing was changed. Living room stays set to renew")


# --- Other people ---


async def test_another_person_is_told_that_the_owner_was_and_a_guest_can_do_nothing(
    browser: Browser, stage: Stage, diary: Diary
) -> None:
    async with visitor(browser, stage, "system-read-only") as guest:
        dashboard = Dashboard(await guest.new_page(), stage)
        await dashboard.open()
        await dashboard.press_toggle("Living room")
        await expect(dashboard.toast).to_contain_text("Unauthorized")
        assert await state(stage, "Living room", CANCELLATION) == "none"

    async with visitor(browser, stage, "system-users") as person:
        dashboard = Dashboard(await person.new_page(), stage)
        await dashboard.open()
        await dashboard.press_toggle("Living room")
        await expect(dashboard.toast).to_contain_text("has been sent to the owner of this home.")
        await diary.note(dashboard.page, "toast", dashboard.toast)
        await until_notified(stage, "Living room", "One step left: Living room")
        await dashboard.page.goto(f"{stage.home.base_url}/config/repairs")
        await expect(dashboard.camera("Living room")).to_be_visible()
        (issue,) = await issues(stage, "Living room")
        refused = await person.request.post(
            f"{stage.home.base_url}/api/repairs/issues/fix",
            headers={"Authorization": f"Bearer {await token(dashboard.page)}"},
            data={"handler": DOMAIN, "issue_id": issue["issue_id"]},
        )
        assert refused.status == 401
        assert await state(stage, "Living room", CANCELLATION) == "waiting_for_you"
        # What the owner was told of, only the owner takes back.
        await dashboard.press_on("Living room")
        await expect(dashboard.toast.last).to_contain_text("Only an administrator can withdraw it")
        assert await state(stage, "Living room", CANCELLATION) == "waiting_for_you"
    await call_off(stage, "Living room")


@asynccontextmanager
async def visitor(browser: Browser, stage: Stage, group: str) -> AsyncIterator[BrowserContext]:
    """Open the browser of somebody of a group of users, on a phone, signed in."""
    home = stage.home
    made = await home.command("config/auth/create", name="Visitor", group_ids=[group])
    try:
        async with looking(browser, PHONE) as context:
            tokens = await sign_in(context.request, home.base_url, made["user"]["id"])
            stored = json.dumps(json.dumps(tokens))
            await context.add_init_script(f"localStorage.hassTokens = {stored}")
            yield context
    finally:
        await home.command("config/auth/delete", user_id=made["user"]["id"])


async def sign_in(request: APIRequestContext, base_url: str, user_id: str) -> dict[str, Any]:
    """Sign a user in as the sign-in page does; return what the frontend keeps of it."""
    client = {"client_id": f"{base_url}/"}
    flows = f"{base_url}/auth/login_flow"
    begin = {"handler": ["trusted_networks", None], "redirect_uri": f"{base_url}/"}
    flow = await (await request.post(flows, data=client | begin)).json()
    answer = client | {"user": user_id}
    code = await (await request.post(f"{flows}/{flow['flow_id']}", data=answer)).json()
    form = client | {"grant_type": "authorization_code", "code": code["result"]}
    tokens: dict[str, Any] = await (await request.post(f"{base_url}/auth/token", form=form)).json()
    expires_ms = (time.time() + tokens["expires_in"]) * 1000
    return tokens | {"hassUrl": base_url, "clientId": f"{base_url}/", "expires": expires_ms}


async def token(page: Page) -> str:
    """Return the token with which a window asks Home Assistant."""
    found: str = await page.evaluate("JSON.parse(localStorage.hassTokens).access_token")
    return found


# --- Where there is a direct way ---


async def test_the_direct_way_turns_off_by_itself_and_on_by_its_screen(
    page: Page, stage: Stage, diary: Diary
) -> None:
    sent = await requests_sent(page, stage)
    dashboard, guide = Dashboard(page, stage), Guide(page, stage, diary)
    await dashboard.open()
    await dashboard.press_toggle("Kitchen")
    await expect(dashboard.renewal("Kitchen")).to_have_text("Off")
    await expect(dashboard.camera("Kitchen")).to_contain_text("Active, ends")
    assert await requests_sent(page, stage) == sent + 1
    assert await issues(stage, "Kitchen") == []

    await dashboard.press_toggle("Kitchen")
    await expect(dashboard.toast).to_contain_text("Not on yet: one step is left for Kitchen")
    show_me = dashboard.needs_you("Kitchen").get_by_role("link", name="Show me")
    await guide.follow(show_me, "One step left to renew again: Kitchen")
    assert "Kitchen is charged next between" in await guide.screen("Switch renewal on for Kitchen?")
    await guide.choose("Send it for me")
    assert "Kitchen is then charged by" in await guide.screen("Shall I send it?")
    assert await requests_sent(page, stage) == sent + 1
    await guide.choose("Send it")
    assert "is charged next between" in await guide.finishes_with("On. Confirmed by Xiaomi")
    await guide.finish()
    assert await requests_sent(page, stage) == sent + 2
    await dashboard.open()
    await expect(dashboard.renewal("Kitchen")).to_have_text("On")


async def test_an_answer_that_got_lost_is_asked_for_and_nothing_is_sent_twice(
    page: Page, stage: Stage, diary: Diary
) -> None:
    control, maker = f"{stage.maker_url}_control", page.context.request
    camera = f"{control}/camera/{KITCHEN_DID}"
    await maker.patch(camera, data={"plan": {"flag_delay": "7h"}})
    await maker.post(
        f"{control}/faults", data={"trouble": "lost_answer", "host": "web", "did": KITCHEN_DID}
    )
    sent = await requests_sent(page, stage)
    dashboard, guide = Dashboard(page, stage), Guide(page, stage, diary)
    await dashboard.open()
    await dashboard.press_toggle("Kitchen")
    await expect(dashboard.toast).to_contain_text("Asked, not off yet")
    await diary.note(page, "toast", dashboard.toast)
    await expect(dashboard.renewal("Kitchen")).to_have_text("On")
    await dashboard.press_off("Kitchen")
    await guide.open("Being checked: Kitchen")
    assert "It is not sent a second time" in await guide.screen("Sent, but the answer got lost")
    await guide.choose("Check again now")
    await guide.screen("Sent, but the answer got lost")
    await guide.choose("Do it by hand")
    await guide.screen("Switch it off in Mi Home")
    assert await requests_sent(page, stage) == sent + 1

    await maker.delete(f"{control}/faults")
    async with await page.context.new_page() as window:
        await MakersPage(window, stage).let_pass("+7 hours")
    await guide.press("I have done it")
    await guide.finishes_with("Off. Confirmed by Xiaomi")
    assert await requests_sent(page, stage) == sent + 1


async def requests_sent(page: Page, stage: Stage) -> int:
    """Return how often the maker was asked to switch renewal of the kitchen's camera."""
    counted = await page.context.request.get(f"{stage.maker_url}_control/requests")
    sent: int = (await counted.json())["renewal_requests"].get(KITCHEN_DID, 0)
    return sent


# --- What all need ---


async def pressed_off(page: Page, stage: Stage, diary: Diary, camera: str) -> Guide:
    """Press a switch off and open its guide."""
    dashboard, guide = Dashboard(page, stage), Guide(page, stage, diary)
    await dashboard.open()
    await dashboard.press_toggle(camera)
    await expect(dashboard.toast).to_contain_text("Not off yet")
    await guide.open(f"One step left: {camera}")
    return guide


async def switch_renewal(browser: BrowserContext, stage: Stage, account: str, camera: str) -> None:
    """Switch renewal at the maker, in a window of its own."""
    async with await browser.new_page() as window:
        await MakersPage(window, stage).switch_renewal(account, camera)


async def call_off(stage: Stage, camera: str) -> None:
    """Withdraw a cancellation, as the owner."""
    await stage.home.call("switch", "turn_on", entity_id=await entity(stage, camera, AUTO_RENEWAL))


async def entity(stage: Stage, camera: str, what: str) -> str:
    """Return the id of one of a camera's entities."""
    return next(d for d in await devices(stage.home) if d.name == camera).entities[what]


async def state(stage: Stage, camera: str, what: str) -> str:
    """Return what one of a camera's entities shows."""
    shown: str = (await stage.home.states())[await entity(stage, camera, what)]["state"]
    return shown


async def attributes(stage: Stage, camera: str, what: str) -> dict[str, Any]:
    """Return the attributes of one of a camera's entities."""
    found: dict[str, Any] = (await stage.home.states())[await entity(stage, camera, what)][
        "attributes"
    ]
    return found


async def issues(stage: Stage, camera: str) -> list[dict[str, Any]]:
    """Return what Repairs holds about a camera."""
    listed = (await stage.home.command("repairs/list_issues"))["issues"]
    return [
        issue
        for issue in listed
        if issue["domain"] == DOMAIN and issue["translation_placeholders"]["camera"] == camera
    ]


async def until_notified(stage: Stage, camera: str, title: str) -> None:
    """Wait until Home Assistant shows this notification about a camera, and no other."""

    async def look() -> list[str]:
        return await notifications(stage, camera)

    assert await until(look, [title].__eq__) == [title]


async def notifications(stage: Stage, camera: str) -> list[str]:
    """Return the titles of Home Assistant's notifications about a camera."""
    shown = await stage.home.command("persistent_notification/get")
    return [each["title"] for each in shown if camera in (each["title"] or "")]
