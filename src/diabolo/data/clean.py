"""Takes out of the cache what is no longer wanted: data sets known by name, and the pixels of folders of images."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from diabolo.data.cache import default_cache_folder, hold_lock, part_path
from diabolo.data.catalogue import CATALOGUE, PARTS
from diabolo.data.folder_cache import CachedFolder, list_cached_folders, remove_cached_folder
from diabolo.errors import DataError
from diabolo.files import output_errors


@dataclass(frozen=True, kw_only=True)
class Removed:
    """Something that was taken out of the cache."""

    what: str
    """Catalogue name, or the folder of images, or the name of a cache that is damaged."""
    path: Path
    """Where it lay."""
    num_bytes: int
    """What it took of the disk."""


def clean(what: Sequence[str] = (), *, everything: bool = False, cache_folder: Path | None = None) -> list[Removed]:
    """Removes from the cache.

    Args:
        what: catalogue names, folders of images, or names of their caches as `list_cached_folders` has them. None:
            caches of folders that are no longer there.
        everything: all caches of folders, and all data sets that can be fetched again.
        cache_folder: instead of the user's.

    Raises:
        DataError: nothing of that name is in the cache; nothing is removed then.
        OutputError: no permission.
    """
    cache_folder = cache_folder or default_cache_folder()
    folders = list_cached_folders(cache_folder)
    names = [name for name, entry in CATALOGUE.items() if not entry.sample_only]
    cached = [name for name in names if any(part_path(CATALOGUE[name], cache_folder, part).exists() for part in PARTS)]
    if everything:
        return [*(_remove_entry(cache_folder / name) for name in cached), *map(_remove_folder, folders)]
    if not what:
        return [_remove_folder(folder) for folder in folders if folder.is_gone]
    chosen_entries: dict[str, None] = {}
    chosen_folders: dict[Path, CachedFolder] = {}
    for name in what:
        if name in cached:
            chosen_entries[name] = None
            continue
        path = Path(name).expanduser().resolve()
        found = [folder for folder in folders if folder.home.name == name or folder.folder == path]
        if not found:
            raise DataError(
                f"`{name}`: nothing of that name is in the cache `{cache_folder}`; `diabolo data list` shows what is"
            )
        chosen_folders |= {folder.home: folder for folder in found}
    return [
        *(_remove_entry(cache_folder / name) for name in chosen_entries),
        *map(_remove_folder, chosen_folders.values()),
    ]


def _remove_folder(cached: CachedFolder) -> Removed:
    remove_cached_folder(cached)
    what = cached.home.name if cached.folder is None else str(cached.folder)
    return Removed(what=what, path=cached.home, num_bytes=cached.num_bytes)


def _remove_entry(folder: Path) -> Removed:
    num_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    with hold_lock(folder / ".lock"), output_errors(folder):
        shutil.rmtree(folder)
    return Removed(what=folder.name, path=folder, num_bytes=num_bytes)
