import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '@threshold/kit'
import { ROOT } from './src/context.ts'
import { generatePage, pageFile } from './src/lab-pages/page.ts'
import { loadLabSources } from './src/lab-pages/sources.ts'

// Writes the generated blocks of every lab's page. With --check, which `npm run check` runs, it
// writes nothing and fails if a page differs from its lab.

const check = process.argv.includes('--check')

try {
  let changed = 0
  for (const source of await loadLabSources(ROOT)) {
    const file = pageFile(source)
    const text = await readFile(join(ROOT, file), 'utf8')
    const generated = generatePage(source, text)
    if (generated === text) continue
    changed += 1
    if (!check) await writeFile(join(ROOT, file), generated)
    console.log(check ? `${file} differs from its lab` : `wrote ${file}`)
  }
  if (changed === 0) console.log('lab pages: each page matches its lab')
  if (check && changed > 0) {
    console.log('  → node scripts/lab-pages.ts')
    process.exitCode = 1
  }
} catch (error) {
  if (!hasCode(error)) throw error
  const next = error.next === undefined ? '' : `\n  → ${error.next}`
  console.log(`${error.code}: ${error.message}${next}`)
  process.exitCode = 1
}
