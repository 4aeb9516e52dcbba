"""Signing in over HTTP: small pages of our own beside Streamlit's."""
