"""TensorFlow's messages without TensorFlow, and with all of it afterwards; in processes of their own."""

import subprocess
import sys

ALONE = """
import sys
from roadsigns.serving import protos
from roadsigns.serving.grpc import server
assert not {"tensorflow", "keras", "absl"} & set(sys.modules), "loaded"
assert protos.types_pb2.DataType.Name(1) == "DT_FLOAT"
message = protos.predict_pb2.PredictRequest()
message.inputs["x"].float_val.append(2.5)
assert protos.predict_pb2.PredictRequest.FromString(message.SerializeToString()) == message
"""

THEN_ALL = """
import tensorflow as tf
assert tf.make_ndarray(tf.make_tensor_proto([2.5])).tolist() == [2.5]
assert type(tf.make_tensor_proto(1)) is type(message.inputs["x"])
assert tf.function(lambda x: x + 1)(tf.constant(1)).numpy() == 2
"""

FIRST_ALL = """
import sys
import tensorflow as tf
from roadsigns.serving import protos
assert sys.modules["tensorflow"] is tf
"""


def run(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_messages_and_stubs_load_without_tensorflow() -> None:
    run(ALONE)


def test_tensorflow_can_be_loaded_after_them() -> None:
    run(ALONE + THEN_ALL)


def test_a_tensorflow_that_is_there_is_left_alone() -> None:
    run(FIRST_ALL)
