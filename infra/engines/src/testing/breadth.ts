import { enginesConfig } from '../config.ts'

/**
 * Whether all tests run, as with `threshold test --all` and in CI. Otherwise a run covers once what
 * a change of a stage can break, and is short enough for every commit.
 */
export const allTests = (): boolean => enginesConfig().testAll

/** Whether three Cassandra nodes may run at once, which takes another 3 GB of memory. */
export const clusterTests = (): boolean => enginesConfig().testCluster

/** The number of iterations of a randomized test: `all` if all tests run, else `usual`. */
export const iterations = (usual: number, all: number): number => (allTests() ? all : usual)
