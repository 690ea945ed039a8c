import { busyGuilds, count, defineLab, told } from '@threshold/lab-kit'
import { clearTheChannel, TOLD } from './clear.ts'

const talk = busyGuilds({ guilds: 2, online: 5, messagesPerSecond: 4, seconds: 20, seed: 24 })

/** Thirteen days: what is older than fourteen no client may delete together. */
const FLOODED = { messages: 20_000, days: 13, characters: 60 }

export default defineLab({
  id: '2.4',
  title: 'Tombstones',
  question: 'Why did a channel with one message take 20 s?',
  hypothesis:
    'A delete is a write, and what it deletes stays as a tombstone. Whoever reads the latest page of a cleared channel steps over all of them, each time. Where partitions are cut by time and the emptied ones are remembered, a page passes them by.',
  minutes: { quick: 2, full: 3 },
  memory: '2 GB',

  load: {
    ...talk,
    groups: [
      ...talk.groups,
      {
        name: 'cleared',
        guilds: 1,
        online: 1,
        channels: 1,
        messagesPerSecond: 0,
        readsPerSecond: 0,
        history: FLOODED,
      },
    ],
  },
  arms: {
    // A bucket of a hundred years: the channel is one partition, and that is never over.
    whole: { stage: 'stage-2', env: { THRESHOLD_BUCKET_DAYS: '36500' }, deed: clearTheChannel },
    // A bucket a day, so that thirteen days have some that are over.
    bucketed: { stage: 'stage-2', env: { THRESHOLD_BUCKET_DAYS: '1' }, deed: clearTheChannel },
  },

  measure: {
    deleted: told(TOLD.deleted, 'count', TOLD.deleted),
    tombstonesMet: told(
      TOLD.metByDeepest,
      'count',
      `${TOLD.metByDeepest}, by Cassandra's own count`,
    ),
    askedInVain: told(TOLD.askedInVain, 'count', TOLD.askedInVain),
    pageBefore: told(TOLD.before, 'ms', TOLD.before),
    firstPageAfter: told(TOLD.first, 'ms', TOLD.first),
    pageAfter: told(TOLD.after, 'ms', TOLD.after),
    errors: count.errors(),
  },

  claim: {
    // Nearly all that were deleted, met by one read.
    whole: ({ tombstonesMet, deleted, errors }) =>
      tombstonesMet.over(deleted).atLeast(0.9).and(errors.is(0)),
    // No more than a day's; and afterwards none of a day that is over.
    bucketed: ({ tombstonesMet, deleted, askedInVain, errors }) =>
      tombstonesMet.over(deleted).atMost(0.2).and(askedInVain.atMost(1)).and(errors.is(0)),
  },
  between: ({ whole, bucketed }) => whole.pageAfter.over(bucketed.pageAfter).atLeast(1.5),

  twin: {
    text: 'partitions are not cut by time anywhere',
    env: { THRESHOLD_BUCKET_DAYS: '36500' },
    refutedBy: ['bucketed: tombstones met over deleted'],
    expect: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 12, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 1, load: { seconds: 60, warmupSeconds: 3 } },
  },
})
