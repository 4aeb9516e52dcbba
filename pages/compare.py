"""Compare: two to six areas on shared axes."""

from dashboard.components import compare_charts, compare_page, page

page.opened("compare")
compare_page.sentence_section()
compare_page.controls()
compare_charts.lines_section()
compare_charts.table_section()
page.closed("compare", *compare_page.ADDRESS)
