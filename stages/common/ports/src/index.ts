export type {
  Analytics,
  AnalyticsSnapshot,
  EncodedEvent,
  EventEncoder,
  MemberList,
  Permissions,
} from './compute.ts'
export type {
  Access,
  Delivery,
  DirectChannel,
  ExecuteResult,
  GuildHub,
  HubEvent,
  LogPosition,
  MemberAccess,
  MemberQuery,
  Subscriber,
  Subscription,
  UserDelivery,
  UserSubscriber,
  UserSubscription,
  UserView,
} from './guild-hub.ts'
export type {
  Anchor,
  DedupeKey,
  InsertResult,
  MessageEdit,
  MessageSender,
  MessageStore,
} from './message-store.ts'
export type { MetadataStore } from './metadata-store.ts'
export type { Notification, Notifier } from './notifier.ts'
export type {
  PendingChange,
  PublishAttempt,
  PublishChange,
  PublishReconciler,
} from './publish-reconciler.ts'
export type {
  AuthorType,
  SearchFacts,
  SearchIndex,
  SearchQuery,
  SearchResult,
} from './search-index.ts'
export type {
  Identity,
  NumberedEvent,
  RemoteSession,
  ResumableSession,
  SentEvents,
  SessionRegistry,
  SessionRemainder,
  SessionSnapshot,
  SessionStarts,
  VoiceRequest,
} from './session-registry.ts'
export type { TimeReservations } from './time-reservations.ts'
export type { Admission, VoiceCalls, VoiceServerInfo } from './voice-calls.ts'
export type { VoiceEndpoint, VoiceRelay } from './voice-relay.ts'
