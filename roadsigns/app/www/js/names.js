import { byId, make } from './dom.js'

// The 43 German signs by class id, in each language; nothing where the file is missing.
const names = await fetch('classes.json').then((response) => response.json()).catch(() => ({ en: [], de: [] }))
const KEPT = 'roadsigns-language'
const choice = byId('language')

choice.value = kept() ?? (navigator.language.startsWith('de') ? 'de' : 'en')
choice.addEventListener('change', () => {
  try {
    localStorage.setItem(KEPT, choice.value)
  } catch {
    // Where a page may keep nothing, the choice is for this visit.
  }
  document.querySelectorAll('[data-sign]').forEach(spell)
})

function kept() {
  try {
    const language = localStorage.getItem(KEPT)
    return language in names ? language : undefined
  } catch {
    return undefined
  }
}

/** The id of the German sign that a label names in English, or undefined. */
export function signOf(label) {
  const id = names.en.indexOf(label)
  return id < 0 ? undefined : id
}

/** The name of a German sign in the language chosen. */
export const signName = (id) => names[choice.value][id]

/** An element with the name of a German sign, which changes with the language. */
export function signSpan(id) {
  const span = make('span')
  span.dataset.sign = id
  spell(span)
  return span
}

function spell(span) {
  span.textContent = signName(span.dataset.sign)
  span.lang = choice.value
}

/** The package's drawing of a German sign. */
export function drawing(id) {
  const image = make('img', 'design')
  return Object.assign(image, { src: `designs/${String(id).padStart(2, '0')}.svg`, alt: '', width: 100, height: 100 })
}

/**
 * What the classes of an answer are: `{ sign, text, span }`, functions of a class id.
 *
 * A model brings its own names along in `class_names`. Where these are none, or the German signs' own, classes are
 * signs; a model with another number of classes, or with other names, has no German sign among them.
 */
export function naming(row, told = new Map()) {
  const german = row.length === names.en.length && [...told].every(([id, name]) => name === names.en[id])
  const sign = (id) => german ? id : undefined
  const text = (id) => german ? signName(id) : told.get(id) ?? `Class ${id}`
  return { sign, text, span: (id) => german ? signSpan(id) : make('span', '', text(id)) }
}
