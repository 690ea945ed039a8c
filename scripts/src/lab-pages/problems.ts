import type { LabNeeds } from './needs.ts'

/** A message that a run of a lab can end with. */
export interface Problem {
  /** The error code. A reason of `could not run` that is no error has none. */
  readonly code?: string
  /** A part of the message, exactly as the source has it. */
  readonly message: string
  readonly means: string
  readonly helps: string
  /** Whether a lab with these properties can print it. */
  readonly happens: (lab: LabNeeds) => boolean
}

const always = (): boolean => true
const doctor = '`npx threshold doctor` names the program that is missing and how to install it.'

/** In the order in which a run meets them. */
export const PROBLEMS: readonly Problem[] = [
  {
    message: 'this machine is busy',
    means:
      'Other programs kept using the processor while the lab waited. Its figures would be theirs.',
    helps:
      'End the programs that it names and run the lab again, run it with `--demo`, or play the recorded run.',
    happens: always,
  },
  {
    code: 'NOT_WRITABLE',
    message: 'cannot be written in',
    means: 'The lab cannot save its report in this clone.',
    helps: 'Run it in a clone that belongs to you.',
    happens: always,
  },
  {
    code: 'DISK_FULL',
    message: 'the disk is full',
    means: 'An engine, its data or the report needs more space than the disk has left.',
    helps:
      'Free as much as the message says. `npx threshold reset` removes what earlier runs left.',
    happens: always,
  },
  {
    code: 'CACHE_UNUSABLE',
    message: 'a folder that you can write in',
    means: 'The folder for engines cannot be used, often because `sudo` created it.',
    helps: 'Set `THRESHOLD_CACHE` to a folder of your own.',
    happens: always,
  },
  {
    code: 'DOWNLOAD_FAILED',
    message: 'allow the mirror in your network',
    means: 'MongoDB could not be fetched, because there is no network or a proxy forbids it.',
    helps: 'Run `npx threshold prefetch` where there is a network, or play the recorded run.',
    happens: always,
  },
  {
    code: 'NO_MONGODB',
    message: 'can be started here',
    means: 'No MongoDB and no stand-in works on this machine. The lines below the message say why.',
    helps: doctor,
    happens: always,
  },
  {
    code: 'NO_CASSANDRA',
    message: 'can be started here',
    means: 'Cassandra needs Docker or Java 17, and neither works here.',
    helps: `${doctor} Or play the recorded run.`,
    happens: ({ cassandra }) => cassandra,
  },
  {
    code: 'NO_CACHE_COUNTERS',
    message: 'does not report them',
    means: 'The engine does not count the pages that miss its cache.',
    helps: '`npx threshold prefetch` builds the stand-in that counts them.',
    happens: ({ tinyCache }) => tinyCache,
  },
  {
    code: 'NO_FREE_PORT',
    message: 'found no free port',
    means: 'Other programs, or runs that were cut off, hold all ports that the lab tried.',
    helps: '`npx threshold reset` ends what earlier runs left.',
    happens: always,
  },
  {
    code: 'LOCK_TIMED_OUT',
    message: 'another process has held the lock',
    means: 'Another run is fetching the same engine, or was cut off while it did.',
    helps: 'Wait for it. `npx threshold reset` ends one that was cut off.',
    happens: always,
  },
  {
    code: 'STAGE_NOT_READY',
    message: 'STAGE_NOT_READY',
    means: 'The stage did not start. Its last lines of output follow.',
    helps:
      'Do the step after the arrow. If you have changed the stage, `npm run check` finds most mistakes.',
    happens: always,
  },
  {
    code: 'STAGE_BUSY',
    message: 'in which it was asked again and again',
    means:
      'The stage answered too slowly while the lab created users and guilds. The lab repeated each request for a while.',
    helps:
      'End other programs and run the lab again, run it with `--demo`, or play the recorded run.',
    happens: always,
  },
  {
    code: 'STAGE_REFUSED',
    message: 'the stage refused it',
    means: 'The stage rejected a request of the lab, as a changed stage may.',
    helps: 'Undo your change of the stage, or run `npm test` to find what it broke.',
    happens: always,
  },
  {
    code: 'STAGE_UNREACHABLE',
    message: 'the stage did not answer',
    means: 'The stage was gone when the lab needed it.',
    helps: 'Free as much memory as the lab needs and run it again.',
    happens: always,
  },
  {
    code: 'NO_SESSION',
    message: 'before it received its guild',
    means: 'A user could not connect to the gateway before the load.',
    helps: 'End other programs and run the lab again.',
    happens: always,
  },
  {
    code: 'ENGINE_NOT_OURS',
    message: 'it did not start',
    means: 'The lab kills or pauses an engine, and it never does that to one of yours.',
    helps: 'Unset `THRESHOLD_MONGODB_URI` and `THRESHOLD_CASSANDRA_URI`.',
    happens: ({ engineFault, ownCodes }) => engineFault || ownCodes.includes('ENGINE_NOT_OURS'),
  },
  {
    code: 'FAULT_NOT_REACHED',
    message: 'the load ended before the fault was due',
    means: 'The load is shorter than the second of the fault.',
    helps: 'Undo your change of the load in `lab.ts`.',
    happens: ({ fault }) => fault,
  },
  {
    code: 'STAGE_DIED',
    message: 'ended unexpectedly',
    means: 'The stage crashed in an arm without a fault, often because memory ran out.',
    helps: 'Free as much memory as the lab needs and run it again.',
    happens: always,
  },
  {
    code: 'ENGINE_DIED',
    message: 'ended unexpectedly',
    means: 'A database crashed, often because memory or disk ran out.',
    helps: '`npx threshold doctor` prints what is free.',
    happens: always,
  },
  {
    code: 'GENERATOR_DIED',
    message: 'the load generator died',
    means: 'The process that sends the load crashed.',
    helps: 'Free memory and run the lab again.',
    happens: always,
  },
  {
    code: 'NODETOOL_FAILED',
    message: 'nodetool',
    means: 'Cassandra’s own tool failed or took too long, as on a machine without free memory.',
    helps: 'Free memory and run the lab again.',
    happens: ({ ownCassandra }) => ownCassandra,
  },
  {
    code: 'NEVER_SEEN',
    message: 'no node noticed within',
    means: 'The living nodes did not notice the dead one, as when they wait for the processor.',
    helps: 'End other programs and run the lab again.',
    happens: ({ ownCodes }) => ownCodes.includes('NEVER_SEEN'),
  },
  {
    code: 'MIGRATOR_ENDED',
    message: 'the migrator ended before it could be killed',
    means: 'The migration was over, or failed, before the lab could kill the migrator.',
    helps: 'The last lines of the migrator follow. Run the lab again.',
    happens: ({ ownCodes }) => ownCodes.includes('MIGRATOR_ENDED'),
  },
  {
    code: 'MIGRATOR_FAILED',
    message: 'the migrator ended with code',
    means: 'A step of the migration failed.',
    helps:
      'The last lines of the migrator name the step; the [playbook](../../docs/docs/migration-playbook.md) explains it.',
    happens: ({ ownCodes }) => ownCodes.includes('MIGRATOR_FAILED'),
  },
  {
    message: 'fell behind its schedule',
    means:
      'The load generator did not get enough of the processor, so the load was not the one that the lab states.',
    helps: 'End other programs and run the lab again, or play the recorded run.',
    happens: always,
  },
  {
    message: "of the machine's CPU meanwhile",
    means: 'Other programs woke up during the run. The lab tried a disturbed trial twice.',
    helps: 'End them and run the lab again.',
    happens: always,
  },
  {
    message: 'inconclusive',
    means: 'A threshold held in some rounds and failed in others.',
    helps: 'Run the lab with `--full`, which has more rounds or a longer load.',
    happens: ({ rounds }) => rounds > 1,
  },
  {
    code: 'DAY_BOUNDARY',
    message: 'the day changes at midnight UTC',
    means: 'Partitions of one day change at midnight UTC, and for ten minutes two of them count.',
    helps: 'Run the lab again at 00:12 UTC or later.',
    happens: ({ dailyBuckets }) => dailyBuckets,
  },
  {
    code: 'NO_RECORDING',
    message: 'has no recorded run that can be read',
    means: 'There is no recorded run for `--recorded` to play.',
    helps: 'Run the lab itself.',
    happens: always,
  },
  {
    code: 'RECORDING_OUTDATED',
    message: 'was changed since its run was recorded on',
    means: 'You have changed what the lab measures, so the recorded run no longer shows it.',
    helps: 'Run the lab itself, or undo the change.',
    happens: always,
  },
]
