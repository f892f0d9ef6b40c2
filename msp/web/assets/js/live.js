// Polls for changes while the page is visible and morphs them in. Shows in the header whether the connection works.
import { keepChanged } from './drafts.js'
import { refresh } from './page.js'
import { showWriting } from './writing.js'

const BEAT = 700, SLOW = 5000
const body = document.body
const url = body.dataset.liveUrl
let version = body.dataset.liveVersion
let busy = false, misses = 0, timer = 0

function say(state) {
  document.querySelectorAll('[data-live]').forEach(pill => {
    if (pill.dataset.state !== state) pill.dataset.state = state
  })
}

function concerns(news) {
  const shown = document.querySelector('[data-live-ticket]')?.dataset.liveTicket
  return !shown || news.tickets.includes(shown)
}

function point(ids) {
  for (const id of ids) {
    const row = document.querySelector(`[data-row][data-ticket="${CSS.escape(id)}"]`)
    if (!row) continue
    row.classList.remove('just-changed')
    void row.offsetWidth
    row.classList.add('just-changed')
  }
}

function ring(unread) {
  const bell = document.getElementById('bell')
  if (!bell) return
  bell.querySelector('.bell-count')?.remove()
  if (unread) bell.append(Object.assign(document.createElement('span'), { className: 'bell-count', textContent: Math.min(unread, 99) }))
}

async function ask() {
  const answer = await fetch(`${url}?since=${encodeURIComponent(version)}`, { headers: { Accept: 'application/json' } })
  if (answer.status === 401 || answer.redirected) {  // signed out: drafts are restored after the next sign-in
    await keepChanged()
    return location.reload()
  }
  if (!answer.ok) throw new Error(answer.statusText)
  if (answer.status === 204) return
  const news = await answer.json()
  version = news.version
  const thread = document.querySelector('[data-thread]')
  const atEnd = thread && thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80
  ring(news.notifications)
  showWriting(news.writing ?? [])
  if (concerns(news)) {
    await refresh()
    point(news.tickets)
    if (atEnd) thread.scrollTop = thread.scrollHeight
  }
}

async function beat() {
  clearTimeout(timer)
  if (!document.hidden && !busy && !document.querySelector('.htmx-request')) {
    busy = true
    try {
      await ask()
      misses = 0
      say('live')
    } catch {
      misses += 1
      if (misses > 1) say('lost')
    }
    busy = false
  }
  timer = setTimeout(beat, misses > 2 ? SLOW : BEAT)
}

if (url) {
  document.addEventListener('visibilitychange', () => { if (!document.hidden) beat() })
  document.addEventListener('guardia:changed', () => say(misses > 1 ? 'lost' : 'live'))
  beat()
}
