import type { z } from 'zod'
import { messageInput, restInput } from '../../src/input/index.ts'

/** A route of the contract, with the schemas of its body and its query. */
export interface Route {
  readonly method: string
  readonly path: string
  readonly body?: z.ZodType
  readonly query?: z.ZodType
}

const route = (line: string, body?: z.ZodType, query?: z.ZodType): Route => {
  const [method = '', path = ''] = line.split(' ')
  return { method, path, ...(body ? { body } : {}), ...(query ? { query } : {}) }
}

const { createMessage, editMessage, bulkDelete } = messageInput
const reactions = '/channels/:channel/messages/:message/reactions/:emoji'

export const ROUTES: readonly Route[] = [
  route('GET /gateway'),
  route('GET /gateway/bot'),
  route('GET /users/@me'),
  route('GET /users/:user'),
  route('GET /users/@me/guilds', undefined, restInput.guildsQuery),
  route('DELETE /users/@me/guilds/:guild'),
  route('GET /users/@me/channels'),
  route('POST /users/@me/channels', restInput.createDm),
  route('GET /oauth2/applications/@me'),
  route('POST /guilds', restInput.createGuild),
  route('GET /guilds/:guild'),
  route('PATCH /guilds/:guild', restInput.editGuild),
  route('DELETE /guilds/:guild'),
  route('GET /guilds/:guild/channels'),
  route('POST /guilds/:guild/channels', restInput.createChannel),
  route('PATCH /guilds/:guild/channels', restInput.moveChannels),
  route('GET /guilds/:guild/members', undefined, restInput.memberQuery),
  route('GET /guilds/:guild/members/search', undefined, restInput.memberSearchQuery),
  route('GET /guilds/:guild/members/:user'),
  route('PUT /guilds/:guild/members/:user', restInput.putMember),
  route('PATCH /guilds/:guild/members/:user', restInput.editMember),
  route('PATCH /guilds/:guild/members/@me', restInput.editMember),
  route('PATCH /guilds/:guild/members/@me/nick', restInput.editNick),
  route('DELETE /guilds/:guild/members/:user'),
  route('GET /guilds/:guild/roles'),
  route('POST /guilds/:guild/roles', restInput.writeRole),
  route('PATCH /guilds/:guild/roles', restInput.moveRoles),
  route('GET /guilds/:guild/roles/:role'),
  route('PATCH /guilds/:guild/roles/:role', restInput.writeRole),
  route('DELETE /guilds/:guild/roles/:role'),
  route('PUT /guilds/:guild/members/:user/roles/:role'),
  route('DELETE /guilds/:guild/members/:user/roles/:role'),
  route('GET /guilds/:guild/messages/search', undefined, restInput.searchQuery),
  route('GET /channels/:channel'),
  route('PATCH /channels/:channel', restInput.editChannel),
  route('DELETE /channels/:channel'),
  route('PUT /channels/:channel/permissions/:target', restInput.putOverwrite),
  route('DELETE /channels/:channel/permissions/:target'),
  route('GET /channels/:channel/messages', undefined, restInput.pageQuery),
  route('POST /channels/:channel/messages', createMessage),
  route('POST /channels/:channel/messages/bulk-delete', bulkDelete),
  route('GET /channels/:channel/messages/:message'),
  route('PATCH /channels/:channel/messages/:message', editMessage),
  route('DELETE /channels/:channel/messages/:message'),
  route(`PUT ${reactions}/@me`),
  route(`DELETE ${reactions}/@me`),
  route(`DELETE ${reactions}/:user`),
  route(`DELETE ${reactions}`),
  route(`GET ${reactions}`, undefined, restInput.reactionQuery),
  route('POST /channels/:channel/typing'),
  route('POST /channels/:channel/invites', restInput.createInvite),
  route('GET /channels/:channel/invites'),
  route('GET /invites/:code'),
  route('POST /invites/:code'),
  route('DELETE /invites/:code'),
  // This path is not under /api.
  route('POST /workshop/users', restInput.createUser),
]
