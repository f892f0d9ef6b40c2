// Macros: Ctrl+/ or a slash at the start of a line opens the picker; the chosen text is inserted at the cursor, and the
// macro's changes are made when the composer is sent. A macro without a text is applied by the picker's own form.
import htmx from 'htmx.org'
import { openDialog } from './menus.js'

const composer = () => document.getElementById('reply')
const chosen = () => document.getElementById('composer-macro')
const dialog = () => document.getElementById('macros')
const button = () => document.querySelector('[data-macros-open]')
let slash = false  // the dialog was opened by the slash before the cursor, which a macro replaces

htmx.registerExtension('macro', {  // a newer page knows nothing of the macro that was chosen here
  htmx_before_morph_node: element => !(element.id === 'composer-macro' && element.querySelector('[name=macro_id]').value),
})

async function open({ bySlash = false, macro = '' } = {}) {
  const list = dialog()?.querySelector('[data-macros-list]')
  if (!list) return
  const before = composer().elements.body.value
  list.textContent = ''
  await htmx.ajax('GET', button().href, { target: list, select: '[data-macros]', swap: 'innerHTML', selectOOB: '' })
  if (macro && use(list.querySelector(`[data-macro="${CSS.escape(macro)}"]`))) return
  if (bySlash && composer().elements.body.value !== before) return  // typing went on: only a slash
  slash = bySlash
  openDialog('macros')
  list.querySelector('input[type=radio]:checked')?.closest('label').scrollIntoView({ block: 'nearest' })
}

/** Puts a macro into the composer; false if it has no text, or there is none. */
function use(row) {
  const text = row?.querySelector('[data-macro-text]')?.textContent
  if (!text || !composer()) return false
  const { body, visibility } = composer().elements
  const said = row.querySelector('[data-macro-effects]').textContent
  visibility.value = row.dataset.visibility
  chosen().querySelector('[name=macro_id]').value = row.dataset.macro
  chosen().querySelector('[data-macro-name]').textContent = row.querySelector('[data-macro-name]').textContent
  chosen().querySelector('[data-macro-effects]').textContent = said
  chosen().hidden = false
  body.focus()
  insert(body, text, { from: body.selectionStart - (slash ? 1 : 0) })
  slash = false
  return true
}

function insert(body, text, { from = body.selectionStart } = {}) {
  body.setRangeText(text, from, body.selectionEnd, 'end')
  body.dispatchEvent(new Event('input', { bubbles: true }))
}

function drop() {
  if (!chosen()) return
  chosen().querySelector('[name=macro_id]').value = ''
  chosen().hidden = true
}

document.addEventListener('submit', event => {
  const form = event.target
  if (!form.matches('#macros [data-macros]')) return
  if (!use(form.querySelector('input[type=radio]:checked')?.closest('label'))) return
  event.preventDefault()
  event.stopImmediatePropagation()
  dialog().close()
  composer().elements.body.focus()
}, true)

document.addEventListener('click', event => {
  const link = event.target.closest('[data-macros-open], [data-macro-drop], a.palette-item[href*="/macros?macro="]')
  if (!link || !composer() || event.ctrlKey || event.metaKey) return
  event.preventDefault()
  if (link.matches('[data-macro-drop]')) return drop()
  link.closest('dialog')?.close()
  open({ macro: new URL(link.href).searchParams.get('macro') ?? '' })
})

document.addEventListener('keydown', event => {
  if (event.key !== '/' || event.isComposing || !composer()) return
  const { body } = composer().elements
  const isOrder = event.ctrlKey || event.metaKey
  const isAtStart = event.target === body && body.selectionStart === body.selectionEnd
    && /(^|\n)$/.test(body.value.slice(0, body.selectionStart))
  if (!isOrder && !isAtStart || document.querySelector('dialog[open]')) return
  if (isOrder) {
    event.preventDefault()
    open()
  } else {
    setTimeout(() => open({ bySlash: true }))  // once the slash is typed
  }
})

// What was typed into the filter after a slash goes on in the text.
document.addEventListener('cancel', event => {
  if (event.target !== dialog() || !slash) return
  slash = false
  insert(composer().elements.body, dialog().querySelector('[type=search]')?.value ?? '')
}, true)

document.addEventListener('guardia:sent', event => { if (event.target === composer()) drop() })
