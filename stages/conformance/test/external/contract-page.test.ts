import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { sentences } from '../../src/external/contract.ts'

const page = await readFile(new URL('../../../../docs/docs/contract.md', import.meta.url), 'utf8')
const contractText = sentences.map((sentence) => sentence.text).join('\n')

/**
 * The names that docs/docs/contract.md promises. The page has its own wording, but each route, code
 * and event on it must occur in a sentence that cases cover.
 */
const patterns: Readonly<Record<string, RegExp>> = {
  route:
    /(?<=`(?:GET |POST )?)\/(?:users|guilds|channels|gateway|oauth2|invites|workshop|healthz|readyz|metrics|api)[\w/:@.-]*/g,
  'error or close code': /\b(?:10\d{3}|50\d{3}|40\d\d)\b/g,
  event: /\b(?:GUILD|MESSAGE|CHANNEL|TYPING|PRESENCE|VOICE)_[A-Z_]+[A-Z]\b/g,
  'field code': /\bBASE_TYPE_[A-Z_]+\b/g,
}

for (const [kind, pattern] of Object.entries(patterns)) {
  it(`mentions every ${kind} of the contract’s page in a sentence`, () => {
    const promised = new Set(page.match(pattern))
    expect(promised.size).toBeGreaterThan(0)
    expect([...promised].filter((name) => !contractText.includes(name))).toEqual([])
  })
}
