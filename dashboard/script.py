"""How a component's script reaches the browser: a line that imports a file the browser keeps.

Streamlit sends a component's script with every message; one line instead of the file keeps a
filter change small.
"""

from dashboard import assets


def loading(name: str) -> str:
    """Return the script that loads a file of `dashboard/static/` and hands over to it."""
    url = assets.ui_url(name)
    return (
        f'const file = import(new URL("{url}", document.baseURI).href);\n'
        "export default (component) => {\n"
        "  let leave;\n"
        "  file.then((module) => { leave = module.default(component); });\n"
        "  return () => leave?.();\n"
        "};\n"
    )
