"""The shipped weights, exported, served by each engine, and foreign SavedModels of any make."""

import io
import re
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from oracles import oracle_preprocess
from pictures import draw_signs
from roadsigns import exported
from roadsigns.errors import ModelError, RequestError, UsageError
from roadsigns.serving.batching.parameters import BatchingParameters
from roadsigns.serving.engines import choice
from roadsigns.serving.models import warmup
from roadsigns.serving.models.servable import Servable
from roadsigns.serving.protocol.signature import TensorSpec

IMAGES, _ = draw_signs(12, seed=5)
X = oracle_preprocess(IMAGES)
ONE = np.ones((), np.float32)

NAMED = ["class_ids", "class_names", "no_sign", "probabilities", "scores"]


@pytest.fixture(scope="module", params=choice.ENGINES[1:])
def servable(request, folder):
    made = Servable("m", 1, folder, request.param)
    yield made
    made.close()


def feed(x=X, keep=ONE, conv=ONE):
    return {"x": x, "keep_prob": np.asarray(keep, np.float32), "keep_prob_conv": np.asarray(conv, np.float32)}


def strings(*values):
    array = np.empty(len(values), np.object_)
    array[:] = values
    return array


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def expected(loaded, inputs, name="serving_default"):
    return {key: value.numpy() for key, value in loaded.signatures[name](**inputs).items()}


def test_the_signatures_are_those_of_the_file(servable):
    assert {name: (*each.inputs, "->", *each.outputs) for name, each in servable.signatures.items()} == {
        "predict_images": ("image_bytes", "->", *NAMED),
        "predict_pixels": ("images", "->", *NAMED),
        "serving_default": ("keep_prob", "keep_prob_conv", "x", "->", "y"),
    }
    default = servable.signatures["serving_default"]
    assert default.method_name == "tensorflow/serving/predict"
    assert default.inputs["x"] == TensorSpec("DT_FLOAT", (-1, 32, 32, 1), "serving_default_x:0")
    assert default.inputs["keep_prob"].shape is None
    assert servable.signatures["predict_images"].outputs["class_names"].dtype == "DT_STRING"


@pytest.mark.parametrize("count", [1, 2, 12])
@pytest.mark.parametrize("name", ["", "serving_default"])
def test_plain_predictions_equal_plain_tensorflow(servable, loaded, name, count):
    found = servable.run(name, feed(X[:count]))
    assert found.keys() == {"y"}
    np.testing.assert_allclose(found["y"], expected(loaded, feed(X[:count]))["y"], atol=1e-5)


def test_a_batch_larger_than_one_run_is_put_together(servable, loaded):
    many = np.tile(X, (20, 1, 1, 1))
    np.testing.assert_allclose(
        servable.run("", feed(many))["y"], np.tile(expected(loaded, feed())["y"], (20, 1)), atol=1e-5
    )


def test_an_empty_batch_has_an_empty_answer(servable):
    assert servable.run("", feed(X[:0]))["y"].shape == (0, 43)


def test_units_drop_if_asked(servable, loaded):
    found = servable.run("", feed(X[:1], keep=np.full(30, 0.7)))["y"]
    assert found.shape == (30, 43)
    assert len(np.unique(found, axis=0)) == 30


def test_pictures_are_named(servable, loaded):
    inputs = {"image_bytes": strings(*map(png, IMAGES[:3]))}
    found = servable.run("predict_images", inputs)
    assert sorted(found) == NAMED
    want = expected(loaded, {"image_bytes": tf.constant([png(each) for each in IMAGES[:3]])}, "predict_images")
    np.testing.assert_array_equal(found["class_names"], want["class_names"])
    assert found["class_names"].dtype == object
    assert isinstance(found["class_names"][0, 0], bytes)
    np.testing.assert_allclose(found["scores"], want["scores"], atol=1e-5)


def test_wanted_outputs_only(servable):
    assert list(servable.run("predict_pixels", {"images": IMAGES[:1]}, ["scores", "class_ids"])) == [
        "class_ids",
        "scores",
    ]


BAD = {
    "keep 0": ("", feed(keep=0), "Invalid value for `keep_prob`: expected numbers in (0, 1]. Received: 0"),
    "keep 2": ("", feed(conv=[2]), "Invalid value for `keep_prob_conv`: expected numbers in (0, 1]. Received: 2"),
    "keep NaN": ("", feed(keep=np.nan), "Invalid value for `keep_prob`: expected numbers in (0, 1]. Received: nan"),
    "values": ("", feed(keep=np.ones(5)), "Invalid shape of `keep_prob`: expected one number, or one for each answer"),
    "shape": ("", feed(X[:, :31]), "Invalid shape of `x`: expected [-1, 32, 32, 1], where -1 is any size. Received: "),
    "stretch": ("", feed(X[:, :1, :1]), "Received: [12, 1, 1, 1]"),
    "rank": ("", feed(X[0]), "Received: [32, 32, 1]"),
    "missing": ("", {"x": X}, "Inputs must be keep_prob, keep_prob_conv, x. Received: x"),
    "extra": ("", {**feed(), "z": ONE}, "Received: keep_prob, keep_prob_conv, x, z"),
    "signature": ("no", feed(), 'Serving signature name: "no" not found in signature def'),
    "no picture": (
        "predict_images",
        {"image_bytes": strings(b"text")},
        "image_bytes: picture 0 is a picture of unknown format: expected PNG or JPEG",
    ),
    "GIF": ("predict_images", {"image_bytes": strings(b"GIF89a....")}, "picture 0 is a picture of GIF format"),
    "cut off": ("predict_images", {"image_bytes": strings(png(IMAGES[0])[:60])}, "picture 0 is a damaged PNG file"),
    "channels": ("predict_pixels", {"images": IMAGES[..., :2]}, "Invalid shape of `images`"),
}


@pytest.mark.parametrize(("name", "inputs", "message"), BAD.values(), ids=BAD)
def test_what_the_model_refuses_is_told_in_one_line(servable, name, inputs, message):
    with pytest.raises(RequestError, match=re.escape(message)) as caught:
        servable.run(name, inputs)
    assert caught.value.http_status == 400
    assert "\n" not in caught.value.message
    assert "node" not in caught.value.message


def test_an_unknown_output_is_refused(servable):
    with pytest.raises(RequestError, match=re.escape("Outputs are y. Received: z")):
        servable.run("", feed(), ["z"])


def test_a_bad_picture_does_not_spoil_its_neighbours(servable):
    pictures = [png(each) for each in IMAGES]
    want = [servable.run("predict_images", {"image_bytes": strings(each)})["scores"] for each in pictures]
    pictures[4] = b"no picture"
    futures = [servable.submit("predict_images", {"image_bytes": strings(each)}) for each in pictures]
    for index, future in enumerate(futures):
        if index == 4:
            with pytest.raises(RequestError, match="expected PNG or JPEG"):
                future.result()
        else:
            np.testing.assert_allclose(future.result()["scores"], want[index], atol=1e-5)


def test_answers_do_not_depend_on_the_company(servable, request):
    """Bit by bit among batches; a picture quite alone takes other kernels and differs by rounding."""
    alone = np.concatenate([servable.run("", feed(X[each : each + 1]))["y"] for each in range(12)])
    pairs = np.concatenate([servable.run("", feed(X[each : each + 2]))["y"] for each in range(0, 12, 2)])
    whole = servable.run("", feed())["y"]
    np.testing.assert_allclose(alone, whole, atol=3e-6)
    if request.node.callspec.params["servable"] == "tensorflow":
        np.testing.assert_array_equal(pairs, whole)
    else:
        np.testing.assert_allclose(pairs, whole, atol=3e-6)


def test_many_threads_get_their_own_answers(servable):
    want = servable.run("", feed())["y"]
    wrong = []

    def work(index):
        for _ in range(20):
            found = servable.run("", feed(X[index : index + 1]))["y"]
            if np.abs(found[0] - want[index]).max() > 1e-5:
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_warm_up_runs_what_is_stored(servable):
    assert warmup.warm_up(servable) == 3


@pytest.mark.parametrize("damage", [lambda data: data[:-5], lambda data: data[:7], lambda data: b"\xff" * 40])
def test_a_damaged_warm_up_is_refused(servable, folder, tmp_path, monkeypatch, damage):
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / exported.WARMUP).write_bytes(damage((folder / exported.WARMUP).read_bytes()))
    monkeypatch.setattr(servable, "path", tmp_path)
    with pytest.raises(ModelError, match="is damaged"):
        warmup.warm_up(servable)


def test_a_version_needs_no_warm_up(servable, tmp_path, monkeypatch):
    monkeypatch.setattr(servable, "path", tmp_path)
    assert warmup.warm_up(servable) == 0


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.index", "assets.extra/roadsigns.onnx"])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_version_is_a_model_error_that_names_it(folder, tmp_path, name, damage):
    copy = tmp_path / "1"
    shutil.copytree(folder, copy)
    if damage == "gone":
        (copy / name).unlink()
    else:
        (copy / name).write_bytes((copy / name).read_bytes()[:100])
    with pytest.raises(ModelError, match=re.escape(str(copy))):
        Servable("m", 1, copy, "onnxruntime")


def test_an_unknown_engine_is_refused(folder):
    with pytest.raises(UsageError, match=re.escape("expected auto, tensorflow, onnxruntime. Received: 'jax'")):
        choice.load(folder, "jax")


def save(folder, function, **specs):
    module = tf.Module()
    module.weight = tf.Variable(2.0)
    module.f = tf.function(
        function(module), input_signature=[tf.TensorSpec(*spec, name) for name, spec in specs.items()]
    )
    tf.saved_model.save(module, str(folder), signatures=module.f)
    return Servable("foreign", 1, folder)


def test_a_foreign_model_is_served(tmp_path):
    servable = save(
        tmp_path / "1", lambda module: lambda x: {"b": x * module.weight, "a": x + 1}, x=([None], tf.float32)
    )
    found = servable.run("", {"x": np.array([1, 2], np.float32)})
    servable.close()
    assert {name: array.tolist() for name, array in found.items()} == {"a": [2, 3], "b": [2, 4]}


def test_a_foreign_models_table_is_filled(tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("red\ngreen\n")

    class Named(tf.Module):
        def __init__(self):
            super().__init__()
            start = tf.lookup.TextFileInitializer(
                str(words), tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE
            )
            self.table = tf.lookup.StaticHashTable(start, "?")

        @tf.function(input_signature=[tf.TensorSpec([None], tf.int64, "ids")])
        def name(self, ids):
            return {"names": self.table.lookup(ids)}

    module = Named()
    tf.saved_model.save(module, str(tmp_path / "1"), signatures=module.name)
    words.unlink()
    servable = Servable("foreign", 1, tmp_path / "1")
    assert servable.run("", {"ids": np.array([1, 0, 5])})["names"].tolist() == [b"green", b"red", b"?"]
    servable.close()


def test_a_scalar_keep_probability_of_a_foreign_model_is_understood(tmp_path):
    servable = save(
        tmp_path / "1",
        lambda module: lambda x, keep_prob: {"y": x * module.weight / keep_prob},
        x=([None], tf.float32),
        keep_prob=([], tf.float32),
    )
    one = np.array([3.0], np.float32)
    assert servable.run("", {"x": one, "keep_prob": ONE})["y"].tolist() == [6]
    assert servable.run("", {"x": one, "keep_prob": ONE / 2})["y"].tolist() == [12]
    servable.close()


RELOADS = """
import sys
from pathlib import Path
import numpy as np
from roadsigns.serving import memory
from roadsigns.serving.models.servable import Servable

def live():
    servable = Servable("m", 1, Path(sys.argv[1]), sys.argv[2])
    for keep in (1, 0.5):
        keeps = {"keep_prob": np.full(1, keep, np.float32), "keep_prob_conv": np.ones(1, np.float32)}
        servable.run("", {"x": np.zeros((1, 32, 32, 1), np.float32), **keeps})
    servable.close()
    del servable
    memory.give_back()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

for _ in range(3):
    first = live()
print(first, [live() for _ in range(10)][-1])
"""


@pytest.mark.parametrize("kind", choice.ENGINES[1:])
def test_memory_comes_back_after_unloading(folder, kind):
    """In a process of its own, where nothing else takes and gives memory."""
    done = subprocess.run([sys.executable, "-c", RELOADS, folder, kind], capture_output=True, text=True, check=True)
    first, last = map(float, done.stdout.split())
    assert last < first + 12  # a leak of the graph and its weights would be ten times that


@pytest.mark.parametrize(
    ("threads", "given", "expected"),
    [
        (1, {}, (0, 0)),
        (2, {}, (1, choice.CALLERS_THREAD)),
        (2, {"intra_op_threads": 3}, (3, 0)),
        (2, {"inter_op_threads": 3}, (0, 3)),
    ],
)
def test_batches_side_by_side_have_a_core_each(monkeypatch, tmp_path, threads, given, expected):
    class AskedError(Exception):
        pass

    def load(path, kind, *, intra_op_threads, inter_op_threads):
        raise AskedError(intra_op_threads, inter_op_threads)

    monkeypatch.setattr(choice, "load", load)
    with pytest.raises(AskedError) as caught:
        Servable("m", 1, tmp_path, batching=BatchingParameters(num_batch_threads=threads), **given)
    assert caught.value.args == expected
