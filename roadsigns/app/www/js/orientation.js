const TAG = 0x0112
// What the canvas multiplies places with, so that stored pixels stand upright; w and h are of the stored picture.
const UPRIGHT = {
  2: (w) => [-1, 0, 0, 1, w, 0],
  3: (w, h) => [-1, 0, 0, -1, w, h],
  4: (w, h) => [1, 0, 0, -1, 0, h],
  5: () => [0, 1, 1, 0, 0, 0],
  6: (w, h) => [0, 1, -1, 0, h, 0],
  7: (w, h) => [0, -1, -1, 0, h, w],
  8: (w) => [0, -1, 1, 0, 0, w],
}

/**
 * The orientation, 1 to 8, that the EXIF of a WebP file notes; 1 where it notes none.
 *
 * Browsers turn JPEG and PNG as their EXIF says, and WebP not all.
 *
 * Source: Google's "WebP Container Specification"; the EXIF 2.32 specification, tag 0x0112.
 */
export function ofWebp(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const word = (at) => String.fromCharCode(...bytes.subarray(at, at + 4))
  try {
    for (let at = 12; at + 8 <= bytes.length;) {
      const size = view.getUint32(at + 4, true)
      if (word(at) === 'EXIF') return ofTiff(new DataView(view.buffer, view.byteOffset + at + 8, size))
      at += 8 + size + size % 2
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error // EXIF of any damage; the picture itself may be whole
  }
  return 1
}

function ofTiff(view) {
  const start = view.getUint32(0) === 0x45786966 ? 6 : 0 // some writers put "Exif" and two zeros before
  const little = view.getUint16(start) === 0x4949
  const table = start + view.getUint32(start + 4, little)
  for (let entry = 0; entry < view.getUint16(table, little); entry++) {
    const at = table + 2 + 12 * entry
    if (view.getUint16(at, little) === TAG) return view.getUint16(at + 8, little)
  }
  return 1
}

/** A picture as it stands upright; any other number than 2 to 8 leaves it as it is. */
export function upright(image, orientation) {
  const matrix = UPRIGHT[orientation]?.(image.width, image.height)
  if (!matrix) return image
  const [width, height] = orientation > 4 ? [image.height, image.width] : [image.width, image.height]
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')
  context.imageSmoothingEnabled = false
  context.setTransform(...matrix)
  context.drawImage(image, 0, 0)
  image.close()
  return canvas.transferToImageBitmap()
}
