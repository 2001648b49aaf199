// What the two weights of an interpolated pixel add up to.
const WEIGHT = 2048

/**
 * A picture's RGB bytes in another size, to the bit as `roadsigns.resize` makes them.
 *
 * A larger picture shrinks to the mean over areas, exact and rounded once; a smaller one grows by interpolation.
 */
export function resize(picture, toHeight, toWidth) {
  const { height, width } = picture
  const small = height <= toHeight && width <= toWidth
  const columns = parts(width, toWidth, small)
  const rows = parts(height, toHeight, small)
  const rgb = new Uint8Array(toHeight * toWidth * 3)
  const across = (y) => blend(columns, (x, channel) => picture.data[4 * (y * width + x) + channel], small ? 4 : 0)
  const lines = Array.from({ length: height }, (_, y) => across(y))
  const whole = (width < toWidth ? WEIGHT : width) * (height < toHeight ? WEIGHT : height)
  for (const [y, taps] of rows.entries()) {
    for (let i = 0; i < toWidth * 3; i++) {
      rgb[y * toWidth * 3 + i] = small
        ? (taps.reduce((sum, [row, weight]) => sum + ((lines[row][i] * weight) >> 16), 0) + 2) >> 2
        : Math.floor((2 * taps.reduce((sum, [row, weight]) => sum + lines[row][i] * weight, 0) + whole) / (2 * whole))
    }
  }
  return rgb
}

/** One line of a picture in its new width. */
function blend(columns, at, shift) {
  const line = new Float64Array(columns.length * 3)
  for (const [x, taps] of columns.entries()) {
    for (let channel = 0; channel < 3; channel++) {
      let sum = 0
      for (const [column, weight] of taps) sum += at(column, channel) * weight
      line[3 * x + channel] = shift ? sum >> shift : sum
    }
  }
  return line
}

/** For each place along an axis of `length` pixels: the pixels that are in it, and how much of them. */
function parts(length, places, small) {
  const part = small || length < places ? near : area
  return Array.from({ length: places }, (_, i) => part(length, places, i))
}

function area(length, places, i) {
  const taps = []
  for (let pixel = Math.floor((i * length) / places); pixel * places < (i + 1) * length; pixel++) {
    taps.push([pixel, Math.min(places * (pixel + 1), length * (i + 1)) - Math.max(places * pixel, length * i)])
  }
  return taps
}

function near(length, places, i) {
  const inside = (index) => Math.min(Math.max(index, 0), length - 1)
  const place = Math.fround((i + 0.5) * (length / places) - 0.5)
  const before = Math.floor(place)
  const after = Math.fround(place - before)
  return [[inside(before), even(Math.fround(1 - after) * WEIGHT)], [inside(before + 1), even(after * WEIGHT)]]
}

/** The nearest whole number, of two the even one. */
const even = (value) => value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value)
