import type { Invite } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type { MessageStore, MetadataStore, SearchIndex } from '@threshold/ports'
import { aGuild, aMessage, aUser, newId, writeTime } from './fixtures.ts'

/** Stores on an engine that the suite may break, so no other test uses it. */
export interface BreakableStores {
  readonly engine: {
    kill(): Promise<void>
    restart(): Promise<void>
    pause(): Promise<void>
    resume(): Promise<void>
  }
  readonly messages: MessageStore
  /** The other stores, if they are on the same engine. */
  readonly others?: { readonly metadata: MetadataStore; readonly search: SearchIndex }
}

type Calls = Record<string, (deadline: Deadline) => Promise<unknown>>

/** One call of each method of the ports. Its subject need not exist. */
export function storeCalls({ messages, others }: BreakableStores): Calls {
  const [channel, message] = [newId(), aMessage(newId())]
  const dedupe = { authorId: message.authorId, channelId: message.channelId, nonce: 'n' }
  const reaction = {
    v: 1,
    channelId: channel,
    messageId: message.id,
    emoji: '👍',
    userId: '1',
    writeTimeMicros: writeTime(),
  } as const
  return {
    'messages.insert': (d) => messages.insert(message, d),
    'messages.insert, with a nonce': (d) => messages.insert(message, d, dedupe),
    'messages.import': (d) => messages.import([message], d),
    'messages.get': (d) => messages.get(channel, [message.id], d),
    'messages.newest': (d) => messages.newest([channel], d),
    'messages.page': (d) => messages.page(channel, { at: 'around', id: message.id }, 50, d),
    'messages.senders': (d) => messages.senders(channel, undefined, 50, d),
    'messages.edit': (d) =>
      messages.edit(
        { id: message.id, channelId: channel, set: { content: 'x' }, writeTimeMicros: writeTime() },
        d,
      ),
    'messages.remove': (d) => messages.remove(channel, [message.id], writeTime(), d),
    'messages.react': (d) => messages.react(reaction, d),
    'messages.unreact': (d) => messages.unreact(reaction, d),
    'messages.reactors': (d) => messages.reactors(channel, message.id, '👍', { limit: 5 }, d),
    'messages.reactions': (d) => messages.reactions(channel, [message.id], '1', d),
    ...(others === undefined ? {} : otherCalls(others)),
  }
}

function otherCalls({ metadata, search }: NonNullable<BreakableStores['others']>): Calls {
  const [channel, message, { state, id, owner, text }] = [newId(), aMessage(newId()), aGuild()]
  const limits = { createdAt: Date.now(), maxAge: 0, maxUses: 0, uses: 0, temporary: false }
  const invite: Invite = {
    v: 1,
    code: newId(),
    guildId: id,
    channelId: channel,
    inviterId: '1',
    ...limits,
  }
  const dm = { ...text, id: newId(), type: 1, recipients: ['1', '2'] } as const
  const query = { words: ['x'], channels: [channel], order: 'newest', offset: 0, limit: 5 } as const
  return {
    'metadata.createUser': (d) => metadata.createUser(aUser(), d),
    'metadata.users': (d) => metadata.users(['1'], d),
    'metadata.createGuild': (d) => metadata.createGuild(state, d),
    'metadata.loadGuild': (d) => metadata.loadGuild(id, d),
    'metadata.record': (d) => metadata.record(id, [{ type: 'member.added', member: owner }], d),
    'metadata.channel': (d) => metadata.channel(text.id, d),
    'metadata.guildChannels': (d) => metadata.guildChannels({ limit: 1 }, d),
    'metadata.guildsOf': (d) => metadata.guildsOf('1', d),
    'metadata.openDm': (d) => metadata.openDm(dm, d),
    'metadata.dmsOf': (d) => metadata.dmsOf('1', d),
    'metadata.createInvite': (d) => metadata.createInvite(invite, d),
    'metadata.invite': (d) => metadata.invite(invite.code, d),
    'metadata.invitesOf': (d) => metadata.invitesOf(channel, d),
    'metadata.invitesOfGuild': (d) => metadata.invitesOfGuild(id, d),
    'metadata.guildsWithTemporaryMembers': (d) => metadata.guildsWithTemporaryMembers(d),
    'metadata.removeInvite': (d) => metadata.removeInvite(invite.code, d),
    'metadata.useInvite': (d) => metadata.useInvite(invite.code, d),
    'metadata.giveBackInvite': (d) => metadata.giveBackInvite(invite.code, d),
    'metadata.ping': (d) => metadata.ping(d),
    'search.index': (d) => search.index(id, message, { authorType: 'user' }, d),
    'search.remove': (d) => search.remove([message.id], d),
    'search.search': (d) => search.search(id, query, d),
  }
}
