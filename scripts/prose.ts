import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { checkProse } from './src/prose/check.ts'

// `npm run check` runs this over the whole repository: see Sentences in CONTRIBUTING.md. Arguments
// limit it to the files that they name.

const FILES = [
  '*.{md,ts,mjs}',
  '.ci/run',
  '{docs,infra,labs,scripts,stages}/**/*.{ts,tsx,mjs,cjs,js,md,sh,py,go}',
]

/** Folders that are generated or installed. */
const SKIPPED = ['node_modules', 'build', '.docusaurus', '.threshold']

/** These files quote the words that the check looks for. */
const OWN = ['scripts/src/prose/rules.ts', 'scripts/test/prose.test.ts']

const named = process.argv.slice(2)
const files = globSync(named.length > 0 ? named : FILES, {
  exclude: (path) => SKIPPED.includes(basename(path)),
}).filter((file) => !OWN.includes(file))

let problems = 0
let sentences = 0
let fronted = 0
for (const file of files.toSorted()) {
  const report = checkProse(file, readFileSync(file, 'utf8'))
  problems += report.findings.length
  sentences += report.sentences
  fronted += report.fronted
  for (const { line, text, instead } of report.findings)
    console.log(`${file}:${line}  ${text}\n    → ${instead}`)
}
const share = ((100 * fronted) / Math.max(1, sentences)).toFixed(1)
const found = problems === 0 ? 'no problems' : `${problems} problems`
console.log(
  `prose: ${found} in ${files.length} files; ${share}% of sentences open with a preposition`,
)
if (problems > 0) process.exitCode = 1
