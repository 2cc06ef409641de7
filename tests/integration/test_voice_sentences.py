"""What people really say: other words for the table's sentences, and sentences that are others'."""

from typing import Final

from hassil.intents import Intents
from hassil.recognize import recognize_all
import pytest

from custom_components.camera_cloud_plan.voice.agent import Parser
from custom_components.camera_cloud_plan.voice.grammar import ASKED_BACK, Grammar, Topic

NAMES: Final = (
    *("front door", "living room", "nursery", "balcony", "garage", "study", "upstairs"),
    *("门口", "客厅", "婴儿房", "阳台", "车库", "书房", "楼上"),
)
# By what they ask for; "!" is the yes to it.
SAID: Final = {
    "en": {
        "next_charge": (
            "When's the next charge?",
            "when is the next charge",
            "When are we charged next?",
            "when am I charged next",
            "When will we be charged next for the cameras?",
            "When is the next payment for the cameras?",
            "When's the next camera payment due?",
            "when is the next camera charge",
            "When do the cameras renew?",
            "When does the front door camera renew?",
            "When is the front door charged next?",
            "when is the front door camera charged next",
            "when will the front door plan be charged",
            "When will the nursery renew?",
            "When is the next renewal?",
            "when is the next charge for upstairs",
            "When does the garage plan renew?",
            "what is the next charge",
            "when do I have to pay for the cameras next",
            "when do we pay for our cameras",
            "When is the next payment for the balcony?",
            "Tell me when the next charge is",
            "when's the next charge for the front door camera?",
        ),
        "days_left": (
            "How many days are left on the study?",
            "how many days does the study have left",
            "How many days are left on the front door plan?",
            "how many days left for the garage",
            "How long does the study plan last?",
            "How long is the garage plan still good?",
            "When does the study plan end?",
            "When does the study plan run out?",
            "when does the front door's plan expire",
            "How many days of the study plan are left?",
            "how much time is left for the study",
        ),
        "renews": (
            "Does the living room camera renew?",
            "Will the front door renew?",
            "does the nursery renew automatically",
            "Does the plan for the garage renew automatically?",
            "is auto renewal on for the balcony",
            "Is the balcony set to renew?",
            "Is the renewal of the balcony on?",
            "Which plans renew?",
            "which of the cameras renew",
            "which cameras are set to renew",
            "Which cameras have auto-renewal on?",
            "Do the cameras renew?",
            "Does the front door plan auto renew?",
        ),
        "monthly_cost": (
            "What do the cameras cost per month?",
            "how much do the cameras cost us every month",
            "How much are we paying for the cameras?",
            "what do we pay for the cameras a month",
            "How much do the camera plans cost?",
            "How much is the front door plan?",
            "How much do we pay for the front door a month?",
            "what do the cameras cost",
            "What's the monthly cost of the cameras?",
        ),
        "at_risk": (
            "Which recordings disappear soon?",
            "what recordings will be lost soon",
            "Which recordings of the study are about to expire?",
            "which recordings expire soon",
            "are any recordings about to expire",
            "which videos disappear soon",
            "Will I lose any recordings soon?",
            "which study recordings disappear soon",
        ),
        "is_off": (
            "Is it off yet?",
            "is it off",
            "is the renewal of the study off",
            "Is auto-renewal off for the front door?",
            "Has it been switched off?",
            "did the cancellation go through",
            "Is the front door cancelled yet?",
            "is it cancelled yet",
            "is the cancellation done",
        ),
        "stop": (
            "Stop renewal for the front door",
            "Stop the front door renewal",
            "stop renewing the front door",
            "Cancel the front door plan",
            "cancel the plan for the front door",
            "Turn off auto-renewal for the front door",
            "turn auto renewal off for the front door",
            "Cancel the front door subscription",
            "Don't renew the front door",
            "please stop renewal for the front door",
            "Switch off the renewal of the front door",
            "cancel the front door camera plan",
        ),
        "stop!": (
            "yes, stop renewal",
            "yes stop the renewal",
            "Yes, stop renewing",
            "yes please, stop renewal",
            "Yes, turn off renewal",
        ),
        "withdraw": (
            "Withdraw the cancellation of the front door",
            "take back the cancellation of the front door",
            "undo the cancellation",
            "cancel the cancellation",
        ),
        "withdraw!": (
            "yes, withdraw it",
            "yes, take it back",
        ),
        "keep": (
            "Keep the living room plan",
            "keep the plan of the living room",
            "keep renewing the living room",
        ),
        "keep!": (
            "Yes, keep it",
            "yes, keep the plan",
        ),
        "save": (
            "Save the recordings of the study",
            "Save the study recordings",
            "back up the garage recordings",
            "Download the recordings from the study",
            "Save all recordings of the study",
            "save all camera recordings",
            "export recordings of the study",
            "save the study's recordings",
            "save the videos from the study",
        ),
    },
    "zh-Hans": {
        "next_charge": (
            "下次什么时候扣费？",
            "下一次什么时候扣费",
            "什么时候扣费",
            "下次扣费是什么时候",
            "下次扣费是哪天",
            "下次哪天扣钱",
            "摄像头下次什么时候扣钱",
            "摄像头下次什么时候续费",
            "摄像头的套餐什么时候续费",
            "家里的摄像头什么时候扣费",
            "监控什么时候扣费",
            "门口什么时候扣费",
            "门口的摄像头什么时候续费",
            "门口摄像头下次什么时候扣费",
            "门口几号扣费",
            "门口的套餐几号续费",
            "门口还有几天扣费",
            "门口还有多久扣费",
            "请问门口什么时候扣费",
            "下次扣费还有几天",
            "摄像头什么时候要交费",
            "下次什么时候交钱",
            "云存储什么时候扣费",
        ),
        "days_left": (
            "书房还剩几天？",
            "书房还剩多少天",
            "书房套餐还剩几天",
            "书房的云存储还能用几天",
            "书房的套餐还有几天到期",
            "书房什么时候到期",
            "书房的套餐哪天到期",
            "书房的套餐还能用多久",
            "摄像头套餐还有多少天",
            "书房的云存什么时候到期",
            "摄像头套餐什么时候到期",
            "书房摄像头还有多久到期",
        ),
        "renews": (
            "客厅会自动续费吗",
            "客厅会续费吗",
            "客厅会不会自动续费",
            "客厅是自动续费吗",
            "客厅还会续费吗",
            "客厅的套餐会自动续费吗",
            "客厅开了自动续费吗",
            "客厅有没有开自动续费",
            "客厅的自动续费开着吗",
            "客厅的自动续费开了吗",
            "哪些摄像头会续费",
            "哪些摄像头会自动续费",
            "哪些摄像头开了自动续费",
            "有哪些摄像头会自动续费",
            "哪几台摄像头会续费",
            "哪些套餐会自动续费",
        ),
        "monthly_cost": (
            "摄像头每个月多少钱",
            "摄像头一个月要多少钱",
            "摄像头一个月花多少钱",
            "摄像头每月费用是多少",
            "家里摄像头每个月多少钱",
            "每个月摄像头要花多少钱",
            "摄像头套餐一个月多少钱",
            "门口每个月多少钱",
            "门口的套餐多少钱",
            "门口一个月多少钱",
            "云存储每个月多少钱",
        ),
        "at_risk": (
            "哪些录像快没了",
            "有哪些录像快过期了",
            "书房有哪些录像快没了",
            "书房的哪些录像快要过期了",
            "有没有录像快过期",
            "书房有没有录像快没了",
            "哪些录像马上要被删除",
            "有录像快过期了吗",
        ),
        "is_off": (
            "关了吗",
            "关掉了吗",
            "关了没有",
            "关好了没",
            "退订了吗",
            "退订成功了吗",
            "自动续费关了吗",
            "书房的自动续费关了吗",
            "门口的自动续费关掉了没有",
            "门口退订了吗",
        ),
        "stop": (
            "关闭门口的自动续费",
            "关掉门口的自动续费",
            "取消门口的自动续费",
            "停止门口的自动续费",
            "把门口的自动续费关了",
            "把门口的自动续费关掉",
            "帮我关掉门口的自动续费",
            "请关闭门口的自动续费",
            "门口不要再续费了",
            "门口别续费了",
            "退订门口",
            "退订门口的套餐",
            "取消门口的套餐",
            "门口的自动续费关掉",
            "停止自动续费",
            "把自动续费关了",
        ),
        "stop!": (
            "是的，停止续费",
            "是的停止续费",
            "是的，停止自动续费",
            "是的，关闭自动续费",
            "是，停止续费",
            "对，停止续费",
            "好的，停止续费",
        ),
        "withdraw": (
            "撤回门口的退订",
            "撤销门口的退订",
            "取消门口的退订",
            "取消退订",
            "门口不退订了",
        ),
        "withdraw!": (
            "是的，撤回退订",
            "是的，撤回",
        ),
        "keep": (
            "保留客厅的套餐",
            "留着客厅的套餐",
            "客厅的套餐保留",
            "客厅继续续费",
        ),
        "keep!": (
            "是的，保留套餐",
            "是的，保留",
        ),
        "save": (
            "保存书房的录像",
            "备份书房的录像",
            "下载书房的录像",
            "把书房的录像保存下来",
            "把书房的录像存下来",
            "保存书房所有的录像",
            "帮我保存书房的录像",
            "导出书房的所有录像",
            "保存书房的视频",
        ),
    },
}
OF_OTHERS: Final = (
    "when do we pay for the moon",
    "turn off the front door",
    "cancel the timer",
    "cancel",
    "stop",
    "how many days are left until christmas",
    "what does the car cost",
    "is the front door locked",
    "is the front door open",
    "turn off the living room",
    "turn off the living room camera",
    "is the living room on",
    "is the living room light off",
    "is the garage off",
    "how long is the timer",
    "how much time is left on my timer",
    "how much time is left",
    "keep the living room warm",
    "save the scene",
    "yes",
    "yes stop",
    "when does the movie end",
    "what is the monthly cost of electricity",
    "what's the temperature in the living room",
    "when is the next train",
    "when is the next payment",
    "open the garage door",
    "cancel the subscription",
    "turn off the garage recordings",
    "stop the garage recordings",
    "is the front door charged",
    "is the front door camera charged",
    "when is the front door camera charged",
    "show me the garage recordings",
    "is the garage recording",
    "how long is the front door open",
    "What renews?",
    "what does the front door cost",
    "what is the monthly cost",
    "Is the front door off yet?",
    "关闭客厅",
    "关闭客厅的灯",
    "打开客厅的灯",
    "关灯",
    "客厅多少度",
    "把客厅的灯关掉",
    "客厅的灯关了吗",
    "门口的门关了吗",
    "客厅关了吗",
    "手机什么时候扣费",
    "电费每个月多少钱",
    "退订",
    "取消",
    "是的",
    "好的",
    "取消定时器",
    "还剩几天",
    "保存场景",
    "客厅的窗帘",
    "会员什么时候续费",
    "每个月多少钱",
    "关闭客厅的录像",
    "停止书房录像",
    "打开客厅的摄像头",
    "关闭客厅摄像头",
    "客厅还有多久",
    "哪些视频快没了",
)


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    """Return all that can ever be said: a cancellation is open, and every yes is awaited."""
    return Grammar(NAMES, open_case=True, awaited=ASKED_BACK)


@pytest.mark.parametrize("language", [*SAID])
def test_what_people_say_is_understood(grammar: Grammar, language: str) -> None:
    parser = Parser(grammar)
    expected = {text: topic for topic, texts in SAID[language].items() for text in texts}
    heard = {text: parser.heard(text) for text in expected}
    assert {
        text: f"{said.topic}{'!' if said.confirms else ''}" if said else None
        for text, said in heard.items()
    } == expected
    assert {said.language for said in heard.values() if said} == {language}


def test_what_is_understood_is_listened_for_and_nothing_of_others(grammar: Grammar) -> None:
    intents = Intents.from_dict(
        {"language": "en", "intents": {"ours": {"data": [{"sentences": [*grammar.flat()]}]}}}
    )

    def listened(texts: tuple[str, ...]) -> list[str]:
        return [text for text in texts if next(iter(recognize_all(text, intents)), None)]

    ours = tuple(
        text for by_topic in SAID.values() for texts in by_topic.values() for text in texts
    )
    assert listened(ours) == [*ours]
    assert listened(OF_OTHERS) == []


def test_a_yes_is_none_unless_it_is_awaited() -> None:
    parser = Parser(Grammar(NAMES, open_case=True, awaited=[Topic.KEEP]))
    for by_topic in SAID.values():
        assert not any(map(parser.heard, by_topic["stop!"]))
        assert all(map(parser.heard, by_topic["keep!"]))


def test_many_cameras_make_no_more_sentences() -> None:
    few, many = (
        [each for each in Grammar([f"eye {n}" for n in range(count)]).flat() if "eye 0" in each]
        for count in (1, 1000)
    )
    assert len(few) == len(many) <= 6
