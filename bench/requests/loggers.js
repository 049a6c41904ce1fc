// Who logs for the recorder's sake: pino, with its debug lines written or not, and with or without a recorder below it.

export const INFO = 'pino, info'
export const RECORDED = 'pino, info, recorder'
export const DEBUG = 'pino, debug'
export const DEBUG_RECORDED = 'pino, debug, recorder'

export const loggers = {
  [INFO]: { level: 'info' },
  [RECORDED]: { level: 'info', recorded: true },
  [DEBUG]: { level: 'debug' },
  [DEBUG_RECORDED]: { level: 'debug', recorded: true }
}
