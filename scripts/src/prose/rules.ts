/** A pattern that CONTRIBUTING.md forbids. Each is narrow enough to give no false alarms. */
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

/** "At most 300 lines", "Around 300 lines" and "Per-guild limits" are subjects. */
const PREPOSITIONS = [
  'To|From|By|In|On|At(?! (?:most|least))|With|Without|For|Between|Besides?|Within|Behind|Under',
  'Over(?! \\d)|Beyond|Into|Upon|Through|Against|Among|As|After|Before|Until|During|Above',
  'Around(?! \\d)|Like|Unlike|Per',
]
/** Counted and not forbidden. */
export const FRONTED = new RegExp(`^(?:${PREPOSITIONS.join('|')})\\b(?!-)`)
/** The largest share of sentences that may open so, in comments and in documents alike. */
export const FRONTED_LIMIT = 0.02

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
  { pattern: /\bof (ours|theirs)\b/i, instead: 'our own, their own' },
  { pattern: /\bat the (most|least)\b/i, instead: 'at most, at least' },
]

/** Matched against the name that a declaration introduces. */
export const NAMES: readonly Rule[] = [
  {
    pattern: /^(mine|ours|those|it|told|asked|gone|heard)$/,
    instead: 'received, requests, deleted',
  },
  { pattern: /^(tell|hear|say)$/, instead: 'publish, receive, log' },
  { pattern: /^whyNot/, instead: 'rejectReason, or a name for the problem: writeProblem' },
  { pattern: /^(Ask|Asked)$/, instead: 'ApiRequest, StatementOptions' },
  { pattern: /^(Look|World|Scene)$/, instead: 'MigratorContext, Fixture, TrialContext' },
  { pattern: /^(Orphans|Doubt)$/, instead: 'EventPublisher, PendingPublish' },
  { pattern: /^(Movable|Gone)$/, instead: 'MigrationPort, DeletedMessage' },
  { pattern: /^(Follower|wellFollowed)$/, instead: 'Participant, allParticipantsFresh' },
  { pattern: /^(Talk|Teller|Deed)$/, instead: 'VoiceParticipation, Reporter, Intervention' },
  { pattern: /^(sight|sightBefore)$/, instead: 'visibility, visibilityDiff' },
  { pattern: /^(insist|inTurn|turns)$/, instead: 'retry, withLock, keyedMutex' },
  {
    pattern: /^(refutedBy|wrongTwin|engineRoom)$/,
    instead: 'failsOn, negativeControl, provisionEngines',
  },
]
