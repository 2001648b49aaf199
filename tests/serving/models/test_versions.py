"""The versions of one model: which are due, which serve, which may go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from roadsigns.serving.models.versions import Version, Versions

SERVABLE: Any = object()


@pytest.fixture
def folders(tmp_path: Path) -> dict[int, Path]:
    found = {number: tmp_path / str(number) for number in (1, 2)}
    for path in found.values():
        path.mkdir()
        (path / "saved_model.pb").write_text("graph")
    return found


def loaded(versions: Versions, wanted: dict[int, Path], now: float = 0) -> list[int]:
    """Load what is due, as a loader does."""
    due = versions.due(wanted, now, 3)
    for version in due:
        versions.announce(version)
        version.mark = version.seen = mark(version)
        versions.admit(version, SERVABLE)
    return [version.number for version in due]


def mark(version: Version) -> object:
    from roadsigns.serving.models.version_folder import content_mark

    return content_mark(version.path)


def states(versions: Versions) -> dict[int, str]:
    return {each.version: each.state for each in versions.statuses()}


def test_what_is_wanted_is_loaded_once_and_the_highest_is_the_newest(folders: dict[int, Path]) -> None:
    versions = Versions()
    assert loaded(versions, folders) == [1, 2] and loaded(versions, folders) == []
    assert versions.newest is not None and versions.newest.number == 2
    assert [version.number for version in versions.available()] == [2, 1] and sorted(versions.serving) == [1, 2]
    assert states(versions) == {2: "AVAILABLE", 1: "AVAILABLE"}


def test_what_is_not_wanted_goes_when_its_last_user_has(folders: dict[int, Path]) -> None:
    versions = Versions()
    loaded(versions, folders)
    versions.serving[1].leases = 1
    versions.settle({2: folders[2]})
    assert states(versions) == {2: "AVAILABLE", 1: "UNLOADING"} and versions.take_free() == []
    versions.retired[0].leases = 0
    [free] = versions.take_free()
    assert free.number == 1 and not versions.retired


def test_nothing_goes_before_something_wanted_serves(folders: dict[int, Path]) -> None:
    versions = Versions()
    loaded(versions, {1: folders[1]})
    versions.settle({2: folders[2]})
    assert versions.newest is not None and versions.newest.number == 1
    loaded(versions, {2: folders[2]})
    versions.settle({2: folders[2]})
    assert versions.newest.number == 2 and states(versions)[1] == "UNLOADING"
    versions.settle({})
    assert versions.newest is None


def test_changed_files_are_loaded_anew_once_two_looks_agree(folders: dict[int, Path]) -> None:
    versions = Versions()
    loaded(versions, folders)
    before = versions.serving[2]
    (folders[2] / "variables").write_text("being copied")
    assert loaded(versions, folders) == []
    (folders[2] / "variables").write_text("being copied, and now all of them")
    assert loaded(versions, folders) == [] and loaded(versions, folders) == [2]
    assert versions.serving[2] is not before and versions.retired == [before]


def test_a_failure_is_tried_again_after_its_time_and_not_for_ever(folders: dict[int, Path]) -> None:
    versions = Versions()
    [version] = versions.due({1: folders[1]}, 0, 1)
    versions.announce(version)
    version.state, version.error, version.failures, version.retry_at = "END", "it is damaged", 1, 60
    version.mark = version.seen = mark(version)
    assert [versions.due({1: folders[1]}, now, 1) for now in (59, 60)] == [[], [version]]
    version.failures = 2
    assert versions.due({1: folders[1]}, 99, 1) == []
    assert (version.status().error_code, version.status().error_message) == ("INTERNAL", "it is damaged")


def test_a_status_does_not_list_all_that_ever_was(folders: dict[int, Path]) -> None:
    versions = Versions()
    for number in range(1, 30):
        versions.announce(Version(number, folders[1], error="gone"))
        versions._latest[number].state = "END"
    versions.settle({})
    assert sorted(states(versions)) == list(range(14, 30))
