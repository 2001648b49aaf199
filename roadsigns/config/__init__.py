"""What a run may vary: one table behind the flags, the environment variables, `--help` and the documents' tests.

Each command has a frozen dataclass of `option`s.
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
