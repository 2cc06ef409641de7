"""Pages of the demo as a person sees them: what is looked at, and what is pressed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
import re
import shutil
from typing import Final

from playwright.async_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    StorageState,
    TimeoutError as NotThereError,
    ViewportSize,
    async_playwright,
    expect,
)

from demo.home_assistant import HomeAssistant
from demo.stage import Stage

DESK: Final[ViewportSize] = {"width": 1280, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
SLOW_MS: Final = 30_000
CHECK_FLOOR_MS: Final = 75_000
"""A check asked for within a minute of the last is made when that minute is over."""

_CHROMIUM_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# What is drawn, whichever shadow root it is in; but for the line of Home Assistant's own
# below a guide's title.
_DRAWN_TEXT: Final = """host => {
  const words = [];
  const read = node => {
    if (node.nodeType === Node.TEXT_NODE) words.push(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    if (["STYLE", "SCRIPT", "DIALOG-REPAIRS-ISSUE-SUBTITLE"].includes(node.tagName)) return;
    if (node.tagName === "BR") words.push("\\n");
    if (getComputedStyle(node).display === "none") return;
    const slotted = node.tagName === "SLOT" ? node.assignedNodes() : [];
    const inside = slotted.length ? slotted : (node.shadowRoot ?? node).childNodes;
    inside.forEach(read);
    if (getComputedStyle(node).display !== "inline") words.push("\\n");
  };
  read(host);
  return words.join("").replace(/[ \\t\\u00a0]+/g, " ").replace(/\\s*\\n\\s*/g, "\\n").trim();
}"""

# One line: what is longer is cut off, or covers the line below.
_FITS: Final = """title => title.scrollWidth <= title.clientWidth
  && title.clientHeight < 2 * parseFloat(getComputedStyle(title).fontSize)"""

# Until there is an answer, dots stand in its place.
_ANSWERED: Final = re.compile(r"[^\s.…]")

# The media browser's pictures are backgrounds, fetched by its own code.
_ARE_DRAWN: Final = """thumbnails => Promise.all(thumbnails.map(async thumbnail => {
  const picture = thumbnail.shadowRoot.querySelector(".image");
  const image = new Image();
  image.src = picture?.style.backgroundImage.slice(5, -2) ?? "";
  try { await image.decode(); } catch { return false; }
  return image.naturalWidth > 100;
}))"""

# Words of lawyers and programmers, and "cancelled" for what was not read: in quotes of an
# owner who says so it stands.
_UNWANTED: Final = re.compile(
    r"\b(?:mandates?|contracts?|witness(?:es)?|cases?|read[- ]?back|submit|error)\b|\b(?-i:OK)\b"
    r"|(?<!I have )\bcancelled\b|签约|委托代扣|案例|证人|提交|错误|(?<!我)已取消",
    re.IGNORECASE,
)


def unwanted(text: str) -> list[str]:
    """Return the words in a text that no person should have to read."""
    return _UNWANTED.findall(text)


@asynccontextmanager
async def chromium(*, headless: bool = True) -> AsyncIterator[Browser]:
    """Run Chromium; without one this fails rather than shows nothing."""
    path = shutil.which("chromium")
    assert path, "chromium is not on the PATH; scripts/test installs it where it can"
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=path, args=list(_CHROMIUM_FLAGS), headless=headless
        )
        yield running
        await running.close()


@asynccontextmanager
async def looking(
    browser: Browser,
    size: ViewportSize,
    *,
    locale: str = "en-GB",
    signed_in: StorageState | None = None,
) -> AsyncIterator[BrowserContext]:
    """Open a browser that has never been here before."""
    async with await browser.new_context(
        viewport=size, locale=locale, storage_state=signed_in
    ) as context:
        context.set_default_timeout(SLOW_MS)
        yield context


class Diary:
    """What a person read in a test, and pictures of it."""

    def __init__(self, folder: Path, test: str) -> None:
        """Take the folder for the pictures and the test's name."""
        self.folder = folder
        self._test = re.sub(r"\W+", "-", test).strip("-")
        self._read: list[str] = []

    async def note(self, page: Page, what: str, seen: Locator) -> str:
        """Take down what is written there, and a picture of the page; return the words."""
        text: str = await seen.evaluate(_DRAWN_TEXT)
        self._read.append(text)
        name = f"{self._test}-{len(self._read):02}-{re.sub(r'\W+', '-', what).strip('-')}.png"
        await page.screenshot(path=self.folder / name, animations="disabled")
        return text

    def all_words(self) -> str:
        """Return all that was read."""
        return "\n".join(self._read)

    def unwanted_words(self) -> list[str]:
        """Return the words in all that was read that no person should have to read."""
        return [word for text in self._read for word in unwanted(text)]


class Dashboard:
    """The demo's dashboard in Home Assistant."""

    def __init__(self, page: Page, stage: Stage) -> None:
        """Take a window; use `open`."""
        self.page = page
        self._home = stage.home.base_url

    async def open(self, camera: str = "Front door") -> None:
        """Go to Home Assistant's front door, which leads to the dashboard with this camera."""
        await self.page.goto(self._home)
        await expect(self.camera(camera)).to_be_visible()
        await expect(self.page.locator("hui-markdown-card h2").first).to_be_visible()

    def block(self, heading: str) -> Locator:
        """Return the block under a heading."""
        return self.page.locator("hui-grid-section").filter(
            has=self.page.locator("hui-heading-card").get_by_text(heading, exact=True)
        )

    def needs_you(self, camera: str) -> Locator:
        """Return what is said that a camera needs of its owner."""
        return self.page.locator(f'hui-markdown-card ha-alert[title^="{camera}"]')

    def camera(self, name: str) -> Locator:
        """Return the cards of one camera."""
        return self.page.locator("hui-vertical-stack-card").filter(
            has=self.page.locator("hui-heading-card").get_by_text(name, exact=True)
        )

    def renewal(self, name: str) -> Locator:
        """Return what one camera's switch shows: "On", "Off" or "Unknown"."""
        return self.camera(name).locator("hui-tile-card state-display")

    async def press_toggle(self, name: str) -> None:
        """Press one camera's switch, which stands either way and moves when pressed."""
        await self.camera(name).locator("ha-control-switch").click()

    async def press_off(self, name: str) -> None:
        """Press the "off" of a switch that offers off and on."""
        await self.camera(name).get_by_label("Turn off").click()

    async def press_on(self, name: str) -> None:
        """Press the "on" of a switch that offers off and on."""
        await self.camera(name).get_by_label("Turn on").click()

    async def save_recordings(self, name: str) -> None:
        """Press the badge that saves one camera's recordings."""
        await self.camera(name).locator("hui-button-heading-badge").click()

    async def open_media(self, words: str = "Open Media") -> None:
        """Follow the badge that leads to what was saved."""
        await self.page.locator("ha-control-button").filter(has_text=words).click()

    async def check_now(self) -> None:
        """Have every account read."""
        await self.page.locator("ha-control-button").filter(has_text="Check now").click()

    @property
    def toast(self) -> Locator:
        """What pops up at the bottom."""
        return self.page.locator("ha-toast")


class Guide:
    """The guide that Repairs opens, in a dialogue: its screens, and the taps that they take."""

    def __init__(self, page: Page, stage: Stage, diary: Diary) -> None:
        """Take a window; what is shown goes into the diary."""
        self.page = page
        self.taps = 0
        self.screens: list[str] = []
        self._repairs = f"{stage.home.base_url}/config/repairs"
        self._diary = diary
        self._dialogue = page.locator("dialog-data-entry-flow")
        self._is_taken_away = False

    def entry(self, title: str) -> Locator:
        """Return an entry in the list of repairs."""
        return self.page.locator("ha-config-repairs").get_by_text(title, exact=True)

    async def open(self, title: str) -> None:
        """Open an entry in the list of repairs, going there straight."""
        await self.page.goto(self._repairs)
        await self.entry(title).click()

    async def follow(self, link: Locator, title: str) -> None:
        """Follow a link to the list of repairs, and open an entry there."""
        await self._tap(link)
        await self.entry(title).hover()
        await self._diary.note(self.page, "repairs", self.page.locator("ha-config-repairs"))
        await self._tap(self.entry(title))

    async def screen(self, title: str) -> str:
        """Wait for a screen by its title and return all that it says."""
        await expect(self._dialogue.locator("[slot=headerTitle]")).to_have_text(title)
        text = await self._said(title)
        self.screens.append(title)
        return text

    async def ends_with(self, words: str) -> str:
        """Wait for the last screen of a guide that leaves its entry; return all that it says."""
        await expect(self._dialogue.locator("step-flow-abort")).to_contain_text(words)
        return await self._said(words)

    async def finishes_with(self, words: str) -> str:
        """Wait for the last screen of a guide whose entry is gone; return all that it says.

        Home Assistant's page rarely asks once more for a flow that is over, and puts its own
        error in the place of this screen. It is taken for read then, and put away.
        """
        last = self._dialogue.locator("step-flow-create-entry")
        await expect(last).to_contain_text(words)
        said = await last.inner_text()
        self.screens.append(words)
        try:
            return await self._said(words)
        except AssertionError, NotThereError:
            await expect(self.page.get_by_text("Invalid flow specified")).to_be_visible()
            await self._tap(self.page.get_by_role("button", name=re.compile(r"^(OK|确定)$")))
            self._is_taken_away = True
            return said

    def choice(self, words: str) -> Locator:
        """Return one of the things to choose from."""
        return self._dialogue.locator("step-flow-menu ha-list-item").get_by_text(words, exact=True)

    async def choose(self, words: str) -> None:
        """Tap one of the things to choose from."""
        await self._tap(self.choice(words))

    async def fill(self, text: str) -> None:
        """Type something into the first field for text."""
        await self._dialogue.locator("ha-selector-text input").first.fill(text)

    async def press(self, words: str) -> None:
        """Tap a button, unless its screen is put away already."""
        if self._is_taken_away:
            self._is_taken_away = False
            return
        buttons = self._dialogue.locator("ha-dialog-footer")
        await self._tap(buttons.get_by_role("button", name=words, exact=True))

    async def finish(self) -> None:
        """Tap the last screen away; going on before it is gone would cross its own going back."""
        await self.press("Finish")
        await expect(self._dialogue.locator("ha-dialog")).to_have_count(0)

    async def close(self) -> None:
        """Close the window, wherever it is."""
        await self._tap(self._dialogue.locator("[slot=headerNavigationIcon]").first)
        await expect(self._dialogue.locator("ha-dialog")).to_have_count(0)

    async def _tap(self, what: Locator) -> None:
        await what.click()
        self.taps += 1

    async def _said(self, name: str) -> str:
        """Return what the dialogue says, once its words are drawn."""
        await expect(self._dialogue.locator("ha-markdown-element > *").first).to_be_visible()
        title = self._dialogue.locator("[slot=headerTitle]")
        assert await title.evaluate(_FITS), f"the title does not fit: {name}"
        return await self._diary.note(self.page, name, self._dialogue)


class Media:
    """Home Assistant's media browser."""

    def __init__(self, page: Page, stage: Stage) -> None:
        """Take a window; use `open`."""
        self.page = page
        self._url = f"{stage.home.base_url}/media-browser/browser"
        self.panel = page.locator("ha-panel-media-browser")
        self.dialogue = page.locator("hui-dialog-web-browser-play-media")
        self.video = self.dialogue.locator("video")

    async def open(self) -> None:
        """Go to the list of all that there is."""
        await self.page.goto(self._url)

    def item(self, title: str | re.Pattern[str]) -> Locator:
        """Return a folder or a clip by its title."""
        title = re.compile(rf"^\s*{re.escape(title)}\s*$") if isinstance(title, str) else title
        return self.panel.locator(".child").filter(
            has=self.page.locator(".title").filter(has_text=title)
        )

    async def enter(self, *titles: str) -> None:
        """Go down into one folder after the other."""
        for title in titles:
            await self.item(title).click()

    async def thumbnails(self) -> list[bool]:
        """Return for each clip in view whether its picture is drawn."""
        drawn: list[bool] = await self.panel.locator("ha-media-browser-thumbnail").evaluate_all(
            _ARE_DRAWN
        )
        return drawn

    async def played(self) -> float:
        """Return how many seconds of the clip were shown; less than none where it cannot be."""
        seconds: float = await self.video.evaluate(
            "v => v.error ? -1 : v.readyState >= 2 && v.videoWidth ? v.currentTime : 0"
        )
        return seconds

    async def close(self) -> None:
        """Close the clip."""
        await self.page.keyboard.press("Escape")
        await expect(self.video).to_have_count(0)


class Assist:
    """Home Assistant's Assist dialogue."""

    def __init__(self, page: Page) -> None:
        """Take a window on a dashboard; use `open`."""
        self.page = page
        self.dialogue = page.locator("ha-voice-command-dialog")
        self._field = self.dialogue.locator("ha-assist-chat input")
        self._said = self.dialogue.locator("ha-assist-chat .message.hass")

    async def open(self) -> None:
        """Open it from the dashboard's own bar, as a new user would; on a phone from its menu.

        Its shortcut is the A in every language; the menu is found in English.
        """
        bar = self.page.locator("hui-root")
        entry = bar.get_by_label(re.compile(r"\(A\)$"))
        menu = bar.get_by_label("Open dashboard menu")
        await expect(entry.or_(menu).first).to_be_visible()
        if await menu.is_visible():
            await menu.click()
            entry = bar.locator("ha-dropdown-item").filter(has_text="(A)")
        await entry.first.click()
        await expect(self._said).to_have_count(1)

    async def choose(self, assistant: str) -> None:
        """Talk to another assistant, with whom a new chat begins."""
        await self.dialogue.locator("ha-dropdown ha-button").click()
        await self.dialogue.locator("ha-dropdown-item").filter(has_text=assistant).click()
        await expect(self._said).to_have_count(1)

    async def ask(self, sentence: str) -> str:
        """Type a sentence and return what is answered."""
        before = await self._said.count()
        await self._field.fill(sentence)
        await self._field.press("Enter")
        answer = self._said.nth(before).locator("ha-markdown-element")
        return (await answer.filter(has_text=_ANSWERED).inner_text()).strip()


class Calendar:
    """Home Assistant's calendar."""

    def __init__(self, page: Page, stage: Stage) -> None:
        """Take a window; use `open`."""
        self.page = page
        self._home = stage.home.base_url

    async def open(self) -> None:
        """Go there, signed in."""
        await self.page.goto(self._home)
        await expect(self.page.locator("hui-sections-view")).to_be_visible()
        await self.page.goto(f"{self._home}/calendar")

    def event(self, words: str) -> Locator:
        """Return the first place where an event stands."""
        return self.page.locator("ha-full-calendar").get_by_text(words).first

    async def fits(self, words: str) -> bool:
        """Return whether an event's words are all there to be read."""
        whole: bool = await self.event(words).evaluate("e => e.scrollWidth <= e.clientWidth + 1")
        return whole

    async def read(self, words: str, diary: Diary) -> str:
        """Look at the calendar, open an event, and return all that is said of it."""
        await diary.note(self.page, "calendar", self.page.locator("ha-full-calendar"))
        await self.event(words).click()
        details = self.page.locator("dialog-calendar-event-detail")
        await expect(details).to_contain_text(words)
        return await diary.note(self.page, "event", details)


class Integrations:
    """The page on which integrations are added, and the form in which a plan is typed in."""

    def __init__(self, page: Page, home: HomeAssistant) -> None:
        """Take a window; use `open`."""
        self.page = page
        self.dialogue = page.locator("dialog-data-entry-flow")
        self._url = f"{home.base_url}/config/integrations/dashboard"

    async def open(self) -> None:
        """Go to Settings, devices and services."""
        await self.page.goto(self._url)
        await expect(self.page.get_by_role("button", name="Add integration")).to_be_visible()

    async def add(self, name: str) -> None:
        """Search for an integration, and begin to set it up."""
        await self.page.get_by_role("button", name="Add integration").click()
        brands = self.page.locator("dialog-add-integration")
        await brands.locator("input").fill(name)
        await brands.get_by_text(name, exact=True).click()

    async def begin_with(self, words: str) -> None:
        """Choose one of the ways to begin."""
        await self.dialogue.get_by_text(words, exact=True).click()

    async def type_name(self, name: str) -> None:
        """Type what the plan is called."""
        await self.dialogue.locator("ha-selector-text input").first.fill(name)

    async def pick_day_of_next_month(self, day: int) -> None:
        """Pick the day of the next charge."""
        await self.dialogue.locator("ha-date-input").first.click()
        picker = self.page.locator("ha-dialog-date-picker")
        await picker.locator("ha-icon-button-next").click()
        await picker.get_by_text(str(day), exact=True).click()
        await picker.get_by_role("button", name="OK").click()

    async def choose_term(self, words: str) -> None:
        """Choose how long a term is."""
        await self.dialogue.locator("ha-selector-select").first.click()
        await self.page.get_by_text(words, exact=True).click()

    async def choose(self, words: str) -> None:
        """Choose one of the answers that stand in the form."""
        await self.dialogue.get_by_text(words, exact=True).click()

    async def press(self, words: str) -> None:
        """Press a button."""
        await self.dialogue.get_by_role("button", name=words).click()


class MakersPage:
    """The simulated maker's side, in a window of its own."""

    def __init__(self, page: Page, stage: Stage) -> None:
        """Take a window."""
        self.page = page
        self._url = stage.maker_url

    async def switch_renewal(self, account: str, camera: str) -> None:
        """Switch one camera's renewal off, or on again, by hand, signed in as its owner."""
        await self.page.goto(f"{self._url}plan?who")
        await self.page.get_by_role("button", name=account).click()
        await self.page.get_by_role("link", name=camera).click()
        renewal = self.page.locator("#renewal")
        before = await renewal.locator(".state").inner_text()
        await renewal.locator("a.button").click()
        done = renewal.locator(".state")
        question = renewal.locator("button[name=renewal]")
        # As many questions as the maker has, and the password where it wants it again.
        await expect(question.or_(done)).to_be_visible()
        while await question.is_visible():
            password = renewal.locator("input[type=password]")
            if await password.is_visible():
                hint = await renewal.locator("form .quiet").inner_text()
                await password.fill(re.split(r"[\s：]", hint)[-1])
            await question.click()
            await expect(question.or_(done)).to_be_visible()
        await expect(done).not_to_have_text(before)

    async def let_pass(self, span: str) -> None:
        """Let time pass, by the label of the button."""
        await self.page.goto(self._url)
        await self.page.get_by_role("button", name=span).click()
        await expect(self.page.locator("#time")).to_contain_text("have passed so far")

    async def misbehave(self, how: str) -> None:
        """Press one of the buttons that make the maker misbehave, or stop that."""
        await self.page.goto(self._url)
        await self.page.locator("#mischief").get_by_role("button", name=how).click()


async def approve(page: Page, account: str) -> None:
    """Approve the sign-in whose link this window shows."""
    await page.get_by_role("radio", name=account).check()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_text("Approved")).to_be_visible()
