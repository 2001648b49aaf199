"""The exported network behind MLServer, as its documentation shows: a custom runtime with load and predict."""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.codecs.base64 import Base64Codec
from mlserver.types import InferenceRequest, InferenceResponse


class Signs(MLModel):
    async def load(self):
        import tensorflow as tf

        self._tf = tf
        self._model = tf.saved_model.load(self.settings.parameters.uri)
        self._pixels = self._model.signatures["serving_default"]
        self._images = self._model.signatures["predict_images"]
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        tf = self._tf
        [given] = payload.inputs
        if given.name == "image":
            files = Base64Codec.decode_input(given)
            made = self._images(image_bytes=tf.constant(files))["probabilities"].numpy()
        else:
            x = NumpyCodec.decode_input(given).astype(np.float32)
            made = self._pixels(x=tf.constant(x), keep_prob=tf.constant(1.0), keep_prob_conv=tf.constant(1.0))[
                "y"
            ].numpy()
        output = NumpyCodec.encode_output("probabilities", made)
        return InferenceResponse(model_name=self.name, outputs=[output])
