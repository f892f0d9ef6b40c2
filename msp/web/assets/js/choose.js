// Type to select from a list, ignoring accents and case; the best match is selected. In dialogs with a filter field,
// menus, lists of radio buttons and selects.
const PAUSE = 1000  // ms without a key press, after which a new word begins
const PLAIN = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i' }  // letters without accents
const fold = text => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[ßæœøłđðþı]/g, letter => PLAIN[letter]).trim()
const APART = /[\s.,;·@_'’()-]+/

/** How well a text matches the input: 0 is best, Infinity is no match. */
function misfit(text, typed) {
  const name = fold(text), words = [...name.split(APART), ...name.replace(/['’·-]/g, '').split(APART)]
  if (name.startsWith(typed)) return 0
  return typed.split(/[\s,;]+/).filter(Boolean).reduce((sum, part) =>
    sum + (words.some(word => word.startsWith(part)) ? 1 : name.includes(part) ? 10 : Infinity), 0)
}

function ranked(choices, textOf, typed) {
  const wanted = fold(typed)
  return choices
    .map((choice, order) => ({ choice, order, misfit: misfit(textOf(choice), wanted) }))
    .filter(each => each.misfit < Infinity)
    .sort((one, other) => isNobody(one.choice) - isNobody(other.choice) || one.misfit - other.misfit || one.order - other.order)
    .map(each => each.choice)
}

// Empty choices, such as «nobody», are selected only if nothing else matches.
const isNobody = choice => (choice instanceof HTMLOptionElement ? choice : choice.querySelector('input[type=radio]'))?.value === ''
const nameOf = row => row.dataset.name ?? row.textContent
const radioOf = row => row.querySelector('input[type=radio]')
const rowsOf = field => [...document.querySelectorAll(field.dataset.narrow)]

// A filter field above a list: hides other entries and selects the best match, which Enter confirms.
const first = new WeakMap()

document.addEventListener('input', event => {
  const field = event.target.closest('[data-narrow]')
  if (!field) return
  const rows = rowsOf(field)
  if (!first.has(field)) first.set(field, rows.map(radioOf).find(radio => radio?.checked) ?? null)
  const found = field.value.trim() ? ranked(rows, nameOf, field.value) : rows
  rows.forEach(row => { row.hidden = !found.includes(row) })
  field.setCustomValidity(found.length ? '' : field.dataset.none ?? ' ')
  const best = field.value.trim() ? found.map(radioOf)[0] : first.get(field)
  rows.map(radioOf).forEach(radio => { if (radio) radio.checked = radio === best })
  best?.closest('label')?.scrollIntoView({ block: 'nearest' })
})

document.addEventListener('close', event => {
  event.target.querySelectorAll?.('[data-narrow]').forEach(field => first.delete(field))
}, true)

document.addEventListener('keydown', event => {
  const field = event.target.closest?.('[data-narrow]')
  if (!field || !['ArrowDown', 'ArrowUp'].includes(event.key)) return
  event.preventDefault()
  const radios = rowsOf(field).filter(row => !row.hidden).map(radioOf).filter(Boolean)
  const at = radios.findIndex(radio => radio.checked) + (event.key === 'ArrowDown' ? 1 : -1)
  const next = radios[Math.min(radios.length - 1, Math.max(0, at))]
  if (next) next.checked = true
  next?.closest('label')?.scrollIntoView({ block: 'nearest' })
})

// Without a field: characters typed in sequence.
let typed = '', last = 0

document.addEventListener('keydown', event => {
  if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
  const list = listOf(event.target)
  if (!list) return
  if (event.timeStamp - last > PAUSE) typed = ''
  if (event.key === ' ' && !typed) return  // the space bar opens a select or checks a box
  last = event.timeStamp
  typed += event.key
  event.preventDefault()
  const best = ranked(list.choices, list.textOf, typed)[0]
  if (best) list.choose(best)
})

function listOf(target) {
  if (target.matches('select:not([multiple])')) {
    const choose = option => {
      if (option.selected) return
      option.selected = true
      for (const kind of ['input', 'change']) target.dispatchEvent(new Event(kind, { bubbles: true }))
    }
    return { choices: [...target.options].filter(option => !option.disabled), textOf: option => option.text, choose }
  }
  const menu = target.closest('details.menu[open]')
  if (menu && !target.matches('input, textarea')) {
    return { choices: [...menu.querySelectorAll('.menu-item')], textOf: nameOf, choose: item => item.focus() }
  }
  const rows = target.matches('input[type=radio]') && target.closest('.choice-list')
  if (!rows) return null
  const choose = row => { radioOf(row).checked = true; radioOf(row).focus() }
  return { choices: [...rows.querySelectorAll('.choice-row')].filter(row => !row.hidden), textOf: nameOf, choose }
}
