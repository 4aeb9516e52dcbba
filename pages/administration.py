"""Administration: who may sign in, which programs deliver or read, what came in."""

from dashboard.components import admin_accounts, admin_records, admin_tokens, page

page.opened("administration", needs_figures=False)
admin_accounts.accounts_section()
admin_accounts.sessions_section()
admin_tokens.tokens_section()
admin_records.runs_section()
admin_records.thresholds_section()
page.closed("administration")
