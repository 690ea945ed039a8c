import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Environment, readEnvironment } from '@threshold/lab-kit'

/** What a bench measured, and what it comes to. */
export interface BenchResult {
  readonly name: string
  readonly title: string
  readonly engine: string
  readonly samples: readonly object[]
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** What the rows come to, a sentence each; where it is a loss, they say so. */
  readonly findings: readonly string[]
  readonly picture?: { readonly svg: string; readonly label: string }
}

export interface BenchReport extends Omit<BenchResult, 'picture'> {
  readonly v: 1
  /** What its picture shows, in words; the picture lies beside it. */
  readonly picture?: string
  readonly at: string
  readonly environment: Environment
}

/**
 * Where the published results are, and the page that is made of them. Relative to the repository,
 * where the command runs.
 */
const RESULTS = join('labs', 'bench', 'results')
const PAGE = join('labs', 'bench', 'README.md')
/** In the order of the page. */
const BENCHES = ['fanout', 'route', 'backfill', 'history', 'overload'] as const

/**
 * Writes the evidence and returns the table for the terminal. Published, it is also what the docs
 * show.
 */
export async function saveReport(
  { picture, ...result }: BenchResult,
  { publish = false } = {},
): Promise<string> {
  const whole: BenchReport = {
    ...{ v: 1, at: new Date().toISOString(), environment: readEnvironment() },
    ...result,
    ...(picture === undefined ? {} : { picture: picture.label }),
  }
  const folder = join(
    '.threshold',
    'evidence',
    `bench-${result.name}-${whole.at.replaceAll(/[:.]/g, '-')}`,
  )
  const json = `${JSON.stringify(whole, null, 2)}\n`
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'bench.json'), json)
  await writeFile(join(folder, 'bench.md'), markdown(whole))
  if (picture) await writeFile(join(folder, 'bench.svg'), picture.svg)
  if (publish) {
    await mkdir(RESULTS, { recursive: true })
    await writeFile(join(RESULTS, `${result.name}.json`), json)
    if (picture) await writeFile(join(RESULTS, `${result.name}.svg`), picture.svg)
    await writeFile(PAGE, page(await published()))
  }
  return `${markdown(whole)}\nevidence: ${folder}/bench.json\n${publish ? `published: ${PAGE}\n` : ''}`
}

export async function published(): Promise<BenchReport[]> {
  const read = async (name: string): Promise<BenchReport[]> => {
    const text = await readFile(join(RESULTS, `${name}.json`), 'utf8').catch(() => undefined)
    return text === undefined ? [] : [JSON.parse(text) as BenchReport]
  }
  return (await Promise.all(BENCHES.map(read))).flat()
}

/** The page in the docs: generated, so that no figure on it was typed. */
export function page(reports: readonly BenchReport[]): string {
  return `# Bench

What the gateway, a move to another database, a page of history and a crowd cost, beside what a team might have taken instead where there is
such a thing, interleaved in one run on one machine. Only ratios travel: your milliseconds will be others.
\`threshold bench NAME --publish\` measures again and writes this page; nobody types it. Every sample lies beside it, in
\`labs/bench/results\`.

\`\`\`bash no-run="takes minutes and loads both cores; labs/bench/test runs what it measures"
npx threshold bench fanout
npx threshold bench route
npx threshold bench backfill
npx threshold bench history
npx threshold bench overload
\`\`\`

${reports.map(section).join('\n')}`
}

const section = (one: BenchReport): string =>
  `## ${one.title}\n\n\`threshold bench ${one.name}\`\n\n${one.picture === undefined ? '' : `![${one.picture}](results/${one.name}.svg)\n\n`}${markdown(one)}`

/** The same text stands in the terminal, in the evidence and, once published, in the docs. */
function markdown(report: BenchReport): string {
  const widths = report.columns.map((column, i) =>
    Math.max(column.length, ...report.rows.map((row) => row[i]!.length)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  return [
    line(report.columns),
    line(widths.map((width) => '-'.repeat(width))),
    ...report.rows.map(line),
    '',
    ...report.findings.map((finding) => `- ${finding}`),
    '',
    `Measured on ${report.environment.text}; ${report.engine}; ${report.at.slice(0, 10)}.`,
    '',
  ].join('\n')
}
