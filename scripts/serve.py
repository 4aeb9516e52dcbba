"""Serves the dashboard as Streamlit's own command does. To import it takes seconds: all of it."""

import importlib

import click
from streamlit.web import cli as streamlit

APPLICATION = "dashboard.server"

importlib.import_module(APPLICATION)  # Streamlit runs the file; what it imports is there already


def serve(*, host: str, port: int) -> bool:
    """Serve until Ctrl-C; return whether the server ended by itself."""
    address = ["--server.address", host, "--server.port", str(port)]
    try:
        streamlit.main(args=["run", "dashboard/server.py", *address], standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        return False
    return True
