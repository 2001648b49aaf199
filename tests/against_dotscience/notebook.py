"""A program that tells Dotscience what the notebook tells it, through the real package; run in a project's folder.

Its one argument is JSON: `parameters`, `accuracy`, `inputs`, `outputs` and `labels`.
"""

import json
import sys

import dotscience as ds  # type: ignore[import-not-found, unused-ignore]

run = json.loads(sys.argv[1])
ds.start()
for path in run["inputs"]:
    ds.input(path)
for name, value in run["parameters"].items():
    ds.parameter(name, value)
ds.summary("accuracy", run["accuracy"])
for path in run["outputs"]:
    ds.output(path)
for name, value in run["labels"].items():
    ds.label(name, value)
ds.publish()
