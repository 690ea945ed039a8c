import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { checkProse, type Located } from './src/prose/check.ts'
import { FRONTED_LIMIT } from './src/prose/rules.ts'

// `npm run check` runs this over the whole repository: see Sentences in CONTRIBUTING.md. Arguments
// limit it to the files that they name, and then no share of openings is too large.

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

interface Openings {
  sentences: number
  readonly fronted: (Located & { readonly file: string })[]
}

const inComments: Openings = { sentences: 0, fronted: [] }
const inDocuments: Openings = { sentences: 0, fronted: [] }
let problems = 0
for (const file of files.toSorted()) {
  const report = checkProse(file, readFileSync(file, 'utf8'))
  problems += report.findings.length
  const openings = file.endsWith('.md') ? inDocuments : inComments
  openings.sentences += report.sentences
  openings.fronted.push(...report.fronted.map((sentence) => ({ file, ...sentence })))
  for (const { line, text, instead } of report.findings)
    console.log(`${file}:${line}  ${text}\n    → ${instead}`)
}

const shareOf = ({ sentences, fronted }: Openings): number =>
  fronted.length / Math.max(1, sentences)
const percent = (share: number): string => `${(100 * share).toFixed(1)}%`

for (const openings of [inComments, inDocuments]) {
  if (named.length > 0 || shareOf(openings) <= FRONTED_LIMIT) continue
  problems += 1
  for (const { file, line, text } of openings.fronted) console.log(`${file}:${line}  ${text}`)
  console.log(
    `    → begin with the subject, until at most ${percent(FRONTED_LIMIT)} of these remain`,
  )
}
const found = problems === 0 ? 'no problems' : `${problems} problems`
console.log(
  `prose: ${found} in ${files.length} files; ${percent(shareOf(inComments))} of sentences in ` +
    `comments and ${percent(shareOf(inDocuments))} in documents open with a preposition`,
)
if (problems > 0) process.exitCode = 1
