"""Keras and its backend, chosen and loaded quietly, with the settings that this package means."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator
from typing import Any

from . import machine
from .errors import ModelError, UsageError

_BACKENDS = ("tensorflow", "jax")


def start() -> str:
    """Load Keras with its backend and return the backend's name; every command calls this before it imports Keras.

    The backend is `KERAS_BACKEND`, else TensorFlow, else JAX where TensorFlow is not installed. TensorFlow's start-up
    lines are kept off stderr. Its oneDNN kernels are asked for, since without them a CPU trains more slowly.

    Raises:
        UsageError: `KERAS_BACKEND` names another backend.
        ModelError: no backend is installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    installed = [name for name in _BACKENDS if importlib.util.find_spec(name)]
    wanted = os.environ.get("KERAS_BACKEND") or (installed or [""])[0]
    if wanted and wanted not in _BACKENDS:
        raise UsageError(
            f"Invalid value for KERAS_BACKEND: expected {' or '.join(_BACKENDS)}. Received: {wanted!r}. This package's "
            "layers, exports and compiled epochs are made for these two"
        )
    if wanted not in installed:
        raise ModelError(f"{wanted or 'A backend'} is not installed. Run: pip install {wanted or 'tensorflow'}")
    os.environ["KERAS_BACKEND"] = wanted
    with _silence():
        for name in installed:
            if name in (wanted, "tensorflow"):  # Keras loads TensorFlow when it saves, whatever the backend
                importlib.import_module(name)
        import keras
    return str(keras.config.backend())


@contextlib.contextmanager
def own_settings() -> Iterator[None]:
    """Within, Keras makes and trains models as this package means them, whatever a person's settings are.

    Those of `~/.keras/keras.json` and of `keras.config` (data format, number formats) are back afterwards.
    """
    import keras

    settings = keras.config
    kept = settings.floatx(), settings.image_data_format(), settings.dtype_policy()
    settings.set_floatx("float32")
    settings.set_image_data_format("channels_last")
    settings.set_dtype_policy("float32")
    try:
        yield
    finally:
        settings.set_floatx(kept[0])
        settings.set_image_data_format(kept[1])
        settings.set_dtype_policy(kept[2])


def require_tensorflow(purpose: str) -> Any:
    """TensorFlow, loaded quietly.

    Raises:
        ModelError: it is not installed; says that `purpose` needs it.
    """
    if not importlib.util.find_spec("tensorflow"):
        raise ModelError(f"{purpose} needs TensorFlow, which is not installed. Run: pip install tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    with _silence():
        return importlib.import_module("tensorflow")


def devices() -> int:
    """Among how many devices `tf.distribute` divides the batch that is traced; 1 where it does not, and on JAX."""
    import keras

    if keras.config.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()
    return replica.num_replicas_in_sync if replica else 1


def has_fast_bfloat16() -> bool:
    """Whether `precision` can train with bfloat16: TensorFlow's oneDNN kernels on a processor that multiplies it."""
    return (
        os.environ.get("KERAS_BACKEND") != "jax"
        and os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "1"
        and not {"avx512_bf16", "amx_bf16"}.isdisjoint(machine.cpuinfo("flags").split())
        and machine.accelerator() is None
    )


@contextlib.contextmanager
def precision(name: str) -> Iterator[None]:
    """Within, `bfloat16` has functions multiply in bfloat16, and add in float32, where `has_fast_bfloat16`.

    The model knows nothing of it: its weights, its inputs and what is saved and exported stay float32.
    """
    if name == "float32" or not has_fast_bfloat16():
        yield
        return
    import tensorflow as tf

    rewrite = "auto_mixed_precision_onednn_bfloat16"
    tf.config.optimizer.set_experimental_options({rewrite: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({rewrite: False})


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Send what is written to file descriptor 2, by C++ code too, nowhere; an exception still passes."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
