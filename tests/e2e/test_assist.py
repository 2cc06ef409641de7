"""Every sentence of the table, typed into Home Assistant's own Assist dialogue, in both languages.

What must be answered is reckoned from the demo's world. One home hears both languages: its
cameras take their Chinese names in between. A request is sent by a spoken yes, where the owner
allowed all of it, and read back.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import aiohttp
from playwright.async_api import Browser
import pytest
import pytest_asyncio

from demo.entities import AUTO_RENEWAL, CANCELLATION, Device, devices
from demo.maker import Maker
from demo.stage import Stage
from demo.typed import typed_plan
from demo.words import Language
from tests.e2e.later import Control, check
from tests.e2e.spoken import Known, Spoken, answers, losses_of
from tests.e2e.views import DESK, PHONE, Assist, Dashboard, Diary, looking
from tests.integration.voice_table import SENTENCES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="session"),
]

KITCHEN, NURSERY, STUDY = "Kitchen", "Nursery", "Study"
FRONT_DOOR_DID, STUDY_DID, KITCHEN_DID = "1051000101", "1051000106", "1063000301"
# The act that sends something, and its yes.
MONEY: Final = {
    "en": ("Stop renewal for the kitchen", "Yes, stop renewal"),
    "zh-Hans": ("关闭厨房的自动续费", "是的，停止续费"),
}
OF_OTHERS: Final = {"en": "When is the next charge for the moon?", "zh-Hans": "月亮什么时候扣费？"}
IN_CHINESE: Final = "中文"
CHINESE: Final = {
    "name": IN_CHINESE,
    "language": "zh-Hans",
    "conversation_engine": "conversation.home_assistant",
    "conversation_language": "zh-CN",
    "stt_engine": None,
    "stt_language": None,
    "tts_engine": None,
    "tts_language": None,
    "tts_voice": None,
    "wake_word_entity": None,
    "wake_word_id": None,
}


class House:
    """The demo's home, and what its world implies."""

    def __init__(self, stage: Stage, http: aiohttp.ClientSession, zone: ZoneInfo) -> None:
        """Take the running demo."""
        self.home = stage.home
        self.control = Control(stage.maker, http)
        self._http = http
        self._stage = stage
        self._zone = zone
        self._begun: dict[str, Known] = {}
        self._devices: list[Device] = []

    async def names(self, language: Language) -> list[str]:
        """Return what the cameras are called in a language, in an order that is always the same."""
        maker = Maker(self._stage.maker.base_url, self._http, language)
        doorbell = typed_plan(language, self._zone.key)
        return [*(each.name for each in await maker.cameras()), doorbell.name]

    async def spoken(self, language: str, names: Mapping[str, str]) -> Spoken:
        """Return who answers in a language now; the cameras go by these names."""
        known = {key: replace(each, name=names[key]) for key, each in (await self._known()).items()}
        states = await self.home.states()
        kitchen = (await self._device(KITCHEN_DID)).entities
        if states[kitchen[AUTO_RENEWAL]]["state"] == "off":
            known[KITCHEN] = replace(known[KITCHEN], renews="off", charge=None, monthly=None)
        door = (await self._device(FRONT_DOOR_DID)).entities
        checked = states[door[CANCELLATION]]["attributes"]
        return Spoken(language, known, checked, zone=self._zone, now=datetime.now(UTC))

    async def _known(self) -> Mapping[str, Known]:
        """Return the plans that run, as the world begins, by the cameras' English names."""
        if not self._begun:
            signed_in = {account.key for account in self._stage.accounts}
            seen = [
                (each, await self._stage.maker.plan_end(each.did))
                for each in await self._stage.maker.cameras()
                if each.auto_renewal and each.accounts[0] in signed_in
            ]
            now = datetime.now(UTC)
            doorbell = self._stage.typed.expected("", now)
            assert doorbell.charge
            self._begun = {
                each.name: Known(
                    name=each.name,
                    renews=str(each.auto_renewal),
                    charge=each.charge,
                    ends=ends,
                    monthly=each.monthly,
                )
                for each, ends in (*seen, (doorbell, doorbell.charge.latest))
                if ends > now
            }
        return self._begun

    async def requests_sent(self) -> int:
        """Return how often the maker was asked to switch the kitchen's renewal."""
        sent: int = (await self.control.get("requests"))["renewal_requests"].get(KITCHEN_DID, 0)
        return sent

    async def read_at(self) -> datetime:
        """Return when the account with the study was last read."""
        account = (await self._device(STUDY_DID)).key.removesuffix(f"_{STUDY_DID}")
        device = next(each for each in await devices(self.home) if each.key == account)
        shown = (await self.home.states())[device.entities["renewing_plans"]]
        return datetime.fromisoformat(shown["attributes"]["read_at"])

    async def kitchen(self) -> tuple[str, str]:
        """Return what the kitchen's switch shows, and its cancellation."""
        entities, states = (await self._device(KITCHEN_DID)).entities, await self.home.states()
        return states[entities[AUTO_RENEWAL]]["state"], states[entities[CANCELLATION]]["state"]

    async def switch_kitchen_on(self) -> None:
        """Have its owner switch renewal on at the maker, have that read, and want it so here."""
        device = await self._device(KITCHEN_DID)
        await self.control.post(f"camera/{KITCHEN_DID}/renewal", {"on": True})
        await check(self.home, [device])
        await self.home.call("switch", "turn_on", entity_id=device.entities[AUTO_RENEWAL])

    async def rename(self, names: Mapping[str, str]) -> None:
        """Call cameras otherwise, as their owner would."""
        for device in await devices(self.home):
            if device.name in names:
                await self.home.command(
                    "config/device_registry/update",
                    device_id=device.device_id,
                    name_by_user=names[device.name],
                )

    async def _device(self, did: str) -> Device:
        self._devices = self._devices or await devices(self.home)
        return next(each for each in self._devices if each.key.endswith(f"_{did}"))


@pytest_asyncio.fixture(loop_scope="session")
async def house(stage: Stage) -> AsyncIterator[House]:
    """Take the demo."""
    zone = ZoneInfo((await stage.home.command("get_config"))["time_zone"])
    async with aiohttp.ClientSession() as http:
        yield House(stage, http, zone)


async def test_every_sentence_has_its_right_answer_in_both_languages(
    browser: Browser, stage: Stage, house: House, diary: Diary
) -> None:
    names = await house.names(Language.EN), await house.names(Language.ZH)
    await stage.home.command("assist_pipeline/pipeline/create", **CHINESE)
    async with looking(browser, DESK) as context:
        page = await context.new_page()
        await Dashboard(page, stage).open()
        assist = Assist(page)
        await assist.open()
        english = Chat(assist, house, "en", dict(zip(names[0], names[0], strict=True)))
        off_at = await english.spends_a_yes()
        await english.hears_the_table(off_at)
        await diary.note(page, "English", assist.dialogue)

        chinese = Chat(assist, house, "zh-Hans", dict(zip(*names, strict=True)))
        await house.rename(chinese.names)
        await assist.choose(IN_CHINESE)
        await chinese.hears_the_table(off_at)
        await house.switch_kitchen_on()
        await chinese.spends_a_yes()
        await diary.note(page, "Chinese", assist.dialogue)
    async with looking(browser, PHONE) as context:
        page = await context.new_page()
        await Dashboard(page, stage).open(names[1][0])
        assist = Assist(page)
        await assist.open()
        await assist.choose("Home Assistant")
        said = await assist.ask("When is the next charge?")
        assert said.startswith(f"The trial of {chinese.names[NURSERY]} turns paid")
        await diary.note(page, "on a phone", assist.dialogue)
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


class Chat:
    """What is said to an assistant in one language, and what must be answered."""

    def __init__(
        self, assist: Assist, house: House, language: str, names: Mapping[str, str]
    ) -> None:
        """Take the open dialogue, and what cameras are called by their English names."""
        self.names = names
        self._assist = assist
        self._house = house
        self._language = language

    async def hears_the_table(self, kitchen_off_at: datetime) -> None:
        """Say every sentence of the table, in its order, and what is nobody's."""
        losses = await losses_of(self._house.control, STUDY_DID)
        due = answers(await self._house.read_at(), losses, kitchen_off_at)
        wrong: dict[str, tuple[str, str]] = {}
        *sentences, save = SENTENCES[self._language]
        for sentence, answer in zip(sentences, due, strict=True):
            due_before = answer(await self._spoken())
            said = await self._assist.ask(sentence)
            # A check may have been made between the two, or it is another day.
            if said != due_before and said != (due_after := answer(await self._spoken())):
                wrong[sentence] = said, due_after
        assert wrong == {}
        spoken = await self._spoken()
        # It may still be at it, for whoever asked in the other language.
        begun = spoken.about("saving", STUDY), spoken.about("saving_already", STUDY)
        assert await self._assist.ask(save) in begun
        said = await self._assist.ask(OF_OTHERS[self._language])
        assert not any(name in said for name in self.names.values())

    async def spends_a_yes(self) -> datetime:
        """Stop the kitchen's renewal; return when its maker confirmed that."""
        wish, yes = MONEY[self._language]
        sent = await self._house.requests_sent()
        assert await self._assist.ask(wish) == (await self._spoken()).ask_stop(KITCHEN)
        assert await self._house.kitchen() == ("on", "none")
        assert await self._house.requests_sent() == sent
        begun = datetime.now(UTC)
        said, over = await self._assist.ask(yes), datetime.now(UTC)
        spoken = await self._spoken()
        by_answer = {spoken.off_confirmed(KITCHEN, at): at for at in (begun, over)}
        assert said in by_answer
        assert await self._house.kitchen() == ("off", "confirmed")
        assert await self._house.requests_sent() == sent + 1
        return by_answer[said]

    async def _spoken(self) -> Spoken:
        return await self._house.spoken(self._language, self.names)
