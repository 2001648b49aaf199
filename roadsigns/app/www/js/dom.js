/** The element of an id. */
export const byId = (id) => document.getElementById(id)

/** A new element with a class, and with texts or elements inside. */
export function make(tag, className, ...inside) {
  const element = document.createElement(tag)
  if (className) element.className = className
  element.append(...inside)
  return element
}

/** A new SVG element with attributes. */
export function draw(tag, attributes, ...inside) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...inside)
  return element
}

/** Show `text` in an element, or hide the element where there is none. */
export function tell(element, text) {
  element.textContent = text ?? ''
  element.hidden = !text
}

/** Let a dialog be closed by its cross and by a click beside it; Escape closes it anyway. */
export function closable(dialog) {
  dialog.querySelector('[data-close]').addEventListener('click', () => dialog.close())
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog && beside(dialog.getBoundingClientRect(), event)) dialog.close()
  })
}

function beside(box, { clientX: x, clientY: y }) {
  return x < box.left || x > box.right || y < box.top || y > box.bottom
}
