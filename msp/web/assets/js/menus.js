// Opens, closes and fills dialogs, menus and popovers, which are native elements.

function open(dialog, from) {
  const row = from?.closest('[data-ticket]')
  if (row) aim(dialog, row)
  for (const field of dialog.querySelectorAll('[data-narrow]')) {
    field.value = ''
    field.setCustomValidity('')
    document.querySelectorAll(field.dataset.narrow).forEach(choice => { choice.hidden = false })
  }
  if (!dialog.open) dialog.showModal()
  dialog.querySelector('[data-first], input:not([type=hidden]), select, textarea')?.focus()
}

/** Sets the row for which a shared dialog or form was opened. */
export function aim(dialog, row) {
  const forms = dialog.matches('form') ? [dialog] : dialog.querySelectorAll('form[data-action]')
  for (const form of forms) {
    const url = form.dataset.action.replace('LABEL', row.dataset.label)
    form.action = url
    form.setAttribute('hx-post', url)
  }
  dialog.querySelectorAll('[data-label-here]').forEach(spot => { spot.textContent = row.dataset.label })
  dialog.querySelectorAll('input[name=version]').forEach(field => { field.value = row.dataset.version })
  const now = dialog.querySelector(`input[type=radio][value="${row.dataset[dialog.dataset.reads] ?? ''}"]`)
  if (now) now.checked = true
}

export function openDialog(id, from) {
  const dialog = document.getElementById(id)
  if (dialog) open(dialog, from)
}

document.addEventListener('click', event => {
  const opener = event.target.closest('[data-dialog]')
  if (opener) {
    event.preventDefault()
    openDialog(opener.dataset.dialog, opener)
    return
  }
  const closer = event.target.closest('[data-close]')
  if (closer) {
    event.preventDefault()
    closer.closest('dialog, [popover]')?.[closer.closest('dialog') ? 'close' : 'hidePopover']()
  }
  if (event.target instanceof HTMLDialogElement && event.target.open) event.target.close()
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    if (!menu.contains(event.target)) menu.open = false
  }
})

// A menu closes after a choice, since the page is not reloaded.
document.addEventListener('submit', event => {
  const menu = event.target.closest('details.menu')
  if (menu) menu.open = false
})

document.addEventListener('keydown', event => {
  if (event.key !== 'Escape') return
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    menu.open = false
    menu.querySelector('summary')?.focus()
  }
})

// Submit on change if the form asks for it; the button is for pages without script.
document.addEventListener('change', event => {
  const form = event.target.closest('form[data-submit-on-change]')
  if (form) form.requestSubmit()
})
