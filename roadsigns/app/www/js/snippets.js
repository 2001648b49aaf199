import { byId } from './dom.js'

/** A line for a POSIX shell that sends the same bytes. */
export function curl({ url, body }) {
  return `curl ${quoted(url)} -H 'Content-Type: application/json' --data-raw ${quoted(body)}`
}

/** A program without dependencies that sends the same bytes. */
export function python({ url, body }) {
  return [
    'import json',
    'import urllib.request',
    '',
    // JSON text is a Python literal once it is a JSON string itself.
    `body = ${JSON.stringify(body)}`,
    `request = urllib.request.Request(${JSON.stringify(url)}, body.encode(), {"Content-Type": "application/json"})`,
    'with urllib.request.urlopen(request) as answer:',
    '    print(json.dumps(json.load(answer), indent=4))',
    '',
  ].join('\n')
}

const quoted = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`

/** Show both for the request of an exchange. */
export function showSnippets(exchange) {
  byId('curl').textContent = curl(exchange)
  byId('python').textContent = python(exchange)
}

for (const button of document.querySelectorAll('[data-copy]')) {
  button.addEventListener('click', async () => {
    const source = byId(button.dataset.copy)
    try {
      await navigator.clipboard.writeText(source.textContent)
      byId('copy-status').textContent = 'Copied'
    } catch {
      // Without permission, or on a page that is not from localhost nor over TLS: select it, so that Ctrl-C copies it.
      getSelection().selectAllChildren(source)
      byId('copy-status').textContent = 'Selected: copy it with Ctrl-C'
    }
  })
}
