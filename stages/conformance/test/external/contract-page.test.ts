import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { sentences } from '../../src/external/contract-map.ts'

const page = await readFile(new URL('../../../../docs/docs/contract.md', import.meta.url), 'utf8')
const map = sentences.map((sentence) => sentence.text).join('\n')

/**
 * What the page for learners promises by name. Its words are its own; what it names must be in the
 * map, where cases hold it.
 */
const named: Readonly<Record<string, RegExp>> = {
  routes:
    /(?<=`(?:GET |POST )?)\/(?:users|guilds|channels|gateway|oauth2|invites|workshop|healthz|readyz|metrics|api)[\w/:@.-]*/g,
  'codes of refusals and closes': /\b(?:10\d{3}|50\d{3}|40\d\d)\b/g,
  events: /\b(?:GUILD|MESSAGE|CHANNEL|TYPING|PRESENCE|VOICE)_[A-Z_]+[A-Z]\b/g,
  'codes of fields': /\bBASE_TYPE_[A-Z_]+\b/g,
}

/**
 * Families that the contract writes in short: `GUILD_MEMBER_ADD/UPDATE/REMOVE`,
 * `MESSAGE_DELETE(_BULK)`, `GUILD_ROLE_*`.
 */
const spelled = map
  .replace(
    /\b([A-Z_]+)_([A-Z]+)((?:\/[A-Z]+)+)/g,
    (_, family: string, first: string, rest: string) =>
      [first, ...rest.slice(1).split('/')].map((verb) => `${family}_${verb}`).join(' '),
  )
  .replace('MESSAGE_DELETE(_BULK)', 'MESSAGE_DELETE MESSAGE_DELETE_BULK')
  .replace('GUILD_ROLE_*', 'GUILD_ROLE_CREATE GUILD_ROLE_UPDATE GUILD_ROLE_DELETE')
  .replace('reactions/:emoji[/@me]', 'reactions/:emoji')

for (const [what, pattern] of Object.entries(named)) {
  it(`names no ${what} on the contract's page that the map does not know`, () => {
    const promised = new Set(page.match(pattern))
    expect(promised.size).toBeGreaterThan(0)
    expect([...promised].filter((name) => !spelled.includes(name))).toEqual([])
  })
}
