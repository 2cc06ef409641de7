"""The simulated maker's web pages: its desk, the owner's plan pages, and sign-in approval.

Plain forms that work without a script; every page says that it is simulated. The desk shows the
truth at the payment party, which a client of the maker's interface cannot see.
"""

from collections.abc import Awaitable, Callable, Mapping
import csv
from functools import cache
import io
from pathlib import Path
from typing import Final

from aiohttp import web
import jinja2

from simulator.cloud import Cloud
from simulator.guard import refuse_foreign
from simulator.mischief import MISCHIEF
from simulator.moments import DAY_MS, HOUR_MS, moment, zone_of
from simulator.names import LANGUAGES, Language, language_of
from simulator.page_view import account_views, camera_view, period_words, rule_words
from simulator.plans import Order
from simulator.renewal import DEFINITION
from simulator.sessions import TicketState, UnknownTicketError
from simulator.speech import Speech, load_words
from simulator.steps import Step, next_step
from simulator.world import Account, Camera

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HERE: Final = Path(__file__).parent
_STEPS_MS: Final = {"7h": 7 * HOUR_MS, "1d": DAY_MS, "3d": 3 * DAY_MS, "30d": 30 * DAY_MS}
_RECENT_ORDERS: Final = 12
# The account a person chose to be on the owner's pages, and the language.
_WHO_COOKIE: Final = "simulated_owner"
_LANGUAGE_COOKIE: Final = "simulated_language"
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    # Without an origin a browser's own POST could not be told from a foreign one.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def maker_routes(cloud: Cloud) -> list[web.RouteDef]:
    """Return the routes of the maker's pages; reads the templates from disk."""
    pages = _Pages(cloud)
    return [
        web.get("/", pages.guarded(pages.desk)),
        web.post("/time", pages.guarded(pages.let_time_pass)),
        web.post("/misbehave", pages.guarded(pages.misbehave)),
        web.post("/who", pages.guarded(pages.choose_who)),
        web.get("/plan", pages.guarded(pages.plans)),
        web.get("/plan/{did}", pages.guarded(pages.plan)),
        # Where the address bar stands while the page asks further questions.
        web.get("/plan/{did}/renewal", pages.guarded(pages.plan)),
        web.post("/plan/{did}/renewal", pages.guarded(pages.switch_renewal)),
        web.get("/orders", pages.guarded(pages.orders)),
        web.get("/orders.csv", pages.guarded(pages.order_table)),
        web.get("/approve", pages.guarded(pages.approve)),
        web.post("/approve", pages.guarded(pages.answer_link)),
        web.get("/renewal_request.json", pages.definition),
        web.get("/static/maker.css", pages.style),
        web.get("/static/icon.svg", pages.icon),
    ]


class _Refused(Exception):  # noqa: N818 - ends a request with a page, which may be no error
    """Ends a request with a page that says why. `word` is a key of the words file."""

    def __init__(self, status: int, word: str, **values: object) -> None:
        super().__init__(word)
        self.status = status
        self.word = word
        self.values = values


@cache
def _templates() -> Mapping[str, jinja2.Template]:
    """Compile every template, once and for all, so that no request has to read from disk."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return {
        name.removesuffix(".html"): environment.get_template(name)
        for name in environment.list_templates(["html"])
    }


class _Pages:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._words = load_words()
        self._templates = _templates()
        self._style = (_HERE / "static" / "maker.css").read_text(encoding="utf-8")
        self._definition = DEFINITION.read_bytes()
        self._icon = (_HERE / "static" / "icon.svg").read_text(encoding="utf-8")

    def guarded(self, handler: Handler) -> Handler:
        """Refuse foreign forms, and turn refusals into pages."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            if request.method == "POST":
                refuse_foreign(request)
            try:
                return await handler(request)
            except _Refused as refused:
                speech = self._speech(request)
                message = speech.word(refused.word, **refused.values)
                return self._page(request, "message", status=refused.status, message=message)

        return guarded

    async def style(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._style, content_type="text/css")

    async def definition(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._definition, content_type="application/json")

    async def icon(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._icon, content_type="image/svg+xml")

    async def desk(self, request: web.Request) -> web.Response:
        world = self._cloud.world
        orders = world.orders
        return self._page(
            request,
            "desk",
            accounts=account_views(world),
            orders=orders[: -_RECENT_ORDERS - 1 : -1],
            steps=tuple(_STEPS_MS),
            mischief=[
                (mischief.key, None if mischief.is_on is None else mischief.is_on(self._cloud))
                for mischief in MISCHIEF
            ],
        )

    async def let_time_pass(self, request: web.Request) -> web.Response:
        step = _STEPS_MS.get((await _form(request)).get("step", ""))
        if step is None:
            raise _Refused(400, "bad_form")
        self._cloud.world.advance(step)
        raise web.HTTPSeeOther("/")

    async def misbehave(self, request: web.Request) -> web.Response:
        wanted = (await _form(request)).get("kind")
        for mischief in MISCHIEF:
            if mischief.key == wanted:
                mischief.press(self._cloud)
                raise web.HTTPSeeOther("/#mischief")
        raise _Refused(400, "bad_form")

    async def choose_who(self, request: web.Request) -> web.Response:
        form = await _form(request)
        account = self._account(form.get("who", ""))
        onward = form.get("next", "/plan")
        # A path of ours, and nothing that a browser reads as another host.
        if not onward.startswith("/") or onward.startswith(("//", "/\\")):
            raise _Refused(400, "bad_form")
        response = web.HTTPSeeOther(onward)
        response.set_cookie(_WHO_COOKIE, account.key, httponly=True, samesite="Lax")
        raise response

    async def plans(self, request: web.Request) -> web.Response:
        who = self._who(request)
        if who is None or "who" in request.query:
            return self._page(request, "who", onward="/plan")
        world = self._cloud.world
        world.settle()
        own = [
            camera_view(camera, world)
            for camera in world.cameras.values()
            if camera.owner == who.user_id
        ]
        return self._page(request, "plans", who=who, cameras=own)

    async def plan(self, request: web.Request) -> web.Response:
        camera = self._camera(request)
        who = self._who(request)
        if who is None:
            return self._page(request, "who", onward=f"/plan/{camera.did}")
        self._refuse_other(request, camera, who)
        wanted = request.query.get("confirm")
        return self._plan_page(request, camera, who, wanted=wanted, step=Step.CONFIRM, wrong=False)

    async def switch_renewal(self, request: web.Request) -> web.Response:
        camera = self._camera(request)
        who = self._who(request)
        if who is None:
            raise web.HTTPSeeOther(f"/plan/{camera.did}")
        self._refuse_other(request, camera, who)
        form = await _form(request)
        wanted = form.get("renewal")
        if wanted not in {"on", "off"}:
            raise _Refused(400, "bad_form")
        step = next_step(camera, form, on=wanted == "on", password=who.password)
        if step is not None:
            wrong = step is Step.PASSWORD and "password" in form
            status = 403 if wrong else 200
            return self._plan_page(
                request, camera, who, status=status, wanted=wanted, step=step, wrong=wrong
            )
        try:
            self._cloud.world.switch_renewal(camera.did, on=wanted == "on")
        except ValueError as err:
            raise _Refused(409, "renewal_ended") from err
        raise web.HTTPSeeOther(f"/plan/{camera.did}")

    async def orders(self, request: web.Request) -> web.Response:
        who = self._who(request)
        if who is None:
            return self._page(request, "who", onward="/orders")
        own = self._own_orders(who)
        return self._page(request, "orders", who=who, orders=own)

    async def order_table(self, request: web.Request) -> web.Response:
        """Serve what was paid as a table: what a person downloads, no call of the app's."""
        who = self._who(request)
        if who is None:
            raise web.HTTPSeeOther("/orders")
        speech = self._speech(request)
        table = io.StringIO()
        lines = csv.writer(table)
        lines.writerow(("date", "camera", "amount", "currency", "text", "order"))
        for order in self._own_orders(who):
            if order.outcome == "paid":
                lines.writerow(_order_line(order, self._cloud.world.cameras[order.did], speech))
        return web.Response(text=table.getvalue(), content_type="text/csv", headers=_HEADERS)

    def _own_orders(self, who: Account) -> list[Order]:
        """Return what an account was charged, or was to be, newest first."""
        world = self._cloud.world
        return [
            order
            for order in reversed(world.orders)
            if order.did in world.cameras and world.cameras[order.did].owner == who.user_id
        ]

    async def approve(self, request: web.Request) -> web.Response:
        ticket = request.query.get("ticket", "")
        state = self._cloud.sessions.tickets.state(ticket)
        status = 200 if state is TicketState.WAITING else 410
        if state in {TicketState.APPROVED, TicketState.DENIED}:
            status = 200
        return self._page(request, "approve", status=status, ticket=ticket, state=state.value)

    async def answer_link(self, request: web.Request) -> web.Response:
        form = await _form(request)
        ticket = form.get("ticket", "")
        tickets = self._cloud.sessions.tickets
        try:
            match form.get("answer"):
                case "approve":
                    tickets.approve(ticket, self._account(form.get("who", "")).user_id)
                case "deny":
                    tickets.deny(ticket)
                case _:
                    raise _Refused(400, "bad_form")
        except UnknownTicketError:
            # Answered or run out meanwhile: the page below says which.
            pass
        return self._page(request, "approve", ticket=ticket, state=tickets.state(ticket).value)

    def _plan_page(
        self,
        request: web.Request,
        camera: Camera,
        who: Account,
        *,
        status: int = 200,
        **asked: object,
    ) -> web.Response:
        """Return the page of a camera's plan.

        `asked`: which renewal is `wanted`, at which `step` on the way to it, and whether the
        password just given is `wrong`.
        """
        world, speech = self._cloud.world, self._speech(request)
        view = camera_view(camera, world)
        return self._page(
            request,
            "plan",
            status=status,
            who=who,
            view=view,
            rule="" if view.plan is None else rule_words(view.plan, world, speech),
            period="" if view.plan is None else period_words(view.plan.period, speech),
            **asked,
        )

    def _account(self, key: str) -> Account:
        try:
            return self._cloud.world.account(key)
        except KeyError as err:
            raise _Refused(400, "bad_form") from err

    def _who(self, request: web.Request) -> Account | None:
        key = request.cookies.get(_WHO_COOKIE)
        return next(
            (account for account in self._cloud.world.accounts.values() if account.key == key),
            None,
        )

    def _camera(self, request: web.Request) -> Camera:
        try:
            return self._cloud.world.camera(request.match_info["did"])
        except KeyError as err:
            raise _Refused(404, "no_such_camera") from err

    def _refuse_other(self, request: web.Request, camera: Camera, who: Account) -> None:
        if camera.owner != who.user_id:
            name = self._speech(request).name(camera.names)
            raise _Refused(403, "not_yours", camera=name)

    def _speech(self, request: web.Request) -> Speech:
        return Speech(self._words, _language(request), self._cloud.world.now_ms())

    def _page(
        self, request: web.Request, template: str, *, status: int = 200, **values: object
    ) -> web.Response:
        speech = self._speech(request)
        world = self._cloud.world
        html = self._templates[template].render(
            {
                "world": world,
                "speech": speech,
                "word": speech.word,
                "name": speech.name,
                "when": speech.when,
                "away": speech.away,
                "money": speech.money,
                "path": request.path,
                "language": speech.language,
                "languages": {
                    other: str(request.rel_url.update_query(lang=other))
                    for other in LANGUAGES
                    if other != speech.language
                },
                "choosable": list(world.accounts.values()),
                "who": self._who(request),
                **values,
            }
        )
        response = web.Response(
            status=status, text=html, content_type="text/html", headers=_HEADERS
        )
        response.headers["Content-Language"] = speech.language
        if "lang" in request.query:
            response.set_cookie(_LANGUAGE_COOKIE, speech.language, httponly=True, samesite="Lax")
        return response


def _order_line(order: Order, camera: Camera, speech: Speech) -> tuple[str, ...]:
    """Return an order as a line of the table; its day is one of the region's calendar."""
    amount, currency = speech.money(order.amount_minor, order.currency).split()
    day = moment(order.at_ms, zone_of(camera.region)).date().isoformat()
    plan = "" if camera.plan is None else speech.name(camera.plan.name)
    return day, speech.name(camera.names), amount, currency, plan, order.order_id


def _language(request: web.Request) -> Language:
    """Return the language asked for: by `?lang=`, else chosen before, else the browser's."""
    for wanted in (request.query.get("lang"), request.cookies.get(_LANGUAGE_COOKIE)):
        if wanted in LANGUAGES:
            return language_of(wanted)
    return language_of(request.headers.get("Accept-Language"))


async def _form(request: web.Request) -> Mapping[str, str]:
    return {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
