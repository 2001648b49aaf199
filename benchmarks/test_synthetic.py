"""How fast are signs drawn? A good number: 2,000 pictures a second on two cores, with all factors of the camera on.

The prints of the designs are made before the clock starts, as they are once for each process.
"""

import numpy as np
import pytest

from roadsigns.data import synthetic
from roadsigns.data.synthetic.draw import UNIT


def test_draw_on_one_core(throughput):
    count = 2 * UNIT
    expected = synthetic.draw(count, 0)
    images, labels = throughput(lambda: synthetic.draw(count, 0), count, group="drawn signs")
    np.testing.assert_array_equal(images, expected[0])
    np.testing.assert_array_equal(labels, expected[1])
    assert len(np.unique(labels)) == 43


@pytest.mark.parametrize("count", [21_500, 86_000])
def test_draw_on_all_cores(throughput, count):
    """As `roadsigns data` draws them: the start of the processes and their prints included."""
    processes = synthetic.cores()
    draw = lambda: synthetic.draw(count, 0, processes=processes)  # noqa: E731
    images, _ = throughput(draw, count, rounds=3, group=f"drawn signs, {processes} processes")
    np.testing.assert_array_equal(images[:UNIT], _first_unit(count))


def _first_unit(count):
    """The same pictures by the camera itself."""
    from roadsigns.data.synthetic.camera import photograph

    labels = synthetic.draw(count, 0, camera=synthetic.Camera().only())[1]
    return photograph(labels[:UNIT], (0, 0, 0), synthetic.Camera())
