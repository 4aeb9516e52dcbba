"""Open data: published figures to link, cite and download; what was corrected; what was said."""

from dashboard.components import open_data, page, press_news, quoted

page.opened("open_data", needs_figures=False)
press_news.news_section()
open_data.figure_section()
open_data.bulletins_section()
open_data.revisions_section()
quoted.register_section()
open_data.programs_section()
page.closed("open_data", *open_data.ADDRESS)
