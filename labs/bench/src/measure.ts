import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Environment, processCpuSeconds, processMemoryBytes, readEnvironment } from '@threshold/lab-kit'
import type { Client } from './children.ts'
import type { Contestant } from './contestants.ts'
import type { ClientAnswer } from './protocol.ts'

/** One contestant, once. */
export interface Sample extends ClientAnswer {
  readonly name: string
  readonly sockets: number
  readonly inFlight: number
  readonly serverCpuSeconds: number
  readonly serverMemoryBytes: number
}

export interface Window {
  readonly sockets: number
  readonly inFlight: number
  readonly messages: number
}

/** Connects, warms up, measures, leaves: so that what another contestant left in memory or caches is the same for all. */
export async function sample(client: Client, contestant: Contestant, window: Window): Promise<Sample> {
  const { dialect, port, tokens, url, token, name, pid } = contestant
  const { sockets, inFlight, messages } = window
  await client.connect({ dialect, port, sockets, tokens: [...tokens] })
  const send = (count: number) => client.send({ url, token, messages: count, inFlight })
  await send(Math.max(inFlight, Math.ceil(messages / 4)))
  const before = (await processCpuSeconds(pid)) ?? Number.NaN
  const answer = await send(messages)
  const serverCpuSeconds = ((await processCpuSeconds(pid)) ?? Number.NaN) - before
  const serverMemoryBytes = (await processMemoryBytes(pid)) ?? Number.NaN
  await client.leave()
  return { ...answer, name, sockets, inFlight, serverCpuSeconds, serverMemoryBytes }
}

/** Of several rounds the middle one counts: a neighbour's minute on the same machine spoils one round, not the result. */
export function median(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const sorted = samples.map(of).sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export const cpuMicros = (s: Sample): number => (s.serverCpuSeconds / s.deliveries) * 1e6

export interface BenchReport {
  readonly v: 1
  readonly name: string
  readonly title: string
  readonly at: string
  readonly environment: Environment
  readonly engine: string
  readonly samples: readonly Sample[]
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** What the rows come to, a sentence each; where it is a loss, they say so. */
  readonly findings: readonly string[]
}

/** Writes the evidence and returns the table for the terminal. */
export async function publish(report: Omit<BenchReport, 'v' | 'at' | 'environment'>): Promise<string> {
  const whole: BenchReport = { v: 1, at: new Date().toISOString(), environment: readEnvironment(), ...report }
  const folder = join('.threshold', 'evidence', `bench-${report.name}-${whole.at.replaceAll(/[:.]/g, '-')}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'bench.json'), `${JSON.stringify(whole, null, 2)}\n`)
  await writeFile(join(folder, 'bench.md'), markdown(whole))
  return `${markdown(whole)}\nevidence: ${folder}/bench.json\n`
}

/** The same text stands in the terminal, in the evidence and, once published, in the docs. */
function markdown(report: BenchReport): string {
  const widths = report.columns.map((column, i) => Math.max(column.length, ...report.rows.map((row) => row[i]!.length)))
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
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
