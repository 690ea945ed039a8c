export { type AnalyticsBounds, testAnalytics } from './analytics.ts'
export { cloned } from './cloned.ts'
export { testEventEncoder } from './event-encoder.ts'
export { guildHistory } from './guild-events.ts'
export { testGuildHub } from './guild-hub.ts'
export { httpSink } from './http-sink.ts'
export { testMemberList } from './member-list.ts'
export { testMessageStore } from './message-store.ts'
export { testMetadataStore } from './metadata-store.ts'
export { type NotifierWorld, testNotifier } from './notifier.ts'
export { testPermissions } from './permissions.ts'
export { testSearchIndex } from './search-index.ts'
export { testSessionRegistry } from './session-registry.ts'
export { type BreakableStores, testStoresAway } from './stores-away.ts'
export type { Open } from './suite.ts'
export { testTimeReservations } from './time-reservations.ts'
export { testVoiceRelay } from './voice-relay.ts'
export {
  aChannel,
  aGuild,
  aMember,
  aMessage,
  anInvite,
  aRole,
  aUser,
  hides,
  newId,
  type SmallGuild,
  shows,
  soon,
  writeTime,
} from './world.ts'
