"""The demo's dashboard: the one that the integration makes for anybody, and one line below it."""

from typing import Any, Final

from .accounts import DOMAIN
from .home_assistant import HomeAssistant
from .words import WORDS, Language

PATH: Final = "camera-plans"
type Content = dict[str, Any]


async def made(home: HomeAssistant, *, language: Language, maker_url: str) -> Content:
    """Return the dashboard for the devices that are there, which says that all is simulated.

    Raises `RefusedError` while there is no account.
    """
    answer = await home.answered(DOMAIN, "get_dashboard", language=language.value)
    content: Content = answer["config"]
    simulated = {
        "type": "markdown",
        "content": WORDS[language].simulated.format(maker=maker_url),
        "text_only": True,
        "grid_options": {"columns": "full"},
    }
    content["views"][0]["sections"][-1]["cards"].append(simulated)
    return content


async def save(home: HomeAssistant, content: Content) -> None:
    """Make this the dashboard's content, creating the dashboard the first time."""
    known = {listed["url_path"] for listed in await home.command("lovelace/dashboards/list")}
    if PATH not in known:
        await home.command(
            "lovelace/dashboards/create",
            url_path=PATH,
            title=content["title"],
            icon=content["views"][0]["icon"],
            mode="storage",
            show_in_sidebar=True,
            require_admin=False,
        )
    await home.command("lovelace/config/save", url_path=PATH, config=content)
