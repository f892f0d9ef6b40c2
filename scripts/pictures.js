// What can be seen to be wrong with a page as it stands: read by scripts/pictures.py, once per picture.
(() => {
  const MAY_SCROLL = '.filters, .page-tabs, .table-scroll, .ledger-open, .doc-example, pre, textarea, [data-may-scroll]'
  const OWN_WORDS = 'script, style, noscript, code, kbd, pre, textarea, .copy, .msg-body, .say-body, .row-link, .doc, .verb, [translate="no"], .is-reference, body [lang]'
  const name = e => e.tagName.toLowerCase() + (e.id ? `#${e.id}` : '') + [...e.classList].map(c => `.${c}`).join('')
  const shown = e => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !e.closest('.sr')

  function overflow() {
    const found = [], root = document.documentElement
    const wide = e => e.scrollWidth > e.clientWidth + 1
    if (root.scrollWidth > innerWidth + 1) {
      const out = [...document.querySelectorAll('body *')].filter(e => shown(e) && e.getBoundingClientRect().right > innerWidth + 1)
      found.push(`page is ${root.scrollWidth - innerWidth} px too wide: ${out.slice(-3).map(name).join(', ')}`)
    }
    for (const e of document.querySelectorAll('body *')) {
      const scrolls = ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
      if (scrolls && wide(e) && shown(e) && !e.matches(MAY_SCROLL)) found.push(`${name(e)} scrolls sideways by ${e.scrollWidth - e.clientWidth} px`)
    }
    return found
  }

  function clipped() {
    return [...document.querySelectorAll('body *')]
      .filter(e => getComputedStyle(e).textOverflow === 'ellipsis' && e.scrollWidth > e.clientWidth + 1 && shown(e))
      .map(e => `${name(e)}: ${e.textContent.trim().slice(0, 60)}`)
  }

  function words() {
    const found = new Set([document.title])
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (walk.nextNode()) {
      const text = walk.currentNode.data.replace(/[ \t\n]+/g, ' ').trim(), e = walk.currentNode.parentElement
      if (text.length > 1 && !e.closest(OWN_WORDS)) found.add(text)
    }
    for (const e of document.querySelectorAll('[title], [aria-label], [placeholder]')) {
      if (e.closest(OWN_WORDS)) continue
      for (const key of ['title', 'aria-label', 'placeholder']) if (e.getAttribute(key)) found.add(e.getAttribute(key))
    }
    return [...found]
  }

  const brush = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  function rgba(colour) {
    brush.clearRect(0, 0, 1, 1)
    brush.fillStyle = colour
    brush.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3]))
  function light([r, g, b]) {
    const [x, y, z] = [r, g, b].map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  function behind(e) {
    if (!e) return [255, 255, 255]
    const colour = rgba(getComputedStyle(e).backgroundColor)
    return colour[3] === 1 ? colour.slice(0, 3) : over(colour, behind(e.parentElement))
  }
  function faint() {
    const found = new Map()
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (walk.nextNode()) {
      const e = walk.currentNode.parentElement
      if (!walk.currentNode.data.trim() || !shown(e) || e.closest('script, style, [disabled], [aria-disabled="true"]')) continue
      const style = getComputedStyle(e), back = behind(e), front = over(rgba(style.color), back)
      const [low, high] = [light(front), light(back)].sort((a, b) => a - b)
      const ratio = (high + 0.05) / (low + 0.05)
      if (ratio < 4.5) found.set(name(e), `${name(e)}: contrast ${ratio.toFixed(2)} («${walk.currentNode.data.trim().slice(0, 30)}»)`)
    }
    return [...found.values()]
  }

  const tallest = Math.max(0, ...[...document.querySelectorAll('body *')]
    .filter(e => ['auto', 'scroll'].includes(getComputedStyle(e).overflowY) && !e.matches('textarea, .choice-list, .menu-box, .rail-nav'))
    .map(e => e.scrollHeight - e.clientHeight))
  return { overflow: overflow(), clipped: clipped(), words: words(), faint: faint(), hidden_below: tallest }
})()
