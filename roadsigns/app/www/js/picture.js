import { ofWebp, upright } from './orientation.js'

const MAX_BYTES = 40 * 2 ** 20

// What a file's first bytes say it is, for those that a browser may not read.
const KNOWN = [
  ['a PDF document', /^%PDF/],
  ['an SVG drawing', /^\s*(<\?xml[^]*?)?(<!--[^]*?-->\s*)?(<!DOCTYPE[^>]*>\s*)?<svg/i],
  ['a HEIC picture', /^....ftyp(hei|hev|mif)/s],
  ['a TIFF picture', /^(II\*\0|MM\0\*)/],
  ['a ZIP archive', /^PK/],
  ['a web page', /^\s*<(!doctype )?html/i],
]

/**
 * Read a picture file, upright as its EXIF says.
 *
 * Rejects with one line for a person: too large, or no picture that this browser can read, by what it is.
 */
export async function read(file) {
  const name = file.name || 'The picture'
  if (file.size > MAX_BYTES) {
    throw new Error(`${name} has ${megabytes(file.size)}: expected at most ${megabytes(MAX_BYTES)}. Make it smaller`)
  }
  const head = new TextDecoder('latin1').decode(await file.slice(0, 1024).arrayBuffer())
  const kind = KNOWN.find(([, pattern]) => pattern.test(head))?.[0]
  try {
    if (kind === 'an SVG drawing') throw new Error('drawings have no pixels')
    const image = /^RIFF....WEBP/s.test(head) ? await readWebp(file) : await createImageBitmap(file)
    return { image, width: image.width, height: image.height, moving: false, stop: () => image.close() }
  } catch (error) {
    const what = kind ? `is ${kind}` : 'is no picture that this browser can read'
    throw new Error(`${name} ${what}: expected PNG, JPEG, WebP or AVIF. Convert it first`, { cause: error })
  }
}

async function readWebp(file) {
  const stored = await createImageBitmap(file, { imageOrientation: 'none' })
  return upright(stored, ofWebp(new Uint8Array(await file.arrayBuffer())))
}

const megabytes = (bytes) => `${Math.round(bytes / 2 ** 20)} MB`
