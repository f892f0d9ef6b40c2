// Builds what the pages load: one stylesheet, one script (and those of the demo's playground), the icons in use, the fonts. Content-hashed, listed in
// manifest.json. Run by `npm run build`; everything comes from node_modules, nothing from the network.
import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'

const assets = dirname(fileURLToPath(import.meta.url))
const web = dirname(assets)
const root = dirname(dirname(web))
const modules = join(root, 'node_modules')
const dist = join(web, 'static', 'dist')
const BROWSERS = ['chrome123', 'firefox121', 'safari17.5']

async function filesUnder(folder, ending) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter(e => e.isFile() && e.name.endsWith(ending)).map(e => join(e.parentPath ?? e.path, e.name)).sort()
}

async function iconsInUse() {
  const names = new Set()
  const listed = await readFile(join(assets, 'icons.txt'), 'utf8')
  for (const line of listed.split('\n')) if (line && !line.startsWith('#')) names.add(line.trim())
  const folders = ['msp', 'integrations', 'billing', 'simulators'].map(f => join(root, f))
  for (const folder of folders) {
    const files = await filesUnder(folder, '.html').catch(() => [])
    for (const file of files) {
      const text = await readFile(file, 'utf8')
      for (const [, name] of text.matchAll(/\bicon(?:\(|=|_name=)\s*['"]([a-z0-9-]+)['"]/g)) names.add(name)
    }
  }
  return [...names].sort()
}

async function sprite(names) {
  const symbols = []
  for (const name of names) {
    const svg = await readFile(join(modules, 'lucide-static', 'icons', `${name}.svg`), 'utf8').catch(() => {
      throw new Error(`no icon named "${name}" in lucide-static`)
    })
    const inner = svg.replace(/<!--.*?-->/gs, '').replace(/<svg[^>]*>/s, '').replace('</svg>', '')
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s+/g, ' ').replace(/> </g, '><').trim()}</symbol>`)
  }
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`
}

function hashed(name, bytes) {
  const dot = name.lastIndexOf('.')
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 10)
  return `${name.slice(0, dot)}-${hash}${name.slice(dot)}`
}

async function bundle(entry, options) {
  const result = await esbuild.build({
    entryPoints: [join(root, entry)], bundle: true, minify: true, write: false, legalComments: 'none',
    target: BROWSERS, nodePaths: [modules], outdir: dist, assetNames: '[name]-[hash]',
    loader: { '.woff2': 'file' }, ...options,
  })
  return result.outputFiles
}

await mkdir(dist, { recursive: true })
const manifest = {}
const stale = new Set(await readdir(dist))  // removed last: a desk that runs goes on serving meanwhile

async function put(name, bytes) {
  manifest[name] = hashed(name, bytes)
  await writeFile(join(dist, manifest[name]), bytes)
}

const entries = ['msp/web/assets/app', 'simulators/playground/assets/playground']
const sheets = []
const scripts = []
for (const entry of entries) {
  sheets.push(...await bundle(`${entry}.css`))
  scripts.push(...await bundle(`${entry}.js`, { format: 'iife' }))
}
for (const file of [...sheets, ...scripts]) {
  const name = relative(dist, file.path).split(sep).join('/')
  if (name.endsWith('.woff2')) {
    await writeFile(join(dist, name), file.contents)
    manifest[name.replace(/-[A-Z0-9]{8}(?=\.woff2$)/, '')] = name
  } else {
    await put(name, file.contents)
  }
}
await put('icons.svg', await sprite(await iconsInUse()))
await put('favicon.svg', await readFile(join(assets, 'favicon.svg')))
await writeFile(join(dist, 'manifest.new'), JSON.stringify(manifest, null, 2) + '\n')
await rename(join(dist, 'manifest.new'), join(dist, 'manifest.json'))
for (const kept of [...Object.values(manifest), 'manifest.json']) stale.delete(kept)
for (const name of stale) await rm(join(dist, name), { recursive: true, force: true })
console.log(Object.values(manifest).join('\n'))
