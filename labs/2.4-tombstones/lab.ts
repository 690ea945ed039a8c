import { busyGuilds, count, defineLab, reported } from '@threshold/lab-kit'
import { clearChannel, REPORTED } from './clear-channel.ts'

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
    unbucketed: {
      stage: 'stage-2',
      env: { THRESHOLD_BUCKET_DAYS: '36500' },
      intervention: clearChannel,
    },
    // A bucket a day, so that thirteen days have some that are over.
    bucketed: { stage: 'stage-2', env: { THRESHOLD_BUCKET_DAYS: '1' }, intervention: clearChannel },
  },

  measure: {
    deleted: reported(REPORTED.deleted, 'count', REPORTED.deleted),
    tombstonesMet: reported(
      REPORTED.metByDeepest,
      'count',
      `${REPORTED.metByDeepest}, by Cassandra's own count`,
    ),
    askedInVain: reported(REPORTED.askedInVain, 'count', REPORTED.askedInVain),
    pageBefore: reported(REPORTED.before, 'ms', REPORTED.before),
    firstPageAfter: reported(REPORTED.first, 'ms', REPORTED.first),
    pageAfter: reported(REPORTED.after, 'ms', REPORTED.after),
    errors: count.errors(),
  },

  expect: {
    // Nearly all that were deleted, met by one read.
    unbucketed: ({ tombstonesMet, deleted, errors }) =>
      tombstonesMet.over(deleted).atLeast(0.9).and(errors.is(0)),
    // No more than a day's; and afterwards none of a day that is over.
    bucketed: ({ tombstonesMet, deleted, askedInVain, errors }) =>
      tombstonesMet.over(deleted).atMost(0.2).and(askedInVain.atMost(1)).and(errors.is(0)),
  },
  expectAcross: ({ unbucketed, bucketed }) =>
    unbucketed.pageAfter.over(bucketed.pageAfter).atLeast(1.5),

  control: {
    text: 'partitions are not cut by time anywhere',
    env: { THRESHOLD_BUCKET_DAYS: '36500' },
    failsOn: ['bucketed: tombstones met over deleted'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 12, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 1, load: { seconds: 60, warmupSeconds: 3 } },
  },
})
