"""Function families: a method here is the declaration of a function."""
