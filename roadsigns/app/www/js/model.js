import { probabilities } from './answer.js'
import { ask, look } from './ask.js'
import { byId } from './dom.js'

// What is known of the weights that come with the package, and what they answer to `pattern`.
const shipped = fetch('shipped.json').then((response) => response.json()).catch(() => [])

// Engines differ in the last digits of a probability, trainings in the first digit of its logarithm.
const SAME = 0.05

/** The notebook's network: its `x` is 32 rows of 32 pixels of one number. */
export const NOTEBOOK = [32, 32, 1]

/**
 * What a model server serves, as its metadata say: `{ name, version, shape, keeps, doubts, names, error }`.
 *
 * `shape` is that of one `x`, height, width and channels; `keeps` is whether the model takes keep probabilities,
 * `doubts` whether it says of pictures how likely they show no sign, `names` whether it names their classes. What is not
 * known is undefined.
 */
export async function served(url, signal) {
  const { json, error } = await look(url.replace(/:predict$/, '/metadata'), signal)
  const signatures = json?.metadata?.signature_def?.signature_def
  const inputs = signatures?.serving_default?.inputs
  const told = signatures?.predict_images?.outputs
  const doubts = Boolean(told?.no_sign)
  const names = Boolean(told?.class_ids && told?.class_names)
  const sizes = inputs?.x?.tensor_shape?.dim?.map?.(({ size }) => Number(size)).slice(1)
  const shape = sizes?.length === 3 && sizes.every((size) => size > 0 && size < 1000) ? sizes : undefined
  const { name, version } = json?.model_spec ?? {}
  const keeps = inputs && 'keep_prob' in inputs && 'keep_prob_conv' in inputs
  return { name, version, shape, doubts, names, error, keeps }
}

/**
 * The entry of `shipped.json` whose weights a model server serves, or undefined.
 *
 * The weights are known by their answer to a pattern that is no sign: two trainings agree on signs, never on that.
 */
export async function known(url, { shape, keeps }, signal) {
  if (!shape || !keeps) return undefined
  const same = (await shipped).filter((each) => String(each.shape) === String(shape))
  if (!same.length) return undefined
  const { json } = await ask(url, { inputs: { keep_prob: [1], keep_prob_conv: [1], x: [pattern(...shape)] } }, signal)
  const logs = probabilities(json)[0]?.map((value) => Math.log(Math.max(value, 1e-30)))
  return same.find(({ logs: theirs }) =>
    logs?.length === theirs.length && logs.every((value, i) => Math.abs(value - theirs[i]) < SAME))
}

/** An `x` that any program can make: slanting stripes from 0 to 1, shifted from channel to channel. */
function pattern(height, width, channels) {
  const levels = (y, x) => Array.from({ length: channels }, (_, c) => ((7 * y + 13 * x + 5 * c) % 32) / 31)
  return Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => levels(y, x)))
}

/** Say at the head of the page what is served, as far as it is known. */
export function showModel({ name, version, shape, error }, weights) {
  const parts = [
    [name, version && `version ${version}`].filter(Boolean).join(', '),
    weights && `the package's ${weights.network} network`,
    shape && `sees ${shape[1]} × ${shape[0]} pixels, ${shape[2] === 1 ? 'grey' : 'in colour'}`,
    weights && `right on ${(100 * weights.test_accuracy).toFixed(1)} % of the benchmark's test pictures`,
  ].filter(Boolean)
  const nothing = error ? `Nothing is known of the model: ${error}` : 'Nothing is known of the model'
  byId('model').textContent = parts.join(' · ') || nothing
}
