/**
 * One request to the model server and all there is to show of it.
 *
 * Resolves to `{ url, body, text, json, error }`: the request as it was sent, the answer's text, the answer itself or
 * undefined, and in one line what went wrong or undefined. Rejects only when `signal` aborts.
 */
export async function ask(path, payload, signal) {
  const headers = { 'Content-Type': 'application/json; charset=utf-8' }
  return exchange(path, { method: 'POST', headers, body: JSON.stringify(payload), signal })
}

/** The same for a request without a body. */
export const look = (path, signal) => exchange(path, { signal })

async function exchange(path, request) {
  const url = new URL(path, document.baseURI).href
  const done = { url, body: request.body, text: '' }
  try {
    const response = await fetch(url, request)
    done.text = await response.text()
    if (!response.ok) done.error = `${response.status} ${response.statusText}`.trim()
    done.json = JSON.parse(done.text)
  } catch (error) {
    if (request.signal?.aborted) throw error
    if (error instanceof SyntaxError) done.error ??= 'The answer is not JSON'
    else done.error ??= `No answer: ${error.message}`
  }
  return done
}
