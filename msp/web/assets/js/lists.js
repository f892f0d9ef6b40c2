// Navigation between a list and its tickets: the back link restores the list's filters and scroll position and marks
// the ticket. J and K open the next and previous ticket of the list.
import { mark } from './keys.js'

const { person } = document.body.dataset
const TICKET = /\/tickets\/([^/?#]+)$/
const here = () => location.pathname + location.search
const ticket = () => document.querySelector('[data-live-ticket]') && TICKET.exec(location.pathname)?.[1]
const body = () => document.querySelector('.page-body')

function read() {
  try {
    const list = JSON.parse(sessionStorage.getItem('list'))
    return list?.person === person ? list : null
  } catch { return null }
}

const save = list => sessionStorage.setItem('list', JSON.stringify(list))

document.addEventListener('click', event => {
  const link = event.target.closest('a[href]')
  if (link?.matches('[data-back]')) sessionStorage.setItem('returning', '1')
  if (!link || ticket() || !person || !TICKET.test(new URL(link.href, location.href).pathname)) return
  const labels = [...document.querySelectorAll('[data-row]')].map(row => row.dataset.label)
  save({ person, url: here(), top: body()?.scrollTop ?? 0, windowTop: scrollY, labels, label: null })
}, true)

/** On a ticket: sets its back, next and previous links. */
function link() {
  const list = read(), label = ticket()
  if (!list || !label) return
  const at = list.labels.indexOf(label)
  save({ ...list, label, at: at < 0 ? list.at : at })
  const back = document.querySelector('a[data-back]')
  if (back) back.href = list.url
  for (const step of document.querySelectorAll('a[data-step]')) {
    const other = at < 0 ? undefined : list.labels[at + Number(step.dataset.step)]
    step.hidden = !other
    if (other) step.href = location.pathname.replace(TICKET, `/tickets/${other}`)
  }
}

function comeBack() {
  const isReturn = sessionStorage.getItem('returning') !== null
    || performance.getEntriesByType('navigation')[0]?.type === 'back_forward'
  sessionStorage.removeItem('returning')
  const list = read()
  if (!isReturn || list?.url !== here() || ticket()) return
  const rows = [...document.querySelectorAll('[data-row]')]
  const row = rows.find(each => each.dataset.label === list.label) ?? rows[Math.min(list.at ?? 0, rows.length - 1)]
  if (body()) body().scrollTop = list.top
  scrollTo(0, list.windowTop)
  mark(row ?? null)
}

document.addEventListener('guardia:changed', link)
link()
comeBack()
