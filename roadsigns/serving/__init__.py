"""The model server: TensorFlow Serving's REST and gRPC APIs on one exported model.

From the bottom up, each folder with one trade:

- `protocol` needs neither HTTP nor TensorFlow: `route` reads a path, `json_reader` a body, `predict_request` and
  `examples` what the body asks for; `predict_answer` and `status` write what goes back. A refusal is a `RequestError`.
- `engines` run one version, with TensorFlow or ONNX Runtime; `batching` lets requests share a run.
- `models` loads and unloads versions as their folders and the configuration change.
- `http` knows HTTP and nothing of models; `rest` knows both. `grpc` is the other front. Large bodies are read, and
  large answers written, in the processes of `workers`.
- `server` puts the parts together, `python -m roadsigns.serving` is the command.
"""
