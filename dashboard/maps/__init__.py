"""The map: what the browser receives, and the component that paints it."""
