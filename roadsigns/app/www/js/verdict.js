// Where there are no weights there is no verdict.
const rule = fetch('verdict.json').then((response) => response.ok ? response.json() : undefined)

/**
 * Whether a row of class probabilities looks like the answer to a picture without a sign.
 *
 * A softmax is sure of something whatever it sees, but the *other* classes tell: to a sign, classes that look unlike it
 * get next to nothing, in a pattern; to anything else they do not. The rule weighs the logarithm of each class's
 * probability, less their mean, and its square. `benchmarks/fit_verdict.py` finds the weights.
 */
export async function noSign(row) {
  const weights = await rule
  return weights?.linear.length === row.length && score(row, weights) < 0
}

/** The rule's score: below 0, probably no sign. */
export function score(row, { floor, scale, linear, square, bias }) {
  const logs = row.map((value) => Math.log(Math.max(value, floor)))
  const mean = logs.reduce((sum, value) => sum + value) / logs.length
  return logs.reduce((sum, value, i) => {
    const above = (value - mean) / scale
    return sum + above * (linear[i] + above * square[i])
  }, bias)
}
