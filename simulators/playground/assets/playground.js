// The demo's playground: live updates of the chats. Without this script every link and form works by loading the page.
const FAIL_PAUSE = 1500
const NOTICE_TIME = 6000
const TAB = '.play-tab:has([value="ID"])'

const chats = [...document.querySelectorAll('.chat')].map(element => element.id)
const asking = {}
const at = id => document.getElementById(id)

function parse(html) {
  return new DOMParser().parseFromString(html, 'text/html').querySelector('.chat')
}

async function ask(id, url, options = {}) {
  const { headers, ...more } = options
  return fetch(url, { ...more, headers: { 'X-Panel': id, ...headers } })
}

const isAtEnd = lines => lines.scrollHeight - lines.scrollTop - lines.clientHeight < 60

function toEnd(lines) {
  if (lines) lines.scrollTop = lines.scrollHeight
}

// Unchanged lines keep their elements, so that nothing flickers and only new lines are animated.
function patchLines(oldLog, freshLog) {
  const wasAtEnd = isAtEnd(oldLog), old = oldLog.querySelector('ol'), fresh = freshLog.querySelector('ol')
  const known = new Map([...old.children].map(line => [line.id, line]))
  const lines = [...fresh.children].map(line => {
    const before = known.get(line.id)
    if (!before && known.size) line.classList.add('is-new')
    before?.classList.remove('is-new')
    if (!before || before.querySelector(':focus')) return before ?? line
    return before.isEqualNode(line) ? before : line
  })
  old.replaceChildren(...lines)
  if (wasAtEnd || lines.at(-1)?.matches('.is-mine')) toEnd(oldLog)
}

function isSamePlace(old, fresh) {
  const key = chat => chat.querySelector('.say-form')?.dataset.key
  return key(old) && key(old) === key(fresh)
}

function show(id, html, { typed = true } = {}) {
  const old = at(id), fresh = parse(html)
  if (!fresh) return
  if (typed && isSamePlace(old, fresh)) {
    patchLines(old.querySelector('.said'), fresh.querySelector('.said'))
    for (const part of ['.phone-head', '.spots']) old.querySelector(part).replaceWith(fresh.querySelector(part))
    old.dataset.cursor = fresh.dataset.cursor
    notice(old, fresh.querySelector('.phone-notice'))
  } else {
    const wasTyping = old.contains(document.activeElement)
    const begun = typed ? '' : old.querySelector('.say-text')?.value  // typed on while the last message was on its way
    if (begun) fresh.querySelector('.say-text').value = begun
    const before = isSamePlace(old, fresh) ? old.querySelector('.said') : null
    const lines = fresh.querySelector('.said')
    if (before) {
      patchLines(before, lines)
      lines.replaceWith(before)
      old.replaceWith(fresh)
      toEnd(before)
    } else {
      old.replaceWith(fresh)
      toEnd(lines)
    }
    if (wasTyping) focusEnd(fresh.querySelector('.say-text'))
  }
  keepAddress(id, at(id).dataset.url)
}

function focusEnd(field) {
  field?.focus({ preventScroll: true })
  field?.setSelectionRange(field.value.length, field.value.length)
}

function notice(chat, said) {
  if (!said) return
  const lines = chat.querySelector('.said'), wasAtEnd = isAtEnd(lines)
  chat.querySelector('.phone-notice')?.remove()
  chat.querySelector('.say-form').before(said)
  if (wasAtEnd) toEnd(lines)
  setTimeout(() => said.remove(), NOTICE_TIME)
}

function tell(id, text) {
  const said = document.createElement('p')
  said.className = 'phone-notice'
  said.setAttribute('role', 'status')
  said.textContent = text
  if (at(id).querySelector('.say-form')) notice(at(id), said)
}

// Each chat changes only its own parameters of the address.
function keepAddress(id, url) {
  const here = new URL(location.href), there = new URL(url, location.href)
  for (const name of [...here.searchParams.keys()]) if (name === id || name.startsWith(`${id}_`)) here.searchParams.delete(name)
  for (const [name, value] of there.searchParams) if (name === id || name.startsWith(`${id}_`)) here.searchParams.set(name, value)
  history.replaceState(null, '', here)
}

async function go(id, url, options, keep) {
  asking[id]?.abort()
  at(id).classList.add('is-busy')
  const answer = await ask(id, url, options).catch(() => null)
  const html = answer?.ok ? await answer.text().catch(() => '') : ''
  at(id).classList.remove('is-busy')
  if (html) show(id, html, keep)
  else tell(id, document.body.dataset.offline)
  watch(id)
  return Boolean(html)
}

async function say(id, address, data, field) {
  const sent = field.value
  field.value = ''
  const isSent = await go(id, address, { method: 'POST', body: data }, { typed: false })
  if (!isSent) field.value = sent + field.value
}

// News: one long-polling request at a time for each chat.
async function watch(id) {
  asking[id]?.abort()
  const mine = asking[id] = new AbortController()
  while (!mine.signal.aborted && !document.hidden) {
    const { url, cursor } = at(id).dataset
    const answer = await ask(id, url, { signal: mine.signal, headers: { 'X-Since': cursor } }).catch(() => null)
    const html = answer?.status === 200 ? await answer.text().catch(() => '') : ''
    if (mine.signal.aborted) return
    if (html) {
      show(id, html)
      mark(id)
    } else if (answer?.status === 204) {
      at(id).dataset.cursor = answer.headers.get('X-Cursor')
    }
    const isWell = html ? at(id).querySelector('.said') : answer?.status === 204
    if (!isWell) await new Promise(done => setTimeout(done, FAIL_PAUSE))
  }
}

function mark(id) {
  const tab = document.querySelector(TAB.replace('ID', id))
  if (tab && !tab.querySelector('input').checked) tab.querySelector('.play-news').hidden = false
}

document.addEventListener('submit', event => {
  const form = event.target, chat = form.closest('.chat')
  if (!chat) return
  event.preventDefault()
  if (chat.classList.contains('is-busy')) return
  const address = form.getAttribute('action')  // form.action would be the button of that name
  const data = new URLSearchParams(new FormData(form, event.submitter))
  if (form.getAttribute('method') === 'get') {
    go(chat.id, `${address}?${data}`)
  } else if (form.matches('.say-form')) {
    say(chat.id, address, data, form.querySelector('.say-text'))
  } else {
    go(chat.id, address, { method: 'POST', body: data })
  }
})

document.addEventListener('click', event => {
  const link = event.target.closest('.chat a[data-go]')
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
  event.preventDefault()
  const chat = link.closest('.chat')
  go(chat.id, link.href).then(() => { if (link.closest('.line-own')) focusEnd(at(chat.id).querySelector('.say-text')) })
})

document.addEventListener('change', event => {
  if (event.target.matches('.chat-who select')) event.target.form.requestSubmit()
  if (event.target.name === 'side') {
    event.target.parentElement.querySelector('.play-news').hidden = true
    toEnd(at(event.target.value).querySelector('.said'))
  }
})

document.addEventListener('keydown', event => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing || !event.target.matches('.say-text')) return
  event.preventDefault()
  event.target.form.requestSubmit()
})

document.addEventListener('visibilitychange', () => {
  for (const id of chats) document.hidden ? asking[id]?.abort() : watch(id)
})

if (matchMedia('(max-width: 760px)').matches) document.querySelector('.play-how').open = false
for (const id of chats) {
  toEnd(at(id).querySelector('.said'))
  watch(id)
}
