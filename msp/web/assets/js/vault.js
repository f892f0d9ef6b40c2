// Storage of drafts in this browser, by person and encrypted with a key that only that person's pages contain, so
// that other users of the browser cannot read them. Without Web Crypto (a page without https) drafts stay in this tab
// and are deleted when somebody else signs in.
const { person, draftKey } = document.body?.dataset ?? {}
const MONTH = 30 * 24 * 3600 * 1000
const PREFIX = 'draft:'
const isSealed = Boolean(globalThis.crypto?.subtle && draftKey)
const store = isSealed ? localStorage : sessionStorage
const nameOf = key => `${PREFIX}${person}:${key}`
const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), each => each.charCodeAt(0))
const letters = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
const chunked = buffer => Array.from({ length: Math.ceil(buffer.byteLength / 8192) }, (_, at) => buffer.slice(at * 8192, (at + 1) * 8192))
const key = isSealed && crypto.subtle.importKey('raw', bytes(draftKey), 'AES-GCM', false, ['encrypt', 'decrypt'])

async function seal(text) {
  if (!isSealed) return text
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await key, new TextEncoder().encode(text))
  return [letters(iv), ...chunked(sealed).map(letters)].join('.')
}

async function unseal(kept) {
  if (!isSealed) return kept
  const [iv, ...parts] = kept.split('.').map(bytes)
  const sealed = await new Blob(parts).arrayBuffer()
  return new TextDecoder().decode(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, await key, sealed))
}

const turn = {}  // number of the last change per key; an older change that finishes later is dropped

/** Stores a value for the current person; does nothing without sign-in. */
export async function keep(name, value) {
  if (!person) return
  const mine = turn[name] = (turn[name] ?? 0) + 1
  const sealed = await seal(JSON.stringify({ at: Date.now(), value }))
  if (turn[name] !== mine) return
  try {
    store.setItem(nameOf(name), sealed)
  } catch { /* quota exceeded: the input is still on the page */ }
}

/** The stored value of a key and when it was stored in ms, or null. */
export async function kept(name) {
  const found = person && store.getItem(nameOf(name))
  if (!found) return null
  try {
    const { at, value } = JSON.parse(await unseal(found))
    if (Date.now() - at < MONTH) return { at, value }
  } catch { /* encrypted with another key, or damaged */ }
  store.removeItem(nameOf(name))
  return null
}

export function drop(name) {
  turn[name] = (turn[name] ?? 0) + 1
  if (person) store.removeItem(nameOf(name))
}

// Without encryption, drafts of other people are deleted; with it, only those of older versions.
for (const name of Object.keys(sessionStorage)) {
  if (person && name.startsWith(PREFIX) && !name.startsWith(nameOf(''))) sessionStorage.removeItem(name)
}
