"""Real versions, copied file by file as slow tools do, into a folder that is served."""

import logging
import shutil

import numpy as np
import pytest

from roadsigns.errors import ModelError
from roadsigns.serving.models.manager import Manager
from roadsigns.serving.models.model_config import ModelConfig
from roadsigns.serving.models.servable import Servable
from waiting import until

WAIT_S = 60
GREY = {"images": np.full((1, 32, 32, 3), 128, np.uint8)}


def test_a_version_copied_graph_first_serves_when_it_is_whole_and_the_old_one_until_then(folder, tmp_path, caplog):
    base = tmp_path / "models"
    shutil.copytree(folder, base / "1")
    manager = Manager([ModelConfig("m", base)], poll_seconds=0.05)
    manager.start()

    def answered():
        with manager.lease("m") as servable:
            assert servable.run("predict_pixels", GREY)["scores"].shape == (1, 5)
            return servable.version

    caplog.set_level(logging.WARNING)
    (base / "2" / "variables").mkdir(parents=True)
    for name in ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"):
        caplog.clear()
        assert answered() == 1
        shutil.copy(folder / name, base / "2" / name)
        if "data" not in name:
            until(lambda: "Version 2 of m cannot be loaded" in caplog.text)
    until(lambda: answered() == 2)
    for name in ("assets", "assets.extra"):
        shutil.copytree(folder / name, base / "2" / name)
    first = manager.models()["m"]
    until(lambda: manager.models()["m"] != first)  # with its warm-up and its class names now
    assert answered() == 2
    manager.close(grace=WAIT_S)


@pytest.mark.parametrize("left", ["no folder", "an empty folder", "the data alone"])
def test_a_graph_without_its_weights_is_no_model(folder, tmp_path, left):
    (tmp_path / "1").mkdir()
    shutil.copy(folder / "saved_model.pb", tmp_path / "1")
    if left != "no folder":
        (tmp_path / "1" / "variables").mkdir()
    if left == "the data alone":
        shutil.copy(folder / "variables" / "variables.data-00000-of-00001", tmp_path / "1" / "variables")
    with pytest.raises(ModelError, match=r"its weights are not there yet: expected .*variables\.index.*rename it"):
        Servable("m", 1, tmp_path / "1")
