"""The options of each command: one table behind its flags, environment variables, `--help` and documents.

Each table is a frozen dataclass whose fields are `option`s.
"""

from .completion import CompletionOptions
from .data import DataCommandOptions, DataOptions
from .models import ClassifyOptions, EvaluateOptions, ExportOptions, ModelOptions, PredictOptions
from .servers import AppdataOptions, AppOptions, ServeOptions
from .train import TrainOptions

__all__ = [
    "AppOptions",
    "AppdataOptions",
    "ClassifyOptions",
    "CompletionOptions",
    "DataCommandOptions",
    "DataOptions",
    "EvaluateOptions",
    "ExportOptions",
    "ModelOptions",
    "PredictOptions",
    "ServeOptions",
    "TrainOptions",
]
