import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Environment, readEnvironment } from '@threshold/lab-kit'

/** The samples of a bench, and the table and findings computed from them. */
export interface BenchResult {
  readonly name: string
  readonly title: string
  readonly engine: string
  readonly samples: readonly object[]
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Conclusions, one sentence each. They also name what Threshold loses. */
  readonly findings: readonly string[]
  readonly picture?: { readonly svg: string; readonly label: string }
}

export interface BenchReport extends Omit<BenchResult, 'picture'> {
  readonly v: 1
  /** Description of the picture, which is a file beside the report. */
  readonly picture?: string
  readonly at: string
  readonly environment: Environment
}

/** The published results and the page generated from them, relative to the repository. */
const RESULTS = join('labs', 'bench', 'results')
const PAGE = join('labs', 'bench', 'README.md')
/** The benches in the order of the page. */
const BENCHES = [
  'fanout',
  'route',
  'backfill',
  'history',
  'overload',
  'handover',
  'resume',
] as const

/** Writes the evidence and returns the table for the terminal. `publish` also updates the docs. */
export async function saveReport(
  { picture, ...result }: BenchResult,
  { publish = false } = {},
): Promise<string> {
  const report: BenchReport = {
    v: 1,
    at: new Date().toISOString(),
    environment: readEnvironment(),
    ...result,
    ...(picture === undefined ? {} : { picture: picture.label }),
  }
  const folder = join(
    '.threshold',
    'evidence',
    `bench-${result.name}-${report.at.replaceAll(/[:.]/g, '-')}`,
  )
  const json = `${JSON.stringify(report, null, 2)}\n`
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'bench.json'), json)
  await writeFile(join(folder, 'bench.md'), markdown(report))
  if (picture) await writeFile(join(folder, 'bench.svg'), picture.svg)
  if (publish) {
    await mkdir(RESULTS, { recursive: true })
    await writeFile(join(RESULTS, `${result.name}.json`), json)
    if (picture) await writeFile(join(RESULTS, `${result.name}.svg`), picture.svg)
    await writeFile(PAGE, page(await published()))
  }
  return `${markdown(report)}\nevidence: ${folder}/bench.json\n${publish ? `published: ${PAGE}\n` : ''}`
}

export async function published(): Promise<BenchReport[]> {
  const read = async (name: string): Promise<BenchReport[]> => {
    const text = await readFile(join(RESULTS, `${name}.json`), 'utf8').catch(() => undefined)
    return text === undefined ? [] : [JSON.parse(text) as BenchReport]
  }
  return (await Promise.all(BENCHES.map(read))).flat()
}

/** Generates the page in the docs. No figure on it is typed by hand. */
export function page(reports: readonly BenchReport[]): string {
  return `# Bench

These benches measure the cost of the gateway, of a migration, of a page of history, of overload, of
a hand-over and of a mass reconnect. Where alternatives exist, they are measured in the same run on the same machine,
interleaved. Compare ratios: your milliseconds will differ. \`threshold bench NAME --publish\` measures
again and generates this page. All samples are in \`labs/bench/results\`.

\`\`\`bash no-run="takes minutes and loads both cores; labs/bench/test runs what it measures"
npx threshold bench fanout
npx threshold bench route
npx threshold bench backfill
npx threshold bench history
npx threshold bench overload
npx threshold bench handover
npx threshold bench resume
\`\`\`

${reports.map(section).join('\n')}`
}

const section = (report: BenchReport): string =>
  `## ${report.title}\n\n\`threshold bench ${report.name}\`\n\n${report.picture === undefined ? '' : `![${report.picture}](results/${report.name}.svg)\n\n`}${markdown(report)}`

/** Formats the result for the terminal, the evidence and the docs. */
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
