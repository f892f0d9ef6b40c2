// Says that somebody is writing, at most every few seconds while keys are pressed: the server forgets it by itself.
// Who else is writing comes with the news (live.js).
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
  sending = sending.then(() => fetch(writingUrl, {  // one after the other: the last one holds
    method: 'PUT', keepalive: true, body: JSON.stringify({ writing: kind }),
    headers: { 'Content-Type': 'application/json', 'X-CSRFToken': token },
  })).catch(() => {})  // nobody hears of it: nothing else depends on it
}

document.addEventListener('input', event => tell(event.target.form))
document.addEventListener('guardia:sent', event => tell(event.target))

/** Shows who else is writing: a sentence for each. */
export function showWriting(sentences) {
  shown = sentences.join(' ')
  show()
}

function show() {
  const spot = line()
  if (spot && spot.textContent !== shown) spot.textContent = shown
}

// A page that is drawn again has the state of that moment, which no later update would correct: only updates count.
document.addEventListener('guardia:changed', show)
