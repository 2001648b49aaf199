import { best, names, percent, probabilities } from './answer.js'
import { byId, closable, make, tell } from './dom.js'
import { prepareSpread } from './spread.js'
import { showSnippets } from './snippets.js'
import { noSign } from './verdict.js'

const dialog = byId('results')
const SHOWN = 50_000
let leaving = new AbortController()

closable(dialog)
dialog.addEventListener('close', () => leaving.abort())

/**
 * Open the window and fill it.
 *
 * `predict(signal)` and `draw(keepProb, keepProbConv, signal)` send a request and resolve as `ask` does; `model(signal)`
 * resolves to what is known of the weights that are served.
 */
export async function openResults(label, picture, predict, draw, model) {
  leaving.abort()
  leaving = new AbortController()
  const { signal } = leaving
  byId('results-label').textContent = label
  byId('results-picture').replaceChildren(picture)
  const filled = ['results-error', 'results-verdict', 'results-bars', 'results-data', 'spread']
  for (const id of filled) byId(id).hidden = true
  byId('results-loading').hidden = false
  if (!dialog.open) dialog.showModal()
  dialog.scrollTop = 0
  try {
    const [exchange, weights] = await Promise.all([predict(signal), model(signal)])
    const row = exchange.error ? undefined : probabilities(exchange.json)[0]
    const known = row && await names
    const doubt = row && noSign(row, weights?.no_sign)
    if (signal.aborted) return
    byId('results-loading').hidden = true
    showExchange(exchange)
    if (row) showAnswer(row, known, doubt)
    prepareSpread((...keep) => draw(...keep, signal), showExchange)
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

function showAnswer(row, known, doubt) {
  const ids = best(row)
  const first = make('strong', '', known[ids[0]] ?? `Class ${ids[0]}`)
  const verdict = byId('results-verdict')
  if (doubt) verdict.replaceChildren(make('strong', '', 'Probably no sign.'), ' The nearest would be ', first)
  else verdict.replaceChildren(first, `, ${percent(row[ids[0]])}`)
  verdict.classList.toggle('doubt', Boolean(doubt))
  verdict.hidden = false
  const bars = byId('results-bars')
  bars.classList.toggle('doubtful', Boolean(doubt))
  bars.replaceChildren(...ids.map((id) => bar(known[id] ?? `Class ${id}`, row[id])))
  bars.hidden = false
}

function bar(name, value) {
  const filled = make('span')
  filled.style.setProperty('--share', value)
  return make('li', '', make('span', '', name), make('span', 'number', percent(value)), make('div', 'track', filled))
}
