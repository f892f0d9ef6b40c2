// Selection of rows: by mouse (Shift+click for a range), by X and Shift+X, by Shift+J and Shift+K. The selection of a
// list stays when its pages change. The bar sends the chosen action in chunks and shows progress.
import { current, isBusy, mark, rows } from './keys.js'
import { refresh } from './page.js'
import { toast } from './toast.js'

const CHUNK = 25
const { person } = document.body.dataset
const bar = () => document.getElementById('bulk')
const picks = () => [...document.querySelectorAll('.row-pick')]
let anchor = null, running = false, chosen = read()

function read() {
  try {
    const kept = JSON.parse(sessionStorage.getItem('selection'))
    return new Set(kept?.person === person && kept.path === location.pathname ? kept.ids : [])
  } catch { return new Set() }
}

function save() {
  sessionStorage.setItem('selection', JSON.stringify({ person, path: location.pathname, ids: [...chosen] }))
  draw()
}

function draw() {
  const form = bar()
  if (!form) return document.body.classList.remove('is-selecting')
  const boxes = picks()
  for (const box of boxes) box.checked = chosen.has(box.value)
  for (const all of document.querySelectorAll('.group-pick')) {
    const own = [...all.closest('section').querySelectorAll('.row-pick')], on = own.filter(box => box.checked).length
    all.checked = own.length > 0 && on === own.length
    all.indeterminate = on > 0 && on < own.length
  }
  document.body.classList.toggle('is-selecting', chosen.size > 0)
  const elsewhere = chosen.size - boxes.filter(box => box.checked).length
  const parts = [form.dataset.selected.replace('{count}', chosen.size)]
  if (elsewhere > 0) parts.push(form.dataset.elsewhere.replace('{count}', elsewhere))
  const spot = form.querySelector('[data-bulk-count]')
  if (!running && spot.textContent !== parts.join(' · ')) spot.textContent = parts.join(' · ')
}

const set = (id, on) => (on ? chosen.add(id) : chosen.delete(id))

/** Selects or clears the rows between the last one and this one. */
function range(id, on) {
  const ids = picks().map(box => box.value), from = ids.indexOf(anchor), to = ids.indexOf(id)
  if (from < 0) return set(id, on)
  for (const each of ids.slice(Math.min(from, to), Math.max(from, to) + 1)) set(each, on)
}

document.addEventListener('click', event => {
  const box = event.target.closest('.row-pick')
  if (box) {
    if (event.shiftKey) range(box.value, box.checked)
    else set(box.value, box.checked)
    anchor = box.value
    mark(box.closest('[data-row]'), { scroll: false })
    save()
  } else if (event.target.closest('[data-bulk-all]')) {
    picks().forEach(each => chosen.add(each.value))
    save()
  } else if (event.target.closest('[data-bulk-none]')) clear()
})

document.addEventListener('change', event => {
  const all = event.target.closest('.group-pick')
  if (!all) return
  all.closest('section').querySelectorAll('.row-pick').forEach(box => set(box.value, all.checked))
  save()
})

function clear() {
  chosen.clear()
  anchor = null
  save()
}

/** Selects the row for the keyboard; without a marked row, the first one. */
function toggle({ isRange }) {
  if (!current()) mark(rows()[0] ?? null)
  const id = current()?.dataset.ticket
  if (!id) return
  if (isRange) range(id, true)
  else set(id, !chosen.has(id))
  anchor = id
  save()
}

function extend(step) {
  const all = rows(), at = all.indexOf(current()), next = all[Math.min(all.length - 1, Math.max(0, at + step))]
  if (at < 0 || !next) return
  for (const row of [all[at], next]) chosen.add(row.dataset.ticket)
  anchor = next.dataset.ticket
  mark(next)
  save()
}

const STEPS = { J: 1, ArrowDown: 1, K: -1, ArrowUp: -1 }

function act(event) {
  if (event.key.toLowerCase() === 'x') return toggle({ isRange: event.shiftKey })
  if (event.shiftKey && STEPS[event.key]) return extend(STEPS[event.key])
  if (!chosen.size) return false
  if (event.key === 'Escape') return clear()
  const menu = bar().querySelector(`[data-bulk-menu="${CSS.escape(event.key.toLowerCase())}"]`)
  if (!menu) return false
  menu.open = true
  menu.querySelector('.menu-item, input')?.focus()
}

window.addEventListener('keydown', event => {
  if (!bar() || event.ctrlKey || event.metaKey || event.altKey || isBusy(event)) return
  if (act(event) === false) return
  event.preventDefault()
  event.stopImmediatePropagation()
}, true)

// Enter in a field of a menu triggers the menu's own button, not the first one of the form.
document.addEventListener('keydown', event => {
  const field = event.target.closest?.('#bulk input')
  if (!field || event.key !== 'Enter' || event.isComposing) return
  event.preventDefault()
  field.closest('.menu-form').querySelector('button').click()
})

document.addEventListener('submit', event => {
  const form = event.target
  if (!form.matches('#bulk, [data-bulk-undo]')) return
  event.preventDefault()
  if (!running) (form.id === 'bulk' ? change(form, event.submitter) : undo(form)).finally(finish)
})

async function send(url, body) {
  const answer = await fetch(url, { method: 'POST', body, headers: { Accept: 'application/json', 'HX-Request': 'true' } })
  if (answer.redirected) return location.reload()
  if (answer.ok) return answer.json()
  const said = /<main[^>]*\sdata-error="([^"]*)"/.exec(await answer.text())
  throw new Error(said ? new DOMParser().parseFromString(said[1], 'text/html').body.textContent : bar().dataset.failed)
}

async function change(form, button) {
  const ids = [...chosen], fields = new FormData(form, button)
  fields.delete('ticket')
  form.querySelectorAll('details[open]').forEach(menu => { menu.open = false })
  running = true
  let batch = ''
  try {
    for (let at = 0; at < ids.length; at += CHUNK) {
      show(at, ids.length)
      const body = new FormData(), part = ids.slice(at, at + CHUNK)
      fields.forEach((value, name) => body.append(name, value))
      part.forEach(id => body.append('ticket', id))
      if (batch) body.set('batch', batch)
      batch = (await send(form.action, body)).batch
      part.forEach(id => chosen.delete(id))
    }
    form.querySelectorAll('.menu-form input').forEach(field => { field.value = '' })
  } catch (error) { toast(error instanceof TypeError ? form.dataset.failed : error.message, { bad: true }) }
}

async function undo(form) {
  running = true
  try {
    while ((await send(form.action, new FormData(form))).left > 0);
  } catch (error) { toast(error instanceof TypeError ? bar().dataset.failed : error.message, { bad: true }) }
}

function show(done, count) {
  const spot = bar()?.querySelector('[data-bulk-count]'), line = bar()?.querySelector('[data-bulk-progress]')
  if (!spot) return
  spot.textContent = bar().dataset.working.replace('{done}', done).replace('{count}', count)
  line.hidden = count <= CHUNK
  line.value = done / count
}

async function finish() {
  running = false
  const line = bar()?.querySelector('[data-bulk-progress]')
  if (line) line.hidden = true
  save()
  await refresh()
}

document.addEventListener('guardia:changed', draw)
draw()
