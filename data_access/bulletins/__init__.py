"""Bulletins: frozen, numbered, hashed states of the cube, and who may read which from when.

Reading goes through `Shared`; nothing here has to be called for it. A viewer that carries a number
(`viewer.in_bulletin(n)`) is answered by `Shared.figures`, `answer`, `movements`, `measures` and
`version` from that bulletin; records (clusters, sites, laboratories, sync desk, places) as known at
its cut-off, or nothing for whoever sees only what was published.

    shared.published(viewer) -> int | None        the latest bulletin public at viewer.now
    shared.pinned(viewer) -> Viewer               the viewer of one run: press get that number once
    shared.bulletins.list(viewer=) -> list[Bulletin]        those a viewer may name, newest first
    shared.bulletins.show(n, viewer=) -> Bulletin           UnknownBulletin as if it did not exist
    shared.bulletins.parts(n, viewer=) -> frame             kind, measure, month, sha256, n_rows
    shared.bulletins.revisions(n, viewer=) -> frame         REVISION_SCHEMA: cells, officials
    shared.bulletins.public_revisions(n, viewer=) -> frame  PUBLIC_REVISION_SCHEMA: public figures
    shared.bulletins.verify(n, viewer=) -> list[str]        what does not hash to what it says
    public.public_tables(shared, n, viewer=) -> dict        level -> figures, as the press sees them

Life, each by an `Actor` and each written to the audit log:

    shared.bulletins.cut(actor, cut_off, title_vi=, title_en=) -> Bulletin          draft
    shared.bulletins.diff(n, viewer=) -> frame     DIFFERENCE_SCHEMA, out-of-tolerance first
    shared.bulletins.accept(actor, n, id=, area_code=, day=, note=) -> int          lines accepted
    shared.bulletins.sign_off(actor, n)            a province, its own part; locks it
    shared.bulletins.unsigned(n, viewer=) -> list[str]   provinces that have not signed: named
    shared.bulletins.approve(actor, n, sha256)     never who cut it; names the content
    shared.bulletins.publish(actor, n, embargo)    public at max(embargo, now), by itself
    shared.bulletins.withdraw(actor, n, reason)    stays readable, marked; the one before is latest
    shared.bulletins.preview(actor, at) -> Viewer  rehearsal: the press at a future moment

A mask (`measure, day, area_code, dimension, code, reason`) is frozen with the cells and handed to
the evaluation as `CubeView.withheld` for whoever sees only what was published.
"""
