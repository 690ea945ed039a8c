import { expect, it } from 'vitest'
import { isEmoji } from '../src/index.ts'

it.each(['👍', '👍🏽', '☝🏽', '❤️', '❤', '☺', '©️', '1️⃣', '#⃣', '🇩🇪', '🇦', '👨‍👩‍👧‍👦', '🤷🏽‍♀️', '🤷‍♀', '🏳️‍🌈', '🏳‍🌈', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '🦑', '👁️‍🗨️', '👁‍🗨'])(
  '%s is one emoji',
  (text) => expect(isEmoji(text)).toBe(true),
)

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
])('%j is not', (text) => expect(isEmoji(text)).toBe(false))
