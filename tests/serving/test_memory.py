import subprocess
import sys

PROGRAM = """
import gc, weakref
from roadsigns.serving import memory

class Loop:
    def __init__(self):
        self.me = self

with memory.staying():
    kept = [[] for _ in range(100_000)]
    assert not gc.isenabled()
    before = len(gc.get_objects())
left = len(gc.get_objects())
assert gc.isenabled()
gone = weakref.ref(Loop())
memory.give_back()
assert before > 100_000 and left < 1_000, (before, left)
assert gone() is None
"""


def test_what_stays_is_not_looked_at_again_and_what_comes_later_is_collected():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60)
