// Drafts on the server: the composer is saved a second after the last key press, so that it can be continued on another
// device. The copy in this browser (drafts.js) is dropped once the server has it, and remains if it cannot be reached.
import { drop } from './vault.js'

const PAUSE = 1000  // ms
const waiting = new Map()  // form: timer
let sending = Promise.resolve()

const contentOf = form => ({ body: form.elements.body.value, visibility: form.elements.visibility.value })

async function send(form) {
  const content = contentOf(form), name = `draft ${form.dataset.draft}`
  try {
    const answer = await fetch(form.dataset.draftUrl, {
      method: 'PUT', keepalive: content.body.length < 20000, body: JSON.stringify(content),
      headers: { 'Content-Type': 'application/json', 'X-CSRFToken': form.elements.csrf_token.value },
    })
    if (answer.ok && JSON.stringify(contentOf(form)) === JSON.stringify(content)) drop(name)
  } catch { /* the browser keeps it */ }
}

function save(form) {
  clearTimeout(waiting.get(form))
  waiting.delete(form)
  sending = sending.then(() => send(form))  // one at a time, so that the last one applies
}

const composerOf = event => event.target.form?.dataset.draftUrl ? event.target.form : null

for (const kind of ['input', 'change']) {
  document.addEventListener(kind, event => {
    const form = composerOf(event)
    if (!form || event.target.type === 'file') return
    clearTimeout(waiting.get(form))
    waiting.set(form, setTimeout(() => save(form), PAUSE))
  })
}

addEventListener('pagehide', () => waiting.forEach((_, form) => save(form)))
document.addEventListener('visibilitychange', () => { if (document.hidden) waiting.forEach((_, form) => save(form)) })

document.addEventListener('submit', event => {
  clearTimeout(waiting.get(event.target))
  waiting.delete(event.target)
}, true)

// What was being saved while the reply was sent may have arrived after it.
document.addEventListener('guardia:sent', event => { if (event.target.dataset.draftUrl) save(event.target) })

// A draft that a later page brings, as after the reply was undone, is shown if nothing is being written here.
let known = document.getElementById('reply')?.dataset.draftAt ?? ''

document.addEventListener('guardia:changed', () => {
  const form = document.getElementById('reply')
  const { draftAt = '', draftBody = '' } = form?.dataset ?? {}
  if (!form || draftAt === known) return
  known = draftAt
  const { body } = form.elements
  if (!body.value && draftBody && !waiting.has(form)) body.value = draftBody
})
