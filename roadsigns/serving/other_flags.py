"""The flags of `tensorflow_model_server` that this server does not have: told without effect, or refused with a reason.

A command line that works with TensorFlow Serving works here, unless a flag asks for something that cannot be given.

Source: the flags of TensorFlow Serving's `model_servers/main.cc`.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UsageError

_GPU = "the memory of a GPU is taken as it is needed"
_THREADS = "there are as many threads as the work needs"
_TFLITE = "models run in TensorFlow or ONNX Runtime"
_XLA = "TensorFlow decides on compilation"

WITHOUT_EFFECT = {
    "rest_api_num_threads": _THREADS,
    "grpc_max_threads": _THREADS,
    "num_load_threads": "versions load one after the other, beside the requests",
    "num_unload_threads": "each version has a thread that unloads it",
    "flush_filesystem_caches": "the system decides on its caches",
    "per_process_gpu_memory_fraction": _GPU,
    "num_request_iterations_for_warmup": "each warm-up request runs twice",
    "remove_unused_fields_from_bundle_metagraph": "the graph is not kept beside the session",
    "prefer_tflite_model": _TFLITE,
    "num_tflite_pools": _TFLITE,
    "num_tflite_interpreters_per_pool": _TFLITE,
    "enable_signature_method_name_check": "methods are always checked",
    "enable_per_model_batching_parameters": "--batching_parameters_file is for all models",
    "xla_cpu_compilation_enabled": _XLA,
    "xla_gpu_compilation_enabled": _XLA,
    "enable_profiler": "there is no profiler service",
    "thread_pool_factory_config_file": _THREADS,
    "skip_initialize_tpu": "there is no TPU",
    "enable_grpc_healthcheck_service": "the health service is always there",
    "enable_serialization_as_tensor_content": "answers are tensor content always",
}
"""Why each flag changes nothing here."""

REFUSED = {
    "grpc_socket_path": "The gRPC API has a TCP port only. Give --host and --port",
    "use_alts_credentials": "ALTS is not to be had here. Encrypt the gRPC port with --ssl_config_file",
    "platform_config_file": "There is one platform, TensorFlow. Give --batching_parameters_file and the like",
    "tensorflow_session_config_file": "Give --tensorflow_intra_op_parallelism and --tensorflow_inter_op_parallelism",
    "mixed_precision": "A model is run in the precision that it was exported in. Leave the flag out",
    "saved_model_tags": "The graph with the tag 'serve' is served. Leave the flag out",
}
"""What to do instead of each flag."""

_HARMLESS = {"saved_model_tags": ("serve", ""), "mixed_precision": ("",), "use_alts_credentials": ("false", "0")}


def take_out(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Take the flags without effect out of a command line.

    Returns:
        The other arguments, and a line for each flag taken out.

    Raises:
        UsageError: a flag asks for what cannot be given; says what to do instead.
    """
    left, notes = [], []
    words = list(arguments)
    while words:
        word = words.pop(0)
        name, is_joined, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or name not in {**WITHOUT_EFFECT, **REFUSED}:
            left.append(word)
            continue
        if not is_joined and words and not words[0].startswith("-"):
            value = words.pop(0)
        if name in REFUSED and value not in _HARMLESS.get(name, ()):
            raise UsageError(f"--{name} cannot be followed. {REFUSED[name]}")
        notes.append(f"--{name} has no effect here: {WITHOUT_EFFECT.get(name, 'it asks for what is so anyway')}")
    return left, notes
