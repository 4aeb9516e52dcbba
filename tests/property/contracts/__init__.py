"""Generated rows of the platforms: accepted whole, counted right, refused for the right reason."""
