"""The gRPC port: TensorFlow Serving's services on the stubs of `tensorflow-serving-api`."""
