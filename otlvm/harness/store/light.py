"""A copy of a store without its models: what a repository can hold, and a suite goes on from."""

import json
import shutil
from collections.abc import Container

from otlvm.harness.store.record import PICTURES, Record
from otlvm.harness.store.result import copy_result
from otlvm.harness.store.store import Store

MODEL = "model"
WHOLE = ("suite.json", "suite.lock.yaml")


def copy_without_models(store: Store, target: Store, pictures: bool = True) -> int:
    """Copy what tables, figures and a suite that goes on need: records, curves and pictures.

    Only runs that the store's tables show are copied, and those that have a result. What the
    target has of the same suite stays or is written anew.

    Args:
        store: The store.
        target: Where to.
        pictures: Whether the pictures too; figures of images and matrices are drawn from them.

    Returns:
        How many results were copied.

    Raises:
        FileNotFoundError: If there is no store.
        ValueError: If the store is damaged, or the target holds other files or another suite's
            results.
        OSError: If the target cannot be written.
    """
    manifest = store.manifest()
    _check(manifest["name"], store, target)
    target.open_for_writing()
    for name in WHOLE:
        if (store.root / name).is_file():
            target.write_text(name, (store.root / name).read_text(encoding="utf-8"))
    ids = dict.fromkeys(row["id"] for row in manifest["runs"])
    found = [(run_id, store.record_or_none(run_id)) for run_id in ids]
    kept = [(run_id, record) for run_id, record in found if record is not None]
    left_out = {MODEL} if pictures else {MODEL, PICTURES}
    for run_id, record in kept:
        _copy(run_id, record, store, target, left_out)
        alone = store.timings().record_or_none(run_id)
        if alone is not None:
            target.timings().open_for_writing()
            _copy(run_id, alone, store.timings(), target.timings(), left_out)
    return len(kept)


def _check(name: str, store: Store, target: Store) -> None:
    """Refuse a target whose files would be lost or mixed up."""
    if target.root.resolve() == store.root.resolve():
        raise ValueError(f"{target.root} is the folder itself: say where the copy goes")
    if target.foreign():
        raise ValueError(f"{target.root} holds other files: say a new folder")
    try:
        there = target.manifest()["name"]
    except FileNotFoundError:
        return
    if there != name:
        raise ValueError(f"{target.root} holds results of {json.dumps(there)}: say another folder")


def _copy(
    run_id: str, record: Record, store: Store, target: Store, left_out: Container[str]
) -> None:
    place = target.folder(run_id) / "result"
    shutil.rmtree(place, ignore_errors=True)
    names = [name for name in record["files"] if name.partition("/")[0] not in left_out]
    copy_result(store.runs / run_id, record, place, names)
    target.commit(run_id)
    target.tidy(run_id)
