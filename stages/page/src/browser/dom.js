/**
 * Makes an element with properties and children. `data` and `aria` are objects, and `on` maps event
 * names to listeners. Strings become text nodes, so text of other users is never parsed as HTML.
 */
export function el(tag, { data = {}, aria = {}, on = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties)
  Object.assign(element.dataset, data)
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value)
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener)
  element.append(...children.filter((child) => child !== undefined))
  return element
}

export const byId = (id) => document.getElementById(id)

/** Changes the text only if it differs. A screen reader would announce it again otherwise. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/**
 * Updates the children of `parent` to match `items`, each `{key, version, build}`. An element whose
 * version is unchanged stays, with its focus, selection and input. Otherwise `build` makes a new
 * one.
 */
export function reconcile(parent, items) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]))
  let at = parent.firstElementChild
  for (const { key, version, build } of items) {
    let child = old.get(key)
    old.delete(key)
    if (child === undefined || child.shownVersion !== version) {
      const next = build()
      next.dataset.key = key
      next.shownVersion = version
      if (child !== undefined) {
        if (at === child) at = next
        const focused = child.contains(document.activeElement) ? document.activeElement : undefined
        child.replaceWith(next)
        if (focused) keepFocus(focused, child, next)
      }
      child = next
    }
    if (at === child) at = at.nextElementSibling
    else parent.insertBefore(child, at)
  }
  for (const removed of old.values()) removed.remove()
}

/**
 * Moves the focus from the old element to the new one: to the control with the same label, or to
 * the element itself.
 */
function keepFocus(focused, old, next) {
  const name = focused.getAttribute('aria-label')
  const target =
    focused === old
      ? next
      : [...next.querySelectorAll('[aria-label]')].find(
          (control) => control.getAttribute('aria-label') === name,
        )
  ;(target ?? next).focus({ preventScroll: true })
}

/**
 * Runs `work` when the form is submitted. Disables its button meanwhile, and shows an error next to
 * the form.
 */
export function onSubmit(form, work) {
  const error = form.querySelector('.error')
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const button = form.querySelector('button[type="submit"]')
    button.disabled = true
    if (error) error.hidden = true
    try {
      await work(new FormData(form))
      form.reset()
    } catch (failure) {
      if (error) Object.assign(error, { textContent: failure.message, hidden: false })
    } finally {
      button.disabled = false
    }
  })
}

/** Makes a button show and hide a part of the page, and sets `aria-expanded`. */
export function toggleOnClick(button, part, after = () => {}) {
  button.addEventListener('click', () => {
    const open = button.getAttribute('aria-expanded') !== 'true'
    setOpen(button, part, open)
    after(open)
  })
}

export function setOpen(button, part, open) {
  button.setAttribute('aria-expanded', String(open))
  part.classList.toggle('open', open)
}

const HUES = 8n

/**
 * Draws the initial of a name on a colour. The colour follows from the id, so that a user has the
 * same one everywhere.
 */
export function avatar(element, id, name) {
  element.className = `avatar hue-${(BigInt(id) >> 22n) % HUES}`
  element.textContent = [...name.trim()][0]?.toUpperCase() ?? '?'
  return element
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
})
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })
export const dayAndTime = (date) => full.format(date)
const precise = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
export const preciseTime = (date) => precise.format(date)
export const clockTime = (date) => clock.format(date)
export const dayName = (date) => day.format(date)
