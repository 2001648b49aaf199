"""TensorFlow Serving's requests and answers as bytes and arrays. No module here knows of HTTP or TensorFlow."""
