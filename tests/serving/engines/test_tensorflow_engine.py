"""TensorFlow's errors cut down to the line that tells a person what is wrong."""

import pytest

from roadsigns.serving.engines.tensorflow_engine import essence


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (
            "Graph execution error:\n\nassertion failed: [Invalid value for `keep_prob`: expected numbers in (0, 1]. "
            "Received:] [0.5 2]\n\t [[{{node Assert}}]]",
            "Invalid value for `keep_prob`: expected numbers in (0, 1]. Received: 0.5 2",
        ),
        (
            "Graph execution error:\n\nInvalid PNG data, size 60\n\t [[{{node map/DecodePng}}]]",
            "Invalid PNG data, size 60",
        ),
        (
            "Graph execution error:\n\nDetected at node 'a' defined at (most recent call last):\n"
            '  File "/home/somebody/train.py", line 3, in f\n2 root error(s) found.\n'
            "  (0) INVALID_ARGUMENT:  assertion failed: [bad:] [7]\n\t [[{{node a}}]]\n  (1) INVALID_ARGUMENT: other",
            "bad: 7",
        ),
        ("plain", "plain"),
        ("", ""),
        ("\n\n", ""),
    ],
)
def test_the_essence_is_one_line(message, line):
    assert essence(message) == line
