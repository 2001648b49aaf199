"""The facts of an exported version, held against the version that the package exports."""

import subprocess
import sys

import pytest
import tensorflow as tf

from roadsigns import export, exported, keras_file, models, signs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return export.export(keras_file.load(models.shipped("notebook")), tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def loaded(folder):
    return tf.saved_model.load(str(folder))


def test_versions_are_folders_whose_name_is_a_number(tmp_path):
    for name in ("1", "007", "0", str(2**63 - 1), str(2**63), "-1", "1.5", "٣", "latest", ".2.abc", "9" * 200):
        (tmp_path / name).mkdir()
    (tmp_path / "5").touch()
    (tmp_path / "6").symlink_to("7")
    (tmp_path / "8").symlink_to("8")
    (tmp_path / "9").symlink_to("nowhere")
    (tmp_path / "10").symlink_to("1")
    assert list(exported.versions(tmp_path).items()) == [
        (0, tmp_path / "0"),
        (1, tmp_path / "1"),
        (7, tmp_path / "007"),
        (10, tmp_path / "10"),
        (2**63 - 1, tmp_path / str(2**63 - 1)),
    ]


def test_of_two_folders_of_one_number_the_first_counts(tmp_path):
    for name in ("3", "03"):
        (tmp_path / name).mkdir()
    assert exported.versions(tmp_path) == {3: tmp_path / "03"}


def test_a_folder_that_is_missing_is_not_an_empty_one(tmp_path):
    assert exported.versions(tmp_path) == {}
    (tmp_path / "file").touch()
    for name in ("missing", "file"):
        with pytest.raises(OSError, match=name):
            exported.versions(tmp_path / name)


def test_an_export_has_the_files_and_the_names(folder):
    for file in (exported.SAVED_MODEL, exported.CLASS_NAMES, exported.WARMUP, exported.ONNX):
        assert (folder / file).is_file()
    assert exported.class_names(folder) == signs.NAMES


@pytest.mark.parametrize("text", [None, b"", b"ClassId\n1", b"\xff\xfe", b"ClassId,SignName\n0\n", b"a"])
def test_names_that_cannot_be_read_are_none(tmp_path, text):
    if text is not None:
        (tmp_path / "assets").mkdir()
        (tmp_path / exported.CLASS_NAMES).write_bytes(text)
    assert exported.class_names(tmp_path) == ()


def test_an_export_has_the_signatures(loaded):
    def tensors(specs):
        return {
            name: exported.Tensor(spec.dtype.name, spec.shape.rank and tuple(size or -1 for size in spec.shape))
            for name, spec in specs.items()
        }

    for name, signature in loaded.signatures.items():
        inputs = tensors(signature.structured_input_signature[1])
        if name == exported.DEFAULT_SIGNATURE:
            assert inputs.pop("x").dtype == "float32"
        assert inputs == exported.INPUTS[name]
        # TensorFlow forgets that top_k gives as many as were asked for only where they are not constant.
        assert tensors(signature.structured_outputs) == exported.outputs(signs.COUNT, no_sign=True)[name]
    assert set(loaded.signatures) == set(exported.INPUTS) == set(exported.outputs(signs.COUNT))
    assert isinstance(loaded.signatures["serving_default"].structured_outputs["y"], tf.TensorSpec)


def test_of_few_classes_all_are_named():
    assert exported.outputs(3)["predict_images"]["scores"] == ("float32", (-1, 3))


def test_the_facts_need_nothing_heavy():
    code = "import sys, roadsigns.exported; print({'numpy', 'tensorflow', 'keras'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
