import { passagesOf } from './passages.ts'
import { IDIOMS, NAMES, OPENINGS, type Rule } from './rules.ts'

export interface Finding {
  readonly line: number
  /** The sentence, or the line of code. */
  readonly text: string
  readonly instead: string
}

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' })

/** The delimiters of comments, for output. */
const MARKERS = /^\s*(\/\*+|\*|\/\/|#)(?=\s)|\*\/$/gm

/** Shorter ones are labels. */
const MIN_WORDS = 3

/** Checks the prose and the names of one file. */
export function checkProse(name: string, source: string): Finding[] {
  const findingAt = (offset: number, text: string, { instead }: Rule): Finding => ({
    line: source.slice(0, offset).split('\n').length,
    text: text.replaceAll(MARKERS, '').trim().replaceAll(/\s+/g, ' '),
    instead,
  })
  const inProse = passagesOf(name, source).flatMap(({ start, text }) =>
    [...sentences.segment(text)].flatMap(({ segment, index }) => {
      const sentence = segment.trim()
      const offset = start + index
      const original = source.slice(offset, offset + segment.length)
      const isOpening = !sentence.endsWith('?') && sentence.split(/\s+/).length >= MIN_WORDS
      return [
        ...(isOpening ? OPENINGS.filter(({ pattern }) => pattern.test(sentence)) : []),
        ...IDIOMS.filter(({ pattern }) => pattern.test(sentence)),
      ].map((rule) => findingAt(offset + segment.search(/\S/), original, rule))
    }),
  )
  return [...inProse, ...(/\.[cm]?[jt]s$/.test(name) ? checkNames(source) : [])]
}

const DECLARATION = /^\s*(?:export )?(?:async )?(?:interface|type|class|function|const|let) (\w+)/

const checkNames = (source: string): Finding[] =>
  source.split('\n').flatMap((text, index) => {
    const declared = DECLARATION.exec(text)?.[1] ?? ''
    const broken = NAMES.filter(({ pattern }) => pattern.test(declared))
    return broken.map(({ instead }) => ({ line: index + 1, text: text.trim(), instead }))
  })
