import { naming } from './names.js'

/**
 * The rows of class probabilities in an answer, whichever signature and format it has; an empty list where there are
 * none. `outputs` holds columns, `predictions` rows; the name of a signature's single output is left out.
 */
export function probabilities(json) {
  const columns = json?.outputs
  const rows = columns?.probabilities ?? columns?.y ?? columns ?? json?.predictions
  if (!Array.isArray(rows)) return []
  const plain = rows.map((row) => row?.probabilities ?? row?.y ?? row)
  return plain.every(isRow) ? plain : []
}

function isRow(row) {
  return Array.isArray(row) && row.length > 1 && row.every((value) => typeof value === 'number')
}

/** What the classes of an answer's first row are, see `naming`. */
export function classes(json) {
  const { class_ids: ids, class_names: told } = json?.outputs ?? {}
  const pairs = Array.isArray(ids?.[0]) && Array.isArray(told?.[0]) ? ids[0].map((id, i) => [id, told[0][i]]) : []
  return naming(probabilities(json)[0], new Map(pairs))
}

/** The ids of the highest values, best first. */
export function best(values, count = 5) {
  return [...values.keys()].sort((a, b) => values[b] - values[a] || a - b).slice(0, count)
}

/** A probability for the eye: never 100 % or 0 % where it is not. */
export function percent(value) {
  if (value > 0.9995 && value < 1) return '> 99.9 %'
  if (value > 0 && value < 0.0005) return '< 0.1 %'
  return `${(100 * value).toFixed(1)} %`
}
