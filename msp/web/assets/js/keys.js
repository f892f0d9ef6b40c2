// Keyboard shortcuts: J and K select rows, single letters trigger actions. A key triggers the element with that
// data-key, so it works only if the button is on the page. Shortcuts are off while the focus is in a composer, field,
// menu or dialog.
import { aim, openDialog } from './menus.js'

const WRITING = 'input, textarea, select, [contenteditable], .composer, .portal-ask, details.menu, dialog, [popover]:popover-open'
const TYPING = 'input:not([type=checkbox]), textarea, select, [contenteditable], .composer, .portal-ask, details.menu[open], dialog, [popover]:popover-open'
const FIELD = 'textarea, [contenteditable], .composer *, input:not([type=radio], [type=checkbox])'
const OPEN = 'dialog[open], [popover]:popover-open, details.menu[open]'
const REPEATED = ['j', 'k', 'ArrowDown', 'ArrowUp']

let here = null

/** Whether a key belongs to a field, menu or dialog. */
export const isBusy = event => event.isComposing || event.defaultPrevented || Boolean(event.target.closest?.(TYPING) || document.querySelector(OPEN))

export const rows = () => [...document.querySelectorAll('[data-row]')]

/** Selects the row for keyboard actions. */
export function mark(row, { scroll = true } = {}) {
  document.querySelectorAll('[data-row].is-here').forEach(other => other.classList.remove('is-here'))
  here = row?.dataset.label ?? null
  if (!row) return
  row.classList.add('is-here')
  if (scroll) row.scrollIntoView({ block: 'nearest' })
}

export const current = () => rows().find(row => row.dataset.label === here)

function move(step) {
  const all = rows()
  if (!all.length) return document.querySelector(`a[data-step="${step}"]:not([hidden])`)?.click()
  const at = all.indexOf(current())
  mark(all[Math.min(all.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))])
}

function nextUrgent() {
  const link = document.querySelector('[data-next-urgent]')
  if (link && !rows().length) return link.click()
  const all = rows(), at = all.indexOf(current())
  const wanted = row => row.dataset.urgent !== undefined
  mark(all.slice(at + 1).find(wanted) ?? all.find(wanted) ?? null)
}

function press(key) {
  const row = current()
  const spot = document.querySelector(`[data-key="${CSS.escape(key)}"]`)
  if (spot && row && spot.dataset.dialog) return openDialog(spot.dataset.dialog, row)
  if (spot?.hasAttribute('data-for-row')) {
    if (!row) return
    aim(spot.form, row)
  }
  if (spot?.matches('textarea')) return write(spot)
  spot?.click()
  if (spot?.matches('input[type=radio]')) spot.form?.querySelector('textarea')?.focus()
}

/** Starts a reply; existing text keeps its visibility. */
function write(area) {
  if (!area.value.trim()) area.form.querySelector('[name=visibility][value=public]')?.click()
  area.focus()
}

// A click beside the controls of a composer goes to its text: whoever clicks there is about to write.
document.addEventListener('click', event => {
  const composer = event.detail && event.target.closest('.composer, .portal-ask')
  if (!composer || event.target.closest('a, button, summary, label, input, select, textarea, [contenteditable]')) return
  if (getSelection()?.isCollapsed !== false) composer.querySelector('textarea')?.focus()
})

const actions = {
  j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
  Enter: () => current()?.querySelector('a[data-open]')?.click(),
  n: nextUrgent, u: () => document.querySelector('a[data-back]')?.click(), '?': () => openDialog('keys'),
}

document.addEventListener('keydown', event => {
  if (event.key === 'Escape') return leave(event)
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return
  if (event.target.closest?.(WRITING) || document.querySelector(OPEN)) return
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  if (event.repeat && !REPEATED.includes(key)) return
  if (['Enter', 'ArrowDown', 'ArrowUp'].includes(key) && (!rows().length || event.target.closest('a, button, summary, details[open]'))) return
  if (actions[key]) {
    event.preventDefault()
    actions[key]()
  } else if (document.querySelector(`[data-key="${CSS.escape(key)}"]`)) {
    event.preventDefault()
    press(key)
  }
})

/** Escape leaves the field, which enables shortcuts again. */
function leave(event) {
  if (event.isComposing || document.querySelector(OPEN) || !event.target.matches?.(FIELD)) return
  event.preventDefault()
  event.target.blur()
  document.querySelector('[data-thread]')?.focus({ preventScroll: true })
}

document.addEventListener('guardia:changed', () => { if (here) mark(current(), { scroll: false }) })
