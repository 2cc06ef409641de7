"""A dashboard of built-in cards for the cameras that are there, made to be copied."""
