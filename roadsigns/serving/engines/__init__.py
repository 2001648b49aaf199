"""What runs one version of a model: TensorFlow, or ONNX Runtime where it can."""
