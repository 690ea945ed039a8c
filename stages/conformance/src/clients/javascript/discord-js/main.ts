import { play } from '../play.ts'
import { createCast } from './cast.ts'
import { guild } from './guild.ts'
import { messages } from './messages.ts'
import { session } from './session.ts'

await play((hand) => {
  const cast = createCast(hand)
  return { ...session(cast), ...guild(cast), ...messages(cast) }
})
