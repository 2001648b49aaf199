import { best, classes, percent, probabilities } from './answer.js'
import { byId, make, tell } from './dom.js'
import { pngOf } from './frame.js'
import { showModel } from './model.js'
import { drawing } from './names.js'
import { read } from './picture.js'
import { complain } from './toast.js'
import { doubted } from './verdict.js'

const MOST = 500
// Larger pictures are shrunk here. The model shrinks again, so what is sent has many pixels for each that it sees.
const SENT = 1024
const SHOWN = 256

const section = byId('table')
const body = byId('table-rows')
let rows = []
let leaving = new AbortController()

byId('table-save').addEventListener('click', save)
byId('table-close').addEventListener('click', () => {
  leaving.abort()
  section.hidden = true
})

/** Ask about several files, whole pictures, one after the other; `open(file)` is called to look at one closer. */
export async function listPictures(files, server, open) {
  leaving.abort()
  if (files.length > MOST) {
    complain(`${files.length.toLocaleString('en')} files: expected at most ${MOST} at once. More can be named by `
      + 'the command: roadsigns predict')
    return
  }
  leaving = new AbortController()
  const { signal } = leaving
  rows = []
  body.replaceChildren()
  section.hidden = false
  section.scrollIntoView({ block: 'nearest' })
  try {
    const model = await server.served(signal)
    const weights = await server.known(model, signal)
    showModel(model, weights)
    for (const file of files) {
      tell(byId('table-status'), `${rows.length} of ${files.length} pictures...`)
      const row = await answered(file, server, signal)
      if (signal.aborted) return
      rows.push(row)
      body.append(line(row, () => open(file)))
    }
    tell(byId('table-status'), summary())
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** What came of one file: `{ file, canvas, id, kinds, share, doubt }`, or `{ file, canvas, error }`. */
async function answered(file, server, signal) {
  const row = { file: file.name }
  try {
    const source = await read(file)
    row.canvas = whole(source, SHOWN)
    const sent = pngOf(whole(source, SENT))
    source.stop()
    const { json, error } = await server.ask(server.picturePayload(sent), signal)
    if (error) throw new Error([error, json?.error].filter(Boolean).join(': ').slice(0, 300))
    const [values] = probabilities(json)
    if (!values) throw new Error('The answer has no probabilities')
    const [id] = best(values, 1)
    return { ...row, id, kinds: classes(json), share: values[id], doubt: doubted(json) }
  } catch (error) {
    return { ...row, error: error.message }
  }
}

function whole({ image, width, height }, side) {
  const scale = Math.min(1, side / Math.max(width, height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(width * scale))
  canvas.height = Math.max(1, Math.round(height * scale))
  const context = canvas.getContext('2d')
  context.fillStyle = '#fff' // beneath a transparent picture
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.imageSmoothingQuality = 'high'
  context.drawImage(image, 0, 0, canvas.width, canvas.height)
  return canvas
}

function line({ file, canvas, error, id, kinds, share, doubt }, open) {
  const look = make('button', 'look', canvas ?? '?')
  Object.assign(look, { type: 'button', ariaLabel: `Frame the sign in ${file}`, disabled: !canvas })
  look.addEventListener('click', open)
  const name = make('th', '', file)
  name.scope = 'row'
  const cells = error
    ? [Object.assign(make('td', 'problem', error), { colSpan: 2 })]
    : [make('td', '', make('div', 'sign', ...named(id, kinds, doubt))), make('td', 'number', percent(share))]
  return make('tr', '', make('td', '', look), name, ...cells)
}

function named(id, kinds, doubt) {
  if (doubt) return [make('span', '', 'Probably no sign. The nearest would be ', kinds.span(id))]
  return kinds.sign(id) === undefined ? [kinds.span(id)] : [drawing(id), kinds.span(id)]
}

function summary() {
  const failed = rows.filter((row) => row.error).length
  const doubted = rows.filter((row) => row.doubt).length
  return [
    `${rows.length - failed} of ${rows.length} pictures named`,
    doubted && `${doubted} probably no sign`,
  ].filter(Boolean).join(', ')
}

function save() {
  const lines = rows.map(({ file, error, id, kinds, share, doubt }) => error
    ? [file, '', '', '', '', error]
    : [file, id, kinds.text(id), share, doubt === undefined ? '' : doubt ? 'yes' : 'no', ''])
  const text = [['file', 'class_id', 'name', 'share', 'no_sign', 'error'], ...lines]
    .map((cells) => `${cells.map(cell).join(',')}\r\n`).join('')
  const link = make('a')
  const href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  Object.assign(link, { href, download: 'roadsigns.csv' }).click()
  URL.revokeObjectURL(href)
}

/** A value as CSV has it (RFC 4180); a text that a spreadsheet would take for a formula gets an apostrophe before it. */
function cell(value) {
  const text = typeof value === 'string' ? value.replace(/^[=+\-@\t\r]/, "'$&") : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
