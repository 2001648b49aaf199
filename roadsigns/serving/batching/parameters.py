"""How requests share batches: TensorFlow Serving's `--batching_parameters_file`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import UsageError

_INTEGERS = (
    "max_batch_size",
    "batch_timeout_micros",
    "max_enqueued_batches",
    "num_batch_threads",
    "max_execution_batch_size",
)
_THEIRS = {"max_batch_size": 1000, "max_enqueued_batches": 10}


@dataclass(frozen=True)
class BatchingParameters:
    """How requests share batches.

    Without a file batches are as large as pays on a CPU, where more rows hardly run faster, and no request is too
    large: its parts run side by side.

    Attributes:
        max_batch_size: rows of a batch.
        batch_timeout_micros: how long a request waits for others, in microseconds, where the engine is free. 0 adds no
            latency: requests gather while the engine is busy.
        max_enqueued_batches: how many batches may wait; more is UNAVAILABLE.
        num_batch_threads: how many batches run at once.
        allowed_batch_sizes: sizes that batches are filled up to, ascending; none if empty.
        pad_variable_length_inputs: read and of no effect. Requests of unequal shapes are never padded to one batch,
            which would change their answers; they run in batches of their own.
        enable_large_batch_splitting: whether a request may have more rows than a batch; it then takes several.
        max_execution_batch_size: rows that run at once where requests are split; 0 for `max_batch_size`.

    Raises:
        UsageError: a number is out of range, or the sizes do not end at the largest batch.

    Source: TensorFlow Serving's batching guide and its `session_bundle_config.proto`.
    """

    max_batch_size: int = 64
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 2048
    num_batch_threads: int = os.cpu_count() or 1
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length_inputs: bool = False
    enable_large_batch_splitting: bool = True
    max_execution_batch_size: int = 0

    def __post_init__(self) -> None:
        for name in _INTEGERS:
            least = 0 if name in ("batch_timeout_micros", "max_execution_batch_size") else 1
            if getattr(self, name) < least:
                raise UsageError(f"Invalid value for {name}: expected {least} or more. Received: {getattr(self, name)}")
        if self.max_execution_batch_size > self.max_batch_size:
            raise UsageError(
                f"Invalid value for max_execution_batch_size: expected at most max_batch_size, {self.max_batch_size}. "
                f"Received: {self.max_execution_batch_size}"
            )
        sizes = self.allowed_batch_sizes
        if sizes and (list(sizes) != sorted(set(sizes)) or sizes[0] < 1 or sizes[-1] != self.execution_rows):
            raise UsageError(
                f"Invalid value for allowed_batch_sizes: expected ascending sizes, the last {self.execution_rows}. "
                f"Received: {', '.join(map(str, sizes))}"
            )

    @property
    def execution_rows(self) -> int:
        """The most rows that run at once."""
        if self.enable_large_batch_splitting and self.max_execution_batch_size:
            return self.max_execution_batch_size
        return self.max_batch_size


DEFAULTS = BatchingParameters()


def read(path: Path) -> BatchingParameters:
    """Read a file in protocol buffers' text format; what it leaves out is as in TensorFlow Serving.

    Raises:
        UsageError: the file cannot be read, or a value cannot be used.
    """
    from google.protobuf import text_format

    message = _message_class()()
    try:
        text_format.Parse(path.read_bytes(), message)
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise UsageError(f"--batching_parameters_file {str(path)!r} cannot be read: {error}") from error
    splitting = message.enable_large_batch_splitting.value
    given = {name: getattr(message, name).value for name in _INTEGERS if message.HasField(name)}
    return BatchingParameters(
        **{**_THEIRS, **given},
        allowed_batch_sizes=tuple(message.allowed_batch_sizes),
        pad_variable_length_inputs=message.pad_variable_length_inputs,
        enable_large_batch_splitting=splitting,
    )


def _message_class() -> Any:
    """The message of the file. `tensorflow-serving-api` does not bring it, so it is described here."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    file = descriptor_pb2.FileDescriptorProto(
        name="roadsigns/batching_parameters.proto",
        package="roadsigns",
        dependency=[wrappers_pb2.DESCRIPTOR.name],
        syntax="proto3",
    )
    field = descriptor_pb2.FieldDescriptorProto
    wrapped = {
        **dict.fromkeys(_INTEGERS, "Int64Value"),
        "thread_pool_name": "StringValue",
        "enable_large_batch_splitting": "BoolValue",
    }
    message = file.message_type.add(name="BatchingParameters")
    for number, (name, kind) in enumerate(wrapped.items(), start=1):
        message.field.add(
            name=name,
            number=number,
            type=field.TYPE_MESSAGE,
            type_name=f".google.protobuf.{kind}",
            label=field.LABEL_OPTIONAL,
        )
    message.field.add(name="allowed_batch_sizes", number=20, type=field.TYPE_INT64, label=field.LABEL_REPEATED)
    message.field.add(name="pad_variable_length_inputs", number=21, type=field.TYPE_BOOL, label=field.LABEL_OPTIONAL)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("roadsigns.BatchingParameters"))
