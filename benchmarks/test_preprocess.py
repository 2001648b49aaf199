"""How fast do pictures become the network's input? A good number: 10 times the notebook's loop at batch 512.

`python benchmarks/compare_preprocess.py` measures that ratio in pairs.
"""

import numpy as np
import pytest
from notebook_loop import notebook_loop

from roadsigns.preprocess import preprocess


@pytest.mark.parametrize("step", [notebook_loop, preprocess])
def test_preprocess_512(throughput, pictures, step):
    images = pictures[:512]
    x = throughput(lambda: step(images), 512, group="preprocess 512 pictures")
    np.testing.assert_array_equal(x, notebook_loop(images))
