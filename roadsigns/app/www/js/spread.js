import { best, percent, probabilities } from './answer.js'
import { byId, draw as svg, make } from './dom.js'
import { naming } from './names.js'

const sliders = ['keep-prob', 'keep-prob-conv']
const button = byId('spread-draw')
const status = byId('spread-status')
const strips = byId('spread-strips')
let redraw = () => {}

for (const id of sliders) {
  byId(id).addEventListener('input', () => {
    byId(`${id}-value`).textContent = Number(byId(id).value).toFixed(2)
  })
  byId(id).addEventListener('change', () => strips.childElementCount && redraw())
}
button.addEventListener('click', () => redraw())

/**
 * Offer the sliders for one picture: `draw(keepProb, keepProbConv)` asks, `show(exchange)` shows what came of it.
 *
 * `kinds` is what the classes are, see `naming`, where that is known.
 */
export function prepareSpread(draw, show, kinds) {
  byId('spread').hidden = false
  strips.replaceChildren()
  status.textContent = ''
  redraw = async () => {
    const mine = redraw
    button.disabled = true
    status.textContent = 'Loading...'
    try {
      const exchange = await draw(...sliders.map((id) => Number(byId(id).value)))
      if (mine !== redraw) return
      show(exchange)
      const rows = exchange.error ? [] : probabilities(exchange.json)
      const { span } = kinds ?? naming(rows[0] ?? [])
      strips.replaceChildren(...rows.length ? strip(rows, span) : [])
      status.replaceChildren(...rows.length ? summary(rows, span) : ['No answers'])
    } catch (error) {
      if (error.name !== 'AbortError') throw error
    } finally {
      button.disabled = false
    }
  }
}

const means = (rows) => rows[0].map((_, id) => rows.reduce((sum, row) => sum + row[id], 0) / rows.length)

function summary(rows, span) {
  const [first] = best(means(rows))
  const agreeing = rows.filter((row) => best(row, 1)[0] === first).length
  return [`${agreeing} of ${rows.length} answers: `, span(first)]
}

/** For each of the best classes on average: its probability in every answer as a dot, 0 to 1, the mean as a line. */
function strip(rows, span) {
  const mean = means(rows)
  return best(mean).map((id) => {
    const dots = rows.map((row, i) =>
      svg('circle', { class: 'dot', cx: `${100 * row[id]}%`, cy: 8 + (i * 7) % 11, r: 4 }))
    const at = `${100 * mean[id]}%`
    const plot = svg('svg', { 'aria-hidden': 'true' },
      svg('line', { class: 'axis', x1: 0, x2: '100%', y1: 13, y2: 13 }), ...dots,
      svg('line', { class: 'mean', x1: at, x2: at, y1: 2, y2: 24 }))
    const values = rows.map((row) => row[id])
    const range = `${percent(mean[id])} (${percent(Math.min(...values))} to ${percent(Math.max(...values))})`
    return make('li', '', make('div', 'line', span(id), make('span', 'number', range)), plot)
  })
}
