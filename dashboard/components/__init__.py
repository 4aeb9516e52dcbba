"""Parts of a page that draw with Streamlit."""
