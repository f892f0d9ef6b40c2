// Ctrl+K: search or go anywhere. The field asks the server as one types; arrows walk through what it found.
const palette = () => document.getElementById('palette')
const items = () => [...palette().querySelectorAll('a.palette-item')]

function open() {
  const dialog = palette()
  if (!dialog || dialog.open) return
  dialog.showModal()
  dialog.querySelector('input')?.select()
}

document.addEventListener('keydown', event => {
  if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault()
    open()
    return
  }
  if (!palette()?.open || !['ArrowDown', 'ArrowUp'].includes(event.key)) return
  event.preventDefault()
  const all = items(), at = all.indexOf(document.activeElement)
  const next = event.key === 'ArrowDown' ? at + 1 : at - 1
  if (next < 0) palette().querySelector('input').focus()
  else all[Math.min(next, all.length - 1)]?.focus()
})

document.addEventListener('submit', event => {
  if (!event.target.closest('#palette')) return
  const first = items()[0]
  if (first) {
    event.preventDefault()
    first.click()
  }
})

document.addEventListener('click', event => {
  if (!event.target.closest('[data-palette]') || event.target.closest('a, button') === null) return
  event.preventDefault()
  open()
})

document.addEventListener('focusin', event => {
  if (event.target.matches('[data-palette] input') && palette()) {
    event.target.blur()
    open()
  }
})
