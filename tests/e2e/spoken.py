"""What voice must answer to the sentences of the table, in the demo, by its world's own word.

Every fact is the world's; the texts are the translations', and how days, numbers and sums are
said is the integration's, which `test_voice_speech` holds to words written by hand.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
import json
from runpy import run_path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from demo.maker import ExpectedCharge, Money
from demo.process import REPOSITORY
from tests.e2e.later import Control

if TYPE_CHECKING:
    from custom_components.camera_cloud_plan.voice.speech import Tongue

_OURS: Final = REPOSITORY / "custom_components" / "camera_cloud_plan"
# The files alone: the package would bring Home Assistant along.
_TONGUES: Final[Mapping[str, Tongue]] = {
    "en": run_path(str(_OURS / "voice" / "english.py"))["English"](),
    "zh-Hans": run_path(str(_OURS / "voice" / "chinese.py"))["Chinese"](),
}
_AT_RISK: Final = timedelta(days=2)
_MOST_NAMES: Final = 5
_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A plan of one's own that runs: `renews` is `on`, `off` or `unknown`; moments are UTC."""

    name: str
    renews: str
    charge: ExpectedCharge | None
    ends: datetime
    monthly: Money | None


class Spoken:
    """The answers in one language at a moment (UTC), about cameras by their English names."""

    def __init__(
        self,
        language: str,
        known: Mapping[str, Known],
        checked: Mapping[str, Any],
        *,
        zone: ZoneInfo,
        now: datetime,
    ) -> None:
        """Take what is known at that moment, in the order of the cameras.

        `checked` is what the one open cancellation shows of its last check and the next.
        """
        file = _OURS / "translations" / f"{language}.json"
        self._texts: Mapping[str, str] = json.loads(file.read_text(encoding="utf-8"))["common"]
        self._tongue = _TONGUES[language]
        self._known = known
        self._checked = checked
        self._zone = zone
        self._now = now
        self._maker = self._texts["maker_xiaomi"]

    # --- Questions ---

    def next_charge(self, camera: str | None = None) -> str:
        """Return when a camera is charged; without one, the one that is due next."""
        ahead = {key: each.charge for key, each in self._known.items() if each.charge}
        charge = ahead[camera or min(ahead, key=lambda key: ahead[key].earliest)]
        name = self._name(next(key for key, each in ahead.items() if each is charge))
        assert charge.amount, "the world's prices are known"
        return self.joined(
            self._say(
                f"charge_{charge.kind}",
                camera=name,
                when=self._window(charge),
                amount=self._say("amount", amount=self._sum(charge.amount)),
            ),
            self._say("own_word_price"),
        )

    def days_left(self, camera: str | None = None) -> str:
        """Return how many days a camera has left; without one, that which ends first."""
        known = self._known
        of = known[camera or min(known, key=lambda key: known[key].ends)]
        days = (of.ends - self._now).days + 1
        return self.joined(
            self._counted(
                "days_left",
                days,
                days=self._tongue.days(days),
                camera=of.name,
                day=self._day(of.ends),
            )
        )

    def renews(self, camera: str) -> str:
        """Return whether a camera renews, and what follows."""
        of = self._known[camera]
        if of.renews == "off":
            until = self._say("runs_until", day=self._day(of.ends))
            return self.joined(self._say("renews_no", camera=of.name), until)
        assert of.charge
        when = self._say("when", when=self._window(of.charge))
        return self.joined(self._say("renews_yes", camera=of.name), when)

    def renewing(self) -> str:
        """Return which cameras renew, and of which nobody knows."""
        on, unknown = (
            [each.name for each in self._known.values() if each.renews == what]
            for what in ("on", "unknown")
        )
        return self.joined(
            self._counted("renewing", len(on), cameras=self._names(on)),
            self._counted("renewing_unknown", len(unknown), cameras=self._names(unknown)),
        )

    def costs(self) -> str:
        """Return what all cameras cost by the month."""
        sums: dict[str, Decimal] = {}
        for amount, currency in (each.monthly for each in self._known.values() if each.monthly):
            sums[currency] = sums.get(currency, Decimal(0)) + amount
        unknown = sum(bool(each.charge and not each.charge.amount) for each in self._known.values())
        said = [self._sum((amount, currency)) for currency, amount in sums.items()]
        return self.joined(
            self._say("costs_known", sums=self._tongue.listed(said, choice=False)),
            self._counted("prices_unknown", unknown),
            self._say("own_word_prices"),
        )

    def costs_of(self, camera: str) -> str:
        """Return what one camera costs by the month."""
        of = self._known[camera]
        assert of.monthly
        costs = self._say("costs_of", camera=of.name, sums=self._sum(of.monthly))
        return self.joined(costs, self._say("own_word_price"))

    def at_risk(self, camera: str, losses: Iterable[datetime]) -> str:
        """Return how many recordings go soon, of all that go at these moments."""
        soon = sorted(at for at in losses if self._now < at <= self._now + _AT_RISK)
        return self._counted("going", len(soon), camera=self._name(camera), first=self._at(soon[0]))

    def is_off(self, camera: str, at: datetime) -> str:
        """Return that renewal is off, by what the maker said then."""
        return self._say("is_off", camera=self._name(camera), maker=self._maker, at=self._at(at))

    def off_confirmed(self, camera: str, at: datetime) -> str:
        """Return that the maker confirmed then that renewal is off."""
        return self._say(
            "off_confirmed", camera=self._name(camera), maker=self._maker, at=self._at(at)
        )

    def step_left(self, camera: str) -> str:
        """Return that one step is left, where Mi Pay bills, and what the last check found."""
        seller = self._texts["guide_seller_mi_pay"].format(maker=self._maker)
        said = [self._say("standing_waiting_for_you", camera=self._name(camera), seller=seller)]
        if self._checked.get("last_said") == "on":
            at = datetime.fromisoformat(self._checked["last_check"])
            said.append(self._say("said_on", maker=self._maker, at=self._at(at)))
        if again := self._checked.get("next_check"):
            said.append(self._say("asks_again", at=self._at(datetime.fromisoformat(again))))
        return self.joined(*said)

    # --- Acts ---

    def which(self) -> str:
        """Return the question which camera's renewal is meant."""
        names = [each.name for each in self._known.values() if each.renews != "off"]
        return self._say("which", cameras=self._names(names, choice=True))

    def ask_stop(self, camera: str) -> str:
        """Return the question whether renewal shall stop."""
        of = self._known[camera]
        return self._say("ask_stop", camera=of.name, day=self._day(of.ends))

    def step_sent(self) -> str:
        """Return that the administrator who said yes was sent the step that is left."""
        confirms = self._say("maker_confirms", maker=self._maker)
        return self._say("step_left_you", confirms=confirms)

    def about(self, key: str, camera: str) -> str:
        """Return a text about one camera."""
        return self._say(key, camera=self._name(camera))

    # --- What they are made of ---

    def _say(self, key: str, **gaps: object) -> str:
        return self._texts[f"voice_{key}"].format(**gaps)

    def _counted(self, key: str, count: int, **gaps: object) -> str:
        how_many = "one" if count == 1 else "many"
        return self._say(f"{key}_{how_many}", count=self._tongue.number(count), **gaps)

    def joined(self, *sentences: str) -> str:
        """Return sentences as one text."""
        return self._tongue.between_sentences.join(
            f"{sentence[0].upper()}{sentence[1:]}" for sentence in sentences
        )

    def _name(self, camera: str) -> str:
        return self._known[camera].name

    def _names(self, names: Sequence[str], *, choice: bool = False) -> str:
        said = [*names[:_MOST_NAMES]]
        if rest := names[_MOST_NAMES:]:
            said.append(self._counted("more", len(rest)))
        return self._tongue.listed(said, choice=choice)

    def _sum(self, money: Money) -> str:
        amount, currency = money
        return self._tongue.sum(amount.quantize(Decimal("0.01")), currency)

    def _local(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    def _day(self, moment: datetime) -> str:
        return self._tongue.day(self._local(moment), self._local(self._now))

    def _at(self, moment: datetime) -> str:
        return self._tongue.at(moment.astimezone(self._zone), self._local(self._now))

    def _window(self, charge: ExpectedCharge) -> str:
        today = self._local(self._now)
        first, last = self._local(charge.earliest), self._local(charge.latest - _INSTANT)
        if charge.earliest <= self._now:
            return self._tongue.any_moment(last, today)
        if first == last:
            return self._tongue.on(first, today)
        return self._tongue.between(first, last, today)


# The answers to the table's sentences but the last, in its order: the same in every language.
type Answer = Callable[[Spoken], str]


def answers(
    read_at: datetime, losses: Sequence[datetime], kitchen_off_at: datetime
) -> tuple[Answer, ...]:
    """Return them; the account was read at a moment, and the study's recordings go at these.

    The kitchen's renewal was confirmed as off before.
    """
    return (
        lambda say: say.next_charge(),
        lambda say: say.next_charge(),
        lambda say: say.next_charge("Front door"),
        lambda say: say.next_charge("Nursery"),
        lambda say: say.days_left("Study"),
        lambda say: say.days_left(),
        lambda say: say.renews("Living room"),
        lambda say: say.renews("Study"),
        lambda say: say.renews("Balcony"),
        lambda say: say.renewing(),
        lambda say: say.costs(),
        lambda say: say.costs_of("Front door"),
        lambda say: say.at_risk("Study", losses),
        lambda say: say.is_off("Study", read_at),
        lambda say: say.which(),
        lambda say: say.ask_stop("Front door"),
        lambda say: say.step_sent(),
        lambda say: say.joined(
            say.step_left("Front door"), say.off_confirmed("Kitchen", kitchen_off_at)
        ),
        lambda say: say.about("ask_withdraw", "Front door"),
        lambda say: say.about("withdrawn", "Front door"),
        lambda say: say.about("ask_keep", "Living room"),
        lambda say: say.about("kept", "Living room"),
    )


async def losses_of(control: Control, did: str) -> list[datetime]:
    """Return when each of a camera's recordings is lost (UTC)."""
    held = (await control.get(f"camera/{did}/recordings"))["recordings"]
    return [datetime.fromtimestamp(each["expireTime"] / 1000, UTC) for each in held]
