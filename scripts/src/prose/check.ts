import { passagesOf } from './passages.ts'
import { FRONTED, IDIOMS, NAMES, OPENINGS } from './rules.ts'

export interface Located {
  readonly line: number
  /** The sentence, or the line of code. */
  readonly text: string
}

export interface Finding extends Located {
  readonly instead: string
}

export interface ProseReport {
  readonly findings: readonly Finding[]
  /** The sentences outside generated blocks. */
  readonly sentences: number
  /** Those that open with a preposition. One is good English, and many are a mannerism. */
  readonly fronted: readonly Located[]
}

/** Checks the prose and the names of one file. */
export function checkProse(name: string, source: string): ProseReport {
  const sentences = sentencesOf(name, source)
  const locate = ({ offset, length }: Sentence): Located => ({
    line: source.slice(0, offset).split('\n').length,
    text: withoutMarkers(source.slice(offset, offset + length)),
  })
  const inProse = sentences.flatMap((sentence) =>
    [...(isStatement(sentence.text) ? OPENINGS : []), ...IDIOMS]
      .filter(({ pattern }) => pattern.test(sentence.text))
      .map(({ instead }) => ({ ...locate(sentence), instead })),
  )
  const generated = generatedBlocks(source)
  const written = sentences.filter(
    ({ offset, text }) =>
      isStatement(text) && !generated.some(({ start, end }) => start < offset && offset < end),
  )
  return {
    findings: [...inProse, ...(/\.[cm]?[jt]s$/.test(name) ? checkNames(source) : [])],
    sentences: written.length,
    fronted: written.filter(({ text }) => FRONTED.test(text)).map(locate),
  }
}

interface Sentence {
  /** The position and the length in the source. */
  readonly offset: number
  readonly length: number
  /** The sentence with markup and code masked. */
  readonly text: string
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })

const sentencesOf = (name: string, source: string): Sentence[] =>
  passagesOf(name, source).flatMap(({ start, text }) =>
    [...segmenter.segment(text)].map(({ segment, index }) => {
      const indent = segment.length - segment.trimStart().length
      return {
        offset: start + index + indent,
        length: segment.length - indent,
        text: segment.trim(),
      }
    }),
  )

/** Fewer than three words are a label. */
const isStatement = (text: string): boolean => !text.endsWith('?') && /^(\S+\s+){2}\S/.test(text)

/** Removes the delimiters of a comment within the sentence. */
const withoutMarkers = (text: string): string =>
  text
    .replaceAll(/^\s*(\*|\/\/|#)(?=\s)|\*\/$/gm, '')
    .trim()
    .replaceAll(/\s+/g, ' ')

/** The blocks of a lab's page that `lab-pages.ts` writes. */
const generatedBlocks = (source: string): { start: number; end: number }[] =>
  [...source.matchAll(/^<!-- begin (\w+): generated .*?^<!-- end \1 -->/gms)].map(
    ({ index, 0: { length } }) => ({ start: index, end: index + length }),
  )

const DECLARATION = /^\s*(?:export )?(?:async )?(?:interface|type|class|function|const|let) (\w+)/

const checkNames = (source: string): Finding[] =>
  source.split('\n').flatMap((text, index) => {
    const declared = DECLARATION.exec(text)?.[1] ?? ''
    const broken = NAMES.filter(({ pattern }) => pattern.test(declared))
    return broken.map(({ instead }) => ({ line: index + 1, text: text.trim(), instead }))
  })
