/**
 * Stands for code that was left out. No part of a mention, so that what stood on both sides of it
 * makes none.
 */
const PLACEHOLDER = '`'

/**
 * A text without its code, where nothing is a mention: blocks in ``` and inline code in any number
 * of backticks, as Discord's clients show them. A fence that is never closed, or one after a
 * backslash, is text. By hand and not by a regular expression, since two thousand backticks would
 * keep one busy for seconds.
 */
export function withoutCode(text: string): string {
  if (!text.includes('`')) return text
  const runs = backtickRuns(text)
  let kept = ''
  let at = 0
  while (at < text.length) {
    const tick = text.indexOf('`', at)
    const backslash = text.indexOf('\\', at)
    if (tick === -1) return kept + text.slice(at)
    if (backslash !== -1 && backslash < tick) {
      // Letters, digits and blanks are not escaped.
      const length = /[^0-9A-Za-z\s]/.test(text[backslash + 1] ?? '') ? 2 : 1
      kept += text.slice(at, backslash + length)
      at = backslash + length
      continue
    }
    const end = blockEnd(text, tick) ?? inlineEnd(text, tick, runs)
    kept += text.slice(at, tick) + PLACEHOLDER
    at = end ?? tick + 1
  }
  return kept
}

/**
 * Where a block that begins here ends. It may name a language in its first line, and holds more
 * than line breaks.
 */
function blockEnd(text: string, start: number): number | undefined {
  if (!text.startsWith('```', start)) return undefined
  const language = /[a-z0-9_+\-.#]+\n/iy
  language.lastIndex = start + 3
  const named = language.test(text) ? [language.lastIndex] : []
  for (let content of [...named, start + 3]) {
    while (text[content] === '\n') content += 1
    const close = content < text.length ? text.indexOf('```', content + 1) : -1
    if (close !== -1) return close + 3
  }
  return undefined
}

/** Whole runs of backticks by their length, each list in the order of the text. */
function backtickRuns(text: string): ReadonlyMap<number, number[]> {
  const runs = new Map<number, number[]>()
  for (const { index, 0: run } of text.matchAll(/`+/g)) {
    const known = runs.get(run.length)
    if (known) known.push(index)
    else runs.set(run.length, [index])
  }
  return runs
}

/**
 * Where inline code that begins here ends: after the next run of as many backticks; of fewer, where
 * the run's rest is content.
 */
function inlineEnd(
  text: string,
  start: number,
  runs: ReadonlyMap<number, number[]>,
): number | undefined {
  let after = start
  while (text[after] === '`') after += 1
  for (let length = after - start; length > 0; length--) {
    const close = runs.get(length)?.find((index) => index >= after)
    if (close !== undefined) return close + length
  }
  return undefined
}
