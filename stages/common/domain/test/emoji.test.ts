import { expect, it } from 'vitest'
import { mergeSpellings } from '../src/emoji.ts'
import { qualifiedEmoji } from '../src/index.ts'

it.each([
  '👍',
  '👍🏽',
  '☝🏽',
  '❤️',
  '❤',
  '☺',
  '©️',
  '1️⃣',
  '#⃣',
  '🇩🇪',
  '🇦',
  '👨‍👩‍👧‍👦',
  '🤷🏽‍♀️',
  '🤷‍♀',
  '🏳️‍🌈',
  '🏳‍🌈',
  '🏴󠁧󠁢󠁳󠁣󠁴󠁿',
  '🦑',
  '👁️‍🗨️',
  '👁‍🗨',
])('accepts %s as one emoji', (text) => expect(qualifiedEmoji(text)).toMatch(/^.+$/u))

it.each([
  '👍👎',
  '🇩🇪🇫🇷🇮🇹',
  '🇩🇪🇫🇷',
  '🇽🇽',
  '',
  ' ',
  '1',
  '#',
  'a',
  '👍a',
  'a👍',
  '👍 ',
  '👍\u200D',
  '👍\u200D👎',
  '\uFE0F',
  '🏽👍',
  '❤️❤️',
  '1️⃣2️⃣',
  '🏴󠁧󠁢',
])('rejects %j', (text) => expect(qualifiedEmoji(text)).toBeUndefined())

it.each([
  ['\u2764', '\u2764\uFE0F'],
  ['\u00A9', '\u00A9\uFE0F'],
  ['\u{1F44D}\uFE0F', '\u{1F44D}'],
  ['#\u20E3', '#\uFE0F\u20E3'],
  ['\u261D\uFE0F\u{1F3FD}', '\u261D\u{1F3FD}'],
  ['\u{1F3F3}\u200D\u{1F308}', '\u{1F3F3}\uFE0F\u200D\u{1F308}'],
  ['\u{1F937}\u200D\u2640', '\u{1F937}\u200D\u2640\uFE0F'],
  ['\u{1F441}\u200D\u{1F5E8}\uFE0F', '\u{1F441}\uFE0F\u200D\u{1F5E8}\uFE0F'],
])('qualifies %j as %j', (text, form) => {
  expect(qualifiedEmoji(text)).toBe(form)
  expect(qualifiedEmoji(form)).toBe(form)
})

it('adds up the spellings of an emoji, and leaves custom emoji unchanged', () => {
  const counts = [
    { emoji: '\u2764', count: 2, me: true },
    { emoji: 'e1:1', count: 1, me: false },
    { emoji: '\u2764\uFE0F', count: 3, me: false },
  ]
  expect(mergeSpellings(counts)).toEqual([
    { emoji: '\u2764\uFE0F', count: 5, me: true },
    { emoji: 'e1:1', count: 1, me: false },
  ])
})
