"""Scenarios: what if more doses, another level, more beds; compared, never read as a forecast."""

from dashboard.components import (
    page,
    scenario_form,
    scenario_progress,
    scenario_result,
    scenario_saved,
)

page.opened("scenarios")
scenario_form.form_section()
scenario_progress.progress_section()
scenario_saved.saved_section()
scenario_result.result_section()
page.closed("scenarios", "date")
