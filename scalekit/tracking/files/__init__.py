"""The places that a store may lie in: a folder, an object store, or whatever fsspec opens."""
