"""Pages of the demo as a person sees them: what is looked at, and what is pressed."""

from typing import Final

from playwright.async_api import Locator, Page, expect

from demo.stage import Stage

SLOW_MS: Final = 30_000
CHECK_FLOOR_MS: Final = 75_000
"""A check asked for within a minute of the last is made when that minute is over."""


class Dashboard:
    """The demo's dashboard in Home Assistant."""

    def __init__(self, page: Page, stage: Stage) -> None:
        """Take a window; use `open`."""
        self.page = page
        self._home = stage.home.base_url

    async def open(self) -> None:
        """Go to Home Assistant's front door, which leads to the dashboard."""
        await self.page.goto(self._home)
        await expect(self.camera("Front door")).to_be_visible(timeout=SLOW_MS)

    def block(self, heading: str) -> Locator:
        """Return the block under a heading."""
        return self.page.locator("hui-grid-section").filter(
            has=self.page.locator("hui-heading-card").get_by_text(heading, exact=True)
        )

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

    async def check_now(self) -> None:
        """Have every account read."""
        await self.page.locator("ha-control-button").filter(has_text="Check now").click()


class MakersPage:
    """The simulated maker's side, in a window of its own."""

    def __init__(self, page: Page, stage: Stage) -> None:
        """Take a window."""
        self.page = page
        self._url = stage.maker_url

    async def switch_renewal_off(self, account: str, camera: str) -> None:
        """Switch one camera's renewal off by hand, signed in as its owner."""
        await self.page.goto(f"{self._url}plan?who")
        await self.page.get_by_role("button", name=account).click()
        await self.page.get_by_role("link", name=camera).click()
        await self.page.get_by_role("link", name="Turn auto-renewal off").click()
        await self.page.get_by_role("button", name="Yes, turn it off").click()
        renewal = self.page.locator("#renewal")
        asked_again = renewal.get_by_role("button", name="Pause subscription")
        password = renewal.get_by_label("Password")
        done = renewal.get_by_text("Nothing will be charged")
        # Whichever of the maker's further questions come, in this order.
        await expect(asked_again.or_(password).or_(done)).to_be_visible()
        if await asked_again.is_visible():
            await asked_again.click()
            await expect(password.or_(done)).to_be_visible()
        if await password.is_visible():
            hint = await renewal.get_by_text("The password is").inner_text()
            await password.fill(hint.rsplit(" ", 1)[-1])
            await renewal.get_by_role("button", name="Continue").click()
        await expect(self.page.locator("#renewal")).to_contain_text("Nothing will be charged")

    async def let_pass(self, span: str) -> None:
        """Let time pass, by the label of the button."""
        await self.page.goto(self._url)
        await self.page.get_by_role("button", name=span).click()
        await expect(self.page.locator("#time")).to_contain_text("have passed so far")


async def approve(page: Page, account: str) -> None:
    """Approve the sign-in whose link this window shows."""
    await page.get_by_role("radio", name=account).check()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_text("Approved")).to_be_visible()
