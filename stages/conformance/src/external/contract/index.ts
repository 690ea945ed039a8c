import { errors, workshop } from './errors.ts'
import { clientQuirks, gateway, sessions } from './gateway.ts'
import { guildRules, introduction, rest } from './rest.ts'

/** The text of the contract, in the order of its page. Each sentence has a stable id. */
export const SECTIONS = [
  introduction,
  rest,
  guildRules,
  workshop,
  errors,
  gateway,
  sessions,
  clientQuirks,
] as const

type KeyOf<Sentences> = Sentences extends unknown ? keyof Sentences & string : never
/** The id of a sentence. Cases name the sentences they cover by it. */
export type SentenceId = KeyOf<(typeof SECTIONS)[number]['sentences']>

/**
 * Cases of the client suites that cover a sentence as well. `clients.<library>.*` stands for all
 * cases of a library.
 */
export const CLIENT_CASES: Partial<Record<SentenceId, readonly string[]>> = {
  'intro.subset': [
    'clients.discordjs.login',
    'clients.oceanic.login',
    'clients.eris.login',
    'clients.discordpy.login',
    'clients.discordgo.login',
  ],
  'intro.clients': [
    'clients.discordjs.*',
    'clients.oceanic.*',
    'clients.eris.*',
    'clients.discordpy.*',
    'clients.discordgo.*',
  ],
  'bites.numbers': ['clients.discordpy.members'],
  'bites.content-type': ['clients.oceanic.login'],
  'bites.identify': ['clients.discordpy.login'],
  'bites.fields': ['clients.eris.send', 'clients.oceanic.login'],
  'bites.compress': ['clients.hikari.*'],
  'bites.closes': [
    'clients.discordgo.zombie',
    'clients.discordjs.reconnect',
    'clients.discordjs.zombie',
  ],
}
