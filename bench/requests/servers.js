// Who is measured under requests: the same server with and without the plugin, and with its debug lines written. `plugin` are the
// plugin's options besides the dumper's, `level` is that of the log.

/** Lines that every request logs at debug, besides one at info. */
export const DEBUG_LINES = 7

/** The last one is asked for when the measuring is over. */
export const ROUTES = { fine: '/products', warm: '/errors/warm', storm: '/errors/storm', after: '/errors/after' }

export const PLAIN = 'no plugin, info'
export const PLUGIN = 'plugin, info'
export const NO_RECORDER = 'plugin without recorder, info'
export const DEBUG = 'no plugin, debug'

export const servers = {
  [PLAIN]: { level: 'info' },
  [PLUGIN]: { level: 'info', plugin: {} },
  [NO_RECORDER]: { level: 'info', plugin: { recorder: false } },
  [DEBUG]: { level: 'debug' }
}

/** Enough for all dumps of a run: what the rate limit left out can then be added up. */
export const MAX_BACKUPS = 100
export const MAX_SIZE_MB = 100
