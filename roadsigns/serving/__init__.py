"""The model server: TensorFlow Serving's REST and gRPC APIs on one exported model.

From the bottom up:

- The protocol needs neither HTTP nor TensorFlow: `route` reads a path, `json_reader` a body, `predict_request` and
  `examples` what the body asks for; `predict_answer` and `status` write what goes back. A refusal is a `RequestError`.
- Models: an `engine` runs one version, `engine_pictures` prepares pictures for it, a `servable` batches the requests,
  the `manager` loads and unloads.
- Fronts: `http_connection` and `http_listener` know HTTP and nothing of models, `rest` knows both, `grpc_server` is
  the other front. What is large is read and written in a `side_process`.
- `server` puts them together, `python -m roadsigns.serving` is the command.
"""
