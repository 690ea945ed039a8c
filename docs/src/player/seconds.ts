import type { RecordedGuild } from '../labs/lab-data.ts'

/** How many guilds were in which state. */
export interface Tally {
  readonly fine: number
  readonly late: number
  readonly failed: number
  /** No send was due in these guilds. */
  readonly silent: number
}

/** The number of seconds that the longest of the guilds lasted. */
export const secondsOf = (guilds: readonly RecordedGuild[]): number =>
  Math.max(0, ...guilds.map(({ states }) => states.length))

/** Counts the states of all guilds in one second. */
export function tally(guilds: readonly RecordedGuild[], second: number): Tally {
  const count = (state: string): number =>
    guilds.filter(({ states }) => (states[second] ?? '.') === state).length
  return { fine: count('o'), late: count('l'), failed: count('x'), silent: count('.') }
}

/** Such as `8 guilds fine, 2 failed`. */
export function tallyText({ fine, late, failed, silent }: Tally): string {
  const parts = [
    [fine, 'fine'],
    [late, 'late'],
    [failed, 'failed'],
    [silent, 'without a message'],
  ].filter(([count]) => count !== 0)
  return parts
    .map(([count, state], index) =>
      index === 0 ? `${count} ${count === 1 ? 'guild' : 'guilds'} ${state}` : `${count} ${state}`,
    )
    .join(', ')
}

interface Span {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** The run in words: consecutive seconds with equal tallies are one span. */
export function spansOf(guilds: readonly RecordedGuild[]): Span[] {
  const spans: Span[] = []
  for (let second = 0; second < secondsOf(guilds); second++) {
    const text = tallyText(tally(guilds, second))
    const last = spans.at(-1)
    if (last?.text === text) spans[spans.length - 1] = { ...last, to: second }
    else spans.push({ from: second, to: second, text })
  }
  return spans
}

export const spanText = ({ from, to, text }: Span): string =>
  `${from === to ? `second ${from + 1}` : `seconds ${from + 1} to ${to + 1}`}: ${text}`
