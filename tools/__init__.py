"""Scripts for the work on scalekit; nothing in the package imports them."""
