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
import { known, served } from './model.js'
import { acceptPictures } from './own.js'
import { openResults } from './results.js'

const predict = (payload) => (signal) => ask(TENSORFLOW_URL, payload, signal)

const spread = (imageData) => (keepProb, keepProbConv, signal) =>
  ask(TENSORFLOW_URL, spreadPayload(imageData, keepProb, keepProbConv), signal)

const model = async (signal) => known(TENSORFLOW_URL, await served(TENSORFLOW_URL, signal), signal)

showGallery((label, picture, imageData) =>
  openResults(label, picture, predict(requestPayload(imageData)), spread(imageData), model))

acceptPictures((label, picture, base64, imageData) =>
  openResults(label, picture, predict(picturePayload(base64)), spread(imageData), model))
