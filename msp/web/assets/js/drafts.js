// Drafts. A form with data-draft is stored on input and restored when it is opened. Every other form is stored when it
// is sent, until the next page shows that it succeeded; it is restored if the session had ended or the server failed or
// refused. Files and secrets are never stored.
import { toast } from './toast.js'
import { drop, keep, kept } from './vault.js'

const SKIPPED = /^(hidden|password|file|submit|button|search|image|reset)$/
const SECRET = /secret|token|password|api_key/i
const WRITTEN = 'textarea, input:not([type]), input[type=text], input[type=email], input[type=number], input[type=tel], input[type=url]'
const here = () => location.pathname + location.search
const pathOf = form => new URL(form.getAttribute('action') || location.href, location.href).pathname
const forms = () => [...document.querySelectorAll('form')].filter(form => form.method === 'post' && form.querySelector(WRITTEN))
const nameOf = form => form.dataset.draft ? `draft ${form.dataset.draft}` : `form ${here()} ${pathOf(form)}`
const controls = form => [...form.elements].filter(each => each.name && !SKIPPED.test(each.type) && !SECRET.test(each.name) && each.matches('input, select, textarea'))
const isTicked = each => each.matches('[type=radio], [type=checkbox]')

// State of the forms of this tab: 'sent' until the next page shows the outcome, 'kept' after a failure.
const states = {
  read: () => { try { return JSON.parse(sessionStorage.getItem('forms')) ?? {} } catch { return {} } },
  set(name, state) {
    const all = states.read()
    if (state) all[name] = state
    else delete all[name]
    sessionStorage.setItem('forms', JSON.stringify(all))
  },
}

const read = form => controls(form).map(each => ({
  name: each.name,
  value: each.multiple ? [...each.selectedOptions].map(option => option.value) : each.value,
  ...isTicked(each) && { ticked: each.checked },
}))

function write(form, fields, { over }) {
  const seen = {}
  for (const each of controls(form)) {
    if (isTicked(each)) {
      const known = fields.find(field => field.name === each.name && field.value === each.value)
      if (known) each.checked = known.ticked
      continue
    }
    const at = seen[each.name] = (seen[each.name] ?? -1) + 1
    const known = fields.filter(field => field.name === each.name && field.ticked === undefined)[at]
    if (!known || !over && each.value && !each.matches('select')) continue
    if (each.multiple) [...each.options].forEach(option => { option.selected = known.value.includes(option.value) })
    else if (!each.matches('select') || [...each.options].some(option => option.value === known.value)) each.value = known.value
  }
  asNote(form, fields)
}

/** A draft without visibility is restored as an internal note. */
function asNote(form, fields) {
  const kinds = [...form.querySelectorAll('input[type=radio][name=visibility]')]
  const known = fields.some(field => field.ticked && kinds.some(kind => field.name === kind.name && field.value === kind.value))
  const note = kinds.find(kind => kind.value === 'internal')
  if (note && !known) note.checked = true
}

const isEmpty = form => !controls(form).some(each => each.matches(WRITTEN) && each.value.trim())

function save(form) {
  // An emptied draft is stored until the server has it: else a reload within that second brings its old text back.
  if (form.dataset.draft && !form.dataset.draftUrl && isEmpty(form)) drop(nameOf(form))
  else keep(nameOf(form), read(form))
}

async function restore(form, options) {
  const { at, value: fields } = await kept(nameOf(form)) ?? {}
  if (!Array.isArray(fields)) return false
  const onServer = Date.parse(form.dataset.draftAt ?? '')  // in whole seconds
  if (onServer >= at) drop(nameOf(form))
  else write(form, fields, Number.isNaN(onServer) ? options : { over: true })
  return true
}

const hasFailed = () => document.querySelector('.flashes .is-red') !== null
  || performance.getEntriesByType('navigation')[0]?.type === 'back_forward'

async function arrive() {
  if (!document.body.dataset.person) {  // sign-in or error page: the form was not saved
    if (document.querySelector('#sign-in, main[data-error]')) sessionStorage.setItem('forms-failed', '1')
    return
  }
  const failed = sessionStorage.getItem('forms-failed') !== null || hasFailed()
  sessionStorage.removeItem('forms-failed')
  for (const [name, state] of Object.entries(states.read())) {
    if (state !== 'sent') continue
    if (failed) states.set(name, 'kept')
    else forget(name)
  }
  const all = states.read()
  for (const form of forms()) {
    if (form.dataset.draft) await restore(form, { over: false })
    else if (all[nameOf(form)] !== 'kept') continue
    else if (await restore(form, { over: true })) toast(document.body.dataset.restored)
    else states.set(nameOf(form), null)
  }
}

function forget(name) {
  states.set(name, null)
  drop(name)
}

const formOf = event => event.target.form ?? event.target.closest?.('form')

for (const kind of ['input', 'change']) {
  document.addEventListener(kind, event => {
    const form = formOf(event)
    if (form?.dataset.draft) save(form)
  })
}

document.addEventListener('submit', event => {
  const form = event.target
  if (form.method !== 'post' || !document.body.dataset.person || !form.querySelector(WRITTEN)) return
  keep(nameOf(form), read(form))
  states.set(nameOf(form), 'sent')
}, true)

document.addEventListener('guardia:outcome', event => {
  const form = event.target
  if (form.method !== 'post' || !form.querySelector(WRITTEN)) return
  if (event.detail.ok) forget(nameOf(form))
  else states.set(nameOf(form), 'kept')
})

/** Stores all changed forms before the script leaves the page. */
export function keepChanged() {
  const changed = forms().filter(form => controls(form).some(each => each.matches(WRITTEN) && each.value !== each.defaultValue))
  return Promise.all(changed.map(form => {
    states.set(nameOf(form), 'kept')
    return keep(nameOf(form), read(form))
  }))
}

arrive()
