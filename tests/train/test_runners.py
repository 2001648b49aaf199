"""Who runs an epoch, and which pictures it is given."""

import pytest

from roadsigns import data
from roadsigns.config import TrainOptions
from roadsigns.train import compiled, devices, epochs, run, runners
from roadsigns.train.mirrored import Mirrored


@pytest.mark.parametrize(
    ("compiles", "number", "kind"),
    [(False, 1, epochs.Steps), (True, 1, compiled.Compiled), (True, 2, compiled.Compiled), (False, 2, Mirrored)],
)
def test_devices_and_backend_say_who_runs(compiles, number, kind, monkeypatch):
    monkeypatch.setattr(compiled, "suits", lambda devices: compiles)
    monkeypatch.setattr(devices, "count", lambda options: number)
    made = []
    for each in (compiled.Compiled, Mirrored):
        monkeypatch.setattr(each, "__init__", lambda self, *_: made.append(type(self)))
    assert type(runners.runner(run.build(TrainOptions(network="tiny"), 10), TrainOptions())) is kind


def test_redrawn_pictures_are_those_of_the_epoch_whether_drawn_ahead_or_not(tmp_path):
    dataset = data.load("synthetic", tmp_path, count=43)
    options = TrainOptions(epochs=3, redraw=True)
    expected = [dataset.redrawn(2), dataset.redrawn(3)]

    class Ahead:
        def place(self, split):
            return split

    class Steps(epochs.Steps):
        def __init__(self):
            pass

        def place(self, split):
            return split

    for runner in (Ahead(), Steps()):
        given = list(runners.pictures(runner, dataset, options, 2))
        assert [(one.images == other.images).all() for one, other in zip(given, expected, strict=True)] == [True, True]


def test_the_first_epoch_has_the_signs_that_were_drawn_first():
    class Drawn:
        train = "drawn first"

        def redrawn(self, epoch):
            return f"drawn for {epoch}"

    class Ahead:
        def place(self, split):
            return split

    options = TrainOptions(epochs=3, redraw=True)
    assert list(runners.pictures(Ahead(), Drawn(), options, 1)) == ["drawn first", "drawn for 2", "drawn for 3"]
    assert list(runners.pictures(Ahead(), Drawn(), options, 3)) == ["drawn for 3"], "a run that goes on"
