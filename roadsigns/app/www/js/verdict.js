/**
 * Whether there is probably no sign: as the answer itself says, where the model tells, else by the rule of the weights
 * that are served; undefined where there is neither.
 */
export function doubted(json, row, rule) {
  const told = json?.outputs?.no_sign?.[0]
  return typeof told === 'number' ? told > 0.5 : noSign(row, rule)
}

/**
 * Whether a row of class probabilities looks like the answer to a picture without a sign, by the rule of the weights
 * that gave it; undefined where there is no rule.
 *
 * A softmax is sure of something whatever it sees, but the *other* classes tell: to a sign, classes that look unlike it
 * get next to nothing, in a pattern; to anything else they do not. The rule weighs the logarithm of each class's
 * probability, less their mean, and its square. `benchmarks/fit_verdict.py` finds the weights.
 */
export const noSign = (row, rule) => rule?.linear.length === row.length ? score(row, rule) < 0 : undefined

function score(row, { floor, scale, linear, square, bias }) {
  const logs = row.map((value) => Math.log(Math.max(value, floor)))
  const mean = logs.reduce((sum, value) => sum + value) / logs.length
  return logs.reduce((sum, value, i) => {
    const above = (value - mean) / scale
    return sum + above * (linear[i] + above * square[i])
  }, bias)
}
