import { make } from './dom.js'

const text = make('p')
const close = make('button', 'close', '×')
const toast = make('div', 'toast problem', text, close)

Object.assign(close, { type: 'button', ariaLabel: 'Close the message', onclick: quiet })
Object.assign(toast, { id: 'toast', role: 'alert', popover: 'manual' })
document.body.append(toast)

/** Say in one line what went wrong, where the eye is: above everything else, until it is closed or `quiet` is called. */
export function complain(message) {
  quiet()
  // A modal dialog makes all that is not inside it silent and out of reach.
  const dialogs = document.querySelectorAll('dialog[open]')
  const place = dialogs[dialogs.length - 1] ?? document.body
  place.append(toast)
  toast.showPopover()
  text.textContent = message
}

/** Take the message away. */
export function quiet() {
  text.textContent = ''
  if (toast.matches(':popover-open')) toast.hidePopover()
}
