import { added, faint, removed, strong, table } from '../terminal.ts'
import type { Part, PortRow, StageDiff } from './diff.ts'
import type { StageTree } from './tree.ts'

export function drawList(stages: readonly StageTree[]): string {
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

/**
 * In the order of the questions: what stands where, how it is plugged together, what is new and
 * what is gone.
 */
export function drawDiff(before: StageTree, after: StageTree, diff: StageDiff): string {
  const changed = diff.ports.filter(({ change }) => change !== 'kept')
  return [
    strong(
      `Stage ${before.info.stage}, ${before.info.title} → stage ${after.info.stage}, ${after.info.title}`,
    ),
    '',
    drawPorts(diff.ports, before, after),
    ...section(
      'Replaced',
      changed
        .filter(({ change }) => change === 'replaced')
        .map((row) => `${size(row.before)} → ${size(row.after)}`),
    ),
    ...section(
      'Added',
      changed.filter(({ change }) => change === 'added').map((row) => added(size(row.after))),
    ),
    ...section(
      'Removed',
      changed.filter(({ change }) => change === 'removed').map((row) => removed(size(row.before))),
    ),
    ...diff.lists.flatMap(({ name, gained, lost }) =>
      section(name[0]?.toUpperCase() + name.slice(1), [
        ...gained.map((word) => added(`+ ${word}`)),
        ...lost.map((word) => removed(`- ${word}`)),
      ]),
    ),
    ...diff.wiring.flatMap(({ path, lines }) =>
      section(path, lines.length === 0 ? [faint('the same in both')] : lines.map(drawLine)),
    ),
  ].join('\n')
}

function drawPorts(ports: readonly PortRow[], before: StageTree, after: StageTree): string {
  const name = (part: Part | undefined): string =>
    part === undefined ? '–' : `${part.name.replace('adapters/', '')} (stage ${part.stage})`
  return table(
    ['Port or part', `In stage ${before.info.stage}`, `In stage ${after.info.stage}`, ''],
    ports.map(({ port, before: old, after: now, change }) => [
      port,
      name(old),
      name(now),
      change === 'kept' ? faint(change) : strong(change),
    ]),
  )
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', strong(title), ...lines.map((line) => `  ${line}`)]

const size = (part: Part | undefined): string =>
  part === undefined
    ? ''
    : `${part.name} (stage ${part.stage}: ${part.files === 1 ? '' : `${part.files} files, `}${part.lines} lines)`

function drawLine(line: string): string {
  if (line.startsWith('+')) return added(line)
  if (line.startsWith('-')) return removed(line)
  return line.startsWith('@@') ? faint(line) : line
}
