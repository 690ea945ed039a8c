/**
 * Makes a list one stop of the Tab key: from `frame` the arrow keys move between its rows, Escape
 * goes back to the frame, and only the controls of the row that has the focus are in the tab order.
 */
export function moveBetween(frame, list, selector) {
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
      if (other !== row) tabbable(other, false)
    if (row) tabbable(row, true)
  })
}

function tabbable(row, yes) {
  row.toggleAttribute('data-roving', yes)
  for (const button of row.querySelectorAll('.tools button')) button.tabIndex = yes ? 0 : -1
}
