"""Work that passes from office to office: states, who may take which step, what each requires.

`model` is pure: a flow is declared as data, an item is folded from its steps. `fields` reads what
was filled in. `store` keeps steps: append-only, attributed, audited, refused when somebody else
moved the same item meanwhile.
"""
