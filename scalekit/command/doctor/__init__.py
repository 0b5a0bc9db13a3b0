"""``scalekit doctor``: what works here, each look a function that gives plain data; nothing is started or changed."""
