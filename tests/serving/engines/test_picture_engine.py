"""Pictures prepared outside the graph: the same answers, the graph's errors, and nothing for models of another make."""

import base64
import io
import itertools
import re

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import fuzz_pictures
from pictures import draw_signs
from roadsigns import exported, onnx_file, pictures, preprocess
from roadsigns.agreement import TOLERANCE
from roadsigns.errors import RequestError, RowError
from roadsigns.serving.engines import choice
from roadsigns.serving.engines.picture_engine import PictureEngine

KINDS = choice.ENGINES[1:]
IMAGES, _ = draw_signs(6, seed=8)
BIG = np.random.default_rng(0).integers(0, 256, (3, 70, 45, 3), np.uint8)


@pytest.fixture(scope="module", params=KINDS)
def made(request, folder):
    made = choice.load(folder, request.param)
    yield made
    made.close()


@pytest.fixture
def asked(made, monkeypatch):
    """The names of the signatures whose graph is run."""
    names = []
    run = made._engine.run

    def watched(name, *arguments):
        names.append(name)
        return run(name, *arguments)

    monkeypatch.setattr(made._engine, "run", watched)
    return names


def strings(*values):
    array = np.empty(len(values), np.object_)
    array[:] = values
    return array


def encode(pixels, form="PNG", mode="RGB", **options):
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, form, **options)
    return file.getvalue()


def equal(made, loaded, name, **inputs):
    found = made.run(name, inputs)
    fed = {key: tf.constant(value.tolist() if value.dtype == object else value) for key, value in inputs.items()}
    want = {key: value.numpy() for key, value in loaded.signatures[name](**fed).items()}
    assert sorted(found) == ["class_ids", "class_names", "no_sign", "probabilities", "scores"]
    for key, value in found.items():
        assert value.dtype == want[key].dtype
        if value.dtype == np.float32:
            np.testing.assert_allclose(value, want[key], atol=TOLERANCE)
        else:
            np.testing.assert_array_equal(value, want[key])


@pytest.mark.parametrize("images", [IMAGES, IMAGES[:1], BIG], ids=["signs", "one", "of another size"])
def test_pixels_are_named_as_the_graph_names_them(made, loaded, asked, images):
    equal(made, loaded, "predict_pixels", images=images)
    assert asked == ["serving_default"]


FILES = {
    "colour": encode(BIG[0]),
    "small": encode(IMAGES[0]),
    "grey": encode(BIG[0], mode="L"),
    "alpha": encode(BIG[0], mode="RGBA"),
    "grey with alpha": encode(BIG[0], mode="LA"),
    "JPEG": encode(BIG[0], "JPEG"),
    "palette": encode(BIG[0], mode="P"),
    "black and white": encode(BIG[0], mode="1"),
    "animated": encode(BIG[0], save_all=True, append_images=[Image.fromarray(BIG[1])]),
    "text behind": encode(BIG[0]) + b"text",
}


@pytest.mark.parametrize("kind", FILES)
def test_files_are_named_as_the_graph_names_them(made, loaded, asked, kind):
    equal(made, loaded, "predict_images", image_bytes=strings(FILES[kind], FILES["small"]))
    assert asked == ["serving_default"]


@pytest.mark.parametrize("count", [1, 2, 100])
def test_one_or_many_take_the_short_way(made, asked, count):
    made.run("predict_images", {"image_bytes": strings(*[FILES["small"]] * count)})
    made.run("predict_pixels", {"images": BIG[:1].repeat(count, axis=0)})
    assert asked == ["serving_default"] * 2


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (b"GIF89a", "is a picture of GIF format: expected PNG or JPEG. Convert it first"),
        (FILES["JPEG"][:-100], "is a damaged JPEG file: "),
        (FILES["colour"][:100], "is a damaged PNG file: cut off. Save it again"),
        (base64.b64encode(FILES["colour"]), "is base64 text: expected the bytes of a PNG or JPEG file. In JSON send {"),
        (base64.b64encode(FILES["JPEG"]), "is base64 text: "),
        (b"data:image/png;base64,iVBO", "is base64 text: "),
    ],
)
def test_a_bad_file_is_pointed_at(made, file, why):
    with pytest.raises(RowError, match=f"^image_bytes: picture 2 {re.escape(why)}"):
        made.run("predict_images", {"image_bytes": strings(FILES["small"], FILES["JPEG"], file, b"")})


def test_damaged_files_have_one_answer_alone_among_others_and_in_predict(made):
    files = list(itertools.islice(fuzz_pictures.mutants(7), 300)) + fuzz_pictures.seeds()
    good = [data for data in files if fuzz_pictures.decoded(data) is not None]
    assert len(good) > 30
    together = made.run("predict_images", {"image_bytes": strings(*good)})["probabilities"]
    small = [preprocess.resize(pictures.decode(data)[np.newaxis])[0] for data in good]
    in_predict = made.run("predict_pixels", {"images": np.stack(small)})["probabilities"]
    np.testing.assert_allclose(together, in_predict, atol=TOLERANCE)
    for data, want in zip(good[::5], together[::5], strict=True):
        alone = made.run("predict_images", {"image_bytes": strings(data)})["probabilities"]
        np.testing.assert_allclose(alone, [want], atol=TOLERANCE)
    for data in files:
        if fuzz_pictures.decoded(data) is None:
            with pytest.raises(RowError, match=r"^image_bytes: picture 1 is a"):
                made.run("predict_images", {"image_bytes": strings(good[0], data)})


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("predict_images", {"image_bytes": strings()}),
        ("predict_pixels", {"images": BIG[:0]}),
    ],
)
def test_no_picture_has_no_answer(made, name, inputs):
    assert made.run(name, inputs)["probabilities"].shape == (0, 43)


def test_pictures_without_pixels_are_refused(made):
    message = "Invalid shape of `images`: expected pictures of one pixel or more. Received: [3, 0, 45, 3]"
    with pytest.raises(RequestError, match=re.escape(message)):
        made.run("predict_pixels", {"images": BIG[:, :0]})


def test_equal_scores_are_in_order_of_their_classes(made, monkeypatch):
    flat = np.full((1, 43), 1 / 43, np.float32)
    flat[0, 7] = 0.5
    monkeypatch.setattr(made._engine, "run", lambda *_: {"y": flat})
    np.testing.assert_array_equal(made.run("predict_pixels", {"images": BIG})["class_ids"], [[7, 0, 1, 2, 3]])
    np.testing.assert_array_equal(tf.math.top_k(flat, 5).indices, [[7, 0, 1, 2, 3]])


class Foreign(tf.Module):
    """A model with our signatures that does something else."""

    def __init__(self, best):
        super().__init__()
        self.best = best

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, 32, 32, 1), tf.float32, "x"),
            tf.TensorSpec(None, tf.float32, "keep_prob"),
            tf.TensorSpec(None, tf.float32, "keep_prob_conv"),
        ]
    )
    def serve(self, x, keep_prob, keep_prob_conv):
        return {"y": tf.nn.softmax(tf.reshape(x, [-1, 1024])[:, :43] * 3)}

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8, "images")])
    def name(self, images):
        x = tf.image.resize(tf.cast(images, tf.float32), [32, 32])[..., :1] / 255
        probabilities = self.serve(x, tf.ones([1]), tf.ones([1]))["y"]
        scores, ids = tf.math.top_k(probabilities, self.best)
        return {
            "probabilities": probabilities,
            "class_ids": tf.cast(ids, tf.int64),
            "class_names": tf.strings.as_string(ids),
            "scores": scores,
        }


class Colour(tf.Module):
    """A network of seven classes on colour pictures, exported as ours are."""

    NAMES = tuple(f"sign {letter}" for letter in "abcdefg")
    weights = tf.constant(np.random.default_rng(1).normal(size=(32 * 32 * 3, 7)).astype(np.float32) / 100)

    def __init__(self, table, names=NAMES, extra=False):
        super().__init__()
        self.table = tf.saved_model.Asset(str(table))
        self.names, self.extra = tf.constant(names), extra

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, 32, 32, 3), tf.float32, "x"),
            tf.TensorSpec(None, tf.float32, "keep_prob"),
            tf.TensorSpec(None, tf.float32, "keep_prob_conv"),
        ]
    )
    def serve(self, x, keep_prob, keep_prob_conv):
        return {"y": tf.nn.softmax(tf.reshape(x, [-1, 3072]) @ self.weights)}

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8, "images")])
    def name_pixels(self, images):
        x = tf.cast(preprocess.graph_resize(images), tf.float32) / 255
        probabilities = self.serve(x, tf.ones([1]), tf.ones([1]))["y"]
        scores, ids = tf.math.top_k(probabilities, 5)
        answer = {
            "probabilities": probabilities,
            "class_ids": tf.cast(ids, tf.int64),
            "class_names": tf.gather(self.names, ids),
            "scores": scores,
        }
        return {**answer, "doubt": 1 - scores[:, 0]} if self.extra else answer

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, "image_bytes")])
    def name_files(self, image_bytes):
        def decode(data):
            return preprocess.graph_resize(pictures.graph_decode(data)[tf.newaxis])[0]

        small = tf.TensorSpec((32, 32, 3), tf.uint8)
        return self.name_pixels(tf.map_fn(decode, image_bytes, fn_output_signature=small))

    def save(self, folder):
        signatures = {
            "serving_default": self.serve,
            "predict_pixels": self.name_pixels,
            "predict_images": self.name_files,
        }
        tf.saved_model.save(self, str(folder), signatures=signatures)
        (folder / "assets.extra").mkdir()
        onnx_file.write(
            lambda x: self.serve(x, tf.ones([1]), tf.ones([1]))["y"],
            [tf.TensorSpec((None, 32, 32, 3), tf.float32, "x")],
            folder / exported.ONNX,
            {},
        )


@pytest.fixture
def table(tmp_path):
    """Class names, as an export brings them along."""
    path = tmp_path / exported.CLASS_NAMES.name
    path.write_text("ClassId,SignName\n" + "".join(f"{i},{name}\n" for i, name in enumerate(Colour.NAMES)))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_on_colour_with_classes_of_its_own_takes_the_short_way_too(tmp_path, table, kind, caplog):
    module = Colour(table)
    module.save(tmp_path / "1")
    made = choice.load(tmp_path / "1", kind)
    assert made.short == {"predict_images", "predict_pixels"}
    assert not caplog.records
    run, asked = made._engine.run, []
    made._engine.run = lambda name, *others: asked.append(name) or run(name, *others)
    for name, inputs in (
        ("predict_pixels", {"images": BIG[:1]}),
        ("predict_images", {"image_bytes": strings(FILES["colour"])}),
    ):
        found = made.run(name, inputs)
        want = module.name_pixels(tf.constant(BIG[:1]))
        assert list(found) == sorted(want)
        np.testing.assert_array_equal(found["class_names"], want["class_names"])
        np.testing.assert_allclose(found["probabilities"], want["probabilities"], atol=TOLERANCE)
    assert asked == ["serving_default"] * 2
    made.close()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"extra": True}, "it gives doubt float32 [-1]. Expected in its place: nothing"),
        ({"names": Colour.NAMES[::-1]}, "its class_names are not those of 'assets/signnames.csv'"),
    ],
)
def test_a_signature_that_is_left_to_its_graph_says_why(tmp_path, table, fault, reason, caplog):
    module = Colour(table, **fault)
    module.save(tmp_path / "1")
    made = choice.load(tmp_path / "1")
    assert not made.short
    for name in ("predict_images", "predict_pixels"):
        said = f"{name} of {str(tmp_path / '1')!r} is left to its graph, which is slower: {reason}"
        assert any(said in line for line in caplog.messages)
    want = module.name_pixels(tf.constant(BIG[:1]))
    found = made.run("predict_pixels", {"images": BIG[:1]})
    for key, value in found.items():
        np.testing.assert_array_equal(value, want[key])
    assert list(found) == sorted(want)
    made.close()


def test_a_version_without_class_names_is_left_to_its_graph(tmp_path, table, caplog):
    Colour(table).save(tmp_path / "1")
    (tmp_path / "1" / exported.CLASS_NAMES).write_text("")
    made = choice.load(tmp_path / "1")
    assert not made.short
    assert "it has no class names in 'assets/signnames.csv'" in caplog.text
    made.close()


@pytest.mark.parametrize("best", [5, 3])
def test_a_model_with_another_preprocessing_is_left_to_its_graph(tmp_path, best, caplog):
    module = Foreign(best)
    signatures = {"serving_default": module.serve, "predict_pixels": module.name}
    tf.saved_model.save(module, str(tmp_path / "1"), signatures=signatures)
    made = choice.load(tmp_path / "1")
    assert isinstance(made, PictureEngine)
    assert not made.short
    assert "it has no class names in" in caplog.text
    want = module.name(tf.constant(BIG))
    for key, value in made.run("predict_pixels", {"images": BIG}).items():
        np.testing.assert_array_equal(value, want[key])
    made.close()
