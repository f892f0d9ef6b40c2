// Reports that the person is writing, at most every few seconds while keys are pressed; it expires on the server.
// Others who are writing are received by polling (live.js).
const EVERY = 2000  // ms
const line = () => document.getElementById('writing')
let said = '', at = 0, sending = Promise.resolve()
let shown = line()?.textContent ?? ''

const kindOf = form => form.elements.body.value.trim() && (form.elements.visibility.value === 'internal' ? 'note' : 'reply')

function tell(form) {
  if (!form?.dataset.writingUrl) return
  const kind = kindOf(form)
  if (kind === said && (!kind || performance.now() - at < EVERY)) return
  said = kind
  at = performance.now()
  const { writingUrl } = form.dataset, token = form.elements.csrf_token.value
  sending = sending.then(() => fetch(writingUrl, {  // one at a time, so that the last one applies
    method: 'PUT', keepalive: true, body: JSON.stringify({ writing: kind }),
    headers: { 'Content-Type': 'application/json', 'X-CSRFToken': token },
  })).catch(() => {})  // ignored: nothing else depends on it
}

document.addEventListener('input', event => tell(event.target.form))
document.addEventListener('guardia:sent', event => tell(event.target))

/** Shows a sentence for each other person who is writing. */
export function showWriting(sentences) {
  shown = sentences.join(' ')
  show()
}

function show() {
  const spot = line()
  if (spot && spot.textContent !== shown) spot.textContent = shown
}

// A reloaded page would show a state that no later update corrects, so only updates are used.
document.addEventListener('guardia:changed', show)
