import { busyGuilds, defineLab, reported, time } from '@threshold/lab-kit'
import { countPartitionRows, LARGEST, LARGEST_BYTES } from './partitions.ts'

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
    unbucketed: {
      stage: 'stage-2',
      env: { THRESHOLD_BUCKET_DAYS: '36500' },
      intervention: countPartitionRows,
    },
    bucketed: { stage: 'stage-2', intervention: countPartitionRows },
  },

  measure: {
    youngLargest: reported(LARGEST.young, 'count', LARGEST.young),
    oldLargest: reported(LARGEST.old, 'count', LARGEST.old),
    bytes: reported(LARGEST_BYTES, 'bytes', `${LARGEST_BYTES}, where the node is ours to ask`),
    readYoung: time.readP50('young channels'),
    readOld: time.readP50('old channels'),
  },

  // Counts of rows from one run, and how they grow with age: neither machine nor provider makes a
  // difference.
  expect: {
    unbucketed: ({ oldLargest, youngLargest }) => oldLargest.over(youngLargest).atLeast(8),
    bucketed: ({ oldLargest, youngLargest }) => oldLargest.over(youngLargest).atMost(2),
  },

  control: {
    text: 'no buckets anywhere',
    env: { THRESHOLD_BUCKET_DAYS: '36500' },
    failsOn: ['bucketed: old largest over young largest'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 3, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    // All rounds talk into the same channels: what three longer ones say would make the young
    // channels months older.
    full: { repeats: 3, load: { seconds: 10, warmupSeconds: 3 } },
  },
})
