"""How fast do pictures become the network's input? A good number: 10 times the notebook's loop at batch 512.

`python benchmarks/compare_preprocess.py` measures that ratio in pairs.
"""

import importlib.util

import numpy as np
import pytest
from notebook_loop import notebook_loop

from roadsigns.preprocess import graph_preprocess, preprocess


@pytest.mark.parametrize("step", [notebook_loop, preprocess])
def test_preprocess_512(throughput, pictures, step):
    images = pictures[:512]
    x = throughput(lambda: step(images), 512, group="preprocess 512 pictures")
    np.testing.assert_array_equal(x, notebook_loop(images))


if importlib.util.find_spec("tensorflow"):

    @pytest.mark.parametrize("batch", [1, 32, 512])
    def test_graph_preprocess(throughput, pictures, batch):
        """What the preprocessing costs inside an exported model, the call of a TensorFlow function included."""
        import tensorflow as tf

        function = tf.function(graph_preprocess, input_signature=[tf.TensorSpec((None, 32, 32, 3), tf.uint8)])
        images = tf.constant(pictures[:batch])
        rounds = 50 if batch == 1 else 7
        x = throughput(lambda: function(images).numpy(), batch, rounds=rounds, group="preprocess in a graph")
        np.testing.assert_array_equal(x, notebook_loop(pictures[:batch]))
