import { enginesConfig } from '../config.ts'

/**
 * Whether everything is asked for: `threshold test --all`, and CI. Without it a run is short enough
 * to be made before each commit: what a change of a stage can break, each thing once.
 */
export const allTests = (): boolean => enginesConfig().testAll

/**
 * Whether three nodes of Cassandra may run at once, which takes 3 GB of memory beside everything
 * else.
 */
export const clusterTests = (): boolean => enginesConfig().testCluster

/**
 * How often a test does something by chance: `usual` times, and `all` of them when everything is
 * asked for.
 */
export const iterations = (usual: number, all: number): number => (allTests() ? all : usual)
