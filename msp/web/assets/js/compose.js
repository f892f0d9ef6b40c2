// The composer: sends with Ctrl+Enter, sets the focus.
const sending = new WeakMap()

document.addEventListener('keydown', event => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return
  const form = event.target.closest('form')
  if (!form || !event.target.matches('textarea')) return
  event.preventDefault()
  form.requestSubmit([...form.elements].find(each => each.matches('[data-send]') && each.checkVisibility()))
})

// Choosing the visibility by mouse or touch moves the focus to the text; the arrow keys keep it on the choice.
document.addEventListener('click', event => {
  if (event.detail && event.target.closest('.composer-tab')) event.target.closest('form').querySelector('textarea')?.focus()
})

document.addEventListener('submit', event => {
  for (const area of event.target.querySelectorAll('textarea')) sending.set(area, area.value)
})

document.addEventListener('guardia:sent', event => {
  const form = event.target
  for (const area of form.querySelectorAll('textarea')) {
    const sent = sending.get(area) ?? ''
    area.value = area.value.startsWith(sent) ? area.value.slice(sent.length) : area.value  // keep what was typed meanwhile
    if (area.value) area.dispatchEvent(new Event('input', { bubbles: true }))
  }
  toEnd()
})

/** Whether the URL names a message or event; a folded one is fetched. */
function isAt(hash) {
  if (!/^#(msg|evt)-[\w-]+$/.test(hash)) return false
  const fold = document.querySelector('[data-all]')
  if (!document.querySelector(hash) && fold) location.replace(fold.dataset.all + hash)
  return true
}

function toEnd() {
  const thread = document.querySelector('[data-thread]')
  if (!thread || isAt(location.hash)) return
  if (getComputedStyle(thread).overflowY === 'visible') scrollTo(0, document.documentElement.scrollHeight)
  else thread.scrollTop = thread.scrollHeight
}

// The timer opens the dialog that logs time and sets its minutes.
document.addEventListener('click', event => {
  const watch = event.target.closest('[data-fill-minutes]')
  const field = watch && document.querySelector(watch.dataset.fillMinutes)
  const [hours, minutes, seconds] = (watch?.querySelector('[data-since]')?.textContent ?? '').split(':').map(Number)
  if (field && Number.isFinite(seconds)) field.value = Math.max(1, hours * 60 + minutes + Math.round(seconds / 60))
})

toEnd()
addEventListener('load', toEnd)  // fonts are loaded by now

// A conversation scrolled to its end stays there when a line above or the composer takes space.
const thread = document.querySelector('[data-thread]')
let isAtEnd = true
thread?.addEventListener('scroll', () => { isAtEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80 }, { passive: true })
if (thread) {
  new ResizeObserver(() => {
    if (isAtEnd && getComputedStyle(thread).overflowY !== 'visible') thread.scrollTop = thread.scrollHeight
  }).observe(thread)
}
