"""Who sees what, proved on whole pages: what is hidden may change without a trace on screen."""
