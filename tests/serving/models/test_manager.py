"""Which versions serve as folders and configurations change; the servables are fakes that note what becomes of them."""

import logging
import re
import threading
import time
from typing import ClassVar

import pytest

from roadsigns.errors import ModelError, RequestError
from roadsigns.serving.models import loader, manager
from roadsigns.serving.models.manager import Manager
from roadsigns.serving.models.model_config import ModelConfig, VersionPolicy
from waiting import until

WAIT_S = 10
POLL_S = 0.01
ALL = VersionPolicy()


class Servable:
    """Loads unless there is a file `broken` in its folder, while a file `slow` is there not at once."""

    log: ClassVar[list] = []
    loading: ClassVar[threading.Event] = threading.Event()

    def __init__(self, model, version, path, **_):
        self.model, self.version, self.path, self.closed = model, version, path, False
        self.log.append(("load", version))
        self.loading.set()
        while (path / "slow").exists():
            time.sleep(POLL_S)
        if (path / "broken").exists():
            raise ModelError("this version is broken")
        if (path / "strange").exists():
            raise ZeroDivisionError

    def close(self):
        while (self.path / "hangs").exists():
            time.sleep(POLL_S)
        self.closed = True
        self.log.append(("unload", self.version))


@pytest.fixture(autouse=True)
def log(monkeypatch, caplog):
    caplog.set_level(logging.CRITICAL)
    monkeypatch.setattr(Servable, "log", [])
    monkeypatch.setattr(Servable, "loading", threading.Event())
    monkeypatch.setattr(manager, "Servable", Servable)
    monkeypatch.setattr(loader.memory, "give_back", lambda: None)
    return Servable.log


@pytest.fixture
def base(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def start(base):
    made = []

    def make(config=None, *, poll_seconds=POLL_S, **options):
        configs = [config or ModelConfig("m", base)] if not isinstance(config, list) else config
        made.append(Manager(configs, poll_seconds, warm_up=False, **options))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.close(grace=WAIT_S)


def add(base, *numbers, broken=False):
    for number in numbers:
        folder = base / str(number)
        folder.mkdir(parents=True)
        if broken:
            (folder / "broken").touch()


def remove(base, number):
    folder = base / str(number)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def served(manager, model="m"):
    return [each.version for each in manager.models()[model]]


def states(manager, model="m"):
    return {each.version: each.state for each in manager.status(model)}


def test_the_highest_version_is_loaded_and_leased(start, base):
    add(base, 1, 3, 20)
    manager = start()
    with manager.lease("m") as servable:
        assert (servable.model, servable.version, servable.path) == ("m", 20, base / "20")
    assert served(manager) == [20]
    assert states(manager) == {20: "AVAILABLE"}
    assert manager.ready()


@pytest.mark.parametrize(
    ("policy", "numbers"),
    [(ALL, [3, 2, 1]), (VersionPolicy(latest=2), [3, 2]), (VersionPolicy(specific=(1, 9)), [1])],
)
def test_the_policy_decides(start, base, policy, numbers):
    add(base, 1, 2, 3)
    manager = start(ModelConfig("m", base, policy))
    assert served(manager) == numbers
    with manager.lease("m") as servable:
        assert servable.version == numbers[0]
    for number in numbers:
        with manager.lease("m", number) as servable:
            assert servable.version == number


def test_a_new_version_is_loaded_before_the_old_one_goes(start, base, log):
    add(base, 1)
    manager = start()
    add(base, 2)
    until(lambda: ("unload", 1) in log)
    assert log == [("load", 1), ("load", 2), ("unload", 1)]
    assert states(manager) == {2: "AVAILABLE", 1: "END"}


def test_the_old_version_serves_while_the_new_one_loads(start, base, log):
    add(base, 1)
    manager = start()
    Servable.loading.clear()
    (base / ".2").mkdir()
    (base / ".2" / "slow").touch()
    (base / ".2").rename(base / "2")
    assert Servable.loading.wait(WAIT_S)
    assert states(manager) == {2: "LOADING", 1: "AVAILABLE"}
    with manager.lease("m") as servable:
        assert servable.version == 1
    (base / "2" / "slow").unlink()
    until(lambda: served(manager) == [2])


def test_a_request_in_flight_keeps_its_version(start, base, log):
    add(base, 1)
    manager = start()
    with manager.lease("m") as old, manager.lease("m"):
        add(base, 2)
        until(lambda: served(manager) == [2])
        time.sleep(5 * POLL_S)
        assert not old.closed
        assert states(manager)[1] == "UNLOADING"
        with pytest.raises(RequestError, match=re.escape("Specific(m, 1)")), manager.lease("m", 1):
            pass
    until(lambda: old.closed)


def test_a_lease_may_end_in_another_thread(start, base):
    add(base, 1)
    manager = start()
    lease = manager.lease("m")
    servable = lease.__enter__()
    add(base, 2)
    until(lambda: served(manager) == [2])
    thread = threading.Thread(target=lease.__exit__, args=(None, None, None))
    thread.start()
    thread.join()
    until(lambda: servable.closed)


def test_a_broken_version_leaves_the_old_one_serving_and_is_reported(start, base, log):
    add(base, 1)
    manager = start()
    (base / ".2").mkdir()
    (base / ".2" / "broken").touch()
    (base / ".2").rename(base / "2")
    until(lambda: 2 in states(manager) and states(manager)[2] == "END")
    assert served(manager) == [1]
    [status] = manager.status("m", 2)
    assert (status.error_code, status.error_message) == ("INTERNAL", "this version is broken")
    time.sleep(5 * POLL_S)
    assert log == [("load", 1), ("load", 2)]  # the next try is a minute away


def test_a_version_that_fails_strangely_is_reported_too(start, base, log):
    add(base, 2)
    (base / "2" / "strange").touch()
    manager = start()
    assert states(manager) == {2: "END"}
    assert manager.status("m")[0].error_message == "ZeroDivisionError"
    assert not manager.ready()


def test_a_failed_load_is_tried_again_a_few_times(start, base, log):
    add(base, 1, broken=True)
    manager = start(retries=3, retry_seconds=2 * POLL_S)
    until(lambda: len(log) == 4)
    time.sleep(10 * POLL_S)
    assert log == [("load", 1)] * 4
    assert states(manager) == {1: "END"}


def test_a_failed_load_is_tried_again_once_its_files_change(start, base, log):
    add(base, 1, broken=True)
    manager = start()
    assert not manager.ready()
    (base / "1" / "broken").unlink()
    until(manager.ready)
    assert states(manager) == {1: "AVAILABLE"}
    assert manager.status("m")[0].error_message == ""


def test_a_version_whose_files_change_is_loaded_anew_beside_the_one_that_serves(start, base, log, caplog):
    add(base, 1)
    caplog.set_level(logging.INFO)
    manager = start()
    with manager.lease("m") as old:
        (base / "1" / "broken").touch()
        until(lambda: "cannot be loaded" in caplog.text)
        assert states(manager) == {1: "AVAILABLE"}
        with manager.lease("m") as still:
            assert still is old
        (base / "1" / "broken").unlink()
        (base / "1" / "weights").touch()
        until(lambda: log.count(("load", 1)) == 3)
        until(lambda: manager.models()["m"] != [old])
        assert not old.closed
    until(lambda: old.closed)
    assert states(manager) == {1: "AVAILABLE"}
    time.sleep(10 * POLL_S)
    assert log == [("load", 1)] * 3 + [("unload", 1)]


def test_files_that_still_change_are_not_tried_again(start, base, log):
    """A copy under way is left alone until two looks see the same."""
    add(base, 1, broken=True)
    manager = start(poll_seconds=0.1)
    end = time.monotonic() + 1
    while time.monotonic() < end:
        (base / "1" / "weights").write_text(str(time.monotonic()))
        time.sleep(POLL_S)
    assert log == [("load", 1)]
    (base / "1" / "broken").unlink()
    until(manager.ready)


@pytest.mark.parametrize("policy", [VersionPolicy(latest=1), VersionPolicy(latest=2)])
def test_at_the_start_an_older_version_serves_where_the_newest_cannot_be_loaded(start, base, log, caplog, policy):
    caplog.set_level(logging.WARNING)
    add(base, 1, 2)
    add(base, 3, 4, broken=True)
    manager = start(ModelConfig("m", base, policy))
    assert served(manager) == [2]
    assert "Version 2 of m serves in place of the newest" in caplog.text
    time.sleep(5 * POLL_S)
    assert ("load", 1) not in log and ("unload", 2) not in log
    for number in (3, 4):
        (base / str(number) / "broken").unlink()
    until(lambda: served(manager) == [4, 3][: policy.latest])


def test_of_versions_that_are_named_none_stands_in_for_another(start, base):
    add(base, 1)
    add(base, 2, broken=True)
    assert served(start(ModelConfig("m", base, VersionPolicy(specific=(2,))))) == []


def test_links_that_lead_in_a_circle_stop_nothing(start, base):
    add(base, 1)
    (base / "2").symlink_to("3")
    (base / "3").symlink_to("2")
    (base / "1" / "loop").symlink_to(".")
    (base / "1" / "nowhere").symlink_to("nowhere")
    manager = start()
    assert served(manager) == [1]
    (base / "4").symlink_to(base, target_is_directory=True)
    add(base, 5)
    until(lambda: served(manager) == [5])


def test_a_folder_that_cannot_be_read_is_told_once(start, base, caplog):
    caplog.set_level(logging.WARNING)
    add(base, 1)
    manager = start()
    base.rename(base.with_name("away"))
    base.symlink_to(base)
    until(lambda: "cannot be read" in caplog.text)
    time.sleep(5 * POLL_S)
    assert caplog.text.count("cannot be read") == 1
    assert served(manager) == [1]
    base.unlink()
    base.with_name("away").rename(base)
    add(base, 2)
    until(lambda: served(manager) == [2])


def test_a_version_that_does_not_let_go_keeps_no_other_from_loading(start, base, log):
    add(base, 1)
    (base / "1" / "hangs").touch()
    manager = start()
    for number in (2, 3):
        add(base, number)
        until(lambda number=number: served(manager) == [number])
    assert ("unload", 1) not in log
    assert states(manager)[1] == "UNLOADING"
    began = time.monotonic()
    manager.close(grace=0.2)
    assert time.monotonic() - began < WAIT_S
    (base / "1" / "hangs").unlink()
    until(lambda: ("unload", 1) in log)


def test_a_folder_that_vanishes_changes_nothing(start, base, log):
    add(base, 1)
    manager = start()
    base.rename(base.with_name("away"))
    time.sleep(5 * POLL_S)
    assert served(manager) == [1]
    base.with_name("away").rename(base)
    add(base, 2)
    until(lambda: served(manager) == [2])


def test_an_empty_folder_unloads_the_model(start, base, log):
    add(base, 1)
    manager = start()
    remove(base, 1)
    until(lambda: ("unload", 1) in log)
    with pytest.raises(RequestError, match=re.escape("Servable not found for request: Latest(m)")), manager.lease("m"):
        pass
    until(lambda: states(manager) == {1: "END"})
    assert not manager.ready()
    add(base, 1)
    until(manager.ready)


def test_a_version_taken_back_brings_the_one_before(start, base, log):
    add(base, 1, 2)
    manager = start()
    remove(base, 2)
    until(lambda: served(manager) == [1])
    until(lambda: log == [("load", 2), ("load", 1), ("unload", 2)])


def test_labels_name_versions(start, base):
    add(base, 1, 2)
    manager = start(ModelConfig("m", base, ALL, {"stable": 1, "canary": 2}))
    for label, number in (("stable", 1), ("canary", 2)):
        with manager.lease("m", label=label) as servable:
            assert servable.version == number
    with pytest.raises(RequestError, match="Unrecognized servable version label: old"), manager.lease("m", label="old"):
        pass


def test_a_label_must_name_a_version_that_is_available(start, base):
    add(base, 1, 2)
    with pytest.raises(ModelError, match="Label 'stable' of model 'm' names version 1, which is not available"):
        start(ModelConfig("m", base, labels={"stable": 1}))


def test_a_label_may_point_ahead_if_that_is_allowed(start, base):
    add(base, 1)
    manager = start(ModelConfig("m", base, labels={"next": 2}), labels_ahead=True)
    with pytest.raises(RequestError, match=re.escape("Specific(m, 2)")), manager.lease("m", label="next"):
        pass
    add(base, 2)
    until(lambda: served(manager) == [2])
    with manager.lease("m", label="next") as servable:
        assert servable.version == 2


def test_unknown_models_and_versions(start, base):
    add(base, 1)
    manager = start()
    for arguments, message in ((("x",), "Latest(x)"), (("x", 2), "Specific(x, 2)"), (("m", 2), "Specific(m, 2)")):
        with pytest.raises(RequestError, match=re.escape(message)) as caught, manager.lease(*arguments):
            pass
        assert caught.value.code == "NOT_FOUND"
    for arguments, message in ((("x",), "any versions of model x"), (("m", 2), "version 2 of model m")):
        with pytest.raises(RequestError, match=re.escape(message)):
            manager.status(*arguments)


def test_a_reload_replaces_the_configuration(start, base, tmp_path, log):
    add(base, 1, 2)
    add(tmp_path / "other", 7)
    manager = start()
    manager.reload([ModelConfig("m", base, ALL, {"first": 1}), ModelConfig("o", tmp_path / "other")])
    assert (served(manager), served(manager, "o")) == ([2, 1], [7])
    with manager.lease("m", label="first") as servable:
        assert servable.version == 1
    manager.reload([ModelConfig("o", tmp_path / "other")])
    assert manager.models().keys() == {"o"}
    until(lambda: {("unload", 1), ("unload", 2)} <= set(log))
    with pytest.raises(RequestError, match=re.escape("Latest(m)")), manager.lease("m"):
        pass


def test_a_reload_is_not_undone_by_the_watch(start, base, tmp_path, monkeypatch):
    """The watch looks between any two steps of a reload, and must see neither half of it."""
    add(base, 1)
    other = [tmp_path / f"other{i}" for i in range(4)]
    for folder in other:
        add(folder, 7)
    manager = start(poll_seconds=0.001)
    check = manager._check_served

    def slow(config):
        time.sleep(0.02)
        check(config)
        time.sleep(0.02)

    monkeypatch.setattr(manager, "_check_served", slow)
    for i in range(20):
        name = f"o{i % 4}"
        manager.reload([ModelConfig("m", base), ModelConfig(name, other[i % 4])])
        loaded = manager.models()[name]
        time.sleep(0.005)
        assert manager.models()[name] == loaded != []


@pytest.mark.parametrize("bad", ["label", "broken", "empty", "missing"])
def test_a_reload_that_fails_changes_nothing(start, base, tmp_path, log, bad):
    add(base, 1, 2)
    other = tmp_path / "other"
    if bad == "broken":
        add(other, 7, broken=True)
    elif bad != "missing":
        other.mkdir()
    manager = start(ModelConfig("m", base, labels={"now": 2}))
    labels = {"now": 1} if bad == "label" else {}
    configs = [ModelConfig("m", base, labels=labels)]
    if bad != "label":
        configs = [ModelConfig("o", other)]
    with pytest.raises(RequestError) as caught:
        manager.reload(configs)
    assert caught.value.code == "FAILED_PRECONDITION"
    assert served(manager) == [2]
    with manager.lease("m", label="now") as servable:
        assert servable.version == 2
    assert manager.models().keys() == {"m"}
    time.sleep(5 * POLL_S)
    assert ("unload", 2) not in log


def test_another_folder_with_the_same_number_takes_over(start, base, tmp_path):
    add(base, 1)
    add(tmp_path / "other", 1)
    manager = start()
    with manager.lease("m") as old:
        manager.reload([ModelConfig("m", tmp_path / "other")])
        with manager.lease("m") as new:
            assert (old.path.parent, new.path.parent) == (base, tmp_path / "other")
    until(lambda: old.closed)
    assert states(manager) == {1: "AVAILABLE"}


def test_the_start_waits_for_a_version(start, base):
    base.mkdir()
    timer = threading.Timer(5 * POLL_S, add, (base, 1))
    timer.start()
    assert served(start()) == [1]
    timer.join()


def test_closing_waits_for_leases_but_no_longer_than_the_grace(start, base):
    add(base, 1)
    manager = start()
    lease = manager.lease("m")
    servable = lease.__enter__()
    began = time.monotonic()
    manager.close(grace=0.2)
    assert 0.2 <= time.monotonic() - began < WAIT_S
    assert not servable.closed
    lease.__exit__(None, None, None)
    manager.close(grace=WAIT_S)
    assert servable.closed


def test_the_list_of_ended_versions_stays_short(start, base, log):
    add(base, 1)
    manager = start()
    for number in range(2, 40):
        (base / str(number - 1)).rename(base / str(number))
        until(lambda number=number: served(manager) == [number])
    assert 1 < len(manager.status("m")) < 20


def test_folders_are_looked_at_once_if_there_is_no_polling(start, base, log):
    add(base, 1)
    manager = start(poll_seconds=0)
    add(base, 2)
    time.sleep(5 * POLL_S)
    assert served(manager) == [1]
    assert log == [("load", 1)]


def test_no_request_fails_or_meets_an_unloaded_version_while_versions_change(start, base):
    add(base, 1)
    manager = start()
    stop = threading.Event()
    failures, seen = [], set()

    def work():
        while not stop.is_set():
            try:
                with manager.lease("m") as servable:
                    time.sleep(0.001)
                    seen.add(servable.version)
                    if servable.closed:
                        failures.append("closed")
            except RequestError as error:
                failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(2, 12):
        (base / ".new").mkdir()
        (base / ".new").rename(base / str(number))
        until(lambda number=number: number in seen)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert seen >= set(range(2, 12))
