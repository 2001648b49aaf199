import re

import pytest

from roadsigns.errors import UsageError
from roadsigns.serving.batching.parameters import BatchingParameters, read


def test_a_file_is_read_and_the_rest_is_as_in_tensorflow_serving(tmp_path):
    file = tmp_path / "batching.txt"
    file.write_text(
        """
        # a comment
        max_batch_size { value: 128 }
        batch_timeout_micros { value: 2000 }
        num_batch_threads { value: 3 }
        thread_pool_name { value: "pool" }
        allowed_batch_sizes: 8
        allowed_batch_sizes: 32
        enable_large_batch_splitting { value: true }
        max_execution_batch_size { value: 32 }
        pad_variable_length_inputs: true
        """
    )
    assert read(file) == BatchingParameters(
        max_batch_size=128,
        batch_timeout_micros=2000,
        max_enqueued_batches=10,
        num_batch_threads=3,
        allowed_batch_sizes=(8, 32),
        pad_variable_length_inputs=True,
        enable_large_batch_splitting=True,
        max_execution_batch_size=32,
    )


def test_an_empty_file_is_tensorflow_servings_defaults(tmp_path):
    file = tmp_path / "batching.txt"
    file.touch()
    found = read(file)
    assert (found.max_batch_size, found.max_enqueued_batches, found.batch_timeout_micros) == (1000, 10, 0)
    assert not found.enable_large_batch_splitting


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_batch_size: 3", "cannot be read"),
        ("max_batch { value: 3 }", 'no field named "max_batch"'),
        ("max_batch_size { value: 0 }", "Invalid value for max_batch_size: expected 1 or more. Received: 0"),
        ("batch_timeout_micros { value: -1 }", "Invalid value for batch_timeout_micros: expected 0 or more"),
        ("max_batch_size { value: 8 } allowed_batch_sizes: 4", "expected ascending sizes, the last 8. Received: 4"),
        ("max_batch_size { value: 8 } allowed_batch_sizes: [8, 4, 8]", "Received: 8, 4, 8"),
        ("max_batch_size { value: 8 } allowed_batch_sizes: [-1, 8]", "Received: -1, 8"),
        ("max_batch_size { value: 8 } max_execution_batch_size { value: 9 }", "expected at most max_batch_size, 8"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, text, message):
    file = tmp_path / "batching.txt"
    file.write_text(text)
    with pytest.raises(UsageError, match=re.escape(message)):
        read(file)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_is_none_is_named(tmp_path, content):
    file = tmp_path / "batching.txt"
    if content:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=re.escape(str(file))):
        read(file)
