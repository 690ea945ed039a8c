/**
 * Makes a list one stop of the Tab key. The arrow keys move from `frame` to the rows and between
 * them, and Escape returns to the frame. Only the focused row has its buttons in the tab order.
 */
export function rovingTabindex(frame, list, selector) {
  frame.tabIndex = 0
  frame.addEventListener('keydown', (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    const row = event.target.closest?.(selector)
    if (event.key === 'Escape' && row && event.target === row) frame.focus()
    if (step === undefined || (event.target !== frame && event.target !== row)) return
    const rows = [...list.querySelectorAll(selector)]
    const next = row ? rows[rows.indexOf(row) + step] : rows.at(step > 0 ? 0 : -1)
    if (!next) return
    event.preventDefault()
    next.focus()
    next.scrollIntoView({ block: 'nearest' })
  })
  list.addEventListener('focusin', (event) => {
    const row = event.target.closest(selector)
    for (const other of list.querySelectorAll('[data-roving]'))
      if (other !== row) setTabbable(other, false)
    if (row) setTabbable(row, true)
  })
}

function setTabbable(row, isTabbable) {
  row.toggleAttribute('data-roving', isTabbable)
  for (const button of row.querySelectorAll('.tools button')) button.tabIndex = isTabbable ? 0 : -1
}
