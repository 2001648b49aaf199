import { best, classes, percent, probabilities } from './answer.js'
import { byId, closable, make, tell } from './dom.js'
import { pngOf } from './frame.js'
import { NOTEBOOK, showModel } from './model.js'
import { drawing, signOf, signSpan } from './names.js'
import { canvasOf } from './preprocess.js'
import { prepareSpread } from './spread.js'
import { showSnippets } from './snippets.js'
import { doubted } from './verdict.js'

const dialog = byId('results')
const SHOWN = 50_000
// What the card of a picture without a sign says.
const NOTHING = 'No sign at all'
let leaving = new AbortController()

closable(dialog)
dialog.addEventListener('close', () => leaving.abort())

/**
 * Open the window for a picture and fill it.
 *
 * A picture is `{ label, says, picture, x, payload }`: what it is called, what it says it shows, the element that shows
 * it, its `x` in a shape, and what is sent for it where `x` is that. A server is `{ served, known, ask, picturePayload,
 * spreadPayload }`.
 */
export async function openResults({ label, says, picture, x, payload }, server) {
  leaving.abort()
  leaving = new AbortController()
  const { signal } = leaving
  byId('results-label').replaceChildren(signOf(says) === undefined ? label : signSpan(signOf(says)))
  byId('results-picture').replaceChildren(picture)
  const filled = ['error', 'verdict', 'mark', 'design', 'bars', 'data'].map((name) => `results-${name}`)
  for (const id of [...filled, 'spread']) byId(id).hidden = true
  byId('results-loading').hidden = false
  if (!dialog.open) dialog.showModal()
  dialog.scrollTop = 0
  try {
    const model = await server.served(signal)
    const input = await x(model.shape ?? NOTEBOOK)
    const [exchange, weights, told] = await Promise.all([
      server.ask(payload(input), signal),
      server.known(model, signal),
      says && (model.doubts || model.names) && server.ask(server.picturePayload(pngOf(await canvasOf(picture))), signal),
    ])
    if (signal.aborted) return
    byId('results-loading').hidden = true
    showModel(model, weights)
    showExchange(exchange)
    const row = exchange.error ? undefined : probabilities(exchange.json)[0]
    const more = told && !told.error ? told : exchange
    const kinds = row && classes(more.json)
    if (row) showAnswer(row, kinds, doubted(more.json), says)
    if (model.keeps === false) return
    prepareSpread((...keep) => server.ask(server.spreadPayload(input, ...keep), signal), showExchange, kinds)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Show what was asked and what came back, errors too. */
function showExchange(exchange) {
  const text = exchange.json === undefined ? exchange.text : JSON.stringify(exchange.json, null, 4)
  const rest = text.length > SHOWN ? `\n… (${text.length.toLocaleString('en')} characters)` : ''
  byId('results-json').textContent = text.slice(0, SHOWN) + rest
  tell(byId('results-error'), exchange.error)
  showSnippets(exchange)
  byId('results-data').hidden = false
}

function showAnswer(row, { sign, span }, doubt, says) {
  const ids = best(row)
  const first = make('strong', '', span(ids[0]))
  const verdict = byId('results-verdict')
  if (doubt) verdict.replaceChildren(make('strong', '', 'Probably no sign.'), ' The nearest would be ', first)
  else verdict.replaceChildren(first, `, ${percent(row[ids[0]])}`)
  verdict.classList.toggle('doubt', Boolean(doubt))
  verdict.hidden = false
  showMark(sign(ids[0]), doubt, says)
  const design = byId('results-design')
  design.hidden = Boolean(doubt) || sign(ids[0]) === undefined
  if (!design.hidden) design.replaceChildren(drawing(ids[0]))
  const bars = byId('results-bars')
  bars.classList.toggle('doubtful', Boolean(doubt))
  bars.replaceChildren(...ids.map((id) => bar(span(id), row[id])))
  bars.hidden = false
}

/** Whether the answer is what the card says; nothing where the card names no sign, or the model no German ones. */
function showMark(first, doubt, says) {
  const mark = byId('results-mark')
  const said = says === NOTHING ? NOTHING : signOf(says)
  const got = doubt ? NOTHING : first
  mark.hidden = said === undefined || got === undefined || (said === NOTHING && doubt === undefined)
  if (mark.hidden) return
  mark.classList.toggle('right', said === got)
  if (said === got) mark.replaceChildren('✓ Right, as the card says')
  else mark.replaceChildren('✗ Wrong: the card says ', said === NOTHING ? NOTHING : signSpan(said))
}

function bar(name, value) {
  const filled = make('span')
  filled.style.setProperty('--share', value)
  return make('li', '', name, make('span', 'number', percent(value)), make('div', 'track', filled))
}
