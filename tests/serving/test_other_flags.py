"""Command lines of `tensorflow_model_server`: its flags are followed, told to change nothing, or refused in a line."""

import pytest

from roadsigns.config import ServeOptions
from roadsigns.errors import UsageError
from roadsigns.serving import other_flags

# The flags of TensorFlow Serving 2.19, as `tensorflow_model_server --help` lists them.
THEIRS = """
port grpc_socket_path rest_api_port rest_api_num_threads rest_api_timeout_in_ms rest_api_enable_cors_support
enable_batching allow_version_labels_for_unavailable_models batching_parameters_file
enable_per_model_batching_parameters model_config_file model_config_file_poll_wait_seconds model_name
model_base_path num_load_threads num_unload_threads max_num_load_retries load_retry_interval_micros
file_system_poll_wait_seconds flush_filesystem_caches tensorflow_session_parallelism tensorflow_session_config_file
tensorflow_intra_op_parallelism tensorflow_inter_op_parallelism use_alts_credentials ssl_config_file
platform_config_file per_process_gpu_memory_fraction saved_model_tags grpc_channel_arguments grpc_max_threads
enable_model_warmup num_request_iterations_for_warmup version monitoring_config_file
remove_unused_fields_from_bundle_metagraph prefer_tflite_model num_tflite_pools num_tflite_interpreters_per_pool
enable_signature_method_name_check xla_cpu_compilation_enabled xla_gpu_compilation_enabled enable_profiler
thread_pool_factory_config_file mixed_precision skip_initialize_tpu enable_grpc_healthcheck_service
enable_serialization_as_tensor_content
"""


@pytest.mark.parametrize("flag", THEIRS.split())
def test_every_flag_is_known(flag):
    ours = {*ServeOptions.__dataclass_fields__, "version"}
    assert [flag in ours, flag in other_flags.WITHOUT_EFFECT, flag in other_flags.REFUSED].count(True) == 1


def test_no_flag_is_known_that_is_none_of_theirs():
    assert {*other_flags.WITHOUT_EFFECT, *other_flags.REFUSED} <= set(THEIRS.split())


def test_what_has_no_effect_is_taken_out_and_told():
    left, notes = other_flags.take_out(
        [
            "--port=8500",
            "--rest_api_num_threads=16",
            "--prefer_tflite_model",
            "--grpc_max_threads",
            "8",
            "--model_name",
            "m",
        ]
    )
    assert left == ["--port=8500", "--model_name", "m"]
    assert [note.split(" has no effect here: ")[0] for note in notes] == [
        "--rest_api_num_threads",
        "--prefer_tflite_model",
        "--grpc_max_threads",
    ]


@pytest.mark.parametrize("flag", ["--saved_model_tags=serve", "--use_alts_credentials=false", "--mixed_precision="])
def test_what_is_so_anyway_is_taken_out_too(flag):
    assert other_flags.take_out([flag])[0] == []


@pytest.mark.parametrize(
    ("flag", "way_out"),
    [
        ("--grpc_socket_path=/tmp/s", "Give --host and --port"),
        ("--use_alts_credentials", "--ssl_config_file"),
        ("--saved_model_tags=serve,gpu", "The graph with the tag 'serve' is served"),
        ("--tensorflow_session_config_file=/x", "--tensorflow_intra_op_parallelism"),
    ],
)
def test_what_cannot_be_given_is_refused_with_a_way_out(flag, way_out):
    with pytest.raises(UsageError, match=f"{flag.split('=')[0]} cannot be followed.*{way_out}"):
        other_flags.take_out([flag])
