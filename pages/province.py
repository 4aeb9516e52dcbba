"""Province: one province on all six platforms, its districts, its place, its debts."""

from dashboard.components import (
    page,
    province_debts,
    province_map,
    province_page,
    province_place,
)

page.opened("province")
province_page.sentence_section()
province_page.controls()
province_page.platforms_section()
province_page.transmission_section()
province_map.districts_section()
province_place.place_section()
province_debts.lines_section()
province_debts.debts_section()
page.closed("province", *province_page.ADDRESS)
