from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsigns import config
from roadsigns.config import Kind, Options, TrainOptions
from roadsigns.errors import UsageError

EVERY = [
    config.DataOptions,
    config.DataCommandOptions,
    config.ModelOptions,
    config.TrainOptions,
    config.EvaluateOptions,
    config.PredictOptions,
    config.ExportOptions,
    config.ServeOptions,
    config.AppOptions,
    config.AppdataOptions,
]

EPOCHS, PERCENT, RATE = config.whole(1), config.share(0, 100), config.share(0, math.inf)
MOMENTUM = config.within(0, 1)
SEED, SPLIT = config.whole(0, 2**31 - 1), config.choice("train", "valid", "test")

GOOD: dict[str, tuple[Kind, Any, Any]] = {
    "host and port": (config.AUTHORITY, "roadsigns-tensorflow:8501", "roadsigns-tensorflow:8501"),
    "address with scheme": (config.AUTHORITY, "http://10.0.0.1:08501/", "10.0.0.1:8501"),
    "host without port": (config.AUTHORITY, "model_server", "model_server:80"),
    "IPv6 address": (config.AUTHORITY, "http://[::1]:8501", "[::1]:8501"),
    "text of a whole number": (EPOCHS, "15", 15),
    "whole float": (EPOCHS, 2.0, 2),
    "least": (EPOCHS, "1", 1),
    "zero where allowed": (SEED, "0", 0),
    "most": (SEED, "2147483647", 2**31 - 1),
    "percent": (PERCENT, "1", 1.0),
    "a part of a percent": (PERCENT, "0.5", 0.5),
    "all": (PERCENT, "100", 100.0),
    "exponent": (RATE, "1e-3", 0.001),
    "none of a momentum": (MOMENTUM, "0", 0.0),
    "momentum": (MOMENTUM, "0.999", 0.999),
    "word": (SPLIT, "valid", "valid"),
    "path": (config.PATH, "a/b", Path("a/b")),
    "path as it is": (config.PATH, Path("a"), Path("a")),
    "paths": (config.PATHS, ["a.png", Path("b.png")], (Path("a.png"), Path("b.png"))),
    "text": (config.TEXT, "gtsrb", "gtsrb"),
    "path as text": (config.TEXT, Path("a/b.zip"), "a/b.zip"),
    "true": (config.SWITCH, True, True),
}

WHOLE, SHARE = "expected a whole number of at least 1", "expected a number above 0 and at most 100"
BAD: dict[str, tuple[Kind, Any, str]] = {
    "0": (EPOCHS, "0", f"{WHOLE}. Received: '0'"),
    "negative": (EPOCHS, "-3", f"{WHOLE}. Received: '-3'"),
    "half": (EPOCHS, "1.5", f"{WHOLE}. Received: '1.5'"),
    "half a float": (EPOCHS, 1.5, f"{WHOLE}. Received: 1.5"),
    "letters": (EPOCHS, "abc", f"{WHOLE}. Received: 'abc'"),
    "nothing": (EPOCHS, "", f"{WHOLE}. Received: ''"),
    "exponent": (EPOCHS, "1e2", f"{WHOLE}. Received: '1e2'"),
    "infinite": (EPOCHS, math.inf, f"{WHOLE}. Received: inf"),
    "NaN": (EPOCHS, math.nan, f"{WHOLE}. Received: nan"),
    "switch": (EPOCHS, True, f"{WHOLE}. Received: True"),
    "list": (EPOCHS, [1], f"{WHOLE}. Received: [1]"),
    "too many digits": (EPOCHS, "9" * 5000, WHOLE),
    "above the most": (SEED, 2**31, "a whole number of at least 0 and at most 2147483647. Received: 2147483648"),
    "0 percent": (PERCENT, "0", f"{SHARE}. Received: '0'"),
    "-0 percent": (PERCENT, "-0.0", f"{SHARE}. Received: '-0.0'"),
    "-1 percent": (PERCENT, "-1", f"{SHARE}. Received: '-1'"),
    "101 percent": (PERCENT, "101", f"{SHARE}. Received: '101'"),
    "a little too much": (PERCENT, "100.0000001", f"{SHARE}. Received: '100.0000001'"),
    "NaN percent": (PERCENT, "NaN", f"{SHARE}. Received: 'NaN'"),
    "percent sign": (PERCENT, "5%", f"{SHARE}. Received: '5%'"),
    "true percent": (PERCENT, True, f"{SHARE}. Received: True"),
    "too large": (RATE, "1e400", "expected a number above 0 and finite. Received: '1e400'"),
    "infinite rate": (RATE, "inf", "expected a number above 0 and finite. Received: 'inf'"),
    "too large a whole number": (RATE, 10**400, "expected a number above 0 and finite."),
    "all of a momentum": (MOMENTUM, "1", "expected a number of at least 0 and below 1. Received: '1'"),
    "negative momentum": (MOMENTUM, "-0.1", "expected a number of at least 0 and below 1. Received: '-0.1'"),
    "NaN momentum": (MOMENTUM, "nan", "expected a number of at least 0 and below 1. Received: 'nan'"),
    "true momentum": (MOMENTUM, True, "expected a number of at least 0 and below 1. Received: True"),
    "other word": (SPLIT, "Train", "expected train, valid or test. Received: 'Train'"),
    "no word": (SPLIT, "", "expected train, valid or test. Received: ''"),
    "empty path": (config.PATH, "", "expected a path. Received: ''"),
    "NUL in a path": (config.PATH, "a\0b", r"expected a path. Received: 'a\x00b'"),
    "number as path": (config.PATH, 5, "expected a path. Received: 5"),
    "empty among paths": (config.PATHS, ["a", ""], "expected one or more paths. Received: ['a', '']"),
    "one path for many": (config.PATHS, "sign.png", "expected one or more paths. Received: 'sign.png'"),
    "empty text": (config.TEXT, "", "expected a text that is not empty. Received: ''"),
    "number as text": (config.TEXT, 5, "expected a text that is not empty. Received: 5"),
    "TLS address": (config.AUTHORITY, "https://models:8501", "no https://, no path). Received: 'https://models:8501'"),
    "address with path": (config.AUTHORITY, "models:8501/v1", "expected host:port"),
    "address with user": (config.AUTHORITY, "me:x@models:8501", "expected host:port"),
    "port too large": (config.AUTHORITY, "models:65536", "expected host:port"),
    "port 0": (config.AUTHORITY, "models:0", "expected host:port"),
    "two addresses": (config.AUTHORITY, "models:1,models:2", "expected host:port"),
    "number as address": (config.AUTHORITY, 8501, "expected host:port"),
    "no address": (config.AUTHORITY, "", "expected host:port"),
    "number as switch": (config.SWITCH, 1, "expected true or false. Received: 1"),
    "text as switch": (config.SWITCH, "yes", "expected true or false. Received: 'yes'"),
}


@pytest.mark.parametrize(("kind", "value", "expected"), GOOD.values(), ids=GOOD.keys())
def test_check_reads(kind: Kind, value: Any, expected: Any) -> None:
    read = config.check("--flag", kind, value)
    assert read == expected and type(read) is type(expected)


@pytest.mark.parametrize(("kind", "value", "message"), BAD.values(), ids=BAD.keys())
def test_check_rejects(kind: Kind, value: Any, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape("Invalid value for --flag: ") + ".*" + re.escape(message)):
        config.check("--flag", kind, value)


@given(
    st.sampled_from([EPOCHS, SEED, PERCENT, RATE, SPLIT, config.TEXT, config.SWITCH, config.PATH]),
    st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.binary(), st.lists(st.integers())),
)
def test_check_raises_ours_or_keeps_its_word(kind: Kind, value: Any) -> None:
    try:
        read = config.check("--flag", kind, value)
    except UsageError:
        return
    assert kind.read(read) == read, "what was read is a value of its kind"
    if kind is EPOCHS:
        assert isinstance(read, int) and read >= 1
    if kind in (PERCENT, RATE):
        assert 0 < read < math.inf


BAD_OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "epochs": ({"epochs": 0}, "Invalid value for `epochs`: expected a whole number of at least 1 and at most"),
    "keep_prob": ({"keep_prob": 1.3}, "Invalid value for `keep_prob`: expected a number above 0 and at most 1."),
    "keep_prob_conv": ({"keep_prob_conv": 0}, "Invalid value for `keep_prob_conv`: expected a number above 0"),
    "track": ({"track": "wandb"}, "Invalid value for `track`: expected dotscience or mlflow. Received: 'wandb'"),
    "version": ({"version": -1}, "Invalid value for `version`: expected a whole number of at least 0"),
    "none": ({"epochs": None}, "at least 1 and at most 1000000. Received: None"),
}


@pytest.mark.parametrize(("given", "message"), BAD_OPTIONS.values(), ids=BAD_OPTIONS.keys())
def test_options_reject(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        TrainOptions(**given)


def test_options_read_text() -> None:
    options = TrainOptions(epochs="3", output="out", version="7")  # type: ignore[arg-type]
    assert (options.epochs, options.output, options.version) == (3, Path("out"), 7)


def test_train_options_default_to_the_notebooks_values() -> None:
    """`EPOCHS` and `USE_IMAGE_PERCENT` excepted: its 2 and 1 end at about 5 %."""
    options = TrainOptions()
    assert (options.batch_size, options.learning_rate) == (64, 0.001)
    assert (options.keep_prob, options.keep_prob_conv) == (0.5, 0.7)
    assert options.output == Path("models/roadsigns")


@pytest.mark.parametrize("options", EVERY)
def test_every_option_has_help_and_a_default_of_its_kind(options: type[Options]) -> None:
    assert options() == options(), "constructed without an argument"
    for item in dataclasses.fields(options):
        assert item.metadata["help"] and "\n" not in item.metadata["help"]
        assert isinstance(item.metadata["kind"], Kind)


@pytest.mark.parametrize("options", EVERY)
def test_options_are_frozen(options: type[Options]) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        options().json = True  # type: ignore[attr-defined]


@pytest.mark.parametrize("options", EVERY)
def test_options_as_json_give_the_options_back(options: type[Options]) -> None:
    paths = {"data_dir": Path("d"), "model": Path("m"), "output": Path("o"), "files": (Path("a.png"), Path("b.png"))}
    names = {item.name for item in dataclasses.fields(options)}
    made = options(**{name: value for name, value in paths.items() if name in names})
    assert options(**json.loads(json.dumps(made.as_json()))) == made
