"""The exported network behind LitServe, as its documentation shows: a LitAPI with setup, decode, predict, encode.

    python litserve_server.py MODEL PORT [MAX_BATCH_SIZE]

With a batch size it is LitServe's "Batching" page: `predict` gets a batch that `batch` stacks and `unbatch` splits.
"""

import base64
import sys

import litserve as ls
import numpy as np


class Signs(ls.LitAPI):
    def __init__(self, model, **options):
        super().__init__(**options)
        self.path = model

    def setup(self, device):
        import tensorflow as tf

        self.tf = tf
        self.model = tf.saved_model.load(self.path)
        self.pixels = self.model.signatures["serving_default"]
        self.images = self.model.signatures["predict_images"]

    def decode_request(self, request):
        if "image" in request:
            return base64.b64decode(request["image"])
        return np.asarray(request["x"], np.float32)

    def batch(self, inputs):
        return inputs if isinstance(inputs[0], bytes) else np.stack(inputs)

    def predict(self, inputs):
        tf = self.tf
        single = isinstance(inputs, bytes) or (isinstance(inputs, np.ndarray) and inputs.ndim == 3)
        batch = [inputs] if single else inputs
        if isinstance(batch[0], bytes):
            made = self.images(image_bytes=tf.constant(batch))["probabilities"].numpy()
        else:
            x = tf.constant(np.asarray(batch))
            made = self.pixels(x=x, keep_prob=tf.constant(1.0), keep_prob_conv=tf.constant(1.0))["y"].numpy()
        return made[0] if single else made

    def unbatch(self, output):
        return list(output)

    def encode_response(self, output):
        return {"probabilities": output.tolist()}


if __name__ == "__main__":
    batching = {"max_batch_size": int(sys.argv[3]), "batch_timeout": 0.001} if len(sys.argv) > 3 else {}
    server = ls.LitServer(Signs(sys.argv[1], **batching), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False, log_level="warning")
