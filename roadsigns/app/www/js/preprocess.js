import { resize } from './resize.js'

const RADIUS = 30

/**
 * The network's `x` of a picture in the shape that the network states, `[height][width][channels]`, to the bit as the
 * package makes it: one channel is equalised grey, three are red, green and blue, each from 0 to 1.
 *
 * Takes an `img` or a `canvas`.
 */
export async function networkInput(source, [height, width, channels]) {
  const canvas = await canvasOf(source)
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  const rgb = resize(pixels, height, width)
  const levels = channels === 1 ? equalized(grey(rgb), height, width) : rgb
  const pixel = (at) => Array.from(levels.subarray(at, at + channels), share)
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => pixel((y * width + x) * channels)))
}

/** A level of 0..255 as a share, as float32 has it, in the fewest digits that say so. */
const share = (level) => Number(Math.fround(level / 255).toPrecision(9))

/** The pixels of an `img` or a `canvas`, as they are, on a canvas of their own. */
export async function canvasOf(source) {
  await source.decode?.()
  const canvas = document.createElement('canvas')
  canvas.width = source.naturalWidth ?? source.width
  canvas.height = source.naturalHeight ?? source.height
  canvas.getContext('2d', { willReadFrequently: true }).drawImage(source, 0, 0)
  return canvas
}

const grey = (rgb) => Uint8Array.from({ length: rgb.length / 3 }, (_, i) =>
  (9798 * rgb[3 * i] + 19235 * rgb[3 * i + 1] + 3735 * rgb[3 * i + 2] + 16384) >> 15)

/** Of the pixels within RADIUS of each, the share that are at most as bright, as 0..255. */
function equalized(levels, height, width) {
  return levels.map((level, at) => {
    let inside = 0
    let darker = 0
    for (let i = 0; i < height * width; i++) {
      const down = Math.floor(i / width) - Math.floor(at / width)
      if (down ** 2 + (i % width - at % width) ** 2 > RADIUS ** 2) continue
      inside++
      if (levels[i] <= level) darker++
    }
    return Math.floor((255 * darker) / inside)
  })
}
