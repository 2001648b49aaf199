/** Whether there is probably no sign, as the answer itself tells; undefined where the model does not tell. */
export function doubted(json) {
  const told = json?.outputs?.no_sign?.[0]
  return typeof told === 'number' ? told > 0.5 : undefined
}
