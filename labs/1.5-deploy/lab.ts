import { at, busyGuilds, count, defineLab, mention, restart, time } from '@threshold/lab-kit'

const GUILDS = 5
const ONLINE = 20

export default defineLab({
  id: '1.5',
  title: 'Deploy',
  question: 'What does a restart cost?',
  hypothesis:
    'Every socket drops. The stage keeps no sessions over a restart, so every client identifies again. That takes at least two database reads per client, all at the same moment.',
  minutes: { quick: 1, full: 4 },
  memory: '1 GB',

  load: busyGuilds({
    guilds: GUILDS,
    online: ONLINE,
    messagesPerSecond: 5,
    seconds: 10,
    seed: 15,
    timeoutSeconds: 5,
    reconnect: true,
  }),
  arms: {
    // No restart.
    undisturbed: { title: 'No restart', stage: 'stage-1' },
    deployed: {
      title: 'A restart',
      stage: 'stage-1',
      breaks: true,
      fault: at({ second: 2 }, restart('stage')),
    },
  },

  measure: {
    socketsDropped: count.socketsDropped(),
    socketsAway: count.socketsAway(),
    // An IDENTIFY reads the user, its guilds and its direct messages.
    readsToIdentify: count.storeOperations(
      /^(users\.get|guilds\.of-user|channels\.dms-of-user)$/,
      'database reads of a user, of its guilds and of its direct channels',
    ),
    // Loading a guild into memory reads these once.
    readsToLoadGuilds: count.storeOperations(
      /^(guilds\.get|channels\.of-guild|members\.of-guild)$/,
      'database reads of a guild, of its channels and of its members',
    ),
    untilAllBack: time.untilAllBack(),
  },

  expect: {
    undisturbed: ({ socketsDropped, readsToLoadGuilds }) =>
      socketsDropped.is(0).and(readsToLoadGuilds.is(0)),
    deployed: ({ socketsDropped, socketsAway, readsToIdentify, readsToLoadGuilds }) =>
      socketsDropped
        .is(GUILDS * ONLINE)
        .and(socketsAway.is(0))
        .and(readsToIdentify.atLeast(2 * GUILDS * ONLINE))
        .and(readsToLoadGuilds.atLeast(GUILDS)),
  },

  predict: [
    {
      text: 'A hundred users are online when the stage restarts. How many database reads does it take to identify them all again?',
      answer: ({ deployed }) => deployed.readsToIdentify,
      range: [0, 10_000],
      wrongAnswers: [
        {
          answer: 0,
          reveals:
            'You expect sessions to survive the restart. They lived in the memory of the process that ended.',
        },
        {
          answer: [1, 99],
          reveals:
            'You expect clients to share what is read. Each client is a user of its own, with its own guilds and direct channels.',
        },
        {
          answer: [100, 199],
          reveals:
            'You count one read per client. The first event of a session contains more than the user, and each part of it is a query of its own.',
        },
        {
          answer: [1_000, 10_000],
          reveals:
            'You expect each client to read its guilds with their members too. The process reads a guild once and keeps it in memory for all its clients.',
        },
      ],
    },
    {
      text: 'How many reads load the five guilds into memory again?',
      answer: ({ deployed }) => deployed.readsToLoadGuilds,
      range: [0, 10_000],
      wrongAnswers: [
        {
          answer: [0, 4],
          reveals:
            'You expect guilds to survive the restart. They lived in the memory of the process that ended, like the sessions.',
        },
        {
          answer: [5, 9],
          reveals:
            'You count one read per guild. Its channels and its members are in collections of their own.',
        },
        {
          answer: [100, 10_000],
          reveals:
            'You expect each client to load its guild. The first one loads it, and the others wait for that one load.',
        },
      ],
    },
  ],
  hints: [
    'A client that reconnects must say who it is. What does READY tell it, and where does that come from?',
    'READY contains the user, the guilds, and the direct channels. Count the queries for one client.',
    'A guild needs its own document, its channels and its members: three reads, once per guild.',
  ],
  report: {
    sentence: ({ deployed, undisturbed }) =>
      `One restart dropped ${deployed.socketsDropped} of 100 sockets, and their return cost ${deployed.readsToIdentify} database reads to identify and ${deployed.readsToLoadGuilds} to load guilds; without it, ${undisturbed.socketsDropped} sockets and ${undisturbed.readsToLoadGuilds} reads.`,
    figures: ['sockets dropped', 'reads to identify', 'reads to load guilds'],
    why: 'Sockets and sessions live in the process that restarts. The stage keeps no session anywhere else, so it refuses to resume, and each client identifies again. READY then reads the user, its guilds and its direct channels. All clients do that at the same moment, although hardly anything has changed.',
    code: {
      file: 'stages/1-monolith-mongodb/src/adapters/session-registry.none.ts',
      line: 'claim: async () => undefined',
    },
    charts: ['seconds', 'send-times'],
  },

  control: {
    text: 'the stage is not restarted; a user mentions a member instead',
    fault: at({ second: 2 }, mention({ displayName: 'Ada' })),
    failsOn: ['deployed: sockets dropped'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 5, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 3, load: { seconds: 30, warmupSeconds: 3 } },
  },
})
