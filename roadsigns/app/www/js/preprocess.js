/** Height and width of the network's pictures. */
const SIZE = 32
const RADIUS = 30

/**
 * The network's `x` of a picture, `[32][32][1]`, as `roadsigns.preprocess` makes it, to the bit.
 *
 * Takes RGBA bytes of 64 x 64 pixels, which shrink to the mean of each 2 x 2.
 */
export function preprocess(rgba) {
  const grey = new Uint8Array(SIZE * SIZE)
  for (let i = 0; i < grey.length; i++) {
    const [red, green, blue] = [0, 1, 2].map((channel) => half(rgba, Math.floor(i / SIZE), i % SIZE, channel))
    grey[i] = (9798 * red + 19235 * green + 3735 * blue + 16384) >> 15
  }
  return Array.from({ length: SIZE }, (_, y) => Array.from({ length: SIZE }, (_, x) => [level(equalized(grey, y, x))]))
}

/** The mean of 2 x 2 pixels, half a level up. */
function half(rgba, y, x, channel) {
  const at = (row, column) => rgba[4 * (2 * SIZE * row + column) + channel]
  return (at(2 * y, 2 * x) + at(2 * y, 2 * x + 1) + at(2 * y + 1, 2 * x) + at(2 * y + 1, 2 * x + 1) + 2) >> 2
}

/** Of the pixels within RADIUS of one, the share that are at most as bright, as 0..255. */
function equalized(grey, y, x) {
  let inside = 0
  let darker = 0
  for (let i = 0; i < grey.length; i++) {
    if ((Math.floor(i / SIZE) - y) ** 2 + (i % SIZE - x) ** 2 > RADIUS ** 2) continue
    inside++
    if (grey[i] <= grey[y * SIZE + x]) darker++
  }
  return Math.floor((255 * darker) / inside)
}

/** A grey level as float32 has it, in the fewest digits that say so. */
const level = (value) => Number(Math.fround(value / 255).toPrecision(9))
