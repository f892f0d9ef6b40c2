// Says that somebody is writing, at most every few seconds while keys are pressed: the server forgets it by itself.
// Who else is writing comes with the news (live.js).
const EVERY = 2000  // ms
let said = '', at = 0

const kindOf = form => form.elements.body.value.trim() && (form.elements.visibility.value === 'internal' ? 'note' : 'reply')

function tell(form) {
  if (!form?.dataset.writingUrl) return
  const kind = kindOf(form)
  if (kind === said && (!kind || performance.now() - at < EVERY)) return
  said = kind
  at = performance.now()
  fetch(form.dataset.writingUrl, {
    method: 'PUT', keepalive: true, body: JSON.stringify({ writing: kind }),
    headers: { 'Content-Type': 'application/json', 'X-CSRFToken': form.elements.csrf_token.value },
  }).catch(() => {})  // nobody hears of it: nothing else depends on it
}

document.addEventListener('input', event => tell(event.target.form))
document.addEventListener('guardia:sent', event => tell(event.target))

/** Shows who else is writing: a sentence for each. */
export function showWriting(sentences) {
  const spot = document.getElementById('writing'), text = sentences.join(' ')
  if (spot && spot.textContent !== text) spot.textContent = text
}
