// Files of a form: picked, dropped or pasted, listed with name and size, and checked against the limits before sending.
import htmx from 'htmx.org'

const FIELD = 'input[type=file][data-most-each]'
const chosen = new WeakMap()  // field: its files; the field itself forgets them when others are picked
const INVISIBLE = /[\p{Cc}\p{Cf}]/gu  // direction marks would hide the real ending of a name
const UNITS = [['gigabyte', 1e9], ['megabyte', 1e6], ['kilobyte', 1e3], ['byte', 1]]

htmx.registerExtension('attached', {  // the list and its error survive updates of the page
  htmx_before_morph_node: (element, { newNode }) =>
    !(element.matches?.('[data-attached]') || element.matches?.('[data-file-error]') && newNode.hidden && hasFilesAt(element)),
  htmx_before_morph_attr: (element, { attrName, newValue }) =>
    !(attrName === 'aria-invalid' && newValue === null && element.matches(FIELD) && element.files.length),
})

const hasFilesAt = line => line.closest('form')?.querySelector(FIELD)?.files.length > 0

const fieldOf = target => target?.closest?.('form')?.querySelector(FIELD) ?? document.querySelector(FIELD)
const listOf = field => document.querySelector(`[data-attached="${field.id}"]`)

function choose(field, files) {
  const transfer = new DataTransfer()
  for (const file of files) transfer.items.add(file)
  field.files = transfer.files
  chosen.set(field, files)
  check(field)
  listOf(field).replaceChildren(...files.map(file => row(field, file)))
}

const add = (field, files) => choose(field, [...chosen.get(field) ?? [], ...files])

function row(field, file) {
  const drawn = field.form.querySelector('[data-attached-row]').content.cloneNode(true).firstElementChild
  const name = file.name.replace(INVISIBLE, '')
  const button = drawn.querySelector('button')
  drawn.querySelector('bdi').textContent = name
  drawn.querySelector('small').textContent = size(file.size)
  button.ariaLabel = button.dataset.remove.replace('{}', name)
  button.addEventListener('click', () => {
    choose(field, chosen.get(field).filter(each => each !== file))
    field.focus()
  })
  return drawn
}

function size(bytes) {
  const [unit, factor] = UNITS.find(([, least]) => bytes >= least) ?? UNITS.at(-1)
  return new Intl.NumberFormat(document.documentElement.lang, { style: 'unit', unit, maximumFractionDigits: 1 }).format(bytes / factor)
}

/** Shows at the field that files exceed the limits, before sending. */
function check(field) {
  const { mostEach, mostAll, mostFiles, limits } = field.dataset
  const sizes = [...field.files].map(file => file.size)
  const fits = sizes.length <= Number(mostFiles) && sizes.every(each => each <= Number(mostEach))
    && sizes.reduce((sum, each) => sum + each, 0) <= Number(mostAll)
  field.setCustomValidity(fits ? '' : limits)
  const line = document.getElementById(`${field.id}-error`)
  line.textContent = fits ? '' : limits
  line.hidden = fits
  field.ariaInvalid = fits ? null : 'true'
}

document.addEventListener('change', event => {
  if (event.target.matches(FIELD)) add(event.target, event.target.files)
})

const hasFiles = event => event.dataTransfer?.types.includes('Files') && fieldOf(event.target)
const mark = form => document.querySelectorAll('.is-dropping, form').forEach(each => each.classList.toggle('is-dropping', each === form))

// Wherever files are dropped on the page, they never replace it.
document.addEventListener('dragover', event => {
  if (!hasFiles(event)) return
  event.preventDefault()
  mark(fieldOf(event.target).form)
})

document.addEventListener('dragleave', event => { if (!event.relatedTarget) mark(null) })

document.addEventListener('drop', event => {
  if (!hasFiles(event)) return
  event.preventDefault()
  mark(null)
  const items = [...event.dataTransfer.items].filter(item => item.kind === 'file' && !item.webkitGetAsEntry?.()?.isDirectory)
  add(fieldOf(event.target), items.map(item => item.getAsFile()).filter(Boolean))
})

// Spreadsheets and word processors copy a picture beside their text: the text is meant.
document.addEventListener('paste', event => {
  const { files, types } = event.clipboardData ?? {}
  const field = event.target.closest?.('form')?.querySelector(FIELD)
  if (!files?.length || !field || types.includes('text/plain')) return
  event.preventDefault()
  add(field, files)
})

document.addEventListener('guardia:sent', event => {
  const field = event.target.querySelector(FIELD)
  if (field) choose(field, [])
})

document.addEventListener('reset', event => {
  const field = event.target.querySelector(FIELD)
  if (field) choose(field, [])
})
