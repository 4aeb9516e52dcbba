"""Data sync: who is silent, what came late, where the data do not meet, whom to call."""

from dashboard.components import page, sync_page, sync_tables, sync_timing

page.opened("data_sync")
sync_page.sentence_section()
sync_page.cards_section()
sync_page.controls()
sync_page.matrix_section()
sync_timing.timing_section()
sync_tables.rejects_section()
sync_tables.contradictions_section()
sync_tables.debt_section()
page.closed("data_sync", *sync_page.address())
