"""Map: one indicator, every day, every place."""

from dashboard.components import map_page, page

page.opened("map")
map_page.controls()
map_page.map_section()
page.closed("map", *map_page.ADDRESS)
