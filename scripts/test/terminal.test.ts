import { describe, expect, it } from 'vitest'
import { wrapped } from '../src/terminal.ts'

const stream = (columns: number, isTTY = true) => ({ isTTY, columns }) as NodeJS.WriteStream
const WORDS = 'one two three four five six seven eight nine ten'

describe('long lines', () => {
  it('break between words at the width of the terminal', () => {
    const lines = wrapped(`${WORDS} eleven twelve`, stream(40)).split('\n')
    expect(lines.length).toBeGreaterThan(1)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40)
    expect(lines.join(' ')).toBe(`${WORDS} eleven twelve`)
  })

  it('keep their indentation, also behind a mark', () => {
    expect(wrapped(`   ${WORDS}`, stream(40))).toMatch(/^ {3}one .*\n {3}\S/)
    expect(wrapped(`  ✓ ${WORDS}`, stream(40))).toMatch(/^ {2}✓ one .*\n {4}\S/)
  })

  it('are at most 100 wide in a wider terminal', () => {
    const widest = Math.max(
      ...wrapped(`${WORDS} `.repeat(9), stream(200))
        .split('\n')
        .map((line) => line.length),
    )
    expect(widest).toBeLessThanOrEqual(100)
    expect(widest).toBeGreaterThan(90)
  })

  it('stay whole in a pipe, and where the width is unknown', () => {
    expect(wrapped(WORDS.repeat(9), stream(40, false))).toBe(WORDS.repeat(9))
    expect(wrapped(WORDS.repeat(9), stream(0))).toBe(WORDS.repeat(9))
  })
})
