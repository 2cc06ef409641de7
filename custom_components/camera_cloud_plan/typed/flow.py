"""Setting up without signing in: a plan is typed in, or many come from a table."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from homeassistant.components.file_upload import process_uploaded_file
from homeassistant.components.http.auth import async_sign_path
from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import FileSelector, FileSelectorConfig
from homeassistant.helpers.translation import async_get_translations
import voluptuous as vol

from ..choices import voice_fields
from ..cloud.manual import ManualPlan, Row, TableError, read_table
from ..const import CONF_MAKER, DOMAIN, MAKER_MANUAL
from ..words import spoken_date, translated
from .form import PlanForm
from .plans import async_add_plans, async_local_entry, is_among, stored, typed_plans
from .table_view import table_url

CONF_TABLE: Final = "table"

# How long the link to a table is good.
_GOOD_FOR: Final = timedelta(minutes=10)
# So many lines of one kind are named; of the rest only how many there are.
_MOST_LINES: Final = 20


class TypedPlansFlow(ConfigFlow):
    """The steps of the local account, whose plans are typed in."""

    _first: ManualPlan | None = None
    _new: list[ManualPlan]

    async def async_step_plan(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take a plan; with the first one the local account begins."""
        # The form offers terms in words, and of what is not set up yet none are there.
        await async_get_translations(self.hass, self.hass.config.language, "common", {DOMAIN})
        entry = async_local_entry(self.hass)
        form = PlanForm(self.hass, entry)
        errors: dict[str, str] = {}
        if user_input is not None:
            plan = form.take(user_input)
            if not isinstance(plan, dict):
                return self._add(entry, plan) if entry else self._show_voice(first=plan)
            errors = plan
        return self.async_show_form(step_id="plan", data_schema=form.schema(), errors=errors)

    async def async_step_voice(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose what voice may do; then the local account begins with its first plan."""
        if user_input is None or self._first is None:
            return self._show_voice()
        if entry := async_local_entry(self.hass):
            # Another dialogue began it meanwhile.
            return self._add(entry, self._first)
        await self.async_set_unique_id(MAKER_MANUAL, raise_on_progress=False)
        words = await async_get_translations(
            self.hass, self.hass.config.language, "common", {DOMAIN}
        )
        return self.async_create_entry(
            title=words[f"component.{DOMAIN}.common.typed_plans"],
            data={CONF_MAKER: MAKER_MANUAL},
            options=user_input,
            subentries=[stored(self._first)],
        )

    def _add(self, entry: ConfigEntry[Any], plan: ManualPlan) -> ConfigFlowResult:
        async_add_plans(self.hass, entry, [plan])
        return self.async_abort(reason="plan_added", description_placeholders={"plan": plan.name})

    def _show_voice(self, *, first: ManualPlan | None = None) -> ConfigFlowResult:
        """Show what voice may do, at the end of any set-up; `first` is kept until then."""
        self._first = first or self._first
        return self.async_show_form(step_id="voice", data_schema=vol.Schema(voice_fields({})))

    # --- Tables ---

    def _show_tables(self) -> ConfigFlowResult:
        """Ask which way plans shall go."""
        return self.async_show_menu(step_id="tables", menu_options=["import_plans", "export_plans"])

    async def async_step_tables(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Come back to the choice."""
        return self._show_tables()

    async def async_step_import_plans(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take a table; where any row has something wrong with it, nothing is added."""
        error, wrong, line = None, "", 0
        if user_input is not None:
            try:
                rows = await self.hass.async_add_executor_job(
                    _read, self.hass, user_input[CONF_TABLE]
                )
            except TableError as err:
                error, line = err.flaw.value, err.line
            else:
                if not (wrong := self._wrong(rows)):
                    return self._show_import(rows)
                error = "rows_unusable"
        schema = vol.Schema(
            {vol.Required(CONF_TABLE): FileSelector(FileSelectorConfig(accept=".csv,text/csv"))}
        )
        return self.async_show_form(
            step_id="import_plans",
            data_schema=schema,
            errors={"base": error} if error else None,
            description_placeholders={"wrong": wrong, "line": str(line)},
        )

    def _wrong(self, rows: Iterable[Row]) -> str:
        """Return what is wrong with which lines, in words."""
        return _listed(
            self.hass,
            [
                translated(
                    self.hass,
                    "common.table_line_wrong",
                    line=row.line,
                    column=row.plan.field,
                    flaw=translated(self.hass, f"config.error.{row.plan.flaw}"),
                )
                for row in rows
                if not isinstance(row.plan, ManualPlan)
            ],
        )

    def _show_import(self, rows: Iterable[Row]) -> ConfigFlowResult:
        """Show what would be added, and what would not as it is there already."""
        known = typed_plans(self._get_reconfigure_entry()).values()
        self._new, new, there = [], [], []
        for row in rows:
            if not isinstance(row.plan, ManualPlan):
                continue
            plan = row.plan
            if is_among(plan, [*known, *self._new]):
                there.append(self._line("common.table_line_there", row.line, plan))
            else:
                self._new.append(plan)
                new.append(self._line("common.table_line_new", row.line, plan))
        if not self._new:
            return self.async_abort(
                reason="nothing_new", description_placeholders={"there": _listed(self.hass, there)}
            )
        there_too = [translated(self.hass, "common.table_there"), _listed(self.hass, there)]
        return self.async_show_form(
            step_id="import_confirm",
            data_schema=vol.Schema({}),
            description_placeholders={
                "count": str(len(self._new)),
                "new": _listed(self.hass, new),
                "there": "\n\n".join(there_too) if there else "",
            },
        )

    def _line(self, key: str, line: int, plan: ManualPlan) -> str:
        brand = f" ({plan.brand})" if plan.brand else ""
        day = spoken_date(self.hass, plan.ends_on)
        return translated(self.hass, key, line=line, plan=f"{plan.name}{brand}", day=day)

    async def async_step_import_confirm(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add what was shown."""
        async_add_plans(self.hass, self._get_reconfigure_entry(), self._new)
        return self.async_abort(
            reason="plans_added", description_placeholders={"count": str(len(self._new))}
        )

    async def async_step_export_plans(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Give a link to the table of all plans."""
        if user_input is not None:
            return self._show_tables()
        path = table_url(self._get_reconfigure_entry())
        url = async_sign_path(self.hass, path, _GOOD_FOR, use_content_user=True)
        label = translated(self.hass, "common.table_link")
        return self.async_show_form(
            step_id="export_plans",
            data_schema=vol.Schema({}),
            description_placeholders={
                # A plain link to this address the frontend takes for one of its own pages.
                "link": f'<a href="{url}" target="_blank">{label}</a>',
                "minutes": str(_GOOD_FOR // timedelta(minutes=1)),
            },
        )


def _read(hass: HomeAssistant, file_id: str) -> list[Row]:
    """Return an uploaded table's rows; blocking. Raises `TableError`."""
    with process_uploaded_file(hass, file_id) as path:
        return read_table(path.read_bytes())


def _listed(hass: HomeAssistant, lines: list[str]) -> str:
    """Return lines as a list, its end cut off where it is long."""
    shown = [f"- {line}" for line in lines[:_MOST_LINES]]
    if more := len(lines) - len(shown):
        shown.append(f"- {translated(hass, 'common.table_lines_more', count=more)}")
    return "\n".join(shown)
