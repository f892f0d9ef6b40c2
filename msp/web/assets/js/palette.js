// Command palette: opens with Ctrl+K or by typing into the navigation's search field. Searches on the server as you
// type; arrow keys select a result. Passing the field by Tab does not open it.
const palette = () => document.getElementById('palette')
const items = () => [...palette().querySelectorAll('a.palette-item')]

function open(text = '') {
  const dialog = palette()
  if (!dialog || dialog.open) return
  dialog.showModal()
  const field = dialog.querySelector('input')
  if (!text) return field?.select()
  field.value = text
  field.focus()
  field.setSelectionRange(text.length, text.length)
  field.dispatchEvent(new Event('input', { bubbles: true }))
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

for (const kind of ['input', 'compositionend']) {
  document.addEventListener(kind, event => {
    if (!event.target.matches('[data-palette] input') || event.isComposing || !palette() || !event.target.value) return
    const text = event.target.value
    event.target.value = ''
    open(text)
  })
}
