"""The archives that a data set is made from. A person's own stay; fetched ones are removed afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import DataError
from .manifest import FETCHED


@contextlib.contextmanager
def archives(
    folder: Path, addresses: Sequence[str], get: Callable[..., object], *, otherwise: str, **limits: Any
) -> Iterator[tuple[list[Path], str]]:
    """Yield the archives of `addresses` as files in `folder`, and how a data set made from them came into its folder.

    A file of the published name is a person's: it is read and stays. What is missing is fetched under a hidden name
    that only roadsigns gives, and is removed at the end; after an exception it stays, so that it need not come again.

    Args:
        folder: the folder for the archives, created where one is fetched.
        addresses: where each archive is published.
        get: fetches an address to a path, as `download` does.
        otherwise: for the error, how a person can read archives with other content.
        limits: further arguments of `get`.

    Raises:
        DataError: as the code within, with the way out added.
        NetworkError: an archive cannot be fetched.
    """
    places = [folder / address.rsplit("/", 1)[-1] for address in addresses]
    own = [place for place in places if place.exists()]
    paths = [place if place in own else place.with_name(f".{place.name}.fetched") for place in places]
    ours = [path for path in paths if path not in own]
    for address, place, path in zip(addresses, places, paths, strict=True):
        if not path.exists():
            get(address, path, place=place, **limits)
    names = ", ".join(map(str, own or ours))
    try:
        yield paths, f"was made from {names}, in" if own else FETCHED
    except DataError as error:
        way_out = (
            f"Move {names} elsewhere to have the published one fetched. To read a data set of your own, {otherwise}"
            if own
            else f"Delete {names} and run again"
        )
        raise DataError(f"{error}. {way_out}") from error
    for path in ours:
        path.unlink()
