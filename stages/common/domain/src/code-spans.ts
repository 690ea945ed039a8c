/** Replaces removed code, so that the text before and after it cannot join to form a mention. */
const PLACEHOLDER = '`'

/**
 * The text without its code, in which nothing is a mention. Code is a block in ``` or a span in any
 * number of backticks, as Discord's clients show it. An unclosed fence and an escaped one are text.
 * This is no regular expression, because two thousand backticks would keep one busy for seconds.
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
      // A backslash escapes neither letters nor digits nor blanks.
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
 * The end of a block that starts here. Its first line may name a language. A block of line breaks
 * only is no block.
 */
function blockEnd(text: string, start: number): number | undefined {
  if (!text.startsWith('```', start)) return undefined
  const language = /[a-z0-9_+\-.#]+\n/iy
  language.lastIndex = start + 3
  const afterLanguage = language.test(text) ? [language.lastIndex] : []
  for (let content of [...afterLanguage, start + 3]) {
    while (text[content] === '\n') content += 1
    const close = content < text.length ? text.indexOf('```', content + 1) : -1
    if (close !== -1) return close + 3
  }
  return undefined
}

/** The positions of the runs of backticks, by the length of the run, in the order of the text. */
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
 * The end of a code span that starts here: the next run of as many backticks. If there is none, a
 * shorter run closes the span, and the rest of the opening run belongs to its content.
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
