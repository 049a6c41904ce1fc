// What a process has used so far: its main thread, all of it, the most memory it ever had, its disk.
import fs from 'node:fs'
import { performance } from 'node:perf_hooks'

const IO = '/proc/self/io'
const SCHEDSTAT = `/proc/self/task/${process.pid}/schedstat`

/** How the main thread's CPU time is found here. */
export const CLOCK = typeof process.threadCpuUsage === 'function'
  ? 'process.threadCpuUsage()'
  : fs.existsSync(SCHEDSTAT) ? '/proc/self/task/<pid>/schedstat' : 'performance.eventLoopUtilization()'

/** CPU time of the main thread in µs; must be called on it. Where the system does not tell, the time its loop was not idle. */
export function mainCpu () {
  if (CLOCK.startsWith('process')) return sum(process.threadCpuUsage())
  if (CLOCK.startsWith('/proc')) return Number(fs.readFileSync(SCHEDSTAT, 'utf8').split(' ')[0]) / 1e3
  return performance.eventLoopUtilization().active * 1e3
}

/** CPU time of all threads in µs. */
export const processCpu = () => sum(process.cpuUsage())

/** Most memory so far, in MB. */
export const peakRss = () => process.resourceUsage().maxRSS / 1024

/**
 * Bytes that all threads have written to files on a disk, and how many of them were taken back by deleting the files before the disk
 * had them. Nothing where the system does not tell. Files in memory count as none.
 */
export function diskBytes () {
  if (!fs.existsSync(IO)) return {}
  const figures = new Map(fs.readFileSync(IO, 'utf8').trimEnd().split('\n').map(line => line.split(': ')))
  return { written: Number(figures.get('write_bytes')), takenBack: Number(figures.get('cancelled_write_bytes')) }
}

const sum = ({ user, system }) => user + system
