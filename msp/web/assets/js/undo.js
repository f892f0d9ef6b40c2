// Counts down the undo period of the last action, then removes the line and reloads the page with the result.
import { refresh } from './page.js'
import { now } from './clocks.js'

function count() {
  for (const line of document.querySelectorAll('[data-undo-until]')) {
    const left = Math.ceil((Date.parse(line.dataset.undoUntil) - now()) / 1000)
    const spot = line.querySelector('[data-undo-left]')
    if (left > 0) {
      if (spot.textContent !== `${left}\u00a0s`) spot.textContent = `${left}\u00a0s`
      continue
    }
    line.remove()
    if (document.querySelector('[data-live-ticket]')) setTimeout(refresh, 1500)
  }
}

setInterval(count, 250)
document.addEventListener('guardia:changed', count)
count()
