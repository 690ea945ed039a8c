/** A way of writing that CONTRIBUTING.md rules out. Each is rare, and wrong wherever it occurs. */
export interface Rule {
  readonly pattern: RegExp
  /** The plain alternative. */
  readonly instead: string
}

/** Matched against the beginning of a sentence, unless the sentence is a question. */
export const OPENINGS: readonly Rule[] = [
  {
    pattern: /^(What|Whatever|Who|Whoever|Whom|Whose|Which|Whichever|That which)\b/,
    instead: 'name the subject: "The client …", "A session that …"',
  },
  { pattern: /^Of (?!course\b)/, instead: 'begin with the subject and its verb' },
]

/** Matched anywhere in prose. */
export const IDIOMS: readonly Rule[] = [
  {
    pattern: /\b(whoever|whomever|nobody|somebody)\b/i,
    instead: 'name the actor: the client, the gateway, the reader, "no process"',
  },
  { pattern: /\b(the|this|our|whole) house\b/i, instead: 'repository' },
  { pattern: /\b(each|every|own|one|its) rooms?\b/i, instead: 'package' },
  { pattern: /\bengine rooms?\b/i, instead: 'provisioned engines' },
  { pattern: /\bwrong twins?\b/i, instead: 'negative control' },
  { pattern: /\bledgers?\b/i, instead: 'command queue, attempt log' },
  { pattern: /\bsecond looks?\b/i, instead: 'rerun' },
  { pattern: /\bunsteady\b/i, instead: 'flaky' },
  { pattern: /\b(mend|mends|mended|mending)\b/i, instead: 'fix, repair' },
  { pattern: /\bfor want of\b/i, instead: 'for lack of, without' },
  { pattern: /\b(tells?|told) of\b/i, instead: 'reports, describes' },
  { pattern: /\bspeaks? of\b/i, instead: 'mentions, describes' },
  { pattern: /\bknows? nothing of\b/i, instead: 'does not depend on, does not know' },
  { pattern: /\bof (ours|theirs)\b/i, instead: 'our own, their own' },
  { pattern: /\bat the (most|least)\b/i, instead: 'at most, at least' },
]

/** Matched against whole names in code, in prose and out of it. */
export const NAMES: readonly Rule[] = [
  { pattern: /\bwhyNot\w*/, instead: 'rejectReason, or what is wrong: writeProblem' },
  { pattern: /\b(wellFollowed|Follower)\b/, instead: 'allParticipantsFresh, Participant' },
  { pattern: /\b(sightBefore|canSight)\b/, instead: 'visibility' },
  { pattern: /\b(inTurn|keyedTurns)\b/, instead: 'withLock, keyedMutex' },
  { pattern: /\b(refutedBy|wrongTwin)\b/, instead: 'failsOn, negativeControl' },
  { pattern: /\bengineRoom\b/, instead: 'provisionEngines' },
  {
    pattern: /\b(Deed|Movable|Doubt)\b/,
    instead: 'Intervention, MigrationReplica, PendingPublish',
  },
]
