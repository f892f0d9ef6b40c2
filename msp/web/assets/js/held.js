// Held replies: others wrote meanwhile, and the page shows their messages above the composer.
// The author has seen the messages that were shown when they began to write; later updates of the page do not count.
import htmx from 'htmx.org'
import { refresh } from './page.js'

const SEEN = 'last_seen_message_id'
const composer = () => document.getElementById('reply')
const isEmpty = form => !form.elements.body.value.trim()
let newest = ''  // the newest message received while writing

htmx.registerExtension('last-seen', {
  htmx_before_morph_attr: (element, { attrName, newValue }) => {
    if (attrName !== 'value' || element.name !== SEEN || isEmpty(element.form)) return true
    newest = newValue
    return false
  },
  htmx_before_morph_node: (element, { newNode }) => {  // input is kept, whatever text the new page has
    if (element.matches?.('#reply textarea')) newNode.defaultValue = element.defaultValue
    return true
  },
})

/** Writing has ended: all messages on the page count as seen. */
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
  body.dispatchEvent(new Event('input', { bubbles: true }))  // deletes its draft too
  document.getElementById('held').remove()
  refresh()
  body.focus()
})

// A response to a form without script is a ticket's page; its text was typed by the author.
const link = document.querySelector('[data-held] [data-discard]')
if (link) {
  const { body } = composer().elements
  const text = body.value
  history.replaceState(history.state, '', link.href)
  body.defaultValue = ''
  body.value = text
}
