// In-place updates: the response to a form with hx-post is morphed into this page. Input, focus, open elements and
// scroll positions are kept. Without script the same forms are plain POSTs. If the response cannot be shown (server
// error, no connection, a page of another program), the page is unchanged and a line says so.
import htmx from 'htmx.org'
import { trouble, untrouble } from './trouble.js'
import { toast } from './toast.js'

htmx.registerExtension('keep-open', {
  htmx_before_morph_attr: (element, { attrName }) =>
    !(attrName === 'open' && (element.matches('dialog') || element.matches('details'))),
})

const pathOf = url => new URL(url, location.href).pathname
const isSignIn = response => response.redirected && pathOf(response.url) === document.body.dataset.signIn
const formOf = ctx => ctx?.sourceElement?.closest?.('form')

/** Notifies the submitted form of the outcome, for its draft. */
function report(ctx, ok) {
  if (ctx?.request?.method === 'POST') {
    formOf(ctx)?.dispatchEvent(new CustomEvent('guardia:outcome', { bubbles: true, detail: { ok } }))
  }
}

/** Whether a response contains the requested part of a page. */
function isWhole(ctx) {
  if (ctx.swap === 'none' || !ctx.select) return true
  if (ctx.select === '#page') return /<main[^>]*\sid="page"/.test(ctx.text ?? '')
  return new DOMParser().parseFromString(ctx.text ?? '', 'text/html').querySelector(ctx.select) !== null
}

function refuse(event, text, { lasting = false } = {}) {
  event.preventDefault()
  report(event.detail.ctx, false)
  if (lasting) trouble(text)
  else toast(text, { bad: true })
}

document.addEventListener('htmx:before:swap', event => {
  const { ctx } = event.detail
  const response = ctx.response?.raw
  if (!response) return
  const refused = /<main[^>]*\sdata-error="([^"]*)"/.exec(ctx.text ?? '')
  if (isSignIn(response)) {
    event.preventDefault()
    report(ctx, false)
    location.assign(response.url)
  } else if (response.status >= 500 || !(refused && response.status >= 400 || isWhole(ctx))) {
    refuse(event, document.body.dataset.failed, { lasting: true })
  } else if (response.status >= 400 && refused) {
    refuse(event, new DOMParser().parseFromString(refused[1], 'text/html').body.textContent)
    if (response.status === 409) refresh()
  } else if (response.redirected && ctx.request.method === 'POST' && pathOf(response.url) !== location.pathname) {
    event.preventDefault()
    report(ctx, true)
    const said = flashesIn(ctx.text)
    if (!ctx.sourceElement?.closest('form[data-action]')) {
      sessionStorage.setItem('said', JSON.stringify(said))
      return location.assign(response.url)
    }
    closeDialogs()  // sent from a list: stay there
    said.forEach(each => toast(each.text, each))
    refresh()
  } else if (ctx.request.method === 'POST') {
    ctx.sourceElement?.closest?.('dialog')?.close()  // before the swap: somebody may open it again as soon as that shows
  }
})

/** Flashed messages of a response that is not shown; the server sends them only once. */
const flashesIn = text => [...new DOMParser().parseFromString(text ?? '', 'text/html').querySelectorAll('.flashes .notice')]
  .map(note => ({ text: note.textContent.trim(), bad: note.matches('.is-red') }))

const said = sessionStorage.getItem('said')
sessionStorage.removeItem('said')
if (said) JSON.parse(said).forEach(each => toast(each.text, each))

const closeDialogs = () => document.querySelectorAll('dialog[open]').forEach(dialog => dialog.close())

document.addEventListener('htmx:after:swap', event => {
  const { ctx } = event.detail
  untrouble()
  if (ctx.request?.method === 'POST') report(ctx, ctx.response?.status < 400)
  if (ctx.request?.method === 'POST' && ctx.response?.status < 400) {
    const form = formOf(ctx)
    if (form?.hasAttribute('data-clear')) form.dispatchEvent(new CustomEvent('guardia:sent', { bubbles: true }))
  }
  if (ctx.request?.method === 'POST' && ctx.response?.status === 422) formOf(ctx)?.querySelector('[aria-invalid="true"]')?.focus()
  document.dispatchEvent(new CustomEvent('guardia:changed'))
})

document.addEventListener('htmx:error', event => {
  report(event.detail?.ctx, false)
  trouble(document.body.dataset.offline)
})

/** The URL of this page with the parameters that show a held reply (held.js). */
function address() {
  const url = new URL(location.href)
  new URLSearchParams(document.querySelector('[data-held]')?.dataset.held).forEach((value, name) => url.searchParams.set(name, value))
  return url.href
}

/** Reloads this page by morphing; resolves when done. */
export function refresh() {
  return htmx.ajax('GET', address(), {
    source: document.body, target: '#page', select: '#page', swap: 'outerMorph', selectOOB: '#rail-nav:outerMorph,#bell:outerMorph,#undo:outerMorph',
  })
}
