export { type AnalyticsBounds, testAnalytics } from './analytics.ts'
export { testEventEncoder } from './event-encoder.ts'
export {
  aChannel,
  aGuild,
  allowView,
  aMember,
  aMessage,
  anInvite,
  aRole,
  aUser,
  denyView,
  type GuildFixture,
  newId,
  testDeadline,
  writeTime,
} from './fixtures.ts'
export { guildHistory } from './guild-events.ts'
export { testGuildHub } from './guild-hub.ts'
export { testMemberList } from './member-list.ts'
export { testMessageStore } from './message-store.ts'
export { testMetadataStore } from './metadata-store.ts'
export { testNotifier } from './notifier.ts'
export type { NotifierFixture } from './notifier-harness.ts'
export { testPermissions } from './permissions.ts'
export { aPendingChange, testPublishReconciler } from './publish-reconciler.ts'
export { pushSink } from './push-sink.ts'
export { testSearchIndex } from './search-index.ts'
export { testSessionRegistry } from './session-registry.ts'
export type { BreakableStores } from './store-calls.ts'
export { testStoreOutage } from './store-outage.ts'
export type { Open } from './suite.ts'
export { testTimeReservations } from './time-reservations.ts'
export { testVoiceCalls } from './voice-calls.ts'
export { testVoiceRelay } from './voice-relay.ts'
