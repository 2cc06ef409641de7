"""The maker's pages, as a browser without scripts would use them."""

from collections.abc import AsyncIterator
import csv
from html.parser import HTMLParser
import json
from pathlib import Path
import re
from typing import override

import aiohttp
import pytest
from yarl import URL

from simulator.clock import AgeingClock
from simulator.faults import Trouble
from simulator.mischief import MISCHIEF
from simulator.moments import DAY_MS, HOUR_MS
from simulator.names import LANGUAGES
from simulator.page_view import period_words, rule_words
from simulator.server import RunningSimulator, running
from simulator.sessions import TicketState
from simulator.speech import Speech, load_words
from simulator.world import Misbehaviour, World
from simulator.worldfile import build_world, load_world
from tests.simulator.sample import (
    BALCONY,
    BERLIN_HALLWAY,
    FRONT_DOOR,
    GARAGE,
    GRANDMAS_HALL,
    MEI,
    MEI_BERLIN,
    WINDOW,
    WORKSHOP,
)
from tests.simulator.worlds import DID, china, one_camera, plan_entry, stopped, world_entry

SIMULATOR = Path(__file__).parents[2] / "simulator"
NOT_RENEWING = "1051000106"
BANNERS = {
    "en": "Simulated. Not Xiaomi. No money.",
    "zh": "模拟演示。不是小米。不涉及金钱。",
    "de": "Simuliert. Nicht Xiaomi. Kein Geld.",
}
# What a browser asks for, and what a page says that it is in.
TAGS = {"en": ("en-GB", "en"), "zh": ("zh-CN", "zh-Hans"), "de": ("de-AT", "de")}


class Page(HTMLParser):
    """What a page says, and the forms on it."""

    def __init__(self, html: str, status: int, url: URL) -> None:
        super().__init__()
        self.html = html
        self.status = status
        self.url = url
        # Where each button leads, and what its form carries without being asked.
        self.buttons: dict[tuple[str, str], tuple[str, dict[str, str]]] = {}
        self.passwords = 0
        self.links: list[str] = []
        self.scripts = 0
        self._form: tuple[str, dict[str, str]] = ("", {})
        self._text: list[str] = []
        self.feed(html)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        if tag == "form":
            assert values["method"] == "post"
            self._form = (values["action"], {})
        if tag == "input" and values["type"] == "hidden":
            self._form[1][values["name"]] = values["value"]
        self.passwords += tag == "input" and values["type"] == "password"
        if tag == "button":
            self.buttons[values["name"], values["value"]] = self._form
        if tag == "a":
            self.links.append(values["href"])
        self.scripts += tag == "script"
        assert not any(key.startswith("on") for key in values)

    @override
    def handle_data(self, data: str) -> None:
        self._text.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self._text))


class Browser:
    """Keeps cookies, follows redirects, and names its origin on every POST, as browsers do."""

    def __init__(self, base_url: str, session: aiohttp.ClientSession) -> None:
        self.base_url = base_url
        self._session = session

    async def get(self, path: str, **headers: str) -> Page:
        async with self._session.get(
            self.base_url + path, headers={k.replace("_", "-"): v for k, v in headers.items()}
        ) as response:
            return Page(await response.text(), response.status, response.url)

    async def post(self, path: str, *, origin: str | None = None, **fields: str) -> Page:
        async with self._session.post(
            self.base_url + path, data=fields, headers={"Origin": origin or self.base_url}
        ) as response:
            return Page(await response.text(), response.status, response.url)

    async def press(self, page: Page, name: str, value: str, **fields: str) -> Page:
        """Press a button that the page really has."""
        action, hidden = page.buttons[name, value]
        return await self.post(action, **hidden | fields | {name: value})

    async def sign_in(self, account: str) -> None:
        await self.post("/who", who=account, next="/plan")


@pytest.fixture
async def browser(simulator: RunningSimulator) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Accept-Language": "en"}
    ) as session:
        yield Browser(simulator.base_url, session)


def renews(world: World, did: str) -> bool:
    """Return the truth at the party that takes the money."""
    plan = world.camera(did).plan
    assert plan is not None
    return plan.auto_renew


def shown(world: World, did: str) -> bool | None:
    """Return what the maker's flag says."""
    plan = world.camera(did).plan
    assert plan is not None
    return plan.shown_auto_renew


# --- Every page --------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "path",
    ["/", "/plan", "/plan?who", f"/plan/{GARAGE}", "/orders", "/approve?ticket=none", "/plan/0"],
)
async def test_every_page_says_in_each_language_that_it_is_simulated(
    browser: Browser, path: str, language: str
) -> None:
    for signed_in in (False, True):
        if signed_in:
            await browser.sign_in("cn")
        page = await browser.get(path, Accept_Language=TAGS[language][0])
        assert BANNERS[language] in page.text
        assert page.scripts == 0
        assert f'<html lang="{TAGS[language][1]}">' in page.html


async def test_the_chosen_language_stays(browser: Browser) -> None:
    assert BANNERS["zh"] in (await browser.get("/?lang=zh")).text
    assert BANNERS["zh"] in (await browser.get("/plan")).text
    assert BANNERS["en"] in (await browser.get("/plan?lang=en")).text
    assert BANNERS["en"] in (await browser.get("/?lang=klingon")).text


async def test_pages_forbid_scripts_frames_and_foreign_forms(
    simulator: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    async with http.get(simulator.base_url + "/") as response:
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "kind"), [("/static/maker.css", "text/css"), ("/static/icon.svg", "image/svg+xml")]
)
async def test_the_looks_are_served(
    simulator: RunningSimulator, http: aiohttp.ClientSession, path: str, kind: str
) -> None:
    async with http.get(simulator.base_url + path) as response:
        assert (response.status, response.content_type) == (200, kind)


def test_the_looks_name_no_brand_colour_or_logo() -> None:
    style = (SIMULATOR / "static" / "maker.css").read_text(encoding="utf-8").lower()
    assert "#ff6900" not in style
    assert "#ff6700" not in style


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/time", {"step": "3d"}),
        ("/misbehave", {"kind": "down"}),
        (f"/plan/{FRONT_DOOR}/renewal", {"renewal": "off"}),
        ("/approve", {"answer": "approve", "who": "cn"}),
        ("/who", {"who": "cn"}),
    ],
)
@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://127.0.0.1:1"])
async def test_a_form_of_another_site_does_nothing(
    browser: Browser,
    simulator: RunningSimulator,
    path: str,
    fields: dict[str, str],
    origin: str,
) -> None:
    await browser.sign_in("cn")
    ticket = simulator.sessions.tickets.issue("device").key
    page = await browser.post(path, origin=origin, ticket=ticket, **fields)
    assert page.status == 403
    assert simulator.world.passed_ms == 0
    assert not simulator.faults.active
    assert simulator.sessions.tickets.state(ticket) is TicketState.WAITING
    assert renews(simulator.world, FRONT_DOOR)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/time", {"step": "99d"}),
        ("/time", {}),
        ("/misbehave", {"kind": "flood"}),
        ("/who", {"who": "nobody"}),
        ("/who", {"who": "cn", "next": "//example.org"}),
        ("/who", {"who": "cn", "next": "/\\example.org"}),
        ("/who", {"who": "cn", "next": "https://example.org"}),
        (f"/plan/{FRONT_DOOR}/renewal", {"renewal": "maybe"}),
        ("/approve", {"answer": "perhaps"}),
    ],
)
async def test_an_odd_form_is_not_understood(
    browser: Browser, path: str, fields: dict[str, str]
) -> None:
    await browser.sign_in("cn")
    page = await browser.post(path, **fields)
    assert page.status == 400
    assert "not understood" in page.text


# --- The desk ----------------------------------------------------------------


async def test_the_desk_shows_every_camera_and_what_it_will_be_charged(
    browser: Browser, world: World
) -> None:
    page = await browser.get("/")
    for camera in world.cameras.values():
        assert camera.names.en in page.text
    berlin = page.html[page.html.index(f"camera-{BERLIN_HALLWAY}") :]
    berlin = berlin[: berlin.index("</li>")]
    # Beside the truth, what the maker's interface says of it.
    assert re.findall(r"<dd[^>]*>\s*(on|off)\b", berlin) == ["on", "off"]
    assert "3.50 EUR" in berlin
    assert f"/plan/{GARAGE}" in page.links
    assert f"/plan/{WINDOW}" not in page.links


@pytest.mark.parametrize(
    ("plan", "pill"),
    [
        (plan_entry(), "renews"),
        (plan_entry(trial=True), "trial"),
        (plan_entry(auto_renew=False), "ends"),
        (plan_entry(payment_works=False, failing_since="-1h", failed_attempts=1), "payment failed"),
        (plan_entry(auto_renew=False, end="-29d"), "expired, recordings kept"),
        (plan_entry(auto_renew=False, end="-31d"), "expired"),
        (None, "no plan"),
    ],
)
async def test_a_pill_says_how_a_plan_stands(
    socket_enabled: None, plan: dict[str, object] | None, pill: str
) -> None:
    world = build_world(world_entry(plan), clock=stopped(china("2026-05-31 12:00")))
    async with running(world) as simulator, aiohttp.ClientSession() as session:
        page = await Browser(simulator.base_url, session).get("/")
    assert re.findall(r'class="pill \w+">([^<]+)<', page.html) == [pill]
    assert ("another attempt" in page.text) == (pill == "payment failed")


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (plan_entry(), "monthly on the day the plan ends"),
        (plan_entry(period="12 months", charged="72h before end"), "yearly 72 hours before"),
        (plan_entry(period="3 months"), "every 3 months on the day"),
        (plan_entry(period="30 days"), "every 30 days on the day"),
        (plan_entry(charged="day 5 00:00-02:00"), "monthly on day 5 of the month, 0:00 to 2:00"),
    ],
)
def test_terms_and_charges_are_put_in_words(plan: dict[str, object], words: str) -> None:
    world = one_camera(plan)
    bought = world.camera(DID).plan
    assert bought is not None
    speech = Speech(load_words(), "en", world.now_ms())
    said = f"{period_words(bought.period, speech)} {rule_words(bought, world, speech)}"
    assert said.startswith(words)


async def test_a_promotion_is_shown_with_what_comes_after_it(browser: Browser) -> None:
    desk = await browser.get("/")
    balcony = desk.html.partition(f'id="camera-{BALCONY}"')[2].partition("</li>")[0]
    assert "6.00 CNY" in balcony
    assert "3.00 CNY" not in balcony
    await browser.sign_in("cn")
    page = await browser.get(f"/plan/{BALCONY}")
    assert "3.00 CNY, monthly" in page.text
    assert "6.00 CNY for terms that begin on" in page.text


async def test_prices_rise_at_the_press_of_a_button_and_the_pages_say_so(
    browser: Browser, world: World
) -> None:
    await browser.press(await browser.get("/"), "kind", "raises")
    await browser.sign_in("cn")
    assert "9.00 CNY for terms that begin on" in (await browser.get(f"/plan/{FRONT_DOOR}")).text
    assert "for terms that begin on" not in (await browser.get(f"/plan/{NOT_RENEWING}")).text
    world.advance(5 * DAY_MS)
    assert world.camera(FRONT_DOOR).orders[-1].amount_minor == 900


async def test_time_passes_at_the_press_of_a_button(browser: Browser, world: World) -> None:
    page = await browser.get("/")
    before = len(world.orders)
    page = await browser.press(page, "step", "3d")
    assert page.url.path == "/"
    assert "3 d have passed" in page.text
    assert len(world.orders) == before + 1
    for step in ("7h", "1d", "30d"):
        page = await browser.press(page, "step", step)
    assert world.passed_ms == 34 * DAY_MS + 7 * HOUR_MS


async def test_the_desk_tells_how_its_time_passes(socket_enabled: None) -> None:
    world = load_world("two_homes", clock=AgeingClock())
    async with running(world) as simulator, aiohttp.ClientSession() as session:
        browser = Browser(simulator.base_url, session)
        page = await browser.get("/")
        assert "grows older" in page.text
        assert "calendar from before" not in (await browser.get("/")).text
        await browser.press(page, "step", "1d")
        jar = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        async with jar:
            owner = Browser(simulator.base_url, jar)
            await owner.sign_in("cn2")
            assert "calendar from before" in (await owner.get("/plan/1063000301")).text


async def test_each_mischief_has_a_button_and_ends_with_a_second_press(
    browser: Browser, simulator: RunningSimulator
) -> None:
    for mischief in MISCHIEF:
        page = await browser.get("/")
        page = await browser.press(page, "kind", mischief.key)
        pressed = f'value="{mischief.key}" class="trouble" aria-pressed="true"'
        assert (pressed in page.html) == (mischief.is_on is not None)
        await browser.press(page, "kind", mischief.key)
        if mischief.is_on is not None:
            assert not mischief.is_on(simulator.cloud)
    assert not simulator.faults.active
    assert simulator.world.misbehaviour == Misbehaviour()


async def test_back_to_normal_ends_all_trouble(
    browser: Browser, simulator: RunningSimulator
) -> None:
    page = await browser.get("/")
    for kind in ("down", "slow", "html", "flips", "charges"):
        await browser.press(page, "kind", kind)
    assert {fault.trouble for fault in simulator.faults.active} == {
        Trouble.HTTP_STATUS,
        Trouble.LATENCY,
        Trouble.HTML,
    }
    assert simulator.world.misbehaviour.charges_anyway
    await browser.press(page, "kind", "normal")
    assert not simulator.faults.active
    assert simulator.world.misbehaviour == Misbehaviour()


async def test_sessions_can_be_ended_with_and_without_what_renews_them(
    browser: Browser, simulator: RunningSimulator
) -> None:
    credentials = simulator.sessions.sign_in(MEI)
    page = await browser.get("/")
    await browser.press(page, "kind", "tokens")
    token = simulator.sessions.service_token(credentials.service_token)
    assert token is not None
    assert token.expires_at <= simulator.sessions.now()
    assert simulator.sessions.renew(MEI, credentials.pass_token) is not None
    await browser.press(page, "kind", "signed_out")
    assert simulator.sessions.renew(MEI, credentials.pass_token) is None


# --- The owner's pages -------------------------------------------------------


async def test_an_owner_switches_renewal_off_by_hand(browser: Browser, world: World) -> None:
    page = await browser.get(f"/plan/{FRONT_DOOR}")
    assert "Who are you?" in page.text
    page = await browser.press(page, "who", "cn", next=f"/plan/{FRONT_DOOR}")
    assert page.url.path == f"/plan/{FRONT_DOOR}"
    assert "Auto-renewal is on." in page.text
    # Nothing happens before it is confirmed.
    [confirm] = [link for link in page.links if "confirm" in link]
    page = await browser.get(confirm)
    assert "Turn it off?" in page.text
    assert renews(world, FRONT_DOOR)
    # Paid four times: the maker asks once more.
    page = await browser.press(page, "renewal", "off")
    assert "Pause the subscription?" in page.text
    assert "paid 4 times" in page.text
    assert renews(world, FRONT_DOOR)
    page = await browser.press(page, "renewal", "off")
    assert page.url.path == f"/plan/{FRONT_DOOR}"
    assert "Auto-renewal is off." in page.text
    assert not renews(world, FRONT_DOOR)
    page = await browser.get(f"/plan/{FRONT_DOOR}?confirm=on")
    assert "no money moves" in page.text
    await browser.press(page, "renewal", "on")
    assert renews(world, FRONT_DOOR)


async def test_the_maker_asks_again_from_the_third_paid_term_on(
    browser: Browser, world: World
) -> None:
    await browser.sign_in("cn")
    garage = world.cameras[GARAGE]
    garage.orders = garage.orders[-2:]
    page = await browser.post(f"/plan/{GARAGE}/renewal", renewal="off")
    assert "Auto-renewal is off." in page.text
    assert not renews(world, GARAGE)


async def test_the_password_is_asked_for_and_has_to_be_right(
    browser: Browser, world: World
) -> None:
    await browser.sign_in("cn")
    password = world.accounts[MEI].password
    page = await browser.get(f"/plan/{BALCONY}?confirm=off")
    assert page.passwords == 0
    page = await browser.press(page, "renewal", "off")
    assert "Pause the subscription?" in page.text
    page = await browser.press(page, "renewal", "off")
    assert page.passwords == 1
    assert f"Simulated. The password is {password}" in page.text
    assert "is wrong" not in page.text
    page = await browser.press(page, "renewal", "off", password="lantern")
    assert page.status == 403
    assert "This password is wrong. Nothing was changed." in page.text
    assert renews(world, BALCONY)
    page = await browser.press(page, "renewal", "off", password=password)
    assert "Auto-renewal is off." in page.text
    assert not renews(world, BALCONY)
    # On takes the password too, but nobody asks twice.
    page = await browser.get(f"/plan/{BALCONY}?confirm=on")
    page = await browser.press(page, "renewal", "on")
    assert page.passwords == 1
    await browser.press(page, "renewal", "on", password=password)
    assert renews(world, BALCONY)


async def test_the_password_is_on_no_page_that_does_not_ask_for_it(
    browser: Browser, world: World
) -> None:
    await browser.sign_in("cn")
    for path in ("/", "/plan", "/plan?who", f"/plan/{BALCONY}", f"/plan/{BALCONY}?confirm=off"):
        assert world.accounts[MEI].password not in (await browser.get(path)).html


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_questions_are_asked_in_each_language(browser: Browser, language: str) -> None:
    await browser.sign_in("cn")
    words = load_words()
    page = await browser.get(f"/plan/{BALCONY}?confirm=off&lang={language}")
    # In the middle of it the language can be changed, which begins anew.
    asked = await browser.press(page, "renewal", "off")
    others = [link for link in asked.links if "lang=" in link]
    assert len(others) == len(LANGUAGES) - 1
    for switched in others:
        assert (await browser.get(switched)).status == 200
    assert (await browser.get(f"/plan/{BALCONY}?lang={language}")).status == 200
    for key in ("confirm_again_title", "confirm_password_title"):
        page = await browser.press(page, "renewal", "off")
        assert getattr(words[key], language) in page.text


async def test_a_flag_that_never_follows_is_shown_to_the_maker_and_not_promised_to_the_owner(
    browser: Browser, world: World
) -> None:
    await browser.sign_in("cn")
    page = await browser.get("/")
    await browser.press(page, "kind", "stays")
    await browser.post(f"/plan/{GARAGE}/renewal", renewal="off", confirmed="1")
    assert "never changes" in (await browser.get("/")).text
    assert "Received" not in (await browser.get(f"/plan/{GARAGE}")).text
    world.advance(3 * DAY_MS)
    assert shown(world, GARAGE) is True
    await browser.press(page, "kind", "stays")
    assert shown(world, GARAGE) is False
    assert "never changes" not in (await browser.get("/")).text


async def test_the_garage_says_when_it_will_show(browser: Browser, world: World) -> None:
    await browser.sign_in("cn")
    await browser.post(f"/plan/{GARAGE}/renewal", renewal="off", confirmed="1")
    page = await browser.get(f"/plan/{GARAGE}")
    assert "Received. It is shown as off from" in page.text
    world.advance(7 * HOUR_MS)
    assert "Received" not in (await browser.get(f"/plan/{GARAGE}")).text


async def test_a_store_billed_plan_is_cancelled_at_the_store(
    browser: Browser, world: World
) -> None:
    await browser.sign_in("de")
    page = await browser.get(f"/plan/{BERLIN_HALLWAY}")
    assert "Subscription in Google Play" in page.text
    page = await browser.get(f"/plan/{BERLIN_HALLWAY}?confirm=off")
    page = await browser.press(page, "renewal", "off")
    assert "The subscription is cancelled." in page.text
    assert not renews(world, BERLIN_HALLWAY)


async def test_only_the_owner_sees_a_plan(browser: Browser, world: World) -> None:
    await browser.sign_in("cn")
    for did in (GRANDMAS_HALL, BERLIN_HALLWAY):
        page = await browser.get(f"/plan/{did}")
        assert page.status == 403
        assert "belongs to another account" in page.text
        assert (await browser.post(f"/plan/{did}/renewal", renewal="off")).status == 403
        assert renews(world, did)


async def test_who_is_not_signed_in_switches_nothing(browser: Browser, world: World) -> None:
    page = await browser.post(f"/plan/{FRONT_DOOR}/renewal", renewal="off")
    assert "Who are you?" in page.text
    assert renews(world, FRONT_DOOR)


async def test_cameras_without_a_running_plan_offer_no_switch(browser: Browser) -> None:
    await browser.sign_in("de")
    assert "has no plan" in (await browser.get(f"/plan/{WINDOW}")).text
    assert "nothing to switch" in (await browser.get(f"/plan/{WORKSHOP}")).text
    page = await browser.post(f"/plan/{WORKSHOP}/renewal", renewal="on")
    assert page.status == 409


async def test_an_owner_lists_its_cameras_and_orders(browser: Browser, world: World) -> None:
    await browser.sign_in("de")
    page = await browser.get("/plan")
    assert [link for link in page.links if link.startswith("/plan/")] == [
        f"/plan/{camera.did}" for camera, _ in world.cameras_seen_by(MEI_BERLIN, "de")
    ]
    orders = (await browser.get("/orders")).text
    assert orders.count("3.50 EUR") == 10
    assert "Front door" not in orders


async def test_what_was_paid_can_be_downloaded_as_a_table(browser: Browser, world: World) -> None:
    assert (await browser.get("/orders.csv")).url.path == "/orders"
    await browser.sign_in("de")
    assert "/orders.csv" in (await browser.get("/orders")).links
    lines = [*csv.DictReader((await browser.get("/orders.csv")).html.splitlines())]
    paid = [order for order in world.orders if world.cameras[order.did].owner == MEI_BERLIN]
    assert [line["order"] for line in lines] == [order.order_id for order in reversed(paid)]
    assert {(line["amount"], line["currency"]) for line in lines} == {("3.50", "EUR")}


async def test_an_unknown_camera_has_no_page(browser: Browser) -> None:
    await browser.sign_in("cn")
    page = await browser.get("/plan/0")
    assert page.status == 404
    assert "no such camera" in page.text


async def test_names_are_escaped(browser: Browser, world: World) -> None:
    world.cameras[FRONT_DOOR].names = type(world.names)(en="<b>Door</b>", zh="门")
    await browser.sign_in("cn")
    for path in ("/", "/plan", f"/plan/{FRONT_DOOR}", "/orders"):
        page = await browser.get(path)
        assert "<b>Door" not in page.html
        assert "&lt;b&gt;Door" in page.html


# --- Sign-in by link ---------------------------------------------------------


async def test_a_link_is_approved_as_the_account_chosen(
    browser: Browser, simulator: RunningSimulator
) -> None:
    ticket = simulator.sessions.tickets.issue("device")
    page = await browser.get(f"/approve?ticket={ticket.key}")
    assert "wants to sign in" in page.text
    assert set(re.findall(r'name="who" value="(\w+)"', page.html)) == {
        account.key for account in simulator.world.accounts.values()
    }
    page = await browser.press(page, "answer", "approve", ticket=ticket.key, who="de")
    assert "go back to Home Assistant" in page.text
    assert ticket.user_id == MEI_BERLIN
    assert "go back to Home Assistant" in (await browser.get(f"/approve?ticket={ticket.key}")).text


async def test_a_link_is_denied(browser: Browser, simulator: RunningSimulator) -> None:
    ticket = simulator.sessions.tickets.issue("device")
    page = await browser.get(f"/approve?ticket={ticket.key}")
    page = await browser.press(page, "answer", "deny", ticket=ticket.key)
    assert "Nobody was signed in." in page.text
    assert simulator.sessions.tickets.state(ticket.key) is TicketState.DENIED
    # And stays denied.
    page = await browser.post("/approve", answer="approve", who="cn", ticket=ticket.key)
    assert "Nobody was signed in." in page.text
    assert ticket.user_id is None


async def test_a_link_that_ran_out_or_never_was_says_so(
    browser: Browser, simulator: RunningSimulator
) -> None:
    ticket = simulator.sessions.tickets.issue("device")
    simulator.sessions.tickets.expire()
    page = await browser.get(f"/approve?ticket={ticket.key}")
    assert page.status == 410
    assert "has expired" in page.text
    assert (
        "has expired"
        in (await browser.post("/approve", answer="approve", who="cn", ticket=ticket.key)).text
    )
    assert "not known" in (await browser.get("/approve")).text


# --- Words -------------------------------------------------------------------


def test_every_text_is_there_in_both_languages_and_none_twice() -> None:
    pairs = json.loads(
        (SIMULATOR / "templates" / "words.json").read_text(encoding="utf-8"),
        object_pairs_hook=list,
    )
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys))
    for words in load_words().values():
        assert words.en
        assert words.zh
        assert set(re.findall(r"{\w+}", words.en)) == set(re.findall(r"{\w+}", words.zh))


def test_every_text_is_used_somewhere() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for pattern in ("*.py", "templates/*.html")
        for path in SIMULATOR.glob(pattern)
    )
    # Keys put together from a part that varies, such as the status of a camera.
    families = "status|channel|months|order|mischief|time|confirm|approve|renewal|store|plan"
    unused = [
        key
        for key in load_words()
        if f'"{key}"' not in sources and not re.match(rf"(?:{families})_", key)
    ]
    assert unused == []


def test_spans_and_distances_are_said_by_their_two_largest_units() -> None:
    now = china("2026-11-22 20:00")
    en, zh, de = (Speech(load_words(), language, now) for language in LANGUAGES)
    ahead = now + 4 * DAY_MS + 20 * HOUR_MS + 59_000
    assert en.away(ahead) == "in 4 d 20 h"
    assert zh.away(ahead) == "4 天 20 小时后"
    assert en.away(now - 61_000) == "1 min ago"
    assert zh.away(now - 61_000) == "1 分钟前"
    assert de.away(ahead) == "in 4 T 20 Std."
    assert de.away(now - 61_000) == "vor 1 Min."
    assert en.span(59_000) == "0 min"
    assert en.money(350, "EUR") == "3.50 EUR"
    assert en.money(5, "CNY") == "0.05 CNY"


def test_moments_name_the_year_only_where_it_differs() -> None:
    now = china("2026-11-22 20:00")
    speech = Speech(load_words(), "en", now)
    assert "2026" not in speech.when(now).striptags()
    assert "2027" in speech.when(now + 200 * DAY_MS).striptags()
    assert 'datetime="2026-11-22T12:00:00+00:00"' in speech.when(now)
    german = Speech(load_words(), "de", now)
    assert german.when(now + 200 * DAY_MS).striptags().startswith("Do, 10. Juni 2027, ")


def test_placeholders_are_escaped() -> None:
    speech = Speech(load_words(), "en", 0)
    assert "&lt;i&gt;" in speech.word("not_yours", camera="<i>")
