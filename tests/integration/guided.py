"""A person at a guided screen: presses its buttons, and reads its words in both languages."""

from typing import Any

from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir

from custom_components.camera_cloud_plan.const import DOMAIN
from tests.contract.shipped import LANGUAGES, words

from .acts import issue_of, settle

# What no text says before it was read from the maker, nor in anybody's language.
_BANNED = ("mandate", "contract", "witness", "read-back", "签约", "委托代扣")


class Guide:
    """One window in which the guide of an issue was opened."""

    def __init__(self, hass: HomeAssistant, issue: ir.IssueEntry, result: Any) -> None:
        """Take what Repairs answered."""
        self._hass = hass
        self._key = issue.translation_key
        self._issue_gaps = issue.translation_placeholders or {}
        self.result = result
        self.read()

    @classmethod
    async def open(cls, hass: HomeAssistant, key: str = "plan_cancellation") -> Guide:
        """Open the only issue of a kind, and wait where the maker is asked."""
        return await cls.open_one(hass, issue_of(hass, key))

    @classmethod
    async def open_one(cls, hass: HomeAssistant, issue: ir.IssueEntry) -> Guide:
        """Open an issue, and wait where the maker is asked."""
        manager = repairs_flow_manager(hass)
        assert manager is not None
        result = await manager.async_init(DOMAIN, data={"issue_id": issue.issue_id})
        guide = cls(hass, issue, result)
        await guide.wait()
        return guide

    async def tap(self, option: str | None = None, **fields: Any) -> Guide:
        """Press a button of a menu, or the one of a form with its fields filled in."""
        if option:
            assert option in self.result["menu_options"], self.result["menu_options"]
        await self.begin(option, **fields)
        await self.wait()
        return self

    async def begin(self, option: str | None = None, **fields: Any) -> None:
        """Press a button and wait for nothing."""
        manager = repairs_flow_manager(self._hass)
        assert manager is not None
        self.result = await manager.async_configure(
            self.result["flow_id"], {"next_step_id": option} if option else fields
        )
        self.read()

    async def wait(self) -> None:
        """Wait until the maker was asked."""
        if self.result["type"] is FlowResultType.SHOW_PROGRESS:
            await settle(self._hass)
            await self.look()

    async def look(self) -> None:
        """Look at what the window shows by now."""
        manager = repairs_flow_manager(self._hass)
        assert manager is not None
        self.result = await manager.async_configure(self.result["flow_id"])
        self.read()

    @property
    def shows(self) -> str:
        """The screen or ending that is shown, by its name."""
        match self.result["type"]:
            case FlowResultType.ABORT:
                return f"abort: {self.result['reason']}"
            case FlowResultType.CREATE_ENTRY:
                return f"finished: {self.result['description']}"
            case _:
                return str(self.result["step_id"])

    @property
    def buttons(self) -> list[str]:
        """The buttons of a menu."""
        options: list[str] = self.result["menu_options"]
        return options

    @property
    def said(self) -> str:
        """All that is shown, in English."""
        return self.read()["en"]

    def read(self) -> dict[str, str]:
        """Return all that is shown, by language; fails where words are missing."""
        return {language: self._text(language) for language in LANGUAGES}

    def _text(self, language: str) -> str:
        section = words(language)["issues"][self._key]["fix_flow"]
        lines: list[str] = []
        match self.result["type"]:
            case FlowResultType.CREATE_ENTRY:
                lines = [section["create_entry"][self.result["description"]]]
            case FlowResultType.ABORT:
                lines = [section["abort"][self.result["reason"]]]
            case FlowResultType.SHOW_PROGRESS:
                lines = [section["progress"][self.result["progress_action"]]]
            case FlowResultType.MENU:
                step = section["step"][self.result["step_id"]]
                options = [step["menu_options"][option] for option in self.buttons]
                lines = [step["title"], step["description"], *options]
            case FlowResultType.FORM:
                step = section["step"][self.result["step_id"]]
                fields = [str(field) for field in self.result["data_schema"].schema]
                labels = [step["data"][field] for field in fields]
                lines = [step["title"], step["description"], *labels, step["submit"]]
        gaps = {**self._issue_gaps, **(self.result.get("description_placeholders") or {})}
        text = "\n".join(lines).format_map(gaps)
        assert text, self.result
        assert not [word for word in _BANNED if word in text], text
        return text
