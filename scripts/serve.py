"""Serves the dashboard as Streamlit's own command does. To import it takes seconds: all of it."""

import gc
import importlib

import click
from streamlit.web import cli as streamlit

APPLICATION = "dashboard.server"
COLLECT_AFTER = (20_000, 20, 20)
"""Objects made before garbage is looked for; Python's 700 is for programs that make fewer."""

importlib.import_module(APPLICATION)  # Streamlit runs the file; what it imports is there already


def serve(*, host: str, port: int) -> bool:
    """Serve until Ctrl-C; return whether the server ended by itself."""
    # What was loaded stays: no collection needs to walk through it again.
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    address = ["--server.address", host, "--server.port", str(port)]
    try:
        streamlit.main(args=["run", "dashboard/server.py", *address], standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        return False
    return True
