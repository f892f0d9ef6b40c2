// A reply that is held because others wrote meanwhile: the page comes back with what they wrote on top of the composer.
// What its author has seen is what stood there when they began to write: a page that changes meanwhile changes nothing.
import htmx from 'htmx.org'
import { refresh } from './page.js'

const SEEN = 'last_seen_message_id'
const composer = () => document.getElementById('reply')
const isEmpty = form => !form.elements.body.value.trim()
let newest = ''  // the newest message that came while somebody was writing

htmx.registerExtension('last-seen', {
  htmx_before_morph_attr: (element, { attrName, newValue }) => {
    if (attrName !== 'value' || element.name !== SEEN || isEmpty(element.form)) return true
    newest = newValue
    return false
  },
  htmx_before_morph_node: (element, { newNode }) => {  // what is typed stays, whatever text the new page begins with
    if (element.matches?.('#reply textarea')) newNode.defaultValue = element.defaultValue
    return true
  },
})

/** Nothing is being written any more: what stands on the page counts as seen. */
function catchUp(form) {
  if (!newest || form !== composer() || !isEmpty(form)) return
  form.elements[SEEN].value = newest
  newest = ''
}

document.addEventListener('input', event => catchUp(event.target.form))
document.addEventListener('guardia:sent', event => catchUp(event.target))

document.addEventListener('htmx:after:swap', event => {
  const { request, response } = event.detail.ctx
  if (request?.method === 'POST' && response?.status === 409) document.getElementById('held')?.focus()
})

document.addEventListener('click', event => {
  if (!event.target.closest('[data-discard]') || !composer()) return
  event.preventDefault()
  const { body } = composer().elements
  body.value = ''
  body.dispatchEvent(new Event('input', { bubbles: true }))  // its draft goes too
  document.getElementById('held').remove()
  refresh()
  body.focus()
})

// A page that answered a form without script is that of its ticket, and its text is one that somebody typed.
const link = document.querySelector('[data-held] [data-discard]')
if (link) {
  const { body } = composer().elements
  const text = body.value
  history.replaceState(history.state, '', link.href)
  body.defaultValue = ''
  body.value = text
}
