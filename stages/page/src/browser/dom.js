/**
 * An element with properties and children. Strings become text nodes: nothing that others wrote is
 * ever read as HTML. `data` and `aria` are objects; `on` maps event names to listeners.
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

/** Changes the text only when it differs, so that a screen reader is not told the same twice. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/**
 * Makes `parent`'s children follow `items`: `{key, version, build}`. An element is kept while its
 * version is the same, so focus, selection and what is being typed survive; it is built anew when
 * the version changed.
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
  for (const gone of old.values()) gone.remove()
}

/**
 * Whoever was in the old element is at the same place in the new one: the same control by its name,
 * else the element itself.
 */
function keepFocus(focused, old, next) {
  const name = focused.getAttribute('aria-label')
  const same =
    focused === old
      ? next
      : [...next.querySelectorAll('[aria-label]')].find(
          (one) => one.getAttribute('aria-label') === name,
        )
  ;(same ?? next).focus({ preventScroll: true })
}

/**
 * Shows a failed action's reason next to the form that caused it, and keeps the button from being
 * pressed twice.
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

/** A button that shows and hides a part of the page, and says so. */
export function toggles(button, part, after = () => {}) {
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
 * A coloured initial: the same person has the same colour everywhere, by the millisecond their id
 * was made in.
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
