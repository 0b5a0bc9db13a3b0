"""What lies below a prefix of an object store: its objects, and the last manifest among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from scalekit.errors import CorruptFileError
from scalekit.storage.manifest import Manifest, ManifestFile, manifest_name, parse_manifest_name
from scalekit.storage.names import PartName, is_hidden
from scalekit.storage.objects import ObjectStore, StoredObject


@dataclass(frozen=True)
class StoreState:
    """A prefix of an object store as it is: the last manifest, and what lies there.

    Parameters
    ----------
    listing
        Every object by its path relative to the prefix.
    manifest
        The last commit; None where scalekit has written nothing.
    """

    listing: Mapping[str, StoredObject]
    manifest: Manifest | None

    @property
    def generation(self) -> int:
        """The number of the last commit; 0 where there was none."""
        return self.manifest.generation if self.manifest else 0

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """Name and type of the partition keys that the last commit recorded."""
        return self.manifest.keys if self.manifest else ()

    @property
    def foreign(self) -> list[str]:
        """Data files that scalekit did not write."""
        return sorted(
            name
            for name, found in self.listing.items()
            if found.bytes and not is_hidden(name) and not PartName.parse(name)
        )

    @property
    def live(self) -> list[ManifestFile]:
        """What a reader may see: files of other writers, then those of the manifest."""
        known = self.manifest.paths if self.manifest else set()
        others = [n for n in self.foreign if n not in known]
        named = self.manifest.files if self.manifest else ()
        return [*(ManifestFile(n, self.listing[n].bytes, foreign=True) for n in others), *named]

    @property
    def missing(self) -> set[str]:
        """Files of the last commit that are gone: deleted, or replaced while they were listed."""
        return self.manifest.paths - set(self.listing) if self.manifest else set()


def read_state(store: ObjectStore, prefix: str) -> StoreState:
    """List a prefix and read the last manifest in it.

    Raises
    ------
    CorruptFileError
        The manifest cannot be read.
    """
    start = len(prefix) + 1 if prefix else 0
    listing = {found.key[start:]: found for found in store.list(prefix)}
    numbers = filter(None, map(parse_manifest_name, listing))
    last = max(numbers, default=None)
    if last is None:
        return StoreState(listing, None)
    name = manifest_name(last)
    content = store.read(f"{prefix}/{name}")
    try:
        return StoreState(listing, Manifest.decode(content or b""))
    except (ValueError, LookupError, TypeError, AttributeError, pl.exceptions.PolarsError) as error:
        raise CorruptFileError(f"{store.uri(prefix)}/{name} is no manifest: {error}") from error
