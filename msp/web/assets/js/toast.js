/** Shows a toast for a few seconds; announced by screen readers. */
export function toast(text, { bad = false } = {}) {
  if (!text) return
  const box = document.getElementById('toasts')
  const note = document.createElement('div')
  note.className = bad ? 'toast is-red' : 'toast'
  note.textContent = text
  box?.append(note)
  setTimeout(() => note.remove(), 6000)
}
