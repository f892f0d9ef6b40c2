// Helps of the composer: preview of the reply, and quotes of messages. Without script both are pages of the server.
import htmx from 'htmx.org'

const composer = () => document.getElementById('reply')
const box = () => document.getElementById('composer-preview')
const button = () => document.querySelector('[data-preview]')

htmx.registerExtension('preview', {  // a newer page does not close an open preview
  htmx_before_morph_node: element => !(element.id === 'composer-preview' && !element.hidden && element.dataset.open),
})

async function preview() {
  const form = composer()
  const answer = await fetch(button().formAction, {
    method: 'POST', body: new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === 'string')),
    headers: { 'HX-Request': 'true' },
  })
  if (!answer.ok) return
  box().innerHTML = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('.preview').outerHTML
  box().dataset.open = '1'
  box().hidden = false
  button().setAttribute('aria-pressed', 'true')
}

function close() {
  if (!box() || box().hidden) return
  box().hidden = true
  delete box().dataset.open
  button().setAttribute('aria-pressed', 'false')
}

document.addEventListener('click', event => {
  if (!event.target.closest('[data-preview]')) return
  event.preventDefault()
  if (box().hidden) return preview()
  close()
  composer().elements.body.focus()
})

async function quote(link) {
  const answer = await fetch(link.dataset.quote)
  if (!answer.ok) return
  const { body, visibility } = composer().elements
  if (link.dataset.visibility === 'internal') visibility.value = 'internal'  // a note is never quoted to the client by accident
  close()
  body.focus()
  const at = body.selectionStart
  const start = /(^|\n)$/.test(body.value.slice(0, at)) ? '' : '\n\n'
  body.setRangeText(start + await answer.text(), at, body.selectionEnd, 'end')
  body.dispatchEvent(new Event('input', { bubbles: true }))
}

document.addEventListener('click', event => {
  const link = event.target.closest('[data-quote]')
  if (!link || !composer() || event.ctrlKey || event.metaKey) return
  event.preventDefault()
  quote(link)
})

document.addEventListener('change', event => { if (event.target.name === 'visibility') close() })
document.addEventListener('guardia:sent', close)
