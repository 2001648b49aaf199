"""The model server: TensorFlow Serving's REST and gRPC APIs on one exported model.

The protocol needs neither HTTP nor TensorFlow: `route` reads a path, `json_reader` a body, `predict_request`
and `examples` what the body asks for; `predict_answer` and `status` write what goes back. A refusal is a
`RequestError`.
"""
