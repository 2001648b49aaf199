/**
 * One request to the model server and all there is to show of it.
 *
 * Resolves to `{ url, body, text, json, error }`: the request as it was sent, the answer's text, the answer itself or
 * undefined, and in one line what went wrong or undefined. Rejects only when `signal` aborts.
 */
export async function ask(path, payload, signal) {
  const url = new URL(path, location.href).href
  const body = JSON.stringify(payload)
  const exchange = { url, body, text: '' }
  try {
    const headers = { 'Content-Type': 'application/json; charset=utf-8' }
    const response = await fetch(url, { method: 'POST', headers, body, signal })
    exchange.text = await response.text()
    if (!response.ok) exchange.error = `${response.status} ${response.statusText}`.trim()
    exchange.json = JSON.parse(exchange.text)
  } catch (error) {
    if (signal?.aborted) throw error
    if (error instanceof SyntaxError) exchange.error ??= 'The answer is not JSON'
    else exchange.error ??= `No answer: ${error.message}`
  }
  return exchange
}
