/** Shows a line above the page until a request succeeds. */
export function trouble(text) {
  const line = document.getElementById('trouble')
  if (!line) return
  line.querySelector('span').textContent = text
  line.hidden = false
}

export function untrouble() {
  const line = document.getElementById('trouble')
  if (line) line.hidden = true
}
