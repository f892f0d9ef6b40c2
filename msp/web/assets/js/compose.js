// The composer keeps a draft per ticket in this tab, sends with Ctrl+Enter and names the files chosen.
const keyOf = area => `draft:${area.dataset.draft}`

function restore() {
  for (const area of document.querySelectorAll('textarea[data-draft]')) {
    if (!area.value) area.value = sessionStorage.getItem(keyOf(area)) ?? ''
  }
}

document.addEventListener('input', event => {
  const area = event.target.closest('textarea[data-draft]')
  if (area) sessionStorage.setItem(keyOf(area), area.value)
})

document.addEventListener('keydown', event => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
  const form = event.target.closest('form')
  if (!form || !event.target.matches('textarea')) return
  event.preventDefault()
  form.requestSubmit(form.querySelector('[data-send]') ?? undefined)
})

document.addEventListener('guardia:sent', event => {
  const form = event.target
  for (const area of form.querySelectorAll('textarea')) {
    if (area.dataset.draft) sessionStorage.removeItem(keyOf(area))
    area.value = ''
  }
  form.querySelectorAll('input[type=file]').forEach(input => { input.value = '' })
  form.querySelectorAll('[data-files]').forEach(spot => { spot.textContent = '' })
  toEnd()
})

document.addEventListener('submit', event => {
  for (const area of event.target.querySelectorAll('textarea[data-draft]')) {
    if (!event.target.hasAttribute('hx-post')) sessionStorage.removeItem(keyOf(area))
  }
})

document.addEventListener('change', event => {
  const input = event.target.closest('input[type=file]')
  const spot = input?.closest('form')?.querySelector('[data-files]')
  if (spot) spot.textContent = [...input.files].map(file => file.name).join(', ')
})

function toEnd() {
  const thread = document.querySelector('[data-thread]')
  if (thread) thread.scrollTop = thread.scrollHeight
}

// The stopwatch opens the dialog that logs; what it shows becomes the minutes.
document.addEventListener('click', event => {
  const watch = event.target.closest('[data-fill-minutes]')
  const field = watch && document.querySelector(watch.dataset.fillMinutes)
  const [hours, minutes, seconds] = (watch?.querySelector('[data-since]')?.textContent ?? '').split(':').map(Number)
  if (field && Number.isFinite(seconds)) field.value = Math.max(1, hours * 60 + minutes + Math.round(seconds / 60))
})

restore()
toEnd()
