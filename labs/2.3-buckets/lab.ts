import { busyGuilds, defineLab, time, told } from '@threshold/lab-kit'
import { LARGEST, LARGEST_BYTES, lookAtPartitions } from './partitions.ts'

/** Channels in which as much is said a day; some were opened two months ago, some twenty. */
const A_DAY = 5
const past = (days: number) => ({ messages: A_DAY * days, days, characters: 200 })
const talk = busyGuilds({
  guilds: 1,
  online: 5,
  messagesPerSecond: 2,
  readsPerSecond: 10,
  seconds: 8,
  seed: 23,
})
const [guild] = talk.groups

export default defineLab({
  id: '2.3',
  title: 'Buckets',
  question: 'What does a partition without buckets do?',
  hypothesis:
    'It grows for as long as the channel lives: ten times the age, ten times the partition, and a node has to hold it whole. With a bucket of ten days in its key the largest partition stays what it was.',
  minutes: { quick: 1, full: 2 },
  memory: '2 GB',

  load: {
    ...talk,
    groups: [
      { ...guild!, name: 'young channels', history: past(60) },
      { ...guild!, name: 'old channels', history: past(600) },
    ],
  },
  arms: {
    // A bucket of a hundred years: the channel alone is the partition.
    whole: { stage: 'stage-2', env: { THRESHOLD_BUCKET_DAYS: '36500' }, deed: lookAtPartitions },
    bucketed: { stage: 'stage-2', deed: lookAtPartitions },
  },

  measure: {
    youngLargest: told(LARGEST.young, 'count', LARGEST.young),
    oldLargest: told(LARGEST.old, 'count', LARGEST.old),
    bytes: told(LARGEST_BYTES, 'bytes', `${LARGEST_BYTES}, where the node is ours to ask`),
    readYoung: time.readP50('young channels'),
    readOld: time.readP50('old channels'),
  },

  // Counts of rows from one run, and how they grow with age: neither machine nor provider makes a
  // difference.
  claim: {
    whole: ({ oldLargest, youngLargest }) => oldLargest.over(youngLargest).atLeast(8),
    bucketed: ({ oldLargest, youngLargest }) => oldLargest.over(youngLargest).atMost(2),
  },

  twin: {
    text: 'no buckets anywhere',
    env: { THRESHOLD_BUCKET_DAYS: '36500' },
    refutedBy: ['bucketed: old largest over young largest'],
    expect: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 3, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    // All rounds talk into the same channels: what three longer ones say would make the young
    // channels months older.
    full: { repeats: 3, load: { seconds: 10, warmupSeconds: 3 } },
  },
})
