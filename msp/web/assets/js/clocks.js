// Updates countdowns: every second in the last ten minutes, every minute otherwise. Also the running timer.
const MINUTE = 60, LAST = 600, HOUR = 3600, DAY = 86400, GAP = '\u00a0'
const two = n => String(n).padStart(2, '0')

function left(seconds) {
  const past = seconds < 0, total = Math.abs(seconds)
  const sign = past ? '\u2212' : ''
  if (total >= DAY) return [`${sign}${Math.floor(total / DAY)}${GAP}d${GAP}${Math.floor(total % DAY / HOUR)}${GAP}h`, '']
  if (total >= HOUR) return [`${sign}${Math.floor(total / HOUR)}${GAP}h${GAP}${two(Math.floor(total % HOUR / MINUTE))}${GAP}min`, '']
  if (past || total >= LAST) return [`${sign}${Math.floor(total / MINUTE)}${GAP}min`, '']
  return [`${sign}${Math.floor(total / MINUTE)}${GAP}min`, `${GAP}${two(total % MINUTE)}${GAP}s`]
}

function tone(due, from, now) {
  if (now >= due) return 'tone-red'
  return (now - from) / (due - from) >= 0.75 ? 'tone-amber' : 'tone-green'
}

function repaint(element, now) {
  const due = Date.parse(element.dataset.due), from = Date.parse(element.dataset.from)
  const [main, small] = left(Math.trunc((due - now) / 1000))
  const time = element.querySelector('time')
  const bare = element.classList.contains('deadline-words') ? main.replace('\u2212', '') : main
  if (time.textContent !== bare + small) {
    time.textContent = bare
    if (small) time.append(Object.assign(document.createElement('span'), { className: 'sec', textContent: small }))
  }
  const shade = tone(due, from, now)
  if (!element.classList.contains(shade)) {
    element.classList.remove('tone-red', 'tone-amber', 'tone-green')
    element.classList.add(shade)
    element.querySelector('.bar')?.classList.remove('tone-red', 'tone-amber', 'tone-green')
    element.querySelector('.bar')?.classList.add(shade)
  }
  const share = Math.min(1, Math.max(0, (now - from) / (due - from)))
  element.querySelector('.bar rect')?.setAttribute('width', (share * 100).toFixed(1))
}

function stopwatch(element, now) {
  const gone = Math.max(0, Math.floor((now - Date.parse(element.dataset.since)) / 1000))
  element.textContent = `${two(Math.floor(gone / HOUR))}:${two(Math.floor(gone % HOUR / MINUTE))}:${two(gone % MINUTE)}`
}

let skew = 0
const stamp = Date.parse(document.body?.dataset.now ?? '')
if (Math.abs(stamp - Date.now()) > 5000) skew = stamp - Date.now()

/** Current time of the server's clock in milliseconds. */
export const now = () => Date.now() + skew

function paint() {
  if (document.hidden) return
  const at = now()
  for (const element of document.querySelectorAll('[data-due]')) repaint(element, at)
  for (const element of document.querySelectorAll('[data-since]')) stopwatch(element, at)
}

setInterval(paint, 1000)
document.addEventListener('visibilitychange', paint)
document.addEventListener('guardia:changed', paint)
paint()
