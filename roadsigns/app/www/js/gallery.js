import { byId, make, tell } from './dom.js'
import { signOf, signSpan } from './names.js'

/** Show a card for each sign of `appdata.json`; a click calls `choose(label, picture, imageData)`. */
export async function showGallery(choose) {
  try {
    const response = await fetch('appdata.json')
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`)
    const data = await response.json()
    byId('gallery').replaceChildren(...data.image_filenames.map((file, i) =>
      make('li', '', card(file, data.image_labels[i], data.tensorflow_images[i], choose))))
    tell(byId('gallery-status'), '')
  } catch (error) {
    tell(byId('gallery-status'), `The signs could not be loaded: ${error.message}`)
  }
}

function card(file, label, imageData, choose) {
  const picture = make('img')
  Object.assign(picture, { src: file, alt: '', width: 128, height: 128, loading: 'lazy', decoding: 'async' })
  const sign = signOf(label)
  const name = make('span', 'name', sign === undefined ? label : signSpan(sign))
  const button = make('button', 'card', picture, name, make('span', 'act', 'Predict'))
  button.type = 'button'
  button.addEventListener('click', () =>
    choose(label, Object.assign(picture.cloneNode(), { loading: 'eager' }), imageData))
  return button
}
