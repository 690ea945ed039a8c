import { hasCode } from '@threshold/kit'
import { ROOT } from './src/context.ts'
import { roleMapDifferences } from './src/lab-pages/roles-block.ts'
import { loadLabSources } from './src/lab-pages/sources.ts'
import { differences, writeDifference } from './src/lab-pages/write.ts'

// Writes the generated blocks of every lab's page, the pictures of recorded runs, and the map of
// roles in a stage's page. With --check, which `npm run check` runs, it writes nothing and fails if
// one differs from its lab.

const check = process.argv.includes('--check')

try {
  const found = [
    ...(await differences(ROOT, await loadLabSources(ROOT))),
    ...(await roleMapDifferences(ROOT)),
  ]
  for (const difference of found) {
    if (!check) await writeDifference(ROOT, difference)
    console.log(check ? `${difference.file} differs from its source` : `wrote ${difference.file}`)
  }
  if (found.length === 0) console.log('pages: each page matches its source')
  else if (check) fail('', 'node scripts/lab-pages.ts')
} catch (error) {
  if (!hasCode(error)) throw error
  fail(`${error.code}: ${error.message}`, error.next)
}

function fail(message: string, next: string | undefined): void {
  if (message !== '') console.log(message)
  if (next !== undefined) console.log(`  → ${next}`)
  process.exitCode = 1
}
