// Mentions in notes: after an @, members of staff who may see the client are listed; arrow keys, Enter or Tab choose.
// Without script a name that is typed in full is a mention too.
const MOST = 6
const list = () => document.getElementById('mention-list')
const fold = text => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
const known = new Map()  // URL: names
let start = -1, at = 0

async function namesOf(form) {
  const url = form.dataset.mentionableUrl
  if (!known.has(url)) known.set(url, fetch(url).then(answer => answer.json()).then(found => found.names).catch(() => []))
  return known.get(url)
}

/** What is typed after the @ before the cursor, or null. */
function typed(area) {
  const found = /(?:^|[\s(])@([^\s@]*(?: [^\s@]*)?)$/.exec(area.value.slice(0, area.selectionStart))
  if (!found) return null
  start = area.selectionStart - found[1].length
  return found[1]
}

function close(area) {
  start = -1
  const spot = list()
  if (!spot || spot.hidden) return
  spot.hidden = true
  for (const name of ['aria-controls', 'aria-activedescendant']) area?.removeAttribute(name)
}

async function offer(area) {
  const words = area.form?.dataset.mentionableUrl && area.form.elements.visibility.value === 'internal' ? typed(area) : null
  if (words === null) return close(area)
  const names = (await namesOf(area.form)).filter(name => fold(` ${name}`).includes(` ${fold(words)}`)).slice(0, MOST)
  if (!names.length || start < 0) return close(area)
  list().replaceChildren(...names.map((name, number) => Object.assign(document.createElement('li'), {
    textContent: name, id: `mention-${number}`, role: 'option', className: 'menu-item',
  })))
  list().hidden = false
  area.setAttribute('aria-controls', 'mention-list')
  mark(area, 0)
}

function mark(area, number) {
  const options = [...list().children]
  at = (number + options.length) % options.length
  options.forEach((option, each) => option.setAttribute('aria-selected', each === at ? 'true' : 'false'))
  area.setAttribute('aria-activedescendant', options[at].id)
}

function choose(area, name) {
  area.setRangeText(`${name} `, start, area.selectionStart, 'end')
  close(area)
  area.focus()
  area.dispatchEvent(new Event('input', { bubbles: true }))
}

document.addEventListener('input', event => { if (event.target.matches('#reply textarea')) offer(event.target) })

document.addEventListener('keydown', event => {
  if (!event.target.matches?.('#reply textarea') || list()?.hidden !== false || event.isComposing || event.ctrlKey || event.metaKey) return
  const acts = {
    ArrowDown: () => mark(event.target, at + 1), ArrowUp: () => mark(event.target, at - 1), Escape: () => close(event.target),
    Enter: () => choose(event.target, list().children[at].textContent), Tab: () => choose(event.target, list().children[at].textContent),
  }
  if (!acts[event.key]) return
  event.preventDefault()
  event.stopImmediatePropagation()
  acts[event.key]()
}, true)

document.addEventListener('pointerdown', event => {
  const option = event.target.closest('#mention-list li')
  if (!option) return
  event.preventDefault()
  choose(document.querySelector('#reply textarea'), option.textContent)
})

document.addEventListener('focusout', event => { if (event.target.matches?.('#reply textarea')) close(event.target) })
