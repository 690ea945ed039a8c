import { bold, dim, green, red, table } from '../terminal.ts'
import type { PartSize, PortChange, StageDiff } from './diff.ts'
import type { ParsedStage } from './parsed-stage.ts'

export function formatStages(stages: readonly ParsedStage[]): string {
  return table(
    ['Stage', 'Title', 'Built on', 'Engines', 'Adds', 'Replaces', 'Removes', 'Gives up'],
    stages.map(({ info }) => [
      String(info.stage),
      info.title,
      info.previous === null ? '–' : String(info.previous),
      info.engines.join(', '),
      String(info.adds.length),
      String(info.replaces.length),
      String(info.removes.length),
      info.givesUp.join(', ') || '–',
    ]),
  )
}

export function formatDiff(before: ParsedStage, after: ParsedStage, diff: StageDiff): string {
  const changed = (kind: PortChange['change']): PortChange[] =>
    diff.ports.filter(({ change }) => change === kind)
  return [
    bold(
      `Stage ${before.info.stage}, ${before.info.title} → ` +
        `stage ${after.info.stage}, ${after.info.title}`,
    ),
    '',
    formatPorts(diff.ports, before, after),
    ...section(
      'Replaced',
      changed('replaced').map((port) => `${size(port.before)} → ${size(port.after)}`),
    ),
    ...section(
      'Added',
      changed('added').map((port) => green(size(port.after))),
    ),
    ...section(
      'Removed',
      changed('removed').map((port) => red(size(port.before))),
    ),
    ...diff.lists.flatMap(({ name, gained, lost }) =>
      section(name[0]?.toUpperCase() + name.slice(1), [
        ...gained.map((entry) => green(`+ ${entry}`)),
        ...lost.map((entry) => red(`- ${entry}`)),
      ]),
    ),
    ...diff.wiring.flatMap(({ path, lines }) =>
      section(path, lines.length === 0 ? [dim('the same in both')] : lines.map(colorLine)),
    ),
  ].join('\n')
}

function formatPorts(
  ports: readonly PortChange[],
  before: ParsedStage,
  after: ParsedStage,
): string {
  const name = (part: PartSize | undefined): string =>
    part === undefined ? '–' : `${part.name.replace('adapters/', '')} (stage ${part.stage})`
  return table(
    ['Port or part', `In stage ${before.info.stage}`, `In stage ${after.info.stage}`, ''],
    ports.map((port) => [
      port.port,
      name(port.before),
      name(port.after),
      port.change === 'kept' ? dim(port.change) : bold(port.change),
    ]),
  )
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', bold(title), ...lines.map((line) => `  ${line}`)]

function size(part: PartSize | undefined): string {
  if (part === undefined) return ''
  const files = part.files === 1 ? '' : `${part.files} files, `
  return `${part.name} (stage ${part.stage}: ${files}${part.lines} lines)`
}

function colorLine(line: string): string {
  if (line.startsWith('+')) return green(line)
  if (line.startsWith('-')) return red(line)
  return line.startsWith('@@') ? dim(line) : line
}
