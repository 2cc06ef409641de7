"""The table of sentences: what is said in each language, in order, in one chat.

`test_voice_table` says them all to Home Assistant's own agent and holds the answers against
`docs/voice.md`; `scripts/voice-table` writes them there.
"""

from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parents[2] / "docs" / "voice.md"

ENGLISH: Final = (
    "When is the next charge?",
    "When do we pay for the cameras next?",
    "When is the next charge for the front door?",
    "When do we pay for the nursery next?",
    "How many days are left for the study?",
    "How many days are left for the cameras?",
    "Does the living room renew?",
    "Does the study renew?",
    "Is auto-renewal on for the balcony?",
    "Which cameras renew?",
    "What do the cameras cost a month?",
    "What does the front door cost a month?",
    "Which recordings of the study disappear soon?",
    "Is the renewal of the study off?",
    "Stop renewal",
    "Stop renewal for the front door",
    "Yes, stop renewal",
    "Is it off yet?",
    "Withdraw the cancellation of the front door",
    "Yes, withdraw the cancellation",
    "Keep the plan of the living room",
    "Yes, keep the plan",
    "Save the recordings of the study",
)
CHINESE: Final = (
    "下次什么时候扣费？",
    "摄像头什么时候扣费？",
    "门口什么时候扣费？",
    "婴儿房下次扣费是什么时候？",
    "书房还剩几天？",
    "摄像头还剩几天？",
    "客厅会自动续费吗？",
    "书房会续费吗？",
    "阳台的自动续费开着吗？",
    "哪些摄像头会续费？",
    "摄像头每个月多少钱？",
    "门口每个月多少钱？",
    "书房有哪些录像快没了？",
    "书房的自动续费关了吗？",
    "停止自动续费",
    "关闭门口的自动续费",
    "是的，停止续费",
    "关了吗？",
    "撤回门口的退订",
    "是的，撤回退订",
    "保留客厅的套餐",
    "是的，保留套餐",
    "保存书房的录像",
)
SENTENCES: Final = {"en": ENGLISH, "zh-Hans": CHINESE}
_TITLES: Final = {"en": ("You say", "The answer"), "zh-Hans": ("您说", "回答")}


def begin(language: str) -> str:
    """Return what a language's table begins with in the docs."""
    return f"<!-- sentences {language} -->\n"


def end(language: str) -> str:
    """Return what ends it."""
    return f"<!-- end of sentences {language} -->"


def written(language: str) -> str:
    """Return a language's table as it stands in the docs."""
    return DOCS.read_text(encoding="utf-8").split(begin(language))[1].split(end(language))[0]


def table(language: str, answers: dict[str, str]) -> str:
    """Return a language's table as it was run."""
    said, answered = _TITLES[language]
    rows = [f"| {said} | {answered} |", "|---|---|"]
    rows += [f"| {sentence} | {answer} |" for sentence, answer in answers.items()]
    return "\n".join([*rows, ""])


def write(language: str, answers: dict[str, str]) -> None:
    """Put a language's table into the docs."""
    text = DOCS.read_text(encoding="utf-8")
    before, rest = text.split(begin(language))
    after = rest.split(end(language))[1]
    DOCS.write_text(
        f"{before}{begin(language)}{table(language, answers)}{end(language)}{after}",
        encoding="utf-8",
    )
