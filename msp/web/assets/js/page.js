// Changes in place: a form with hx-post is sent, the page that comes back is morphed into this one. What is typed,
// focused, open or scrolled stays. Without script the same forms are plain POSTs.
import htmx from 'htmx.org'
import { toast } from './toast.js'

htmx.registerExtension('keep-open', {
  htmx_before_morph_attr: (element, { attrName }) =>
    !(attrName === 'open' && (element.matches('dialog') || element.matches('details'))),
})

const pathOf = url => new URL(url, location.href).pathname

document.addEventListener('htmx:before:swap', event => {
  const { ctx } = event.detail
  const response = ctx.response?.raw
  if (!response) return
  const refused = /<main[^>]*\sdata-error="([^"]*)"/.exec(ctx.text ?? '')
  if (response.status >= 400 && refused) {
    event.preventDefault()
    toast(new DOMParser().parseFromString(refused[1], 'text/html').body.textContent, { bad: true })
    if (response.status === 409) refresh()
  } else if (response.redirected && ctx.request.method === 'POST' && pathOf(response.url) !== location.pathname) {
    event.preventDefault()
    if (!ctx.sourceElement?.closest('form[data-action]')) return location.assign(response.url)
    closeDialogs()  // done from a list: stay in it
    refresh()
  }
})

const closeDialogs = () => document.querySelectorAll('dialog[open]').forEach(dialog => dialog.close())

document.addEventListener('htmx:after:swap', event => {
  const { ctx } = event.detail
  if (ctx.request?.method === 'POST' && ctx.response?.status < 400) {
    closeDialogs()
    const form = ctx.sourceElement?.closest?.('form')
    if (form?.hasAttribute('data-clear')) form.dispatchEvent(new CustomEvent('guardia:sent', { bubbles: true }))
  }
  document.dispatchEvent(new CustomEvent('guardia:changed'))
})

document.addEventListener('htmx:error', () => toast(document.body.dataset.offline, { bad: true }))

/** Fetches this page again and morphs it in; resolves when it stands. */
export function refresh() {
  return htmx.ajax('GET', location.href, {
    source: document.body, target: '#page', select: '#page', swap: 'outerMorph', selectOOB: '#rail-nav:outerMorph,#bell:outerMorph',
  })
}
