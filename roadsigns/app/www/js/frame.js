import { byId, closable } from './dom.js'

// About as large as the benchmark's pictures are, so that the model's own resize meets what it was trained on.
const SENT = 64

const dialog = byId('frame')
const view = byId('frame-view')
const zoom = byId('frame-zoom')
const places = [byId('frame-x'), byId('frame-y')]
let source
let accept = () => {}

closable(dialog)
dialog.addEventListener('close', () => {
  source?.stop()
  source = undefined
})
for (const slider of [zoom, ...places]) slider.addEventListener('input', show)
byId('frame-ask').addEventListener('click', () => accept())
view.addEventListener('pointerdown', (event) => view.setPointerCapture(event.pointerId))
view.addEventListener('pointermove', drag)

/**
 * Let a person choose the square that is sent; then call `choose(label, canvas, base64)`.
 *
 * A source is `{ image, width, height, moving, stop }`.
 */
export function frame(picked, label, choose) {
  source?.stop()
  source = picked
  zoom.value = 1
  for (const place of places) place.value = 0.5
  accept = () => {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = SENT
    paint(canvas)
    dialog.close()
    choose(label, canvas, pngOf(canvas))
  }
  if (!dialog.open) dialog.showModal()
  film()
}

/** A canvas's picture as a PNG file, base64 encoded. */
export const pngOf = (canvas) => canvas.toDataURL('image/png').split(',')[1]

/** The square in the source's pixels: left, top, side. */
function square() {
  const side = Math.min(source.width, source.height) / Number(zoom.value)
  return [(source.width - side) * Number(places[0].value), (source.height - side) * Number(places[1].value), side]
}

function paint(canvas) {
  const [left, top, side] = square()
  const context = canvas.getContext('2d')
  context.fillStyle = '#fff' // beneath a transparent picture
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.imageSmoothingQuality = 'high'
  context.drawImage(source.image, left, top, side, side, 0, 0, canvas.width, canvas.height)
}

function show() {
  if (source) paint(view)
}

function film() {
  show()
  if (source?.moving) requestAnimationFrame(film)
}

function drag(event) {
  if (!source || !event.buttons) return
  const side = square()[2]
  const moved = [event.movementX, event.movementY]
  for (const [i, length] of [source.width, source.height].entries()) {
    const room = length - side
    if (room) places[i].value = Number(places[i].value) - (moved[i] * side) / view.clientWidth / room
  }
  show()
}
