// What is sent to the model. Edit it here; the window shows the request as it was sent.
// The address is relative to the page, so that both work below a path prefix too.
const TENSORFLOW_URL = 'v1/models/roadsigns_model:predict'

function requestPayload(imageData) {
  return {
    inputs: {
      keep_prob: [1],
      keep_prob_conv: [1],
      x: [imageData],
    },
  }
}

// A picture of your own: PNG bytes, base64 encoded. The model itself decodes and prepares them.
function picturePayload(base64) {
  return {
    signature_name: 'predict_images',
    inputs: { image_bytes: [{ b64: base64 }] },
  }
}

// One image and 30 values of each keep probability: 30 answers.
function spreadPayload(imageData, keepProb, keepProbConv) {
  return {
    inputs: {
      keep_prob: Array(30).fill(keepProb),
      keep_prob_conv: Array(30).fill(keepProbConv),
      x: [imageData],
    },
  }
}

import { ask } from './ask.js'
import { showGallery } from './gallery.js'
import { known, NOTEBOOK, served, showModel } from './model.js'
import { acceptPictures } from './own.js'
import { networkInput } from './preprocess.js'
import { openResults } from './results.js'
import { listPictures } from './table.js'

const server = {
  served: (signal) => served(TENSORFLOW_URL, signal),
  known: (model, signal) => known(TENSORFLOW_URL, model, signal),
  ask: (payload, signal) => ask(TENSORFLOW_URL, payload, signal),
  picturePayload,
  spreadPayload,
}

showGallery((label, picture, imageData) => openResults({
  label,
  says: label,
  picture,
  x: (shape) => String(shape) === String(NOTEBOOK) ? imageData : networkInput(picture, shape),
  payload: requestPayload,
}, server))

acceptPictures((label, picture, base64) => openResults({
  label,
  picture,
  x: (shape) => networkInput(picture, shape),
  payload: () => picturePayload(base64),
}, server), (files, open) => listPictures(files, server, open))

const model = await server.served()
showModel(model, await server.known(model))
