"""Typed plans as a table: what would be added is shown first, and what is added is all or nothing."""

from http import HTTPStatus
import re
from typing import Any

from aiohttp import FormData
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.camera_cloud_plan.cloud.manual import read_table
from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.typed.plans import typed_plans
from custom_components.camera_cloud_plan.typed.table_view import table_url
from tests.contract.shipped import LANGUAGES, words
from tests.integration.acts import settle
from tests.integration.test_manual import NOW, berlin, value  # noqa: F401 - a fixture
from tests.integration.typed import local, typed_in

pytestmark = [pytest.mark.freeze_time(NOW), pytest.mark.usefixtures("berlin", "served")]

HEAD = "name;brand;ends_on;term;renews;price;currency\n"


@pytest.fixture
async def served(hass: HomeAssistant) -> None:
    """Have the web server that files are sent to."""
    assert await async_setup_component(hass, "http", {})


class Tables:
    """A person in the dialogue for tables."""

    def __init__(self, hass: HomeAssistant, client: ClientSessionGenerator) -> None:
        self.hass = hass
        self._client = client
        self.result: Any = None

    async def open(self, option: str) -> Any:
        self.result = await self.hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": SOURCE_RECONFIGURE, "entry_id": local(self.hass).entry_id},
        )
        assert self.result["menu_options"] == ["import_plans", "export_plans"]
        return await self.answer(next_step_id=option)

    async def answer(self, **fields: Any) -> Any:
        flow = self.hass.config_entries.flow
        self.result = await flow.async_configure(self.result["flow_id"], fields)
        await settle(self.hass)
        self.read()
        return self.result

    async def upload(self, data: str | bytes) -> Any:
        form = FormData()
        form.add_field("file", data, filename="plans.csv", content_type="text/csv")
        sent = await (await self._client()).post("/api/file_upload", data=form)
        assert sent.status == HTTPStatus.OK
        return await self.answer(table=(await sent.json())["file_id"])

    def read(self) -> dict[str, str]:
        """Return what is shown in each language; fails where words or what fills them lack."""
        gaps = self.result.get("description_placeholders") or {}
        shown = {}
        for language in LANGUAGES:
            config = words(language)["config"]
            if self.result["type"] is FlowResultType.ABORT:
                shown[language] = config["abort"][self.result["reason"]].format(**gaps)
                continue
            step = config["step"][self.result["step_id"]]
            shown[language] = step.get("description", "").format(**gaps)
            for error in (self.result.get("errors") or {}).values():
                shown[language] += config["error"][error]
        return shown

    @property
    def said(self) -> str:
        return self.read()["en"]


@pytest.fixture
async def tables(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Tables:
    await typed_in(hass, brand="Reolink")
    return Tables(hass, hass_client)


async def test_what_would_be_added_is_shown_before_it_is(
    hass: HomeAssistant, tables: Tables
) -> None:
    await tables.open("import_plans")
    await tables.upload(
        HEAD + "Garden;Ring;2026-12-10;1 year;no;99,00;EUR\nDOORBELL;reolink;2027-01-01;1 year;;;\n"
    )
    assert tables.result["step_id"] == "import_confirm"
    assert "New plans: 1" in tables.said
    assert "Line 2: Garden (Ring), 10 Dec 2026" in tables.said
    assert "Line 3: DOORBELL (reolink), 1 Jan 2027" in tables.said
    assert len(local(hass).subentries) == 1

    await tables.answer()
    assert tables.result["reason"] == "plans_added"
    (garden,) = [key for key, kept in local(hass).subentries.items() if kept.title == "Garden"]
    assert value(hass, garden, "plan_status") == "active_not_renewing"
    # The one that is there stays as it was.
    assert sorted(kept.data["ends_on"] for kept in local(hass).subentries.values()) == [
        "2026-12-03",
        "2026-12-10",
    ]


async def test_one_wrong_line_keeps_all_from_being_added(
    hass: HomeAssistant, tables: Tables
) -> None:
    await tables.open("import_plans")
    await tables.upload(HEAD + "Garden;;2026-12-10;1 year;no;;\nAttic;;soon;1 year;no;;\n")
    assert tables.result["errors"] == {"base": "rows_unusable"}
    assert "Line 3, ends_on: That is not a date." in tables.said
    assert len(local(hass).subentries) == 1
    # The dialogue takes the next try.
    await tables.upload(HEAD + "Garden;;2026-12-10;1 year;no;;\n")
    assert tables.result["step_id"] == "import_confirm"


async def test_many_wrong_lines_are_counted(tables: Tables) -> None:
    await tables.open("import_plans")
    await tables.upload(HEAD + "Garden;;soon;1 year;no;;\n" * 25)
    assert tables.said.count("That is not a date") == 20
    assert "and 5 more" in tables.said


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"\xff\xfe\x00", "table_not_text"),
        (b"colour;size\nred;1\n", "table_columns_missing"),
        (b"name,ends_on,term\n", "table_empty"),
    ],
)
async def test_what_is_no_table_is_refused(tables: Tables, data: bytes, error: str) -> None:
    await tables.open("import_plans")
    await tables.upload(data)
    assert tables.result["errors"] == {"base": error}


async def test_a_name_twice_in_a_table_is_taken_once(tables: Tables) -> None:
    await tables.open("import_plans")
    await tables.upload(HEAD + "Garden;;2026-12-10;1 year;no;;\n" * 2)
    assert "New plans: 1" in tables.said
    assert "Line 3" in tables.said.partition("Already there")[2]


async def test_nothing_new_adds_nothing(hass: HomeAssistant, tables: Tables) -> None:
    await tables.open("import_plans")
    await tables.upload(HEAD + "Doorbell;Reolink;2026-12-10;1 year;no;;\n")
    assert tables.result["reason"] == "nothing_new"
    assert len(local(hass).subentries) == 1


async def test_the_link_gives_the_table_to_a_browser_that_is_not_signed_in(
    hass: HomeAssistant,
    tables: Tables,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await typed_in(hass, name="=cmd", price=6.5, renews="unknown")
    await tables.open("export_plans")
    link = tables.result["description_placeholders"]["link"]
    (url,) = re.findall(r'<a href="([^"]+)" target="_blank">', link)
    browser = await hass_client_no_auth()
    answer = await browser.get(url)
    assert answer.status == HTTPStatus.OK
    assert answer.headers["Content-Disposition"].startswith("attachment")
    data = await answer.read()
    assert b"'=cmd" in data
    assert [row.plan for row in read_table(data)] == [*typed_plans(local(hass)).values()]
    await tables.answer()
    assert tables.result["step_id"] == "tables"

    freezer.tick(11 * 60)
    assert (await browser.get(url)).status == HTTPStatus.UNAUTHORIZED
    bare = url.partition("?")[0]
    assert (await browser.get(bare)).status == HTTPStatus.UNAUTHORIZED


async def test_only_the_local_accounts_table_is_served(
    hass_client: ClientSessionGenerator, tables: Tables
) -> None:
    answer = await (await hass_client()).get("/api/camera_cloud_plan/plans/other.csv")
    assert answer.status == HTTPStatus.NOT_FOUND


async def test_the_table_is_for_those_who_may_open_the_dialogue(
    hass: HomeAssistant,
    tables: Tables,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    path = table_url(local(hass))
    assert (await (await hass_client()).get(path)).status == HTTPStatus.OK
    somebody = await hass_client(hass_read_only_access_token)
    assert (await somebody.get(path)).status == HTTPStatus.FORBIDDEN
